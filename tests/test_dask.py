"""Grading on a cluster: real schedulers and workers, some of which are killed, can't confine or have other versions."""

import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import psutil
import pytest
from clusters import Cluster
from commands import autograder
from conftest import HEEDS_CTRL_C

from autograder.batch.collect import collect
from autograder.batch.dask import TRIES, DaskEngine
from autograder.batch.engine import Died, Returned
from autograder.batch.local import LocalEngine
from autograder.batch.parcel import pack
from autograder.batch.run import TaskGrader, grade_all
from autograder.batch.task import AssignmentSource, grading_tasks
from autograder.errors import AssignmentError, AutograderError
from autograder.sandbox import choose

GRADERS = {
    "test_q1.py": """
        from pathlib import Path
        from autograder import points

        @points(2, "Adds")
        def test_adds(submission, key):
            assert submission.add(*key.rng("numbers").integers(0, 9, 2).tolist()) >= 0

        @points(1, "Reads what lies beside it")
        def test_reads(submission):
            assert submission.read() == "in the folder"

        @points(1, "Has what only graders see")
        def test_hidden():
            assert (Path(__file__).parent.parent / "hidden" / "answer.txt").read_text() == "7"
    """,
}
SETTINGS = 'files = ["data/given.txt"]\nautograder_files = ["hidden"]\n'
ADDS = "def add(a, b):\n    return a + b\n\ndef read():\n    return open('data/given.txt').read()\n"
LOOKS = """
import glob
import tempfile

for folder in ("/tmp", "/var/tmp", "."):
    assert not glob.glob(f"{folder}/**/test_q1.py", recursive=True)
"""
SUBMISSIONS = {
    "ada.py": ADDS,
    "bob.py": "def add(a, b):\n    return -1\n",
    "eve.py": ADDS + LOOKS,
    "mal.py": "import os\nos._exit(3)\n",
    "notes.ipynb": "not a notebook",
}


@pytest.fixture
def assignment(make_assignment, tmp_path):
    folder = tmp_path / "solutions" / "tiny"
    (folder / "data").mkdir(parents=True)
    (folder / "hidden").mkdir()
    (folder / "data" / "given.txt").write_text("in the folder")
    (folder / "hidden" / "answer.txt").write_text("7")
    return make_assignment(GRADERS, SETTINGS)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "handed in"
    folder.mkdir()
    for name, text in SUBMISSIONS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as cluster:
        yield cluster


@pytest.fixture
def cluster(started):
    """A cluster whose workers are started by the test, and end with it."""
    yield started
    started.end_workers()


def without_seconds(results):
    found = {}
    for result in results:
        checks = tuple(replace(check, seconds=0.0) for check in result.checks)
        found[result.submission] = replace(result, checks=checks, seconds=0.0)
    return found


def test_a_class_gets_what_it_gets_on_one_machine(cluster, assignment, folder, strongest):
    files = collect([folder]).submissions
    here = without_seconds(grade_all(assignment, files, strongest, LocalEngine(2)))
    cluster.start_worker(threads=1)
    cluster.start_worker(threads=1)
    there = without_seconds(grade_all(assignment, files, strongest, DaskEngine(cluster.address)))
    assert there == here
    assert [here[name].score for name in SUBMISSIONS] == [4, 1, 4, 1, 0]


def test_an_assignment_travels_beside_the_tasks(assignment, folder, strongest, tmp_path):
    """By its digest, which is found in its new place; with its key, which is in no file there."""
    [task, *_] = grading_tasks(assignment, collect([folder]).submissions, strongest)
    secret = assignment.key.secret
    assert secret not in pickle.dumps(task) and b"in the folder" not in pickle.dumps(task)
    parcel = pack(TaskGrader(AssignmentSource(assignment), strongest))
    assert secret not in parcel.function
    home = tmp_path / "elsewhere"
    grader = parcel.unpacked(home)
    assert grader(task, lambda _so_far: None).score == 4
    grader.close()
    assert not [path for path in home.rglob("*") if path.is_file() and secret.hex() in path.read_text()]
    damaged = replace(parcel, assignments={"0" * 32: parcel.assignments[task.assignment]})
    with pytest.raises(AssignmentError, match="is not there what it was here"):
        damaged.unpacked(tmp_path / "other")


