"""What a process can do to confine itself: resource limits, Landlock and a seccomp filter.

Each step is one way: it can't be undone by this process or by anything that it starts. Linux only, on x86-64
and aarch64, through ctypes, since the standard library has no names for these calls.

The seccomp filter allows no new process, so that killing the worker ends all that it started, whatever
confinement surrounds it. It allows no socket, no tracing, no namespaces and no signal to anybody else.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Iterable

_libc = ctypes.CDLL(None, use_errno=True)


class ConfinementError(Exception):
    """A layer that was asked for could not be put in force."""


# --- resource limits ------------------------------------------------------------------------------------------


def limit_resources(limits: dict[str, int]) -> None:
    """Set hard and soft limits, by the name after ``RLIMIT_``: ``{"CPU": 60}``."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def limit_address_space(extra: int) -> None:
    """Allow ``extra`` bytes of address space beyond what is mapped now.

    A fixed ceiling does not work: a CUDA build of PyTorch maps many gigabytes on import, a CPU build one.
    """
    with open("/proc/self/statm", encoding="ascii") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    limit_resources({"AS": mapped + extra})


# --- capabilities ---------------------------------------------------------------------------------------------

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 24, 38, 22
_PR_SET_DUMPABLE = 4
_CAPABILITY_VERSION_3 = 0x20080522


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, and check that it has not died yet."""
    _prctl(_PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        raise ConfinementError("the grader is gone")


def drop_capabilities() -> None:
    """Give up root's privileges. The user id stays, since it may be the only one that can read Python."""
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails past the last one, and without privileges
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
# fmt: off
_NUMBERS: dict[str, tuple[int | None, int | None]] = {  # name: (x86-64, aarch64); None: there is no such call
    # new processes; `clone` is judged by its flags, threads pass
    "fork": (57, None), "vfork": (58, None), "clone": (56, 220), "clone3": (435, 435),
    # the network, and ways round a filter
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "io_uring_setup": (425, 425),
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "sched_setaffinity": (203, 122), "setpriority": (141, 140),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118), "sched_setattr": (314, 274), "ioprio_set": (251, 30), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "prlimit64": (302, 261),
    # namespaces, mounts, privileges
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setgroups": (116, 159), "capset": (126, 91),
    "open_by_handle_at": (304, 265),
    # shared memory and queues that outlive the process, keys, and what widens the kernel's surface
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "fanotify_init": (300, 262),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "quotactl": (179, 60), "acct": (163, 89),
    "personality": (135, 92), "syslog": (103, 116), "vhangup": (153, 58), "setdomainname": (171, 162),
    "sethostname": (170, 161), "prctl": (157, 167),
    # what Landlock does not cover: watching files, and messages to sockets by their path
    "inotify_init": (253, None), "inotify_init1": (294, 26), "socketpair": (53, 199), "fcntl": (72, 25),
    "ioctl": (16, 29), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463), "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    # nor does it cover modes, owners and times of files: these calls are said to succeed and do nothing
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88),
}
_PRETENDED = frozenset({
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
    "futimesat", "utimensat",
})
_JUDGED_BY_ARGUMENT = frozenset({
    "clone", "clone3", "kill", "tkill", "tgkill", "prlimit64", "prctl", "sched_setaffinity", "socketpair", "fcntl",
    "ioctl",
})
# fmt: on
_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_CLONE_THREAD = 0x00010000
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AND = 0x54
_SIGNAL_OWNERS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: a signal to anybody when data arrive
_TERMINAL_TRICKS = (0x8901, 0x8902, 0x5412)  # FIOSETOWN, SIOCSPGRP, TIOCSTI
_SOCK_STREAM = 1
# Offsets in struct seccomp_data; of an argument, its low half.
_DATA_NUMBER, _DATA_ARCH, _DATA_ARGUMENT_0, _DATA_ARGUMENT_1 = 0, 4, 16, 24


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
    """The filter as classic BPF: refuse what is listed, allow the rest."""
    column = 0 if machine == "x86_64" else 1
    number = {name: numbers[column] for name, numbers in _NUMBERS.items() if numbers[column] is not None}
    refuse, absent, allow = _ERRNO | _EPERM, _ERRNO | _ENOSYS, _ALLOW

    code: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _DATA_ARCH),
        (_JUMP_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _DATA_NUMBER),
        (_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, refuse),
    ]

    def when(name: str, *then: tuple[int, int, int, int]) -> None:
        if name in number:
            code.append((_JUMP_EQUAL, 0, len(then), int(number[name] or 0)))
            code.extend(then)

    # glibc asks for clone3 first and falls back to clone, whose flags a filter can see.
    when("clone3", (_RETURN, 0, 0, absent))
    when(
        "clone",
        (_LOAD, 0, 0, _DATA_ARGUMENT_0),
        (_JUMP_SET, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, allow),
        (_RETURN, 0, 0, refuse),
    )
    # A process may end itself (abort does, by tgkill) and nobody else: not pid 0 (its group) nor -1 (all).
    for name in ("kill", "tgkill"):
        when(
            name,
            (_LOAD, 0, 0, _DATA_ARGUMENT_0),
            (_JUMP_EQUAL, 0, 1, pid),
            (_RETURN, 0, 0, allow),
            (_RETURN, 0, 0, refuse),
        )
    when("tkill", (_RETURN, 0, 0, refuse))
    when(
        "prlimit64",
        (_LOAD, 0, 0, _DATA_ARGUMENT_0),
        (_JUMP_EQUAL, 1, 0, 0),
        (_JUMP_EQUAL, 0, 1, pid),
        (_RETURN, 0, 0, allow),
        (_RETURN, 0, 0, refuse),
    )
    # Else it could outlive its grader, or let others of the same user trace it.
    when(
        "prctl",
        (_LOAD, 0, 0, _DATA_ARGUMENT_0),
        (_JUMP_EQUAL, 1, 0, _PR_SET_PDEATHSIG),
        (_JUMP_EQUAL, 0, 1, _PR_SET_DUMPABLE),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, allow),
    )
    when(
        "sched_setaffinity",
        (_LOAD, 0, 0, _DATA_ARGUMENT_0),
        (_JUMP_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, allow),
        (_RETURN, 0, 0, refuse),
    )
    # A pair of datagram sockets can send to any other by its path; a pair of streams can't.
    when(
        "socketpair",
        (_LOAD, 0, 0, _DATA_ARGUMENT_1),
        (_AND, 0, 0, 0xF),
        (_JUMP_EQUAL, 0, 1, _SOCK_STREAM),
        (_RETURN, 0, 0, allow),
        (_RETURN, 0, 0, refuse),
    )
    for name, commands in (("fcntl", _SIGNAL_OWNERS), ("ioctl", _TERMINAL_TRICKS)):
        judged = [(_JUMP_EQUAL, len(commands) - n, 0, command) for n, command in enumerate(commands)]
        when(
            name,
            (_LOAD, 0, 0, _DATA_ARGUMENT_1),
            *judged,
            (_RETURN, 0, 0, allow),
            (_RETURN, 0, 0, refuse),
        )
    for name in number:
        if name not in _JUDGED_BY_ARGUMENT:
            when(name, (_RETURN, 0, 0, _ERRNO if name in _PRETENDED else refuse))
    code.append((_RETURN, 0, 0, allow))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def has_filter(machine: str) -> bool:
    """Whether :func:`filter_system_calls` knows this architecture, by ``platform.machine()``'s name."""
    return machine in _ARCHITECTURES
