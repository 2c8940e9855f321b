"""q1: the network."""

import numpy as np
import pytest

from autograder import Key, Probes, StudentError, points, shown, tensor


@pytest.fixture
def model(submission):
    """A model fresh from the student's class."""
    return submission.Net()


@pytest.fixture
def messages(key: Key):
    """Five messages (5, 9) of 3 to 9 symbols, padded by 0."""
    rng = key.rng("messages of q1")
    made = rng.integers(1, 13, (5, 9))
    for message, length in zip(made, (9, 3, 7, 4, 6), strict=True):
        message[length:] = 0
    return made


@points(1, "Net turns (N, T) into (N, 3), for any N and T")
@pytest.mark.parametrize(("count", "length"), [(1, 5), (2, 13), (7, 20)])
def test_output_shape(model, count, length):
    model.eval()
    made = np.random.default_rng(0).integers(1, 13, (count, length))
    try:
        scores = model(tensor(made))
    except StudentError as error:
        pytest.fail(f"A batch of {count} messages of {length} symbols fails: {error}.")
    given = scores.shape if isinstance(scores, np.ndarray) else shown(scores)
    assert given == (count, 3), f"{count} messages of {length} symbols give {given}, not {(count, 3)}."


@points(2, "The zeros after a message change nothing")
def test_padding(model, probes: Probes, messages):
    scores = probes.predict(model, messages, "Net()")
    longer = probes.predict(model, np.pad(messages, ((0, 0), (0, 6))), "Net()")
    apart = np.abs(scores - longer).max(axis=1)
    assert (apart < 1e-4).all(), (
        f"With six more zeros after it, a message's scores change by up to {apart.max():.3f}. Where does the network "
        "read what lies after the end, and what does it divide by?"
    )
    one = probes.predict(model, messages[1:2, :3], "Net()")
    assert np.allclose(one, scores[1:2], atol=1e-4), (
        f"A message of three symbols gets {np.round(one[0], 3).tolist()} alone, and "
        f"{np.round(scores[1], 3).tolist()} padded, beside longer ones."
    )


@points(1, "The scores depend on the order of the symbols")
def test_order(model, probes: Probes, messages):
    scores = probes.predict(model, messages[:1], "Net()")
    turned = probes.predict(model, messages[:1, ::-1].copy(), "Net()")
    assert not np.allclose(scores, turned, atol=1e-6), (
        "A message read backwards gets the same scores: the symbol after the mark can't be told from others then."
    )
