"""How what a submission returns is read: it may be anything."""

import numpy as np

from autograder import shown


def numbers(claim, shape, called):
    """What came back as an array of this shape, or a message for the student."""
    assert claim is not None, f"{called} returns nothing yet: end the function with `return`."
    try:
        array = np.asarray(claim, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise AssertionError(f"{called} is to return numbers; yours returns {shown(claim)}.") from None
    assert array.shape == shape, f"{called} is to return the shape {shape}; yours returns {array.shape}."
    return array
