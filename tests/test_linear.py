"""Which layers make one linear map: real networks, in the styles that are found in students' and published code."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (as students write it)
from torch import nn

from autograder.diagnosis.linear import layers_of


class Own(nn.Module):
    """A network by its layers and a function that is its forward."""

    def __init__(self, function, **layers):
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.function(self, x)


def narrow(x):
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


def three_layers(first, second=torch.relu):
    """Convolution, ``first``, max pooling, convolution, ``second``, linear."""
    return Own(
        lambda net, x: net.out(narrow(net.second(net.c2(F.max_pool2d(net.first(net.c1(x)), 2))))),
        c1=nn.Conv2d(1, 8, 3),
        first=first,
        c2=nn.Conv2d(8, 16, 3),
        second=second,
        out=nn.Linear(16, 10),
    )


class OwnReLU(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient * (x > 0)


def set_to_zero(x):
    x[x < 0] = 0
    return x


def not_assigned(x):
    F.relu(x)
    return x


ACTIVATIONS = {
    "relu": torch.relu,
    "in place": nn.ReLU(inplace=True),
    "torch.max": lambda x: torch.max(x, torch.zeros(1)),
    "maximum": lambda x: torch.maximum(x, torch.tensor(0.0)),
    "mask": lambda x: x * (x > 0),
    "mask of floats": lambda x: (x > 0).float() * x,
    "mask of what is detached": lambda x: x * (x.detach() > 0),
    "sign": lambda x: x * (1 + x.sign()) / 2,
    "where": lambda x: torch.where(x > 0, x, 0.0),
    "set to zero": set_to_zero,
    "masked_fill": lambda x: x.masked_fill(x < 0, 0),
    "clamp": lambda x: x.clamp(0),
    "own function": OwnReLU.apply,
    "by abs": lambda x: (x + x.abs()) / 2,
    "leaky by max": lambda x: torch.max(x, 0.1 * x),
    "swish": lambda x: x * x.sigmoid(),
    "square": lambda x: x**2,
    "product": lambda x: x * x,
    "GELU": nn.GELU(),
    "PReLU": nn.PReLU(),
    "after batch norm": nn.Sequential(nn.BatchNorm2d(8), nn.ReLU()),
    "after pooling": nn.Sequential(nn.MaxPool2d(2), nn.ReLU()),
    "before dropout": nn.Sequential(nn.ReLU(), nn.Dropout2d(0.2)),
}


class Residual(nn.Module):
    def __init__(self, inputs, outputs, last=torch.relu, stride=1):
        super().__init__()
        self.a, self.b = nn.Conv2d(inputs, outputs, 3, stride, 1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride)
        self.last = last

    def forward(self, x):
        return self.last(self.b(F.relu(self.norm(self.a(x)))) + self.shortcut(x))


class Preactivated(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.a, self.b = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norm, self.other = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        return self.b(F.relu(self.other(self.a(F.relu(self.norm(x)))))) + self.shortcut(x)


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(8, 8, 1)
        self.b = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 3, padding=1))
        self.c = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(8, 8, 1))

    def forward(self, x):
        return F.relu(torch.cat([self.a(x), self.b(x), self.c(x)], 1))


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 2), nn.Linear(2, 8)

    def forward(self, x):
        return x * torch.sigmoid(self.b(F.relu(self.a(x.mean((2, 3))))))[:, :, None, None]


def sequence(*layers, channels):
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), *layers, Own(lambda _, x: narrow(x)), nn.Linear(channels, 10))


RIGHT = {
    "residual": lambda: sequence(Residual(8, 8), Residual(8, 16, stride=2), channels=16),
    "residual, no last activation": lambda: sequence(
        Residual(8, 8, nn.Identity()), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), channels=16
    ),
    "pre-activated": lambda: nn.Sequential(
        *(nn.Conv2d(1, 8, 3), Preactivated(8, 8), Preactivated(8, 16), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
    ),
    "head of 1 x 1": lambda: nn.Sequential(
        *(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    ),
    "inception": lambda: sequence(Inception(), channels=24),
    "depthwise and pointwise": lambda: sequence(
        *(nn.Conv2d(8, 8, 3, groups=8), nn.BatchNorm2d(8), nn.Conv2d(8, 16, 1), nn.ReLU()), channels=16
    ),
    "linear bottleneck": lambda: sequence(
        *(nn.Conv2d(8, 48, 1), nn.ReLU6(), nn.Conv2d(48, 48, 3, groups=48), nn.ReLU6(), nn.Conv2d(48, 8, 1)),
        *(nn.BatchNorm2d(8), nn.Conv2d(8, 48, 1), nn.ReLU6()),
        channels=48,
    ),
    "3 x 1 and 1 x 3": lambda: sequence(nn.Conv2d(8, 8, (3, 1)), nn.Conv2d(8, 8, (1, 3)), nn.ReLU(), channels=8),
    "gates": lambda: sequence(Gate(), nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8), Gate(), nn.ReLU(), channels=8),
    "lazy": lambda: nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10)),
    "images changed in place": lambda: Own(lambda net, x: net.f(x.sub_(0.3).div_(0.3)), f=sequence(channels=8)),
    "unfolded": lambda: Own(
        lambda net, x: net.out((net.weight @ F.unfold(x, 3)).relu().mean(2)),
        weight=nn.Parameter(torch.rand(8, 9)),
        out=nn.Linear(8, 10),
    ),
    "weight norm": lambda: nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Conv2d(1, 8, 3)), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10)
    ),
    "softmax": lambda: nn.Sequential(sequence(channels=8), nn.Softmax(1)),
}
BARE = {
    "nothing": (lambda: three_layers(nn.Identity(), nn.Identity()), [("c1", "c2"), ("c2", "out")]),
    "not assigned": (lambda: three_layers(not_assigned), [("c1", "c2")]),
    "not assigned, last": (lambda: three_layers(torch.relu, not_assigned), [("c2", "out")]),
    "max pooling alone": (lambda: three_layers(nn.MaxPool2d(2)), [("c1", "c2")]),
    "global max pooling alone": (
        lambda: three_layers(torch.relu, lambda x: x.amax((2, 3), keepdim=True)),
        [("c2", "out")],
    ),
    "average pooling": (lambda: three_layers(nn.AvgPool2d(2)), [("c1", "c2")]),
    "scaled": (lambda: three_layers(lambda x: 0.5 * x), [("c1", "c2")]),
    "batch norm": (lambda: three_layers(nn.BatchNorm2d(8)), [("c1", "c2")]),
    "dropout": (lambda: three_layers(nn.Dropout()), [("c1", "c2")]),
    "learned scale": (
        lambda: Own(
            lambda net, x: net.out(narrow(F.relu(net.c2(net.c1(x) * net.scale)))),
            scale=nn.Parameter(torch.ones(1, 8, 1, 1)),
            c1=nn.Conv2d(1, 8, 3),
            c2=nn.Conv2d(8, 16, 3),
            out=nn.Linear(16, 10),
        ),
        [("c1", "c2")],
    ),
    "hidden linear layer": (
        lambda: sequence(Own(lambda _, x: narrow(x)), nn.Linear(8, 32), nn.Unflatten(1, (32, 1, 1)), channels=32),
        [("3", "6")],
    ),
    "branches": (
        lambda: Own(
            lambda net, x: net.out(narrow(F.relu(net.c3(torch.cat([net.c1(x), net.c2(x)], 1))))),
            c1=nn.Conv2d(1, 8, 3),
            c2=nn.Conv2d(1, 8, 3),
            c3=nn.Conv2d(16, 8, 3),
            out=nn.Linear(8, 10),
        ),
        [("c1", "c3"), ("c2", "c3")],
    ),
    "two of 3 x 3": (
        lambda: sequence(nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3), nn.ReLU(), channels=8),
        [("2", "3")],
    ),
}


def look_at(network):
    torch.manual_seed(0)
    return layers_of(network.eval(), torch.rand(4, 1, 28, 28))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_one_however_it_is_written(name):
    second = torch.relu if name in ("after batch norm", "masked_fill") else ACTIVATIONS[name]
    found = look_at(three_layers(ACTIVATIONS[name], second))
    assert (found.names, found.convolutions, found.bare) == (["c1", "c2", "out"], 2, [])


@pytest.mark.parametrize("name", RIGHT)
def test_no_two_layers_of_a_right_network_are_one(name):
    found = look_at(RIGHT[name]())
    assert found.convolutions and not found.bare


@pytest.mark.parametrize("name", BARE)
def test_two_layers_without_an_activation_are_one(name):
    make, expected = BARE[name]
    assert sorted(look_at(make()).bare) == expected


def test_what_does_not_lead_to_the_scores_does_not_count():
    network = Own(lambda net, x: (net.a(x), net.b(x))[1], a=nn.Conv2d(1, 8, 3), b=RIGHT["lazy"]())
    assert look_at(network).names == ["b.0", "b.3"]
    assert look_at(Own(lambda _, x: x.detach())) is None
