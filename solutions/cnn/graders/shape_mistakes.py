"""Known mistakes in the shape formula, told apart by the answers that they give."""

import math
from dataclasses import dataclass

import numpy as np

from autograder import StudentFault, coded, shown


def _both(formula):
    """A mistake made on each axis alone: formula(image, kernel, stride, padding)."""
    return lambda g: [formula(*axis) for axis in zip(*g, strict=True)]


def _axis(formula, *axes):
    """The right formula, fed with the sizes of these axes (0 or 1): image, kernel, stride, padding, twice."""
    return lambda g: [
        formula(*(pair[axis] for pair, axis in zip(g, chosen, strict=True))) for chosen in (axes[:4], axes[4:])
    ]


def _right(i, k, s, p):
    return (i + 2 * p - k) // s + 1


MISTAKES = [
    (
        "true-division",
        "You divide with `/`, so that the sizes are fractions. A kernel takes whole steps: round down with `//`.",
        _both(lambda i, k, s, p: (i + 2 * p - k) / s + 1),
    ),
    (
        "padding-once",
        "The padding is counted once. It is added on both sides of the image, so it counts twice: `2 * padding`.",
        _both(lambda i, k, s, p: (i + p - k) // s + 1),
    ),
    ("padding-ignored", "The padding plays no part in your formula.", _both(lambda i, k, s, p: (i - k) // s + 1)),
    ("stride-ignored", "The stride plays no part in your formula.", _both(lambda i, k, s, p: i + 2 * p - k + 1)),
    (
        "kernel-ignored",
        "The kernel's size is never subtracted: the kernel has to fit into the image at every step.",
        _both(lambda i, k, s, p: (i + 2 * p) // s + 1),
    ),
    (
        "plus-one-missing",
        "The `+ 1` is missing: besides the steps, the kernel's first position gives a value.",
        _both(lambda i, k, s, p: (i + 2 * p - k) // s),
    ),
    (
        "plus-one-inside",
        "The `+ 1` is added before the division by the stride; it belongs after it.",
        _both(lambda i, k, s, p: (i + 2 * p - k + 1) // s),
    ),
    (
        "rounds-up",
        "You round up. Where the last step does not fit, the kernel stops short of the edge: round down.",
        _both(lambda i, k, s, p: math.ceil((i + 2 * p - k) / s) + 1),
    ),
    (
        "rounds-to-nearest",
        "You round to the nearest whole number. The kernel takes whole steps only: round down.",
        _both(lambda i, k, s, p: round((i + 2 * p - k) / s) + 1),
    ),
    (
        "kernel-alone-divided",
        "Only the kernel's size is divided by the stride: put the whole numerator in parentheses.",
        _both(lambda i, k, s, p: i + 2 * p - k // s + 1),
    ),
    (
        "kernel-subtracted-late",
        "The kernel is subtracted after the division: put the whole numerator in parentheses.",
        _both(lambda i, k, s, p: (i + 2 * p) // s - k + 1),
    ),
    ("axes-swapped", "Height and width are swapped in your answer.", lambda g: _both(_right)(g)[::-1]),
    ("one-axis-for-both", "You use the height for both axes.", _axis(_right, *[0] * 8)),
    ("one-axis-for-both", "You use the width for both axes.", _axis(_right, *[1] * 8)),
    ("one-side-for-both", "You use the kernel's height for both axes.", _axis(_right, 0, 0, 0, 0, 1, 0, 1, 1)),
    ("one-side-for-both", "You use the kernel's width for both axes.", _axis(_right, 0, 1, 0, 0, 1, 1, 1, 1)),
    ("one-stride-for-both", "You use the stride's first number for both axes.", _axis(_right, 0, 0, 0, 0, 1, 1, 0, 1)),
    (
        "one-padding-for-both",
        "You use the padding's first number for both axes.",
        _axis(_right, 0, 0, 0, 0, 1, 1, 1, 0),
    ),
    ("one-image-side-for-both", "You use the image's height for both axes.", _axis(_right, 0, 0, 0, 0, 0, 1, 1, 1)),
]


@dataclass(frozen=True)
class Explanation:
    """What to tell the student, and whether the values were right although their type was not."""

    words: str
    code: str = ""  # of the mistake, if it is a known one
    values_are_right: bool = False

    @property
    def text(self):
        return coded(self.code, self.words) if self.code else self.words


def explain(geometries, claims):
    """Explain what is wrong with the claimed shapes; None if nothing is.

    A claim is what the student's function returned for the geometry of the same place, or the exception that
    it raised.
    """
    answers = [geometry.output_shape() for geometry in geometries]
    shapes = [_as_pair(claim) for claim in claims]
    wrong = [n for n, (shape, answer) in enumerate(zip(shapes, answers, strict=True)) if shape != answer]
    if not wrong:
        if all(type(n) is int for shape in shapes for n in shape):
            return None
        return Explanation(
            f"The values are right, but they are floats (your function {_show(claims[0])}). A number of pixels is an "
            "int: divide with `//`.",
            "true-division",
            values_are_right=True,
        )
    first = wrong[0]
    example = f"For {geometries[first]}, PyTorch gives {answers[first]}, and your function {_show(claims[first])}."
    code, cause = _cause(geometries, answers, claims, shapes)
    return Explanation(f"{cause} {example}".strip(), code)


def _cause(geometries, answers, claims, shapes):
    """The code of the mistake, if it is a known one, and the words for what is wrong."""
    raised = [isinstance(claim, StudentFault) for claim in claims]
    if any(raised):
        has_remainder = [_has_remainder(geometry) for geometry in geometries]
        agrees = all(r or s == a for r, s, a in zip(raised, shapes, answers, strict=True))
        if raised == has_remainder and agrees:
            return (
                "remainder-raises",
                "Your function raises where the division leaves a remainder. That is no error: PyTorch rounds down.",
            )
        # What a mistaken formula holds for impossible may raise, so the other answers tell the mistake.
        answered = [(g, shape) for g, shape, r in zip(geometries, shapes, raised, strict=True) if not r]
        mistake = _known_mistake(answered) if len(answered) > len(claims) // 2 else None
        return mistake or ("", str(next(claim for claim in claims if isinstance(claim, StudentFault))) + ".")
    if all(claim is None for claim in claims):
        return "", "Your function returns nothing yet: replace `...` with your code, and end with `return`."
    if None in shapes:
        return "another-kind", "The function is to return a list of two numbers, the height and the width."
    if all(shape == shapes[0] for shape in shapes):
        return "same-answer", "Your function gives the same answer for every geometry: compute it from the arguments."
    if mistake := _known_mistake(list(zip(geometries, shapes, strict=True))):
        return mistake
    right = sum(shape == answer for shape, answer in zip(shapes, answers, strict=True))
    return "", f"Your function is right for {right} of {len(answers)} geometries."


def _known_mistake(answered):
    """The code and the text of the mistake that explains every one of these pairs of a geometry and an answer."""
    if any(shape is None for _, shape in answered):
        return None
    for code, text, mistake in MISTAKES:
        if all(np.allclose(shape, mistake(geometry), atol=1e-9) for geometry, shape in answered):
            return code, text
    return None


def _has_remainder(g):
    return any((i + 2 * p - k) % s for i, k, s, p in zip(*g, strict=True))


def _as_pair(claim):
    """The claim as a list of two numbers, or None."""
    if isinstance(claim, np.ndarray) and claim.shape == (2,):
        claim = claim.tolist()
    if type(claim) not in (list, tuple) or len(claim) != 2:
        return None
    pair = [item.item() if isinstance(item, np.ndarray) and item.ndim == 0 else item for item in claim]
    return pair if all(type(item) in (int, float) for item in pair) else None


def _show(claim):
    if isinstance(claim, StudentFault):
        return "raises an exception"
    return f"returns {shown(claim)}"
