"""A bar that counts trainings, so that who waits sees what for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Count = Callable[[int, str], None]  # how many trainings there are at most, and what the next one is


@contextmanager
def counting() -> Iterator[Count]:
    """Count trainings that begin within the block, in a bar that is gone after it; in silence without tqdm."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook without widgets gets plain text
            from tqdm.auto import tqdm
    except ImportError:  # this folder travels to where it may be missing
        yield lambda _most, _name: None
        return
    with tqdm(total=1, desc="a fresh model", unit="training", leave=False) as bar:
        begun = False

        def count(most: int, name: str) -> None:
            nonlocal begun
            bar.total = most
            bar.n += begun
            bar.set_description(name)
            begun = True

        yield count
