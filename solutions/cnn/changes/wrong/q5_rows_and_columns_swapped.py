"""Rows are the predicted classes."""


def plot_confusion(y_true, y_pred):
    matrix = torch.zeros(10, 10, dtype=torch.int)
    for t, p in zip(y_true, y_pred):
        matrix[int(p), int(t)] += 1
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.imshow(matrix, cmap="Blues")
    for i in range(10):
        for j in range(10):
            ax.text(j, i, matrix[i, j].item(), ha="center", va="center")
    ax.set_xticks(range(10), CLASS_NAMES, rotation=90)
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.set_xlabel("true")
    ax.set_ylabel("predicted")
    return fig
