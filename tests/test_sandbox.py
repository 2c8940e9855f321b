"""What student code can't do: each with a real worker in a real sandbox, of either kind."""

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from autograder.assignment import TimeLimits
from autograder.errors import BadClaim, SandboxUnavailable, StudentError, TimedOut, UsageError, WorkerGone
from autograder.sandbox import Limits, choose, zygote
from autograder.sandbox.base import can_be_read_by_anybody, python_folders

ROOT = Path(__file__).resolve().parent.parent

READ = """
import os
def read(path):
    if os.path.isdir(path):
        return os.listdir(path)
    with open(path, "rb") as file:
        return file.read(100)
"""


def is_hidden(submission, path):
    try:
        return submission.read(str(path)) == []
    except StudentError as error:
        return error.is_a("OSError")


def test_hidden_files_are_out_of_sight(sandbox, run_code, tmp_path):
    """The graders, the hidden images, the project, a system-wide copy of the data, home, other submissions."""
    other = tmp_path / "other_student.py"
    other.write_text("answer = 42")
    submission, _ = run_code(sandbox, READ)
    secrets = [
        ROOT / "solutions",
        ROOT / "solutions/cnn/graders/test_q1.py",
        ROOT / "solutions/cnn/graders/key",
        ROOT / "solutions/cnn/hidden/FashionMNIST/raw/t10k-labels-idx1-ubyte",
        ROOT / "tests",
        ROOT / "pyproject.toml",
        ROOT / ".git",
        ROOT / "autograder/grading/session.py",
        other,
        "/usr/share/datasets",
        "/usr/share",
        "/etc/passwd",
        "/etc/hostname",
        "/var",
        f"/proc/{os.getpid()}/environ",
        f"/proc/{os.getpid()}/cmdline",
    ]
    assert [str(path) for path in secrets if not is_hidden(submission, path)] == []
    # The test would pass for nothing if reading failed for everything.
    assert submission.read(os.__file__).startswith(b'r"""OS routines')


def test_home_is_out_of_sight(sandbox, run_code):
    """The one thing of a home that may show is the way to Python, where it lives there."""
    submission, _ = run_code(sandbox, READ)
    visible = set()
    try:
        visible = set(submission.read(str(Path.home())))
    except StudentError:
        pass
    way = {part for path in (sys.base_prefix, sys.prefix, str(ROOT)) for part in Path(path).parts}
    assert visible <= way
    assert is_hidden(submission, Path.home() / ".bashrc")


def test_the_student_s_own_files_are_there_and_can_t_be_changed(strongest, run_code, tmp_path):
    helper = tmp_path / "helper.py"
    helper.write_text("value = 7\n")
    submission, _ = run_code(
        strongest,
        """
        from helper import value
        def overwrite():
            open("helper.py", "w").write("value = 8")
        def save():
            open("best.pt", "w").write("weights")
            return open("best.pt").read()
        """,
        files={"helper.py": helper},
    )
    assert submission.value == 7
    assert submission.save() == "weights"
    with pytest.raises(StudentError, match="Read-only"):
        submission.overwrite()


def test_changes_to_a_copy_reach_nobody(run_code, tmp_path):
    """Landlock has no private file system: there each worker has copies of its own."""
    helper = tmp_path / "helper.py"
    helper.write_text("value = 7\n")
    landlock = choose("landlock")
    submission, remote = run_code(
        landlock, "def overwrite():\n    open('helper.py', 'w').write('value = 8')", files={"helper.py": helper}
    )
    submission.overwrite()
    assert helper.read_text() == "value = 7\n"
    folder = remote._worker._started.scratch
    assert folder.exists()
    remote.__exit__()
    assert not folder.exists()


NETWORK = """
import socket
def tcp(port): return socket.create_connection(("127.0.0.1", port), timeout=3)
def udp(port): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))
def abstract(name): s = socket.socket(socket.AF_UNIX); s.connect("\\0" + name)
def raw(): return socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
def resolve(): return socket.getaddrinfo("localhost", 80)[0][4][0] + str(socket.create_connection(("localhost", 80)))
"""


