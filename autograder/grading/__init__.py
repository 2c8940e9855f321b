"""One assignment and one submission become one result.

:mod:`~autograder.grading.grade` is the way through it, and the rest is what it goes by:
:mod:`~autograder.grading.session` runs pytest on the hidden graders, with the
:mod:`~autograder.grading.fixtures` that these ask for, and :mod:`~autograder.grading.record` keeps what each test
decided, as it was marked by :mod:`~autograder.grading.checks`. Where a grader raised,
:mod:`~autograder.grading.faults` tells whose fault that is, and :mod:`~autograder.grading.deadline` ends one that goes
on for ever.
"""
