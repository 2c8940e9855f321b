"""Cut the assignment's three slices of Fashion-MNIST from Debian's package `dataset-fashion-mnist`.

    python solutions/cnn/cut_data.py [FOLDER]      # FOLDER: where the four .gz files lie

The slices are plain IDX files in torchvision's folder layout, written beside this script. The committed
copies are what grading uses; running this again writes the same bytes.

    slice       images                           folder    who sees it
    training    training images 0 to 999         data/     the student and the worker
    validation  test images 0 to 499             data/     the student and the worker
    hidden      test images 2,000 to 3,999       hidden/   the grader alone
"""

import gzip
import struct
import sys
from pathlib import Path

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
HERE = Path(__file__).resolve().parent

# (folder, split, first, stop): the images [first, stop) of that split of the original
SLICES = [
    ("data", "train", 0, 1000),
    ("data", "t10k", 0, 500),
    ("hidden", "t10k", 2000, 4000),
]
KINDS = ["images-idx3-ubyte", "labels-idx1-ubyte"]

LICENSE = """\
The images and labels in this folder are an excerpt of Fashion-MNIST, unchanged except that most items were
left out. They come from Debian's package dataset-fashion-mnist, which packages
https://github.com/zalandoresearch/fashion-mnist, and are under the licence below.

The MIT License (MIT)

Copyright (c) 2017 Zalando SE, https://tech.zalando.com

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE.
"""


def cut(idx: bytes, first: int, stop: int) -> bytes:
    """Return the IDX file that holds the items [first, stop) of `idx`, a file of unsigned bytes."""
    # header: two zero bytes, the type (8: unsigned byte), the number of dimensions, then each dimension
    zeros, kind, n_dimensions = struct.unpack(">HBB", idx[:4])
    if (zeros, kind) != (0, 8):
        raise ValueError("This is not an IDX file of unsigned bytes.")
    count, *item_shape = struct.unpack(f">{n_dimensions}I", idx[4 : 4 + 4 * n_dimensions])
    if not 0 <= first < stop <= count:
        raise ValueError(f"Items {first} to {stop - 1} were asked for; the file holds {count}.")

    item_bytes = 1
    for size in item_shape:
        item_bytes *= size
    items = idx[4 + 4 * n_dimensions :]
    header = struct.pack(f">HBB{n_dimensions}I", 0, 8, n_dimensions, stop - first, *item_shape)
    return header + items[first * item_bytes : stop * item_bytes]


def main(source: Path = DEBIAN_FOLDER, destination: Path = HERE) -> None:
    for folder, split, first, stop in SLICES:
        raw = destination / folder / "FashionMNIST" / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        (destination / folder / "LICENSE").write_text(LICENSE)
        for kind in KINDS:
            whole = gzip.decompress((source / f"{split}-{kind}.gz").read_bytes())
            (raw / f"{split}-{kind}").write_bytes(cut(whole, first, stop))
            print(f"{folder}/FashionMNIST/raw/{split}-{kind}: {stop - first} items")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
