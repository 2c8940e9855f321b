"""What the figures of question 5 say. The tests in the notebook look at them with this, and the graders do the same.

You need not read it, and there is nothing to change.
"""

import re

import numpy as np

CLASSES = ("tshirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankleboot")

TRAINING = re.compile(r"\btrain|\btrn\b|\btr\b|\bfit")
VALIDATION = re.compile(r"\bval(?!ue)|\bdev\b|\btest|\bheld|\bhold ?out|\bunseen|\beval")
LOSS = re.compile(r"loss|entropy|\bnll\b|\bcost\b|\bnats\b|likelihood")
ACCURACY = re.compile(r"accura|\bacc\b|correct|\bright\b|\bshare\b|fraction|percent|%")
TIME = re.compile(r"epoch|\bsteps?\b|iteration|\btime\b")
PREDICTED = re.compile(r"predict|\bpreds?\b|output|guess|taken for|classified|\bmodel|answer|estimate|\bhat\b")
TRUE = re.compile(r"\btrue\b|truth|actual|\breal\b|target|correct class|\bgold")


def words(text):
    """Lower-case words: "valLoss_1" is "val loss 1"."""
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", text[:500])
    return re.sub(r"[^a-z0-9%]+", " ", text.lower()).strip()


def says(text, this, not_that):
    """Whether a text speaks of this and not of that, so that there is no doubt."""
    return bool(this.search(words(text))) and not not_that.search(words(text))


# plot_history


def missing_curves(axes, history):
    """The names of the lists that no curve shows. An accuracy may be shown in percent."""
    return [name for name in history if not _curves_of(name, axes, history)]


def _curves_of(name, axes, history):
    """The curves that show a list, each with its axes."""
    return [(one, curve) for one in axes for curve in one.curves if _shows(curve, name, history[name])]


def _shows(curve, name, values):
    if len(curve.y) != len(values):
        return False
    scales = (1, 100) if name == "val_accuracy" else (1,)
    return any(np.allclose(curve.y, np.multiply(scale, values), rtol=0, atol=0.006 * scale) for scale in scales)


def history_label_mistake(axes, history):
    """What is wrong with the labels, titles and legends of a figure of the history, in words; else ''."""
    shown = {name: _curves_of(name, axes, history) for name in history}
    of_curves = [one for one in axes if any(one is other for pairs in shown.values() for other, _ in pairs)]
    of_curves = of_curves or [one for one in axes if one.curves]
    if not of_curves:
        return "Your figure has no curves."
    for one in of_curves:
        missing = [side for side in ("x", "y") if not getattr(one, f"{side}label").strip()]
        if missing:
            return f"Axes of your figure have no label on {' and '.join(missing)}: ax.set_{missing[0]}label(...)."
        if says(one.xlabel, LOSS, TIME) or says(one.xlabel, ACCURACY, TIME) or _is_time_on_y(one):
            return f"The labels {one.xlabel[:60]!r} on x and {one.ylabel[:60]!r} on y are swapped."
    return _wrong_kind(axes, shown) or _wrong_names(axes, shown)


def _is_time_on_y(one):
    on_y, on_x = words(one.ylabel), words(one.xlabel)
    is_quantity = LOSS.search(on_y) or ACCURACY.search(on_y)
    return bool(TIME.search(on_y)) and not is_quantity and not TIME.search(on_x)


def _wrong_kind(axes, shown):
    """Axes with one kind of curve that are labelled or titled as the other."""
    losses = [pair for name in ("train_loss", "val_loss") for pair in shown[name]]
    kinds = [("losses", losses, ACCURACY, LOSS), ("accuracy", shown["val_accuracy"], LOSS, ACCURACY)]
    for (what, pairs, wrong, right), (_, others, *_) in zip(kinds, kinds[::-1], strict=True):
        for one, _ in pairs:
            if not any(one is other for other, _ in others) and says(one.ylabel, wrong, right):
                return f"The axes with the {what} are labelled {one.ylabel[:60]!r} on y."
            panel = _panel(one, axes)
            titles = " ".join(other.title for other in panel)
            if not any(other in panel for other, _ in others) and says(titles, wrong, right):
                return f"The axes with the {what} have the title {titles[:60]!r}."
    return ""


def _panel(one, axes):
    """All axes at the same place, as twinx makes them."""
    return [other for other in axes if np.allclose(other.place, one.place, atol=1e-3)]


