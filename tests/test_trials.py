"""Trials, in a real worker: what a submission is trained on, and what the grader makes of it."""

import numpy as np
import pytest

import autograder.training
from autograder.assignment import Key
from autograder.errors import OldName
from autograder.grading.grade import grade
from autograder.sandbox import choose
from autograder.training import Examples, Variation
from autograder.training.calibration import FILE, Calibration

GRADER = """
from dataclasses import replace

import numpy as np
import pytest

from autograder import points, tensor
from autograder.errors import TimedOut
from autograder.training import Classification, Examples, Experiment, Variation

IMAGES = np.random.default_rng(0).random((90, 1, 4, 4), dtype=np.float32)
LABELS = np.arange(90) % 3


@pytest.fixture(scope="session")
def experiment(submission, probes, key, remote):
    def train(model, training, validation, epochs, batch_size):
        arrays = [tensor(a) for a in (training.images, training.labels, validation.images, validation.labels)]
        with remote.limit({seconds}):
            return probes.record(submission.train, model, *arrays, epochs, label="train")

    data = Examples(IMAGES, LABELS)
    sets = data[:60], data[60:75], data[75:]
    return Experiment(probes, key, lambda: submission.Model(), train, *sets, Classification(3))


@pytest.fixture(scope="session")
def trials(make_trials, experiment):
    return make_trials(experiment, epochs=2, batch_size=8)


@points(1, "All of it")
def test_all(submission, probes, key, make_trials, experiment, trials):
    {all}


@points(1, "A part of it")
def test_part(make_trials, experiment):
    {part}
"""
MODEL = """
import torch

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(16, 3)

    def forward(self, x):
        return self.layer(x.flatten(1))

"""
TELLS = (
    MODEL
    + "def train(model, x, y, x_val, y_val, epochs):\n    return {'x': x, 'y': y, 'val': y_val, 'r': torch.rand(1)}\n"
)
PART = "pass"


@pytest.fixture
def graded(make_assignment, tmp_path):
    def run(submission, whole=PART, part=PART, seconds=60, limits=""):
        grader = GRADER.replace("{all}", whole).replace("{part}", part).replace("{seconds}", str(seconds))
        assignment = make_assignment({"test_q1.py": grader}, limits, f"tiny{len(list(tmp_path.glob('solutions/*')))}")
        settings = assignment.folder / "assignment.toml"
        settings.write_text(settings.read_text().replace("preload = []", 'preload = ["torch"]'))
        path = tmp_path / "hand_in.py"
        path.write_text(submission)
        result = grade(assignment, path, choose(forbidden=(assignment.folder,)))
        assert result.trouble == ""
        return result

    return run


def passed(result):
    return [check.feedback for check in result.checks] == ["", ""]


def test_data_are_mixed_and_classes_renamed_alike_for_all(graded):
    whole = """one, again, other = trials[0].value, trials[0].value, trials[1].value
    assert one is again, "it ran twice"
    order = [int(np.flatnonzero((IMAGES[:60] == x).all(axis=(1, 2, 3)))[0]) for x in one["x"]]
    assert sorted(order) == list(range(60)) and order != sorted(order), "the order"
    rename = {int(LABELS[i]): int(y) for i, y in zip(order, one["y"])}
    assert all(rename[int(LABELS[i])] == int(y) for i, y in zip(order, one["y"])), "not one name a class"
    assert [rename[int(v)] for v in LABELS[60:75]] == one["val"].tolist(), "validation has other names"
    assert trials[0].observed.classes == 3 and trials[0].observed.images == 60
    assert not np.array_equal(one["x"], other["x"]) and one["r"] != other["r"], "no other seed"
    raise AssertionError(f"{order[:9]} {sorted(rename.items())} {float(one['r'][0])}")"""
    first, second = graded(TELLS, whole), graded("import random\nrandom.seed()\n" + TELLS, whole)
    assert "(0, " in first.checks[0].feedback, first.checks[0].feedback
    assert first.checks[0].feedback == second.checks[0].feedback


