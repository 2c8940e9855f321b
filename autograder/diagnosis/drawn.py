"""What a Matplotlib figure shows, as plain data: curves and names, labels, ticks, texts, the cells of pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Entry:
    """One line of a legend: its text, and the colour and style of what stands beside it."""

    text: str
    colour: str
    style: str


@dataclass(frozen=True)
class Curve:
    """A line, a scatter of points or a row of bars."""

    x: list[float]
    y: list[float]
    label: str  # what the code calls it, be it shown or not
    colour: str
    style: str


@dataclass(frozen=True)
class Text:
    """A text within axes, and the point of the data at which it is anchored."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Tick:
    """A tick with a label."""

    place: float
    text: str


@dataclass(frozen=True)
class Axes:
    """What one axes of a figure shows. Labels count for all axes that share them."""

    place: tuple[float, float, float, float]  # in the figure: left, bottom, width, height; twins have the same
    title: str
    xlabel: str
    ylabel: str
    xticks: list[Tick]
    yticks: list[Tick]
    legend: list[Entry]
    figure_legend: list[Entry]
    curves: list[Curve]
    texts: list[Text]
    columns: list[float]  # the edges of a picture's C columns, (C + 1,), in the order of its array; else empty
    rows: list[float]  # the edges of its R rows, (R + 1,)
    has_picture: bool


def read(figure: Any) -> list[Axes]:
    """What each axes of a figure shows.

    Raises:
        TypeError: this is no Figure.
    """
    import matplotlib.figure

    if not isinstance(figure, matplotlib.figure.Figure):
        raise TypeError(f"this is a {type(figure).__name__}, not a Figure")
    figure.draw_without_rendering()  # tick labels and places are known only then
    return [_axes(axes, figure) for axes in _with_insets(figure.axes)]


def _with_insets(axes: Iterable[Any]) -> Iterator[Any]:
    """Axes, and those within them, which a figure does not list."""
    from matplotlib.axes import Axes as Drawn

    for one in axes:
        if isinstance(one, Drawn):
            yield one
            yield from _with_insets(one.child_axes)


def _axes(axes: Any, root: Any) -> Axes:
    figures = [root] if axes.figure is root else [axes.figure, root]  # a subfigure has labels and legends of its own
    legends = [child for child in axes.get_children() if _is_legend(child)]
    columns, rows = _cells([*axes.images, *axes.collections])
    left, bottom, width, height = map(float, axes.get_position().bounds)
    return Axes(
        place=(left, bottom, width, height),
        title=" ".join(filter(None, (axes.get_title(loc=side) for side in ("left", "center", "right")))),
        xlabel=_first([a.get_xlabel() for a in _siblings(axes, "x")]) or _beside(figures, "x"),
        ylabel=_first([a.get_ylabel() for a in _siblings(axes, "y")]) or _beside(figures, "y"),
        xticks=_ticks(axes.xaxis),
        yticks=_ticks(axes.yaxis),
        legend=_entries(legends),
        figure_legend=_entries(legend for figure in figures for legend in figure.legends),
        curves=list(_curves(axes)),
        texts=[Text(*_anchor(axes, text), str(text.get_text())) for text in axes.texts if text.get_visible()],
        columns=columns,
        rows=rows,
        has_picture=bool(axes.images or axes.collections),
    )


def _siblings(axes: Any, side: str) -> list[Any]:
    """The axes first, then those that share this side with it (``twinx``, ``sharex``) and may be labelled for it."""
    others = getattr(axes, f"get_shared_{side}_axes")().get_siblings(axes)
    return [axes, *(other for other in others if other is not axes)]


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if str(text).strip()), "")


def _beside(figures: list[Any], side: str) -> str:
    """A label that belongs to the figure: ``supxlabel``, or a text at its edge."""
    labels = [getattr(figure, f"get_sup{side}label")() for figure in figures]
    for text in figures[-1].texts:
        x, y = text.get_position()
        is_upright = 45 < text.get_rotation() % 180 < 135
        if (side == "y" and is_upright and x < 0.2) or (side == "x" and not is_upright and y < 0.2):
            labels.append(text.get_text())
    return _first(labels)


