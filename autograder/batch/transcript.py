"""Evidence to be read: what a submission was asked for one question, and what it answered, to settle a complaint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from autograder.evidence import Evidence, Step
from autograder.judged import OUTLINE
from autograder.report.computation import table_of
from autograder.sanitize import sanitize

_LONG = 300  # characters of a value


def transcript(evidence: Evidence, question: str | None = None) -> Iterator[RenderableType]:
    """Two lines for each request of one question or all, the second of which begins with an arrow.

    Objects go by what made them. Where a model was handed over, its computation is a table, once for those that are
    alike.
    """
    for run in evidence.runs:
        names: dict[int, str] = {}
        tables: list[Any] = []
        wanted = False
        for step in run.steps:
            if step.kind == "question":
                wanted = step.digest in run.questions and question in (None, step.digest)
                lines = [f"{step.digest}:"]
            else:
                if step.kind == "start":
                    names.clear()
                lines = [f"  {line}" for line in _lines(step, names)]
            computation = _computation(step)
            if wanted and computation is not None:
                is_new = computation not in tables
                tables += [computation] * is_new
                yield "  its forward pass, as it was handed over:" if is_new else "  the same forward pass as above"
                if is_new:
                    yield table_of(computation)
            elif wanted:
                yield from lines


def _lines(step: Step, names: dict[int, str]) -> list[str]:
    if step.kind == "start":
        return [f"A worker was started ({', '.join(step.layers)})."]
    if step.kind == "reduce":
        asked, answered = f"computed from what is not kept: {step.digest}", _plain(step.header, names)
    else:
        asked = _request(step, names)
        answered = _reply(step, asked, names)
    return [_short(asked), f"  -> {_short(answered)}"]


def _computation(step: Step) -> list[list[str]] | None:
    """The computation of a model, where this step is that it was handed over: see :mod:`autograder.judged`."""
    try:
        [[name, lines]] = _tree(step.header)["dict"] if step.kind == "reduce" else []
        is_one = name == OUTLINE and all(type(cell) is str for line in lines for cell in line)
    except _OF_NO_FORM:
        return None
    return lines if is_one else None


_OF_NO_FORM = (TypeError, ValueError, LookupError, AttributeError, RecursionError)


def _request(step: Step, names: dict[int, str]) -> str:
    try:
        return _said(dict(_tree(step.asked)["dict"]), names)
    except _OF_NO_FORM:  # cut off
        return step.asked


def _said(message: dict[str, Any], names: dict[int, str]) -> str:  # noqa: PLR0911  (one return a request)
    def said(key: str) -> str:
        return _value(message[key], names)

    match message["do"]:
        case "cell":
            return f"read {message['label']}"
        case "statement":
            return f"run its statement {message['number'] + 1}"
        case "global":
            return str(message["name"])
        case "probe":
            return f"look: {message['name']}({', '.join(_value(value, names) for value in message['args'])})"
        case "attribute":
            return f"{said('of')}.{message['name']}"
        case "item":
            return f"{said('of')}[{said('key')}]"
        case "call":
            named = [f"{key}={_value(value, names)}" for key, value in message["kwargs"]["dict"]]
            return f"{said('function')}({', '.join([*(_value(value, names) for value in message['args']), *named])})"
    return f"{message['do']} {message.get('name', '')}".strip()


def _reply(step: Step, asked: str, names: dict[int, str]) -> str:
    if step.ended == "left out":
        return f"{step.size:,} bytes, which are not kept"
    if step.ended != "reply":
        return step.words
    tree = _tree(step.header)
    try:
        [(kind, value)] = tree["dict"]
        if kind == "error":
            error = {key: _value(item, names) for key, item in value["dict"]}
            return f"raised {error.get('kind', '')}: {error.get('message', '')}"
        is_name = isinstance(value, dict) and value.get("dict", [None])[0] == ["found", True]
        found = value["dict"][1][1] if is_name else value
        if isinstance(found, dict) and "other" in found:
            names[found["other"][0]] = asked if len(asked) <= _LONG else found["other"][1]
            return f"an object: {found['other'][1]}"
        return _value(found, names)
    except _OF_NO_FORM:  # what a worker sent has any form, and is nested as deeply as JSON may be
        return step.header


def _plain(header: str, names: dict[int, str]) -> str:
    try:
        return _value(_tree(header), names)
    except _OF_NO_FORM:
        return header


def _tree(header: str) -> Any:
    try:
        return json.loads(header)["value"]
    except _OF_NO_FORM:  # cut off
        return None


def _value(tree: Any, names: dict[int, str]) -> str:  # noqa: PLR0911  (one return a type)
    if isinstance(tree, list):
        return f"[{', '.join(_value(item, names) for item in tree)}]"
    if isinstance(tree, dict) and len(tree) == 1:
        [(key, content)] = tree.items()
        match key:
            case "float":
                return str(content)
            case "tuple":
                items = [_value(item, names) for item in content]
                return f"({', '.join(items)}{',' * (len(items) == 1)})"
            case "dict":
                return f"{{{', '.join(f'{_value(k, names)}: {_value(v, names)}' for k, v in content)}}}"
            case "bytes":
                return "bytes"
            case "array":
                return f"array {'x'.join(map(str, content[2]))} of {content[1][1:]}"
            case "other":
                return names.get(content[0], str(content[1]))
    return repr(tree)


def _short(text: str) -> str:
    line = " ".join(sanitize(text).split())
    return line if len(line) <= _LONG else f"{line[:_LONG]} ..."