def _wrong_names(axes, shown):
    """What is wrong with what names the curves: a legend, or texts beside them."""
    entries = {entry.text for one in axes for entry in (*one.legend, *one.figure_legend)}
    beside = {text.text for one in axes for text in one.texts if _is_a_name(text.text)}
    read = ", ".join(sorted(entries | beside))[:120]
    if not read:
        return "Your figure has no legend: give each curve a label, and call ax.legend()."
    for side, pattern in (("training", TRAINING), ("validation", VALIDATION)):
        if not pattern.search(words(read)):
            return f"The legend should tell training from validation, and names no {side}. It reads: {read}."
    for name, pairs in shown.items():
        wrong, right = (VALIDATION, TRAINING) if name == "train_loss" else (TRAINING, VALIDATION)
        wrong_kind, right_kind = (LOSS, ACCURACY) if name == "val_accuracy" else (ACCURACY, LOSS)
        for one, curve in pairs:
            names, is_far = _names_of(curve, one, axes)
            text = " ".join(names)
            if says(text, wrong, right) or (not is_far and says(text, wrong_kind, right_kind)):
                return f"The curve of {name} goes by the name of {text[:60]!r} in your figure."
    if shown["val_accuracy"] and not any(_is_named(curve, one, axes) for one, curve in shown["val_accuracy"]):
        return "The curve of the accuracy has no name: give it a label, and its axes a legend, too."
    return ""


def _is_named(curve, one, axes):
    names, _ = _names_of(curve, one, axes)
    panel = _panel(one, axes)
    beside = [text for other in panel for text in other.texts if _is_a_name(text.text)]
    # Where there are names enough for all three, and only whose they are can't be told, it has one.
    return bool(names) or len(one.figure_legend) + sum(len(other.legend) for other in panel) + len(beside) > 2


def _names_of(curve, one, axes):
    """The texts that name a curve to a reader, and whether they stand in the legend of the figure only."""
    near = [entry for other in _panel(one, axes) for entry in other.legend]
    for entries in (near, one.figure_legend):
        alike = [entry.text for entry in entries if (entry.colour, entry.style) == (curve.colour, curve.style)]
        alike = alike or [entry.text for entry in entries if entry.colour == curve.colour]
        alike = alike or [entry.text for entry in entries if entry.text == curve.label]
        if curve.label in alike:
            return [curve.label], False
        if alike:
            return alike, entries is not near
    return [text.text for text in one.texts if _is_a_name(text.text) and _nearest(text, one) is curve], False


def _is_a_name(text):
    return any(pattern.search(words(text)) for pattern in (TRAINING, VALIDATION, LOSS, ACCURACY))


def _nearest(text, one):
    """The curve that a text stands by, if it is much nearer than the next one."""
    curves = [curve for curve in one.curves if curve.y and len(curve.x) == len(curve.y)]
    if not curves:
        return None
    points = np.concatenate([np.transpose([curve.x, curve.y]) for curve in curves])
    size = np.maximum(np.ptp(points, axis=0), 1e-9)
    place = np.array([text.x, text.y])
    far = [np.min(np.hypot(*((np.transpose([c.x, c.y]) - place) / size).T)) for c in curves]
    first, *others = np.argsort(far)
    return curves[first] if not others or far[first] < 0.5 * far[others[0]] else None


# plot_confusion


def count_mistake(axes, y_true, y_pred):
    """What is wrong with the counts in the cells of a confusion matrix, in words; else ''."""
    expected = _confusion(y_true, y_pred)
    found = [one for one in axes if _numbers(one)]
    if not found:
        return "No counts are written in the cells of your matrix: ax.text(column, row, count) writes one."
    if any(_agrees(one, expected) for one in found):
        return ""
    if any(_agrees(one, expected.T) for one in found):
        return "Rows and columns are swapped: a row is a true class, a column a predicted one."
    one = max(found, key=lambda one: len(_numbers(one)))
    numbers = _numbers(one)
    row, column = next(
        (row, column)
        for row in range(10)
        for column in range(10)
        if expected[row, column] not in numbers.get((row, column), {0})
    )
    says = " ".join(map(str, sorted(numbers.get((row, column), [])))) or "nothing"
    return f"Row {row}, column {column} should say {expected[row, column]}; it says {says}."


