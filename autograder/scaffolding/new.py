"""``autograder new``: writes an assignment's folder from one of the templates beside this file.

A template is a folder. What ends in ``.jinja`` is filled in by Jinja2 and loses that ending, and ``NAME`` in a file's
name becomes the assignment's; the rest is copied as it is, but for ``template.toml``, which says what the template is.
Its files are ordinary ones of an assignment, so that what they say is held to what they do: the tests make each, audit
it and release it.
"""

from __future__ import annotations

import json
import re
import secrets
import tempfile
import tomllib
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict

from autograder.assignment import KEY
from autograder.errors import UsageError

_TEMPLATES = files(__package__) / "templates"
_ENDING = ".jinja"
_ABOUT = "template.toml"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Template(BaseModel):
    """``template.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str  # what it is for, in a line
    seeds: int = 0  # trainings of each right submission, where verdicts on training are to be calibrated


def templates() -> dict[str, Template]:
    """The templates, by their names."""
    return {
        folder.name: Template.model_validate(tomllib.loads((folder / _ABOUT).read_text(encoding="utf-8")))
        for folder in sorted(_TEMPLATES.iterdir(), key=lambda folder: folder.name)
        if (folder / _ABOUT).is_file()
    }


def create(name: str, template: str, parent: Path, title: str = "") -> Path:
    """Write ``parent/name`` from a template, with a key of its own, and return that folder.

    It is there whole or not at all.

    Raises:
        UsageError: there is no such template, the name or the title can't be one, or there is such a folder already.
        OSError: it can't be written.
    """
    known = templates()
    if template not in known:
        raise UsageError(f"there is no template {template!r}: there are {', '.join(known)}")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be the name of an assignment: take small letters, digits, - and _, and begin with a letter"
        )
    if not title.isprintable():
        raise UsageError("the title has to be one line of text")
    folder = parent / name
    if folder.exists():
        raise UsageError(f"{folder} is there already: take another name, or delete it first")
    parent.mkdir(parents=True, exist_ok=True)
    words = name.replace("-", " ").replace("_", " ").capitalize()
    values = {"name": name, "title": title or words, "seeds": str(known[template].seeds)}
    with tempfile.TemporaryDirectory(dir=parent, prefix=f".{name}-") as made:
        whole = Path(made) / name
        _fill(_environment(), _TEMPLATES / template, template, whole, values)
        (whole / KEY).write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        whole.rename(folder)
    return folder


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701  (nothing of it is HTML)
    )
    environment.filters["toml"] = partial(json.dumps, ensure_ascii=False)  # of such strings, both are written alike
    return environment


def _fill(environment: Environment, source: Traversable, inside: str, target: Path, values: dict[str, str]) -> None:
    target.mkdir()
    for entry in source.iterdir():
        name = entry.name.replace("NAME", values["name"])
        if entry.is_dir():
            if entry.name != "__pycache__":
                _fill(environment, entry, f"{inside}/{entry.name}", target / name, values)
        elif name.endswith(_ENDING):
            text = environment.get_template(f"{inside}/{entry.name}").render(values)
            (target / name.removesuffix(_ENDING)).write_text(text, encoding="utf-8")
        elif name != _ABOUT:
            (target / name).write_bytes(entry.read_bytes())
