"""One assignment and one submission become one result: :mod:`autograder.grading.grade` is the way through it."""
