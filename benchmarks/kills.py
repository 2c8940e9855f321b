"""Does a grading that is killed lose anything? `kill -9` at random moments, and the same command until it is done.

    python benchmarks/kills.py [--count N] [--kills N]     # writes results/kills.csv and results/kills.md

Afterwards each result is held to that of a command that nobody disturbed, and processes, mounts and temporary files are
counted that were not there before. A command is killed no sooner than it has opened its store, and no later than a
grading of what is left takes. With other counts, nothing is recorded.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from measured import environment, write
from regrade import trivial

from autograder.batch.database import FILE, Database

SUBMISSIONS, KILLS = 40, 200


def traces(folder: Path) -> dict[str, set[str]]:
    """What a command can leave behind: processes of its, mounts, and temporary files."""
    processes = set()
    for process in psutil.process_iter(["cmdline", "environ"]):
        environ = process.info["environ"] or {}
        if environ.get("KILLS") == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
            processes.add(f"{process.pid} {' '.join(process.info['cmdline'] or [])[:80]}")
    mounts = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    temporary = {str(path) for path in folder.glob("tmp/*")}
    shared = {str(path) for path in Path("/dev/shm").iterdir() if path.owner() == "root"}
    parts = {str(path) for path in folder.rglob("*.part")}
    return {"processes": processes, "mounts": mounts, "files": temporary | shared | parts}


def results_of(out: Path) -> dict[str, object]:
    """Each result by its name, without what is measured."""
    database = Database(out)
    found = {result.submission: result.to_dict() for result in database.results()}
    database.close()
    for result in found.values():
        result["seconds"] = 0
        for check in result["checks"]:
            check["seconds"] = 0
    return found


class Kills:
    """A class that is graded again and again, and its commands."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        (folder / "tmp").mkdir()
        self._assignment, self._given = trivial(folder / "class", count)
        self._environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "KILLS": str(folder)}
        began = time.perf_counter()
        self.finish(folder / "undisturbed")
        self._whole = time.perf_counter() - began

    def _start(self, out: Path) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "autograder", "grade", self._assignment, self._given, "-o", out, "-j", "2"]
        return subprocess.Popen(
            words, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def finish(self, out: Path) -> None:
        """Let a command do all that is left."""
        running = self._start(out)
        said = running.communicate()[0]
        assert running.returncode == 0, said

    def kill(self, out: Path, rng: random.Random) -> bool:
        """Kill a command at a random moment; tells whether there was something to kill."""
        running = self._start(out)
        while not (out / FILE).exists() and running.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.6 * self._whole))
        running.kill()
        running.communicate()
        return running.returncode != 0

    def round(self, number: int, most: int, rng: random.Random) -> dict[str, object]:
        """Kill commands until one is done before it is killed, and look at what there is then."""
        out, kills = self.folder / f"out{number}", 0
        while kills < most and self.kill(out, rng):
            kills += 1
        self.finish(out)
        same = results_of(out) == results_of(self.folder / "undisturbed")
        scores = (out / "scores.csv").read_bytes() == (self.folder / "undisturbed" / "scores.csv").read_bytes()
        files = len(list((out / "results").glob("*.json")))
        return {"round": number, "kills": kills, "same": same and scores, "results": files}


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill gradings at random moments, and count what is lost.")
    parser.add_argument("--count", type=int, default=SUBMISSIONS)
    parser.add_argument("--kills", type=int, default=KILLS)
    given = parser.parse_args()
    rng, rows = random.Random(0), []
    with tempfile.TemporaryDirectory() as name:
        before = traces(Path(name))
        kills = Kills(Path(name), given.count)
        while (left := given.kills - sum(row["kills"] for row in rows)) > 0:
            rows.append(kills.round(len(rows), left, rng))
            print(rows[-1], flush=True)
        for _ in range(100):  # the kernel ends what a killed command had started, in its own time
            remains = {kind: found - before[kind] for kind, found in traces(Path(name)).items()}
            if not any(remains.values()):
                break
            time.sleep(0.1)
    wrong = sum(not row["same"] or row["results"] != given.count for row in rows)
    text = "\n".join([
        "# Killed at any moment",
        "",
        f"`kill -9` of `autograder grade` on {given.count} submissions, {given.kills} times in {len(rows)} rounds: "
        f"each ended with a command that nobody disturbed. {environment()}",
        "",
        f"- Rounds whose results are not each there once, and equal to those of an undisturbed run: {wrong}.",
        *(f"- {kind.capitalize()} that are left: {len(found)}. {', '.join(sorted(found)[:5])}".rstrip()
          for kind, found in remains.items()),
        "",
    ])  # fmt: skip
    write("kills", text, rows, record=(given.count, given.kills) == (SUBMISSIONS, KILLS))


if __name__ == "__main__":
    main()