def test_a_machine_with_other_versions_refuses(assignment, strongest, tmp_path):
    parcel = pack(TaskGrader(AssignmentSource(assignment), strongest))
    [environment] = parcel.environments
    libraries = tuple((name, "1.0" if name == "torch" else found) for name, found in environment.libraries)
    other = replace(parcel, environments=(replace(environment, libraries=libraries),))
    with pytest.raises(AutograderError, match=r"another environment: torch 2\S+ instead of 1\.0$"):
        other.unpacked(tmp_path / "elsewhere")


def test_workers_that_can_t_confine_refuse(cluster, assignment, folder, strongest, without_namespaces):
    """One of two: the other does it all. Both: it is an error. They can confine less, as a container does."""
    said = []
    engine = DaskEngine(cluster.address, say=said.append)
    files = collect([folder]).submissions
    cluster.start_worker(prefix=without_namespaces)
    with pytest.raises(AutograderError, match="no worker of the cluster can grade .*bubblewrap may not"):
        list(grade_all(assignment, files, strongest, engine))
    landlock = choose("landlock", forbidden=(assignment.folder,))
    assert {result.status for result in grade_all(assignment, files, landlock, engine)} >= {"graded", "ungradable"}
    said.clear()
    cluster.start_worker()
    assert len(list(grade_all(assignment, files, strongest, engine))) == len(files)
    assert len(said) == 1 and "is not used: bubblewrap may not make namespaces here" in said[0]


def test_a_worker_without_the_framework_refuses(cluster):
    cluster.start_worker(environment={"PYTHONPATH": ""})
    with pytest.raises(AutograderError, match="no worker of the cluster can grade .*No module named 'test_dask'"):
        list(DaskEngine(cluster.address).run(end_the_worker, ["one"]))
    assert traces(cluster) == ([], [])


def noted(folder, number):
    for _ in range(6000):
        if len(found := [int(path.name) for path in folder.iterdir()]) >= number:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{found} are all that began")


def is_running(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


class StaysAtFirst:
    """Leaves a note of who does it, and stays; all others after it don't."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, task, tell):
        is_first = not list(self.folder.iterdir())
        (self.folder / str(os.getpid())).touch()
        while is_first:
            time.sleep(1)
        return task


@pytest.mark.parametrize("killed", ["worker", "nanny"])
def test_a_worker_that_is_killed_while_it_grades_costs_nothing(cluster, tmp_path, killed):
    notes = tmp_path / "notes"
    notes.mkdir()
    first = cluster.start_worker(*["--no-nanny"] * (killed == "worker"), threads=1)
    lanes = []

    def lose_the_first():
        lanes.extend(noted(notes, 1))
        cluster.start_worker(threads=1)
        first.kill()

    with ThreadPoolExecutor(1) as other:
        losing = other.submit(lose_the_first)
        outcomes = list(DaskEngine(cluster.address).run(StaysAtFirst(notes), ["one", "two"]))
        losing.result()
    assert sorted(outcomes) == [("one", Returned("one")), ("two", Returned("two"))]
    assert not any(map(is_running, lanes))


def end_the_worker(task, tell):
    """What ends the process of Dask's that the lane belongs to."""
    tell("began")
    if task == "bad":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return task


def test_what_kills_its_workers_is_not_tried_for_ever(cluster):
    cluster.start_worker(threads=1)  # which its nanny starts again
    tasks = ["good", "bad", "other"]
    outcomes = dict(DaskEngine(cluster.address).run(end_the_worker, tasks))
    assert outcomes["good"] == Returned("good") and outcomes["other"] == Returned("other")
    assert outcomes["bad"] == Died(f"{TRIES} workers were lost, one after the other, that did this")


def test_workers_are_waited_for(cluster):
    said = []
    outcomes = DaskEngine(cluster.address, say=lambda sentence: (said.append(sentence), cluster.start_worker())).run(
        end_the_worker, ["good"]
    )
    assert list(outcomes) == [("good", Returned("good"))]
    assert said == ["The cluster has no workers: waiting for the first."]


def traces(cluster):
    """Lanes, and the folders of assignments, that are on the machines of a cluster."""
    started = [child for worker in cluster.workers for child in psutil.Process(worker.pid).children(recursive=True)]
    lanes = [process.pid for process in started if is_lane(process)]
    return lanes, list(cluster.temporary.glob("torch-autograder-*"))


def is_lane(process):
    try:
        return process.environ().get("PYTHONSAFEPATH") == "1" and "spawn_main" in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def command(cluster, folder, out, *more):
    """A process of its own that grades a class on a cluster."""
    words = ["grade", folder.parent / "solutions" / "tiny", folder, "-o", out, "--engine", "dask", *more]
    return [sys.executable, "-m", "autograder", *map(str, words), "--scheduler", cluster.address]


def test_the_command(cluster, assignment, folder, tmp_path):
    cluster.start_worker()
    words = command(cluster, folder, tmp_path / "out")
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rows = (tmp_path / "out" / "scores.csv").read_text().splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["ada.py", "4"], ["bob.py", "1"], ["eve.py", "4"], ["mal.py", "1"], ["notes.ipynb", "0"],
    ]  # fmt: skip
    assert traces(cluster) == ([], [])
    cluster.end_workers()
    again = autograder(
        "regrade", assignment.folder, "-o", tmp_path / "out", "--engine", "dask", DASK_SCHEDULER_ADDRESS=""
    )
    assert (again.returncode, again.stderr.count("\n")) == (2, 1) and "--scheduler tls://HOST:8786" in again.stderr


