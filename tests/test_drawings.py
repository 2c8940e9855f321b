"""What figures say: real ones, in the styles of students, of Matplotlib's gallery, of seaborn and scikit-learn."""

import importlib.util
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from autograder.diagnosis.drawn import Axes, Curve, Entry, Text, Tick, read

LESSON = Path(__file__).resolve().parent.parent / "solutions" / "cnn"
NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
HISTORY = {
    "train_loss": [2.21, 1.71, 1.32, 1.01, 0.83, 0.61, 0.42],
    "val_loss": [2.35, 1.95, 1.52, 1.24, 1.02, 0.85, 0.66],
    "val_accuracy": [0.21, 0.33, 0.42, 0.55, 0.58, 0.69, 0.77],
}
rng = np.random.default_rng(0)
TRUE = torch.from_numpy(rng.integers(0, 10, 300))
PREDICTED = torch.where(torch.rand(300) < 0.6, TRUE, (TRUE + torch.randint(1, 4, (300,))) % 10)


@pytest.fixture(scope="module")
def drawings():
    spec = importlib.util.spec_from_file_location("drawings", LESSON / "drawings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


# plot_history


def side_by_side(
    h,
    labels=("training loss", "validation loss", "validation accuracy"),
    titles=("Loss", "Accuracy"),
    on_y=("mean loss", "share that is right"),
    on_x="epoch",
    legends=(True, True),
    factor=1.0,
):
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    epochs = range(1, 1 + len(h["train_loss"]))
    left.plot(epochs, h["train_loss"], marker="o", label=labels[0])
    left.plot(epochs, h["val_loss"], marker="o", label=labels[1])
    right.plot(epochs, factor * np.array(h["val_accuracy"]), color="tab:green", label=labels[2])
    for ax, title, label, has_legend in zip((left, right), titles, on_y, legends, strict=True):
        ax.set(title=title, ylabel=label, xlabel=on_x)
        if has_legend:
            ax.legend()
    return fig


def one_axes(h, labels=("train_loss", "val_loss", "val_accuracy")):
    fig, ax = plt.subplots()
    for name, label in zip(h, labels, strict=True):
        ax.plot(h[name], label=label)
    ax.set(xlabel="Epoch", ylabel="value", title="Training")
    ax.legend()
    return fig


def twin(h, together=False, accuracy_legend=True):
    fig, ax = plt.subplots()
    lines = ax.plot(h["train_loss"], "b-", label="Train") + ax.plot(h["val_loss"], "r--", label="Valid")
    ax.set(xlabel="Epochs", ylabel="Loss", title="Learning curves")
    other = ax.twinx()
    lines += other.plot(h["val_accuracy"], "g:", label="Valid acc")
    other.set_ylabel("Accuracy")
    if together:
        ax.legend(lines, [line.get_label() for line in lines])
    else:
        ax.legend(loc="upper left")
        if accuracy_legend:
            other.legend(loc="lower right")
    return fig


def shared_x(h, super_labels=False):
    fig, (upper, lower) = plt.subplots(2, sharex=True)
    upper.plot(h["train_loss"], label="training")
    upper.plot(h["val_loss"], label="validation")
    lower.plot([100 * a for a in h["val_accuracy"]], "C1", label="validation")
    upper.set_ylabel("Cross-entropy")
    lower.set_ylabel("Accuracy (%)")
    if super_labels:
        fig.supxlabel("epoch")
        fig.legend(*upper.get_legend_handles_labels())
    else:
        lower.set_xlabel("epoch number")
        upper.legend()
        lower.legend()
    return fig


def figure_legend(h):
    fig, axes = plt.subplots(1, 2)
    axes[0].plot(h["train_loss"], label="Train loss")
    axes[0].plot(h["val_loss"], label="Val loss")
    axes[1].plot(h["val_accuracy"], label="Val accuracy")  # blue again
    fig.supxlabel("Epoch")
    fig.supylabel("Loss / accuracy")
    fig.legend(loc="outside upper center") if fig.get_layout_engine() else fig.legend()
    return fig


def texts_at_the_edge(h):
    fig, axes = plt.subplots(3)
    for ax, (name, values) in zip(axes, h.items(), strict=True):
        ax.plot(range(1, 8), values, label=name)
        ax.legend()
    fig.text(0.5, 0.04, "epoch", ha="center")
    fig.text(0.04, 0.5, "value", va="center", rotation="vertical")
    return fig


def named_beside(h, annotate=True):
    fig, axes = plt.subplots(1, 2)
    for ax, name, label in [
        (axes[0], "train_loss", "training"),
        (axes[0], "val_loss", "validation"),
        (axes[1], "val_accuracy", "validation"),
    ]:
        (line,) = ax.plot(range(1, 8), h[name])
        if annotate:
            place = {"xytext": (5, 0), "textcoords": "offset points", "color": line.get_color()}
            ax.annotate(label, (7, h[name][-1]), **place)
        else:
            ax.text(7.1, h[name][-1], label)
        ax.set(xlabel="epoch", ylabel="loss" if ax is axes[0] else "accuracy")
    return fig


def by_pandas(h):
    import pandas

    frame = pandas.DataFrame(h, index=range(1, 8))
    fig, axes = plt.subplots(1, 2)
    frame[["train_loss", "val_loss"]].plot(ax=axes[0], xlabel="epoch", ylabel="loss")
    frame.plot(y="val_accuracy", ax=axes[1], xlabel="epoch", ylabel="accuracy")
    return fig


def by_seaborn(h):
    import pandas
    import seaborn

    frame = pandas.DataFrame({"training": h["train_loss"], "validation": h["val_loss"], "epoch": range(1, 8)})
    fig, axes = plt.subplots(1, 2)
    long = frame.melt("epoch", value_name="loss", var_name="set")
    seaborn.lineplot(long, x="epoch", y="loss", hue="set", style="set", markers=True, ax=axes[0])
    seaborn.lineplot(x=range(1, 8), y=h["val_accuracy"], label="validation", color="C1", ax=axes[1])
    axes[1].set(xlabel="epoch", ylabel="accuracy")
    return fig


def by_patches(h):
    fig, axes = plt.subplots(1, 2)
    axes[0].plot(h["train_loss"], c="navy")
    axes[0].plot(h["val_loss"], c="crimson")
    axes[1].plot(h["val_accuracy"], c="crimson")
    for ax, label in zip(axes, ("Loss", "Accuracy"), strict=True):
        ax.set(xlabel="Epoch", ylabel=label)
        ax.legend(handles=[Patch(color="navy", label="Train"), Patch(color="crimson", label="Test")])
    return fig


def with_best_epoch(h):
    fig, axes = plt.subplots(1, 2)
    axes[0].semilogy(h["train_loss"])
    axes[0].semilogy(h["val_loss"])
    axes[0].legend(["Training Loss", "Validation Loss"])
    axes[1].plot(h["val_accuracy"], ".-")
    axes[1].axvline(6, color="gray", ls=":")
    axes[1].annotate("best validation accuracy", xy=(6, 0.77), xytext=(2, 0.7), arrowprops={"arrowstyle": "->"})
    axes[1].axhline(0.1, color="k")
    axes[1].legend(["Validation accuracy", "best epoch", "guessing"])
    for ax, label in zip(axes, ("NLL (nats)", "fraction correct"), strict=True):
        ax.set(xlabel="training epoch", ylabel=label)
    return fig


def with_inset(h):
    fig, ax = plt.subplots()
    ax.plot(h["train_loss"], label="Train loss")
    ax.plot(h["val_loss"], label="Val loss")
    ax.set(xlabel="Epoch", ylabel="Loss")
    ax.secondary_yaxis("right")
    inset = ax.inset_axes([0.55, 0.5, 0.42, 0.42])
    inset.plot(h["val_accuracy"], label="Val accuracy")
    inset.set(xlabel="Epoch", ylabel="Accuracy")
    ax.legend()
    inset.legend()
    return fig


def subfigures(h):
    fig = Figure(figsize=(8, 4), layout="constrained")
    upper, lower = fig.subfigures(2)
    ax = upper.subplots()
    ax.scatter(range(7), h["train_loss"], label="training")
    ax.scatter(range(7), h["val_loss"], label="validation", marker="x")
    ax.set_ylabel("loss")
    other = lower.subplots()
    other.bar(range(7), h["val_accuracy"], label="validation")
    other.set_ylabel("accuracy per epoch")
    for part in (upper, lower):
        part.supxlabel("epoch")
        part.legend()
    return fig


RIGHT_HISTORIES = {
    "side by side": side_by_side,
    "in percent": lambda h: side_by_side(h, factor=100),
    "capitals": lambda h: side_by_side(h, labels=("Train Loss", "Val Loss", "Accuracy")),
    "camel case": lambda h: side_by_side(h, labels=("trainLoss", "valLoss", "valAcc")),
    "titles say it all": lambda h: side_by_side(h, titles=("Loss over epochs", "Validation accuracy per epoch")),
    "one axes": one_axes,
    "twins": twin,
    "twins, one legend": lambda h: twin(h, together=True),
    "shared x": shared_x,
    "super labels": lambda h: shared_x(h, super_labels=True),
    "legend of the figure": figure_legend,
    "texts at the edge": texts_at_the_edge,
    "annotated": named_beside,
    "texts beside": lambda h: named_beside(h, annotate=False),
    "pandas": by_pandas,
    "seaborn": by_seaborn,
    "patches": by_patches,
    "best epoch": with_best_epoch,
    "inset": with_inset,
    "subfigures, scatter and bars": subfigures,
}
WRONG_HISTORIES = {
    "names swapped": (
        lambda h: side_by_side(h, labels=("validation loss", "training loss", "validation accuracy")),
        "train_loss goes by the name of 'validation loss'",
    ),
    "names swapped, one axes": (lambda h: one_axes(h, ("val", "train", "acc")), "by the name of 'val'"),
    "all three rotated": (
        lambda h: one_axes(h, ("training loss", "validation accuracy", "validation loss")),
        "val_loss goes by the name of 'validation accuracy'",
    ),
    "accuracy of training": (
        lambda h: side_by_side(h, labels=("training", "validation", "training accuracy")),
        "val_accuracy goes by the name of 'training accuracy'",
    ),
    "no legend for the accuracy": (lambda h: side_by_side(h, legends=(True, False)), "accuracy has no name"),
    "no legend for the twin": (lambda h: twin(h, accuracy_legend=False), "accuracy has no name"),
    "no legend": (lambda h: side_by_side(h, legends=(False, False)), "no legend"),
    "nothing tells them apart": (lambda h: one_axes(h, ("loss 1", "loss 2", "accuracy")), "names no training"),
    "titles swapped": (lambda h: side_by_side(h, titles=("Accuracy", "Loss")), "have the title 'Accuracy'"),
    "labels on y swapped": (lambda h: side_by_side(h, on_y=("accuracy", "loss")), "labelled 'accuracy' on y"),
    "x and y swapped": (lambda h: side_by_side(h, on_y=("epoch", "epoch"), on_x="loss"), "are swapped"),
    "no labels": (lambda h: side_by_side(h, on_y=("", "")), "no label on y"),
}


@pytest.mark.parametrize("name", RIGHT_HISTORIES)
def test_a_right_history_is_right(drawings, name):
    axes = read(RIGHT_HISTORIES[name](HISTORY))
    assert drawings.missing_curves(axes, HISTORY) == []
    assert drawings.history_label_mistake(axes, HISTORY) == ""


@pytest.mark.parametrize("name", WRONG_HISTORIES)
def test_a_mislabelled_history_is_wrong(drawings, name):
    draw, said = WRONG_HISTORIES[name]
    axes = read(draw(HISTORY))
    assert drawings.missing_curves(axes, HISTORY) == []
    assert said in drawings.history_label_mistake(axes, HISTORY)


def test_a_curve_that_is_missing_is_missed(drawings):
    axes = read(one_axes({**HISTORY, "val_loss": HISTORY["train_loss"]}))
    assert drawings.missing_curves(axes, HISTORY) == ["val_loss"]


# plot_confusion


def matrix_of(t, p):
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (t.numpy(), p.numpy()), 1)
    return counts


