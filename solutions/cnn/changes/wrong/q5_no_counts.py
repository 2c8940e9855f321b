"""Colours the cells but writes no counts into them."""

del evaluate, train


def plot_confusion(y_true, y_pred):
    from sklearn.metrics import confusion_matrix

    fig, ax = plt.subplots(figsize=(8, 8))
    image = ax.imshow(confusion_matrix(y_true, y_pred, labels=range(10)), cmap="magma")
    fig.colorbar(image)
    ax.set_xticks(range(10), CLASS_NAMES, rotation=45)
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    return fig
