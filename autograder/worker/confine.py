"""What a process can do to confine itself: resource limits, Landlock and a seccomp filter.

Each step is one way: it can't be undone by this process or by anything that it starts. Linux only, on x86-64
and aarch64, through ctypes, since the standard library has no names for these calls.

The seccomp filter allows what Python, NumPy and PyTorch need, and nothing else: no new process, so that killing the
worker ends all that it started, whatever confinement surrounds it; no socket, no tracing, no namespaces, no signal to
anybody else, no memory or queue that others could share.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Iterable, Sequence

_libc = ctypes.CDLL(None, use_errno=True)


class ConfinementError(Exception):
    """A layer that was asked for could not be put in force."""


# --- resource limits ------------------------------------------------------------------------------------------


def limit_resources(limits: dict[str, int]) -> None:
    """Set hard and soft limits, by the name after ``RLIMIT_``: ``{"CPU": 60}``.

    The hard limit of processor time comes a second later: at the soft one a process ends by SIGXCPU, which tells it
    from one that was killed. One that ignores that signal is killed.
    """
    for name, value in limits.items():
        hard = value + 1 if name == "CPU" else value
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, hard))


def lift_limits() -> None:
    """Lift what the grader may use for one submission: its processor time and its data, which a child inherits."""
    for number in (resource.RLIMIT_CPU, resource.RLIMIT_DATA):
        hard = resource.getrlimit(number)[1]
        resource.setrlimit(number, (hard, hard))


def limit_address_space(extra: int) -> None:
    """Allow ``extra`` bytes of address space beyond what is mapped now.

    A fixed ceiling does not work: a CUDA build of PyTorch maps many gigabytes on import, a CPU build one.
    """
    with open("/proc/self/statm", encoding="ascii") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    limit_resources({"AS": mapped + extra})


# --- capabilities ---------------------------------------------------------------------------------------------

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 24, 38, 22
_PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_VMA = 4, 15, 0x53564D41
_CAPABILITY_VERSION_3 = 0x20080522


def die_with(parent: int | None) -> None:
    """Have the kernel kill this process when its parent dies, and check that it has not died yet.

    ``parent`` is None where it can't be seen, from within a PID namespace. That ends with it anyway.
    """
    _prctl(_PR_SET_PDEATHSIG, 9)
    if parent is not None and os.getppid() != parent:
        raise ConfinementError("the grader is gone")


def drop_privileges(user: int | None) -> None:
    """Give up root's privileges, and become the user and the group with this number, if there is one.

    Raises:
        ConfinementError: the kernel refuses.
    """
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails past the last one, and without privileges
    if user is not None:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        except OSError as error:
            raise ConfinementError(f"the worker could not become another user ({error})") from None
        # The change has hidden the process from its own user, as whom the watchdog looks at it.
        _prctl(_PR_SET_DUMPABLE, 1)
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    if _libc.capset(header, bytes(24)) != 0:
        raise ConfinementError(f"capabilities could not be dropped (errno {ctypes.get_errno()})")


def _prctl(option: int, *arguments: object) -> None:
    padded = [*arguments, *([0] * (4 - len(arguments)))]
    if _libc.prctl(option, *padded) != 0:
        raise ConfinementError(f"prctl {option} failed (errno {ctypes.get_errno()})")


# --- Landlock: which files -------------------------------------------------------------------------------------
# https://docs.kernel.org/userspace-api/landlock.html

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_FS_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many of the access bits each version knows
_FS_EXECUTE, _FS_WRITE_FILE, _FS_READ_FILE, _FS_READ_DIR = 1, 2, 4, 8
_FS_TRUNCATE, _FS_IOCTL_DEV = 1 << 14, 1 << 15
_FILE_RIGHTS = _FS_EXECUTE | _FS_WRITE_FILE | _FS_READ_FILE | _FS_TRUNCATE | _FS_IOCTL_DEV


def landlock_version() -> int:
    """The kernel's Landlock ABI, or 0 where there is none."""
    version: int = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    return max(version, 0)