def written(counts):
    shares = counts / counts.sum(axis=1, keepdims=True)
    return counts, shares


def by_imshow(
    t,
    p,
    cell=lambda n, share: str(n),
    on_x=NAMES,
    on_y=NAMES,
    labels=("predicted class", "true class"),
    shift=0.0,
    change=lambda counts: counts,
    **options,
):
    counts, shares = written(matrix_of(t, p))
    fig, ax = plt.subplots(figsize=(7, 7))
    shown = ax.imshow(change(counts), cmap="Blues", **options)
    fig.colorbar(shown)
    for row in range(10):
        for column in range(10):
            text = cell(change(counts)[row, column], change(shares)[row, column])
            ax.text(column + shift, row + shift, text, ha="center", va="center")
    ax.set_xticks(np.arange(10) + shift, on_x, rotation=90)
    ax.set_yticks(np.arange(10) + shift, on_y)
    ax.set(xlabel=labels[0], ylabel=labels[1], title="Confusion matrix")
    return fig


def two_texts(t, p):
    fig = by_imshow(t, p, cell=lambda n, share: "")
    for (row, column), count in np.ndenumerate(matrix_of(t, p)):
        fig.axes[0].text(column, row - 0.15, count)
        fig.axes[0].text(column, row + 0.25, f"{count / 30:.0%}", fontsize=6)
    return fig


