import torch
from otter.test_files import test_case
from torch import nn

OK_FORMAT = False

name = "q2"
points = None


@test_case(name="q2.layer_kinds", points=1, hidden=True)
def test_layer_kinds(conv1, maxpool1, conv2, maxpool2, linear1):
    kinds = {nn.Conv2d: (conv1, conv2), nn.MaxPool2d: (maxpool1, maxpool2), nn.Linear: (linear1,)}
    for kind, layers in kinds.items():
        for layer in layers:
            assert isinstance(layer, kind), f"A layer is to be an nn.{kind.__name__}, and is a {type(layer).__name__}."
    found = conv1.kernel_size, conv1.stride, conv1.padding
    assert found == ((5, 5), (1, 1), (0, 0)), "conv1 is given: leave it as it is."


@test_case(name="q2.reaches_64_1_1", points=2, hidden=True)
def test_reaches_64_1_1(conv1, maxpool1, conv2, maxpool2):
    for batch_size in (1, 3, 8):
        output = maxpool2(conv2(maxpool1(conv1(torch.rand(batch_size, 1, 28, 28)))))
        assert output.shape == (batch_size, 64, 1, 1), f"Your layers end in {tuple(output.shape)}."


@test_case(name="q2.linear1_gives_10", points=1, hidden=True)
def test_linear1_gives_10(linear1):
    shape = tuple(linear1(torch.rand(3, 64)).shape)
    assert shape == (3, 10), f"linear1 turns (3, 64) into {shape}, not (3, 10)."
