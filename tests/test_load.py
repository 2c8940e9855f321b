"""A limit counts what a submission used, not what a busy machine kept from it.

Workers share one core with busy loops here, so that they wait several times as long as they run. Nothing hangs on
how long that takes: what is counted is compared with limits far from it.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest
from conftest import ROOT, SOLUTIONS

from autograder.assignment import TimeLimits, load_assignment
from autograder.errors import MachineStarved, TimedOut
from autograder.grading.grade import grade
from autograder.sandbox import Limits, clock, process
from autograder.sandbox.clock import Clock

CORE = min(os.sched_getaffinity(0))
CODE = f"""
import os, threading, time
os.sched_setaffinity(0, {{{CORE}}})

def work(seconds):
    before = time.process_time()
    while time.process_time() < before + seconds:
        pass
    return "done"

def nap():
    time.sleep(1000)

def many(threads):
    for _ in range(threads):
        threading.Thread(target=work, args=(1000,)).start()
    nap()

def work_in_a_thread(seconds):
    said = []
    thread = threading.Thread(target=lambda: said.append(work(seconds)))
    thread.start()
    thread.join()
    return said[0]
"""


@pytest.fixture
def crowd() -> Iterator[None]:
    """Busy loops on one core, which leave a fifth of it to a process."""
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(4)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


# Each in a session of its own: some kernels share a core among sessions, and not among processes.
BUSY = f"""
import os
os.setsid()
os.sched_setaffinity(0, {{{CORE}}})
while True:
    pass
