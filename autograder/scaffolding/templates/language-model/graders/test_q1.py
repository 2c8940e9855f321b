"""q1: the network."""

import numpy as np
import pytest

from autograder import Key, StudentError, points, shown, tensor


@pytest.fixture
def model(submission):
    """A model fresh from the student's class, in evaluation mode."""
    made = submission.Net()
    made.eval()
    return made


@pytest.fixture
def rows(key: Key):
    """Four rows of twelve characters."""
    return key.rng("rows of q1").integers(0, 27, (4, 12))


def scores_of(model, rows):
    """What the model makes of rows (N, T).

    Raises AssertionError where that is not (N, T, 27).
    """
    count, length = rows.shape
    try:
        scores = model(tensor(rows))
    except StudentError as error:
        pytest.fail(f"A batch of {count} rows of {length} characters fails: {error}.")
    given = scores.shape if isinstance(scores, np.ndarray) else shown(scores)
    wanted = count, length, 27
    assert given == wanted, f"{count} rows of {length} characters give {given}, not {wanted}."
    return scores


@points(1, "Net turns (N, T) into (N, T, 27), for any N and T")
@pytest.mark.parametrize(("count", "length"), [(1, 5), (2, 24), (7, 30)])
def test_output_shape(model, key: Key, count, length):
    scores_of(model, key.rng("shapes").integers(0, 27, (count, length)))


@points(2, "Nothing that comes after a place changes its scores")
def test_looks_back_only(model, rows):
    other = rows.copy()
    other[:, 8:] = (other[:, 8:] + 5) % 27
    changed = np.abs(scores_of(model, rows) - scores_of(model, other)).max(axis=(0, 2))
    early = np.flatnonzero(changed[:8] > 1e-5)
    assert not early.size, (
        f"When characters 9 to 12 are others, so are the scores at place {early[0] + 1}: it reads what it is to "
        "predict."
    )


@points(1, "What came before a place matters")
def test_looks_back(model, rows):
    other = rows.copy()
    other[:, :7] = (other[:, :7] + 5) % 27
    changed = np.abs(scores_of(model, rows) - scores_of(model, other)).max(axis=(0, 2))
    assert changed[7] > 1e-6, (
        "When the seven characters before a place are others, its scores stay the same: it reads one character only."
    )
