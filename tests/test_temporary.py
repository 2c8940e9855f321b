"""What a grader that is killed leaves on the disk, and who cleans up after it: with real gradings."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from autograder.packaging.bundle import FOLDER, write_bundle
from autograder.temporary import TemporaryFolder, sweep

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def package(make_assignment, tmp_path):
    """An `autograder.zip` with a key and a check."""
    assignment = make_assignment(
        {
            "test_q1.py": """
            from autograder import points
            @points(1, "Adds")
            def test_adds(submission):
                assert submission.add(2, 3) == 5, "add(2, 3) is 5"
            """
        },
        settings="[seconds]\ncell = 600\ntotal = 600\n",
    )
    write_bundle(assignment, tmp_path / "bundle")
    path = tmp_path / "autograder.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in (tmp_path / "bundle").rglob("*"):
            archive.write(file, f"files/{FOLDER}/{file.relative_to(tmp_path / 'bundle')}")
    return path


def start(package, submission, temporary):
    grading = [sys.executable, "-m", "autograder", "grade", package, submission, "--sandbox", "landlock", "-j", "1"]
    return subprocess.Popen(
        [*map(str, grading), "-o", str(submission.parent / "out" / submission.stem)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_what_a_killed_grader_left_is_swept_by_the_next_and_nothing_else(package, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (temporary / "torch-autograder-mine").mkdir()
    slow, quick = tmp_path / "slow.py", tmp_path / "quick.py"
    slow.write_text("open('reached', 'w')\nimport time\ntime.sleep(600)")
    quick.write_text("def add(a, b): return a + b")
    hanging = start(package, slow, temporary)
    try:
        deadline = time.monotonic() + 120
        while not list(temporary.rglob("reached")):
            assert time.monotonic() < deadline and hanging.poll() is None
            time.sleep(0.1)
        left = set(temporary.iterdir())
        assert list(temporary.rglob("key")), "the key is there for the time of the grading"
        assert start(package, quick, temporary).wait(timeout=120) == 0
        assert set(temporary.iterdir()) == left, "what is in use stays, and its own is gone"
    finally:
        os.killpg(hanging.pid, signal.SIGKILL)
        hanging.wait()
    assert list(temporary.rglob("key"))
    assert start(package, quick, temporary).wait(timeout=120) == 0
    assert [path.name for path in temporary.iterdir()] == ["torch-autograder-mine"]


def test_only_this_user_s_locked_folders_are_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "kept").mkdir(parents=True)
    (tmp_path / "torch-autograder-aaaaaaaa.tmp").symlink_to(elsewhere)
    (tmp_path / "torch-autograder-bbbbbbbb.tmp").write_text("a file")
    (tmp_path / "torch-autograder-cccccccc.tmp").mkdir()
    with TemporaryFolder() as folder:
        sweep()
        assert sorted(path.name[17] for path in tmp_path.glob("torch*") if path != folder) == ["a", "b"]
        assert folder.exists() and folder.stat().st_mode & 0o777 == 0o700
        assert (elsewhere / "kept").exists()
    assert not folder.exists()
