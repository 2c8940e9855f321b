"""Make the pictures of this lesson from the npm package `emoji-datasource-google` 16.0.0, unpacked into a folder:

    python cut_data.py FOLDER

From its sheet of 32 x 32 pixels, five kinds of emoji are taken, by their Unicode group, as many of each. They are split
before anything is done to them, so that no emoji is among the hidden ones and among those that students get. Two larger
pictures, side by side, are the image with which the lesson begins.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
SHEET = "img/google/sheets/32.png"  # cells of 32 x 32 pixels with a border of 1
CELL = 34
KINDS = {  # Unicode's subgroups; a name that ends in a hyphen stands for all that begin with it
    "faces": ("face-", "cat-face", "monkey-face"),
    "animals": ("animal-",),
    "food": ("food-", "drink"),
    "travel": (
        "transport-ground",
        "transport-air",
        "transport-water",
        "place-building",
        "place-other",
        "place-religious",
        "hotel",
    ),
    "flags": ("country-flag",),
}
BEE, FLOWER = "1f41d", "1f33b"  # code points
SIZES = {"train": 84, "validation": 14, "hidden": 26}  # emoji of each kind


def kind_of(subgroup):
    for kind, names in KINDS.items():
        if any(subgroup == name or (name.endswith("-") and subgroup.startswith(name)) for name in names):
            return kind
    return None


def bee(package):
    """A bee before a flower: (128, 64) as PIL counts, RGBA, transparent around them."""
    image = Image.new("RGBA", (128, 64))
    for left, name in enumerate((BEE, FLOWER)):
        image.paste(Image.open(package / "img" / "google" / "64" / f"{name}.png").convert("RGBA"), (64 * left, 0))
    return image


def main(package, target=HERE):
    sheet = np.array(Image.open(package / SHEET))  # (H, W, 4)
    emoji = json.loads((package / "emoji.json").read_text(encoding="utf-8"))
    emoji = sorted((e for e in emoji if e["has_img_google"]), key=lambda e: e["unified"])
    rng = np.random.default_rng(0)
    taken = {name: [] for name in SIZES}
    for label, kind in enumerate(KINDS):
        of_kind = [e for e in emoji if kind_of(e["subcategory"]) == kind]
        chosen = iter(rng.permutation(len(of_kind)))
        for name, size in SIZES.items():
            taken[name] += [(label, of_kind[next(chosen)]) for _ in range(size)]
    for name, chosen in taken.items():
        folder = target / ("hidden" if name == "hidden" else "data")
        folder.mkdir(parents=True, exist_ok=True)
        tiles = [sheet[e["sheet_y"] * CELL :, e["sheet_x"] * CELL :][1:33, 1:33] for _, e in chosen]
        rows = [np.hstack(tiles[start : start + SIZES[name]]) for start in range(0, len(tiles), SIZES[name])]
        Image.fromarray(np.vstack(rows)).save(folder / f"{name}.png", optimize=True)
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["kind", "name"])
            table.writerows([list(KINDS)[label], e["name"].lower()] for label, e in chosen)
    bee(package).save(target / "data" / "bee.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