def test_no_network(sandbox, run_code):
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind("\0autograder-test")
        unix.listen()
        submission, _ = run_code(sandbox, NETWORK)
        port = tcp.getsockname()[1]
        for attempt in (
            lambda: submission.tcp(port),
            lambda: submission.udp(port),
            lambda: submission.abstract("autograder-test"),
            submission.raw,
            submission.resolve,
        ):
            with pytest.raises(StudentError) as caught:
                attempt()
            assert caught.value.is_a("OSError")


def test_no_other_process(sandbox, run_code):
    """No fork, no program, no signal to anybody, no tracing, no limits for others."""
    submission, _ = run_code(
        sandbox,
        """
        import ctypes, multiprocessing, os, resource, signal, subprocess, threading
        def fork(): return os.fork()
        def vfork(): return subprocess.run(["/bin/true"])
        def spawn(): return os.posix_spawn("/bin/true", ["true"], {})
        def kill(pid): os.kill(pid, signal.SIGKILL)
        def limit(pid): return resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0))
        def trace(pid):
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.ptrace(16, pid, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "ptrace")
        def outlive():
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.prctl(1, 0, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")
        def unshare():
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.unshare(0x10000000) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
        def threads():
            found = []
            one = threading.Thread(target=found.append, args=(1,)); one.start(); one.join()
            return found
        def abort(): os.abort()
        first = os.getpid() == 1
        """,
    )
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        attempts = {
            "fork": submission.fork,
            "vfork": submission.vfork,
            "spawn": submission.spawn,
            "kill its group": lambda: submission.kill(0),
            "kill all": lambda: submission.kill(-1),
            "kill 1": lambda: submission.kill(2 if submission.first else 1),  # itself, in a PID namespace of its own
            "kill a bystander": lambda: submission.kill(bystander.pid),
            "kill the grader": lambda: submission.kill(os.getpid()),
            "limit the grader": lambda: submission.limit(os.getpid()),
            "trace a bystander": lambda: submission.trace(bystander.pid),
            "outlive the grader": submission.outlive,
            "unshare": submission.unshare,
        }
        for name, attempt in attempts.items():
            with pytest.raises(StudentError) as caught:
                attempt()
            assert caught.value.is_a("OSError"), name
        assert submission.threads() == [1]
        assert bystander.poll() is None
        with pytest.raises(WorkerGone, match="Aborted|Segmentation fault"):  # the first process of a PID namespace
            submission.abort()
    finally:
        bystander.kill()
        bystander.wait()


