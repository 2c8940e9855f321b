"""q1: the network."""

import numpy as np
import pytest

from autograder import Key, Probes, StudentError, listed, points, shown, tensor


@pytest.fixture
def model(submission):
    """A model fresh from the student's class."""
    return submission.Net()


@points(1, "Net turns (N, 10) into (N, 1), for any N")
@pytest.mark.parametrize("count", [1, 2, 7])
def test_output_shape(model, count):
    model.eval()
    try:
        numbers = model(tensor(np.random.default_rng(0).random((count, 10), dtype=np.float32)))
    except StudentError as error:
        pytest.fail(f"A batch of {count} rows fails: {error}.")
    given = numbers.shape if isinstance(numbers, np.ndarray) else shown(numbers)
    assert given == (count, 1), f"A batch of {count} rows gives {given}, not {(count, 1)}."


@points(1, "The number of a row doesn't depend on the others in its batch")
def test_rows_are_apart(model, probes: Probes, key: Key):
    rows = key.rng("rows").normal(size=(6, 10)).astype(np.float32)
    together, apart = probes.predict(model, rows, "Net()"), probes.predict(model, rows[:2], "Net()")
    assert np.allclose(together[:2], apart, atol=1e-4), "In another batch, the same two rows get other numbers."


@points(1, "Between its layers are activations, and every parameter gets a gradient")
def test_layers(model, probes: Probes, key: Key):
    rows = key.rng("rows").normal(size=(32, 10)).astype(np.float32)
    weights = key.rng("weights").normal(size=(32, 1)).astype(np.float32)
    layers = probes.layers(model, rows, "Net()")
    assert layers is None or not layers.bare, (
        f"Between {' and '.join(f'`{name}`' for name in layers.bare[0])} stands no activation: two linear maps in a "
        "row are one."
    )
    gradients = probes.watched_pass(model, rows, weights, "Net()").gradients
    without = [name for name, size in gradients.items() if not size]
    assert not without, f"No gradient arrives at {listed(without)}: does it lead to the number?"
