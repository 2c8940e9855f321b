"""The losses are titled accuracy, and the accuracy loss."""

del calculate_output_shape, conv1, maxpool1, conv2, maxpool2, linear1, CNN, evaluate, train


def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig, (ax1, ax2) = plt.subplots(1, 2, figsize=(10, 4))
    ax1.plot(epochs, history["train_loss"], label="training")
    ax1.plot(epochs, history["val_loss"], label="validation")
    ax1.set_title("Validation accuracy")
    ax1.set_xlabel("epoch")
    ax1.set_ylabel("loss")
    ax1.legend()
    ax2.plot(epochs, history["val_accuracy"], label="validation")
    ax2.set_title("Loss")
    ax2.set_xlabel("epoch")
    ax2.set_ylabel("accuracy")
    ax2.legend()
    return fig