def test_nothing_of_the_grader_is_passed_on(sandbox, run_code, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    # A descriptor that could be inherited must not be.
    leaked = os.open(__file__, os.O_RDONLY)
    os.set_inheritable(leaked, True)
    try:
        submission, _ = run_code(
            sandbox,
            """
            import os
            environment = dict(os.environ)
            def descriptors():
                kept = []
                for number in range(3, 256):
                    try:
                        kept.append(os.fstat(number).st_mode & 0o170000)
                    except OSError:
                        pass
                return kept
            def environ_of(pid): return open(f"/proc/{pid}/environ").read()
            """,
        )
        assert "SECRET_TOKEN" not in submission.environment
        assert submission.descriptors() == [0o140000], "only the socket to the grader"
        for pid in (1, "self"):
            try:
                assert "hunter2" not in submission.environ_of(pid)
            except StudentError as error:
                assert error.is_a("OSError")
    finally:
        os.close(leaked)


def processes_of(remote):
    worker = psutil.Process(remote._worker._process.pid)
    return [worker, *worker.children(recursive=True)]


def all_gone(processes, seconds=5):
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def test_time_is_limited_and_nothing_outlives_it(sandbox, run_code):
    submission, remote = run_code(
        sandbox,
        """
        import threading, time
        def linger(): threading.Thread(target=time.sleep, args=(1000,)).start()
        def loop():
            while True: pass
        def sleep(): time.sleep(1000)
        """,
        times=TimeLimits(call=1),
    )
    for name in ("loop", "sleep"):
        submission.linger()
        processes = processes_of(remote)
        before = remote.seconds_used()
        with pytest.raises(TimedOut, match=f"`{name}.*1 seconds"):
            getattr(submission, name)()
        assert 1 < remote.seconds_used() - before < 5
        assert all_gone(processes)


def test_a_drip_of_bytes_gains_no_time(sandbox, run_code):
    """The worker's own loop is untrusted too: here it is replaced by one that sends a byte now and then."""
    submission, remote = run_code(
        sandbox,
        """
        import os, struct, time
        def drip():
            fd = next(n for n in range(3, 256) if os.path.exists(f"/proc/self/fd/{n}") or _is_socket(n))
            frame = struct.pack(">4sIQ", b"TAG1", 1000, 0)
            for byte in frame + b" " * 1000:
                os.write(fd, bytes([byte])); time.sleep(0.2)
        def _is_socket(n):
            try: return os.fstat(n).st_mode & 0o170000 == 0o140000
            except OSError: return False
        """,
        times=TimeLimits(call=1.5),
    )
    _ = submission.drip
    before = remote.seconds_used()
    with pytest.raises(TimedOut):
        submission.drip()
    assert 1.5 < remote.seconds_used() - before < 5


def test_memory_is_limited(sandbox, run_code):
    limits = Limits(memory_mb=300)
    submission, _ = run_code(
        sandbox,
        """
        def at_once(): return len(bytearray(2 << 30))
        def in_pieces():
            kept = []
            while True: kept.append(bytearray(1 << 20))
        def ok(): return len(bytearray(50 << 20))
        """,
        limits=limits,
    )
    with pytest.raises(StudentError, match="MemoryError"):
        submission.at_once()
    with pytest.raises((StudentError, WorkerGone), match="MemoryError|300 MB"):
        submission.in_pieces()
    assert submission.ok() == 50 << 20, "a new worker serves the next check"


def test_processor_time_is_limited(sandbox, run_code):
    submission, _ = run_code(
        sandbox, "def loop():\n    while True: pass", limits=Limits(cpu_seconds=2), times=TimeLimits(call=30)
    )
    with pytest.raises(WorkerGone, match="2 seconds of processor time"):
        submission.loop()


def test_files_are_limited(sandbox, run_code):
    submission, remote = run_code(
        sandbox,
        """
        def one_large_file(folder):
            with open(folder + "/large", "wb") as file:
                for _ in range(200): file.write(bytes(1 << 20))
        def many_files(folder):
            for n in range(200):
                with open(f"{folder}/{n}", "wb") as file: file.write(bytes(1 << 20))
            import time; time.sleep(2)
        import os
        here = os.getcwd()
        """,
        limits=Limits(disk_mb=20),
    )
    full = r"File too large|No space left|20 MB|File size"
    for attempt in (submission.one_large_file, submission.many_files):
        with remote.public_inputs(), pytest.raises((StudentError, WorkerGone), match=full):
            attempt(submission.here)


LANDLOCK_GAPS = """
import fcntl, os, select, socket, ctypes, signal
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
    if result < 0: raise OSError(ctypes.get_errno(), "refused")
def datagrams(path):
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b"x", path)
def streams():
    one, other = socket.socketpair()
    one.send(b"x"); return other.recv(1)
def watch(path): check(libc.inotify_init1(0))
def own(pid):
    read, write = os.pipe()
    fcntl.fcntl(read, fcntl.F_SETOWN, pid)
def pin(pid): os.sched_setaffinity(pid, {0})
def xattr(path): os.setxattr(path, "user.x", b"1")
def chmod(path): os.chmod(path, 0o777)
def touch(path): os.utime(path, (1, 1))
def net(): return open("/proc/self/net/tcp").read()
def mounts(): return open("/proc/self/mountinfo").read()
"""


def test_what_landlock_does_not_cover_is_refused_by_the_filter(run_code, tmp_path):
    """Files' modes and times, watching, signals by descriptor, messages by path."""
    submission, _ = run_code(choose("landlock"), LANDLOCK_GAPS)
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o600)
    before = outside.stat()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.setblocking(False)
        attempts = {
            "datagrams": lambda: submission.datagrams(str(tmp_path / "socket")),
            "watch": lambda: submission.watch(str(tmp_path)),
            "own": lambda: submission.own(os.getpid()),
            "pin": lambda: submission.pin(os.getpid()),
            "xattr": lambda: submission.xattr(str(outside)),
            "net": submission.net,
            "mounts": submission.mounts,
        }
        for name, attempt in attempts.items():
            with pytest.raises(StudentError) as caught:
                attempt()
            assert caught.value.is_a("OSError"), name
        with pytest.raises(BlockingIOError):
            listening.recv(1)
    submission.chmod(str(outside))  # is said to succeed, so that shutil.copy works
    submission.touch(str(outside))
    assert (outside.stat().st_mode, outside.stat().st_mtime) == (before.st_mode, before.st_mtime)
    assert submission.streams() == b"x"


