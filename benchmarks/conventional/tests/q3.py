# ruff: noqa: N803  (arguments are the names in the student's notebook)
import torch
from grading import Recorder, read_slice
from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = None

ACTIVATIONS = (
    "relu", "relu_", "relu6", "leaky_relu", "leaky_relu_", "prelu", "rrelu", "elu", "elu_", "selu", "celu", "gelu",
    "silu", "mish", "hardswish", "hardtanh", "hardsigmoid", "sigmoid", "sigmoid_", "tanh", "tanh_", "softplus",
    "softsign", "logsigmoid", "threshold", "clamp", "clamp_", "clamp_min", "clamp_min_", "clip", "maximum", "where",
    "abs", "square", "sin", "tanhshrink", "softshrink", "hardshrink", "glu",
)  # fmt: skip
SCORES = ("linear", "conv2d", "matmul", "addmm", "mm")


def images(count):
    return read_slice("data", "train").images[:count]


def scores(model, batch):
    model.eval()
    with torch.no_grad():
        output = model(batch)
    assert output.shape == (len(batch), 10), f"{len(batch)} images give {tuple(output.shape)}: one row of ten each."
    return output


@test_case(name="q3.output_shape", points=1, hidden=True)
def test_output_shape(CNN):
    for count in (1, 2, 7):
        scores(CNN(), images(count))


@test_case(name="q3.samples_are_independent", points=1, hidden=True)
def test_samples_are_independent(CNN):
    model, batch = CNN(), images(7)
    together = scores(model, batch)
    alone = torch.cat([scores(model, batch[n : n + 1]) for n in range(7)])
    assert torch.allclose(alone, together, rtol=1e-3, atol=1e-4), "An image gets other scores alone than among others."


def watched_pass(CNN):
    """One forward and backward pass in training mode; returns the model and what was seen."""
    model = CNN()
    with Recorder() as recorder:
        output = model(images(32))
    (output * torch.randn(32, 10, generator=torch.Generator().manual_seed(3))).sum().backward()
    return model, recorder


@test_case(name="q3.gradients_reach_every_layer", points=1, hidden=True)
def test_gradients_reach_every_layer(CNN):
    model, recorder = watched_pass(CNN)
    registered = {id(value) for value in model.parameters()}
    assert registered, "Your CNN has no parameters: create the layers in __init__, as attributes."
    assert recorder.leaves.keys() <= registered, "Your forward pass uses layers that model.parameters() does not list."
    dead = [name for name, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert not dead, f"No gradient reaches {', '.join(dead)}."


@test_case(name="q3.activation_after_each_convolution", points=1, hidden=True)
def test_activation_after_each_convolution(CNN):
    operations = watched_pass(CNN)[1].operations
    convolutions = [n for n, name in enumerate(operations) if name == "conv2d"]
    assert convolutions, "Your CNN uses no convolution."
    for number, place in enumerate(convolutions, 1):
        until = next((n for n in range(place + 1, len(operations)) if operations[n] in SCORES), len(operations))
        between = operations[place + 1 : until]
        assert any(name in ACTIVATIONS for name in between), f"No activation follows convolution {number}."


@test_case(name="q3.constructions_share_nothing", points=1, hidden=True)
def test_constructions_share_nothing(CNN):
    one, other = CNN(), CNN()
    taken = {value.data_ptr() for value in other.parameters()}
    assert taken, "Your CNN has no parameters: create the layers in __init__, as attributes."
    shared = [name for name, value in one.named_parameters() if value.data_ptr() in taken]
    assert not shared, f"Two models made by CNN() share {', '.join(shared)}."