def test_the_worker_s_seed_tells_nothing_of_what_the_grader_draws(graded):
    submission = TELLS.replace("'r': torch.rand(1)", "'r': torch.initial_seed()")
    whole = """seed, drawn = trials[0].value["r"], key.rng("trial 0")
    assert seed == key.seed("trial 0")
    rename, guessed = drawn.permutation(3), np.random.default_rng(seed)
    assert not np.array_equal(drawn.permutation(60), [guessed.permutation(3), guessed.permutation(60)][1])"""
    assert passed(graded(submission, whole))


def test_few_images_are_balanced_and_validation_images_may_have_other_names(graded):
    part = """few = make_trials(experiment, "few", epochs=1, batch_size=8, examples=7, validation=4, hidden=5)[0]
    assert sorted(np.bincount(few.value["y"], minlength=3)) == [2, 2, 3] and len(few.value["val"]) == 4
    other = make_trials(experiment, "other", epochs=1, batch_size=8, validation_renamed=True)[0]
    own = {x.tobytes(): int(y) for x, y in zip(IMAGES, LABELS)}
    names = dict({(own[x.tobytes()], int(y)) for x, y in zip(other.value["x"], other.value["y"])})
    others = dict({(int(c), int(y)) for c, y in zip(LABELS[60:75], other.value["val"])})
    assert sorted(names.values()) == sorted(others.values()) == [0, 1, 2], "not one name a class"
    assert all(names[c] != others[c] for c in names), "a class kept its name"
    assert other.accuracy + other.measured["accuracy_as_renamed"] <= 1
    heart = make_trials(experiment, "h", epochs=1, batch_size=8, examples=6, validation="the training examples")[0]
    assert np.array_equal(heart.value["val"], heart.value["y"])"""
    assert passed(graded(TELLS, part=part))


def test_images_of_trials_are_varied_and_copies_each_in_its_own_way(graded):
    whole = """experiment = replace(experiment, variation=Variation(shift=1, mirrored=True, contrast=0.1, noise=0.02))
    few = make_trials(experiment, "few", epochs=1, batch_size=8, examples=3, copies=4, repeated=2)[0].value
    assert few["x"].shape == (24, 1, 4, 4) and np.bincount(few["y"]).tolist() == [8, 8, 8]
    assert len({x.tobytes() for x in few["x"]}) == 12, "each copy is another, and is there twice"
    assert 0 <= few["x"].min() and few["x"].max() <= IMAGES.max()
    assert not {x.tobytes() for x in few["x"]} & {x.tobytes() for x in IMAGES}"""
    part = 'make_trials(replace(experiment, variation=Variation(noise=0.1)), "few", epochs=1, batch_size=8)[0]'
    assert passed(graded(TELLS, whole, part))


def test_all_images_of_a_key_are_moved_and_mirrored_alike():
    numbers = np.arange(1, 2 * 3 * 4 + 1, dtype=np.float32).reshape(2, 1, 3, 4)
    ways = set()
    for n in range(60):
        key = Key(f"key {n}".encode())
        variation = Variation(shift=1, mirrored=True)
        one, other = (variation.of(Examples(numbers, np.arange(2)), key, label).images for label in ("one", "other"))
        assert np.array_equal(one, other)
        apart = variation.of(Examples(list(numbers), np.arange(2)), key, "one").images
        assert all(np.array_equal(image, varied) for image, varied in zip(one, apart, strict=True))
        [way] = {
            (down, right, step)
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            for step in (-1, 1)
            if np.array_equal(one[..., ::step], np.roll(numbers, (down, right), (2, 3)) * (one[..., ::step] > 0))
            and (one > 0).sum() == 2 * (3 - abs(down)) * (4 - abs(right))
        }
        ways.add(way)
    assert len(ways) == 18


