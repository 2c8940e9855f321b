"""Does a grade hang on the machine? Grade right and wrong submissions of both lessons on one that is busy, or another.

    python benchmarks/load.py [--setting NAME]... [--only PART]...     # writes results/load.csv and results/load.md

All right submissions and 30 wrong ones a lesson are graded one, two and eight at a time, beside eight busy loops, on
half a core, and with what makes the libraries take the kernels that they would take on other processors. Every point
has to be as declared in ``outcomes.toml``, in each setting. What is recorded already is not graded again; the whole
takes hours. ``--setting`` chooses some of the settings, and ``--only`` submissions by a part of their names, such as
``cnn/right``. Exit status 1 if a point is not as declared.
"""

import argparse
import contextlib
import csv
import functools
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import Progress

from autograder.assignment import load_assignment
from autograder.batch.collect import SubmissionFile
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_all
from autograder.quality.cases import checks_of, differing_points
from autograder.quality.declared import DeclaredSubmission, declared_submissions
from autograder.results import Check, Result, question_of
from autograder.sandbox import base, choose

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
CSV = RESULTS / "load.csv"
COLUMNS = ["setting", "submission", "score", "points", "seconds", "not as declared"]
LESSONS = ("cnn", "convolve")
WRONG = 30  # of each lesson


@dataclass(frozen=True)
class Setting:
    """How many are graded at a time, beside what, and what else workers find in their environment."""

    max_workers: int = 1
    loops: int = 0
    on_one_core: bool = False
    environment: dict[str, str] = field(default_factory=dict)


SETTINGS = {
    "one at a time": Setting(),
    "two at a time": Setting(max_workers=2),
    "eight at a time": Setting(max_workers=8),
    "beside eight busy loops": Setting(max_workers=2, loops=8),
    "half a core": Setting(loops=1, on_one_core=True),
    # PyTorch's own kernels, those of oneDNN (convolutions), of MKL and of OpenBLAS (products of matrices).
    "ATen without vectors": Setting(max_workers=2, environment={"ATEN_CPU_CAPABILITY": "default"}),
    "ATen with AVX2": Setting(max_workers=2, environment={"ATEN_CPU_CAPABILITY": "avx2"}),
    "oneDNN with SSE 4.1": Setting(max_workers=2, environment={"ONEDNN_MAX_CPU_ISA": "SSE41"}),
    "oneDNN with AVX2": Setting(max_workers=2, environment={"ONEDNN_MAX_CPU_ISA": "AVX2"}),
    "as on an old processor": Setting(
        max_workers=2,
        environment={
            "ATEN_CPU_CAPABILITY": "default",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
            "MKL_CBWR": "COMPATIBLE",
            "OPENBLAS_CORETYPE": "Nehalem",
        },
    ),
    "as on an AVX2 processor": Setting(
        max_workers=2,
        environment={
            "ATEN_CPU_CAPABILITY": "avx2",
            "ONEDNN_MAX_CPU_ISA": "AVX2",
            "MKL_CBWR": "AVX2",
            "OPENBLAS_CORETYPE": "Haswell",
        },
    ),
}

# A worker's environment is fixed, and no setting of an assignment changes it. Lanes import this module, too.
_PRETENDED = "AUTOGRADER_BENCHMARK_ENVIRONMENT"
_as_it_is = base.environment
base.environment = lambda home: _as_it_is(home) | json.loads(os.environ.get(_PRETENDED, "{}"))


