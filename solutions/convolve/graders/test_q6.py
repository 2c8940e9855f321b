"""q6: the shapes in a chain of layers, told without running any."""

import numpy as np
import pytest
from answers import Case, Form, claim_of, describe, require
from chains import FIXED, FLATTEN, MISTAKES, RELU, Chain, avg_pool, conv, linear, max_pool, random_chains

from autograder import Assignment, Key, RemoteSubmission, StudentError, partial_credit, points, shown

pytestmark = pytest.mark.usefixtures("by_hand")


@pytest.fixture
def layers_in_worker(remote: RemoteSubmission, assignment: Assignment):
    return remote.helper(assignment.graders / "worker_layers.py")


@pytest.fixture
def trace(submission, layers_in_worker):
    """The student's function, for a chain."""
    function, build = submission.trace_shapes, layers_in_worker.build
    return lambda chain: function(build(chain.as_plain()), chain.input_shape)


def as_shapes(claim):
    """The claim as a list of tuples of numbers, or None."""
    if isinstance(claim, np.ndarray) and claim.ndim == 2 and claim.size <= 1000:
        claim = claim.tolist()
    if type(claim) not in (list, tuple):
        return None
    shapes = [shape.tolist() if isinstance(shape, np.ndarray) and shape.size <= 1000 else shape for shape in claim]
    if not all(type(shape) in (list, tuple) for shape in shapes):
        return None
    shapes = [tuple(n.item() if isinstance(n, np.ndarray) and n.ndim == 0 else n for n in shape) for shape in shapes]
    return shapes if all(type(n) in (int, float) for shape in shapes for n in shape) else None


SHAPES = Form(
    "a list with one shape for each layer, and each shape is a tuple of ints",
    as_shapes,
    lambda shapes, expected: shapes == expected,
    lambda shapes: shown(shapes, 300),
)


def require_shapes(trace, chains, hint=""):
    """Fail the check unless the student's function gives PyTorch's shapes, as ints."""
    cases = [Case(f"the chain {chain}", (chain,)) for chain in chains]
    answers = require(trace, cases, Chain.shapes, MISTAKES, SHAPES, hint)
    if not all(type(n) is int for shapes in answers for shape in shapes for n in shape):
        partial_credit(
            0.5, "The values are right, but some are floats. A size is an int: divide with `//`, and multiply ints."
        )


LESSON = (conv(3, 5, 4), max_pool(4, stride=1), FLATTEN)


@points(0.5, "The lesson's chain: Conv2d(3, 5, 4), MaxPool2d(4, stride=1), Flatten")
def test_lesson_chain(trace):
    shapes = [(1, 3, 938, 1436), (1, 3, 480, 640), (1, 3, 7, 9)]
    hint = "Go through the list layer by layer: the shape after one is the input of the next."
    require_shapes(trace, [Chain(shape, LESSON) for shape in shapes], hint)


@points(1.5, "Agrees with PyTorch on chains of all kinds of layers")
def test_chains(trace, key: Key):
    hint = "Kernel sizes, strides and paddings may be ints or pairs; print the layer's settings."
    require_shapes(trace, [*FIXED, *random_chains(key.rng("q6 chains"), 30)], hint)


# What can't be, and beside it a chain that can, so that a function that always raises gains nothing.
IMPOSSIBLE = {
    "window": {
        "a kernel higher than the image": (
            Chain((1, 1, 4, 9), (conv(1, 2, (5, 3)),)),
            Chain((1, 1, 5, 9), (conv(1, 2, (5, 3)),)),
        ),
        "a kernel higher than the image, in steps of 2": (
            Chain((1, 1, 4, 9), (conv(1, 2, 5, stride=2),)),
            Chain((1, 1, 5, 9), (conv(1, 2, 5, stride=2),)),
        ),
        "a kernel wider than the padded image": (
            Chain((1, 1, 9, 4), (conv(1, 2, (3, 7), padding=1),)),
            Chain((1, 1, 9, 5), (conv(1, 2, (3, 7), padding=1),)),
        ),
        "a pooling window larger than what the convolution leaves": (
            Chain((2, 1, 6, 6), (conv(1, 2, 5), RELU, max_pool(3))),
            Chain((2, 1, 7, 7), (conv(1, 2, 5), RELU, max_pool(3))),
        ),
        "an average over more rows than are left": (
            Chain((1, 2, 9, 9), (conv(2, 3, 6), avg_pool((5, 1)))),
            Chain((1, 2, 10, 9), (conv(2, 3, 6), avg_pool((5, 1)))),
        ),
    },
    "channels": {
        "an image with three channels for a convolution that takes one": (
            Chain((1, 3, 8, 8), (conv(1, 4, 3),)),
            Chain((1, 1, 8, 8), (conv(1, 4, 3),)),
        ),
        "a convolution that takes three channels after one that gives four": (
            Chain((2, 1, 8, 8), (conv(1, 4, 3), RELU, conv(3, 2, 3))),
            Chain((2, 1, 8, 8), (conv(1, 4, 3), RELU, conv(4, 2, 3))),
        ),
    },
    "features": {
        "a linear layer that takes 15 features of 16": (
            Chain((2, 1, 4, 4), (FLATTEN, linear(15, 5))),
            Chain((2, 1, 4, 4), (FLATTEN, linear(16, 5))),
        ),
        "a linear layer of 36 features after (2, 4, 3, 3), which is not flattened": (
            Chain((2, 4, 3, 3), (linear(36, 5),)),
            Chain((2, 4, 3, 3), (FLATTEN, linear(36, 5))),
        ),
        "a second linear layer that takes 8 features of 6": (
            Chain((3, 1, 2, 2), (FLATTEN, linear(4, 6), RELU, linear(8, 2))),
            Chain((3, 1, 2, 2), (FLATTEN, linear(4, 6), RELU, linear(6, 2))),
        ),
    },
}


@points(1.5, "Raises ValueError where a layer can't take what reaches it")
@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_impossible_chains(trace, what):
    for words, (impossible, possible) in IMPOSSIBLE[what].items():
        claim = claim_of(trace, Case("", (impossible,)))
        case = f"For {words} ({impossible}), your function"
        told = describe(claim, as_shapes(claim), SHAPES)
        assert isinstance(claim, StudentError), f"{case} {told}: raise ValueError, with a message that says why."
        assert claim.is_a("ValueError"), f"{case} {told}: raise ValueError, with a message that says why. ({claim})"
        claim = claim_of(trace, Case("", (possible,)))
        told = describe(claim, as_shapes(claim), SHAPES)
        assert as_shapes(claim) is not None, f"Your function {told} for a chain that is possible, {possible}. {claim}"


@points(0.5, "Runs no layer")
def test_runs_no_layer(submission, layers_in_worker):
    function, build_sealed = submission.trace_shapes, layers_in_worker.build_sealed

    def trace_sealed(chain):
        return function(build_sealed(chain.as_plain()), chain.input_shape)

    small, huge = (
        Case(f"the chain {chain}", (chain,))
        for chain in (Chain((1, 3, *size), (conv(3, 8, 3), RELU)) for size in ((40, 30), (200_000, 100_000)))
    )
    claim_of(trace_sealed, small)
    assert layers_in_worker.was_run() is False, (
        "Your function runs the layers. Compute the shapes from the layers' settings, such as `layer.kernel_size`: "
        "then they are known at once, for images of any size."
    )
    hint = "No memory holds an image as large as the second one: compute with the numbers of its shape only."
    require(trace_sealed, [small, huge], Chain.shapes, MISTAKES, SHAPES, hint)