def test_contrast_and_noise_are_an_image_s_own_and_stay_within_the_values_that_there_are():
    images = np.full((200, 1, 4, 4), 0.5, np.float32)
    images[0, 0, 0, 0], images[0, 0, 0, 1] = 0, 1
    key = Key(b"some key")
    varied = Variation(contrast=0.2).of(Examples(images, np.zeros(200)), key, "a").images
    assert varied.dtype == np.float32 and len(np.unique(varied[1:])) == 199 and 0.4 <= varied[1:].min() < 0.41
    noisy = Variation(noise=0.3).of(Examples(images, np.zeros(200)), key, "a").images
    assert noisy[1:].std() == pytest.approx(0.28, abs=0.02) and noisy.min() == 0 and noisy.max() == 1
    other = Variation(noise=0.3).of(Examples(images, np.zeros(200)), key, "b").images
    assert not np.array_equal(noisy, other)


def test_which_of_two_kinds_that_are_alike_comes_first_can_t_be_foreseen(graded):
    """It is the same whenever a submission is graded, and not for all submissions, so that counting doesn't help."""
    whole = """controls = make_trials(experiment, "control", epochs=2, batch_size=8)
    main = make_trials(experiment, "like", alike=controls, epochs=2, batch_size=8)
    raise AssertionError(f"{main[0].value} then {controls[0].value}, {main[1].value}")"""
    counts = MODEL + "runs = []\ndef train(*_):\n    runs.append(1)\n    return len(runs)\n"
    told = {n: graded(counts + f"# {n}\n", whole).checks[0].feedback for n in range(7)}
    assert set(told.values()) == {"1 then 2, 3", "2 then 1, 3"}
    assert graded(counts + "# 3\n", whole).checks[0].feedback == told[3]


def test_a_control_that_comes_first_is_not_taken_for_the_training_that_is_drawn(graded):
    whole = """controls = make_trials(experiment, "control", examples=3, epochs=2, batch_size=8)
    main = make_trials(experiment, "like", alike=controls, epochs=2, batch_size=8)
    raise AssertionError(f"{main[0].value['n']} {controls[0].value['n']}")"""
    tells = MODEL + "runs = []\ndef train(model, x, *_):\n    runs.append(1)\n    return {'n': [len(x), len(runs)]}\n"
    results = [graded(f"{tells}# {n}\n", whole) for n in range(7)]
    assert {result.checks[0].feedback for result in results} == {"[60, 1] [3, 2]", "[60, 2] [3, 1]"}
    assert {result.trainings[0].history[0][1][0] for result in results} == {60.0}


def test_what_a_training_does_is_observed(graded):
    submission = MODEL + (
        "def train(model, x, y, x_val, y_val, epochs):\n"
        "    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)\n"
        "    for _ in range(60):\n"
        "        optimizer.zero_grad()\n"
        "        torch.nn.functional.cross_entropy(model(x), y).backward()\n"
        "        optimizer.step()\n"
    )
    whole = """trial = trials[0]
    observed = trial.observed
    assert trial.value is None and observed.seen.steps == 60 and observed.seen.optimizers == [("Adam", 0.1)]
    assert observed.parameters == ("layer.weight", "layer.bias") and observed.unchanged == ()
    assert 0.9 < observed.initial_loss < 1.4 and observed.final_loss < 0.8 * observed.initial_loss
    assert observed.moved > 0.5 and observed.is_repeatable and trial.seconds > 0 and observed.seen.cpu_seconds > 0
    assert trial.accuracy < 0.9, "noise can't be known"
    assert observed.seen.losses[-1] == pytest.approx(observed.final_loss, abs=0.05)"""
    assert passed(graded(submission, whole))


def test_a_training_that_timed_out_is_not_tried_again_in_another_kind(graded):
    submission = MODEL + "import time\ndef train(*_):\n    time.sleep(99)\n"
    result = graded(submission, "trials[0]", 'make_trials(experiment, "few", epochs=1, batch_size=8, examples=7)[0]', 3)
    assert [check.outcome for check in result.checks] == ["not run", "not run"]
    assert result.checks[0].feedback == result.checks[1].feedback and "3 seconds" in result.checks[0].feedback
    assert result.checks[1].seconds < 3