def _ticks(axis: Any) -> list[Tick]:
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [
        Tick(float(tick.get_loc()), str(label.get_text()))
        for tick in ticks
        for label in (tick.label1, tick.label2)
        if label.get_visible() and label.get_text()
    ]


def _is_legend(artist: Any) -> bool:
    import matplotlib.legend

    return isinstance(artist, matplotlib.legend.Legend) and artist.get_visible()


def _entries(legends: Iterable[Any]) -> list[Entry]:
    return [
        Entry(str(text.get_text()), _colour_of(handle), _style_of(handle))
        for legend in legends
        if legend.get_visible()
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=False)
    ]


def _curves(axes: Any) -> Iterator[Curve]:
    from matplotlib.collections import PathCollection
    from matplotlib.container import BarContainer

    drawn = [(line, line.get_xdata(orig=False), line.get_ydata(orig=False)) for line in axes.get_lines()]
    drawn += [(c, *np.ma.filled(c.get_offsets(), np.nan).T) for c in axes.collections if isinstance(c, PathCollection)]
    for artist, x, y in drawn:
        if artist.get_visible():
            yield Curve(_floats(x), _floats(y), str(artist.get_label()), _colour_of(artist), _style_of(artist))
    for bars in axes.containers:
        if isinstance(bars, BarContainer) and bars.patches:
            x = [bar.get_x() + bar.get_width() / 2 for bar in bars.patches]
            y = [bar.get_height() for bar in bars.patches]
            yield Curve(_floats(x), _floats(y), str(bars.get_label()), _colour_of(bars.patches[0]), "")


def _floats(values: Any) -> list[float]:
    with contextlib.suppress(TypeError, ValueError):
        numbers: list[float] = np.ma.filled(np.ma.asarray(values, float), np.nan).ravel()[:10_000].tolist()
        return numbers
    return []


def _colour_of(artist: Any) -> str:
    """The colour as ``#rrggbb``; nothing where there is none, or several."""
    from matplotlib.colors import to_hex

    for getter in ("get_color", "get_facecolor"):
        if not hasattr(artist, getter):
            continue
        colour = getattr(artist, getter)()
        with contextlib.suppress(TypeError, ValueError):
            if isinstance(colour, np.ndarray) and colour.ndim == 2 and len(colour):
                colour = colour[0]  # of a collection
            return to_hex(colour)
    return ""


def _style_of(artist: Any) -> str:
    if hasattr(artist, "get_marker") and hasattr(artist, "get_linestyle"):
        return f"{artist.get_linestyle()} {artist.get_marker()}"
    return ""


def _anchor(axes: Any, text: Any) -> tuple[float, float]:
    """Where a text stands, in coordinates of the data; an annotation where it points to."""
    from matplotlib.text import Annotation

    if isinstance(text, Annotation) and text.xycoords == "data":
        return float(axes.convert_xunits(text.xy[0])), float(axes.convert_yunits(text.xy[1]))
    if isinstance(text, Annotation):
        box = text.get_window_extent()
        place = (box.x0, (box.y0 + box.y1) / 2)
    else:
        place = text.get_transform().transform(text.get_unitless_position())
    x, y = axes.transData.inverted().transform(place)
    return float(x), float(y)


def _cells(pictures: list[Any]) -> tuple[list[float], list[float]]:
    """The edges of the columns and rows of the first picture with several of each."""
    for picture in pictures:
        if hasattr(picture, "get_coordinates"):  # pcolormesh
            corners = np.ma.filled(picture.get_coordinates(), np.nan)  # (R + 1, C + 1, 2)
            columns, rows = corners[0, :, 0], corners[:, 0, 1]
        elif hasattr(picture, "get_extent") and getattr(picture.get_array(), "ndim", 0) >= 2:
            left, right, bottom, top = picture.get_extent()
            first, last = (top, bottom) if picture.origin == "upper" else (bottom, top)
            height, width = picture.get_array().shape[:2]
            columns, rows = np.linspace(left, right, width + 1), np.linspace(first, last, height + 1)
        else:
            continue
        if len(columns) > 2 and len(rows) > 2:
            return columns.tolist(), rows.tolist()
    return [], []
