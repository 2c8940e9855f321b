"""What does a class cost as it grows? Trivial submissions, and the time and the memory of the command that grades them.

    python benchmarks/growth.py [--count N]...     # writes results/growth.csv and results/growth.md

The time is processor time of the process of the command alone, without its lanes: what does not get shorter with more
cores. Its memory is the most that it had. With other counts, nothing is recorded.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measured import environment, trivial_assignment, trivial_submissions, write
from plain_otter import ENVIRONMENT

COUNTS = (10, 100, 1000, 5000)
TICK = 1 / os.sysconf("SC_CLK_TCK")
GRADER = """
from autograder import points

@points(1, "Adds")
def test_adds(submission):
    assert submission.add(1, 2) == 3
"""


def command_for(assignment: Path, count: int, folder: Path) -> dict[str, float]:
    """Grade so many: wall time and processor time in seconds, and memory in MiB, of the command's own process."""
    given = trivial_submissions(count, folder / "given")
    command = [sys.executable, "-m", "autograder", "grade", assignment, given, "-o", folder / "out"]
    began, most = time.perf_counter(), 0
    running = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    while os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        held = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{running.pid}/status").read_text(), re.MULTILINE)
        most = int(held[1]) if held else most
        time.sleep(0.05)
    wall = time.perf_counter() - began
    # It has ended, and is not waited for yet: the kernel still tells its own time, without that of its children.
    fields = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
    if running.wait():
        raise SystemExit("autograder grade failed")
    rows = len((folder / "out" / "scores.csv").read_text().splitlines()) - 1
    assert rows == count, f"{rows} rows for {count} submissions"
    return {"wall": wall, "processor": (int(fields[11]) + int(fields[12])) * TICK, "memory": most / 1024}


def line(counts: list[int], values: list[float]) -> tuple[float, float, float]:
    """Slope and intercept of the line through values, weighed by their size, and by how much it misses the worst."""
    slope, intercept = np.polyfit(counts, values, 1, w=1 / np.array(values))
    worst = max(abs(slope * n + intercept - value) / value for n, value in zip(counts, values, strict=True))
    return float(slope), float(intercept), float(worst)


def main() -> None:
    parser = argparse.ArgumentParser(description="Weigh and time the command as a class grows.")
    parser.add_argument("--count", type=int, action="append")
    counts = parser.parse_args().count or list(COUNTS)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        assignment = trivial_assignment(Path(name, "assignment"), GRADER)
        for count in counts:
            rows.append({"count": count, **command_for(assignment, count, Path(name, str(count)))})
            print(rows[-1], flush=True)
    fits = {what: line(counts, [row[what] for row in rows]) for what in ("wall", "processor", "memory")}
    text = "\n".join([
        "# A class as it grows",
        "",
        "Submissions that define a function which adds, and one check. The processor time and the memory are those of "
        f"the command's own process; its lanes do the rest. {environment()}",
        "",
        "| submissions | wall time | processor time of the command | the most memory that it had |",
        "|--:|--:|--:|--:|",
        *(
            f"| {row['count']:,} | {row['wall']:.1f} s | {row['processor']:.2f} s | {row['memory']:.0f} MiB |"
            for row in rows
        ),
        "",
        *(
            f"- {words}: {intercept:.4g} {unit}, and {1e3 * slope:.4g} {unit} for each thousand more (no point is off "
            f"that line by more than {worst:.0%})."
            for words, unit, (slope, intercept, worst) in (
                ("Wall time", "s", fits["wall"]),
                ("Processor time of the command", "s", fits["processor"]),
                ("Memory of the command", "MiB", fits["memory"]),
            )
        ),
        "",
    ])  # fmt: skip
    table = [{**row, **{key: f"{row[key]:.3f}" for key in ("wall", "processor", "memory")}} for row in rows]
    write("growth", text, table, record=tuple(counts) == COUNTS)


if __name__ == "__main__":
    main()
