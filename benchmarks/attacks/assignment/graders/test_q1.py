"""q1: sums that no student has seen."""

from autograder import points


@points(4, "Adds two numbers")
def test_adds(submission, key):
    for a, b in key.rng("q1 numbers").integers(-1000, 1000, (20, 2)).tolist():
        claimed = submission.add(a, b)
        assert claimed == a + b, f"add({a}, {b}) is {a + b}, and your function returns {claimed!r:.80}."
