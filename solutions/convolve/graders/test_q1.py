"""q1: the zebra and the checkerboard, and how little is left of the difference when they are flattened."""

import numpy as np
import pytest
from answers import NUMBER, Case, Mistake, require

from autograder import Key, partial_credit, points

SIZES = [(4, 4), (1, 1), (1, 6), (6, 1), (3, 5), (5, 3), (4, 7), (7, 4), (2, 6)]


@pytest.fixture(scope="session")
def sizes(key: Key):
    """Sizes that are always there, and some that come from the assignment's key."""
    return [*SIZES, *(tuple(pair) for pair in key.rng("q1 sizes").integers(2, 30, (6, 2)).tolist())]


def zebra(height, width):
    return np.tile(np.arange(width) % 2, (height, 1))


def checkerboard(height, width):
    return np.indices((height, width)).sum(axis=0) % 2


def row_after_row(height, width):
    """0 1 0 1 ... over the whole picture, without a new start in each row."""
    return (np.arange(height * width) % 2).reshape(height, width)


def of_both(pattern):
    """Mistakes that can be made in both patterns."""
    return [
        Mistake(
            "begins-with-one", "The pattern begins with 1; the top left is to be 0.", lambda h, w: 1 - pattern(h, w)
        ),
        Mistake(
            "axes-swapped",
            "Height and width are swapped: the shape of an image is (height, width), rows come first.",
            lambda h, w: pattern(w, h),
        ),
        Mistake(
            "always-square",
            "Your pattern is always square: use both the height and the width.",
            lambda h, w: pattern(h, h),
        ),
        Mistake(
            "always-square",
            "Your pattern is always square: use both the height and the width.",
            lambda h, w: pattern(w, w),
        ),
        Mistake(
            "odd-size-cut",
            "With an odd height or width a row or a column is missing, since you repeat blocks of two: make a larger "
            "pattern, and cut it to the size with a slice.",
            lambda h, w: pattern(h - h % 2, w - w % 2),
        ),
        Mistake(
            "odd-size-cut",
            "With an odd width a column is missing, since you repeat pairs: make a longer row and cut it.",
            lambda h, w: pattern(h, w - w % 2),
        ),
        Mistake(
            "twice-as-large",
            "Your pattern is twice as wide as asked for: `width` counts pixels, not pairs of them.",
            lambda h, w: pattern(h, 2 * w),
        ),
        Mistake(
            "twice-as-large",
            "Your pattern is twice as large as asked for: `height` and `width` count pixels, not blocks of two.",
            lambda h, w: pattern(2 * h, 2 * w),
        ),
    ]


ZEBRA_MISTAKES = [
    Mistake(
        "stripes-lie",
        "The stripes lie: each row holds one value. A zebra's stripes are vertical, so that every row is 0 1 0 1 ...",
        lambda h, w: zebra(w, h).T,
    ),
    Mistake(
        "no-new-start",
        "The values alternate from one row's end to the next row's beginning, which makes a checkerboard where the "
        "width is odd. Every row of a zebra begins with 0.",
        row_after_row,
    ),
    Mistake("other-pattern", "This is the checkerboard. In a zebra, every row is the same.", checkerboard),
    *of_both(zebra),
]

CHECKERBOARD_MISTAKES = [
    Mistake("other-pattern", "This is the zebra. In a checkerboard, every second row begins with 1.", zebra),
    Mistake(
        "no-new-start",
        "The values alternate from one row's end to the next row's beginning, which makes stripes where the width is "
        "even. Every second row of a checkerboard begins with 1.",
        row_after_row,
    ),
    *of_both(checkerboard),
]


def require_pattern(function, name, sizes, right, mistakes):
    """Fail the check unless the function draws the pattern, in integers."""
    cases = [Case(f"`{name}({h}, {w})`", (h, w)) for h, w in sizes]
    answers = require(function, cases, right, mistakes)
    kinds = {array.dtype for array in answers if array.dtype.kind not in "iu"}
    if kinds:
        partial_credit(
            0.5,
            f"The values are right, but their type is {kinds.pop()}: the pattern is to hold integers. Give the array "
            "`dtype=int`, or end with `.astype(int)`.",
        )


