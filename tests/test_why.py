"""Why a training does not go well: causes that are tried by mending them, in small trainings of many styles."""

import math
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from autograder.diagnosis import diagnose
from autograder.diagnosis.again import IDLE, Generators, train_again
from autograder.diagnosis.causes import Observations, Seen
from autograder.diagnosis.inner import Known
from autograder.diagnosis.known import CODES, KNOWN
from autograder.diagnosis.mends import MENDS
from autograder.diagnosis.suspects import MENDINGS, PROVED, suspects_of
from autograder.diagnosis.trying import Again, curve, search

CLASSES = 4


@pytest.fixture(autouse=True)
def one_thread():
    """More than one make small trainings many times slower on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rings(count=240):
    """Points (N, 2) on four rings, which no linear map tells apart, and the ring of each (N,)."""
    generator = torch.Generator().manual_seed(4)
    labels = torch.arange(count) % CLASSES
    angle = torch.rand(count, generator=generator) * 2 * math.pi
    radius = 0.4 + 0.6 * labels + 0.05 * torch.randn(count, generator=generator)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), labels


X, Y = rings()


class Net(nn.Module):
    scale = 1.0

    def __init__(self):
        super().__init__()
        self.hidden, self.last = nn.Linear(2, 48), nn.Linear(48, CLASSES)

    def forward(self, x):
        return self.last(torch.relu(self.hidden(x * self.scale)))


def batches(size=16):
    yield from ((X[rows], Y[rows]) for rows in torch.randperm(len(X)).split(size))


class Loop:
    """A training in which each part can be replaced by a wrong one."""

    epochs, rate, decay = 25, 0.02, 0.0

    def optimizer(self, model):
        return torch.optim.Adam(model.parameters(), lr=self.rate, weight_decay=self.decay)

    def loss(self, model, x, y):
        return functional.cross_entropy(model(x), y)

    def batches(self):
        return batches()

    def begins(self, model):
        pass

    def step(self, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def __call__(self, model):
        optimizer = self.optimizer(model)
        for _ in range(self.epochs):
            self.begins(model)
            for x, y in self.batches():
                self.step(optimizer, self.loss(model, x, y))


class NoZeroGrad(Loop):
    def step(self, optimizer, loss):
        loss.backward()
        optimizer.step()


class StepOutside(Loop):
    def __call__(self, model):
        optimizer = self.optimizer(model)
        for _ in range(self.epochs):
            for x, y in self.batches():
                optimizer.zero_grad()
                self.loss(model, x, y).backward()
            optimizer.step()


class SetsBack(Loop):
    def __call__(self, model):
        best = {name: value.clone() for name, value in model.state_dict().items()}
        super().__call__(model)
        model.load_state_dict(best)


class Negative(Loop):
    def loss(self, model, x, y):
        return -super().loss(model, x, y)


class Maximises(Loop):
    def optimizer(self, model):
        return torch.optim.SGD(model.parameters(), lr=0.1, maximize=True)


class ByHandUphill(Loop):
    def optimizer(self, model):
        return model

    def step(self, model, loss):
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for value in model.parameters():
                value.add_(value.grad, alpha=0.1)


class FarTooSlow(Loop):
    rate = 2e-7


class FarTooFast(Loop):
    rate = 30.0


class Decays(Loop):
    def optimizer(self, model):
        return torch.optim.AdamW(model.parameters(), lr=self.rate, weight_decay=40)


class PenaltyByHand(Loop):
    def loss(self, model, x, y):
        return super().loss(model, x, y) + 3 * sum((value**2).sum() for value in model.parameters())


class Shifted(Loop):
    def loss(self, model, x, y):
        return super().loss(model, x, (y + 1) % CLASSES)


class Sorted(Loop):
    def batches(self):
        order = Y.argsort()
        return zip(X[order].split(20), Y[order].split(20), strict=True)


class Redrawn(Loop):
    def begins(self, model):
        model.hidden.reset_parameters()
        model.last.reset_parameters()


class Clipped(Loop):
    def optimizer(self, model):
        self.model = model
        return torch.optim.SGD(model.parameters(), lr=0.3)

    def step(self, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1e-4)
        optimizer.step()


class SteppedTooOften(Loop):
    def __call__(self, model):
        optimizer = self.optimizer(model)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        for _ in range(self.epochs):
            for x, y in self.batches():
                self.step(optimizer, self.loss(model, x, y))
                schedule.step()


class WholeSet(Loop):
    epochs = 10

    def batches(self):
        yield X, Y


class OneEpoch(Loop):
    epochs = 1


class LastLayerOnly(Loop):
    def optimizer(self, model):
        return torch.optim.Adam(model.last.parameters(), lr=self.rate)


class SmallInputs(Net):
    scale = 1 / 255 / 255


class LargeInputs(Net):
    scale = 3e4


class Relu(Net):
    def forward(self, x):
        return torch.relu(super().forward(x) - 1)


class Probabilities(Net):
    def forward(self, x):
        return super().forward(x).softmax(dim=1)


class Detached(Net):
    def forward(self, x):
        return self.last(torch.relu(self.hidden(x)).detach())


class WithoutGradient(Net):
    def forward(self, x):
        with torch.no_grad():
            hidden = torch.relu(self.hidden(x))
        return self.last(hidden)


class Dropped(Net):
    def forward(self, x):
        return self.last(functional.dropout(torch.relu(self.hidden(x)), 0.97, self.training))


class DrawnLarge(Net):
    def __init__(self):
        super().__init__()
        nn.init.normal_(self.hidden.weight, std=80.0)


class Linear(Net):
    def forward(self, x):
        return self.last(self.hidden(x))


FAULTS = {
    "no-zero-grad": [(Net, NoZeroGrad)],
    "weights-set-back": [(Net, SetsBack)],
    "step-outside-loop": [(Net, StepOutside)],
    "loss-sign": [(Net, Negative), (Net, Maximises), (Net, ByHandUphill)],
    "learning-rate-too-small": [(Net, FarTooSlow)],
    "learning-rate-too-large": [(Net, FarTooFast)],
    "weight-decay-too-strong": [(Net, Decays), (Net, PenaltyByHand)],
    "wrong-labels": [(Net, Shifted)],
    "not-mixed": [(Net, Sorted)],
    "model-renewed": [(Net, Redrawn)],
    "clipping-too-tight": [(Net, Clipped)],
    "schedule": [(Net, SteppedTooOften)],
    "too-few-steps": [(Net, WholeSet)],
    "too-little-training": [(Net, OneEpoch)],
    "optimizer-incomplete": [(Net, LastLayerOnly)],
    "scaled-twice": [(SmallInputs, Loop)],
    "unscaled-inputs": [(LargeInputs, Loop)],
    "activation-after-last-layer": [(Relu, Loop)],
    "softmax-before-cross-entropy": [(Probabilities, Loop)],
    "gradient-cut": [(Detached, Loop), (WithoutGradient, Loop)],
    "dropout-too-strong": [(Dropped, Loop)],
    "initialisation": [(DrawnLarge, Loop)],
    "no-activation": [(Linear, Loop)],
}


@pytest.mark.parametrize(
    ("code", "model", "loop"),
    [
        pytest.param(code, *fault, id="-".join(part.__name__ for part in fault))
        for code, some in FAULTS.items()
        for fault in some
    ],
)
def test_the_cause_is_named_first(code, model, loop):
    torch.manual_seed(1)
    found = diagnose(model, loop(), X, Y).found
    assert [each.cause.code for each in found.named][:1] == [code]
    assert found.trainings <= 3


def test_a_training_that_goes_well_costs_none_more_and_has_no_cause():
    torch.manual_seed(1)
    found = diagnose(Net, Loop(), X, Y).found
    assert (found.named, found.candidates, found.tried, found.trainings) == ((), (), (), 0)


def test_the_curve_with_the_cause_mended_is_drawn_beside_their_own():
    torch.manual_seed(1)
    seen = diagnose(Net, NoZeroGrad(), X, Y)
    [named] = seen.found.named
    losses = seen.figure().axes[0]
    [mended] = [line for line in losses.lines if line.get_label().startswith("with that mended: gradients")]
    width = max(1, len(seen.observed.seen.losses) // 20)
    assert mended.get_ydata()[0] == pytest.approx(np.mean(named.again.losses[:width]))
    assert len(mended.get_ydata()) == len(named.again.losses) - width + 1


def test_a_bar_says_which_training_runs(capsys):
    torch.manual_seed(1)
    diagnose(Net, NoZeroGrad(), X, Y)
    shown = capsys.readouterr().err
    assert "a training, watched" in shown and "tried: gradients" in shown
    assert shown.rstrip(" ").endswith("\r"), "it is gone when all is said"


def test_what_is_said_is_what_the_own_run_gave():
    torch.manual_seed(1)
    seen = diagnose(Net, NoZeroGrad(), X, Y)
    [named] = seen.found.named
    assert named.before == seen.observed.train_accuracy
    assert re.search(
        rf"{named.again.accuracy:.2f} of the training images are classified rightly instead of {named.before:.2f} "
        rf"\(training loss {named.again.losses[0]:.2f} [▁-█]+ {named.again.losses[-1]:.2f}\)",
        str(seen),
    )


VAL_X, VAL_Y = rings(100)
VAL_X = VAL_X * 1.01  # others than those to train on


class Reports(Loop):
    """Returns a history, whose arithmetic can be replaced."""

    epochs = 6

    def validation(self):
        return list(zip(VAL_X.split(32), VAL_Y.split(32), strict=True))

    def __call__(self, model):
        history = {"train_loss": [], "val_loss": [], "val_acc": []}
        optimizer = self.optimizer(model)
        for _ in range(self.epochs):
            losses = []
            for x, y in self.batches():
                loss = self.loss(model, x, y)
                self.step(optimizer, loss)
                losses.append((loss.item(), len(y)))
            with torch.no_grad():
                scores = [(model(x), y) for x, y in self.validation()]
                val_losses = [(functional.cross_entropy(s, y).item(), len(y)) for s, y in scores]
            right = [(int((s.argmax(1) == y).sum()), len(y)) for s, y in scores]
            history["train_loss"].append(self.reported_loss(losses))
            history["val_loss"].append(self.reported_loss(val_losses))
            history["val_acc"].append(self.accuracy(right))
        return history

    def reported_loss(self, losses):
        return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)

    def accuracy(self, right):
        return sum(hits for hits, _ in right) / sum(n for _, n in right)


class MeanOverBatches(Reports):
    def reported_loss(self, losses):
        return sum(loss for loss, _ in losses) / len(losses)


class Percent(Reports):
    def accuracy(self, right):
        return 100 * super().accuracy(right)


class ErrorRate(Reports):
    def accuracy(self, right):
        return 1 - super().accuracy(right)


class LastBatch(Reports):
    def accuracy(self, right):
        return right[-1][0] / right[-1][1]


class FullBatches(Reports):
    def accuracy(self, right):
        return sum(hits for hits, _ in right) / (len(right) * 32)


class LossOverImages(Reports):
    def reported_loss(self, losses):
        return sum(loss for loss, _ in losses) / sum(n for _, n in losses)


class LastLoss(Reports):
    def reported_loss(self, losses):
        return losses[-1][0]


class OtherNumbers(Reports):
    def accuracy(self, right):
        return 0.25


class OnTrainingData(Reports):
    def validation(self):
        return [(X, Y)]


@pytest.mark.parametrize(
    ("loop", "codes"),
    [
        (Reports, []),
        (MeanOverBatches, []),
        (Percent, ["accuracy-in-percent"]),
        (ErrorRate, ["accuracy-is-error-rate"]),
        (LastBatch, ["accuracy-of-last-batch"]),
        (FullBatches, ["accuracy-divisor"]),
        (LossOverImages, ["loss-divisor"]),
        (LastLoss, ["loss-of-last-batch"]),
        (OtherNumbers, ["wrong-metric"]),
        (OnTrainingData, ["validates-on-training-data"]),
    ],
)
def test_reported_numbers_are_compared_with_what_was_seen(loop, codes):
    torch.manual_seed(1)
    found = diagnose(Net, loop(), X, Y).found
    assert [each.cause.code for each in found.named] == codes
    assert found.trainings == 0


@pytest.mark.parametrize("value", [None, 3, "text", {"val_acc": ["a"]}, {"acc": []}, [[0.1]], {"val_loss": [math.nan]}])
def test_whatever_a_training_returns_is_no_trouble(value):
    def train(model):
        Loop()(model)
        return value

    torch.manual_seed(1)
    assert not diagnose(Net, train, X, Y).causes


class TwoAtOnce(NoZeroGrad):
    def loss(self, model, x, y):
        return -super().loss(model, x, y)


def test_two_causes_are_found_one_after_the_other():
    torch.manual_seed(1)
    found = diagnose(Net, TwoAtOnce(), X, Y).found
    assert {each.cause.code for each in found.named} == {"loss-sign", "no-zero-grad"}
    assert found.is_explained and found.trainings <= 3


def test_where_nothing_helps_it_says_what_was_tried():
    class Alike(Loop):  # each class looks the same, so that there is nothing to learn
        rate = 1e-6

        def batches(self):
            return ((torch.randn(16, 2), torch.randint(CLASSES, (16,))) for _ in range(15))

    torch.manual_seed(1)
    seen = diagnose(Net, Alike(), X, Y)
    assert "What is wrong is not known for sure." in str(seen) and "when mended: " in str(seen)
    assert seen.found.trainings <= 3 and not seen.causes


def test_no_training_more_if_none_is_wanted():
    torch.manual_seed(1)
    found = diagnose(Net, FarTooFast(), X, Y, trainings=0).found
    assert found.trainings == 0 and not found.named
    assert found.candidates[0].code == "learning-rate-too-large"


def test_a_mend_that_changes_nothing_soon_ends():
    torch.manual_seed(1)
    came = train_again(Net(), Loop(), X, Y, [("no_dropout", ())], 60)
    assert not came.changed and len(came.losses) == IDLE


def test_a_training_is_ended_by_its_time_and_leaves_nothing_behind():
    class Endless(Loop):
        epochs = 10**9

    before, init = Net.forward, torch.optim.Optimizer.__init__
    came = train_again(Net(), Endless(), X, Y, [("rate", (2.0,))], 0.5)
    assert came.changed and came.accuracy > 1 / CLASSES
    assert (Net.forward, torch.optim.Optimizer.__init__) == (before, init)


def test_the_same_numbers_are_drawn_as_in_the_first_training():
    torch.manual_seed(5)
    states, losses = Generators.now(), []
    for _ in range(2):
        states.set()
        losses.append(train_again(Net(), Loop(), X, Y, [("rate", (1.0,))], 60).losses)
    assert losses[0] == losses[1]


def test_rows_are_recognised_however_they_were_scaled():
    images = torch.rand(30, 1, 5, 5, generator=torch.Generator().manual_seed(2))
    known = Known(images, torch.arange(30))
    some = torch.tensor([7, 3, 29])
    assert known.find(255 * images[some] - 3).tolist() == [7, 3, 29]
    assert known.find(torch.rand(4, 1, 5, 5)).tolist() == [-1] * 4
    assert known.find(torch.rand(4, 9)) is None
    factor, shift = known.scale_of(255 * images[some] - 3, some)
    assert (factor, shift) == pytest.approx((255, -3), rel=1e-4)


def test_every_cause_has_its_place():
    assert set(MENDINGS) | PROVED <= set(KNOWN)
    assert {name for name, _ in MENDINGS.values()} <= {*MENDS, "longer"}
    assert len(CODES) == len(KNOWN)
    assert all(entry.read.startswith("https://") and entry.advice.endswith((".", "?")) for entry in KNOWN.values())


def test_the_search_keeps_what_helped_and_stops_when_it_goes_well():
    observed = Observations(
        Seen(
            losses=[2.0, 2.0],
            losses_used=[("cross_entropy", True)],
            decay=1.0,
            dropped=0.9,
            rows=2,
            arrivals=2,
            backwards=2,
            steps=2,
        ),
        *(10, 2.3, 2.3, 0.1, 0.1, ("w",)),
    )
    asked = []

    def again(mendings):
        asked.append([name for name, _ in mendings])
        return Again(True, 0.1 + 0.4 * len(mendings), [2.0, 1.0])

    found = search(observed, suspects_of(observed), again)
    assert asked == [["no_dropout"], ["no_dropout", "no_decay"]]
    assert [each.cause.code for each in found.named] == ["dropout-too-strong", "weight-decay-too-strong"]
    assert found.is_explained and found.trainings == 2


@pytest.mark.parametrize(
    ("losses", "said"),
    [([], "not seen"), ([2.0], "2.00 ▁ 2.00"), ([3.0, 1.0], "3.00 █▁ 1.00"), ([1.0, math.nan], "1.00 ▁? nan")],
)
def test_a_curve_in_a_line(losses, said):
    assert curve(losses) == said


def test_it_says_where_to_look_in_their_own_text():
    torch.manual_seed(1)
    said = str(diagnose(Net, Shifted(), X, Y))
    assert re.search(r"Look at line \d+, `return functional\.cross_entropy\(model\(x\), y\)`\. ", said)
    assert f"To read: {KNOWN['wrong-labels'].read}" in said


def test_images_of_any_sizes_are_asked_one_by_one():
    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Linear(1, 2)

        def forward(self, x):
            return self.last(x.mean(dim=(1, 2, 3))[:, None])

    labels = torch.arange(20) % 2
    images = [torch.full((1, 3 + n % 4, 5), float(label)) for n, label in enumerate(labels)]

    def train(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
        for _ in range(20):
            for image, label in zip(images, labels, strict=True):
                optimizer.zero_grad()
                functional.cross_entropy(model(image[None]), label[None]).backward()
                optimizer.step()

    torch.manual_seed(1)
    assert train_again(Mean(), train, images, labels, [("rate", (1e4,))], 60).accuracy == 1


class AlsoOfTraining(Reports):
    def __call__(self, model):
        return super().__call__(model) | {"train_accuracy": [0.1] * self.epochs}


def test_an_accuracy_of_training_is_not_held_to_validation():
    torch.manual_seed(1)
    assert not diagnose(Net, AlsoOfTraining(), X, Y).causes