def class_name_mistake(axes, y_true, y_pred):
    """What is wrong with what the axes of a confusion matrix say, in words; else ''."""
    expected = _confusion(y_true, y_pred)
    found = [one for one in axes if one.has_picture or _numbers(one)]
    if not found:
        return "Your figure shows no matrix."
    mistakes = [_wrong_class_names(one, expected) for one in found]
    return "" if "" in mistakes else mistakes[0]


def _wrong_class_names(one, expected):
    rows, columns = _classes(one, "y"), _classes(one, "x")
    for side, named in (("x", columns), ("y", rows)):
        missing = [name for n, name in enumerate(CLASSES) if n not in named.values()]
        if missing:
            return f"The {side} axis lacks names of classes at its ticks: {', '.join(missing)}. See CLASS_NAMES."
    in_order = all(cell == n for named in (rows, columns) for cell, n in named.items())
    is_renamed = _agrees_by_name(one, expected) or _agrees_by_name(one, expected.T)
    may_be = not _numbers(one) and all(_is_monotonic(named) for named in (rows, columns))  # upside down, for instance
    if not (in_order or is_renamed or may_be):
        return "The names of the classes are not in the order of the rows and columns: class 0 is first on both."
    is_transposed = _agrees(one, expected.T) and not _agrees(one, expected)
    if not is_transposed and (says(one.xlabel, TRUE, PREDICTED) or says(one.ylabel, PREDICTED, TRUE)):
        return (
            f"The axis labels are swapped: rows are true classes, columns predicted ones, and yours say "
            f"{one.ylabel[:60]!r} on y and {one.xlabel[:60]!r} on x."
        )
    return ""


def _confusion(y_true, y_pred):
    """The counts (10, 10)."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (np.asarray(y_true), np.asarray(y_pred)), 1)
    return counts


def _agrees(one, expected):
    return _holds(_numbers(one), expected) or _agrees_by_name(one, expected)


def _agrees_by_name(one, expected):
    """Whether each cell holds the count of the classes that the ticks beside it name, in whatever order."""
    rows, columns = _classes(one, "y"), _classes(one, "x")
    if sorted(rows) != list(range(10)) or sorted(columns) != list(range(10)):
        return False
    by_cell = expected[[rows[n] for n in range(10)]][:, [columns[n] for n in range(10)]]
    return _holds(_numbers(one), by_cell)


def _holds(numbers, expected):
    return bool(numbers) and all(
        expected[row, column] in numbers.get((row, column), {0}) for row in range(10) for column in range(10)
    )


def _numbers(one):
    """The whole numbers that are written in each cell (row, column), without shares in percent."""
    found = {}
    for text in one.texts:
        row, column = _cell(text.y, one.rows, one, "y"), _cell(text.x, one.columns, one, "x")
        written = re.findall(r"(?<![\d.,])\d{1,9}(?:\.0*)?(?![\d.]*\s*\\?%)(?![\d.])", text.text[:100])
        if row is not None and column is not None and written:
            found.setdefault((row, column), set()).update(int(float(number)) for number in written[:4])
    return found


def _cell(place, edges, one, side):
    """The cell of a place along one side, from 0; None if it is in none of ten."""
    if not np.isfinite(place):
        return None
    if len(edges) > 2 and edges[0] != edges[-1]:
        cell = np.floor((place - edges[0]) * (len(edges) - 1) / (edges[-1] - edges[0]) + 1e-6)
    else:  # no picture: the middles of the cells are whole numbers or halves
        places = np.array([getattr(text, side) for text in one.texts] or [0.0])
        cell = np.floor(place + (0 if np.median(np.abs(places - np.round(places))) > 0.25 else 0.5))
    return int(cell) if 0 <= cell < 10 else None


def _classes(one, side):
    """The class that is named beside each cell along one side."""
    edges = one.columns if side == "x" else one.rows
    named = {}
    for tick in getattr(one, f"{side}ticks"):
        cell, name = _cell(tick.place, edges, one, side), re.sub(r"[^a-z]", "", tick.text.lower())
        classes = [n for n, known in enumerate(CLASSES) if known in name]
        if cell is not None and classes:
            named[cell] = classes[0]  # "tshirt" has "shirt" in it, and comes first
    return named


def _is_monotonic(named):
    order = [named[cell] for cell in sorted(named)]
    return order in (sorted(order), sorted(order, reverse=True))
