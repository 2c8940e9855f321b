"""A computation to be read: what is done to the images, in which shapes, with which parameters."""

from __future__ import annotations

import torch

from .computation import Carried, Computation, Operation, Refused

_ROWS = 2, 5  # images
_MOST = 100  # operations; more are only counted
_FEW, _MANY = 3, 8  # shapes
_LONG = 80  # characters of a name
_SAME = ("", "clone")  # they give what they take
_PARTS = {"self": "bias", "mat2": "weight", "batch2": "weight"}  # of a linear layer: addmm(bias, input, weight)
_HOW = {"kernel_size": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1}  # with what goes without saying


def outline(model: Carried, computation: Computation, rows: int | None) -> list[list[str]]:
    """A line for each operation that something of the images reaches, in order.

    Each is: what the operation is called, the shapes that it takes and that it gives for ``N`` images, how it is set,
    and which parameters it uses. Where it can't be carried out, the last line says why. One that takes a single number
    of images, ``rows``, is told for that.
    """
    (one, trouble), (other, _) = (_shapes(model, computation, n) for n in _ROWS)
    if trouble and rows is not None:
        one, trouble = _shapes(model, computation, rows)
        other = one
    given = [
        [_shape(a, b) for a, b in zip(some, others, strict=False)] for some, others in zip(one, other, strict=False)
    ]
    values = list(given[0])  # the shape of each value; those that no image reaches have a name
    names: dict[int, str] = {}
    lines = []
    for operation, shapes in zip(computation.operations, given[1:], strict=False):
        taken, used, origin = [], [], ""
        for argument, what in operation.references():
            if isinstance(what, int) and what not in names:
                taken.append(values[what] if what < len(values) else "?")
            elif name := (names[what] if isinstance(what, int) else what[:_LONG]):
                used.append(f"{_role(operation, argument)} {name}".strip())
                origin = origin or name
        if not taken:
            names |= dict.fromkeys(range(len(values), len(values) + len(shapes)), origin)
        elif operation.called not in _SAME:
            gives = [shape for number, shape in enumerate(shapes, len(values)) if number in computation.wanted]
            called = operation.called.removeprefix("unsafe_")
            lines.append([called, _listed(taken), _listed(gives or shapes), _how(operation), ", ".join(used)])
        values += shapes
    if len(lines) > _MOST:
        lines[_MOST:] = [[f"and {len(lines) - _MOST:,} more operations", "", "", "", ""]]
    return lines + ([[trouble, "", "", "", ""]] if trouble else [])


def _shapes(model: Carried, computation: Computation, rows: int) -> tuple[list[list[tuple[int, ...]]], str]:
    """The shapes of the input and of what each operation gives, and why it came no further."""
    images = torch.zeros(rows, *computation.shape)
    shapes = [[tuple(images.shape)]]
    try:
        with torch.no_grad():
            model.apart()(images, watch=lambda _, given: shapes.append([tuple(value.shape) for value in given]))
    except Refused as reason:
        return shapes, str(reason)
    return shapes, ""


def _shape(one: tuple[int, ...], other: tuple[int, ...]) -> str:
    """A shape for any number of images: ``(N, 16, 24, 24)``."""
    if len(one) != len(other):
        return "?"
    sizes = ", ".join(str(a) if a == b else _size(a, b) for a, b in zip(one, other, strict=True))
    return f"({sizes},)" if len(one) == 1 else f"({sizes})"


def _size(one: int, other: int) -> str:
    times, rest = divmod(other - one, _ROWS[1] - _ROWS[0])
    more = one - times * _ROWS[0]
    if rest:
        return "?"
    return f"{times if times != 1 else ''}N{f' {more:+d}' if more else ''}"


def _listed(shapes: list[str]) -> str:
    """Shapes in order; many of one kind are counted."""
    if len(shapes) > _FEW and len(set(shapes)) == 1:
        return f"{len(shapes)} times {shapes[0]}"
    return ", ".join(shapes[:_MANY]) + (", ..." if len(shapes) > _MANY else "")


def _role(operation: Operation, argument: str) -> str:
    if operation.called == "linear":
        return _PARTS.get(argument, "")
    return argument if argument in ("weight", "bias") else ""


def _how(operation: Operation) -> str:
    arguments = operation.named_arguments()
    said = []
    for name, usual in _HOW.items():
        value = arguments.get(name)
        sizes = value if isinstance(value, list) else [value]
        if sizes and all(type(size) is int for size in sizes) and any(size != usual for size in sizes):
            same = len(set(sizes)) == 1
            text = str(sizes[0]) if same and usual is not None else "x".join(map(str, sizes))
            said.append(f"{name.removesuffix('_size')} {text}")
    return ", ".join(said)
