"""q2: points whose labels no student has seen."""

from autograder import points


@points(6, "Tells which points lie in the unit circle")
def test_inside(submission, key):
    pairs = key.rng("q2 points").uniform(-1.5, 1.5, (100, 2)).tolist()
    labels = [x * x + y * y < 1 for x, y in pairs]
    claimed = submission.inside(pairs)
    assert isinstance(claimed, list) and len(claimed) == len(pairs), "Return a list with one answer for each point."
    right = sum(answer == label for answer, label in zip(claimed, labels, strict=True))
    assert right >= 95, f"Your function is right for {right} of 100 points."
