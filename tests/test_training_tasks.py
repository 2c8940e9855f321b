"""What is learned need not be classes of images: numbers of a table, sequences of tokens, the next token, one's own."""

import numpy as np
import pytest

from autograder.assignment import Key
from autograder.grading.grade import grade
from autograder.sandbox import choose
from autograder.training import (
    Classification,
    Examples,
    NextToken,
    Noise,
    Regression,
    TokenNames,
    Tokens,
    r2,
)

KEY = Key(bytes(32))
GRADER = """
import numpy as np
import pytest

from autograder import points, tensor
from autograder.training import Examples, Experiment, {names}

RNG = np.random.default_rng(0)
{data}


@pytest.fixture(scope="session")
def experiment(submission, probes, key, remote):
    def train(model, training, _validation, epochs):
        arrays = [tensor(np.asarray(a)) for a in (training.inputs, training.targets)]
        with remote.limit(60):
            return probes.record(submission.train, model, *arrays, epochs, label="train")

    data = Examples(INPUTS, TARGETS)
    sets = data[: 2 * N // 3], data[:0], data[2 * N // 3 :]
    return Experiment(probes, key, lambda: submission.Model(), train, *sets, {task})


@pytest.fixture(scope="session")
def trials(make_trials, experiment):
    return make_trials(experiment, epochs={epochs})


@points(1, "It learns")
def test_learns(trials):
    trial = trials[0]
    told = ", ".join(f"{{name}} {{value:.3f}}" for name, value in sorted(trial.measured.items()))
    assert {enough}, trials.because(f"{{told}}.")


@points(1, "What was seen of it is plain")
def test_seen(trials):
    trial = trials[0]
    print(trial.measured, trial.initial_loss, trial.final_loss, trial.unrecordable)
    assert trial.unrecordable == "", trial.unrecordable
    {seen}
"""
LOOP = """
import torch
from torch import nn
import torch.nn.functional as F


def train(model, x, y, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(epochs):
        for rows in torch.randperm(len(x)).split(20):
            optimizer.zero_grad()
            loss = {loss}
            loss.backward()
            optimizer.step()
"""
TABLE = {
    "names": "Noise, Regression",
    "data": """N = 300
INPUTS = RNG.normal(size=(N, 5)).astype(np.float32)
TARGETS = (3 * INPUTS[:, 0] - INPUTS[:, 1] ** 2 + 10).astype(np.float32)""",
    "task": "Regression(spread=3), Noise(0.01)",
    "epochs": "30",
    "enough": "trial.measured['r2'] > 0.8 and trial.measured['rmse'] < 2 and trial.measured['r2_as_renamed'] < 0",
    "seen": "assert trial.observed.classes == 0 and trial.loss_ratio < 0.3",
}
TABLE_LOOP = LOOP.replace("{loss}", "F.mse_loss(model(x[rows]).flatten(), y[rows])")
PERCEPTRON = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.layers(x)
"""
WORDS = {
    "names": "Classification, TokenNames",
    "data": """N = 360
INPUTS = np.zeros((N, 9), np.int64)
TARGETS = np.arange(N) % 3
for row, target in zip(INPUTS, TARGETS):  # the class is told by a token somewhere; 0 is padding
    length = RNG.integers(4, 10)
    row[:length] = RNG.integers(4, 20, length)
    row[RNG.integers(length)] = 1 + target""",
    "task": "Classification(3), TokenNames(20)",
    "epochs": "15",
    "enough": "trial.accuracy > 0.8",
    "seen": "assert trial.observed.seen.first_input is None",
}
WORDS_LOOP = LOOP.replace("{loss}", "F.cross_entropy(model(x[rows]), y[rows])")
RECURRENT = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 16, padding_idx=0)
        self.recurrent = nn.GRU(16, 24, batch_first=True)
        self.output = nn.Linear(24, 3)

    def forward(self, x):
        states, _ = self.recurrent(self.embedding(x))
        last = (x != 0).sum(dim=1) - 1
        return self.output(states[torch.arange(len(x)), last])
"""
ATTENTION = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 16)
        self.encoder = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.output = nn.Linear(16, 3)

    def forward(self, x):
        mask = x == 0
        states = self.encoder(self.embedding(x), src_key_padding_mask=mask)
        states = states.masked_fill(mask[:, :, None], 0)
        return self.output(states.sum(dim=1) / (~mask).sum(dim=1, keepdim=True))