SYSTEM_CALLS = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    'The errno of a system call, 0 if it was done.'
    libc.syscall.restype = ctypes.c_long
    given = [ctypes.c_char_p(a.encode()) if isinstance(a, str) else ctypes.c_long(a) for a in arguments]
    return ctypes.get_errno() if libc.syscall(ctypes.c_long(number), *given) == -1 else 0
def on_file(number, *arguments):
    with open(__file__ if "__file__" in globals() else os.__file__) as file:
        return call(number, file.fileno(), *arguments)
def on_socket(number, *arguments):
    one, other = socket.socketpair()
    return call(number, one.fileno(), *arguments)
"""
# By their numbers on x86-64 and aarch64. What does not depend on arguments gets some that would do no harm.
NEVER = {
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197), "semget": (64, 190),
    "semop": (65, 193), "semctl": (66, 191), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "statmount": (457, 457), "listmount": (458, 458),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "execve": (59, 221), "execveat": (322, 281),
    "sendmsg": (46, 211), "recvmsg": (47, 212), "sendmmsg": (307, 269), "socket": (41, 198), "accept": (43, 202),
    "setsockopt": (54, 208), "splice": (275, 76), "tee": (276, 77), "vmsplice": (278, 75), "sync": (162, 81),
    "syncfs": (306, 267), "sync_file_range": (277, 84), "truncate": (76, 45), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_setup": (206, 0),
    "ptrace": (101, 117), "kcmp": (312, 272), "process_vm_readv": (310, 270), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "unshare": (272, 97), "setns": (308, 268),
    "mount": (165, 40), "open_tree": (428, 428), "fsopen": (430, 430), "chroot": (161, 51), "mknodat": (259, 33),
    "seccomp": (317, 277), "landlock_create_ruleset": (444, 444), "bpf": (321, 280), "userfaultfd": (323, 282),
    "perf_event_open": (298, 241), "keyctl": (250, 219), "personality": (135, 92), "fanotify_init": (300, 262),
    "inotify_init1": (294, 26), "timer_create": (222, 107), "signalfd4": (289, 74), "setsid": (112, 157),
    "setpgid": (109, 154), "setpriority": (141, 140), "sched_setattr": (314, 274), "sched_setscheduler": (144, 119),
    "setresuid": (117, 147), "capset": (126, 91), "setfsuid": (122, 151), "mlock": (149, 228), "mlockall": (151, 230),
    "pkey_alloc": (330, 289), "quotactl": (179, 60), "swapon": (167, 224), "reboot": (169, 142), "acct": (163, 89),
    "syslog": (103, 116), "lookup_dcookie": (212, 18), "openat2": (437, 437), "file_setattr": (469, 469),
    "a call of the future": (490, 490),
}  # fmt: skip


def test_system_calls_that_nobody_needs_are_refused(sandbox, run_code):
    """Whatever is not in the list: shared memory of System V, mounts, other programs, new calls that we don't know."""
    submission, _ = run_code(sandbox, SYSTEM_CALLS)
    column = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
    answers = {name: submission.call(numbers[column]) for name, numbers in NEVER.items() if numbers[column]}
    unavailable = {errno.EPERM, errno.ENOSYS}
    assert {name: errno.errorcode.get(found) for name, found in answers.items() if found not in unavailable} == {}
    # libc asks for new calls first, and goes on with older ones only if there are no such calls.
    assert {answers[name] for name in ("openat2", "a call of the future")} == {errno.ENOSYS}