def submissions() -> list[str]:
    """The right submissions of both lessons, and some wrong ones of every question: ``cnn/right/reference.py``."""
    chosen = []
    for lesson in LESSONS:
        declared = declared_submissions(ROOT / "solutions" / lesson)
        right, wrong = (sorted(name for name in declared if name.startswith(kind)) for kind in ("right/", "wrong/"))
        spread = [wrong[n * len(wrong) // WRONG] for n in range(WRONG)]
        chosen += [f"{lesson}/{name}" for name in right + spread]
    return chosen


@contextlib.contextmanager
def surroundings(setting: Setting) -> Iterator[None]:
    """What a setting says of this machine, for as long as the block takes."""
    cores = os.sched_getaffinity(0)
    if setting.on_one_core:
        os.sched_setaffinity(0, {min(cores)})  # the loop's, too, and the workers'
    os.environ[_PRETENDED] = json.dumps(setting.environment)
    busy = [sys.executable, "-c", "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"]
    # Each in a session of its own: some kernels share a core among sessions, and not among processes.
    loops = [subprocess.Popen(busy, start_new_session=True) for _ in range(setting.loops)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
        del os.environ[_PRETENDED]
        os.sched_setaffinity(0, cores)


def graded(setting: Setting, names: list[str]) -> Iterator[tuple[str, Result]]:
    """Each of these submissions with its result in a setting."""
    with surroundings(setting), tempfile.TemporaryDirectory() as given:
        for lesson in LESSONS:
            folder = ROOT / "solutions" / lesson
            own = [name.removeprefix(f"{lesson}/") for name in names if name.startswith(f"{lesson}/")]
            declared = declared_submissions(folder)
            files = [SubmissionFile(name, declared[name].write(Path(given, lesson))) for name in own]
            sandbox = choose("bubblewrap", forbidden=(folder,))
            for result in grade_all(load_assignment(folder), files, sandbox, LocalEngine(setting.max_workers)):
                yield f"{lesson}/{result.submission}", result


def not_as_declared(name: str, result: Result) -> str:
    """What of a result is not as its submission declares, in words, or nothing."""
    lesson, _, submission = name.partition("/")
    submissions, checks = held_to(lesson)
    words = result.trouble
    if not words:
        questions = {question_of(check.name) for check in checks}
        differing = differing_points(submissions[submission].declaration, checks, result, questions)
        words = "; ".join(f"{found.check} {found.words}" for found in differing)
    return " ".join(words.split())[:1000]


@functools.cache
def held_to(lesson: str) -> tuple[dict[str, DeclaredSubmission], tuple[Check, ...]]:
    """The submissions of a lesson, and the checks of its graders."""
    assignment = load_assignment(ROOT / "solutions" / lesson)
    return declared_submissions(assignment.folder), checks_of(assignment)


def recorded() -> list[dict[str, str]]:
    """What the file holds already."""
    if not CSV.exists():
        return []
    with CSV.open(newline="") as file:
        return list(csv.DictReader(file))


def run(settings: list[str], parts: list[str]) -> None:
    """Grade what is missing, and write the summary."""
    done = {(row["setting"], row["submission"]) for row in recorded()}
    names = [name for name in submissions() if not parts or any(part in name for part in parts)]
    missing = {setting: [name for name in names if (setting, name) not in done] for setting in settings}
    is_new = not CSV.exists()
    with CSV.open("a", newline="") as file, Progress() as progress:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        bar = progress.add_task("gradings", total=sum(map(len, missing.values())))
        for setting, wanted in missing.items():
            for name, result in graded(SETTINGS[setting], wanted):
                points = " ".join(f"{check.points:g}" for check in result.checks)
                odd = not_as_declared(name, result)
                writer.writerow([setting, name, f"{result.score:g}", points, f"{result.seconds:.0f}", odd])
                file.flush()
                progress.advance(bar)
    (RESULTS / "load.md").write_text(summary(recorded()))


def summary(rows: list[dict[str, str]]) -> str:
    """The figures, as Markdown: none is written by hand."""
    right = [row for row in rows if "/right/" in row["submission"]]
    odd = [row for row in rows if row["not as declared"]]
    points: dict[str, set[str]] = {}
    for row in rows:
        points.setdefault(row["submission"], set()).add(row["points"])
    several = sum(len(found) > 1 for found in points.values())
    lines = [
        "# Grades on a busy machine, and as on others",
        "",
        f"{len(rows)} gradings of {len(points)} submissions of both lessons, by `make study`, on {os.cpu_count()} "
        f"cores ({platform.machine()}).",
        "",
        f"- **Right submissions that lost a point**: {sum(bool(row['not as declared']) for row in right)} of "
        f"{len(right)} gradings.",
        f"- **Gradings with a point that is not as declared**: {len(odd)} of {len(rows)}.",
        f"- **Submissions whose points were not the same in all settings**: {several} of {len(points)}.",
        "",
        "| setting | gradings | not as declared | median s a grading | longest |",
        "|---|---:|---:|---:|---:|",
    ]
    for setting in SETTINGS:
        own = [row for row in rows if row["setting"] == setting]
        seconds = sorted(int(row["seconds"]) for row in own)
        if own:
            differ = sum(bool(row["not as declared"]) for row in own)
            lines.append(f"| {setting} | {len(own)} | {differ} | {seconds[len(own) // 2]} | {seconds[-1]} |")
    if odd:
        lines += ["", "| setting | submission | not as declared |", "|---|---|---|"]
        lines += [
            f"| {row['setting']} | {row['submission']} | {row['not as declared'].replace('|', '¦')[:200]} |"
            for row in odd
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Grade on a busy machine, and as on others.")
    parser.add_argument("--setting", action="append", choices=SETTINGS, help="some of the settings")
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="submissions whose names hold it")
    chosen = parser.parse_args()
    run(chosen.setting or list(SETTINGS), chosen.only)
    return int(any(row["not as declared"] for row in recorded()))


if __name__ == "__main__":
    raise SystemExit(main())
