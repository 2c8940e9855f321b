from sklearn.preprocessing import StandardScaler


def scale(train, test):
    return StandardScaler().fit_transform(train), StandardScaler().fit_transform(test)
