"""q7: a tiny network that tells zebras from checkerboards of any size."""

import numpy as np
import pytest
from answers import shape_of

from autograder import Probes, StudentError, listed, points, tensor
from autograder.training import Trials

MOST_PARAMETERS = 200
ENOUGH = 0.95  # accuracy on sizes that it was not trained on; the text promises it
FALLS_TO = 0.5  # of the initial loss; right trainings reach .03, but for one of 600 that got stuck
FALSE_FAIL = 1e-4  # each requirement fails a right submission less often than that


@pytest.fixture
def model(submission):
    return submission.PatternNet()


@points(1, "PatternNet turns patterns of any size into two scores")
@pytest.mark.parametrize("shape", [(1, 1, 5, 5), (3, 1, 6, 17), (2, 1, 24, 7)], ids=str)
def test_any_size(model, shape):
    model.eval()
    try:
        scores = model(tensor(np.random.default_rng(0).random(shape, dtype=np.float32)))
    except StudentError as error:
        flat = " A dense layer wants one number of inputs: average over all places before it, `x.mean(dim=(2, 3))`."
        pytest.fail(f"Patterns of shape {shape} fail: {error}.{flat if 'mat1' in str(error) else ''}")
    assert scores is not None, "The `forward` of your PatternNet returns nothing yet: it is to return the scores."
    found = shape_of(scores)
    assert found == (shape[0], 2), f"Patterns of shape {shape} give {found}, not {(shape[0], 2)}: two scores a pattern."


@points(1, "PatternNet is a convolutional network of at most 200 parameters")
def test_at_most_200_parameters(model, probes: Probes):
    images = np.random.default_rng(0).random((2, 1, 8, 8), dtype=np.float32)
    seen = probes.watched_pass(model, images, np.ones((2, 2), np.float32), "PatternNet()")
    sizes = seen.sizes
    assert not seen.unregistered, (
        f"Your network uses parameters that `model.parameters()` does not list (of shapes {seen.unregistered}): keep "
        "layers as attributes, `self.conv = ...`."
    )
    total = sum(sizes.values())
    layers = listed(f"{name} {size}" for name, size in sizes.items())
    assert total, "Your PatternNet has no parameters: create its layers in `__init__`, as attributes."
    assert total <= MOST_PARAMETERS, (
        f"Your PatternNet has {total} parameters, and {MOST_PARAMETERS} are allowed: {layers}."
    )
    assert "conv2d" in seen.operations, "Your PatternNet uses no convolution."
    assert probes.depends_on(model, images, "conv2d", "PatternNet()"), (
        "The scores of your PatternNet do not depend on its convolution: is its result used, `x = self.conv(x)`?"
    )


@points(1, "train_patterns lowers the loss of the model that it is given")
def test_loss_falls(pattern_trials: Trials):
    pattern_trials.stays_below("loss_ratio", FALLS_TO, false_fail=FALSE_FAIL)


@points(3, "It tells patterns of sizes that it was not trained on")
def test_tells_patterns(pattern_trials: Trials):
    # Of two names for two classes, stored weights guess the right ones every other time: it has to be learned.
    pattern_trials.stays_below("loss_ratio", FALLS_TO, false_fail=FALSE_FAIL)
    pattern_trials.reaches(
        "accuracy",
        ENOUGH,
        false_fail=FALSE_FAIL,
        called="accuracy on patterns of sizes that it was not trained on",
        hint="Guessing gives 0.5.",
    )
