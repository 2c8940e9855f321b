"""q1: the network."""

import numpy as np
import pytest

from autograder import Key, Probes, StudentError, listed, points, tensor


@pytest.fixture
def model(submission):
    """A model fresh from the student's class."""
    return submission.Net()


@points(1, "Net turns (N, 1, 8, 8) into (N, 10), for any N")
@pytest.mark.parametrize("count", [1, 2, 7])
def test_output_shape(model, count):
    model.eval()
    try:
        scores = model(tensor(np.random.default_rng(0).random((count, 1, 8, 8), dtype=np.float32)))
    except StudentError as error:
        pytest.fail(f"A batch of {count} images fails: {error}.")
    shape = scores.shape if isinstance(scores, np.ndarray) else None
    assert shape == (count, 10), f"A batch of {count} images gives {shape}, not {(count, 10)}."


@points(1, "The scores of an image don't depend on the others in its batch")
def test_images_are_apart(model, probes: Probes, key: Key):
    images = key.rng("images").random((6, 1, 8, 8)).astype(np.float32)
    together, apart = probes.predict(model, images, "Net()"), probes.predict(model, images[:2], "Net()")
    assert np.allclose(together[:2], apart, atol=1e-4), "In another batch, the same two images get other scores."


@points(1, "Between its layers are activations, and every parameter gets a gradient")
def test_layers(model, probes: Probes, key: Key):
    images = key.rng("images").random((8, 1, 8, 8)).astype(np.float32)
    weights = key.rng("weights").normal(size=(8, 10)).astype(np.float32)
    layers = probes.layers(model, images, "Net()")
    assert layers is None or not layers.bare, (
        f"Between {' and '.join(f'`{name}`' for name in layers.bare[0])} stands no activation: two linear maps in a "
        "row are one."
    )
    gradients = probes.watched_pass(model, images, weights, "Net()").gradients
    without = [name for name, size in gradients.items() if not size]
    assert not without, f"No gradient arrives at {listed(without)}: does it lead to the scores?"
