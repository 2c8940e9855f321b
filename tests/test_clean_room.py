"""Models as data: what can be recorded, what is refused, and that what is judged is what was handed over."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from autograder.assignment import ModelSettings, TimeLimits
from autograder.clean_room import CleanRoom, Refused
from autograder.diagnosis.linear import layers_of
from autograder.errors import BadClaim
from autograder.probes import Probes
from autograder.sandbox import Limits, zygote
from autograder.worker import computation, wire
from autograder.worker.computation import Carried
from autograder.worker.outline import outline
from autograder.worker.recording import Unrecordable, computation_of, state_of

SHAPE = (2, 8, 8)


class Plain(nn.Module):
    """Layers, and a forward pass that is a function of them."""

    def __init__(self, forward, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self._pass = forward

    def forward(self, x):
        return self._pass(self, x)


class Halves(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x / 2

    @staticmethod
    def backward(context, gradient):
        return gradient / 2


def residual(m, x):
    x = functional.relu(m.one(x))
    return m.out((x + m.norm(m.two(x)).relu_()).mean(dim=(2, 3)))


def by_shape(m, x):
    for _ in range(x.shape[-1] // 4):
        x = torch.tanh(m.same(x))
    return m.out(x.view(x.size(0), -1))


def branches(m, x):
    return m.out(torch.cat([m.one(x), m.two(x)], dim=1).flatten(1).contiguous())


def in_place(m, x):
    x = m.one(x)
    x[:, 0] *= 2
    x[x < 0] = 0
    return m.out(x.reshape(len(x), -1))


def attends(m, x):
    x = x.flatten(2).transpose(1, 2)  # (N, 64, 2)
    return m.out(m.attention(m.up(x), m.up(x), m.up(x))[0].mean(dim=1))


def recurs(m, x):
    _, (hidden, _) = m.rnn(x.flatten(2).transpose(1, 2))
    return m.out(hidden[-1])


def frozen_part(m, x):
    with torch.no_grad():
        x = (x - 0.2860) / torch.tensor(0.3530)
    return m.out(m.one(x).detach().flatten(1)) + m.out(m.one(x).flatten(1))


def in_bfloat16(m, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return m.out(functional.relu(m.one(x)).flatten(1)).float()


def conv(inputs=2, outputs=4, side=3, **settings):
    return nn.Conv2d(inputs, outputs, side, **settings)


def _lazily(m, x):
    return m.out(functional.elu(m.one(x)).flatten(1))


HONEST = {
    "sequence": lambda: nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(), nn.Linear(36, 3)),
    "residual": lambda: Plain(
        residual, one=conv(padding=1), two=conv(4, padding=1), norm=nn.BatchNorm2d(4), out=nn.Linear(4, 3)
    ),
    "by the shape": lambda: Plain(by_shape, same=conv(2, 2, padding="same"), out=nn.Linear(128, 3)),
    "branches": lambda: Plain(branches, one=conv(), two=conv(side=5, padding=1), out=nn.Linear(288, 3)),
    "in place": lambda: Plain(in_place, one=conv(), out=nn.Linear(144, 3)),
    "attention": lambda: Plain(
        attends, up=nn.Linear(2, 8), attention=nn.MultiheadAttention(8, 2, batch_first=True), out=nn.Linear(8, 3)
    ),
    "transformer": lambda: Plain(
        lambda m, x: m.out(m.block(m.up(x.flatten(2).transpose(1, 2)))[:, 0]),
        up=nn.Linear(2, 8),
        block=nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        out=nn.Linear(8, 3),
    ),
    "LSTM": lambda: Plain(recurs, rnn=nn.LSTM(2, 6, batch_first=True), out=nn.Linear(6, 3)),
    "GRU": lambda: Plain(
        lambda m, x: m.out(m.rnn(x.flatten(2).permute(2, 0, 1))[0][-1]), rnn=nn.GRU(2, 6), out=nn.Linear(6, 3)
    ),
    "a part without gradients": lambda: Plain(frozen_part, one=conv(), out=nn.Linear(144, 3)),
    "bfloat16": lambda: Plain(in_bfloat16, one=conv(), out=nn.Linear(144, 3)),
    "a function of one's own": lambda: Plain(
        lambda m, x: m.out(Halves.apply(m.one(x)).relu().flatten(1)), one=conv(), out=nn.Linear(144, 3)
    ),
    "some of the numbers": lambda: Plain(
        lambda m, x: m.out(x.flatten(1)) + m.out(x.flatten(1))[x.mean((1, 2, 3)) > 0.5].sum(), out=nn.Linear(128, 3)
    ),
    "lazy layers": lambda: Plain(_lazily, one=nn.LazyConv2d(4, 3), out=nn.LazyLinear(3)),
    "by hand": lambda: Plain(
        lambda m, x: (functional.unfold(x, 3).transpose(1, 2) @ m.one).relu().mean(1) @ m.two + 0.1,
        one=nn.Parameter(torch.randn(18, 6)),
        two=nn.Parameter(torch.randn(6, 3)),
    ),
    "einsum": lambda: Plain(
        lambda m, x: torch.einsum("nchw,kchw->nk", x, m.one).softmax(1).log(), one=nn.Parameter(torch.randn(3, *SHAPE))
    ),
    "group norm, GELU, strides": lambda: nn.Sequential(
        conv(2, 8, stride=2), nn.GroupNorm(2, 8), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)
    ),
    "weight norm, tied": lambda: Plain(
        lambda m, x: m.out(m.one(functional.leaky_relu(m.one(x.flatten(1))))),
        one=nn.utils.parametrizations.weight_norm(nn.Linear(128, 128)),
        out=nn.Linear(128, 3),
    ),
    "separable, layer norm": lambda: nn.Sequential(
        conv(2, 2, groups=2), conv(2, 8, 1), nn.SiLU(), nn.LayerNorm([8, 6, 6]), nn.Flatten(), nn.Linear(288, 3)
    ),
}


def carried(model, *, training=False):
    """What becomes of a model, by way of the wire."""
    model.train(training)
    value = [state_of(model), [computation_of(model, SHAPE)]]
    frame = wire.encode(value, bounds=wire.LARGE_REPLY)
    prefix = wire.read_prefix(frame[: wire.PREFIX.size], wire.LARGE_REPLY)
    middle = wire.PREFIX.size + prefix.header
    state, computations = wire.decode(frame[wire.PREFIX.size : middle], frame[middle:], bounds=wire.LARGE_REPLY)
    return Carried(state, computations, 10**6)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_model_is_the_same_as_data(name):
    torch.manual_seed(0)
    model = HONEST[name]().eval()
    model(torch.rand(2, *SHAPE))  # lazy layers have their parameters from here on
    before = copy.deepcopy(model.state_dict())
    same = carried(model)
    for rows in (1, 4, 7):
        images = torch.rand(rows, *SHAPE)
        expected = model(images)
        assert torch.allclose(same(images), expected, rtol=1e-2, atol=1e-2 * float(expected.abs().max()))
        with torch.no_grad():  # where some operations give less
            assert torch.allclose(same(images), expected, rtol=1e-2, atol=1e-2 * float(expected.abs().max()))
    assert layers_of(same, images) == layers_of(model, images)
    learning = carried(model, training=True)
    learning(images).square().sum().backward()
    model.train()(images).square().sum().backward()
    reached = {name for name, value in model.named_parameters() if value.grad is not None and value.grad.any()}
    assert {name for name, value in learning.named_parameters() if value.grad is not None and value.grad.any()} == (
        reached
    )
    own = {name: value for name, value in model.state_dict().items() if "running" not in name and "num_b" not in name}
    assert all(torch.equal(value, before[name]) for name, value in own.items())


def test_recording_leaves_generators_and_statistics_as_they_were():
    model = nn.Sequential(conv(), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.Linear(144, 3)).train()
    before, drawn = copy.deepcopy(model.state_dict()), torch.random.get_rng_state()
    computation_of(model, SHAPE)
    assert torch.equal(torch.random.get_rng_state(), drawn)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_is_cut_off_gets_no_gradient():
    model = Plain(lambda m, x: m.out(m.one(x).detach().flatten(1)), one=conv(), out=nn.Linear(144, 3))
    same = carried(model, training=True)
    same(torch.rand(4, *SHAPE)).sum().backward()
    gradients = {name: value.grad is not None for name, value in same.named_parameters()}
    assert gradients == {"one.weight": False, "one.bias": False, "out.weight": True, "out.bias": True}


UNRECORDABLE = {
    "takes a number out of a tensor": lambda m, x: m.out(x.flatten(1)) * (2 if x.max() > 0.5 else 1),
    "uses bincount": lambda m, x: m.out(x.flatten(1)) + torch.bincount((9 * x.flatten()).long()).max(),
    "by Python or NumPy": lambda m, x: m.out(torch.from_numpy(x.detach().numpy() * 2).flatten(1)),
    "or on how many there are": lambda m, x: m.out(x.flatten(1)) * (1 / len(x)),
}


@pytest.mark.parametrize("words", UNRECORDABLE)
def test_what_can_t_be_said_as_data_is_told(words):
    with pytest.raises(Unrecordable, match=words):
        computation_of(Plain(UNRECORDABLE[words], out=nn.Linear(128, 3)), SHAPE)


def test_a_model_that_takes_one_number_of_images_is_recorded_for_that():
    model = Plain(lambda m, x: m.out(x.view(7, -1)), out=nn.Linear(128, 3))
    with pytest.raises(RuntimeError):
        computation_of(model, SHAPE)
    same, images = Carried(state_of(model), [computation_of(model, SHAPE, (7, 7))], 10**6), torch.rand(7, *SHAPE)
    assert torch.equal(same(images), model(images))


OUTLINES = {
    "sequence": [
        "conv2d | (N, 2, 8, 8) | (N, 4, 6, 6) |  | weight 0.weight, bias 0.bias",
        "relu | (N, 4, 6, 6) | (N, 4, 6, 6) |  | ",
        "max_pool2d | (N, 4, 6, 6) | (N, 4, 3, 3) | kernel 2x2, stride 2 | ",
        "view | (N, 4, 3, 3) | (N, 36) |  | ",
        "linear | (N, 36) | (N, 3) |  | bias 5.bias, weight 5.weight",
    ],
    "by hand": [
        "unfold | (N, 2, 8, 8) | (N, 18, 36) | kernel 3x3 | ",
        "transpose | (N, 18, 36) | (N, 36, 18) |  | ",
        "view | (N, 36, 18) | (36N, 18) |  | ",
        "linear | (36N, 18) | (36N, 6) |  | weight one",
        "view | (36N, 6) | (N, 36, 6) |  | ",
        "relu | (N, 36, 6) | (N, 36, 6) |  | ",
        "mean | (N, 36, 6) | (N, 6) |  | ",
        "linear | (N, 6) | (N, 3) |  | weight two",
        "add | (N, 3) | (N, 3) |  | ",
    ],
}


@pytest.mark.parametrize("name", OUTLINES)
def test_a_computation_can_be_read(name):
    same = carried(HONEST[name]().eval())
    assert [" | ".join(line) for line in outline(same, same.computations[0], None)] == OUTLINES[name]


def test_every_computation_can_be_read_and_is_left_as_it_was():
    for name, make in HONEST.items():
        model = make()
        model(torch.rand(2, *SHAPE))
        same = carried(model, training=True)
        before = copy.deepcopy(same._state)
        *_, last = outline(same, same.computations[0], None)
        assert last[0] in ("linear", "log", "add", "to_copy", "view") or last[0].startswith("and "), name
        assert all(torch.equal(value, before[key]) for key, value in same._state.items())


def test_a_computation_for_one_number_of_images_or_that_fails_is_read_as_far_as_it_goes():
    model = Plain(lambda m, x: m.out(x.view(7, -1)), out=nn.Linear(128, 3))
    same = Carried(state_of(model), [computation_of(model, SHAPE, (7, 7))], 10**6)
    assert outline(same, same.computations[0], 7)[-1][:3] == ["linear", "(7, 128)", "(7, 3)"]
    odd = Carried(
        *handed(("relu.default", INPUT), ("mm.default", {"value": 1}, {"named": " "}), **{" ": tensor(SMALL)}), 10
    )
    *_, relu, last = outline(odd, odd.computations[0], None)
    assert relu[0] == "relu" and "mm.default can't be carried out" in last[0]


# --- what is refused ------------------------------------------------------------------------------------------------


def tensor(array, dtype="float32", kind="trained"):
    return {"array": array, "dtype": dtype, "kind": kind}


def handed(*operations, constants=(), result=None, **state):
    """A computation as a worker may claim it."""
    shape, last = list(SHAPE), {"value": len(operations)} if result is None else result
    pairs = [[name, arguments, {}, True] for name, *arguments in operations]
    return state, [{"shape": shape, "operations": pairs, "constants": list(constants), "result": last}]


INPUT = {"value": 0}
SMALL = np.zeros((2, 2), np.float32)
LARGE = 1 << 38
REFUSED = {
    "is not allowed": [
        handed(("set_.source_Tensor", INPUT, INPUT)),
        handed(("resize_.default", INPUT, [LARGE])),
        handed(("as_strided.default", INPUT, [2], [1], 10**6)),
        handed(("from_file.default", "/etc/passwd")),
        handed(("_local_scalar_dense.default", INPUT)),
        handed(("bincount.default", INPUT)),
        handed(("add.out", INPUT, INPUT)),
        handed(("__class__.default", INPUT)),
    ],
    "there is no operation": [handed(("add.Nothing", INPUT, INPUT)), handed(("relu.__init__", INPUT))],
    "is malformed": [
        (3, 4),
        ({}, [{}]),
        handed(("relu.default", {"value": -1})),
        handed(("relu.default", {"value": True})),
        handed(("relu.default", {"named": "w"})),
        handed(("relu.default", {"constant": 0})),
        handed(("relu.default", {"open": "/etc/passwd"})),
        handed(("relu.default", {"value": 0, "named": "w"})),
        handed(("../relu.default", INPUT)),
        handed(("relu", INPUT)),
        handed(("relu.default", "x" * 1000)),
        handed(("view.default", INPUT, [1 << 62])),
        handed(("_to_copy.default", INPUT, {"dtype": "object"})),
        handed(result="scores"),
        handed(constants=[tensor(np.zeros(3), "complex64")]),
        handed(constants=[tensor([1, 2])]),
        handed(w=tensor(np.zeros(3), kind="secret")),
        handed(w=np.zeros(3)),
    ],
    "can't be carried out|malformed": [
        handed(("relu.default", {"value": 7})),
        handed(("mm.default", INPUT, INPUT)),
        handed(("zeros.default", [LARGE, LARGE])),
        handed(("relu.default", None)),
        handed(("embedding.default", INPUT, INPUT)),
        handed(("select.int", INPUT, 0, 10**9)),
        handed(("convolution.default", INPUT, INPUT, None, [0, 0], [0, 0], [0, 0], False, [0, 0], 0)),
        handed(("index_select.default", INPUT, 0, {"constant": 0}), constants=[tensor(np.full(3, 99), "int64")]),
        handed(("gather.default", INPUT, 0, {"constant": 0}), constants=[tensor(np.full((1, 1, 1, 1), -5), "int64")]),
    ],
    "operations is not|arguments": [
        handed(*[("relu.default", INPUT)] * (computation.MAX_OPERATIONS + 1)),
        handed(("sum.dim_IntList", INPUT, [0] * (computation.MAX_ARGUMENTS + 1))),
        handed(("sum.dim_IntList", INPUT, [[[[[[[0]]]]]]])),
    ],
    "numbers in all": [
        handed(constants=[tensor(np.zeros(2000, np.float32))]),
        handed(w=tensor(np.zeros(2000, np.float32))),
    ],
}


@pytest.mark.parametrize(("words", "number"), [(words, n) for words, some in REFUSED.items() for n in range(len(some))])
def test_what_is_no_model_is_refused(words, number):
    with pytest.raises(computation.Refused, match=words):
        Carried(*REFUSED[words][number], 1000)(torch.rand(3, *SHAPE))


@pytest.fixture
def room(strongest):
    rooms = []

    def make(seconds=20.0, memory_mb=2048, **model):
        limits = Limits(memory_mb=memory_mb)
        rooms.append(CleanRoom(strongest, {}, limits, ("torch",), ModelSettings(**model), seconds))
        return rooms[-1]

    yield make
    for each in rooms:
        each.close()


GROWING = [("repeat.default", {"value": number}, [4, 1, 1, 1]) for number in range(14)]
SUM = [("mul.Tensor", {"value": 0}, {"value": 0}), ("sum.dim_IntList", {"value": 1}, [2, 3])]


def test_a_computation_that_exhausts_memory_or_time_ends_its_worker_alone(room):
    clean = room(seconds=2, memory_mb=900)
    images = wire.Tensor(np.ones((2, *SHAPE), np.float32))
    good = clean.take_in(*handed(*SUM))
    assert np.array_equal(clean.about(good, "predict", images), np.full((2, 2), 64))
    hungry = clean.take_in(*handed(*GROWING))
    with pytest.raises(Refused, match="can't be carried out|memory"):
        clean.about(hungry, "predict", images)
    large = np.ones((900, 900), np.float32)
    steps = [("mm.default", {"constant": 0}, {"constant": 0}) for _ in range(3000)]
    slow = room(seconds=2, others=10**6)
    endless = slow.take_in(*handed(*steps, constants=[tensor(large, kind="buffer")]))
    with pytest.raises(Refused, match="stopped after 2 seconds"):
        slow.about(endless, "predict", images)
    with pytest.raises(Refused, match="ended the process"):
        slow.about(endless, "predict", images)
    again = slow.take_in(*handed(*SUM))
    assert slow.about(again, "predict", images).shape == (2, 2)


def test_numbers_that_training_can_t_move_are_bounded(room):
    images = np.zeros((200, 128), np.float32)
    with pytest.raises(Refused, match="25,600 numbers that are no parameters .* stored images"):
        room().take_in(*handed(*SUM, images=tensor(images, kind="buffer")))
    with pytest.raises(Refused, match="25,600 numbers that are no parameters"):
        room().take_in(*handed(*SUM, images=tensor(images, kind="parameter")))
    with pytest.raises(Refused, match="25,600 parameters, and 20,000 are allowed"):
        room(parameters=20_000).take_in(*handed(*SUM, w=tensor(images)))


def test_copies_of_training_images_are_not_learned(room):
    clean = room()
    rng = np.random.default_rng(0)
    images = rng.random((100, *SHAPE), np.float32)
    weight = rng.normal(0, 0.1, (64, 128)).astype(np.float32)
    copied = 3 * images[:64].reshape(64, 128) - 1

    def model(values):
        return clean.take_in(*handed(*SUM, w=tensor(values.astype(np.float32))))

    drawn, sent = model(weight), wire.Tensor(images)
    assert clean.unlearned(drawn, model(weight + 0.05 * images[0].reshape(128)), sent) == ""
    assert "holds 64 of the training images" in clean.unlearned(drawn, model(copied), sent)
    assert "holds 64 of the training images" in clean.unlearned(drawn, model(copied), [*map(wire.Tensor, images)])
    assert "holds 64" in clean.unlearned(model(weight.T.copy()), model(copied.T.copy()), sent)
    new = clean.take_in(*handed(*SUM, v=tensor(np.zeros((200, 64), np.float32))))
    assert "12,800 numbers that are no parameters which it had before" in clean.unlearned(drawn, new, sent)


# --- by way of a student's worker -----------------------------------------------------------------------------------

HONEST_CODE = """
import torch
from torch import nn
from torch.nn import functional

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(128, 3)
    def forward(self, x):
        return self.layer(x.flatten(1))
