"""What every engine has to do with tasks, good and bad ones, in real processes. A new engine is one more line here."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from clusters import Cluster

from autograder.batch.dask import DaskEngine
from autograder.batch.engine import Died, Raised, Returned
from autograder.batch.lane import LaneLimits
from autograder.batch.local import LocalEngine
from autograder.errors import ProcessDied, StudentError

LIMITS = LaneLimits(cpu_seconds=1, memory_mb=300)
SCHEDULER = "TEST_SCHEDULER"  # in the environment: where the cluster is
ENGINES = {
    "local": lambda max_workers: LocalEngine(max_workers, LIMITS),
    "dask": lambda max_workers: DaskEngine(os.environ[SCHEDULER], max_workers, LIMITS),
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers with two threads each, one of them below a nanny."""
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as cluster, pytest.MonkeyPatch.context() as patch:
        patch.setenv(SCHEDULER, cluster.address)
        cluster.start_worker()
        cluster.start_worker("--no-nanny")
        yield cluster


@pytest.fixture(scope="module", params=ENGINES)
def name(request):
    """That of an engine, which can run."""
    if request.param == "dask":
        request.getfixturevalue("cluster")
    return request.param


@pytest.fixture
def make_engine(name):
    return ENGINES[name]


class TooManyArguments(Exception):
    """Can be pickled, and not read again."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def behave(task, tell):
    """What a task says, done in the process of the engine."""
    tell(f"{task} began")
    match task:
        case "raises":
            raise StudentError("it is wrong", "ValueError")
        case "raises what can't be read":
            raise TooManyArguments("one", "two")
        case "returns what can't be sent":
            return lambda: None
        case "exits":
            os._exit(3)
        case "leaves":
            sys.exit(4)
        case "crashes":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "takes too much memory":
            return len(bytearray(2 << 30))
        case "takes too long":
            while True:
                pass
        case "is interrupted":
            os.kill(os.getpid(), signal.SIGINT)
        case "returns much":
            return "x" * (5 << 20)
    return f"{task} ended"


BAD = [
    *("raises", "raises what can't be read", "returns what can't be sent", "exits", "leaves", "crashes", "is killed"),
    *("takes too much memory", "takes too long", "is interrupted", "returns much"),
]


@pytest.fixture(scope="module")
def outcomes(name):
    """Of bad tasks among good ones."""
    tasks = [task for number, bad in enumerate(BAD) for task in (f"good {number}", bad)]
    found = list(ENGINES[name](2).run(behave, tasks))
    assert sorted(task for task, _ in found) == sorted(tasks), "each task has one outcome"
    return dict(found)


def test_bad_tasks_are_nothing_to_the_others(outcomes):
    good = {task: outcome for task, outcome in outcomes.items() if task.startswith("good")}
    assert good == {task: Returned(f"{task} ended") for task in good}
    assert [outcome.result() for outcome in good.values()] == [f"{task} ended" for task in good]


def test_a_task_that_raises(outcomes):
    outcome = outcomes["raises"]
    assert isinstance(outcome, Raised) and outcome.last == "raises began"
    assert "in behave" in outcome.trace and "it is wrong" in outcome.trace
    with pytest.raises(StudentError, match="it is wrong"):
        outcome.result()
    unreadable = outcomes["raises what can't be read"]
    assert isinstance(unreadable, Raised) and "TooManyArguments: one and two" in str(unreadable.error)
    assert isinstance(outcomes["returns what can't be sent"], Raised)


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("exits", "exit status 3"),
        ("leaves", "exit status 4"),
        ("crashes", "Segmentation fault"),
        ("is killed", "Killed"),
    ],
)
def test_a_task_that_its_process_dies_of(outcomes, task, reason):
    assert outcomes[task] == Died(reason, last=f"{task} began")
    with pytest.raises(ProcessDied, match=reason):
        outcomes[task].result()


def test_limits(outcomes):
    outcome = outcomes["takes too long"]
    assert isinstance(outcome, Died)
    assert (outcome.cpu_seconds, outcome.last) == (1, "takes too long began")
    assert not isinstance(outcomes["takes too much memory"], Returned)
    assert outcomes["takes too much memory"].last == "takes too much memory began"


def test_ctrl_c_is_for_the_command_to_hear(outcomes):
    assert outcomes["is interrupted"] == Returned("is interrupted ended")


def test_much_goes_either_way(outcomes, make_engine):
    assert len(outcomes["returns much"].value) == 5 << 20
    [(task, outcome)] = make_engine(1).run(behave, ["y" * (5 << 20)])
    assert outcome == Returned(f"{task} ended")


def count(task, tell):
    for number in range(task):
        tell(number)
    return task


def test_what_is_told_on_this_machine_is_heard_before_the_outcome():
    heard = []
    for task, outcome in LocalEngine(2).run(count, [3, 2], lambda task, value: heard.append((task, value))):
        assert outcome == Returned(task)
        assert [value for told, value in heard if told == task] == list(range(task))


@pytest.mark.parametrize("max_workers", [1, 3])
def test_outcomes_do_not_depend_on_the_order(make_engine, max_workers):
    tasks = [*"abcd", "raises"]
    found = [dict(make_engine(max_workers).run(behave, order)) for order in (tasks, tasks[::-1])]
    assert [{task: type(outcome) for task, outcome in one.items()} for one in found] == 2 * [
        {**dict.fromkeys("abcd", Returned), "raises": Raised}
    ]
    assert list(make_engine(max_workers).run(behave, [])) == []


def test_tasks_are_taken_when_there_is_room_for_them(make_engine):
    taken, yielded, most = 0, 0, 0

    def tasks():
        nonlocal taken, most
        for number in range(8):
            taken += 1
            most = max(most, taken - yielded)
            yield str(number)

    for _ in make_engine(2).run(behave, tasks()):
        yielded += 1
    assert (taken, yielded, most) == (8, 8, 2)


def say_who(_task, _tell):
    return os.getpid()


def test_a_process_that_is_killed_between_two_tasks_costs_neither(make_engine):
    with closing(make_engine(1).run(say_who, ["one", "two"])) as outcomes:
        _, first = next(outcomes)
        killed = psutil.Process(first.result())
        killed.kill()
        while killed.is_running() and killed.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        _, second = next(outcomes)
    assert isinstance(second, Returned) and second != first


def leave_a_note_and_stay(folder, _tell):
    Path(folder, str(os.getpid())).touch()
    time.sleep(1000)


def leave_a_note(folder, _tell):
    Path(folder, str(os.getpid())).touch()


def noted(folder, number):
    """The processes that left a note, once there are so many."""
    for _ in range(18_000):
        found = [int(path.name) for path in folder.iterdir()]
        if len(found) >= number:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{found} are all that began")


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class InFolder:
    """A function that is an object, with what it needs: each task leaves a note in the folder of its name."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("quick", "slow"):
            (folder / name).mkdir()

    def __call__(self, task, tell):
        (leave_a_note if task == "quick" else leave_a_note_and_stay)(self.folder / task, tell)