"""


@pytest.mark.usefixtures("crowd")
class TestBesideBusyLoops:
    def test_what_needs_less_than_its_limit_is_not_stopped(self, sandbox, run_code):
        """Before, it was when its limit had passed by the clock: after less than half of the work."""
        submission, remote = run_code(sandbox, CODE, times=TimeLimits(call=2.5, total=30))
        submission.nap  # noqa: B018 (the worker is started, and its cells have run)
        began = time.monotonic()
        assert submission.work(1) == submission.work_in_a_thread(1) == "done"
        passed = time.monotonic() - began
        assert passed > 2.5
        assert 1.9 < remote.seconds_used() < min(passed, 5)

    def test_an_endless_loop_is_stopped(self, strongest, run_code):
        submission, _ = run_code(strongest, CODE, times=TimeLimits(call=1))
        with pytest.raises(TimedOut, match=r"after 1 seconds .* waited for a processor does not count"):
            submission.work(1000)

    def test_what_sleeps_is_stopped_by_the_clock(self, sandbox, run_code):
        submission, _ = run_code(sandbox, CODE, times=TimeLimits(call=2))
        _ = submission.nap
        began = time.monotonic()
        with pytest.raises(TimedOut):
            submission.nap()
        assert time.monotonic() - began < 20

    def test_a_cell_and_all_together_are_held_to_it_too(self, strongest, run_code):
        code = CODE + "work(1)\n"
        submission, remote = run_code(strongest, code, "after = 1", times=TimeLimits(cell=2, call=2, total=3))
        assert submission.after == 1 and remote.cell_reports == []
        assert submission.work(0.5) == "done"
        with pytest.raises(TimedOut):
            submission.work(1000)
        with pytest.raises(TimedOut, match="3 seconds that a submission has are used up"):
            submission.work(1.5)
            submission.work(1.5)

    def test_a_machine_that_is_too_busy_gets_nobody_s_points(self, strongest, make_assignment, tmp_path, monkeypatch):
        """The grading is ours to repeat, and the other submissions have theirs."""
        monkeypatch.setattr(process, "STARVED", 0.3)
        assignment = make_assignment(
            {
                "test_q1.py": """
                    from autograder import points

                    @points(1, "Is there")
                    def test_is_there(submission):
                        assert submission.name

                    @points(2, "Works")
                    def test_works(submission):
                        assert submission.work(6) == "done"

                    @points(1, "Works again")
                    def test_works_again(submission):
                        assert submission.work(6) == "done"
                """
            },
            "[seconds]\ncall = 12",
        )
        paths = {}
        for name, code in {"slow": CODE, "quick": "def work(seconds): return 'done'"}.items():
            paths[name] = tmp_path / f"{name}.py"
            paths[name].write_text(f"name = {name!r}\n{code}")
        began = time.monotonic()
        slow, quick = grade(assignment, paths["slow"], strongest), grade(assignment, paths["quick"], strongest)
        assert time.monotonic() - began < 100
        assert (quick.status, quick.score) == ("graded", 4)
        assert slow.status == "error" and "too busy to grade" in slow.trouble
        outcomes = {check.name: check.outcome for check in slow.checks}
        assert outcomes == {"q1.is_there": "passed", "q1.works": "broken", "q1.works_again": "broken"}
        assert "graded again" in slow.checks[1].feedback


LOAD = runpy.run_path(str(ROOT / "benchmarks" / "load.py"))


def test_points_are_the_same_beside_busy_loops():
    """A small version of the study, `make study`."""
    names = ["convolve/right/reference.py", "convolve/wrong/q6_runs_the_layers.py"]
    crowded = LOAD["Setting"](max_workers=2, loops=2, on_one_core=True)
    results = dict(LOAD["graded"](crowded, names))
    assert {name: LOAD["not_as_declared"](name, result) for name, result in results.items()} == dict.fromkeys(names, "")


def test_in_the_study_every_point_is_as_declared():
    rows = LOAD["recorded"]()
    assert rows and [row for row in rows if row["not as declared"]] == []
    assert (LOAD["RESULTS"] / "load.md").read_text() == LOAD["summary"](rows)


def test_threads_that_wait_for_each_other_gain_little(strongest, run_code):
    """One core for all, and nothing else on it that they could wait for, in the worst case for the grader."""
    submission, remote = run_code(strongest, CODE, times=TimeLimits(call=3))
    _ = submission.many
    began = time.monotonic()
    with pytest.raises(TimedOut):
        submission.many(30)
    assert remote.seconds_used() > 3
    assert time.monotonic() - began < 60  # and not 30 times 3


def test_a_worker_that_is_short_of_processor_time_at_start_is_ours(strongest, run_code, monkeypatch):
    monkeypatch.setattr(process, "STARVED", -1.0)
    monkeypatch.setattr(clock.Clock, "is_due", lambda _clock: True)  # a fork is ready before the first look
    submission, _ = run_code(strongest, "x = 1")
    for _ in range(2):
        with pytest.raises(MachineStarved):
            _ = submission.x
    monkeypatch.undo()
    with pytest.raises(MachineStarved):  # it is not tried again for each check
        _ = submission.x


def test_processor_time_that_is_used_up_is_time_that_is_up(strongest, run_code):
    submission, _ = run_code(strongest, CODE, limits=Limits(cpu_seconds=3), times=TimeLimits(call=30))
    with pytest.raises(TimedOut, match="used up its 3 seconds of processor time"):
        submission.work(1000)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("counted", [True, False], ids=["schedstat", "no schedstat"])
def test_the_clock_tells_waiting_from_working_and_sleeping(counted, monkeypatch):
    if not counted:  # as on a kernel that does not count it
        read = clock._read

        def refuse(path: str) -> bytes:
            if path.endswith("schedstat"):
                raise FileNotFoundError
            return read(path)

        monkeypatch.setattr(clock, "_read", refuse)
    script = CODE + textwrap.dedent("""
        for line in open(0):
            eval(line)
            print(flush=True)
    """)
    command = [sys.executable, "-uc", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        for does, waits in (("work(1)", True), ("time.sleep(1)", False)):
            watch = Clock(worker.pid)
            worker.stdin.write(does + "\n")
            worker.stdin.flush()
            os.set_blocking(worker.stdout.fileno(), False)
            while not worker.stdout.readline():
                time.sleep(clock.LOOK / 2)
                if watch.is_due():
                    watch.look()
            watch.look()
            assert 0.9 < watch.used < 3
            assert watch.used < (watch.passed - 1 if waits else watch.passed + 0.1)
        worker.kill()


@pytest.mark.parametrize("lesson", ["cnn", "convolve"])
def test_a_lesson_says_what_time_there_is(lesson):
    """The text and the settings."""
    assignment = load_assignment(SOLUTIONS / lesson)
    seconds, limits = assignment.settings.seconds, assignment.settings.limits
    text = " ".join((assignment.folder / f"{lesson}.py").read_text().replace("**", "").replace("\n# ", " ").split())
    assert seconds.training == seconds.cell
    assert f"any other call of your code {seconds.call:.0f}, and all of it together {seconds.total:.0f}" in text
    assert re.search(rf"{seconds.cell:.0f} seconds (for one training|at most)", text)
    assert limits.cpu_seconds >= seconds.total