def test_a_training_that_ends_its_worker_is_not_tried_again(graded):
    """By too much memory, for instance: each attempt takes as long, and a new worker."""
    whole = """found = []
    for number in range(3):
        with pytest.raises(Exception) as caught: trials[number]
        found.append(caught.value)
    assert found[0] is found[1] is found[2]
    raise found[0]"""
    submission = MODEL + "import os\ndef train(*_):\n    os._exit(3)\n"
    assert "exit status 3" in graded(submission, whole).checks[0].feedback


def test_a_training_that_uses_its_processor_time_up_is_not_tried_again_in_another_kind(graded):
    """It dies by a limit of the kernel's then, and not by the grader's clock."""
    submission = MODEL + "def train(*_):\n    while True: pass\n"
    other = 'make_trials(experiment, "few", epochs=1, batch_size=8, examples=7)[0]'
    result = graded(submission, "trials[0]", other, limits="[limits]\ncpu_seconds = 8")
    assert [check.outcome for check in result.checks] == ["not run", "not run"]
    assert "used up its 8 seconds of processor time" in result.checks[1].feedback
    assert result.checks[1].seconds < 4


FORGED = """
def train(model, *_):
    with torch.no_grad():
        model.layer.weight.zero_()
    import sys
    sys.modules["autograder.diagnosis.watch"].Watch.seen = lambda self: {
        "losses_used": [("cross_entropy", True)], "first_scores": {"lowest_sum": 1.0}, "steps": 3,
        "gradients": {"layer.weight": []}, "optimizers": [("Adam", float("nan"))], "looks": -1,
    }
"""


def test_a_worker_that_forges_what_was_seen_gets_a_plain_message(graded):
    result = graded(MODEL + FORGED, "raise AssertionError(trials.because('It did not learn.'))")
    assert result.checks[0].feedback == "It did not learn."
    result = graded(MODEL + FORGED.replace('"steps": 3', '"steps": "3"'), "trials[0]")
    assert "the answer is not of the form that it should have" in result.checks[0].feedback


def test_parameters_of_any_kind_are_compared(graded):
    odd = "self.n = torch.nn.Parameter(torch.ones(2, dtype=torch.bool), requires_grad=False)"
    submission = TELLS.replace("self.layer = ", f"{odd}\n        self.layer = ")
    assert passed(graded(submission, "assert trials[0].observed.unchanged == ('n', 'layer.weight', 'layer.bias')"))


def test_a_trial_that_failed_is_not_run_again(graded):
    submission = MODEL + "runs = []\ndef train(*_):\n    runs.append(1)\n    raise ValueError(f'run {len(runs)}')\n"
    whole = "with pytest.raises(Exception): trials[0]\n    trials[0]"
    assert "run 1" in graded(submission, whole).checks[0].feedback


def test_a_training_that_fails_by_chance_counts_as_one_without_success(make_assignment, tmp_path):
    """And not as a failure of the requirement, whose error would then be larger than it says."""
    grader = (
        "from autograder import points\n"
        "from autograder.training import Classification\n"
        "from types import SimpleNamespace as S\n"
        "class Experiment:\n"
        "    task, variation = Classification(2), None\n"
        "    def __init__(self, train, key): self.train, self.key = train, key\n"
        "    def run(self, label):\n"
        "        accuracy, observed = self.train(), S(seen=S(cpu_seconds=0.0))\n"
        "        return S(measure=lambda _: accuracy, unrecordable='', training=None, observed=observed)\n"
        "@points(1, 'Learns')\n"
        "def test_learns(submission, key, make_trials):\n"
        "    make_trials(Experiment(submission.train, key)).reaches('accuracy', 0.5, false_fail=1e-4)\n"
    )
    assignment = make_assignment({"test_q1.py": grader})
    values = {"accuracy": {"a.py": dict.fromkeys(range(100), 0.9)}}
    kinds = {"main": {"task": "Classification(classes=2)"}}
    (assignment.folder / FILE).write_text(Calibration(trials=kinds, measured=values).model_dump_json())
    path = tmp_path / "hand_in.py"
    for raises, points in ((2, 1), (3, 0)):
        path.write_text(f"n = 0\ndef train():\n    global n\n    n += 1\n    return 1 / (n > {raises})\n")
        result = grade(assignment, path, choose(forbidden=(assignment.folder,)))
        assert result.trouble == "" and result.score == points
    assert "ZeroDivisionError" in result.checks[0].feedback
    assert "nan, nan, nan in 3 trainings" in result.checks[0].decided[0]


