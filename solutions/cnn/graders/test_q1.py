"""q1: the formula for the output's shape, against PyTorch itself."""

import pytest
from geometry import FIXED, Geometry, random_geometries
from shape_mistakes import explain

from autograder import Key, RemoteSubmission, StudentError, partial_credit, points, shown


@pytest.fixture(scope="session")
def geometries(key: Key):
    """Hard cases that are always there, and sixty that come from the assignment's key."""
    return [*FIXED, *random_geometries(key.rng("q1 geometries"), 60)]


def claims_of(remote, function, geometries):
    """What the student's function says of each geometry, be it an exception."""
    return remote.call_each(function, [geometry.as_lists() for geometry in geometries])


@points(3, "Agrees with PyTorch for any image, kernel, stride and padding")
def test_agrees_with_pytorch(submission, remote: RemoteSubmission, geometries):
    function = submission.calculate_output_shape
    with remote.public_inputs():  # what is raised over the fixed ones is told in full
        claims = claims_of(remote, function, FIXED)
    claims += claims_of(remote, function, geometries[len(FIXED) :])
    wrong = explain(geometries, claims)
    if wrong and wrong.values_are_right:
        partial_credit(0.5, wrong.text)
    assert wrong is None, wrong.text


IMPOSSIBLE = {
    "a kernel higher than the image": Geometry((4, 9), (5, 3), (1, 1), (0, 0)),
    "a kernel wider than the padded image": Geometry((9, 4), (3, 7), (1, 1), (1, 1)),
    # int(-1 / 2) is 0: whoever rounds towards zero finds one place where there is none
    "a kernel higher than the image, and a stride of 2": Geometry((4, 9), (5, 3), (2, 1), (0, 0)),
    "a kernel wider than the padded image, and a stride of 4": Geometry((9, 4), (3, 9), (2, 4), (1, 1)),
    "a stride of 0": Geometry((8, 8), (3, 3), (1, 0), (0, 0)),
}


@points(1, "Raises ValueError for a geometry that can't be")
def test_impossible_geometry(submission, remote: RemoteSubmission):
    claims = claims_of(remote, submission.calculate_output_shape, IMPOSSIBLE.values())
    for (what, geometry), claim in zip(IMPOSSIBLE.items(), claims, strict=True):
        case = f"For {what} ({geometry}) your function"
        assert claim is not None, f"{case} returns nothing: raise ValueError, with a message that says why."
        assert isinstance(claim, StudentError), f"{case} returns {shown(claim)}: raise ValueError instead."
        assert claim.is_a("ValueError"), f"{case} raises {claim.kind}: raise ValueError, with a message that says why."
