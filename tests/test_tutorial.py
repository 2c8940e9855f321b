"""Pages that make an assignment, followed to the letter from nothing: files are written and commands run, in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"\n]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def steps(page):
    """Each file as ``(path, text)``, and each command as ``(command, lines that are shown)``."""
    for language, path, text in BLOCK.findall((DOCS / page).read_text()):
        if path:
            yield path, text
        elif language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *shown = part.splitlines()
                yield command, shown


def plain(text):
    """A text without the lines of tables, rules, and how much space is between words."""
    return " ".join(re.sub(r"[─-╿]|={4,}", " ", text).split())


def looks_like(shown, output):
    """Whether what is shown is what was printed, where ``...`` may be anything."""
    wanted = ".*".join(re.escape(plain(part)) for part in "\n".join(shown).split("..."))
    return re.fullmatch(wanted.replace(r"…", ".*"), plain(output).strip(), re.DOTALL) is not None


@pytest.mark.parametrize("page", ["tutorial.md", "from-nbgrader.md", "from-otter.md"])
def test_it_can_be_followed(tmp_path, page):
    environment = {
        **{name: value for name, value in os.environ.items() if name != "CI"},  # where an audit keeps nothing
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "80",
        "LC_ALL": "C.UTF-8",
    }
    commands, status = 0, 0
    for step, content in steps(page):
        if isinstance(content, str):
            path = tmp_path / step
            assert path.resolve().is_relative_to(tmp_path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        elif step == "echo $?":
            assert content == [str(status)]
            status = 0
        else:
            assert status == 0, f"the command before {step!r} failed, and {page} doesn't say so"
            done = subprocess.run(
                ["bash", "-c", step],
                cwd=tmp_path,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
                check=False,
            )
            commands, status = commands + 1, done.returncode
            assert looks_like(content, done.stdout), f"$ {step}\n{done.stdout}"
    assert status == 0 and commands > 3
