"""q5: figures of the history and of the confusion matrix."""

import re

import numpy as np
import pytest

from autograder import points

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


def drawn(probes, function, *arguments):
    """What a figure shows, as a list of axes."""
    figure = function(*arguments)
    claimed = getattr(figure, "kind_", type(figure).__name__)
    assert claimed == "Figure", (
        f"`{function.named_label_}` returns {'nothing' if figure is None else f'a {claimed}'}: make a figure with "
        "`fig, ax = plt.subplots()`, draw, and `return fig`."
    )
    return probes.axes(figure, function.named_label_)


@pytest.fixture
def history(key):
    """A history that no student can have drawn before."""
    rng = key.rng("q5 history")
    falling = np.linspace(2.2, 0.4, 7)
    return {
        "train_loss": (falling + rng.normal(0, 0.05, 7)).tolist(),
        "val_loss": (falling + 0.2 + rng.normal(0, 0.05, 7)).tolist(),
        "val_accuracy": (np.linspace(0.2, 0.8, 7) + rng.normal(0, 0.02, 7)).tolist(),
    }


@pytest.fixture
def history_axes(submission, probes, history):
    return drawn(probes, submission.plot_history, history)


@points(1, "plot_history draws the three curves of the history that it is given")
def test_history_curves(history_axes, history):
    curves = [curve for axes in history_axes for curve in axes.curves]
    missing = [
        name for name, values in history.items()
        if not any(len(curve) == len(values) and np.allclose(curve, values) for curve in curves)
    ]  # fmt: skip
    assert not missing, f"No curve shows {', '.join(missing)} of the history that your function is given."


@points(1, "The axes are labelled, and a legend names training and validation")
def test_history_labels(history_axes):
    with_curves = [axes for axes in history_axes if axes.curves]
    assert with_curves, "Your figure has no curves."
    for axes in with_curves:
        missing = [name for name in ("xlabel", "ylabel") if not getattr(axes, name).strip()]
        assert not missing, f"An axes of your figure has no {' and no '.join(missing)}: `ax.set_{missing[0]}(...)`."
    legend = " ".join(text for axes in history_axes for text in axes.legend).lower()
    assert legend, "Your figure has no legend: give each curve a label, and call `ax.legend()`."
    for word in ("train", "val"):
        assert word in legend, f"The legend does not tell which curve is {word}..."


@pytest.fixture
def predictions(key):
    """True and predicted classes of 300 images, with more mistakes in one direction than in the other."""
    rng = key.rng("q5 predictions")
    truth = rng.integers(0, 10, 300)
    predicted = np.where(rng.random(300) < 0.6, truth, (truth + rng.integers(1, 4, 300)) % 10)
    return truth, predicted


@pytest.fixture
def confusion_axes(submission, probes, predictions):
    truth, predicted = predictions
    return drawn(probes, submission.plot_confusion, truth, predicted)


def counts_in(axes):
    """The numbers written in the cells, as a matrix: row and column are the rounded-down coordinates."""
    matrix = np.zeros((10, 10), int)
    for x, y, text in axes.texts:
        number = re.match(r"\s*(\d{1,9})(?!\d)", text)
        if not (abs(x) < 100 and abs(y) < 100):  # NaN is neither
            continue
        # imshow puts the middle of a cell on whole numbers, pcolormesh and seaborn on halves.
        column, row = int(np.floor(x + 1e-6)), int(np.floor(y + 1e-6))
        if number and 0 <= row < 10 and 0 <= column < 10:
            matrix[row, column] = int(number[1])
    return matrix


@points(2, "plot_confusion writes the right counts, rows being true classes")
def test_confusion_counts(confusion_axes, predictions):
    truth, predicted = predictions
    expected = np.zeros((10, 10), int)
    np.add.at(expected, (truth, predicted), 1)
    found = [counts_in(axes) for axes in confusion_axes if axes.has_picture]
    assert any(matrix.any() for matrix in found), "No counts are written in the cells of your matrix."
    if any(np.array_equal(matrix, expected.T) for matrix in found):
        pytest.fail("Rows and columns are swapped: a row is a true class, a column a predicted one.")
    assert any(np.array_equal(matrix, expected) for matrix in found), (
        "The counts in the cells are not those of the labels and predictions that your function is given."
    )


@points(1, "Both axes carry the names of the classes")
def test_confusion_class_names(confusion_axes):
    found = [axes for axes in confusion_axes if axes.has_picture]
    assert found, "Your figure shows no matrix."
    for ticks in ("xticks", "yticks"):
        names = " | ".join(getattr(found[0], ticks)).lower()
        missing = [name for name in CLASSES if name not in names]
        assert not missing, f"The {ticks[0]} axis does not name {', '.join(missing)}: see `CLASS_NAMES`."
