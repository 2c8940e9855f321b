"""`diagnose`, as students use it: on real images, with the submissions of the CNN assignment, and standing alone."""

import contextlib
import copy
import dataclasses
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from lessons import files_of, lay_files

from autograder.assignment import PARTS, load_assignment
from autograder.diagnosis import diagnose
from autograder.diagnosis.causes import Observations, Seen, describe_curve, likely_causes
from autograder.diagnosis.watch import Epochs, Watch
from autograder.quality.declared import declared_submissions

ROOT = Path(__file__).resolve().parent.parent
CNN = ROOT / "solutions" / "cnn"
DECLARED = declared_submissions(CNN)
# All but one that begins with a download, which finds its data where it is graded.
RIGHT = sorted(path.stem for path in (CNN / "submissions" / "right").glob("*.py") if "mnist_" not in path.name)
CAUSES = {
    "q3_softmax_before_cross_entropy": "softmax before cross-entropy",
    "q4_sigmoid_before_cross_entropy": "sigmoid before cross-entropy",
    "q4_nll_loss_of_logits": "NLLLoss of what are no log-probabilities",
    "q3_features_detached": "no gradient reaches some of the layers",
    "q3_functional_dropout": "the scores are random even in evaluation mode",
    "q3_max_pooling_alone": "no activation between two layers",
    "q3_view_mixes_images": "the scores have the wrong shape",
    "q3_weights_start_at_zero": "weights start at zero",
    "q4_pixels_times_255_in_train": "the images are not scaled to small numbers",
    "q4_no_backward": "`backward()` is never called",
    "q4_no_step": "`optimizer.step()` is never called",
    "q4_no_zero_grad": "gradients are never set to zero",
    "q4_zero_grad_after_backward": "the gradients are cleared before the step uses them",
    "q4_learning_rate_10": "the learning rate is too large",
    "q4_learning_rate_1e-6": "the learning rate is too small",
    "q4_sorted_by_class": "batches hold few classes: the images are not mixed",
    "q4_dropout_in_validation": "the model is validated in training mode",
}


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """A folder with what lies beside a notebook, from which it imports."""
    folder = lay_files(load_assignment(CNN), tmp_path_factory.mktemp("beside"))
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def lesson(beside):
    """The lesson's own loader, and its images as tensors: (1000, 1, 28, 28) and (500, 1, 28, 28)."""
    import fashion

    raw = CNN / "data" / "FashionMNIST" / "raw"
    slices = []
    for name in ("train", "t10k"):
        pixels = np.fromfile(raw / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 1, 28, 28)
        labels = np.fromfile(raw / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)
        slices.append((torch.tensor(pixels).float() / 255, torch.tensor(labels).long()))
    return fashion.CustomDataloader, *slices


@pytest.fixture
def examine(lesson, beside):
    """Diagnose a submission as its author would, over a few epochs of some of the lesson's images."""
    loader, (x, y), (x_val, y_val) = lesson

    def run(path, epochs=2):
        namespace = {}
        with contextlib.chdir(beside):  # where some write their figures
            exec(compile(path.read_text(), path.name, "exec"), namespace)
        torch.manual_seed(3)
        data, validation = loader(x[:320], y[:320], 32, True), loader(x_val[:100], y_val[:100], 32)
        return diagnose(
            namespace["CNN"], lambda model: namespace["train"](model, data, validation, epochs=epochs), x, y
        )

    return run


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_submission_gets_no_diagnosis(examine, name):
    found = examine(CNN / "submissions" / "right" / f"{name}.py", epochs=6)
    assert found.causes == ()
    assert "Nothing that usually goes wrong was found." in str(found) and "guessing gives ln 10 = 2.30" in str(found)


@pytest.mark.parametrize("name", CAUSES)
def test_a_wrong_submission_is_told_what_is_wrong(examine, name, tmp_path):
    found = examine(DECLARED[f"wrong/{name}.py"].write(tmp_path))
    assert [cause.name for cause in found.causes][:1] == [CAUSES[name]]
    assert str(found).startswith(f"Most likely: {CAUSES[name]}. ")


def test_the_evidence_is_in_numbers_of_the_own_run(examine, tmp_path):
    found = examine(DECLARED["wrong/q4_learning_rate_10.py"].write(tmp_path))
    assert "with Adam and a learning rate of 10" in found.causes[0].evidence
    found = examine(DECLARED["wrong/q4_no_zero_grad.py"].write(tmp_path), epochs=4)
    assert "After 32 of the first 32 steps" in found.causes[0].evidence