def test_system_calls_are_judged_by_their_arguments(sandbox, run_code):
    submission, _ = run_code(sandbox, SYSTEM_CALLS)
    column = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
    numbers = {
        "clone": (56, 220), "clone3": (435, 435), "fcntl": (72, 25), "ioctl": (16, 29), "prctl": (157, 167),
        "openat": (257, 56), "getsockopt": (55, 209), "kill": (62, 129), "fork": (57, 220),
    }  # fmt: skip
    clone, clone3, fcntl, ioctl, prctl, openat, getsockopt, kill, fork = (pair[column] for pair in numbers.values())
    thread = 0x3D0F00
    refused = {
        "a process": submission.call(clone, 17),
        "a fork": submission.call(fork, 17),
        "a thread with its own open files": submission.call(clone, thread & ~0x400),
        "a thread in other namespaces": submission.call(clone, thread | 0x10000000),
        "watching a folder": submission.on_file(fcntl, 1026, 0x80000004),
        "a lease": submission.on_file(fcntl, 1024, 1),
        "a signal's owner": submission.on_file(fcntl, 8, os.getpid()),
        "cloning a file": submission.on_file(ioctl, 0x40049409, 0),
        "flags of a file": submission.on_file(ioctl, 0x80086601, 0),
        "typing into a terminal": submission.on_file(ioctl, 0x5412, 0),
        "dying later": submission.call(prctl, 1, 0),
        "being traced": submission.call(prctl, 0x59616D61, -1),
        "the process at the other end": submission.on_socket(getsockopt, 1, 77, 0, 0),
        "emptying what can be read": submission.call(openat, -100, os.__file__, os.O_RDONLY | os.O_TRUNC),
        "a signal to all": submission.call(kill, -1, 0),
    }
    assert {name: errno.errorcode.get(found) for name, found in refused.items() if found != errno.EPERM} == {}
    assert submission.call(clone3, 0, 0) == errno.ENOSYS, "so that libc makes threads by clone, which can be judged"
    assert os.stat(os.__file__).st_size > 0


def test_what_notebooks_do_is_allowed(sandbox, run_code):
    typical = (Path(__file__).parent / "typical.py").read_text()
    submission, _ = run_code(sandbox, typical, preload=("torch",), times=TimeLimits(cell=120, call=300))
    assert submission.run() == []


SETTINGS = """
import os
def can_write(path):
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError:
        return False
    return True
def found(top): return [path for folder, _, names in os.walk(top) for path in
    (os.path.join(folder, name) for name in names) if can_write(path)]
user = os.getuid()
"""


def user_outside(remote):
    """As whom this machine knows a worker."""
    return processes_of(remote)[-1].uids().real


def test_no_setting_of_the_kernel_can_be_written(sandbox, run_code):
    submission, _ = run_code(sandbox, SETTINGS)
    assert not submission.can_write("/proc/sys/kernel/core_pattern")
    assert not submission.can_write("/proc/sysrq-trigger")
    assert submission.found("/proc/sys") == submission.found("/sys") == []


def test_a_worker_is_not_root_outside_its_sandbox(run_code, strongest):
    """Where somebody else than root can read Python, which may lie in root's home: bubblewrap shows the way."""
    submission, remote = run_code(strongest, SETTINGS)
    inside, outside, layers = submission.user, user_outside(remote), remote._worker.layers
    assert inside != 0
    if os.getuid() != 0:
        assert outside == os.getuid()
        assert "as root" not in layers and "a user of its own" not in layers
    else:
        assert (outside == 0) == ("as root" in layers)
        assert ("a user of its own" in layers) == can_be_read_by_anybody(way=False)
    other, elsewhere = run_code(strongest, SETTINGS)
    assert other.user == inside or user_outside(elsewhere) != outside, "nor is it another worker's user"