def test_leaving_ends_what_runs(make_engine, tmp_path):
    with closing(make_engine(2).run(InFolder(tmp_path), ["quick", "slow"])) as running:
        assert next(running) == ("quick", Returned(None))
        processes = noted(tmp_path / "quick", 1)
    assert [pid for pid in processes + noted(tmp_path / "slow", 0) if is_running(pid)] == []


def test_tasks_that_can_t_be_made_leave_no_process(make_engine, tmp_path):
    function = InFolder(tmp_path)

    def tasks():
        yield "slow"
        while not noted(tmp_path / "slow", 0):
            yield "quick"
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(make_engine(2).run(function, tasks()))
    assert [pid for kind in ("quick", "slow") for pid in noted(tmp_path / kind, 1) if is_running(pid)] == []


def run_two_that_stay(name, folder):
    """What is interrupted, in a command of its own."""
    for _ in ENGINES[name](2).run(leave_a_note_and_stay, [folder, folder]):
        pass


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_command_leaves_no_process(name, how, tmp_path):
    """Ctrl-C, which all processes of the terminal get, and a kill of the command alone, which can't clean up."""
    # What is run in the background of a shell ignores Ctrl-C, and so would the command.
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    script = f"{heeds}import sys; sys.path[0] = {str(Path(__file__).parent)!r}; import test_engines as t; "
    command = [sys.executable, "-c", f"{script}t.run_two_that_stay({name!r}, {str(tmp_path)!r})"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        processes = noted(tmp_path, 2)
        (os.killpg if how == signal.SIGINT else os.kill)(running.pid, how)
        said = running.communicate(timeout=180)[1]
        for _ in range(600):
            if not any(map(is_running, processes)):
                break
            time.sleep(0.1)
        assert [pid for pid in processes if is_running(pid)] == []
        assert said.count("Traceback") == (how == signal.SIGINT), "only the command itself speaks of an interruption"
    finally:
        running.kill()
