from grading import load_points, same
from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = None


@test_case(name="q2.inside", points=6, hidden=True)
def test_inside(inside):
    pairs, labels = load_points()
    right = sum(same(answer, label) for answer, label in zip(inside(pairs), labels, strict=True))
    assert right >= 0.95 * len(labels), f"Your function is right for {right} of {len(labels)} points."
