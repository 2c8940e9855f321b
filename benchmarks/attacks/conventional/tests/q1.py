from grading import same
from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = None

CASES = [(2, 3, 5), (-4, 9, 5), (0, 0, 0), (1000000, 1, 1000001), (-7, -8, -15)]


@test_case(name="q1.adds", points=4, hidden=True)
def test_adds(add):
    for a, b, total in CASES:
        assert same(add(a, b), total), f"add({a}, {b}) is {total}."
