"""Do cores do training and nothing else? Grade submissions with training, and see where the time of the cores goes.

    python benchmarks/cores.py [--count N]     # writes results/cores.csv and results/cores.md

Forty right submissions of the CNN assignment, all questions, in as many lanes as there are cores; and eight of them by
as many `otter run` at a time, with the conventional tests. With another count, nothing is recorded.
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from measured import CNN, CORES, Measured, MeasuredGrader, environment, median, sample, variants, write
from otter_run import NOTEBOOK, conventional_package
from plain_otter import as_notebook, otter_run

from autograder.assignment import load_assignment
from autograder.batch.collect import SubmissionFile
from autograder.batch.local import LocalEngine
from autograder.batch.run import TaskGrader
from autograder.batch.task import AssignmentSource, grading_tasks
from autograder.sandbox import choose

COUNT = 40
SAMPLE = 8  # by otter run


def in_lanes(paths: list[Path]) -> tuple[float, list[Measured]]:
    """Seconds from the start of the lanes to their end, and each grading."""
    assignment = load_assignment(CNN)
    sandbox = choose("auto", forbidden=(assignment.folder,))
    grader = MeasuredGrader(TaskGrader(AssignmentSource(assignment), sandbox))
    tasks = grading_tasks(assignment, [SubmissionFile(path.name, path) for path in paths], sandbox)
    began = time.perf_counter()
    with closing(LocalEngine(CORES).run(grader, tasks)) as outcomes:
        gradings = [outcome.result() for _, outcome in outcomes]
    return time.perf_counter() - began, gradings


def by_otter(paths: list[Path], folder: Path) -> float:
    """Seconds for all, as many at a time as there are cores."""
    archive = conventional_package(folder)
    notebooks = []
    for path in paths:
        (folder / path.stem).mkdir()
        notebooks.append(as_notebook(path, folder / path.stem / NOTEBOOK))
    began = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(lambda path: otter_run(archive, path, path.parent / "out"), notebooks))
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="See where the time of the cores goes while submissions are trained.")
    parser.add_argument("--count", type=int, default=COUNT)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        paths = variants(count, Path(name, "given"), ("right/",))
        half = (count + 1) // 2
        ours = [in_lanes(part) for part in (paths[:half], paths[half:]) if part]  # otter run in between
        few = sample(paths, SAMPLE)
        plain = by_otter(few, Path(name)) / len(few)
        wall, gradings = sum(seconds for seconds, _ in ours), [one for _, part in ours for one in part]
    student = sum(grading.student.processor for grading in gradings)
    lane = sum(grading.processor for grading in gradings)
    share, least = student / (CORES * wall), student / CORES
    medians = [
        median(values)
        for values in zip(*((one.student.processor, one.wall, one.processor) for one in gradings), strict=True)
    ]
    text = "\n".join([
        "# Where the time of the cores goes",
        "",
        f"{count} right submissions of the CNN assignment, no two the same, with their training. Student time is the "
        "processor time of workers while they run cells and answer calls; all else is ours: to start, confine and end "
        f"them, and the lanes. {environment('otter-grader')}",
        "",
        f"- {CORES} lanes take {wall:.0f} s, with their start: {wall / count:.1f} s a submission. `otter run`, {CORES} "
        f"at a time, takes {plain:.1f} s for each of {len(few)} among them: {plain * count / wall:.2f} times as long.",
        f"- Share of cores x wall time in students' own code: {share:.1%} ({student:.0f} of {CORES * wall:.0f} s). "
        f"The lanes' own processor time is {lane / (CORES * wall):.1%}; the rest is starts, ends and waits.",
        f"- With no overhead at all it would be {least:.0f} s, and `otter run` {plain * count / least:.2f} times as "
        "long: the limit that training sets.",
        f"- Medians: {medians[0]:.2f} s of student time, {medians[1]:.2f} s in its lane, of which {medians[2]:.2f} "
        "s are its own processor time.",
        "",
    ])  # fmt: skip
    rows = [
        {"submission": one.result.submission, "score": f"{one.result.score:g}", "seconds": f"{one.wall:.2f}",
         "student_seconds": f"{one.student.processor:.2f}", "student_own_seconds": f"{one.student.own:.2f}",
         "lane_seconds": f"{one.processor:.2f}"}
        for one in gradings
    ]  # fmt: skip
    write("cores", text, rows, record=count == COUNT)


if __name__ == "__main__":
    main()