"""
IMAGES = np.random.default_rng(1).random((40, *SHAPE), np.float32)


@pytest.fixture
def asked(strongest, run_code):
    def ask(code, **files):
        times = TimeLimits(call=10, total=60)
        submission, remote = run_code(strongest, HONEST_CODE, code, preload=("torch",), times=times, files=files)
        return submission, Probes(remote), remote

    return ask


def test_what_is_predicted_is_computed_elsewhere(asked):
    submission, probes, remote = asked("def make(): return Net()")
    outputs = probes.predict(submission.make(), IMAGES, "make()")
    assert outputs.shape == (40, 3) and not remote.is_claimed


RUN_OTHERWISE = {
    "while it is recorded": """
from torch.utils._python_dispatch import _get_current_dispatch_mode
class Other(Net):
    def forward(self, x):
        scores = super().forward(x)
        return scores if _get_current_dispatch_mode() else 3 - scores
def make(): return Other()
""",
    "after it was recorded": """
calls = []
class Other(Net):
    def forward(self, x):
        calls.append(1)
        return super().forward(x) if len(calls) <= 2 else 3 - super().forward(x)
def make(): return Other()
""",
    "by a recorder of its own": """
import sys
observe = sys.modules["autograder.worker.observe"]
honest = observe.hand_over
def hand_over(model, shapes, **settings):
    model.layer.weight.data *= -1
    handed = honest(model, shapes, **settings)
    model.layer.weight.data *= -1
    return handed