"""
TEXT = {
    "names": "NextToken, TokenNames",
    "data": """N = 240
INPUTS = (RNG.integers(0, 6, (N, 1)) + 2 * np.arange(8)) % 12  # each is two more than the one before
INPUTS, TARGETS = INPUTS[:, :-1], INPUTS[:, 1:].copy()
TARGETS[:, 0] = -100""",
    "task": "NextToken(12), TokenNames(12, kept=0, in_targets=True)",
    "epochs": "8",
    "enough": "trial.accuracy > 0.9 and trial.measured['perplexity'] < 2",
    "seen": "assert trial.observed.guessing > 2 and trial.loss_ratio < 0.5",
}
TEXT_LOOP = LOOP.replace("{loss}", "F.cross_entropy(model(x[rows]).flatten(0, 1), y[rows].flatten())")
LANGUAGE_MODEL = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(12, 16)
        self.recurrent = nn.LSTM(16, 16, batch_first=True)
        self.output = nn.Linear(16, 12)

    def forward(self, x):
        return self.output(self.recurrent(self.embedding(x))[0])
"""


@pytest.fixture
def graded(make_assignment, tmp_path):
    def run(submission, **of):
        number = len(list(tmp_path.glob("solutions/*")))
        assignment = make_assignment({"test_q1.py": GRADER.format(**of)}, name=f"tiny{number}")
        settings = assignment.folder / "assignment.toml"
        settings.write_text(settings.read_text().replace("preload = []", 'preload = ["torch"]'))
        path = tmp_path / "hand_in.py"
        path.write_text(submission)
        result = grade(assignment, path, choose(forbidden=(assignment.folder,)))
        assert result.trouble == "", result.trouble
        return [check.feedback for check in result.checks]

    return run


@pytest.mark.parametrize(
    ("submission", "of"),
    [
        (TABLE_LOOP + PERCEPTRON, TABLE),
        (WORDS_LOOP + RECURRENT, WORDS),
        (WORDS_LOOP + ATTENTION, WORDS),
        (TEXT_LOOP + LANGUAGE_MODEL, TEXT),
    ],
    ids=["a table", "a recurrent network", "attention", "a language model"],
)
def test_right_ones_learn_and_are_judged_as_data(graded, submission, of):
    assert graded(submission, **of) == ["", ""]


def test_a_table_that_is_not_learned_is_told_why_in_words_of_tables(graded):
    without_step = (TABLE_LOOP + PERCEPTRON).replace("optimizer.step()", "pass")
    feedback = graded(without_step, **TABLE)[0]
    assert "r2 " in feedback and "no optimizer made a step" in feedback
    renewed = TABLE_LOOP.replace("lr=0.01", "lr=1e-5") + PERCEPTRON
    feedback = graded(renewed, **TABLE)[0]
    assert "the learning rate is too small" in feedback and "r2 on the training rows is " in feedback
    compared = TABLE_LOOP.replace(
        "F.mse_loss(model(x[rows]).flatten(), y[rows])", "((model(x[rows]) - y[rows]) ** 2).mean()"
    )
    assert "every prediction is compared with every target" in graded(compared + PERCEPTRON, **TABLE)[0]
    assert "image" not in feedback and "pixel" not in feedback and "class" not in feedback


def test_numbers_of_another_shape_are_said_to_be_that(graded):
    feedback = graded((TABLE_LOOP + PERCEPTRON).replace("nn.Linear(32, 1)", "nn.Linear(32, 2)"), **TABLE)[0]
    assert feedback == "Your model turns (200, 5) into (200, 2), not (200,)."


def test_a_token_that_the_model_does_not_know_is_the_student_s(graded):
    feedback = graded((WORDS_LOOP + RECURRENT).replace("Embedding(20", "Embedding(9"), **WORDS)[0]
    assert "index out of range" in feedback


