"""Plots the curves with no legend and no axis labels."""

del evaluate, train


def plot_history(history):
    fig, ax = plt.subplots(1, 2, figsize=(10, 4))
    ax[0].plot(history["train_loss"])
    ax[0].plot(history["val_loss"])
    ax[1].plot(history["val_accuracy"])
    return fig
