"""How many lanes there are by default. No test can have a quota: /proc and /sys are written as containers see them."""

import os
import subprocess
import sys

import pytest

from autograder.batch import cores
from autograder.batch.cores import usable_cores

V1 = "33 30 0:29 {shown} {point} rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
V1_OTHER = "34 30 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
V2 = "31 23 0:27 {shown} {point} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
AT_V1, AT_V2 = "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    """Whatever this machine has."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))


@pytest.fixture
def machine(tmp_path):
    def write(**files):
        for name, content in files.items():
            path = tmp_path / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path

    return lambda files: write(**files)


def v1(group, quotas, shown="/", others=""):
    """A machine with control groups of version 1: ``quotas`` are those of the folders that are shown."""
    files = {
        "/proc/self/cgroup": f"9:cpuset:/elsewhere\n4:cpu,cpuacct:{group}\n1:name=systemd:/x\n{others}",
        "/proc/self/mountinfo": V1_OTHER + V1.format(shown=shown, point=AT_V1),
    }
    for folder, quota in quotas.items():
        files[f"{AT_V1}{folder}/cpu.cfs_quota_us"] = f"{quota}\n"
        files[f"{AT_V1}{folder}/cpu.cfs_period_us"] = "100000\n"
    return files


def v2(group, quotas, shown="/", point=AT_V2):
    files = {"/proc/self/cgroup": f"0::{group}\n", "/proc/self/mountinfo": V2.format(shown=shown, point=point)}
    return files | {f"{point}{folder}/cpu.max": f"{quota}\n" for folder, quota in quotas.items()}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8),  # no /proc
        (v1("/", {"": -1}), 8),
        (v1("/", {"": 300000}), 3),  # a container that sees its own group alone
        (v1("/docker/1", {"": 300000}, shown="/docker/1"), 3),  # and one that is told the name from outside
        (v1("/docker/1", {"": 300000}), 3),  # which is not to be found inside
        (v1("/user/alice", {"": -1, "/user": 400000, "/user/alice": -1}), 4),  # of a group above
        (v1("/user/alice", {"": -1, "/user": 400000, "/user/alice": 200000}), 2),
        (v1("/user/alice", {"/user/bob": 100000}), 8),  # no business of ours
        (v2("/", {}), 8),  # the root of a machine has no such file
        (v2("/", {"": "max 100000"}), 8),
        (v2("/", {"": "300000 100000"}), 3),
        (v2("/user.slice/job.scope", {"/user.slice": "150000 50000", "/user.slice/job.scope": "max 100000"}), 3),
        (v2("/user.slice/job.scope", {"/user.slice": "max 100000", "/user.slice/job.scope": "200000 100000"}), 2),
        (v2("/a", {"/b": "100000 100000"}), 8),
        (v2("/../../other", {"": "200000 100000"}), 2),  # moved out of what it is shown
        (v2("/kubepods/pod/1", {"": "200000 100000"}, shown="/kubepods/pod/1"), 2),
        (v2("/", {"": "200000 100000"}, point="/sys/fs/cgroup/unified"), 2),
        (v2("/", {"": "150000 100000"}), 2),  # one core and a half keeps two lanes busy
        (v2("/", {"": "10000 100000"}), 1),
        (v2("/", {"": "1600000 100000"}), 8),  # more than there is
        (v2("/", {"": "nonsense"}), 8),
        (v1("/", {"": 0}), 8),
    ],
)
def test_a_quota_of_cores_counts(machine, files, expected):
    assert usable_cores(machine(files)) == expected


def test_both_versions_count_where_a_machine_has_both(machine):
    both = v1("/", {"": 500000}, others="0::/here\n")
    both["/proc/self/mountinfo"] += V2.format(shown="/", point="/sys/fs/cgroup/unified")
    assert usable_cores(machine(both)) == 5
    assert usable_cores(machine({"/sys/fs/cgroup/unified/here/cpu.max": "200000 100000"})) == 2


def test_no_more_cores_count_than_the_process_may_run_on(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3})
    assert usable_cores(machine(v2("/", {"": "300000 100000"}))) == 1


def test_the_kernel_s_own_files_are_understood():
    """Whatever they hold here: a process on one core of this machine has one."""
    script = f"import os; os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}}); import {cores.__name__} as cores"
    command = [sys.executable, "-c", f"{script}; list(cores._quotas(cores.Path('/'))); print(cores.usable_cores())"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert list(cores._groups(cores.Path("/")))
