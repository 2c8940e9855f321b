"""Zygotes: workers are forked and not started, and nothing of one reaches the zygote or another worker."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from autograder.errors import WorkerGone
from autograder.sandbox import Limits, choose, zygote
from autograder.sandbox.base import LOAD_SHOWN, PACKAGE
from autograder.sandbox.process import WorkerController
from autograder.sandbox.zygote import Zygote
from autograder.temporary import TemporaryFolder


@pytest.fixture(autouse=True)
def fresh_zygotes():
    """Each test has zygotes of its own, so that none is spared a start that it asks about."""
    zygote.close_all()
    yield
    zygote.close_all()


def test_one_zygote_forks_all_workers_of_a_kind(sandbox, run_code):
    one, _ = run_code(sandbox, "import numpy\ndef f(): return 1", preload=("numpy",))
    assert one.f() == 1
    [first] = zygote._running.values()
    other, _ = run_code(sandbox, "def f(): return 2", preload=("numpy",))
    assert (other.f(), one.f()) == (2, 1)
    assert list(zygote._running.values()) == [first] and first.workers == 2


def test_what_is_preloaded_is_there_without_an_import_in_the_worker(sandbox, run_code):
    loaded = "import sys\ndef loaded(): return 'sqlite3' in sys.modules"
    assert run_code(sandbox, loaded, preload=("sqlite3",))[0].loaded() is True
    assert run_code(sandbox, loaded)[0].loaded() is False


def test_what_probes_import_and_pytorch_makes_on_first_use_is_there_and_nothing_was_drawn(sandbox, run_code):
    loaded = """
        import sys
        def loaded(): return [name in sys.modules for name in ("autograder.diagnosis.layers", "torch")]
        def drawn():
            import torch
            return str(torch.initial_seed()), torch.rand(3)
        """
    submission, _ = run_code(sandbox, loaded, preload=("torch",))
    assert submission.loaded() == [True, True]
    seed, drawn = submission.drawn()
    assert np.array_equal(drawn, torch.rand(3, generator=torch.Generator().manual_seed(int(seed))).numpy())
    assert run_code(sandbox, loaded)[0].loaded() == [False, False]


def test_no_more_zygotes_are_kept_than_are_used(sandbox, run_code):
    for module in ("json", "csv", "sqlite3", "decimal"):
        submission, remote = run_code(sandbox, "def f(): return 1", preload=(module,))
        assert submission.f() == 1
        remote.__exit__()
    assert len(zygote._running) == 2


def test_a_dead_zygote_is_replaced(sandbox, run_code):
    submission, remote = run_code(sandbox, "def f(): return 1")
    assert submission.f() == 1
    [first] = zygote._running.values()
    first._process.kill()
    first._process.wait()
    remote._worker._process.wait()
    with pytest.raises(WorkerGone):
        submission.f()
    assert submission.f() == 1
    assert list(zygote._running.values()) != [first]
    remote.__exit__()


def test_an_end_that_comes_late_is_not_the_next_worker_s(sandbox):
    """A watchdog may want to end a worker that is gone by now, and whose descriptor another has."""
    first = WorkerController(sandbox, {}, Limits(), ())
    ended = first._process
    first.close()
    second = WorkerController(sandbox, {}, Limits(), ())
    try:
        assert second._process._descriptor == ended._descriptor
        ended.kill()
        assert second.exchange({"do": "nothing"}, 10)["error"]["kind"] == "ValueError"
    finally:
        second.close()


def test_many_workers_leave_nothing(sandbox):
    def held():
        return len(os.listdir("/proc/self/fd")) + threading.active_count()

    WorkerController(sandbox, {}, Limits(), ()).close()
    [running] = zygote._running.values()
    before = held()
    for _ in range(50):
        WorkerController(sandbox, {}, Limits(), ()).close()
    assert running.workers == 0 and list(zygote._running.values()) == [running]
    assert held() < before + 20
    assert not [child for child in _family(running) if child.status() == psutil.STATUS_ZOMBIE]


def test_a_worker_whose_files_can_t_be_had_leaves_nothing(tmp_path, monkeypatch):
    """A full disk, say: this machine's is no concern of bubblewrap's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    landlock = choose("landlock")
    WorkerController(landlock, {}, Limits(), ()).close()
    [running] = zygote._running.values()
    with pytest.raises(OSError, match="missing"):
        WorkerController(landlock, {"data.txt": tmp_path / "missing"}, Limits(), ())
    assert running.workers == 0
    assert _family(running) == []
    assert list(tmp_path.iterdir()) == [running._folder.path]


def test_a_process_that_the_grader_forks_leaves_its_zygotes_alone(sandbox, run_code):
    submission, _ = run_code(sandbox, "def f(): return 1")
    assert submission.f() == 1
    [running] = zygote._running.values()
    child = os.fork()
    if child == 0:
        try:
            zygote.close_all()  # as at its exit
        finally:
            os._exit(len(zygote._running))
    assert os.waitpid(child, 0)[1] == 0
    assert running.is_alive and (running._folder is None or running._folder.path.is_dir())
    assert submission.f() == 1


INTERRUPTS = """
import os, signal, socket, sys
control = socket.socket(fileno=int(sys.argv[1]))
if control.recv(1 << 16) != b'{}':
    control.send(b"ready")
    control.recv(1 << 16)
os.kill(os.getppid(), signal.SIGUSR1)
control.recv(1 << 16)
"""