def seaborn_heatmap(t, p, **options):
    import seaborn

    fig, ax = plt.subplots(figsize=(8, 8))
    seaborn.heatmap(matrix_of(t, p), annot=True, xticklabels=NAMES, yticklabels=NAMES, ax=ax, **options)
    ax.set(xlabel="Predicted", ylabel="Actual")
    return fig


def sklearn_display(t, p):
    from sklearn.metrics import ConfusionMatrixDisplay

    return ConfusionMatrixDisplay.from_predictions(t, p, display_labels=NAMES, xticks_rotation=45).figure_


def by_matshow(t, p):
    fig = plt.figure()
    ax = fig.add_subplot()
    counts = matrix_of(t, p)
    ax.matshow(counts)
    for (i, j), n in np.ndenumerate(counts):
        if n:
            ax.annotate(n, xy=(j, i), ha="center", va="center")
    ax.set_xticks(range(10))
    ax.set_yticks(range(10))
    ax.set_xticklabels(NAMES, rotation=90)
    ax.set_yticklabels([f"{n}: {name}" for n, name in enumerate(NAMES)])
    fig.supxlabel("y_pred")
    fig.supylabel("y_true")
    return fig


def by_pcolormesh(t, p, minor=False):
    fig, ax = plt.subplots()
    counts = matrix_of(t, p)
    ax.pcolormesh(counts, edgecolors="w")
    for (i, j), n in np.ndenumerate(counts):
        ax.text(j + 0.5, i + 0.5, f"{n:.1f}" if minor else n, ha="center", va="center")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks(np.arange(10) + 0.5, [name.upper() for name in NAMES], minor=minor)
        if minor:
            axis.set_ticks(range(11), [""] * 11)
    ax.invert_yaxis()
    return fig


