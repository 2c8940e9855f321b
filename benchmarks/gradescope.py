"""What grading takes in a container like Gradescope's smallest: half a core and 0.75 GB.

    python benchmarks/gradescope.py      # writes results/gradescope.md

Runs the package's own scripts in a folder tree like Gradescope's. Half a core: one core, shared with a process that
never rests. Memory can't be limited here without control groups, so it is measured: the proportional set size of all
processes, every 50 ms. (What several processes share, as libraries, counts once.)
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib.metadata import version
from pathlib import Path

import psutil

from autograder.quality.declared import declared_submissions

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "gradescope.md"
DECLARED = declared_submissions(ROOT / "solutions" / "cnn")
NAMES = ["right/reference.py", "right/best_epoch_dropout_batchnorm.py", "wrong/q3_softmax_before_cross_entropy.py"]


def set_up(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "autograder", "assign", "cnn", "-o", folder / "made"], cwd=ROOT, check=True)
    root = folder / "autograder"
    (root / "submission").mkdir(parents=True)
    with zipfile.ZipFile(folder / "made" / "autograder.zip") as archive:
        archive.extractall(root / "source")
    shutil.copy(root / "source" / "run_autograder", root)
    environment = {**os.environ, "PYTHON": sys.executable}
    subprocess.run(["bash", root / "source" / "setup.sh"], env=environment, check=True)
    return root


def grade(root: Path, submission: Path, core: int | None) -> tuple[float, float, int]:
    """Grade as Gradescope does; return the score, the seconds and the most memory in MB."""
    shutil.copy(submission, root / "submission" / "cnn.py")
    prefix = [] if core is None else ["taskset", "--cpu-list", str(core)]
    rival = None if core is None else subprocess.Popen([*prefix, sys.executable, "-c", "while True: pass"])
    try:
        began, most = time.monotonic(), 0
        running = subprocess.Popen([*prefix, "bash", root / "run_autograder"], stdout=subprocess.DEVNULL)
        while running.poll() is None:
            most = max(most, memory(psutil.Process(running.pid)))
            time.sleep(0.05)
        seconds = time.monotonic() - began
    finally:
        if rival is not None:
            rival.kill()
            rival.wait()
    return json.loads((root / "results" / "results.json").read_text())["score"], seconds, most >> 20


def memory(process: psutil.Process) -> int:
    taken = 0
    try:
        for one in (process, *process.children(recursive=True)):
            taken += one.memory_full_info().pss
    except psutil.NoSuchProcess:  # it ended just now
        pass
    return taken


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = set_up(Path(folder))
        core = min(os.sched_getaffinity(0))
        given = [DECLARED[name].write(Path(folder)) for name in NAMES]
        rows = [
            (name, *grade(root, path, None), *grade(root, path, core)) for name, path in zip(NAMES, given, strict=True)
        ]
    about = f"Python {platform.python_version()}, torch {version('torch')}, {os.cpu_count()} cores"
    lines = [
        "# Grading in a container like Gradescope's smallest",
        "",
        f"The package of the CNN assignment by its own `run_autograder`; {about}. Made by `benchmarks/gradescope.py`.",
        "",
        "| submission | points | seconds | seconds at half a core | memory, MB |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, score, seconds, most, halved_score, halved_seconds, halved_most in rows:
        assert score == halved_score, name
        lines.append(f"| {name} | {score:g} | {seconds:.0f} | {halved_seconds:.0f} | {max(most, halved_most)} |")
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