@pytest.mark.parametrize("order", [{}, {"preload": []}], ids=["start", "fork"])
def test_an_interrupted_request_leaves_no_zygote(order):
    """Whoever presses Ctrl-C in a notebook goes on in the same process."""

    class Interrupt(BaseException):
        pass

    def interrupt(*_):
        raise Interrupt

    others = psutil.Process().children()
    before = signal.signal(signal.SIGUSR1, interrupt)
    folder = TemporaryFolder()
    try:
        with pytest.raises(Interrupt):
            zygote.zygote_of("kind", lambda: Zygote([sys.executable, "-c", INTERRUPTS], {}, order, folder)).fork()
    finally:
        signal.signal(signal.SIGUSR1, before)
    for running in zygote._running.values():
        running._process.wait(10)
    zygote.close_all()
    assert not folder.path.exists()
    assert psutil.Process().children() == others


def test_a_zygote_that_can_t_fork_is_replaced():
    """It says why, and that is no process id."""
    code = """
import socket, sys
control = socket.socket(fileno=int(sys.argv[1]))
for reply in (b"ready", b"BlockingIOError: [Errno 11] Resource temporarily unavailable"):
    control.recv(1 << 16)
    control.send(reply)
"""
    running = Zygote([sys.executable, "-c", code], {}, {})
    try:
        with pytest.raises(OSError, match="Resource temporarily unavailable"):
            running.fork()
    finally:
        running.close()


def test_a_zygote_outlives_the_thread_that_asked_for_it(sandbox):
    """What dies with its parent dies, as the kernel has it, with the thread that started it."""
    workers = []
    thread = threading.Thread(target=lambda: workers.append(WorkerController(sandbox, {}, Limits(), ())))
    thread.start()
    thread.join()
    [running] = zygote._running.values()
    with pytest.raises(subprocess.TimeoutExpired):
        running._process.wait(1)
    assert workers[0].exchange({"do": "nothing"}, 10)["error"]["kind"] == "ValueError"
    workers[0].close()


def test_a_zygote_is_not_held_to_what_its_grader_may_use_for_one_submission(sandbox):
    """It lives longer than that, and ends all of its workers when it is ended."""
    names = {resource.RLIMIT_CPU: "Max cpu time", resource.RLIMIT_DATA: "Max data size"}
    before = {number: resource.getrlimit(number) for number in names}
    for number, (_, hard) in before.items():
        resource.setrlimit(number, (1 << 40, hard))
    try:
        WorkerController(sandbox, {}, Limits(), ()).close()
    finally:
        for number, both in before.items():
            resource.setrlimit(number, both)
    [running] = zygote._running.values()
    process = [psutil.Process(running._process.pid), *psutil.Process(running._process.pid).children(recursive=True)][-1]
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    for name in names.values():
        assert str(1 << 40) not in next(line for line in limits.splitlines() if line.startswith(name))


def test_no_terminal_is_shared(run_code, strongest):
    """Its number would tell the others of it, at least."""
    source = """
    import os
    kept = []
    def open_terminal():
        try: kept.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
        except OSError: pass
    def seen(): return [name for name in os.listdir("/dev/pts") if name.isdigit()]
    """
    one, _ = run_code(strongest, source)
    other, _ = run_code(strongest, source)
    one.open_terminal()
    assert other.seen() == []


def test_a_module_that_can_t_be_preloaded_is_named(sandbox, run_code):
    submission, _ = run_code(sandbox, "x = 1", preload=("no_such_module",))
    with pytest.raises(Exception, match="no_such_module"):
        submission.x  # noqa: B018


def test_a_process_with_threads_is_not_forked():
    """A fork holds the locks of the threads that it has not: it would hang at the first of them, now or later."""
    script = f"""{LOAD_SHOWN}
import socket, threading, time
from autograder.worker.zygote import ThreadsRunning, serve_forks
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
try:
    serve_forks(socket.socketpair()[0], new_pids=False)
except ThreadsRunning as error:
    print(error)
"""
    command = [sys.executable, "-c", script, PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "starts threads" in done.stdout, done.stderr


def test_workers_draw_other_random_numbers(sandbox, run_code):
    draw = "import numpy as np\ndef draw(): return [float(x) for x in np.random.rand(3)]"
    one, _ = run_code(sandbox, draw, preload=("numpy",))
    other, _ = run_code(sandbox, draw, preload=("numpy",))
    assert one.draw() != other.draw()


def test_a_worker_computes_in_one_thread(sandbox, run_code):
    """Lanes are what uses several cores."""
    source = """
    import torch
    def threads():
        a = torch.rand(1000, 1000, requires_grad=True)
        torch.nn.functional.conv2d((a @ a).view(1, 1, 1000, 1000), torch.rand(4, 1, 3, 3)).sum().backward()
        return torch.get_num_threads()
    """
    submission, remote = run_code(sandbox, source, preload=("torch",))
    assert submission.threads() == 1
    assert psutil.Process(remote._worker._process.pid).num_threads() == 1


def test_what_a_worker_ended_with_is_told(sandbox, run_code):
    submission, _ = run_code(
        sandbox, "import ctypes, os\ndef leave(): os._exit(3)\ndef crash(): ctypes.string_at(0)", preload=("ctypes",)
    )
    with pytest.raises(WorkerGone, match="exit status 3"):
        submission.leave()
    with pytest.raises(WorkerGone, match="crashed Python itself"):
        submission.crash()


def _family(running):
    """A zygote's workers, dead ones too, but not itself nor bubblewrap."""
    return [p for p in psutil.Process(running._process.pid).children(recursive=True) if "bwrap" not in p.name()][
        1 if running._folder is None else 0 :
    ]