observe.hand_over = hand_over
def make(): return Net()
""",
}


@pytest.mark.parametrize("how", RUN_OTHERWISE)
def test_a_model_that_runs_otherwise_than_recorded_is_not_judged(asked, how):
    submission, probes, _ = asked(RUN_OTHERWISE[how])
    with pytest.raises(BadClaim, match="gives other scores than the computation that was recorded"):
        probes.predict(submission.make(), IMAGES, "make()")


def test_where_it_can_t_be_recorded_the_worker_is_asked_and_that_is_noted(asked):
    submission, probes, remote = asked("""
class Other(Net):
    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else 0 * super().forward(x)
def make(): return Other()
""")
    assert probes.predict(submission.make(), IMAGES, "make()").shape == (40, 3)
    assert remote.is_claimed


@pytest.mark.parametrize(
    "claim",
    [
        "3",
        "{'state': {}, 'computations': [], 'unrecordable': 0}",
        "{'state': {'w': 1}, 'computations': [], 'unrecordable': ''}",
        "{'state': {}, 'computations': [], 'unrecordable': ''}",
        "{'state': {}, 'computations': [{'shape': [2, 8, 8]}], 'unrecordable': ''}",
    ],
)
def test_what_is_no_model_can_t_be_judged(asked, claim):
    submission, probes, _ = asked(f"""