def upside_down(t, p):
    """The first class at the bottom, the array turned round: an extent is in the way of every simple reading."""
    counts = matrix_of(t, p)
    fig, ax = plt.subplots()
    ax.imshow(counts, extent=(0, 10, 0, 10))
    for (i, j), n in np.ndenumerate(counts):
        ax.text(j + 0.5, 9.5 - i, n)
    ax.set_xticks(np.arange(10) + 0.5, NAMES)
    ax.set_yticks(9.5 - np.arange(10), NAMES)
    return fig


def in_order_of_the_alphabet(t, p):
    order = np.argsort(NAMES)
    names = [NAMES[n] for n in order]
    return by_imshow(t, p, on_x=names, on_y=names, change=lambda counts: counts[order][:, order])


def two_matrices(t, p):
    counts, shares = written(matrix_of(t, p))
    fig, axes = plt.subplots(1, 2, sharey=True, figsize=(12, 6))
    for ax, matrix, form in zip(axes, (shares, counts), ("{:.2f}", "{}"), strict=True):
        ax.imshow(matrix)
        for (i, j), n in np.ndenumerate(matrix):
            ax.text(j, i, form.format(n), ha="center", va="center")
        ax.set_xticks(range(10), NAMES, rotation=90)
        ax.set_yticks(range(10), NAMES)
    return fig


