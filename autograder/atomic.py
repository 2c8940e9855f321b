"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from pathlib import Path

# Too long with its suffix, or the name of a folder that holds others.
_UNFIT_NAME = (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)


def write_whole(path: Path, text: str) -> None:
    """Replace a file whole: who reads it meanwhile sees the old text or the new, never half of one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)  # a disk that is full may say so only now
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_named(folder: Path, name: str, suffix: str, text: str) -> Path:
    """Write the file of a name below a folder, which is made; returns where it is.

    Where this can be the name of no file, a digest takes its place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{suffix}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except OSError as error:
        if error.errno not in _UNFIT_NAME:
            raise
        path = folder / f"{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}{suffix}"
        write_whole(path, text)
    return path
