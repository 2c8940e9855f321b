"""Tiny colour images for question 8: emoji, each placed on a coloured ground, at random."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

KINDS = ("faces", "animals", "food", "travel", "flags")  # the classes 0 to 4
SIDE = 32  # pixels


def read_pictures(folder, name):
    """Return the pictures (N, 32, 32, 4), RGBA bytes, and labels (N,), int64, of the sheet `name` in a folder."""
    sheet = np.array(Image.open(Path(folder) / f"{name}.png"))  # a row for each kind
    rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    pictures = sheet.reshape(rows, SIDE, columns, SIDE, 4).swapaxes(1, 2).reshape(-1, SIDE, SIDE, 4)
    with (Path(folder) / f"{name}.csv").open(encoding="utf-8", newline="") as table:
        labels = [KINDS.index(row["kind"]) for row in csv.DictReader(table)]
    return pictures, np.array(labels)


def place(pictures, rng):
    """Put pictures (N, 32, 32, 4) on grounds: images (N, 3, 32, 32), float32 in [0, 1].

    The size, the place, the colours and the ground are drawn from `rng`, a `np.random.Generator`.
    """
    images = np.empty((len(pictures), 3, SIDE, SIDE), np.float32)
    for image, picture in zip(images, pictures, strict=True):
        side = int(rng.integers(18, 27))
        small = np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR), np.float32) / 255
        small = small.transpose(2, 0, 1)  # (4, side, side)
        colour, alpha = small[:3], small[3:]
        colour = colour[rng.permutation(3)] * (1 - 0.3 * rng.random((3, 1, 1)))  # red may become blue, and paler
        image[:] = 0.5 + 0.5 * rng.random((3, 1, 1))  # the ground is of any pale colour
        top, left = rng.integers(0, SIDE - side + 1, 2)
        window = image[:, top : top + side, left : left + side]  # a view: what is written to it is in the image
        window[:] = alpha * colour + (1 - alpha) * window
    return images
