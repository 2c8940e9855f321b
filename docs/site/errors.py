"""Puts all messages of errors into ``errors.md``, as they stand where the framework raises them."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

PACKAGE = Path(__file__).resolve().parents[2] / "autograder"
PAGE = "errors.md"
PLACE = "<!-- {} -->"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in the lists: ``<!-- UsageError -->`` is the place for the messages of that error."""
    if page.file.src_uri == PAGE:
        for kind, messages in _messages().items():
            markdown = markdown.replace(
                PLACE.format(kind), "\n".join(f"- {message}" for message in sorted(messages, key=_order))
            )
    return markdown


def _messages() -> dict[str, set[str]]:
    """The messages by the names of their errors, with ``...`` for what depends on the case."""
    found = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        if PACKAGE / "scaffolding" / "templates" in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                words = _words(node.args[0])
                if re.search(r"[A-Za-z]{2,}", words):
                    found[node.func.id].add(words[:1].upper() + words[1:])
    return found


def _order(message: str) -> tuple[bool, str]:
    """By the alphabet, those that begin with what differs last."""
    return message.startswith("..."), message.strip("`-. ").lower()


def _words(message: ast.expr) -> str:
    """What is always the same in a message."""
    if isinstance(message, ast.Constant) and isinstance(message.value, str):
        return _as_text(message.value)
    if not isinstance(message, ast.JoinedStr):
        return ""
    return "".join(_as_text(str(part.value)) if isinstance(part, ast.Constant) else "..." for part in message.values)


def _as_text(words: str) -> str:
    """Words that Markdown shows as they are, but for code in backticks."""
    return words.replace("<", "&lt;").replace("*", r"\*").replace("_", r"\_").replace("[", r"\[")
