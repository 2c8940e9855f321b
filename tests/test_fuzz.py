"""A sample of `make fuzz`: what reads untrusted bytes refuses what it can't read, within bounds of memory and time."""

import subprocess
import sys
from pathlib import Path

import pytest
from fuzzing import TARGETS

SCRIPT = Path(__file__).with_name("fuzzing.py")


def fuzz(*words):
    return subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, check=False)


def test_nothing_is_found_in_a_sample():
    done = fuzz("--share", "0.02", "--seed", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("nothing was found") == len(TARGETS)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("[][0]", "IndexError"),
        ("[n for n in iter(int, 1) if n]", "TooLong"),
        ("b'x' * (1 << 30)", "MemoryError"),
        ("os.kill(os.getpid(), 9)", "ended by signal 9"),
    ],
)
def test_what_an_input_does_that_it_may_not_is_a_finding(found, words):
    code = f"""
import os, sys
sys.path.insert(0, {str(SCRIPT.parent)!r})
import fuzzing
fuzzing.SECONDS = 0.2
fuzzing.TARGETS["wire"] = fuzzing.Target(lambda *_: {found}, 10)
sys.exit(fuzzing.main(["wire"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and words in done.stdout + done.stderr, done.stdout + done.stderr
