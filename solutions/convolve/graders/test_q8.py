"""q8: a convolutional network for tiny colour images. The explanation is marked by hand."""

import contextlib

import numpy as np
import pytest
from answers import shape_of

from autograder import Leaderboard, Probes, StudentError, StudentFault, listed, points, tensor
from autograder.training import Trials

ENOUGH = 0.45  # accuracy on emoji that it has not met; the text promises it
FALLS_TO = 0.9  # of the initial loss; a right training reached .88 at worst, one without learning stays at 1
BROUGHT_ALONG = 0.32  # accuracy after learning from one image of each kind: right submissions reached .31 at most
FALSE_FAIL = 1e-4  # each requirement fails a right submission less often than that


@pytest.fixture
def model(submission):
    return submission.TinyCNN()


@points(1, "TinyCNN turns (N, 3, 32, 32) into (N, 5) for any N")
@pytest.mark.parametrize("count", [1, 2, 7])
def test_output_shape(model, count):
    model.eval()
    try:
        scores = model(tensor(np.random.default_rng(0).random((count, 3, 32, 32), dtype=np.float32)))
    except StudentError as error:
        pytest.fail(f"A batch of {count} images fails: {error}.")
    assert scores is not None, "The `forward` of your TinyCNN returns nothing yet: it is to return the scores."
    found = shape_of(scores)
    assert found == (count, 5), (
        f"A batch of {count} images gives {found}, not {(count, 5)}: one row of five scores an image. "
        "`x.flatten(start_dim=1)` keeps images apart."
    )


@points(1, "It has a convolution, a pooling layer, and then dense layers")
def test_layers(model, probes: Probes):
    images = np.random.default_rng(0).random((2, 3, 32, 32), dtype=np.float32)
    seen = probes.watched_pass(model, images, np.ones((2, 5), np.float32), "TinyCNN()")
    kinds = {"a convolution": "conv2d", "a pooling layer": "pool", "a dense layer": "linear"}
    story = [name for name in seen.operations if any(part in name for part in kinds.values())]
    told = f"The layers that were met: {listed(story) or 'none'}."
    for what, part in kinds.items():
        assert any(part in name for name in story), f"There is to be {what} in your TinyCNN. {told}"
        assert probes.depends_on(model, images, part, "TinyCNN()"), (
            f"The scores of your TinyCNN do not depend on {what}: is the result used, `x = self.pool(x)`? {told}"
        )
    assert story[-1] == "linear", f"The last layers are to be dense ones (`nn.Linear`). {told}"
    assert not seen.unregistered, (
        f"Your network uses parameters that `model.parameters()` does not list (of shapes {seen.unregistered}): keep "
        "layers as attributes, `self.conv = ...`."
    )


@points(1, "train_tiny lowers the loss of the model that it is given")
def test_loss_falls(tiny_trials: Trials):
    tiny_trials.stays_below("loss_ratio", FALLS_TO, false_fail=FALSE_FAIL)


@points(3, "It learns emoji: .45 of those that it has not met")
def test_learns_emoji(tiny_trials: Trials, tiny_controls: Trials, leaderboard: Leaderboard):
    tiny_trials.reaches(
        "accuracy",
        ENOUGH,
        false_fail=FALSE_FAIL,
        called="accuracy on emoji that your model has not met",
        hint="Guessing gives 0.2.",
    )
    tiny_controls.stays_below(
        "accuracy",
        BROUGHT_ALONG,
        false_fail=FALSE_FAIL,
        called="accuracy on emoji that it has not met, of your model trained on five images only",
        hint="Nobody learns that from five images, however often: the knowledge was brought along, not learned.",
    )
    with contextlib.suppress(StudentFault, AssertionError):  # it may have failed, and a later one passed
        leaderboard("accuracy", tiny_trials[0].accuracy)  # of the first seed, the same for everybody