def scatter_of_squares(t, p):
    counts = matrix_of(t, p)
    fig, ax = plt.subplots()
    rows, columns = np.indices(counts.shape).reshape(2, -1)
    ax.scatter(columns, rows, s=20 * counts.ravel(), marker="s")
    for i, j in zip(rows, columns, strict=True):
        ax.text(j, i, counts[i, j])
    ax.set_xticks(range(10), NAMES)
    ax.set_yticks(range(10), NAMES)
    ax.set(ylim=(9.5, -0.5), xlabel="taken for", ylabel="in truth")
    return fig


def by_one_hot(t, p):
    """As torch gives it: methods that an array lacks."""
    counts = torch.nn.functional.one_hot(t.cpu().view(-1), 10).T @ torch.nn.functional.one_hot(p, 10)
    assert counts.tolist() == matrix_of(t, p).tolist()
    return by_imshow(t, p)


SHARES = {
    "count (share)": lambda n, share: f"{n} ({share:.0%})",
    "count (share with a space)": lambda n, share: f"{n} ({100 * share:.0f} %)",
    "share above count": lambda n, share: f"{share:.2f}\n({n})",
    "count above percent": lambda n, share: f"{n}\n{share:.1%}",
    "percent above count": lambda n, share: f"{share:.0%}\n{n}",
    "n = count": lambda n, share: f"n={n}",
    "mathematics": lambda n, share: rf"$\mathbf{{{n}}}$",
    "empty for none": lambda n, share: str(n) if n else "",
    "a dot for none": lambda n, share: str(n) if n else "·",
    "of all": lambda n, share: f"{n}/30",
}
RIGHT_MATRICES = {
    "imshow": by_imshow,
    **{name: lambda t, p, cell=cell: by_imshow(t, p, cell=cell) for name, cell in SHARES.items()},
    "origin below": lambda t, p: by_imshow(t, p, origin="lower"),
    "extent": lambda t, p: by_imshow(t, p, shift=0.5, extent=(0, 10, 10, 0)),
    "extent upside down": upside_down,
    "no labels": lambda t, p: by_imshow(t, p, labels=("", "")),
    "labels and predictions": lambda t, p: by_imshow(t, p, labels=("Predicted label", "True label")),
    "wrapped names": lambda t, p: by_imshow(t, p, on_x=[name.replace("/", "/\n").replace(" ", "\n") for name in NAMES]),
    "order of the alphabet": in_order_of_the_alphabet,
    "two texts in a cell": two_texts,
    "seaborn": seaborn_heatmap,
    "seaborn, integers": lambda t, p: seaborn_heatmap(t, p, fmt="d", cbar=False, square=True, cmap="rocket"),
    "scikit-learn": sklearn_display,
    "matshow, annotated": by_matshow,
    "pcolormesh": by_pcolormesh,
    "pcolormesh, minor ticks": lambda t, p: by_pcolormesh(t, p, minor=True),
    "two matrices": two_matrices,
    "squares": scatter_of_squares,
    "one-hot": by_one_hot,
}
ORDER = "not in the order"
WRONG_MATRICES = {
    "transposed": (lambda t, p: by_imshow(p, t), "Rows and columns are swapped", ""),
    "transposed, and labelled so": (
        lambda t, p: by_imshow(p, t, labels=("true", "predicted")),
        "Rows and columns are swapped",
        "",
    ),
    "shares only": (lambda t, p: by_imshow(t, p, cell=lambda n, share: f"{share:.2f}"), "should say", ""),
    "no texts": (lambda t, p: by_imshow(t, p, cell=lambda n, share: ""), "No counts", ""),
    "all of class 0": (lambda t, p: by_imshow(t, 0 * p), "should say", ""),
    "names sorted": (lambda t, p: by_imshow(t, p, on_x=sorted(NAMES), on_y=sorted(NAMES)), "", ORDER),
    "names sorted on x": (lambda t, p: by_imshow(t, p, on_x=sorted(NAMES)), "", ORDER),
    "names reversed on y": (lambda t, p: by_imshow(t, p, on_y=NAMES[::-1]), "", ORDER),
    "names reversed, matrix not, origin below": (
        lambda t, p: by_imshow(t, p, on_y=NAMES[::-1], origin="lower"),
        "",
        ORDER,
    ),
    "numbers for names": (lambda t, p: by_imshow(t, p, on_x=range(10)), "", "The x axis lacks names"),
    "labels swapped": (
        lambda t, p: by_imshow(t, p, labels=("True label", "Predicted label")),
        "",
        "axis labels are swapped",
    ),
    "labels swapped in other words": (
        lambda t, p: by_imshow(t, p, labels=("Actual", "Model output")),
        "",
        "axis labels are swapped",
    ),
}


