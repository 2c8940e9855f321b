import re

import matplotlib.pyplot as plt
import numpy as np
from fashion import CLASS_NAMES
from matplotlib.figure import Figure
from otter.test_files import test_case

OK_FORMAT = False

name = "q5"
points = None

RNG = np.random.default_rng(5)
FALLING = np.linspace(2.2, 0.4, 7)
HISTORY = {
    "train_loss": (FALLING + RNG.normal(0, 0.05, 7)).tolist(),
    "val_loss": (FALLING + 0.2 + RNG.normal(0, 0.05, 7)).tolist(),
    "val_accuracy": (np.linspace(0.2, 0.8, 7) + RNG.normal(0, 0.02, 7)).tolist(),
}
TRUTH = RNG.integers(0, 10, 300)
PREDICTED = np.where(RNG.random(300) < 0.6, TRUTH, (TRUTH + RNG.integers(1, 4, 300)) % 10)


def drawn(function, *arguments):
    """The axes of the figure that a function returns."""
    figure = function(*arguments)
    assert isinstance(figure, Figure), f"The function returns a {type(figure).__name__}: return the figure."
    figure.canvas.draw()  # tick labels are known only then
    plt.close("all")
    return figure.axes


def history_axes(plot_history):
    return drawn(plot_history, {key: list(values) for key, values in HISTORY.items()})


def confusion_axes(plot_confusion):
    axes = [ax for ax in drawn(plot_confusion, TRUTH.copy(), PREDICTED.copy()) if ax.images or ax.collections]
    assert axes, "Your figure shows no matrix."
    return axes


@test_case(name="q5.history_curves", points=1, hidden=True)
def test_history_curves(plot_history):
    curves = [np.asarray(line.get_ydata(), float) for ax in history_axes(plot_history) for line in ax.get_lines()]
    for key, values in HISTORY.items():
        shown = any(len(curve) == len(values) and np.allclose(curve, values) for curve in curves)
        assert shown, f"No curve shows {key} of the history that your function is given."


@test_case(name="q5.history_labels", points=1, hidden=True)
def test_history_labels(plot_history):
    axes = history_axes(plot_history)
    with_curves = [ax for ax in axes if ax.get_lines()]
    assert with_curves, "Your figure has no curves."
    for ax in with_curves:
        on_x = [other.get_xlabel() for other in ax.get_shared_x_axes().get_siblings(ax)]
        assert any(on_x) and ax.get_ylabel(), "Axes with curves need a label on x and on y."
    legends = [ax.get_legend() for ax in axes if ax.get_legend()] + list(axes[0].figure.legends)
    names = " ".join(text.get_text().lower() for legend in legends for text in legend.get_texts())
    assert "train" in names and "val" in names, "The legend should tell training from validation."


def counts_in(ax):
    """The numbers written in the cells, as a matrix."""
    matrix = np.zeros((10, 10), int)
    for text in ax.texts:
        # imshow puts the middle of a cell on whole numbers, pcolormesh and seaborn on halves.
        column, row = (int(np.floor(float(place) + 1e-6)) for place in text.get_position())
        number = re.match(r"\s*(\d+)", text.get_text())
        if number and 0 <= row < 10 and 0 <= column < 10:
            matrix[row, column] = int(number[1])
    return matrix


@test_case(name="q5.confusion_counts", points=2, hidden=True)
def test_confusion_counts(plot_confusion):
    expected = np.zeros((10, 10), int)
    np.add.at(expected, (TRUTH, PREDICTED), 1)
    found = [counts_in(ax) for ax in confusion_axes(plot_confusion)]
    assert any(np.array_equal(matrix, expected) for matrix in found), "The counts in the cells are not right."


@test_case(name="q5.confusion_class_names", points=1, hidden=True)
def test_confusion_class_names(plot_confusion):
    ax = confusion_axes(plot_confusion)[0]
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        names = " ".join(label.get_text().lower() for label in labels)
        missing = [each for each in CLASS_NAMES if each.lower().split("/")[0] not in names]
        assert not missing, f"An axis does not name {', '.join(missing)}."
