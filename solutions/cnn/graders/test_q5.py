"""q5: figures of the history and of the confusion matrix."""

import importlib.util

import numpy as np
import pytest

from autograder import Assignment, Key, Probes, points, tensor


@pytest.fixture(scope="module")
def drawings(assignment: Assignment):
    """What the tests in the notebook look at figures with, too."""
    spec = importlib.util.spec_from_file_location("drawings", assignment.folder / "drawings.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drawn(probes: Probes, function, *arguments):
    """What a figure shows, as a list of axes."""
    name = getattr(function, "named_label_", "plot_history or plot_confusion")
    assert callable(function), f"`{name}` is to be a function."
    figure = function(*arguments)
    claimed = getattr(figure, "kind_", type(figure).__name__)
    assert claimed == "Figure", (
        f"`{name}` returns {'nothing' if figure is None else f'a {claimed[:60]}'}: make a figure with "
        "`fig, ax = plt.subplots()`, draw, and `return fig`."
    )
    return probes.axes(figure, name)


@pytest.fixture
def history(key: Key):
    """A history that no student can have drawn before."""
    rng = key.rng("q5 history")
    falling = np.linspace(2.2, 0.4, 7)
    return {
        "train_loss": (falling + rng.normal(0, 0.05, 7)).tolist(),
        "val_loss": (falling + 0.2 + rng.normal(0, 0.05, 7)).tolist(),
        "val_accuracy": (np.linspace(0.2, 0.8, 7) + rng.normal(0, 0.02, 7)).tolist(),
    }


@pytest.fixture
def history_axes(submission, probes: Probes, history):
    return drawn(probes, submission.plot_history, history)


@points(1, "plot_history draws the three curves of the history that it is given")
def test_history_curves(history_axes, history, drawings):
    missing = drawings.missing_curves(history_axes, history)
    assert not missing, f"No curve shows {', '.join(missing)} of the history that your function is given."


@points(1, "The axes are labelled, and a legend names training and validation")
def test_history_labels(history_axes, history, drawings):
    mistake = drawings.history_label_mistake(history_axes, history)
    assert not mistake, mistake


@pytest.fixture
def predictions(key: Key):
    """True and predicted classes of 300 images, with more mistakes in one direction than in the other."""
    rng = key.rng("q5 predictions")
    truth = rng.integers(0, 10, 300)
    predicted = np.where(rng.random(300) < 0.6, truth, (truth + rng.integers(1, 4, 300)) % 10)
    return truth, predicted


@pytest.fixture
def confusion_axes(submission, probes: Probes, predictions):
    return drawn(probes, submission.plot_confusion, *map(tensor, predictions))  # tensors, as the notebook gives them


@points(2, "plot_confusion writes the right counts, rows being true classes")
def test_confusion_counts(confusion_axes, predictions, drawings):
    mistake = drawings.count_mistake(confusion_axes, *predictions)
    assert not mistake, mistake


@points(1, "Both axes name the classes, in their order")
def test_confusion_class_names(confusion_axes, predictions, drawings):
    mistake = drawings.class_name_mistake(confusion_axes, *predictions)
    assert not mistake, mistake