def test_the_figures_draw_what_they_say(examine):
    found = examine(CNN / "submissions" / "right" / "reference.py")
    losses, gradients, shapes, kernels, _scale = found.figure().axes
    assert len(losses.lines[0].get_ydata()) == 20  # two epochs of ten batches
    levels = [line.get_ydata()[0] for line in losses.lines[-2:]]
    assert levels == pytest.approx([math.log(10), 1.4612], abs=1e-4)
    assert {line.get_label().partition(":")[0] for line in gradients.lines} == {
        *("conv1.weight", "conv2.weight", "linear1.weight"),
    }
    assert [text.get_text() for text in shapes.texts] == [
        *("(N, 1, 28, 28)", "(N, 16, 24, 24)", "(N, 16, 6, 6)", "(N, 64, 2, 2)", "(N, 64, 1, 1)", "(N, 10)"),
    ]
    assert kernels.images[0].get_array().shape == (23, 23)  # 4 x 4 kernels of 5 x 5, a line between them
    assert "<img src=" in found._repr_html_()


def test_the_figures_hold_what_was_never_trained(examine, tmp_path):
    found = examine(DECLARED["wrong/q3_view_mixes_images.py"].write(tmp_path))
    said = [text.get_text() for axes in found.figure().axes for text in axes.texts]
    assert {"no loss was seen", "no step was made"} <= set(said)


def test_images_without_labels_are_refused():
    with pytest.raises(ValueError, match="3 images, 2 labels"):
        diagnose(torch.nn.Identity, lambda _model: None, torch.zeros(3, 1, 4, 4), torch.zeros(2))


# Standing alone

ALONE = """
import importlib.abc, sys
class Only(importlib.abc.MetaPathFinder):
    "As where torch-autograder is not installed."
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "autograder":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Only())
import torch
from torch import nn
from diagnosis import diagnose
torch.manual_seed(0)
x, y = torch.rand(64, 1, 8, 8), torch.arange(64) % 4
def train(model):
    optimizer = torch.optim.Adam(model.parameters())
    for images, labels in zip(x.split(16), y.split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(torch.softmax(model(images), 1), labels).backward()
        optimizer.step()
found = diagnose(lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 4)), train, x, y)
print(found)
found.figure().savefig("figure.png")
assert not {"sklearn", "torchvision", "pandas", "IPython", "pydantic", "rich", "pytest"} & set(sys.modules)
"""


