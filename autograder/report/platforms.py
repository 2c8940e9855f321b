"""How learning platforms name the files that they hand over, and whose a file is by that.

What Canvas and Moodle look for when files come back is in their source: ``infer_comment_context_from_filename`` of
canvas-lms, and ``mod/assign/feedback/file/importziplib.php`` of Moodle.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

# `adlerada_LATE_12345_67890_notebook-1.ipynb`: the numbers are those of the user and of the file. What stands before is
# a name, or `anon` where the assignment is anonymous.
_CANVAS = re.compile(r"[^/]*?_(?P<user>\d+)_(?P<file>\d+)_[^/]+", re.IGNORECASE)
# `Ada Adler_4711_assignsubmission_file_/notebook.ipynb`; without the last underscore since Moodle 4.1; or, without a
# folder, with the file's own name behind it. The participant's number is the second of the parts between underscores.
_MOODLE = re.compile(
    r"(?P<folder>[^/_]*_(?P<participant>\d+)_assignsubmission_(?:file|onlinetext))(?P<rest>_.*)?", re.IGNORECASE
)


def canvas_user(submission: str) -> str:
    """The number of the user whose a file of Canvas is; empty where it is none."""
    found = _CANVAS.fullmatch(PurePosixPath(submission).name)
    return found["user"] if found and not _in_moodle(submission) else ""


def is_late_in_canvas(submission: str) -> bool:
    """Whether Canvas wrote into the name of a file that it was handed in late."""
    name = PurePosixPath(submission).name
    return bool(canvas_user(submission)) and re.match(r"([^/]*?_)?LATE_\d+_\d+_", name) is not None


def canvas_file(submission: str) -> int:
    """The number of a file of Canvas, which grows with time; 0 where it is none."""
    found = _CANVAS.fullmatch(PurePosixPath(submission).name)
    return int(found["file"]) if found and canvas_user(submission) else 0


def moodle_participant(submission: str) -> str:
    """The number of the participant whose a file of Moodle is; empty where it is none."""
    found = _in_moodle(submission)
    return found["participant"] if found else ""


def moodle_folder(submission: str) -> str:
    """The folder by whose name Moodle finds the participant again; empty where the file is not from there."""
    found = _in_moodle(submission)
    return f"{found['folder']}{'_' * bool(found['rest'])}" if found else ""


def _in_moodle(submission: str) -> re.Match[str] | None:
    return next(filter(None, map(_MOODLE.fullmatch, PurePosixPath(submission).parts)), None)
