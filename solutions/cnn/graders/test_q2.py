"""q2: stacked layers from (N, 1, 28, 28) to (N, 64, 1, 1), and on to (N, 10)."""

import numpy as np
import pytest

from autograder import Probes, StudentError, coded, points, shown, tensor

KINDS = {
    "conv1": "Conv2d",
    "maxpool1": "MaxPool2d",
    "conv2": "Conv2d",
    "maxpool2": "MaxPool2d",
    "linear1": "Linear",
}
STACK = ("conv1", "maxpool1", "conv2", "maxpool2")


def follow(submission, batch_size):
    """Send images through the stack. Returns the last output (or None) and the chain of shapes as text."""
    x = np.random.default_rng(batch_size).random((batch_size, 1, 28, 28), dtype=np.float32)
    chain = [str(x.shape)]
    for name in STACK:
        layer = getattr(submission, name)
        if not callable(layer):
            chain.append(f"{name} is no layer")
            return None, " -> ".join(chain)
        try:
            x = layer(tensor(x))
        except StudentError as error:
            chain.append(f"{name} fails: {error}")
            return None, " -> ".join(chain)
        if not isinstance(x, np.ndarray):
            chain.append(f"{name} returns no tensor")
            return None, " -> ".join(chain)
        chain.append(f"{name} {x.shape}")
    return x, " -> ".join(chain)


@points(0.25, "The layers are of the kinds asked for, and conv1 is as given", claimed=True)
def test_layer_kinds(submission, probes: Probes):
    for name, kind in KINDS.items():
        kinds = probes.kinds(getattr(submission, name), name)  # a LazyConv2d is a Conv2d, too
        assert kind in kinds, f"`{name}` is to be an nn.{kind}, and is a {''.join(kinds[:1])[:60]}."
    conv1 = submission.conv1
    given = {"kernel_size": (5, 5), "stride": (1, 1), "padding": (0, 0)}
    for setting, value in given.items():
        claimed = getattr(conv1, setting, "none")
        assert claimed == value, (
            f"`conv1` is given with {setting}={value}; yours has {shown(claimed)}. Leave it as it is."
        )


@points(2.75, "The stack turns (N, 1, 28, 28) into (N, 64, 1, 1)")
@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_reaches_64_1_1(submission, batch_size):
    output, chain = follow(submission, batch_size)
    assert output is not None, coded("chain-breaks", f"The chain breaks: {chain}.")
    assert output.shape == (batch_size, 64, 1, 1), coded(
        "chain-ends-elsewhere", f"Your chain of shapes: {chain}. It is to end in {(batch_size, 64, 1, 1)}."
    )


@points(1, "linear1 turns the flattened (N, 64) into (N, 10)")
def test_linear1_gives_10(submission):
    linear1 = submission.linear1
    assert callable(linear1), "`linear1` is to be a layer, which can be called."
    x = np.random.default_rng(0).random((3, 64), dtype=np.float32)
    try:
        output = linear1(tensor(x))
    except StudentError as error:
        pytest.fail(f"64 channels of 1x1 flatten to (N, 64), which `linear1` can't take: {error}.")
    shape = getattr(output, "shape", None)
    assert shape == (3, 10), f"`linear1` turns (3, 64) into {shape}; it is to give one score for each class, (3, 10)."
