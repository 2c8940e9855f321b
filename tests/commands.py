"""The command, called in the process of the tests, which has loaded what it needs already. Its lanes are real.

That a process of its own does the same, and what it writes and leaves behind, is for tests that start one.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from autograder.cli import main


def autograder(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `autograder` does with these arguments, in this folder and with these variables."""
    line = [str(argument) for argument in arguments]
    with contextlib.chdir(cwd or Path.cwd()):
        done = CliRunner().invoke(main, line, prog_name="autograder", env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(line, done.exit_code, done.stdout, done.stderr)


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    """What a process of its own does with them."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
