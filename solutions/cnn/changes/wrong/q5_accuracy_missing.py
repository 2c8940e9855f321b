"""Draws the losses and forgets the accuracy."""

del evaluate, train


def plot_history(history):
    fig = plt.figure()
    plt.plot(history["train_loss"], label="train loss")
    plt.plot(history["val_loss"], label="val loss")
    plt.xlabel("Epoch")
    plt.ylabel("Loss")
    plt.legend()
    return fig