def test_it_travels_and_needs_nothing_of_ours(tmp_path):
    shutil.copytree(ROOT / "assignments" / "cnn" / "diagnosis", tmp_path / "diagnosis")
    done = subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Most likely: softmax before cross-entropy.")
    assert "can't fall below 0.74" in done.stdout  # four classes: ln(e + 3) - 1
    assert (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.parametrize("part", PARTS)
def test_what_travels_stands_once_in_the_package_and_in_what_is_released(part):
    name = PARTS[part].name
    assert [path for path in (ROOT / "solutions").rglob(name) if not path.is_symlink()] == []
    for released in (ROOT / "assignments").glob(f"*/{name}"):
        assert files_of(released) == files_of(PARTS[part])


def test_the_old_name_is_accepted_with_a_warning():
    code = (
        "from autograder import diagnosis; from autograder.student import diagnose as old\n"
        "assert old is diagnosis.diagnose"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "autograder.student is called autograder.diagnosis by now" in done.stderr


# The watch


def tiny():
    torch.manual_seed(0)
    return torch.nn.Linear(4, 3), torch.rand(64, 4), torch.arange(64) % 3


def test_all_that_is_seen_has_a_field():
    model, _, _ = tiny()
    assert list(Watch(model).seen()) == [field.name for field in dataclasses.fields(Seen)]


def test_watching_changes_nothing():
    def train(model, x, y):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        for start in range(0, 64, 8):
            optimizer.zero_grad()
            kept = torch.nn.functional.dropout(x[start : start + 8], 0.2)
            torch.nn.functional.cross_entropy(model(kept), y[start : start + 8]).backward()
            optimizer.step()
        return torch.rand(1).item()

    plain, x, y = tiny()
    drawn = train(plain, x, y)
    watched, x, y = tiny()
    forward = torch.nn.Linear.forward
    with Watch(watched):
        assert train(watched, x, y) == drawn
    assert torch.equal(plain.weight, watched.weight)
    assert torch.nn.Linear.forward is forward and not watched.weight._backward_hooks


def test_gradients_that_are_added_up_on_purpose_are_not_stale():
    model, x, y = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Watch(model) as watch:
        for n in range(8):
            torch.nn.functional.cross_entropy(model(x), y).backward()
            if n % 2:
                optimizer.step()
                optimizer.zero_grad(set_to_none=False)
    assert watch.seen()["stale"] == 0 and watch.seen()["steps"] == 4


def test_a_loss_of_ones_own_is_seen_by_its_backward():
    model, x, y = tiny()
    with Watch(model) as watch:
        (-model(x).log_softmax(1)[range(64), y].mean()).backward()
    seen = watch.seen()
    assert seen["losses_used"] == [] and seen["losses"] == pytest.approx([math.log(3)], abs=0.3)


def test_a_look_that_fails_does_not_end_the_training():
    model, _, _ = tiny()
    with Watch(model) as watch:
        torch.nn.functional.mse_loss(model(torch.rand(0, 4)), torch.rand(0, 3)).backward()
    assert watch.seen()["backwards"] == 1


def test_a_model_can_be_copied_and_saved_while_it_is_watched(tmp_path):
    model, x, _ = tiny()
    with Watch(model) as watch:
        model(x)
        copied = copy.deepcopy(model)
        copied(x)
        torch.save(model, tmp_path / "model.pt")
        loaded = torch.load(tmp_path / "model.pt", weights_only=False)
        loaded(x)
    assert watch.seen()["passes"]["train_mode"] == 1, "the copy is another model"
    assert torch.equal(loaded.weight, copied.weight)


class Noisy(torch.nn.Linear):
    """Dropout and a linear layer; ``forward`` is inherited by :class:`Inheriting`."""

    def forward(self, x):
        return super().forward(torch.nn.functional.dropout(x, 0.5, self.training))


class Inheriting(Noisy):
    pass


@pytest.mark.parametrize("kind", [Noisy, Inheriting])
def test_forward_called_directly_is_seen_and_counted_once(kind):
    model, own = kind(4, 3), "forward" in vars(kind)
    with Watch(model) as watch:
        model.forward(torch.rand(5, 4)).sum().backward()
        model(x=torch.rand(6, 4)).sum().backward()
        with torch.no_grad():
            model.forward(torch.rand(7, 4))
    seen = watch.seen()
    assert seen["images"] == 11 and seen["passes"] == {
        "train_mode": 2,
        "eval_mode": 0,
        "train_mode_no_grad": 1,
        "eval_mode_no_grad": 0,
    }
    assert [batch[0] for batch in seen["batches"]] == [5, 6] and ("forward" in vars(kind)) == own


def loop(model, x, y, validate, epochs=3, batch=16):
    """A loop over 64 images; ``validate`` is called after each epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(epochs):
        model.train()
        for start in range(0, len(x), batch):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[start : start + batch]), y[start : start + batch]).backward()
            optimizer.step()
        validate(model)


def asked(model, x, into):
    model.eval()
    with torch.no_grad():
        into.append(model(x))


def test_what_a_model_would_have_answered_after_each_epoch_is_told():
    model, (_, x, y), answered = Noisy(4, 3), tiny(), []
    with Watch(model, Epochs(3, 64)) as watch:
        loop(model, x, y, lambda model: asked(model, x, answered))
        with torch.no_grad():
            model.weight.zero_()  # as who goes back to the best epoch
    drawn = torch.random.get_rng_state()
    for (answer,), expected in zip(watch.answers_after(x), answered, strict=True):
        assert torch.allclose(answer, expected)
    assert not model.weight.any() and torch.equal(torch.random.get_rng_state(), drawn)


def test_without_validation_the_next_epoch_or_the_end_tells():
    model, (_, x, y), answered = Noisy(4, 3), tiny(), []
    with Watch(model, Epochs(3, 64)) as watch:
        loop(model, x, y, lambda model: answered.append(torch.nn.functional.linear(x, model.weight, model.bias)))
    for (answer,), expected in zip(watch.answers_after(x), answered, strict=True):
        assert torch.allclose(answer, expected)


def test_an_average_of_weights_that_is_validated_is_told_too():
    model, (_, x, y), answered = Noisy(4, 3), tiny(), []
    average = torch.optim.swa_utils.AveragedModel(model)

    def validate(model):
        average.update_parameters(model)
        asked(average, x, answered)

    with Watch(model, Epochs(3, 64)) as watch:
        loop(model, x, y, validate)
    answers = watch.answers_after(x)
    assert [len(some) for some in answers] == [2, 2, 2]
    assert all(torch.allclose(some[1], expected) for some, expected in zip(answers, answered, strict=True))


def test_epochs_that_differ_in_length_are_not_told():
    model, (_, x, y) = Noisy(4, 3), tiny()
    with Watch(model, Epochs(2, 64)) as watch:
        loop(model, x, y, lambda model: None, epochs=1)
        loop(model, x[:48], y[:48], lambda model: None, epochs=1)
    assert [len(some) for some in watch.answers_after(x)] == [0, 1]


def test_steps_are_counted_by_the_mode_of_what_acts_by_it():
    model, (_, x, y) = Noisy(4, 3), tiny()
    with Watch(model) as watch:
        loop(model, x, y, lambda model: None, epochs=1)
        model.eval()
        torch.nn.functional.cross_entropy(model(x), y).backward()
    assert watch.seen()["steps_by_mode"] == {"train_mode": 4, "eval_mode": 1}
    plain, x, y = tiny()
    with Watch(plain.eval()) as watch:
        torch.nn.functional.cross_entropy(plain(x), y).backward()
    assert watch.seen()["steps_by_mode"] == {"train_mode": 0, "eval_mode": 0}, "nothing there acts by the mode"


def test_losses_of_each_batch_are_kept_as_means_whatever_the_reduction():
    model, x, y = tiny()
    with Watch(model) as watch:
        for reduction in ("mean", "sum"):
            loss = torch.nn.functional.cross_entropy(model(x), y, reduction=reduction)
            (loss / 2).backward()
        with torch.no_grad():
            torch.nn.functional.cross_entropy(model(x[:9]), y[:9], reduction="sum")
    one, two = watch.seen()["batches"]
    assert one[0] == two[0] == 64 and one[2] == pytest.approx(two[2]) and one[2][0] == pytest.approx(2 * one[1])
    [(before, mean, rows)] = watch.seen()["quiet"]
    assert (before, rows) == (2, 9) and 0.5 < mean < 2.5


def test_parameters_that_the_optimizer_does_not_hold_are_named():
    model, x, y = tiny()

    def train(model):
        optimizer = torch.optim.SGD([model.bias], lr=0.1)
        for _ in range(5):
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            model.zero_grad()

    [cause] = diagnose(lambda: model, train, x, y).causes
    assert cause.name == "the optimizer does not hold all of the model's parameters"
    assert cause.evidence == "Those of weight are missing."


# The causes


def test_a_training_that_went_well_has_no_cause():
    assert likely_causes(Observations(Seen(losses=[2.3, 1.0, 0.4]), 10, 2.3, 0.4, 0.9, 0.8, ("w",))) == []


def test_scores_that_begin_far_too_large():
    [cause] = likely_causes(Observations(Seen(losses=[557.8, 2.3]), 10, 36.42, 2.3, 0.1, 0.1, ("w",)))
    assert cause.name == "the scores begin far too large"
    assert "The first loss was 36.4, where guessing gives 2.30" in cause.evidence


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([2.3] * 50, "stayed between 2.30 and 2.30"),
        (list(np.linspace(2.3, 1.3, 50)), "still falling at the end"),
        ([2.3, 1.5, 1.0, 0.8, *[0.7] * 40], "at the end; guessing gives ln 10 = 2.30"),
        (list(np.linspace(2.3, 9.0, 50)), "rose from"),
        ([2.3, 7.0, math.nan, math.nan], "no finite number from batch 3 on"),
        ([], "No loss was seen"),
    ],
)
def test_a_curve_in_words(losses, said):
    assert said in describe_curve(losses, 10)


def test_a_few_scores_that_happen_to_lie_between_0_and_1_are_no_sigmoid():
    def named(count):
        scores = {"count": count, "lowest": 0.1, "highest": 0.9, "lowest_sum": 1.2, "highest_sum": 1.2}
        scores |= {"lowest_exp_sum": 3.0, "highest_exp_sum": 3.0}
        seen = Seen(losses_used=[("cross_entropy", True)], losses=[0.8], steps=9, first_scores=scores)
        return [cause.name for cause in likely_causes(Observations(seen, 2, 0.8, 0.8, 0.5, 0.5, ("weight",)))]

    assert "sigmoid before cross-entropy" in named(64.0)
    assert "sigmoid before cross-entropy" not in named(2.0)
