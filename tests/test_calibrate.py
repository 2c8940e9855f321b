"""Requirements of trainings: calibrated with real workers, decided by the calibration, and stale when it is old."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from commands import autograder
from conftest import HEEDS_CTRL_C

from autograder.assignment import load_assignment
from autograder.batch.local import LocalEngine
from autograder.errors import AssignmentError
from autograder.grading.grade import grade
from autograder.quality.calibrate import calibrate, check_calibration, styles
from autograder.sandbox import choose
from autograder.training.calibration import FILE, Calibration, conditions_of, read_calibration
from autograder.training.requirements import Requirement

# A training that takes no time: what it measures is a random number of the student's, by the grader's seed. So there is
# no PyTorch here, and nothing to observe; the trials of tests/test_trials.py are real ones.
GRADER = """
import types

import pytest

from autograder import StudentFault, points
from autograder.diagnosis.causes import Observations, Seen
from autograder.training import Classification


class Experiment:
    task, variation = Classification(10), None
    probes, noun = None, "row"  # no worker is looked into

    def __init__(self, submission, key):
        self.submission, self.key = submission, key

    def run(self, label, epochs):
        accuracy = self.submission.train(self.key.seed(label), epochs)
        observed = Observations(Seen(), 10, 2.3, 2.3, accuracy, accuracy, ())
        return types.SimpleNamespace(measure=lambda _: accuracy, observed=observed, unrecordable="", training=None)

    def again(self, *_arguments, **_settings):
        raise StudentFault("there is nothing to mend")


@pytest.fixture(scope="session")
def trials(make_trials, submission, key):
    return make_trials(Experiment(submission, key), epochs=5)


@points(2, "Learns")
def test_learns(trials):
    trials.reaches("accuracy", 0.5, false_fail=1e-4, called="accuracy", hint="Guessing gives 0.1.")


@points(1, "Is there")
def test_is_there(submission):
    assert submission.train
"""
RIGHT = "import random\ndef train(seed, epochs):\n    return random.Random(seed).uniform({}, 0.9)\n"


def write_styles(made):
    right = made.folder / "submissions" / "right"
    right.mkdir(parents=True)
    (right / "careful.py").write_text(RIGHT.format(0.7))
    (right / "bold.py").write_text(RIGHT.format(0.55))
    return made


@pytest.fixture
def assignment(make_assignment):
    return write_styles(make_assignment({"test_q1.py": GRADER}))


def sandbox(assignment):
    return choose(forbidden=(assignment.folder,))


def run(assignment, seeds, **options):
    steps = []
    report = calibrate(
        assignment,
        sandbox(assignment),
        LocalEngine(2),
        seeds,
        progress=lambda *step: steps.append(step),
        **options,
    )
    return report, steps


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The file that a hundred seeds of each style give: five are run, the others made up like these, to save time."""
    folder = tmp_path_factory.mktemp("calibrated") / "tiny"
    (folder / "graders").mkdir(parents=True)
    (folder / "assignment.toml").write_text('title = "Tiny"\npreload = []\n')
    (folder / "graders" / "key").write_text("00" * 32)
    (folder / "graders" / "test_q1.py").write_text(GRADER)
    run(write_styles(load_assignment(folder)), 5)
    calibration = Calibration.model_validate_json((folder / FILE).read_bytes())
    rng = random.Random(0)
    for seed in range(5, 100):
        calibration.add("careful.py", seed, {"accuracy": rng.uniform(0.7, 0.9)})
        calibration.add("bold.py", seed, {"accuracy": rng.uniform(0.55, 0.9)})
    return calibration.model_dump_json()


@pytest.fixture
def calibrated(assignment, stored):
    (assignment.folder / FILE).write_text(stored)
    return assignment


def test_it_keeps_what_it_measures_and_goes_on_where_it_was(assignment):
    _, steps = run(assignment, 10)
    assert steps[0] == (0, 20) and steps[-1] == (20, 20)
    first = read_calibration(assignment).values("accuracy")
    report, steps = run(assignment, 15)
    assert steps[0] == (0, 10)
    again = report.calibration.values("accuracy")
    assert {style: values[:10] for style, values in again.items()} == first
    assert len(set(again["bold.py"])) == 15 and min(again["bold.py"]) >= 0.55
    _, steps = run(assignment, 15)
    assert steps == [(0, 0)]


