"""What the tests share: a comparison, and labelled points."""

import json
from pathlib import Path


def same(claimed, expected):
    return claimed == expected


def load_points():
    """Points and their labels."""
    cases = json.loads(Path("grading/points.json").read_text())
    return [point for point, _ in cases], [label for _, label in cases]
