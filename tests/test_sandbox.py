"""What student code can't do: each with a real worker in a real sandbox, of either kind."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autograder.assignment import TimeLimits
from autograder.errors import BadClaim, SandboxUnavailable, StudentError, TimedOut, UsageError, WorkerGone
from autograder.sandbox import Limits, choose

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
        ROOT / "autograder/plugin.py",
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
            "kill 1": lambda: submission.kill(1),
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
        with pytest.raises(WorkerGone, match="Aborted"):
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
        began = time.monotonic()
        with pytest.raises(TimedOut, match=f"`{name}.*1 seconds"):
            getattr(submission, name)()
        assert time.monotonic() - began < 10
        assert all_gone(processes)


def test_a_drip_of_bytes_gains_no_time(sandbox, run_code):
    """The worker's own loop is untrusted too: here it is replaced by one that sends a byte now and then."""
    submission, _ = run_code(
        sandbox,
        """
        import os, struct, time
        def drip():
            fd = next(n for n in range(3, 256) if os.path.exists(f"/proc/self/fd/{n}") or _is_socket(n))
            frame = struct.pack(">4sIQ", b"TAG1", 1000, 0)
            for byte in frame + b" " * 1000:
                os.write(fd, bytes([byte])); time.sleep(0.05)
        def _is_socket(n):
            try: return os.fstat(n).st_mode & 0o170000 == 0o140000
            except OSError: return False
        """,
        times=TimeLimits(call=1.5),
    )
    began = time.monotonic()
    with pytest.raises(TimedOut):
        submission.drip()
    assert time.monotonic() - began < 10


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
    submission, _ = run_code(
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
    for attempt in (submission.one_large_file, submission.many_files):
        with pytest.raises((StudentError, WorkerGone), match=r"File too large|No space left|20 MB|File size"):
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


TRICKY_FILES = """
import os, time
def deep():
    for _ in range(3000):
        os.mkdir("d"); os.chdir("d")
    time.sleep(5)
def unlinked():
    kept = []
    for n in range(40):
        file = open(str(n), "wb"); os.unlink(str(n)); file.write(bytes(1 << 20)); file.flush(); kept.append(file)
    time.sleep(5)
def many():
    for n in range(60_000): open(str(n), "w").close()
    time.sleep(5)
"""


@pytest.mark.parametrize("trick", ["deep", "unlinked", "many"])
def test_files_can_t_be_hidden_from_the_count(sandbox, run_code, trick):
    limits = Limits(disk_mb=20, files=2000)
    submission, remote = run_code(sandbox, TRICKY_FILES, limits=limits, times=TimeLimits(call=60))
    with pytest.raises((StudentError, WorkerGone), match=r"2,000 files|of files|No space left|File name too long"):
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
        """,
    )
    found = submission.writable()
    assert set(found) == {"/dev/shm", "/home/student", "/tmp"}
    assert all(submission.room(folder) <= 256 << 20 for folder in found)


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
    submission, remote = run_code(
        sandbox,
        """
        import sys
        def chatter():
            for _ in range(20000): sys.stderr.write("x" * 1000); print("y" * 1000)
        def large(): return b"x" * (300 << 20)
        def wide(): return list(range(1_000_000))
        """,
    )
    submission.chatter()
    assert len(remote._worker._stderr) <= 4096
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


def test_where_namespaces_are_refused_the_next_best_is_used(make_assignment, without_namespaces, tmp_path):
    """A real `autograder grade` below a filter like an ordinary container's."""
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
    command = [*without_namespaces, *grading]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sandbox: landlock" in done.stdout
    assert "1 of 1" in done.stdout