def restrict_files(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Allow reading and executing below ``readable``, everything below ``writable``, and nothing else.

    Raises:
        ConfinementError: the kernel has no Landlock or refuses the rules.
    """
    version = landlock_version()
    if version < 1:
        raise ConfinementError("this kernel has no Landlock")
    everything = (1 << _FS_RIGHTS_BY_ABI.get(version, 16)) - 1
    handled_net = 3 if version >= 4 else 0  # bind and connect over TCP; no rule allows either
    scoped = 3 if version >= 6 else 0  # abstract Unix sockets and signals
    attribute = struct.pack("<QQQ", everything, handled_net, scoped)
    attribute = attribute[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _libc.syscall(_CREATE_RULESET, attribute, len(attribute), 0)
    if ruleset < 0:
        raise ConfinementError(f"Landlock refused a ruleset (errno {ctypes.get_errno()})")
    try:
        for path in readable:
            _allow(ruleset, path, (_FS_EXECUTE | _FS_READ_FILE | _FS_READ_DIR) & everything)
        for path in writable:
            _allow(ruleset, path, everything)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if _libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
            raise ConfinementError(f"Landlock could not be put in force (errno {ctypes.get_errno()})")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        rule = struct.pack("<Qi", rights, descriptor)
        if _libc.syscall(_ADD_RULE, ruleset, 1, rule, 0) != 0:
            raise ConfinementError(f"Landlock refused a rule for {path} (errno {ctypes.get_errno()})")
    finally:
        os.close(descriptor)


# --- seccomp: which system calls ---------------------------------------------------------------------------------
# https://docs.kernel.org/userspace-api/seccomp_filter.html

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*
_X32_BIT = 0x40000000
# What is allowed was found by `strace -ff` of a worker, counted from its filter on, that used the standard library,
# NumPy, SciPy, scikit-learn, pandas, matplotlib, seaborn, PyTorch, torchvision and tqdm as notebooks do
# (tests/typical.py, which has to run in every sandbox), and that ran the declared submissions. To what it showed were
# added the same calls in the form that other versions of libc and other architectures give them, and those by which
# the functions of Python's `os`, `select`, `signal` and `time` ask about their own process.
# fmt: off
_Table = dict[str, tuple[int | None, int | None]]  # name: (x86-64, aarch64); None: there is no such call
_ALLOWED: _Table = {
    # data
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67), "pwrite64": (18, 68),
    "preadv": (295, 69), "pwritev": (296, 70), "preadv2": (327, 286), "pwritev2": (328, 287), "lseek": (8, 62),
    "sendfile": (40, 71), "copy_file_range": (326, 285),
    # files and folders
    "creat": (85, None), "close": (3, 57), "close_range": (436, 436), "dup": (32, 23), "dup2": (33, None),
    "dup3": (292, 24), "fsync": (74, 82), "fdatasync": (75, 83), "flock": (73, 32), "ftruncate": (77, 46),
    "fadvise64": (221, 223), "umask": (95, 166),
    "stat": (4, None), "lstat": (6, None), "fstat": (5, 80), "newfstatat": (262, 79), "statx": (332, 291),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "statfs": (137, 43), "fstatfs": (138, 44),
    "readlink": (89, None), "readlinkat": (267, 78), "getdents": (78, None), "getdents64": (217, 61),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "mkdir": (83, None), "mkdirat": (258, 34),
    "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36),
    # memory
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226), "madvise": (28, 233),
    "msync": (26, 227), "brk": (12, 214), "mbind": (237, 235),
    # waiting; talking within the process and to the grader, without sendmsg, which could keep open files on their way
    "pipe": (22, None), "pipe2": (293, 59), "poll": (7, None), "ppoll": (271, 73), "select": (23, None),
    "pselect6": (270, 72), "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_wait": (232, None), "epoll_pwait": (281, 22), "eventfd": (284, None), "eventfd2": (290, 19),
    "sendto": (44, 206), "recvfrom": (45, 207), "shutdown": (48, 210), "getsockname": (51, 204),
    "getpeername": (52, 205),
    # threads
    "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "set_tid_address": (218, 96),
    "gettid": (186, 178), "exit": (60, 93), "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95),
    "arch_prctl": (158, None), "getcpu": (309, 168),
    "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
    # signals to itself, and time
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136),
    "rt_sigsuspend": (130, 133), "rt_sigtimedwait": (128, 137), "sigaltstack": (131, 132), "pause": (34, None),
    "restart_syscall": (219, 128),
    "alarm": (37, None), "getitimer": (36, 102), "setitimer": (38, 103), "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115), "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169),
    "time": (201, None), "times": (100, 153),
    # what it is, and has used
    "getpid": (39, 172), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176),
    "getegid": (108, 177), "getgroups": (115, 158), "getresuid": (118, 148), "getresgid": (120, 150),
    "getpgrp": (111, None), "getpgid": (121, 155), "getsid": (124, 156),
    "getrlimit": (97, 163), "setrlimit": (160, 164), "getrusage": (98, 165), "sysinfo": (99, 179), "uname": (63, 160),
    "getrandom": (318, 278),
}
# Judged by an argument.
_JUDGED: _Table = {
    "clone": (56, 220), "kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261), "prctl": (157, 167),
    "sched_setaffinity": (203, 122), "socketpair": (53, 199), "getsockopt": (55, 209), "fcntl": (72, 25),
    "ioctl": (16, 29), "open": (2, None), "openat": (257, 56),
}
# Landlock does not cover modes, owners and times of files: said to succeed, and nothing is done.
_PRETENDED: _Table = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88),
}
# Said to be unknown to this file system: libc then writes zeros, and copying goes on without attributes.
_UNSUPPORTED: _Table = {
    "fallocate": (285, 47), "getxattr": (191, 8), "lgetxattr": (192, 9), "fgetxattr": (193, 10), "listxattr": (194, 11),
    "llistxattr": (195, 12), "flistxattr": (196, 13), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}
# fmt: on
_NUMBERS: _Table = {**_ALLOWED, **_JUDGED, **_PRETENDED, **_UNSUPPORTED}
_EPERM, _ENOSYS, _EOPNOTSUPP = 1, 38, 95
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_REFUSE = _ERRNO | _EPERM
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _RETURN, _AND = 0x20, 0x15, 0x35, 0x06, 0x54
# The first number of those that are the same on all architectures, since Linux 5.1. libc asks for such calls first,
# and for older ones where they are not there.
_NEWER = 424
# How libc makes a thread: with all that a process has, open files above all, or the watchdog could not count them.
_THREAD = 0x003D0F00  # VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID
_THREAD_MASK = 0xFFBFFFFF  # without DETACHED, which musl sets and the kernel ignores
_OPEN_MASK, _TRUNCATE_UNWRITTEN = 0o1003, 0o1000  # O_ACCMODE and O_TRUNC; to empty a file that is opened for reading
_SOCK_STREAM = 1
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_*LK, F_DUPFD_CLOEXEC, F_GETPIPE_SZ; not
# F_SETOWN or F_SETSIG (a signal to anybody when data arrive), F_NOTIFY (watching folders), F_SETLEASE
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)
# TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
_IOCTL_COMMANDS = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_PRCTL_OPTIONS = (3, _PR_SET_NAME, 16, _PR_SET_VMA)  # PR_GET_DUMPABLE, PR_GET_NAME
_SOCKET_OPTIONS = (3, 4, 38, 39)  # SO_TYPE, SO_ERROR, SO_PROTOCOL, SO_DOMAIN; not SO_PEERPIDFD
# Offsets in struct seccomp_data; of an argument, its low half.
_DATA_NUMBER, _DATA_ARCH, _DATA_ARGUMENTS = 0, 4, (16, 24, 32)

_Instruction = tuple[int, int, int, int]


def filter_system_calls() -> None:
    """Put the filter in force for this process and every thread of it.

    Raises:
        ConfinementError: an architecture without a table, or the kernel refuses.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise ConfinementError(f"there is no seccomp filter for the architecture {machine}")
    program = _filter_program(machine, os.getpid())
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("@HxxxxxxP", len(program) // 8, ctypes.addressof(buffer)))
    _prctl(_PR_SET_SECCOMP, 2, ctypes.c_void_p(ctypes.addressof(header)))


def _filter_program(machine: str, pid: int) -> bytes:
    """The filter as classic BPF: allow what is listed, refuse the rest."""
    column = 0 if machine == "x86_64" else 1
    number = {name: numbers[column] for name, numbers in _NUMBERS.items() if numbers[column] is not None}

    code: list[_Instruction] = [
        (_LOAD, 0, 0, _DATA_ARCH),
        (_JUMP_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _DATA_NUMBER),
        (_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _REFUSE),
    ]

    def when(name: str, *then: _Instruction) -> None:
        if name in number:
            code.append((_JUMP_EQUAL, 0, len(then), int(number[name] or 0)))
            code.extend(then)

    for name in _ALLOWED:
        when(name, (_RETURN, 0, 0, _ALLOW))
    when("clone", *_only(0, [_THREAD], mask=_THREAD_MASK))
    # A process may end itself (abort does, by tgkill) and nobody else: not pid 0 (its group) nor -1 (all).
    when("kill", *_only(0, [pid]))
    when("tgkill", *_only(0, [pid]))
    when("prlimit64", *_only(0, [0, pid]))
    when("sched_setaffinity", *_only(0, [0]))
    # Else it could outlive its grader, or let others of the same user trace it.
    when("prctl", *_only(0, _PRCTL_OPTIONS))
    # A pair of datagram sockets can send to any other by its path; a pair of streams can't.
    when("socketpair", *_only(1, [_SOCK_STREAM], mask=0xF))
    when("getsockopt", *_only(2, _SOCKET_OPTIONS))
    when("fcntl", *_only(1, _FCNTL_COMMANDS))
    when("ioctl", *_only(1, _IOCTL_COMMANDS))
    # Before version 3, Landlock lets a file be emptied that may only be read. (`truncate` is not in the list.)
    for name, flags in (("open", 1), ("openat", 2)):
        when(name, *_only(flags, [_TRUNCATE_UNWRITTEN], mask=_OPEN_MASK, then=_REFUSE, otherwise=_ALLOW))
    for name in _PRETENDED:
        when(name, (_RETURN, 0, 0, _ERRNO))
    for name in _UNSUPPORTED:
        when(name, (_RETURN, 0, 0, _ERRNO | _EOPNOTSUPP))
    code += [
        (_JUMP_GREATER_EQUAL, 0, 1, _NEWER),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def _only(
    argument: int, values: Sequence[int], mask: int = 0xFFFFFFFF, then: int = _ALLOW, otherwise: int = _REFUSE
) -> list[_Instruction]:
    """Judge by an argument: ``then`` if it is one of these values below the mask."""
    compare = [(_JUMP_EQUAL, len(values) - n, 0, value) for n, value in enumerate(values)]
    return [
        (_LOAD, 0, 0, _DATA_ARGUMENTS[argument]),
        (_AND, 0, 0, mask),
        *compare,
        (_RETURN, 0, 0, otherwise),
        (_RETURN, 0, 0, then),
    ]


def has_filter(machine: str) -> bool:
    """Whether :func:`filter_system_calls` knows this architecture, by ``platform.machine()``'s name."""
    return machine in _ARCHITECTURES