import sys
sys.modules["autograder.worker.observe"].hand_over = lambda *_args, **_settings: {claim}
def make(): return Net()
""")
    with pytest.raises(BadClaim, match=r"`make\(\)` can't be judged: .* malformed"):
        probes.predict(submission.make(), IMAGES, "make()")


def test_gradients_that_a_worker_invents_are_a_claim(asked):
    submission, probes, remote = asked("""
import sys
observe = sys.modules["autograder.worker.observe"]
class Cut(Net):
    def __init__(self):
        super().__init__()
        self.unused = nn.Linear(3, 3)
honest = observe.forward
def forward(model, inputs, weights):
    seen = honest(model, inputs, weights)
    return {**seen, "gradients": dict.fromkeys(seen["gradients"], 1.0)}
def make(): return Cut()
def forge(): observe.forward = forward
""")
    weights = np.ones((40, 3), np.float32)
    seen = probes.watched_pass(submission.make(), IMAGES, weights, "make()")
    assert seen.gradients["unused.weight"] is None and seen.gradients["layer.weight"] and not remote.is_claimed
    submission.forge()
    probes.watched_pass(submission.make(), IMAGES, weights, "make()")
    assert remote.is_claimed


def test_a_clean_worker_comes_from_the_zygote_of_the_student_s(asked, monkeypatch):
    started = []
    original = zygote.Zygote.__init__
    monkeypatch.setattr(zygote.Zygote, "__init__", lambda self, *given: started.append(given) or original(self, *given))
    submission, probes, _ = asked("def make(): return Net()", settings=Path(__file__))
    probes.predict(submission.make(), IMAGES, "make()")
    assert len(started) == 1
