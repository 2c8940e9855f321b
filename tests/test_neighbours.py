"""What a worker does to its zygote, its neighbours and the next worker: nothing of it is noticed by any of them."""

import contextlib
import time

import psutil
import pytest

from autograder.errors import StudentError, WorkerGone
from autograder.sandbox import Limits, zygote


@pytest.fixture(scope="module")
def shared(sandbox):
    """A sandbox whose zygote is there for all acts: what one leaves, the neighbours of all later ones notice."""
    zygote.close_all()
    yield sandbox
    zygote.close_all()


HOSTILE = """
import ctypes, fcntl, mmap, os, resource, signal, tempfile, threading, time
libc = ctypes.CDLL(None, use_errno=True)
kept = []

def must(result):
    if result < 0: raise OSError(ctypes.get_errno(), "refused")

def kill_parent(): os.kill(os.getppid() or 1, signal.SIGKILL)
def kill_group(): os.kill(0, signal.SIGKILL)
def kill_all(): os.kill(-1, signal.SIGKILL)
def kill_neighbours():
    for pid in range(1, 40000):
        if pid != os.getpid():
            try: os.kill(pid, signal.SIGKILL)
            except OSError: pass
def trace_parent(): must(libc.ptrace(16, os.getppid() or 1, 0, 0))
def leave_shared_memory(): must(libc.shmget(42, 4096, 0o1666))
def leave_process():
    if os.fork() == 0: time.sleep(1000)
def leave_files():
    for folder in ("/tmp", "/dev/shm", "/var/tmp", os.path.expanduser("~")):
        try: open(folder + "/left_behind", "w").write("x")
        except OSError: pass
def lock_files():
    for folder in ("/tmp", "/dev/shm", "."):
        try: fcntl.flock(open(folder + "/lock", "w"), fcntl.LOCK_EX)
        except OSError: pass
def set_alarm(): signal.setitimer(signal.ITIMER_REAL, 0.2)
def fill_memory():
    kept = []
    while True: kept.append(bytearray(1 << 20)); kept[-1][::4096] = b"x" * 256
def write_modules():
    import numpy
    open(numpy.__file__, "a").write("raise SystemExit")
def lower_limits(): resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
def trace_neighbours():
    traced = [pid for pid in range(1, 40000) if pid != os.getpid() and libc.ptrace(0x4206, pid, 0, 0) == 0]
    assert traced, "refused"
def signal_by_a_file():
    reading, writing = os.pipe()
    for pid in range(1, 40000):
        if pid != os.getpid():
            try:
                fcntl.fcntl(reading, 8, pid)  # F_SETOWN
                fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
                os.write(writing, b"x"); os.read(reading, 1)
            except OSError: pass
def leave_timer():
    timer = ctypes.c_void_p()
    must(libc.timer_create(0, None, ctypes.byref(timer)))
    must(libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 100_000_000, 0, 200_000_000), None))
def leave_semaphore(): must(libc.semget(42, 1, 0o1666))
def leave_queue(): must(libc.msgget(42, 0o1666))
def lock_modules():
    import numpy
    kept.append(open(numpy.__file__)); fcntl.flock(kept[-1], fcntl.LOCK_EX)
def slow_neighbours():
    assert [pid for pid in range(1, 40000) if pid != os.getpid() and libc.setpriority(0, pid, 19) == 0], "refused"
def limit_neighbours():
    for pid in range(1, 40000):
        if pid != os.getpid():
            try: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0))
            except OSError: pass
def parents_files(): return os.listdir(f"/proc/{os.getppid() or 1}/fd")
"""

ACTS = [
    "kill_parent", "kill_group", "kill_all", "kill_neighbours", "trace_parent", "leave_shared_memory", "leave_process",
    "leave_files", "lock_files", "set_alarm", "fill_memory", "write_modules", "lower_limits", "parents_files",
    "trace_neighbours", "signal_by_a_file", "leave_timer", "leave_semaphore", "leave_queue", "lock_modules",
    "slow_neighbours", "limit_neighbours",
]  # fmt: skip

NEIGHBOUR = """
import ctypes, fcntl, numpy, os
state = []
def can_lock():
    try: fcntl.flock(open(numpy.__file__), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError: return False
    return True
def notice():
    state.append(1)
    found = [f for f in ("/tmp/left_behind", "/dev/shm/left_behind", "/var/tmp/left_behind") if os.path.exists(f)]
    try: fcntl.flock(open("/tmp/lock", "w"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except PermissionError: pass
    libc = ctypes.CDLL(None)
    if libc.shmget(42, 0, 0) >= 0: found.append("shared memory")
    if libc.semget(42, 0, 0) >= 0: found.append("a semaphore")
    if libc.msgget(42, 0) >= 0: found.append("a queue")
    return len(state), found
"""


@pytest.mark.parametrize("act", ACTS)
def test_no_neighbour_notices(shared, run_code, act):
    """Neither one that runs at the same time, nor one that is forked afterwards from the same zygote."""
    limits = Limits(memory_mb=512)
    beside, its_remote = run_code(shared, NEIGHBOUR, preload=("numpy",))
    assert tuple(beside.notice()) == (1, [])
    [before] = zygote._running.values()
    hostile, remote = run_code(shared, HOSTILE, limits=limits, preload=("numpy",))
    with contextlib.suppress(StudentError, WorkerGone) if act in MAY_RETURN else pytest.raises(REFUSED):
        getattr(hostile, act)()
    assert tuple(beside.notice()) == (2, [])
    assert psutil.Process(its_remote._worker._process.pid).nice() == psutil.Process().nice()
    remote.__exit__()
    after, _ = run_code(shared, NEIGHBOUR, preload=("numpy",))
    assert tuple(after.notice()) == (1, []) and after.can_lock()
    assert list(zygote._running.values()) == [before] and before.is_alive
    assert _descendants(before) == 2, "the hostile worker, and what it started, is gone"


REFUSED = (StudentError, WorkerGone)
# These do something to the worker's own, or to nobody: in a PID namespace of its own it has no parent.
MAY_RETURN = {
    "kill_parent", "kill_neighbours", "leave_files", "lock_files", "set_alarm", "lower_limits", "parents_files",
    "signal_by_a_file", "lock_modules", "limit_neighbours",
}  # fmt: skip


def _descendants(running):
    """Workers of a zygote that are still there."""
    for _ in range(50):
        found = [p for p in psutil.Process(running._process.pid).children(recursive=True) if p.status() != "zombie"]
        workers = [p for p in found if not p.children() and "bwrap" not in p.name()]
        if len(workers) <= 2:
            break
        time.sleep(0.1)
    return len(workers)
