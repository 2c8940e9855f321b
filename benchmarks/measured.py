"""What the benchmarks of speed share: submissions that are all different, and a grading that says where its time went.

Student time is that of the worker, once it is confined and ready: the processor time of all its threads while cells run
and calls are answered. What the worker itself does with requests and replies is in it.
"""

import ast
import platform
import re
import statistics
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from autograder.batch.cores import usable_cores
from autograder.batch.engine import Tell
from autograder.batch.run import TaskGrader
from autograder.batch.task import GradingTask
from autograder.quality.declared import declared_submissions
from autograder.results import Result
from autograder.sandbox.process import WorkerController

ROOT = Path(__file__).resolve().parent.parent
CNN = ROOT / "solutions" / "cnn"
RESULTS = ROOT / "benchmarks" / "results"
CORES = usable_cores()
_LAYER = re.compile(rb"\bself\.((?:conv|fc|linear|pool|maxpool|drop|norm|bn|layer)\w*)\b")


def only_defines(content: bytes) -> bool:
    """Whether cells only define what graders call: none calls a function of the submission's own, or compiles."""
    body = ast.parse(content).body
    own = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    run = [node for node in body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    called = {getattr(node.func, "id", "") for part in run for node in ast.walk(part) if isinstance(node, ast.Call)}
    return not own & called and b"torch.compile" not in content


def variants(count: int, folder: Path, kinds: tuple[str, ...], *, defining: bool = False) -> list[Path]:
    """So many submissions of the CNN lesson that answer all questions in one file, each as nobody else has it.

    They are the declared ones whose names begin as ``kinds`` says, one after the other and over again, with other names
    for the layers of their networks and a function of their own. With ``defining``, only those whose cells train
    nothing.
    """
    declared = [
        submission
        for name, submission in declared_submissions(CNN).items()
        if name.startswith(kinds) and name.endswith(".py")
        and b"class CNN" in submission.content and b"def train" in submission.content
        and b"argparse" not in submission.content  # otter run makes notebooks of them
        and (not defining or only_defines(submission.content))
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        content = _LAYER.sub(rb"self.\1_%d" % number, declared[number % len(declared)].content)
        paths.append(folder / f"student{number:04}.py")
        paths[-1].write_bytes(content + b"\n\ndef number_%d():\n    return %d\n" % (number, number))
    return paths


def trivial_assignment(folder: Path, *graders: str) -> Path:
    """An assignment that trains nothing, with a question for each of these texts of graders."""
    (folder / "graders").mkdir(parents=True)
    (folder / "assignment.toml").write_text('title = "Sums"\npreload = []\n')
    (folder / "graders" / "key").write_text("00" * 32 + "\n")
    for number, text in enumerate(graders, 1):
        (folder / "graders" / f"test_q{number}.py").write_text(text)
    return folder


def trivial_submissions(count: int, folder: Path) -> Path:
    """So many that define a function ``add``, no two the same."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"student{number:05}.py").write_text(f"def add(a, b):\n    return a + b\n\nnumber = {number}\n")
    return folder


class Student(NamedTuple):
    """What a submission's workers used, once they were ready."""

    own: float  # seconds of their own time, as their limits count it
    processor: float  # seconds


@dataclass(frozen=True)
class Measured:
    """One grading in a lane, and where its time went, in seconds."""

    result: Result
    wall: float  # from the task to its result
    processor: float  # of the lane
    student: Student

    @property
    def overhead(self) -> float:
        """What passed and was not the student's."""
        return self.wall - self.student.processor


_students: list[Student] = []  # of the workers that ended in this process
_begin, _close = WorkerController._begin, WorkerController.close


def _processor(pid: int) -> float:
    """Seconds of all threads that a process has: from the scheduler, which counts finer than ticks."""
    try:
        return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    except OSError:
        return 0.0


def _noting_begin(worker: WorkerController, *arguments: object) -> list[str]:
    layers = _begin(worker, *arguments)
    worker.ready = Student(worker.used, _processor(worker._process.pid))
    return layers


def _noting_close(worker: WorkerController) -> None:
    ready = getattr(worker, "ready", None)
    if ready is not None:
        used = _processor(worker._process.pid)  # nothing where it has died: then its own time is what is known
        own = worker.used - ready.own
        _students.append(Student(own, used - ready.processor if used else own))
    _close(worker)


WorkerController._begin, WorkerController.close = _noting_begin, _noting_close  # in lanes too, which import this module


class MeasuredGrader:
    """What an engine does with a grading task, and measures."""

    def __init__(self, grader: TaskGrader) -> None:
        self._grader = grader

    def __call__(self, task: GradingTask, tell: Tell[Result]) -> Measured:
        _students.clear()
        wall, processor = time.perf_counter(), time.process_time()
        result = self._grader(task, tell)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        student = Student(*(sum(column) for column in zip(*_students, strict=True))) if _students else Student(0, 0)
        return Measured(result, wall, processor, student)


def quantile(values: list[float], share: float) -> float:
    """The smallest value that is no less than this share of all."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def sample(paths: list[Path], count: int) -> list[Path]:
    """No more than so many of them, spread over all."""
    return [paths[n * len(paths) // count] for n in range(count)] if len(paths) > count else paths


def median(values: list[float]) -> float:
    return statistics.median(values)


def environment(*packages: str) -> str:
    names = ", ".join(f"{name} {version(name)}" for name in ("torch", "torch-autograder", *packages))
    return f"{CORES} cores, one thread a process; {platform.system()}, Python {platform.python_version()}, {names}."


def write(name: str, text: str, rows: list[dict[str, object]], *, record: bool) -> None:
    """Show the text; record it as ``results/NAME.md``, and the rows as ``results/NAME.csv``."""
    print(f"\n{text}")
    if record:
        (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
        header = list(rows[0])
        lines = [",".join(header), *(",".join(str(row[column]) for column in header) for row in rows)]
        (RESULTS / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