def test_where_only_root_can_read_what_a_worker_needs_it_says_so_and_can_set_no_kernel_either(
    run_code, strongest, tmp_path
):
    private = tmp_path / "helper.py"
    private.write_text("value = 7\n")
    private.chmod(0o600)
    submission, remote = run_code(strongest, SETTINGS, "from helper import value", files={"helper.py": private})
    assert submission.value == 7
    assert user_outside(remote) == os.getuid()
    assert ("as root" in remote._worker.layers) == (os.getuid() == 0)
    assert submission.found("/proc/sys") == submission.found("/sys") == []


@pytest.mark.parametrize("is_private", [False, True], ids=["a user of its own", "a user namespace of its own"])
def test_no_right_of_root_s_is_left(sandbox, run_code, tmp_path, is_private):
    """Nor all of them in a user namespace of its own, which whoever makes one has."""
    read = tmp_path / "read.txt"
    read.touch(0o600 if is_private else 0o644)
    submission, remote = run_code(
        sandbox, "rights = [l.split() for l in open('/proc/self/status') if l[:3] == 'Cap']", files={"read.txt": read}
    )
    assert {name: int(held, 16) for name, held in submission.rights if name != "CapBnd:"} == dict.fromkeys(
        ("CapInh:", "CapPrm:", "CapEff:", "CapAmb:"), 0
    )
    assert os.getuid() != 0 or "no capabilities" in remote._worker.layers


def test_files_in_folders_are_found_whatever_the_grader_s_umask_is(sandbox, run_code, tmp_path):
    """A worker may be another user, for whom folders that are made for the grader alone are closed."""
    data = tmp_path / "values.txt"
    data.write_text("7")
    data.chmod(0o644)
    before = os.umask(0o077)
    zygote.close_all()
    try:
        reads = "value = int(open('data/raw/values.txt').read())"
        submission, _ = run_code(sandbox, reads, files={"data/raw/values.txt": data})
        assert submission.value == 7
    finally:
        os.umask(before)
        zygote.close_all()