@points(1, "make_zebra draws vertical stripes of any size")
def test_zebra(submission, sizes):
    require_pattern(submission.make_zebra, "make_zebra", sizes, zebra, ZEBRA_MISTAKES)


@points(1, "make_checkerboard draws a checkerboard of any size")
def test_checkerboard(submission, sizes):
    require_pattern(submission.make_checkerboard, "make_checkerboard", sizes, checkerboard, CHECKERBOARD_MISTAKES)


def difference(a, b):
    return np.mean(a != b)


DIFFERENCE_MISTAKES = [
    Mistake(
        "count-not-share",
        "This is how many positions differ. The share is that number divided by the number of all positions.",
        lambda a, b: np.sum(a != b),
    ),
    Mistake(
        "agree-not-differ",
        "This is the share of positions that agree; what is asked for is the share that differ (`!=`).",
        lambda a, b: np.mean(a == b),
    ),
    Mistake(
        "agree-not-differ",
        "This is how many positions agree; what is asked for is the share that differ.",
        lambda a, b: (a == b).sum(),
    ),
    Mistake("percent", "This is the share in percent: leave out the factor 100.", lambda a, b: 100 * np.mean(a != b)),
    Mistake(
        "signs-cancel",
        "Your differences are added with their signs, so that 0 - 1 and 1 - 0 cancel. Ask where the values differ "
        "(`!=`), not by how much.",
        lambda a, b: np.mean(a - b),
    ),
    Mistake(
        "signs-cancel",
        "Your differences are added with their signs, so that 0 - 1 and 1 - 0 cancel. Ask where the values differ "
        "(`!=`), not by how much.",
        lambda a, b: np.mean(b - a),
    ),
    Mistake(
        "signs-cancel",
        "Your differences are added with their signs, so that 0 - 1 and 1 - 0 cancel: `abs` of the sum comes too late. "
        " Ask where the values differ (`!=`).",
        lambda a, b: abs(np.mean(a - b)),
    ),
    Mistake(
        "divided-by-rows",
        "You divide by the number of rows, `len(a)`. The number of all positions is `a.size`.",
        lambda a, b: np.sum(a != b) / len(a),
    ),
    Mistake("root-taken", "You take the root of the share.", lambda a, b: np.sqrt(np.mean(a != b))),
    Mistake(
        "all-or-nothing",
        "This is 1 if anything differs, and 0 otherwise; what is asked for is a share.",
        lambda a, b: np.any(a != b),
    ),
    Mistake(
        "all-or-nothing",
        "This is 1 if nothing differs, and 0 otherwise; what is asked for is a share.",
        lambda a, b: np.all(a == b),
    ),
    Mistake(
        "mean-missing",
        "This says of each position whether the patterns differ there. The mean of that is the share.",
        lambda a, b: (a != b).ravel(),
    ),
    Mistake(
        "mean-missing",
        "This says of each position whether the patterns differ there. The mean of that is the share.",
        lambda a, b: a != b,
    ),
]


@pytest.fixture(scope="session")
def pairs(key: Key):
    """Pairs of patterns: the lesson's two, the extremes, and random ones that differ more in one direction."""
    rng = key.rng("q1 pairs")
    found = [
        ("zebra and checkerboard of 4x4", zebra(4, 4), checkerboard(4, 4)),
        ("zebra and checkerboard of 3x5", zebra(3, 5), checkerboard(3, 5)),
        ("two equal zebras of 2x3", zebra(2, 3), zebra(2, 3)),
        ("a checkerboard of 3x4 and its opposite", checkerboard(3, 4), 1 - checkerboard(3, 4)),
    ]
    for height, width in ((2, 5), (6, 3), (7, 8), (12, 9)):
        a, b = rng.integers(0, 2, (2, height, width))
        found.append((f"two random patterns of {height}x{width}", a, b))
        found.append((f"a random pattern of {height}x{width} and zeros", a, 0 * a))
    return found


@points(1, "flat_difference gives the share of positions that differ")
def test_flat_difference(submission, pairs):
    cases = [Case(words, (a, b)) for words, a, b in pairs]
    require(submission.flat_difference, cases, difference, DIFFERENCE_MISTAKES, NUMBER)
