import numpy as np
from grading.geometry import FIXED, Geometry, random_geometries
from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

GEOMETRIES = [*FIXED, *random_geometries(np.random.default_rng(1), 60)]


def pair(answer):
    answer = [side.item() if hasattr(side, "item") else side for side in answer]
    assert len(answer) == 2, f"Return a list of two numbers, the height and the width. Yours is {answer}."
    return answer


# A test case passes or fails; half of the points for whole floats take a case of their own.
@test_case(name="q1.agrees_with_pytorch (values)", points=1.5, hidden=True)
def test_values_agree_with_pytorch(calculate_output_shape):
    for geometry in GEOMETRIES:
        answer = pair(calculate_output_shape(*geometry.as_lists()))
        expected = geometry.output_shape()
        assert answer == expected, f"For {geometry}, PyTorch gives {expected}, and your function {answer}."


@test_case(name="q1.agrees_with_pytorch (whole numbers)", points=1.5, hidden=True)
def test_agrees_with_pytorch_in_whole_numbers(calculate_output_shape):
    for geometry in GEOMETRIES:
        answer = pair(calculate_output_shape(*geometry.as_lists()))
        assert answer == geometry.output_shape() and all(type(side) is int for side in answer), (
            f"Your function returns {answer}. A number of pixels is an int: divide with //."
        )


IMPOSSIBLE = {
    "a kernel higher than the image": Geometry((4, 9), (5, 3), (1, 1), (0, 0)),
    "a kernel wider than the padded image": Geometry((9, 4), (3, 7), (1, 1), (1, 1)),
    "a stride of 0": Geometry((8, 8), (3, 3), (1, 0), (0, 0)),
}


@test_case(name="q1.impossible_geometry", points=1, hidden=True)
def test_impossible_geometry(calculate_output_shape):
    for what, geometry in IMPOSSIBLE.items():
        try:
            answer = calculate_output_shape(*geometry.as_lists())
        except ValueError:
            continue
        raise AssertionError(f"For {what} your function returns {answer}: raise ValueError instead.")