def test_files_may_lie_where_nothing_may_be_executed(make_assignment, tmp_path):
    """In a user namespace, what is mounted `noexec` outside can't be mounted otherwise."""
    assignment = make_assignment(
        {
            "test_q1.py": """
            from autograder import points
            @points(1, "Reads its data")
            def test_reads(submission):
                assert submission.value == 7
            """
        }
    )
    (assignment.folder / "data").mkdir()
    (assignment.folder / "data" / "values.txt").write_text("7")
    with (assignment.folder / "assignment.toml").open("a") as settings:
        settings.write('files = ["data"]\n')
    hand_in = tmp_path / "a.py"
    hand_in.write_text("value = int(open('data/values.txt').read())")
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    steps = 'mount -t tmpfs -o noexec none "$1" && cp -r "$2/." "$1" && shift 2 && exec "$@"'
    grading = [sys.executable, "-m", "autograder", "grade", mounted, hand_in, "-o", tmp_path / "out"]
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", steps, "sh", mounted, assignment.folder]
    command += [*grading, "--sandbox", "bubblewrap"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    assert "1 of 1" in done.stdout, done.stdout + done.stderr


def test_root_s_worker_is_another_user_behind_landlock_where_python_is_open_to_all(make_assignment, tmp_path):
    """A real `autograder grade` where Python and the project are in nobody's home; its folder is swept all the same."""
    assignment = make_assignment(
        {
            "test_q1.py": """
            from autograder import points
            @points(1, "Knows who it is")
            def test_user(submission):
                assert submission.user not in (0, submission.owner), "it is root"
            """
        }
    )
    tmp_path.chmod(0o755)
    hand_in = tmp_path / "a.py"
    hand_in.write_text(f"import os\nuser = os.getuid() or -{os.getuid()}\nowner = os.stat('/').st_uid\nopen('x', 'w')")
    out = tmp_path / "out"
    grading = [sys.executable, "-m", "autograder", "grade", assignment.folder, hand_in, "-o", out]
    command = [*in_public([*python_folders(), ROOT, tmp_path]), *grading, "--sandbox", "landlock"]
    temporary = tmp_path / "temporary"
    temporary.mkdir(mode=0o755)
    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = (json.loads(path.read_text()) for path in (out / "results").iterdir())
    if os.getuid() == 0:
        assert "a user of its own" in result["extra_data"]["confinement"]
        assert result["score"] == 1
    assert "as root" not in result["extra_data"]["confinement"]
    assert list(temporary.iterdir()) == []


def in_public(paths):
    """What to put before a command, so that the ways to these folders are open to everybody."""
    closed = {folder for path in paths for folder in path.parents if not folder.stat().st_mode & 0o001}
    tops = [folder for folder in sorted(closed) if not closed & set(folder.parents)]
    covered = [argument for folder in tops for argument in ("--perms", "0755", "--tmpfs", str(folder))]
    shown = [
        argument
        for path in sorted(paths)
        if closed & set(path.parents)
        for argument in ("--perms", "0755", "--dir", str(path.parent), "--bind", str(path), str(path))
    ]
    return ["bwrap", "--dev-bind", "/", "/", *covered, *shown, "--"]


@pytest.mark.parametrize("name", ["bubblewrap", "landlock"])
def test_a_worker_that_can_write_what_it_must_not_is_never_given_code(name, run_code):
    """A file that can be written in every sandbox stands for the kernel's settings."""
    sandbox = choose(name)
    sandbox.unwritable = (*sandbox.unwritable, "/dev/null")
    submission, _ = run_code(sandbox, "x = 1")
    with pytest.raises(SandboxUnavailable, match="/dev/null can be written from inside"):
        _ = submission.x


TRICKY_FILES = """
import ctypes, os, time
def deep():
    for _ in range(3000):
        os.mkdir("d"); os.chdir("d")
    time.sleep(5)
def unlinked():
    kept = []
    for n in range(40):
        file = open(str(n), "wb"); os.unlink(str(n)); file.write(bytes(1 << 20)); file.flush(); kept.append(file)
    time.sleep(5)
def unlinked_and_mapped():
    "No descriptor and no name shows it, but the memory of the process."
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    for n in range(40):
        file = open(str(n), "w+b"); file.write(bytes(1 << 20)); file.flush()
        assert libc.mmap(None, ctypes.c_size_t(4096), 1, 2, file.fileno(), ctypes.c_long(0)) != -1
        os.unlink(str(n)); file.close()
    time.sleep(5)
def written_through_memory():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    for n in range(40):
        file = open(str(n), "w+b"); file.truncate(1 << 20)
        address = libc.mmap(None, ctypes.c_size_t(1 << 20), 3, 1, file.fileno(), ctypes.c_long(0))
        assert address is not None and address != -1
        ctypes.memset(address, 1, 1 << 20)
        os.unlink(str(n)); file.close()
    time.sleep(5)
def headless():
    "Of a process whose main thread has ended, the kernel shows no memory and no files; others answer in its place."
    import threading
    def fill():
        time.sleep(0.2)
        kept = [open(str(n), "wb") for n in range(40)]
        for n, file in enumerate(kept): os.unlink(str(n)); file.write(bytes(1 << 20)); file.flush()
        time.sleep(20)
    threading.Thread(target=fill).start()
    ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
def many():
    for n in range(60_000): open(str(n), "w").close()
    time.sleep(5)
"""


@pytest.mark.parametrize(
    "trick", ["deep", "unlinked", "unlinked_and_mapped", "written_through_memory", "headless", "many"]
)
def test_files_can_t_be_hidden_from_the_count(sandbox, run_code, trick):
    limits = Limits(disk_mb=20, files=2000)
    submission, remote = run_code(sandbox, TRICKY_FILES, limits=limits, times=TimeLimits(call=60))
    words = r"2,000 files|of files|No space left|File name too long|Bus error|ended its main thread"
    with pytest.raises((StudentError, WorkerGone), match=words):
        getattr(submission, trick)()
    remote.__exit__()


def test_no_place_is_writable_without_limit(run_code, strongest):
    submission, _ = run_code(
        strongest,
        """
        import os
        def writable():
            found = []
            for folder, folders, _ in os.walk("/"):
                folders[:] = [f for f in folders if folder != "/" or f not in ("proc", "sys")]
                try:
                    open(folder + "/new", "w").close()
                    found.append(folder)
                except OSError:
                    pass
            return found
        def room(folder):
            s = os.statvfs(folder); return s.f_blocks * s.f_frsize
        def device(folder): return os.stat(folder).st_dev
        """,
    )
    found = submission.writable()
    limited = {"/dev/shm", "/home/student", "/tmp"}
    assert limited <= set(found)
    # The way to a Python or a project below /tmp shows there, and is in the same limited file system.
    assert {submission.device(folder) for folder in found} == {submission.device(folder) for folder in limited}
    assert all(submission.room(folder) <= 256 << 20 for folder in limited)


def test_threads_are_limited(sandbox, run_code):
    submission, _ = run_code(
        sandbox,
        """
        import threading, time
        def bomb():
            threading.stack_size(65536)
            for _ in range(5000): threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
            time.sleep(5)
        """,
    )
    with pytest.raises((StudentError, WorkerGone), match="start new thread|64 threads"):
        submission.bomb()


def test_output_is_bounded(sandbox, run_code):
    submission, _ = run_code(
        sandbox,
        """
        import sys
        def chatter():
            for _ in range(20000): sys.stderr.write("x" * 1000); print("y" * 1000)
        def large(): return b"x" * (300 << 20)
        def wide(): return list(range(1_000_000))
        """,
    )
    submission.chatter()  # as long as nobody reads it, a pipe would be full and block
    for attempt in (submission.large, submission.wide):
        with pytest.raises(BadClaim, match="too large|items"):
            attempt()


def test_a_worker_that_can_read_what_it_must_not_is_never_given_code(tmp_path, run_code):
    secret = tmp_path / "solutions"
    secret.mkdir()
    (secret / "key").write_text("secret")
    for name in ("bubblewrap", "landlock"):
        # Its own Python is what a sandbox has to show: as a forbidden path it stands for a hole.
        sandbox = choose(name, forbidden=(secret, Path(os.__file__)))
        submission, _ = run_code(sandbox, "x = 1")
        with pytest.raises(SandboxUnavailable, match="can be read from inside"):
            _ = submission.x


def test_no_sandbox_only_when_asked_for_by_name(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")  # no bubblewrap
    monkeypatch.setattr("autograder.worker.confine.landlock_version", lambda: 0)  # a kernel without it can't be had
    with pytest.raises(SandboxUnavailable, match="--sandbox none"):
        choose("auto")
    assert choose("none").name == "none"
    with pytest.raises(UsageError, match="no sandbox called"):
        choose("docker")


@pytest.fixture
def within_one_namespace():
    """What to put before a command, for bubblewrap to get a user namespace, and what it starts to get none."""
    limit = 'echo 1 > /proc/sys/user/max_user_namespaces && exec "$@"'
    namespaces = ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"]
    return ["unshare", *namespaces, "sh", "-c", limit, "sh"]


@pytest.mark.parametrize("refusing", ["without_namespaces", "within_one_namespace"])
def test_where_namespaces_are_refused_the_next_best_is_used(make_assignment, request, refusing, tmp_path):
    """A real `autograder grade` below a filter like an ordinary container's, or where workers may not have their own.

    So it is on an Ubuntu whose AppArmor allows bubblewrap, and nothing that it starts, to make them.
    """
    assignment = make_assignment(
        {
            "test_q1.py": """
            from autograder import points
            @points(1, "Adds")
            def test_adds(submission):
                assert submission.add(2, 3) == 5, "add(2, 3) is 5"
            """
        }
    )
    hand_in = tmp_path / "a.py"
    hand_in.write_text("def add(a, b): return a + b")
    grading = [sys.executable, "-m", "autograder", "grade", assignment.folder, hand_in, "-o", tmp_path / "out"]
    command = [*request.getfixturevalue(refusing), *grading]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sandbox: landlock" in done.stdout
    assert "1 of 1" in done.stdout