def test_scores_of_the_wrong_shape_are_named(graded):
    result = graded(TELLS.replace("self.layer(x.flatten(1))", "self.layer(x.flatten(1))[:, :2]"), "trials[0]")
    assert result.checks[0].feedback == "Your model turns (60, 1, 4, 4) into (60, 2), not (60, 3)."


def test_images_may_differ_in_size(graded):
    submission = (
        "import torch\n"
        "class Model(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.layer = torch.nn.Linear(1, 2)\n"
        "    def forward(self, x):\n"
        "        return self.layer(x.mean(dim=(2, 3)))\n"
        "def train(model, images, labels):\n"
        "    return [tuple(image.shape) for image in images], labels\n"
    )
    whole = """def train(model, training, validation):
        images = [tensor(image) for image in training.images]
        return probes.record(submission.train, model, images, tensor(training.labels), label="train")

    shapes = [(1, 3 + n % 4, 5 + n) for n in range(12)]
    data = Examples([np.full(shape, n % 2, np.float32) for n, shape in enumerate(shapes)], np.arange(12) % 2)
    room = Experiment(probes, key, lambda: submission.Model(), train, data[:8], data[:0], data[8:], Classification(2))
    trial = make_trials(room, "sizes")[0]
    given, labels = trial.value
    assert sorted(given) == sorted(shapes[:8]) and given != shapes[:8], "the order"
    renamed = {shapes.index(shape) % 2 == label for shape, label in zip(given, labels)}
    assert len(renamed) == 1, "an image lost its label"
    assert trial.accuracy in (0.0, 0.5, 1.0) and 0 < trial.initial_loss < 3"""
    assert passed(graded(submission, whole))


def test_scores_of_images_that_differ_in_size_are_one_row_an_image(graded):
    submission = (
        "import torch\nclass Model(torch.nn.Module):\n    def forward(self, x):\n        return x.flatten(2)[0]\n"
    )
    whole = 'probes.predict(submission.Model(), [np.zeros((2, 2, 2), np.float32)] * 3, "Model()")'
    feedback = graded(submission, whole).checks[0].feedback
    assert feedback == "`Model()` turns 3 inputs of differing sizes into (6, 4): 3 outputs are needed."


def test_an_experiment_s_old_name_is_accepted_with_a_warning():
    with pytest.warns(OldName, match="`Classroom` is called `Experiment` now"):
        old = autograder.training.Classroom
    assert old is autograder.training.Experiment


LEARNS = """
    loss = torch.nn.functional.cross_entropy
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(epochs):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
"""


@pytest.mark.parametrize(
    ("model", "froze", "points"),
    [
        (MODEL, "    model.requires_grad_(False)\n", 1),  # as who has done with training does
        (
            MODEL.replace("self.layer = ", "self.big = torch.nn.Linear(16, 900).requires_grad_(False); self.layer = "),
            "",
            0,
        ),
    ],
    ids=["after training", "from the beginning"],
)
def test_what_could_be_trained_before_may_be_frozen_afterwards(graded, model, froze, points):
    """Frozen numbers may be a table, those that training could move are bounded apart."""
    submission = model + "def train(model, x, y, x_val, y_val, epochs):" + LEARNS + froze
    limits = "[model]\nothers = 10\n"
    whole = "assert trials[0].observed.unchanged == ()"
    assert graded(submission, whole, limits=limits).checks[0].points == points
