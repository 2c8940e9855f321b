"""Results of declared submissions that are kept on one's own machine, by all that they depend on.

So that no unchanged pair of submission and graders is graded twice by somebody who works on one question, or on the
framework. Only what came out as declared is kept: what did not is graded again. In CI nothing is kept, and nothing
that was kept is believed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.atomic import write_whole
from autograder.batch.task import GradingTask
from autograder.errors import AutograderError
from autograder.results import Result

FOLDER = Path(".cache") / "autograder"


@dataclass(frozen=True)
class KeptResults:
    """Results by the keys of their tasks, in a folder; without one, nothing is kept."""

    folder: Path | None

    @classmethod
    def beside(cls, assignment: Path) -> KeptResults:
        """The folder ``.cache/autograder`` of the course that an assignment's folder is in, below ``solutions/``.

        Nothing is kept where the environment says ``CI``, as that of GitHub, GitLab and ``.ci/run`` does.
        """
        is_kept = not os.environ.get("CI") and assignment.parent.name == "solutions"
        return cls(assignment.parent.parent / FOLDER if is_kept else None)

    def find(self, task: GradingTask) -> Result | None:
        """What came of a task, if that is known."""
        if self.folder is None:
            return None
        try:
            kept = Result.from_json(self._path(self.folder, task).read_bytes())
        except (OSError, AutograderError):  # a newer version's, or damaged: it is graded again
            return None
        return replace(kept, submission=task.name)

    def keep(self, task: GradingTask, result: Result) -> None:
        """Keep what came of a task."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (ignored := self.folder / ".gitignore").exists():
            write_whole(ignored, "*\n")
        write_whole(self._path(self.folder, task), result.to_json())

    @staticmethod
    def _path(folder: Path, task: GradingTask) -> Path:
        return folder / f"{task.key}.json"