def test_the_report_names_rule_bound_and_worst_style(calibrated):
    report, _ = run(calibrated, 100)
    [requirement] = report.requirements
    assert str(requirement) == "accuracy at least 0.5"
    worst, best = report.rows(requirement)
    assert (worst.style, worst.trainings, worst.fails, best.style) == ("bold.py", 100, 0, "careful.py")
    assert worst.bound == pytest.approx(1 - 0.05 ** (1 / 100))
    assert str(report.rule(requirement)).startswith("one success in at most 3 trainings")
    # Four trainings may do with a style of which one in a hundred fails, so it is no less than what all reach.
    assert math.floor(worst.lowest * 100) / 100 <= report.proposal(requirement) < worst.median


def test_a_verdict_states_rule_observations_and_bound(calibrated, tmp_path):
    path = tmp_path / "hand_in.py"
    path.write_text(RIGHT.format(0.7))
    result = grade(calibrated, path, sandbox(calibrated))
    assert result.trouble == "" and result.score == 3
    [words] = result.checks[0].decided
    assert words.startswith("accuracy at least 0.5: 0.") and "in one training" in words
    assert "less than one of 38,901 gradings (calibrated on 2 styles, 100 trainings each)" in words
    assert result.checks[1].decided == ()


def test_a_wrong_submission_is_trained_as_often_as_the_rule_asks_and_told_what_was_measured(calibrated, tmp_path):
    path = tmp_path / "hand_in.py"
    path.write_text("seen = []\ndef train(seed, epochs):\n    seen.append(seed)\n    return 0.1 * len(seen)\n")
    result = grade(calibrated, path, sandbox(calibrated))
    assert result.score == 1
    assert result.checks[0].feedback == (
        "Accuracy: 0.100, 0.200, 0.300 in 3 trainings; at least 0.5 is needed. Guessing gives 0.1.\n"
        "No usual cause fits what was seen. No loss was seen: neither a loss function of PyTorch nor `backward()` was "
        "called."
    )


def test_without_a_calibration_that_supports_it_there_is_no_verdict(assignment, tmp_path):
    path = tmp_path / "hand_in.py"
    path.write_text(RIGHT.format(0.7))
    assert "run `autograder calibrate` first" in grade(assignment, path, sandbox(assignment)).trouble
    run(assignment, 10)
    result = grade(assignment, path, sandbox(assignment))
    assert result.status == "error" and "calibrate with more trainings" in result.trouble


def test_a_training_that_fails_counts_as_a_failure(assignment):
    (assignment.folder / "submissions" / "right" / "flaky.py").write_text(
        "def train(seed, epochs):\n    return 0.8 if seed % 2 else 1 / 0\n"
    )
    report, _ = run(assignment, 20)
    flaky = next(row for row in report.rows(report.requirements[0]) if row.style == "flaky.py")
    assert 0 < flaky.fails < 20 and flaky.trainings == 20
    assert json.loads((assignment.folder / FILE).read_text())["measured"]["accuracy"]["flaky.py"]["0"] in (0.8, None)