def test_answers_that_were_brought_along_are_worthless(graded):
    knows = """
class Model(nn.Module):  # the very function of which the targets come, before they were disguised
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([3.0, -1.0, 10.0]))

    def forward(self, x):
        return self.weight[0] * x[:, 0] + self.weight[1] * x[:, 1] ** 2 + self.weight[2]
"""
    feedback = graded(TABLE_LOOP.replace("lr=0.01", "lr=1e-9") + knows, **TABLE)[0]
    assert feedback.startswith("r2 -") or "r2 0." in feedback


# --- what tasks are made of -------------------------------------------------------------------------------------------


def test_a_disguise_can_be_undone_by_who_knows_it():
    rng = np.random.default_rng(1)
    labels, scores = np.arange(20) % 5, rng.random((20, 5))
    task = Classification(5)
    one = task.disguise(rng)
    other = task.disguise(rng, one)
    assert not (one.encode(np.arange(5)) == other.encode(np.arange(5))).any()
    told = np.eye(5)[one.encode(labels)]
    assert task.measures(one.decode(told), labels)["accuracy"] == 1
    assert task.measures(other.decode(told), labels)["accuracy"] == 0
    assert task.measures(one.decode(scores), labels) == task.measures(scores, one.encode(labels))
    numbers = rng.normal(5, 3, 50).astype(np.float32)
    table = Regression(spread=3)
    one = table.disguise(rng)
    other = table.disguise(rng, one)
    assert one.encode(numbers).dtype == np.float32 and one.factor * other.factor < 0
    measured = table.measures(one.decode(one.encode(numbers)), numbers)
    assert measured["r2"] == pytest.approx(1) and measured["rmse"] == pytest.approx(0, abs=1e-5)
    assert table.measures(other.decode(one.encode(numbers)), numbers)["r2"] < 0


def test_r2_is_that_of_scikit_learn():
    from sklearn.metrics import r2_score

    rng = np.random.default_rng(2)
    for shape in ((40,), (40, 3)):
        targets = rng.normal(size=shape)
        outputs = targets + rng.normal(size=shape)
        assert r2(outputs, targets) == pytest.approx(r2_score(targets, outputs))
    assert np.isnan(r2(np.full(3, np.nan), np.arange(3.0)))
    assert Regression().measures(np.full(4, 1.5), np.arange(4.0))["r2"] == 0, "the mean explains nothing"


def test_tokens_below_zero_are_not_asked_about():
    task = Tokens(4)
    labels = np.array([[1, 2, -100], [3, -100, -100]])
    scores = np.full((2, 3, 4), -5.0)
    for at, label in np.ndenumerate(labels):
        scores[at][label if label >= 0 else 0] = 5
    right = task.measures(scores, labels)
    assert right["accuracy"] == 1 and 1 < right["perplexity"] < 1.01
    assert task.losses(np.zeros_like(scores), scores, labels, ["cross_entropy"]).initial == pytest.approx(np.log(4))
    one = task.disguise(np.random.default_rng(0))
    assert (one.encode(labels)[labels < 0] == -100).all() and task.shapes(labels) == ((2, 3, 4),)
    assert NextToken(4).disguise(np.random.default_rng(0)).encode(labels).tolist() == labels.tolist()


def test_names_of_tokens_are_alike_in_all_sets_and_hide_which_they_are():
    tokens = np.array([[3, 1, 2, 0], [4, 4, 0, 0]])
    names = TokenNames(12, in_targets=True)
    one = names.of(Examples(tokens, tokens), KEY, "training")
    other = names.of(Examples([tokens[0][:2]], np.array([[-100, 1]])), KEY, "hidden")
    assert one.inputs.tolist() == one.targets.tolist() != tokens.tolist()
    assert (one.inputs == 0).tolist() == (tokens == 0).tolist(), "padding stays padding"
    assert other.inputs[0].tolist() == one.inputs[0, :2].tolist()
    assert other.targets.tolist() == [[-100, one.inputs[0, 1]]]


def test_noise_follows_the_spread_of_a_column():
    table = np.random.default_rng(0).normal(0, [1, 100], (2000, 2)).astype(np.float32)
    varied = Noise(0.1).of(Examples(table, table[:, 0]), KEY, "training").inputs
    assert varied.dtype == np.float32 and (varied - table).std(axis=0) == pytest.approx([0.1, 10], rel=0.1)
