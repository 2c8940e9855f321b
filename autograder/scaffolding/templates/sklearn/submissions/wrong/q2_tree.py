from sklearn.tree import DecisionTreeRegressor


def fit_model(inputs, targets):
    return DecisionTreeRegressor(random_state=0).fit(inputs, targets)