SLEEPS = "import time\n\ndef add(a, b):\n    time.sleep(1000)\n"


@pytest.mark.parametrize("signalled", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_ends_leaves_nothing_on_the_cluster(cluster, assignment, folder, tmp_path, signalled):
    """Neither of lanes that grade nor of one that has nothing to do; what was graded is kept."""
    (folder / "zoe.py").write_text(SLEEPS)
    cluster.start_worker()
    out = tmp_path / "out"
    running = subprocess.Popen([*HEEDS_CTRL_C, *command(cluster, folder, out)], stderr=subprocess.PIPE, text=True)
    until(lambda: len(list((out / "results").glob("*.json"))) == len(SUBMISSIONS))
    lanes, folders = traces(cluster)
    assert (len(lanes), len(folders)) == (2, 1)
    running.send_signal(signalled)
    said = running.communicate(timeout=60)[1]
    until(lambda: traces(cluster) == ([], []))
    assert not any(map(is_running, lanes))
    assert len(list((out / "results").glob("*.json"))) == len(SUBMISSIONS)
    expected = "autograder: interrupted; what was done until then is kept" if signalled == signal.SIGINT else ""
    assert said.strip() == expected


def until(is_so):
    for _ in range(6000):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


def test_a_scheduler_that_is_lost_is_one_sentence(tmp_path):
    with closing(Cluster(tmp_path)) as cluster:
        cluster.start_worker()
        outcomes = DaskEngine(cluster.address).run(end_the_worker, iter(lambda: "good", None))
        assert next(outcomes) == ("good", Returned("good"))
        cluster.scheduler.kill()
        with pytest.raises(AutograderError, match=f"the Dask scheduler at {cluster.address} was lost .* goes on"):
            for _ in outcomes:
                pass


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--scheduler", "tls://10.0.0.1:8786"], 2, "--scheduler is for --engine dask"),
        (["--engine", "dask"], 2, "give the address of the Dask cluster's scheduler: --scheduler tls://HOST:8786"),
        (["--engine", "dask", "--scheduler", "over there"], 2, "'over there' is no address of a Dask scheduler"),
        (["--engine", "dask", "--scheduler", "foo://it:1"], 2, "'foo://it:1' is no address of a Dask scheduler"),
        (["--engine", "dask", "--scheduler", "tls://127.0.0.1:1"], 2, "Dask's configuration names no certificate"),
        (["--engine", "dask", "--scheduler", "127.0.0.1:1"], 1, "no Dask scheduler answers at 127.0.0.1:1"),
    ],
)
def test_what_is_no_cluster_is_one_sentence(assignment, folder, tmp_path, arguments, status, said):
    out = tmp_path / "out"
    done = autograder("grade", assignment.folder, folder, "-o", out, *arguments, DASK_SCHEDULER_ADDRESS="")
    assert done.returncode == status and done.stderr.lower().startswith(f"autograder: {said}".lower())
    assert done.stderr.count("\n") == 1