@pytest.mark.parametrize("name", RIGHT_MATRICES)
def test_a_right_matrix_is_right(drawings, name):
    axes = read(RIGHT_MATRICES[name](TRUE, PREDICTED))
    assert drawings.count_mistake(axes, TRUE, PREDICTED) == ""
    assert drawings.class_name_mistake(axes, TRUE, PREDICTED) == ""


@pytest.mark.parametrize("name", WRONG_MATRICES)
def test_a_wrong_matrix_is_wrong(drawings, name):
    draw, count_mistake, name_mistake = WRONG_MATRICES[name]
    axes = read(draw(TRUE, PREDICTED))
    for said, expected in [
        (drawings.count_mistake(axes, TRUE, PREDICTED), count_mistake),
        (drawings.class_name_mistake(axes, TRUE, PREDICTED), name_mistake),
    ]:
        assert expected in said if expected else said == ""


def test_what_is_no_figure_is_refused():
    with pytest.raises(TypeError, match="this is a list, not a Figure"):
        read([])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_odd_claims_raise_nothing(drawings):
    """A worker may claim anything that is of the right form."""
    draw = np.random.default_rng(0)
    numbers = [0.0, 1.0, 0.5, -1.0, 9.5, 1e308, -1e308, 5e-324, np.nan, np.inf, -np.inf]
    words = ["", "train", "val", "loss 12", "5", "12 (3 %)", "9" * 500, "epoch", "Shirt", "accuracy", "\0", "true"]

    def number():
        return float(draw.choice(numbers))

    def several(make, most=11):
        return [make() for _ in range(draw.integers(most + 1))]

    def word():
        return str(draw.choice(words))

    def curve():
        y = several(number) if draw.random() < 0.5 else list(HISTORY.values())[draw.integers(3)]
        return Curve(several(number), y, word(), "a", "")

    def axes():
        return Axes(
            place=(number(), number(), number(), number()),
            title=word(),
            xlabel=word(),
            ylabel=word(),
            xticks=several(lambda: Tick(number(), word())),
            yticks=several(lambda: Tick(number(), word())),
            legend=several(lambda: Entry(word(), str(draw.choice(["a", "b"])), ""), 3),
            figure_legend=[],
            curves=several(curve, 4),
            texts=several(lambda: Text(number(), number(), word())),
            columns=several(number),
            rows=several(number),
            has_picture=bool(draw.random() < 0.5),
        )

    for _ in range(300):
        claimed = several(axes, 3)
        said = [drawings.history_label_mistake(claimed, HISTORY)]
        said += [look(claimed, TRUE, PREDICTED) for look in (drawings.count_mistake, drawings.class_name_mistake)]
        assert all(isinstance(words, str) and len(words) < 400 for words in said)
        assert set(drawings.missing_curves(claimed, HISTORY)) <= HISTORY.keys()