CHANGES = {
    "a style": (r"style bold.py was \w+, and is \w+", 5),
    "a new style": (r"style third.py was not there, and is \w+", 5),
    "a style is gone": (r"style bold.py was \w+, and is not there", 0),
    "the epochs": (r"epochs was 5, and is 6", 10),
    "another kind of trial": (r"control epochs was not there, and is 1", 10),
    "the data": (r"data was \w+, and is \w+", 10),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_measured_again_and_nothing_else(calibrated, change):
    check_calibration(calibrated, sandbox(calibrated))
    before = read_calibration(calibrated).values("accuracy")
    right, grader = calibrated.folder / "submissions" / "right", calibrated.graders / "test_q1.py"
    match change:
        case "a style":
            (right / "bold.py").write_text(RIGHT.format(0.6))
        case "a new style":
            (right / "third.py").write_text(RIGHT.format(0.6))
        case "a style is gone":
            (right / "bold.py").unlink()
        case "the epochs":
            grader.write_text(GRADER.replace("epochs=5", "epochs=6"))
        case "another kind of trial":
            control = (
                "make_trials(Experiment(submission, key), 'control', epochs=1).stays_below('accuracy', 1, false_fail=1)"
            )
            grader.write_text(
                f"{GRADER}\n\n@points(1, 'Control')\ndef test_control(make_trials, submission, key):\n    {control}\n"
            )
        case "the data":
            (calibrated.folder / "data.txt").write_text("more")
            settings = calibrated.folder / "assignment.toml"
            settings.write_text('files = ["data.txt"]\n' + settings.read_text())
            calibrated = load_assignment(calibrated.folder)
    difference, trained = CHANGES[change]
    with pytest.raises(AssignmentError, match=rf"no longer fits \({difference}.*run `autograder calibrate` again"):
        check_calibration(calibrated, sandbox(calibrated))
    report, steps = run(calibrated, 5)
    assert steps[0] == (0, trained)
    after = report.calibration.values("accuracy")
    kept = {"a style": ["careful.py"], "the epochs": [], "the data": []}.get(
        change, sorted(before.keys() & after.keys())
    )
    assert [style for style in sorted(after) if after[style] == before.get(style)] == kept
    if change == "another kind of trial":
        assert {style: len(seen) for style, seen in report.calibration.values("control accuracy").items()} == {
            "careful.py": 5,
            "bold.py": 5,
        }


def test_helper_code_counts_by_what_it_defines(make_assignment):
    grader = GRADER + "# submission is lent helper.py\n"
    made = make_assignment({"test_q1.py": grader})
    settings = made.folder / "assignment.toml"
    settings.write_text('files = ["helper.py", "other.py"]\n' + settings.read_text())
    (made.folder / "other.py").write_text("x = 1\n")
    digests = []
    for source in (
        'def f(x):\n    """Twice."""\n    return 2 * x\n',
        '"""A module."""\nimport torch\n\ndef f(x):\n    """Two times."""\n    return 2 * x  # really\n',
        "def f(x):\n    return 3 * x\n",
    ):
        (made.folder / "helper.py").write_text(source)
        conditions = conditions_of(load_assignment(made.folder))
        assert "other.py" not in conditions
        digests.append(conditions["helper.py"])
    assert digests[0] == digests[1] != digests[2]


def test_a_style_that_cannot_be_measured_keeps_no_other_from_it(assignment):
    (assignment.folder / "submissions" / "right" / "broken.ipynb").write_text("no notebook")
    with pytest.raises(AssignmentError, match="broken.ipynb could not be measured"):
        run(assignment, 7)
    assert {style: len(seen) for style, seen in read_calibration(assignment).values("accuracy").items()} == {
        "careful.py": 7,
        "bold.py": 7,
    }
    with pytest.raises(AssignmentError, match="the calibration of accuracy lacks broken.ipynb"):
        check_calibration(assignment, sandbox(assignment))


def test_a_style_that_its_process_dies_of_keeps_no_other_from_it(make_assignment):
    dies = "        if accuracy == 13:\n            os._exit(1)\n        observed ="
    grader = GRADER.replace("import types", "import os\nimport types").replace("        observed =", dies)
    assignment = write_styles(make_assignment({"test_q1.py": grader}))
    (assignment.folder / "submissions" / "right" / "deadly.py").write_text("def train(seed, epochs):\n    return 13\n")
    with pytest.raises(AssignmentError, match=r"^deadly.py could not be measured: .*died \(exit status 1\)$"):
        run(assignment, 5)
    seen = read_calibration(assignment).values("accuracy")
    assert {style: len(values) for style, values in seen.items()} == {"careful.py": 5, "bold.py": 5}


def test_styles_with_fewer_seeds_are_decided_by_more_trainings(calibrated):
    calibration = read_calibration(calibrated)
    for seed in range(30):
        calibration.add("late.py", seed, {"accuracy": 0.8})
    rule = calibration.find_rule(Requirement("main", "accuracy", "at least", 0.5, 1e-4))
    assert str(rule) == (
        "one success in at most 4 trainings; a right solution fails this in less than one of 12,260 gradings "
        "(calibrated on 3 styles, 30 to 100 trainings each)"
    )


def test_trials_that_were_changed_since_are_not_judged_by_the_old_calibration(calibrated, tmp_path):
    grader = calibrated.graders / "test_q1.py"
    grader.write_text(GRADER.replace("epochs=5", "epochs=6"))
    path = tmp_path / "hand_in.py"
    path.write_text(RIGHT.format(0.7))
    result = grade(calibrated, path, sandbox(calibrated))
    assert result.status == "error" and "epochs was 5, and is 6" in result.trouble


def test_an_assignment_whose_requirements_are_not_supported_is_not_released(calibrated):
    (calibrated.graders / "test_q1.py").write_text(GRADER.replace('"accuracy", 0.5', '"accuracy", 0.8'))
    with pytest.raises(
        AssignmentError, match=r"accuracy at least 0.8.*failed \d+ of 100 trainings.*lower the threshold"
    ):
        check_calibration(calibrated, sandbox(calibrated))
    (calibrated.folder / FILE).unlink()
    with pytest.raises(AssignmentError, match="needs a calibration: run `autograder calibrate` first"):
        check_calibration(calibrated, sandbox(calibrated))


def test_an_assignment_without_trials_needs_none(make_assignment):
    grader = 'from autograder import points\n@points(1, "Is there")\ndef test_there(submission):\n    submission.f\n'
    check_calibration(made := make_assignment({"test_q1.py": grader}), sandbox(made))


def test_a_file_that_is_no_calibration_is_an_error(assignment):
    (assignment.folder / FILE).write_text('{"conditions": 1}')
    with pytest.raises(AssignmentError, match="conditions"):
        read_calibration(assignment)


def test_nan_is_no_success():
    assert not Requirement("main", "accuracy", "at least", 0.5, 1e-4).holds(math.nan)
    assert not Requirement("main", "accuracy", "at most", 0.5, 1e-4).holds(math.nan)
    calibration = Calibration()
    calibration.add("a", 0, {"accuracy": math.inf})
    assert math.isnan(calibration.values("accuracy")["a"][0])


def test_a_quick_calibration_decides_provisionally_and_is_not_released_by(assignment, tmp_path):
    done = autograder("calibrate", assignment.folder, "--quick")
    assert done.returncode == 0, done.stderr
    assert "bold.py" in done.stdout and "provisionally" in done.stdout and "far too few" in done.stdout
    assert read_calibration(assignment).is_provisional
    path = tmp_path / "hand_in.py"
    path.write_text(RIGHT.format(0.6))
    result = grade(assignment, path, sandbox(assignment))
    assert result.score == 3 and "may fail this in up to 16% of gradings" in result.checks[0].decided[0]
    with pytest.raises(AssignmentError, match="provisional"):
        check_calibration(assignment, sandbox(assignment))
    done = autograder("calibrate", assignment.folder, "--seeds", "5")
    assert done.returncode == 0, done.stderr
    calibration = read_calibration(assignment)
    assert [len(seen) for seen in calibration.values("accuracy").values()] == [5, 5] and not calibration.is_provisional


def test_a_quick_calibration_takes_nothing_from_a_whole_one(calibrated):
    report, steps = run(calibrated, 3, is_provisional=True)
    assert steps == [(0, 0)] and not read_calibration(calibrated).is_provisional
    assert not report.rule(report.requirements[0]).is_provisional


@pytest.mark.parametrize("moment", ["graders are read", "a training runs"])
def test_ctrl_c_ends_it_and_keeps_what_was_measured(make_assignment, tmp_path, moment):
    waits = "import pathlib, time\npathlib.Path({!r}).touch()\ntime.sleep(600)\n"
    reached = tmp_path / "reached"
    grader = waits.format(str(reached)) + GRADER if moment == "graders are read" else GRADER
    assignment = write_styles(make_assignment({"test_q1.py": grader}))
    if moment == "a training runs":
        slow = "import time\n" + RIGHT.format(0.7) + "n = 0\nquick = train\ndef train(seed, epochs):\n"
        slow += "    global n\n    n += 1\n    if n > 2: time.sleep(600)\n    return quick(seed, epochs)\n"
        for path in (assignment.folder / "submissions" / "right").iterdir():
            path.write_text(slow)
    command = [*HEEDS_CTRL_C, sys.executable, "-m", "autograder", "calibrate", str(assignment.folder)]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True
    )

    def measured():
        calibration = read_calibration(assignment)
        return 0 if calibration is None else sum(map(len, calibration.values("accuracy").values()))

    while not (reached.exists() if moment == "graders are read" else measured() >= 4):
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=120)  # it ends in two seconds on an idle machine
    assert running.returncode == 130 and "interrupted; what was done until then is kept" in said, said
    assert measured() == (0 if moment == "graders are read" else 4)


def test_a_right_submission_can_be_left_out(make_assignment, tmp_path):
    settings = '[calibration]\nwithout = ["slow.py"]\n'
    assignment = make_assignment({"test_q1.py": "def test_x(): pass"}, settings)
    right = assignment.folder / "submissions" / "right"
    right.mkdir(parents=True)
    (right / "quick.py").write_text("x = 1")
    with pytest.raises(AssignmentError, match=r"names 'slow\.py', which is not"):
        styles(assignment)
    (right / "slow.py").write_text("x = 1")
    assert list(styles(assignment)) == ["quick.py"]
