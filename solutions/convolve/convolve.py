# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,-all
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [raw]
# # ASSIGNMENT CONFIG
# name: convolve
# tests:
#   files: true
#   ok_format: false
# export_cell:
#   pdf: false
#   run_tests: false
#   ignore_log: true
#   instructions: >-
#     Hand in that zip file, or this notebook itself: both are graded in the same way. (Google Colab can't make the
#     zip: there, File > Download gives you the notebook.)
# files:
#   - tiny_images.py
#   - data
# init_cell: false
# plugins:
#   - autograder.packaging.otter.HiddenGraders

# %% tags=["otter_ignore"]
# On Google Colab only: upload this notebook's folder to your Drive, as `convolve`, before you run this cell.
import sys

if "google.colab" in sys.modules:
    import os

    from google.colab import drive
    from IPython import get_ipython

    drive.mount("/content/drive")
    os.chdir("/content/drive/MyDrive/convolve")
    get_ipython().run_line_magic("pip", "install -q otter-grader")

# %%
import otter

grader = otter.Notebook("convolve.ipynb")

# %% [markdown]
# # Time to convolve
#
# Is a pattern a zebra or a checkerboard? You see it at once. For a dense network it is a hard question, for a
# convolutional network of a few dozen numbers an easy one. In this lesson you build what is new in such a
# network, windows, filters and pooling, by hand, in NumPy, before you let PyTorch do it:
#
# 1. two patterns, and what is lost when they are flattened,
# 2. the moving window,
# 3. from an image file to a tensor,
# 4. filters,
# 5. pooling,
# 6. the shapes from layer to layer,
# 7. a tiny network that tells zebras from checkerboards of any size, and
# 8. a challenge: a network for tiny colour images.
#
# ### How this notebook works
#
# Eight cells are left for you to write, **q1** to **q8**: replace each `...`. Under each is a cell
# `grader.check(...)` that tries your answer and says what is wrong with it; use it as often as you like. Keep
# the names of functions and classes, since the graders look for them, and see to it that the notebook runs from
# top to bottom. At the end you explain your last network in your own words; a person reads that.
#
# q2, q4 and q5 are to be written by hand, in NumPy, and q6 runs no layer. While they are graded, PyTorch's
# convolutions, pooling and `nn.Unfold`, and SciPy's convolutions and filters, are **switched off**: they raise an error
# that says so, whatever they are called by. All of NumPy can be used.
#
# Paragraphs that begin with **Think** carry no points. Decide on an answer before you open it.
#
# ### What is graded
#
# The checks in this notebook carry no points: they are here to help you. Points come from further checks of the
# same kinds, with other inputs.
#
# | | what you write | what is checked |
# |---|---|---|
# | q1 | `make_zebra`, `make_checkerboard`, `flat_difference` | the patterns, of any size; the share |
# | q2 | `extract_patches` | every patch, for windows and strides that need not be square |
# | q3 | `image_to_tensor` | images of all kinds, upright, with three channels, in [0, 1] |
# | q4 | `convolve` | agreement with PyTorch |
# | q5 | `pool` | maximum and average, agreement with PyTorch, the default stride |
# | q6 | `trace_shapes` | chains of layers, without running them |
# | q7 | `PatternNet`, `train_patterns` | at most 200 parameters; right for .95 of patterns of sizes it has not met |
# | q8 | `TinyCNN`, `train_tiny` | its layers; right for .45 of emoji that it has not met; your explanation, by hand |
#
# For q7 and q8 we run *your* training on a new network, so stored weights are of no use. Training is random, so
# a run that falls short is tried again with another seed, up to three times; a sound solution fails in less
# than one of 10,000 gradings. One training, or a cell, may take 120 seconds at most (a few are plenty), any other call
# of your code 20, and all of it together 900. What counts is your code's own time: waiting for a busy machine costs
# nothing.
#
# Where your work is graded, there are NumPy, SciPy, pandas, PyTorch, torchvision, Pillow, scikit-learn, Matplotlib,
# seaborn and tqdm, and what lies beside this notebook, but no network. A line at the top level of a cell that fails
# there is told to you, and the rest is run.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from torch import nn

torch.manual_seed(0)
plt.rcParams.update({"figure.dpi": 110, "figure.constrained_layout.use": True, "axes.titlesize": 10})


# %% tags=["otter_ignore"]
# Two helpers of this notebook's own cells. You need not read them.
from IPython.display import display


def show(fig, alt):
    """Show a figure, with words for those who can't see it."""
    display(fig, metadata={"image/png": {"alt": alt}})
    plt.close(fig)


class NotAnsweredYet(Exception):
    """Is shown in one line, without a traceback."""

    def _render_traceback_(self):
        return [str(self)]


def answered(result, question):
    """Return a result of your code, or say that its question comes first."""
    if result is None or result is ...:
        raise NotAnsweredYet(
            f"This cell needs your answer to question {question}: write that first, then run it again."
        )
    return result


# %% [markdown]
# ## 1. Two patterns
#
# A **zebra** has stripes: every row is the same. On a **checkerboard** each row begins with the other colour.
# We write 0 for one colour and 1 for the other, and begin with 0 at the top left.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 0

# %% [markdown]
# ### Question 1
#
# Write three functions.
#
# - `make_zebra(height, width)` returns an array `(height, width)` of whole numbers. Each row is `0 1 0 1 ...`,
#   so the stripes run from top to bottom.
# - `make_checkerboard(height, width)` returns an array `(height, width)` in which every neighbour, above,
#   below, left and right, has the other number. The top left is 0.
# - `flat_difference(a, b)` flattens two patterns of the same shape and returns the share of positions at which
#   they differ: 0.0 if they are equal, 1.0 if they differ everywhere.
#
# `make_checkerboard(2, 3)` is `[[0, 1, 0], [1, 0, 1]]`. NumPy's `np.arange`, `np.indices` and `%` go a long
# way.

# %% [raw]
# # BEGIN SOLUTION


# %%
def make_zebra(height, width):
    """Return vertical stripes: an array (height, width) of 0 and 1."""
    # BEGIN SOLUTION
    return np.tile(np.arange(width) % 2, (height, 1))
    # END SOLUTION


def make_checkerboard(height, width):
    """Return a checkerboard: an array (height, width) of 0 and 1."""
    # BEGIN SOLUTION
    rows, columns = np.indices((height, width))
    return (rows + columns) % 2
    # END SOLUTION


def flat_difference(a, b):
    """Return the share of positions, from 0 to 1, at which two flattened patterns differ."""
    # BEGIN SOLUTION
    return float(np.mean(a.flatten() != b.flatten()))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_zebra(make_zebra, env):
    import numpy as np

    assert callable(make_zebra), "make_zebra is not defined: run the cell above."
    zebra = make_zebra(3, 5)
    assert zebra is not None and zebra is not ..., "Nothing came back. Write the function, and return the array."
    message = f"make_zebra(3, 5) should have the shape (3, 5): height first. Yours has {np.shape(zebra)}."
    assert np.shape(zebra) == (3, 5), message
    message = f"Each row should be 0 1 0 1 0. Your make_zebra(3, 5):\n{zebra}"
    assert np.array_equal(zebra, [[0, 1, 0, 1, 0]] * 3), message
    message = f"Return an array, as np.array makes one of lists. Yours is a {type(zebra).__name__}."
    assert hasattr(zebra, "dtype"), message
    message = f"The array should hold whole numbers: dtype=int. Yours is of {zebra.dtype}."
    assert np.asarray(zebra).dtype.kind in "iu", message


# %%
def test_checkerboard(make_checkerboard, env):
    import numpy as np

    assert callable(make_checkerboard), "make_checkerboard is not defined: run the cell above."
    board = make_checkerboard(3, 4)
    assert board is not None and board is not ..., "Nothing came back. Write the function, and return the array."
    message = f"make_checkerboard(3, 4) should have the shape (3, 4). Yours has {np.shape(board)}."
    assert np.shape(board) == (3, 4), message
    message = f"Each row should begin with the other number than the row above. Your make_checkerboard(3, 4):\n{board}"
    assert np.array_equal(board, [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]), message
    message = f"Return an array, as np.array makes one of lists. Yours is a {type(board).__name__}."
    assert hasattr(board, "dtype"), message
    message = f"The array should hold whole numbers: dtype=int. Yours is of {board.dtype}."
    assert np.asarray(board).dtype.kind in "iu", message


# %%
def test_flat_difference(flat_difference, env):
    import numpy as np

    assert callable(flat_difference), "flat_difference is not defined: run the cell above."
    a, b = np.array([[0, 1], [1, 1]]), np.array([[0, 1], [0, 1]])
    share = flat_difference(a, b)
    assert share is not None and share is not ..., "Nothing came back. Return the share."
    message = f"One of four positions differs, which is a share of 0.25. You return {share}."
    assert np.shape(share) == () and abs(share - 0.25) < 1e-9, message
    message = "Two patterns that differ everywhere have a share of 1.0, equal ones of 0.0."
    assert abs(flat_difference(a, 1 - a) - 1) < 1e-9 and abs(flat_difference(a, a)) < 1e-9, message


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Now the question that a dense network is asked. Its first layer wants one long row of numbers, so the picture
# is **flattened**: row after row is put behind the one before. Here are four patterns, as pictures and
# flattened. Two are zebras, the second moved by one column; two are checkerboards, the second moved as well.

# %% tags=["otter_ignore"]
zebra, checkerboard = answered(make_zebra(6, 7), 1), answered(make_checkerboard(6, 7), 1)
patterns = {
    "zebra": zebra[:, :6],
    "zebra, moved": zebra[:, 1:],
    "checkerboard": checkerboard[:, :6],
    "checkerboard, moved": checkerboard[:, 1:],
}
fig, axes = plt.subplots(2, 4, figsize=(9.5, 3.3), height_ratios=[6, 1])
for (name, pattern), above, below in zip(patterns.items(), axes[0], axes[1], strict=True):
    above.imshow(pattern, cmap="gray_r", vmin=0, vmax=1.3)
    above.set_title(name)
    below.imshow(pattern.flatten()[None], cmap="gray_r", vmin=0, vmax=1.3, aspect="auto")
    for ax in (above, below):
        ax.set(xticks=[], yticks=[])
axes[1, 0].set_ylabel("flat", rotation=0, ha="right", va="center")
show(
    fig,
    "A zebra with vertical stripes, a checkerboard, and each moved by one column; below each, all pixels in one row.",
)

print("The share of pixels that differ, flattened:")
for name, other in {"checkerboard": "checkerboard", "the same zebra, moved": "zebra, moved"}.items():
    share = answered(flat_difference(patterns["zebra"], patterns[other]), 1)
    print(f"zebra and {name + ':':23} {share:.2f}")

# %% [markdown]
# Read the two numbers again. Position by position, a zebra is **more like a checkerboard** than like a zebra
# that took one step to the side: with that it has nothing in common at all. What makes it a zebra is not
# *which* pixels are black but *how neighbours relate*: equal above each other, different side by side. In the
# long row, the pixel below is six places away, and nothing tells the network that these two belong together. It
# can learn that, from many examples, for each place anew. And for a picture of another size it can't even be
# used.
#
# **Think.** How could *you* tell the two patterns apart if you were only allowed to look through a hole of 2 x
# 2 pixels?
#
# <details><summary>An answer</summary>
#
# Look at two pixels, one above the other. In a zebra they are equal, wherever you look; on a checkerboard they
# differ, wherever you look. One small window and one question, asked everywhere: that is the whole idea of a
# convolution.
#
# </details>
#
# ### The plan of a convolutional network
#
# 1. The picture comes in **as a grid**.
# 2. A **convolutional layer** looks at it through a small window, at every place, and asks several questions at
#    once. The answers to each make a new grid, nearly as large as the picture. What grows is the *number of
#    grids*.
# 3. A **pooling layer** sums up small regions, and so makes the grids smaller: *downsampling*.
# 4. Steps 2 and 3 are repeated.
# 5. A **flatten** layer makes one long row of what is left, which by now says *what* is in the picture.
# 6. **Dense layers** decide. In PyTorch such a layer is called `nn.Linear`. (`Dense` is its name in Keras;
#    there is no `nn.Dense`.)

# %% [markdown]
# ## 2. The moving window
#
# Some words first.
#
# - A **kernel** is a small grid of weights. It is laid over the picture, and each weight is multiplied by the
#   pixel under it. The piece of the picture under it is a **patch**: the kernel is what is learned, the patch is
#   what it looks at.
# - The **kernel size** is the height and width of that window.
# - The kernel visits place after place, from left to right and from top to bottom. To take the sum of the
#   products at each place is to **convolve**.
# - The **stride** is how far it moves from one place to the next: `(down, right)`.
#
# Everything is given as **(height, width)**, the way rows come before columns in a matrix: kernel sizes,
# strides, shapes. Not as (x, y). A stride of `(1, 2)` moves one row down and two columns to the right, and
# whoever reads it as (x, y) gets another picture.
#
# Here is a 2 x 2 window on its way over a 4 x 5 picture, with a stride of `(2, 1)`.

# %% tags=["otter_ignore"]
picture = np.arange(20).reshape(4, 5)
fig, axes = plt.subplots(2, 4, figsize=(9.5, 3.9))
for ax, (row, column) in zip(axes.flat, [(r, c) for r in range(2) for c in range(4)], strict=True):
    ax.imshow(np.indices((4, 5)).sum(axis=0) % 2, cmap="gray_r", vmin=0, vmax=4)
    for (y, x), value in np.ndenumerate(picture):
        ax.text(x, y, value, ha="center", va="center", fontsize=8)
    ax.add_patch(plt.Rectangle((column - 0.5, 2 * row - 0.5), 2, 2, fill=False, edgecolor="tab:orange", linewidth=3))
    ax.set(title=f"patch [{row}, {column}]", xticks=[], yticks=[])
show(fig, "A picture of 4 x 5 numbered pixels, eight times. A frame of 2 x 2 pixels stands at 4 places above, 4 below.")

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 0

# %% [markdown]
# ### Question 2
#
# Write `extract_patches(image, kernel_size, stride)`: all the patches that a kernel visits, in reading order.
#
# - `image` is an array `(H, W)`, `kernel_size` a pair `(kh, kw)`, `stride` a pair `(down, right)`.
# - The result is an array `(n_rows, n_cols, kh, kw)`: `result[r, c]` is the patch of row `r` and column `c` of
#   places.
# - The window never hangs over the edge. If the last step doesn't fit, it isn't made.
# - Write it in NumPy. PyTorch's `nn.Unfold`, and the convolutions of PyTorch and SciPy, are switched off while it is
#   checked.
#
# In the picture above, `extract_patches(picture, (2, 2), (2, 1))` has the shape `(2, 4, 2, 2)`. How many places
# are there in one direction? Work that out first. A slice `image[top : top + kh, left : left + kw]` is one
# patch.

# %% [raw]
# # BEGIN SOLUTION


# %%
def extract_patches(image, kernel_size, stride):
    """Return the patches (n_rows, n_cols, kh, kw) of an image (H, W)."""
    # BEGIN SOLUTION
    (height, width), (kh, kw), (down, right) = image.shape, kernel_size, stride
    n_rows = (height - kh) // down + 1  # the first place, and one more for each whole step
    n_cols = (width - kw) // right + 1
    patches = np.empty((n_rows, n_cols, kh, kw), dtype=image.dtype)
    for row in range(n_rows):
        for column in range(n_cols):
            top, left = row * down, column * right
            patches[row, column] = image[top : top + kh, left : left + kw]
    return patches
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_patches_of_the_picture(extract_patches, env):
    import numpy as np

    assert callable(extract_patches), "extract_patches is not defined: run the cell above."
    picture = np.arange(20).reshape(4, 5)
    patches = extract_patches(picture, (2, 2), (2, 1))
    assert patches is not None and patches is not ..., "Nothing came back. Return the array of patches."
    message = f"There are 2 rows of 4 places, so the shape is (2, 4, 2, 2). Yours is {np.shape(patches)}."
    if np.shape(patches) == (3, 2, 2, 2):
        message += " A stride of (2, 1) means 2 down and 1 to the right."
    if np.shape(patches) == (4, 2, 2, 2):
        message += " The rows of places come first: result[row, column]."
    assert np.shape(patches) == (2, 4, 2, 2), message
    message = f"The second patch of the lower row is [[11, 12], [16, 17]]. Yours is {np.array(patches[1][1]).tolist()}."
    assert np.allclose(patches[1][1], [[11, 12], [16, 17]]), message
    message = f"Return an array, as np.array makes one of lists. Yours is a {type(patches).__name__}."
    assert hasattr(patches, "dtype"), message


# %%
def test_windows_that_are_not_square(extract_patches, env):
    import numpy as np

    assert callable(extract_patches), "extract_patches is not defined: run the cell above."
    image = np.random.default_rng(0).random((7, 10))
    patches = extract_patches(image, (3, 2), (2, 3))
    assert patches is not None and patches is not ..., "Nothing came back. Return the array of patches."
    message = "A 3 x 2 window with stride (2, 3) stands at 3 x 3 places of a 7 x 10 picture, so the shape is "
    message += f"(3, 3, 3, 2). Yours is {np.shape(patches)}."
    assert np.shape(patches) == (3, 3, 3, 2), message
    message = "The last patch begins in row 4 and column 6. Yours holds something else."
    assert np.allclose(patches[2][2], image[4:7, 6:8], atol=1e-5), message


# %%
def test_extract_patches_is_written_by_hand(extract_patches, env):
    import numpy as np
    from diagnosis.withheld import CONVOLUTIONS, Withheld, without

    assert callable(extract_patches), "extract_patches is not defined: run the cell above."
    failure = None
    try:
        with without(*CONVOLUTIONS):
            answer = extract_patches(np.arange(20.0).reshape(4, 5), (2, 2), (2, 1))
    except Withheld as error:
        failure = f"{error}, in NumPy."
    assert failure is None, failure
    assert answer is not None and answer is not ..., "Nothing came back. Return the array of patches."


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# **Think.** Why should the kernel be smaller than the picture?
#
# <details><summary>An answer</summary>
#
# A kernel as large as the picture has just one place to stand. It has a weight of its own for each pixel, and
# each such kernel gives one number: that *is* a dense layer. What a convolution gains, it gains by asking the
# same question at many places: few weights, and an answer that moves along when the picture moves.
#
# </details>
#
# **Think.** What is lost when the stride is larger than the kernel?
#
# <details><summary>An answer</summary>
#
# The window jumps over pixels, and no patch ever holds them. Below, each pixel is coloured by the number of
# patches that it is in.
#
# </details>

# %% tags=["otter_ignore"]
numbers = np.arange(144).reshape(12, 12)
fig, axes = plt.subplots(1, 3, figsize=(9, 3.2))
for ax, (kernel, stride) in zip(axes, [(3, 1), (3, 3), (2, 3)], strict=True):
    patches = answered(extract_patches(numbers, (kernel, kernel), (stride, stride)), 2)
    visited = np.bincount(np.ravel(patches), minlength=144)
    shown = ax.imshow(visited.reshape(12, 12), cmap="viridis", vmin=0, vmax=9)
    ax.set(title=f"kernel {kernel}, stride {stride}", xticks=[], yticks=[])
fig.colorbar(shown, ax=axes, label="patches that hold the pixel", shrink=0.9)
show(
    fig,
    "Pixels coloured by the number of patches that hold them. Kernel 3, stride 1: 9 in the middle, fewer at the edge. "
    "Kernel 3, stride 3: 1 everywhere. Kernel 2, stride 3: every third row and column is in none.",
)

# %% [markdown]
# ## 3. From an image to a tensor
#
# So far our pictures were made of numbers. A real one lies in a file, and the library **Pillow** opens it.

# %% tags=["otter_ignore"]
image = Image.open("data/bee.png")
print(image)
fig, ax = plt.subplots(figsize=(5.5, 2.9))
ax.imshow(image)
show(fig, "A drawn bee and, to its right, a sunflower, on white: 128 pixels wide and 64 high.")

# %% [markdown]
# Pillow says `size=128x64`: **width first**. NumPy says it in the order of a matrix, **height first**:

# %% tags=["otter_ignore"]
pixels = np.array(image)
print("Pillow", image.size, "  NumPy", pixels.shape, pixels.dtype)
print("one pixel of the bee:", pixels[40, 45])

# %% [markdown]
# Each pixel is four bytes, from 0 to 255: red, green, blue and **alpha**, which says how opaque the pixel is.
# Four **channels**, then, each of which is a grid `(64, 128)`:

# %% tags=["otter_ignore"]
fig, axes = plt.subplots(1, 4, figsize=(10, 1.8))
for channel, (ax, name) in enumerate(zip(axes, ["red", "green", "blue", "alpha"], strict=True)):
    ax.imshow(pixels[:, :, channel], cmap="gray", vmin=0, vmax=255)
    ax.set(title=name, xticks=[], yticks=[])
show(fig, "The four channels as grey pictures: red, green, blue, and alpha, which is white where bee and flower are.")

# %% [markdown]
# ### Slices
#
# `pixels[40, 45]` picked one pixel. A **slice** picks a range, and arrays take a slice for each axis, separated
# by commas:
#
# | | |
# |---|---|
# | `a[2:5]` | rows 2, 3 and 4: the end is not included |
# | `a[:5]`, `a[5:]` | the first five; all from the sixth on |
# | `a[-1]` | the last |
# | `a[:, 45]` | `:` alone takes all: column 45 of every row |
# | `a[10:20, :, 0]` | rows 10 to 19, all columns, channel 0 |
# | `a[:, :, :3]` | all rows, all columns, channels 0, 1 and 2 |
#
# The last one takes red, green and blue, and drops alpha. It is often written `a[:, :, :-1]`, *all but the last
# channel*. That works for this file, and quietly cuts away **blue** from a JPEG, which has no alpha.
#
# ### Where the channels go
#
# NumPy and Pillow keep the channels of a pixel together: `(H, W, C)`. PyTorch wants a grid for each channel:
# `(C, H, W)`, and a batch of pictures, `(N, C, H, W)`. The axes have to change places. Each of these three
# lines gives three channels, but only the first gives the right picture.

# %% tags=["otter_ignore"]
rgb = torch.from_numpy(pixels[:, :, :3].copy())  # (64, 128, 3)
ways = {
    "rgb.permute(2, 0, 1)": rgb.permute(2, 0, 1),
    "rgb.swapaxes(0, 2)": rgb.swapaxes(0, 2),
    "rgb.reshape(3, 64, 128)": rgb.reshape(3, 64, 128),
}
fig, axes = plt.subplots(1, 3, figsize=(10, 2.7))
for ax, (code, tensor) in zip(axes, ways.items(), strict=True):
    ax.imshow(tensor.permute(1, 2, 0))  # Matplotlib wants the channels last again
    ax.set(title=f"{code}\n{tuple(tensor.shape)}", xticks=[], yticks=[])
show(
    fig,
    "With permute the bee stands upright, with swapaxes the picture lies on its side, with reshape it is noise.",
)

# %% [markdown]
# - `permute(2, 0, 1)` says for each new axis which old one it is: first the channels, then height, then width.
# - `swapaxes(0, 2)` swaps the outermost with the innermost axis, and so height and width, too: the picture lies
#   on its side, and is mirrored.
# - `reshape` moves nothing: it cuts the same long row of numbers into other pieces, and mixes pixels and
#   channels.
#
# **Think.** Does it matter that a picture lies on its side, if all of them do?
#
# <details><summary>An answer</summary>
#
# To a network that was trained on such pictures alone it does not: it learns what it is shown, as long as
# training and use agree. It matters as soon as anything else comes in: a network that others trained on upright
# pictures, pictures prepared by somebody else, boxes and masks whose coordinates are upright, mirrored copies
# for training (left and right may be swapped, top and bottom seldom), a rectangular kernel. An error that does
# no harm by luck is still an error.
#
# </details>
#
# **Think.** A square colour picture has sides of 20 pixels. What is the shape of its tensor? And of a batch of
# one?
#
# <details><summary>An answer</summary>
#
# `(3, 20, 20)`; with the batch, `(1, 3, 20, 20)`. `unsqueeze(0)` adds the axis of the batch.
#
# </details>
#
# Last, the numbers. Networks learn best from small ones, so we divide by 255: from bytes to float32 in [0, 1].

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 0

# %% [markdown]
# ### Question 3
#
# Write `image_to_tensor(image)`: from a Pillow image to a tensor `(1, 3, H, W)`, float32, in [0, 1], upright.
#
# It should take images of **any kind** (Pillow calls it *mode*): with alpha (`RGBA`) or without (`RGB`, as from
# a JPEG), grey (`L`), with a palette (`P`, where a pixel is the number of a colour), black and white (`1`).
# Alpha is dropped. A grey picture has three equal channels. Pillow's `image.convert("RGB")` helps with all of
# them.

# %% [raw]
# # BEGIN SOLUTION


# %%
def image_to_tensor(image):
    """Return a PIL image of any mode as a tensor (1, 3, H, W), float32 in [0, 1]."""
    # BEGIN SOLUTION
    pixels = np.array(image.convert("RGB"))  # (H, W, 3), bytes; a mode with alpha loses it
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).float() / 255
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_a_colour_image(image_to_tensor, env):
    import numpy as np
    import torch
    from PIL import Image

    assert callable(image_to_tensor), "image_to_tensor is not defined: run the cell above."
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    tensor = image_to_tensor(Image.fromarray(pixels))
    assert tensor is not None and tensor is not ..., "Nothing came back. Return the tensor."
    assert torch.is_tensor(tensor), f"Return a torch tensor, not a {type(tensor).__name__}."
    message = f"An image 4 high and 6 wide should give (1, 3, 4, 6). Yours gives {tuple(tensor.shape)}."
    if tuple(tensor.shape) in ((1, 3, 6, 4), (3, 6, 4)):
        message += " Height and width have changed places: permute(2, 0, 1) keeps them."
    assert tuple(tensor.shape) == (1, 3, 4, 6), message
    message = f"The numbers should be float32 from 0 to 1. Yours are {tensor.dtype}, up to {tensor.max()}."
    assert tensor.dtype == torch.float32 and tensor.max() <= 1, message
    expected = torch.tensor(pixels.transpose(2, 0, 1) / 255, dtype=torch.float32)
    message = "The shape is right, but pixels are not in their places. reshape and view mix them: use permute."
    assert torch.allclose(tensor[0], expected, atol=1e-6), message


# %%
def test_other_modes(image_to_tensor, env):
    import torch
    from PIL import Image

    assert callable(image_to_tensor), "image_to_tensor is not defined: run the cell above."
    colour = Image.new("RGB", (3, 2), (255, 0, 51))
    for mode in ("RGBA", "P", "L", "LA", "1"):
        image = colour.convert(mode)
        failure = None
        try:
            tensor = image_to_tensor(image)
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
        message = f"An image of mode {mode} fails with {failure}."
        assert failure is None, message
        assert tensor is not None and tensor is not ..., "Nothing came back. Return the tensor."
        message = f"An image of mode {mode} should give (1, 3, 2, 3). Yours gives {getattr(tensor, 'shape', tensor)}."
        assert torch.is_tensor(tensor) and tuple(tensor.shape) == (1, 3, 2, 3), message
        expected = torch.tensor(image.convert("RGB").getpixel((0, 0))) / 255
        message = f"In an image of mode {mode}, the pixel {expected.tolist()} becomes {tensor[0, :, 0, 0].tolist()}."
        assert torch.allclose(tensor[0, :, 0, 0].float(), expected, atol=1e-6), message


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% tags=["otter_ignore"]
ground = Image.new("RGBA", image.size, "white")
bee = answered(image_to_tensor(Image.alpha_composite(ground, image)), 3)
print(tuple(bee.shape), bee.dtype, f"from {bee.min():.2f} to {bee.max():.2f}")

fig, axes = plt.subplots(1, 2, figsize=(9, 2.5))
for ax, tensor, title in zip(axes, [image_to_tensor(image), bee], ["alpha dropped", "put on white first"], strict=True):
    ax.imshow(tensor[0].permute(1, 2, 0))
    ax.set(title=title, xticks=[], yticks=[])
show(
    fig, "Bee and flower. With alpha dropped, blocks of colour surround them; put on white first, they stand on white."
)

# %% [markdown]
# Dropping alpha shows what was hidden under the transparent pixels: whatever the program that wrote the file
# left there. Where that matters, put the picture on a ground first, as on the right.

# %% [markdown]
# ## 4. Filters
#
# A kernel for one channel is a grid of weights. A picture has several channels, so a **filter** has a kernel
# for each, and adds up what they find, and a **bias**. What comes out is one new grid, one new channel. A
# convolutional layer has as many filters as it is to give channels:
#
# | | shape |
# |---|---|
# | picture | `(C, H, W)` |
# | weights of a layer with F filters | `(F, C, kh, kw)` |
# | its biases | `(F,)` |
# | what comes out | `(F, H', W')` |
#
# Before we let a network learn filters, here are some that people made. Each looks at all three channels alike.

# %% tags=["otter_ignore"]
by_hand = {
    "blur": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "edges: left against right": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "edges: above against below": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "spots": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
}
weight = torch.tensor(list(by_hand.values()), dtype=torch.float32)  # (4, 3, 3)
weight = weight.unsqueeze(1).repeat(1, 3, 1, 1) / 27  # (4, 3, 3, 3): the same kernel for red, green and blue
bee = answered(image_to_tensor(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)), 3)
found = nn.functional.conv2d(bee, weight)  # (1, 4, 62, 126)

fig, axes = plt.subplots(2, 2, figsize=(9.5, 5.2))
for ax, name, grid in zip(axes.flat, by_hand, found[0], strict=True):
    limit = float(grid.abs().max())
    ax.imshow(grid, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set(title=name, xticks=[], yticks=[])
fig.suptitle("Red is a positive answer, blue a negative one")
show(
    fig,
    "What four filters find in bee and flower. Blur: soft copies. Left against right: upright edges in red and blue. "
    "Above against below: level edges. Spots: thin outlines.",
)

# %% [markdown]
# One more word. In mathematics, a *convolution* turns the kernel upside down and left to right before it is
# laid on. Deep learning leaves that out, and what it calls convolution is a *cross-correlation*: multiply what
# lies on top of each other, and add. Where kernels are learned it makes no difference, since a turned kernel
# can be learned as well. It does when you compare your numbers with others.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 0

# %% [markdown]
# ### Question 4
#
# Write `convolve(image, weight, bias, stride)` in NumPy, without PyTorch's or SciPy's convolutions: these are
# switched off while it is checked.
#
# - `image` is an array `(C, H, W)` of floats or whole numbers, `weight` `(F, C, kh, kw)` and `bias` `(F,)` are of
#   floats, and `stride` is a pair `(down, right)`.
# - The result is an array `(F, H', W')`, the same as PyTorch's `conv2d` gives.
#
# At each place: multiply the patch of **every** channel by the kernel for that channel, add up **all** the
# products, and add the bias of the filter. Your `extract_patches` finds the patches. Loops are fine.

# %% [raw]
# # BEGIN SOLUTION


# %%
def convolve(image, weight, bias, stride):
    """Return (F, H', W'), the cross-correlation of an image (C, H, W) with filters (F, C, kh, kw), plus bias (F,)."""
    # BEGIN SOLUTION
    kernel_size = weight.shape[2:]
    patches = np.stack([extract_patches(channel, kernel_size, stride) for channel in image])  # (C, H', W', kh, kw)
    return np.einsum("crsij,fcij->frs", patches, weight) + bias[:, None, None]
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_one_filter_by_hand(convolve, env):
    import numpy as np

    assert callable(convolve), "convolve is not defined: run the cell above."
    image = np.array([[[1, 2, 3], [4, 5, 6]]])  # (1, 2, 3), whole numbers
    weight = np.array([[[[1.0, 0], [0, 10]]]])  # (1, 1, 2, 2)
    answer = convolve(image, weight, np.array([100.5]), (1, 1))
    assert answer is not None and answer is not ..., "Nothing came back. Return the array."
    message = f"One filter at 1 x 2 places gives the shape (1, 1, 2). Yours is {np.shape(answer)}."
    assert np.shape(answer) == (1, 1, 2), message
    got = np.array(answer).flatten().tolist()
    message = f"1 * 1 + 10 * 5 + 100.5 = 151.5 and 1 * 2 + 10 * 6 + 100.5 = 162.5. You get {got}."
    if np.allclose(got, [51, 62]):
        message += " The bias is missing."
    if np.allclose(got, [115.5, 126.5]):
        message += " Your kernel is turned round."
    if np.allclose(got, [151, 162]):
        message += " Values are cut to whole numbers: the array that you fill has to be one of floats."
    assert np.allclose(got, [151.5, 162.5]), message
    message = f"Return an array, as np.array makes one of lists. Yours is a {type(answer).__name__}."
    assert hasattr(answer, "dtype"), message


# %%
def test_as_pytorch(convolve, env):
    import numpy as np
    import torch

    assert callable(convolve), "convolve is not defined: run the cell above."
    rng = np.random.default_rng(0)
    image, weight, bias = rng.normal(size=(3, 8, 9)), rng.normal(size=(2, 3, 3, 2)), rng.normal(size=2)
    for stride in ((1, 1), (2, 3)):
        expected = torch.nn.functional.conv2d(*map(torch.tensor, (image, weight, bias)), stride=stride).numpy()
        answer = convolve(image, weight, bias, stride)
        assert answer is not None and answer is not ..., "Nothing came back. Return the array."
        message = f"With three channels, two filters and a stride of {stride} the shape should be {expected.shape}. "
        message += f"Yours is {np.shape(answer)}."
        assert np.shape(answer) == expected.shape, message
        message = "The shape is right, but the numbers are not PyTorch's. Does every filter use all three channels, "
        message += "each with its own kernel, and its own bias?"
        assert np.allclose(answer, expected, rtol=1e-4, atol=1e-5), message  # float32 is fine, too


# %%
def test_convolve_is_written_by_hand(convolve, env):
    import numpy as np
    from diagnosis.withheld import CONVOLUTIONS, Withheld, without

    assert callable(convolve), "convolve is not defined: run the cell above."
    failure = None
    try:
        with without(*CONVOLUTIONS):
            answer = convolve(np.ones((2, 4, 5)), np.ones((3, 2, 2, 3)), np.zeros(3), (1, 1))
    except Withheld as error:
        failure = f"{error}, in NumPy."
    assert failure is None, failure
    assert answer is not None and answer is not ..., "Nothing came back. Return the array."


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# PyTorch's layer for this is `nn.Conv2d(in_channels, out_channels, kernel_size, stride=1)`: `in_channels` is C,
# `out_channels` is F, and kernel size and stride are a number, if height and width agree, or a pair. It makes
# its own weights and biases, random at first, and takes a batch `(N, C, H, W)`: `nn.Conv2d(3, 5,
# kernel_size=4)(bee)` has the shape `(1, 5, 61, 125)`.
#
# **Think.** A 938 x 1436 picture goes through a convolution with a 4 x 4 kernel and a stride of 1. What comes
# out has 935 x 1433 pixels. The stride is 1, so why are three rows and three columns missing?
#
# <details><summary>An answer</summary>
#
# The window must not hang over the edge. In a height of 938 its upper edge can be in row 0, 1, ... 934: then
# its lower edge is in the last row, 937. That makes 935 places. A kernel of height k and a stride of 1 cost k -
# 1 rows.
#
# </details>

# %% [markdown]
# ## 5. Pooling
#
# After a convolution the grids are nearly as large as the picture. **Pooling** makes them smaller: it slides a
# window, too, but has no weights. From each patch it keeps one number, and each channel is pooled on its own.
#
# - **Max pooling** keeps the largest: was it found anywhere around here?
# - **Average pooling** keeps the mean: how much of it is around here?
#
# Now to the stride. For a convolution PyTorch's default is 1. For pooling it is **the kernel size**: the
# windows lie side by side, and no pixel is in two of them. (At the lower and right edge some may be in none.)
# `nn.AvgPool2d` is called in the same way as `nn.MaxPool2d`.

# %% tags=["otter_ignore"]
print(nn.MaxPool2d(4))
heights = torch.rand(1, 1, 8, 8) ** 6  # a few high places
fig, axes = plt.subplots(1, 3, figsize=(9, 3.3))
layers = {
    "the grid": nn.Identity(),
    "MaxPool2d(4)": nn.MaxPool2d(4),
    "MaxPool2d(4, stride=1)": nn.MaxPool2d(4, stride=1),
}
for ax, (name, layer) in zip(axes, layers.items(), strict=True):
    grid = layer(heights)[0, 0]
    ax.imshow(grid, vmin=0, vmax=1)
    ax.set(title=f"{name}\n{grid.shape[0]} x {grid.shape[1]}", xticks=[], yticks=[])
show(
    fig,
    "A grid of 8 x 8 with a few high places; max pooling with 4 leaves 2 x 2, and 5 x 5 with a stride of 1.",
)

# %% [raw]
# # BEGIN QUESTION
# name: q5
# points: 0

# %% [markdown]
# ### Question 5
#
# Write `pool(image, kernel_size, stride=None, how="max")` in NumPy, without PyTorch's pooling or SciPy's filters:
# these are switched off while it is checked.
#
# - `image` is an array `(C, H, W)`; `kernel_size` and `stride` are pairs, height first.
# - If `stride` is `None`, it is the kernel size, as in PyTorch.
# - `how` is `"max"` or `"avg"`.
# - The result is an array `(C, H', W')`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def pool(image, kernel_size, stride=None, how="max"):
    """Return (C, H', W'): the maximum ("max") or mean ("avg") of each patch of an image (C, H, W)."""
    # BEGIN SOLUTION
    stride = kernel_size if stride is None else stride
    patches = np.stack([extract_patches(channel, kernel_size, stride) for channel in image])  # (C, H', W', kh, kw)
    return patches.max(axis=(3, 4)) if how == "max" else patches.mean(axis=(3, 4))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_pooling_by_hand(pool, env):
    import numpy as np

    assert callable(pool), "pool is not defined: run the cell above."
    image = np.array([[[1.0, 3, 0, 2], [4, 2, 1, 1]]])  # (1, 2, 4)
    answer = pool(image, (2, 2))
    assert answer is not None and answer is not ..., "Nothing came back. Return the array."
    message = f"2 x 2 windows side by side give the shape (1, 1, 2). Yours is {np.shape(answer)}."
    if np.shape(answer) == (1, 1, 3):
        message += " Without a stride, the stride is the kernel size, not 1."
    assert np.shape(answer) == (1, 1, 2), message
    for how, expected in {"max": [4, 2], "avg": [2.5, 1]}.items():
        got = np.array(pool(image, (2, 2), how=how)).flatten().tolist()
        message = f'With how="{how}" the answer is {expected}. You get {got}.'
        assert np.allclose(got, expected), message
    message = f"Return an array, as np.array makes one of lists. Yours is a {type(answer).__name__}."
    assert hasattr(answer, "dtype"), message


# %%
def test_pooling_as_pytorch(pool, env):
    import numpy as np
    import torch

    assert callable(pool), "pool is not defined: run the cell above."
    image = np.random.default_rng(0).normal(size=(3, 9, 11))  # negative numbers, too
    functions = {"max": torch.nn.functional.max_pool2d, "avg": torch.nn.functional.avg_pool2d}
    for how, function in functions.items():
        for kernel_size, stride in (((3, 2), None), ((3, 2), (1, 2)), ((2, 4), (3, 1))):
            expected = function(torch.tensor(image), kernel_size, stride).numpy()
            answer = pool(image, kernel_size, stride, how)
            assert answer is not None and answer is not ..., "Nothing came back. Return the array."
            message = f'For kernel_size={kernel_size}, stride={stride}, how="{how}" PyTorch gives the shape '
            message += f"{expected.shape}, you give {np.shape(answer)}."
            assert np.shape(answer) == expected.shape, message
            message = f'For kernel_size={kernel_size}, stride={stride}, how="{how}" the numbers are not PyTorch\'s.'
            assert np.allclose(answer, expected, rtol=1e-4, atol=1e-5), message  # float32 is fine, too


# %%
def test_pool_is_written_by_hand(pool, env):
    import numpy as np
    from diagnosis.withheld import CONVOLUTIONS, Withheld, without

    assert callable(pool), "pool is not defined: run the cell above."
    failure = None
    try:
        with without(*CONVOLUTIONS):
            answer = pool(np.ones((2, 4, 6)), (2, 3)), pool(np.ones((2, 4, 6)), (2, 3), how="avg")
    except Withheld as error:
        failure = f"{error}, in NumPy."
    assert failure is None, failure
    assert answer[0] is not None and answer[0] is not ..., "Nothing came back. Return the array."


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# **Think.** The 935 x 1433 grids from before go through `nn.MaxPool2d(kernel_size=4, stride=(1, 1))`. Each 4 x
# 4 patch is squeezed into one number, and yet what comes out is 932 x 1430, and not a quarter of the side. Why?
#
# <details><summary>An answer</summary>
#
# Because the stride was set to 1. It is the *stride* by which the sides are divided; the kernel costs just 3
# rows and 3 columns at the edge: the windows overlap, and there is one at nearly every pixel. Without
# `stride=`, PyTorch would have used 4, and the grids would be 233 x 358.
#
# </details>

# %% [markdown]
# ## 6. The shapes, all the way
#
# At the end of a network, dense layers decide, and these want a row: `nn.Flatten()` makes `(N, C * H * W)` of
# `(N, C, H, W)`. The picture of 938 x 1436 pixels, all the way:

# %% tags=["otter_ignore"]
chain = [nn.Conv2d(3, 5, kernel_size=4), nn.MaxPool2d(kernel_size=4, stride=1), nn.Flatten()]
x = torch.rand(1, 3, 938, 1436)
print("picture   ", tuple(x.shape))
with torch.no_grad():
    for layer in chain:
        x = layer(x)
        print(f"{type(layer).__name__:10}", tuple(x.shape))

# %% [markdown]
# More than six million numbers. A dense layer behind them with just 256 outputs, `nn.Linear(6663800, 256)`, has
# 1.7 thousand million weights: 6.8 gigabytes. So it is worth knowing the shapes *before* anything is run.

# %% [raw]
# # BEGIN QUESTION
# name: q6
# points: 0

# %% [markdown]
# ### Question 6
#
# Write `trace_shapes(layers, input_shape)`: the list of shapes after each layer, **without running any**.
#
# - `layers` is a list of `nn.Conv2d`, `nn.MaxPool2d`, `nn.AvgPool2d`, `nn.ReLU`, `nn.Flatten` and `nn.Linear`;
#   `input_shape` is a tuple, `(N, C, H, W)` to begin with.
# - The result has one tuple of whole numbers for each layer. For the chain above it is `[(1, 5, 935, 1433), (1,
#   5, 932, 1430), (1, 6663800)]`.
# - Layers know their settings: `layer.kernel_size`, `layer.stride`, `layer.padding`, `layer.in_channels`,
#   `layer.out_channels`, `layer.in_features`, `layer.out_features`. Mind that some are **a number or a pair**:
#   `nn.MaxPool2d(4).stride` is `4`, `nn.Conv2d(3, 5, 4).stride` is `(1, 1)`.
# - **Padding** puts a frame around the picture: with a padding of 1, one row more above *and* one below, one
#   column more on either side.
# - Where a layer can't take what reaches it (another number of channels or features, or a window that doesn't
#   fit), raise a `ValueError` that says why.

# %% [raw]
# # BEGIN SOLUTION


# %%
# BEGIN SOLUTION NO PROMPT
def pair(value):
    """Return a number as a pair of it, and a pair as it is."""
    return value if isinstance(value, tuple) else (value, value)


def sides_after(layer, sides):
    """Return height and width after a layer with a moving window."""
    result = []
    settings = zip(sides, pair(layer.kernel_size), pair(layer.stride), pair(layer.padding), strict=True)
    for side, kernel, step, padding in settings:
        room = side + 2 * padding - kernel  # how far the window can move
        if room < 0:
            raise ValueError(f"A window of {kernel} doesn't fit into {side} + 2 * {padding} pixels: {layer}.")
        result.append(room // step + 1)
    return tuple(result)


# END SOLUTION
def trace_shapes(layers, input_shape):
    """Return the list of shapes after each of the layers, for an input of this shape."""
    # BEGIN SOLUTION
    shape, shapes = tuple(input_shape), []
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            if shape[1] != layer.in_channels:
                raise ValueError(f"{shape[1]} channels reach {layer}.")
            shape = (shape[0], layer.out_channels, *sides_after(layer, shape[2:]))
        elif isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
            shape = (*shape[:2], *sides_after(layer, shape[2:]))
        elif isinstance(layer, nn.Flatten):
            shape = (shape[0], int(np.prod(shape[1:])))
        elif isinstance(layer, nn.Linear):
            if shape[-1] != layer.in_features:
                raise ValueError(f"{shape[-1]} features reach {layer}.")
            shape = (*shape[:-1], layer.out_features)
        shapes.append(shape)  # a ReLU changes none
    return shapes
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_the_chain(trace_shapes, env):
    from torch import nn

    assert callable(trace_shapes), "trace_shapes is not defined: run the cell above."
    chain = [nn.Conv2d(3, 5, 4), nn.MaxPool2d(4, stride=1), nn.Flatten()]
    answer = trace_shapes(chain, (1, 3, 938, 1436))
    assert answer is not None and answer is not ..., "Nothing came back. Return the list of shapes."
    expected = [(1, 5, 935, 1433), (1, 5, 932, 1430), (1, 6663800)]
    message = f"For the chain of the text the answer is {expected}. Yours: {answer}"
    assert [tuple(shape) for shape in answer] == expected, message
    message = f"Sizes are whole numbers: divide with //, which rounds down. Yours: {answer}"
    assert not any(isinstance(size, float) for shape in answer for size in shape), message


# %%
def test_numbers_and_pairs(trace_shapes, env):
    import torch
    from torch import nn

    assert callable(trace_shapes), "trace_shapes is not defined: run the cell above."
    chain = [nn.Conv2d(1, 4, (3, 5), stride=2, padding=(0, 1)), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten()]
    chain.append(nn.Linear(4 * 4 * 4, 10))
    x, expected = torch.rand(2, 1, 20, 17), []
    for layer in chain:
        x = layer(x)
        expected.append(tuple(x.shape))
    answer = trace_shapes(chain, (2, 1, 20, 17))
    assert answer is not None and answer is not ..., "Nothing came back. Return the list of shapes."
    message = f"There are {len(chain)} layers, and you return {len(answer)} shapes."
    assert len(answer) == len(chain), message
    for layer, right, yours in zip(chain, expected, answer, strict=True):
        message = f"After {layer} the shape is {right}. You say {yours}."
        assert tuple(yours) == right, message


# %%
def test_what_does_not_fit(trace_shapes, env):
    from torch import nn

    assert callable(trace_shapes), "trace_shapes is not defined: run the cell above."
    cases = {
        "A picture of 3 channels can't go into a layer for 1.": ([nn.Conv2d(1, 4, 3)], (1, 3, 8, 8)),
        "A window of 5 doesn't fit into a height of 4.": ([nn.MaxPool2d(5)], (1, 1, 4, 8)),
        "A Linear layer for 10 features can't take 12.": ([nn.Flatten(), nn.Linear(10, 2)], (1, 3, 2, 2)),
    }
    for message, (chain, shape) in cases.items():
        try:
            outcome = f" Raise a ValueError; you returned {trace_shapes(chain, shape)}."
        except ValueError:
            outcome = ""
        except Exception as error:
            outcome = f" Raise a ValueError; yours is a {type(error).__name__}: {error}"
        assert not outcome, message + outcome


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# **Think.** We wanted to avoid feeding a network one long row of pixels, and now we flatten after all. What has
# been won?
#
# <details><summary>An answer</summary>
#
# The row no longer holds pixels but answers: "a vertical edge was found up here", "nothing round down there".
# They were found by looking at neighbours together. And after some more layers with strides and pooling, the
# row is short.
#
# </details>
#
# ### A typical network
#
# What works well has a pattern to it:
#
# - **Kernels stay small, 3 x 3 mostly, all the way.** The *pictures* shrink, by strides or pooling, so that a 3 x
#   3 window sees more and more of the original, and the *channels* grow, and are often doubled each time the
#   sides are halved. Large kernels are dear, as the cell below counts.
# - **Two small kernels in a row see as much as a large one**, with fewer weights and an activation in between.
#   Two layers of 3 x 3 see 5 x 5 pixels, three see 7 x 7.
# - **An activation after each convolution**, such as ReLU. Two linear steps in a row would be just one.
# - **A pooling layer, or a stride of 2, after one to three convolutions.** Keep strides no larger than the
#   kernels.

# %% tags=["otter_ignore"]
huge = nn.Conv2d(32, 32, kernel_size=32)
large = nn.Conv2d(32, 32, kernel_size=7)
small = [nn.Conv2d(32, 32, kernel_size=3), nn.Conv2d(32, 32, kernel_size=3), nn.Conv2d(32, 32, kernel_size=3)]
for name, layers in {
    "one layer, 32 x 32": [huge],
    "one layer, 7 x 7": [large],
    "three layers, 3 x 3, which see 7 x 7 as well": small,
}.items():
    print(f"{name:45} {sum(p.numel() for layer in layers for p in layer.parameters()):9,} parameters")

# %% [markdown]
# ## 7. Zebra or checkerboard?
#
# Back to the question of the beginning, made harder: the pictures are of all sizes, the pattern may begin with
# 0 or with 1, and there is noise on top.


# %%
def make_patterns(n, sizes, seed):
    """Return n noisy patterns, a list of tensors (1, H, W), and labels (n,): 0 for a zebra, 1 for a checkerboard."""
    rng = np.random.default_rng(seed)
    images, labels = [], rng.integers(0, 2, n)
    for label in labels:
        height, width = sizes[rng.integers(len(sizes))]
        rows, columns = np.indices((height, width))
        start = rng.integers(0, 2)  # 1: the pattern begins with 1
        pattern = (columns + label * rows + start) % 2  # on a checkerboard, each row begins with the other number
        noisy = pattern + rng.normal(0, 0.4, (height, width))
        images.append(torch.tensor(noisy, dtype=torch.float32).unsqueeze(0))
    return images, torch.tensor(labels)


# %% tags=["otter_ignore"]
train_sizes = [(6, 6), (7, 9), (8, 8), (9, 6), (10, 12), (12, 7)]
new_sizes = [(5, 5), (6, 14), (11, 11), (13, 6), (16, 20)]
patterns_train, kinds_train = make_patterns(200, train_sizes, seed=0)
patterns_new, kinds_new = make_patterns(200, new_sizes, seed=1)

fig, axes = plt.subplots(2, 5, figsize=(9.5, 4))
for row, label in zip(axes, (0, 1), strict=True):
    chosen = [image for image, kind in zip(patterns_train, kinds_train, strict=True) if kind == label][:5]
    for ax, pattern in zip(row, chosen, strict=True):
        ax.imshow(pattern[0], cmap="gray_r")
        ax.set(title=f"{'checkerboard' if label else 'zebra'} {tuple(pattern.shape[1:])}", xticks=[], yticks=[])
show(
    fig, "Five zebras and five checkerboards of different sizes, in noise through which the patterns can just be seen."
)

# %% [raw]
# # BEGIN QUESTION
# name: q7
# points: 0

# %% [markdown]
# ### Question 7
#
# Write a network and its training.
#
# - `PatternNet()` is an `nn.Module` with **at most 200 parameters** and at least one convolution. It maps
#   patterns `(N, 1, H, W)` of **any size** from 5 x 5 on to scores `(N, 2)`.
# - `train_patterns(model, images, labels)` trains the model in place. `images` is a list of tensors `(1, H, W)`
#   whose sizes differ, `labels` a tensor `(n,)` of 0 and 1. It returns nothing.
#
# How can a network give two numbers for a picture of any size? A convolution doesn't mind the size; a dense
# layer does. Between the two, average (or take the maximum) over **all places**: `x.mean(dim=(2, 3))` makes
# `(N, C)` of `(N, C, H, W)`. Give the network something worth averaging: what does an activation do to an edge
# that is positive here and negative there?
#
# Pictures of different sizes don't fit into one batch. `image.unsqueeze(0)` is a batch of one. Go through the
# pictures in a new random order in each epoch.

# %% [raw]
# # BEGIN SOLUTION


# %%
class PatternNet(nn.Module):
    """Maps patterns (N, 1, H, W), of any size, to scores (N, 2)."""

    def __init__(self):
        super().__init__()
        # BEGIN SOLUTION
        self.conv = nn.Conv2d(1, 8, kernel_size=2)
        self.linear = nn.Linear(8, 2)
        # END SOLUTION

    def forward(self, images):
        # BEGIN SOLUTION
        x = torch.relu(self.conv(images))  # (N, 8, H - 1, W - 1)
        return self.linear(x.mean(dim=(2, 3)))  # (N, 8) -> (N, 2), logits
        # END SOLUTION


def train_patterns(model, images, labels):
    """Train the model in place on a list of patterns (1, H, W) and their labels (n,)."""
    # BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(6):
        for i in torch.randperm(len(images)).tolist():
            loss = nn.functional.cross_entropy(model(images[i].unsqueeze(0)), labels[i : i + 1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_pattern_net(PatternNet, env):
    import torch

    assert isinstance(PatternNet, type), "PatternNet is not defined: run the cell above."
    model = PatternNet().eval()  # as it is when it is graded
    for shape in ((1, 1, 5, 5), (3, 1, 6, 14), (2, 1, 20, 9)):
        failure = None
        try:
            scores = model(torch.rand(shape))
        except (RuntimeError, ValueError) as error:
            failure = str(error).split("\n")[0]
        message = f"Patterns {shape} fail: {failure}."
        if "mat1" in str(failure):
            message += " Average over all places before the dense layer."
        assert failure is None, message
        message = "forward returned nothing. Write it, and return the scores."
        assert scores is not None and scores is not ..., message
        message = f"Patterns {shape} should give scores ({shape[0]}, 2). Yours have {tuple(scores.shape)}."
        assert tuple(scores.shape) == (shape[0], 2), message
    n_parameters = sum(p.numel() for p in model.parameters())
    message = f"PatternNet has {n_parameters} parameters; from 1 to 200 are allowed."
    assert 1 <= n_parameters <= 200, message


# %%
def test_train_patterns(PatternNet, train_patterns, make_patterns, env):
    import torch

    assert isinstance(PatternNet, type), "PatternNet is not defined: run the cell above."
    assert callable(train_patterns), "train_patterns is not defined: run the cell above."
    torch.manual_seed(0)
    images, labels = make_patterns(200, [(6, 6), (7, 9), (8, 8), (9, 6)], seed=2)
    others, kinds = make_patterns(200, [(5, 5), (11, 11), (13, 6)], seed=3)
    model = PatternNet().eval()
    scores = model(images[0].unsqueeze(0))  # layers that are lazy learn their shapes here
    assert scores is not None and scores is not ..., "forward returned nothing. Write it, and return the scores."
    model.train()
    before = [p.detach().clone() for p in model.parameters()]
    train_patterns(model, images, labels)
    unchanged = all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    message = "Training left the model as it was. Are loss.backward() and optimizer.step() called?"
    assert not unchanged, message
    model.eval()
    with torch.no_grad():
        right = [int(model(image.unsqueeze(0)).argmax()) == kind for image, kind in zip(others, kinds, strict=True)]
    accuracy = sum(right) / len(right)
    message = f"Of patterns of other sizes, {accuracy:.0%} are classified rightly; guessing gives 50 %. "
    message += "Is there an activation between the convolution and the mean? Is the learning rate too small?"
    assert accuracy >= 0.95, message


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION


# %% tags=["otter_ignore"]
def share_right(model, images, labels):
    """Return the share of images (1, H, W) that the model classifies rightly."""
    model.eval()
    with torch.no_grad():
        predicted = torch.cat([model(image.unsqueeze(0)).argmax(dim=1) for image in images])
    return (predicted == labels).float().mean().item()


torch.manual_seed(0)
pattern_net = PatternNet().eval()
answered(pattern_net(patterns_new[0].unsqueeze(0)), 7)
pattern_net.train()
train_patterns(pattern_net, patterns_train, kinds_train)
print(f"parameters: {sum(p.numel() for p in pattern_net.parameters())}")
print(f"right, for sizes that it was trained on: {share_right(pattern_net, patterns_train, kinds_train):.1%}")
print(f"right, for sizes that are new to it:     {share_right(pattern_net, patterns_new, kinds_new):.1%}")

# %% [markdown]
# And the dense network? We make it as easy for it as we can: one fixed size, 12 x 12, and a thousand examples.
# Each of its units looks at 144 pixels, so within 200 parameters there is room for **one** unit. That unit adds
# up pixels with fixed weights. A zebra and the same zebra moved by one column together hold each pixel once,
# and so do a checkerboard and a moved one. So whatever the weights, the two sums for zebras have the same mean
# as the two for checkerboards, and no threshold has both zebras on one side and both boards on the other.

# %% tags=["otter_ignore"]
answered(pattern_net(patterns_new[0].unsqueeze(0)), 7)
dense_train, dense_kinds = make_patterns(1000, [(12, 12)], seed=4)
dense_new, dense_new_kinds = make_patterns(500, [(12, 12)], seed=5)
rows = {}
for hidden in (1, 4, 16):
    torch.manual_seed(0)
    dense = nn.Sequential(nn.Flatten(), nn.Linear(144, hidden), nn.Tanh(), nn.Linear(hidden, 2))
    optimizer = torch.optim.Adam(dense.parameters(), lr=0.003)
    stacked = torch.stack(dense_train)  # (1000, 1, 12, 12): they are all of one size
    for _ in range(20):
        for indices in torch.randperm(1000).split(20):
            loss = nn.functional.cross_entropy(dense(stacked[indices]), dense_kinds[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    n_parameters = sum(p.numel() for p in dense.parameters())
    rows[f"dense, {hidden} unit{'s' * (hidden > 1)}\n{n_parameters:,} parameters"] = share_right(
        dense, dense_new, dense_new_kinds
    )
n_parameters = sum(p.numel() for p in pattern_net.parameters())
rows[f"yours, trained on other sizes\n{n_parameters} parameters"] = share_right(pattern_net, dense_new, dense_new_kinds)

fig, ax = plt.subplots(figsize=(8, 2.9))
bars = ax.barh(list(rows), list(rows.values()), color=["0.6", "0.6", "0.6", "tab:orange"])
ax.bar_label(bars, [f"{value:.0%}" for value in rows.values()], padding=3)
ax.axvline(0.5, color="black", linestyle="--", linewidth=1)
ax.invert_yaxis()
ax.set(xlim=(0, 1.1), xlabel="share of 500 new 12 x 12 patterns that are right (dashed: guessing)")
told = [f"{name}, {value:.0%}".replace("\n", ", ") for name, value in rows.items()]
show(fig, f"Bars, the share that is right. {'; '.join(told)}.")

# %% [markdown]
# With more units it gets there, for this one size. Yours has never seen a pattern of that size.

# %% [markdown]
# ## 8. The challenge: tiny images
#
# Here are real pictures: emoji of five kinds, each put on a coloured ground, at a random place, in random
# colours and sizes. `tiny_images.py` beside this notebook does that. There are 420 emoji to train on, each
# placed three times, and 70 others to validate with. You are graded on emoji that are in neither.

# %%
from tiny_images import KINDS, place, read_pictures  # tiny_images.py lies beside this notebook

emoji, emoji_labels = read_pictures("data", "train")  # (420, 32, 32, 4), (420,)
x_train = torch.from_numpy(place(np.concatenate([emoji] * 3), np.random.default_rng(0)))  # (1260, 3, 32, 32)
y_train = torch.from_numpy(np.concatenate([emoji_labels] * 3))  # (1260,)
emoji, emoji_labels = read_pictures("data", "validation")  # (70, 32, 32, 4), (70,)
x_val = torch.from_numpy(place(np.concatenate([emoji] * 5), np.random.default_rng(1)))  # (350, 3, 32, 32)
y_val = torch.from_numpy(np.concatenate([emoji_labels] * 5))  # (350,)

# %% tags=["otter_ignore"]
rows = []
for label in range(5):
    twelve = nn.functional.pad(x_train[y_train == label][:12], (2, 2, 2, 2), value=1)  # (12, 3, 36, 36)
    rows.append(torch.cat(list(twelve), dim=2))  # (3, 36, 432)
fig, ax = plt.subplots(figsize=(9, 4))
ax.imshow(torch.cat(rows, dim=1).permute(1, 2, 0))  # (180, 432, 3)
ax.set_yticks(range(18, 180, 36), KINDS)
ax.set(title="Twelve of each kind", xticks=[])
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
show(fig, f"Twelve emoji of each kind on coloured grounds, a row for each kind: {', '.join(KINDS)}.")

# %% [raw]
# # BEGIN QUESTION
# name: q8
# points: 0

# %% [markdown]
# ### Question 8
#
# Write a network for these images, and its training.
#
# - `TinyCNN()` maps images `(N, 3, 32, 32)` to scores `(N, 5)`, for any N. It has **at least one convolution,
#   at least one pooling layer, and then one or more dense layers** (`nn.Linear`), and the scores depend on all of
#   them.
# - `train_tiny(model, images, labels)` trains it in place on images `(n, 3, 32, 32)`, float32 in [0, 1], and
#   labels `(n,)`, int64 from 0 to 4. It has to run for any n: we also call it with 5 images (and expect nothing
#   of that training). It returns nothing. How many epochs, which batch size, optimizer and loss: that is up to
#   you. Time limits stand at the top of this notebook.
#
# On emoji that it has not met, it has to be right for **45 %**; guessing gives 20 %, and 55 to 65 % are within
# reach. `trace_shapes` helps with the first dense layer. Networks learn better from numbers around 0, and these
# pixels lie mostly between 0.5 and 1: `(images - 0.75) * 4` at the start of `forward` helps.

# %% [raw]
# # BEGIN SOLUTION


# %%
class TinyCNN(nn.Module):
    """Maps images (N, 3, 32, 32) to scores (N, 5)."""

    def __init__(self):
        super().__init__()
        # BEGIN SOLUTION
        self.conv1 = nn.Conv2d(3, 16, kernel_size=4, stride=2)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3)
        self.pool = nn.MaxPool2d(2)
        self.linear1 = nn.Linear(32 * 6 * 6, 32)
        self.linear2 = nn.Linear(32, 5)
        # END SOLUTION

    def forward(self, images):
        # BEGIN SOLUTION
        x = torch.relu(self.conv1((images - 0.75) * 4))  # (N, 16, 15, 15)
        x = torch.relu(self.conv2(x))  # (N, 32, 13, 13)
        x = self.pool(x).flatten(start_dim=1)  # (N, 32, 6, 6) -> (N, 1152)
        x = torch.relu(self.linear1(x))  # (N, 32)
        return self.linear2(x)  # (N, 5), logits
        # END SOLUTION


def train_tiny(model, images, labels):
    """Train the model in place on images (n, 3, 32, 32) and labels (n,)."""
    # BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    model.train()
    for _ in range(10):
        for indices in torch.randperm(len(images)).split(32):
            loss = nn.functional.cross_entropy(model(images[indices]), labels[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_tiny_cnn(TinyCNN, env):
    import torch
    from torch.overrides import TorchFunctionMode

    assert isinstance(TinyCNN, type), "TinyCNN is not defined: run the cell above."
    story = []

    class Recorder(TorchFunctionMode):
        disturbed = "nothing"  # part of the names of functions to whose results noise is added

        def __torch_function__(self, function, types, args=(), kwargs=None):
            name = getattr(function, "__name__", "")
            if name in ("conv2d", "linear") or "pool" in name:
                story.append(name)
            given = function(*args, **(kwargs or {}))
            is_disturbed = self.disturbed in name and torch.is_tensor(given)
            return given + torch.rand_like(given) if is_disturbed else given

    model = TinyCNN().eval()
    for n in (1, 4):
        with Recorder():
            scores = model(torch.rand(n, 3, 32, 32))
        message = "forward returned nothing. Write it, and return the scores."
        assert scores is not None and scores is not ..., message
        message = f"{n} images should give scores ({n}, 5). Yours have {tuple(scores.shape)}."
        assert tuple(scores.shape) == (n, 5), message
    message = "There should be a convolution, a pooling layer, and a dense layer at the end. This test saw: "
    message += f"{', '.join(story) or 'none'}."
    has_all = "conv2d" in story and any("pool" in name for name in story) and story[-1] == "linear"
    assert has_all, message
    images = torch.rand(2, 3, 32, 32)
    for part, words in {"conv2d": "a convolution", "pool": "a pooling layer", "linear": "a dense layer"}.items():
        recorder = Recorder()
        recorder.disturbed = part
        with recorder:
            disturbed = model(images)
        message = f"The scores don't depend on what {words} gives. Is the result used, x = self.pool(x)?"
        assert not torch.equal(disturbed, model(images)), message


# %%
def test_train_tiny(TinyCNN, train_tiny, x_train, y_train, x_val, y_val, env):
    import torch

    assert isinstance(TinyCNN, type), "TinyCNN is not defined: run the cell above."
    assert callable(train_tiny), "train_tiny is not defined: run the cell above."
    assert x_train is not None, "This needs the images: run the cells at the start of section 8 first."
    torch.manual_seed(0)
    train_tiny(TinyCNN(), x_train[:5], y_train[:5])  # as few as this, too
    model = TinyCNN().eval()
    scores = model(x_train[:2])  # layers that are lazy learn their shapes here
    assert scores is not None and scores is not ..., "forward returned nothing. Write it, and return the scores."
    model.train()
    before = [p.detach().clone() for p in model.parameters()]
    train_tiny(model, x_train, y_train)
    unchanged = all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    message = "Training left the model as it was. Are loss.backward() and optimizer.step() called?"
    assert not unchanged, message
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_val).argmax(dim=1) == y_val).float().mean().item()
    message = f"After training, {accuracy:.0%} of the validation images are right; more than 40 % are needed here, "
    message += "45 % of hidden ones for the points, and guessing gives 20 %. diagnose, below, looks for the reason."
    assert accuracy > 0.4, message


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# **Doesn't it learn?** `diagnose` looks at a fresh network, watches a training of it, and says what is likely
# wrong.

# %% tags=["otter_ignore"]
from diagnosis import diagnose

diagnose(TinyCNN, lambda model: train_tiny(model, x_train, y_train), x_train, y_train)

# %% [markdown]
# How much of that is owed to the convolution? Here is your network against a dense one of at least as many
# parameters, on the same images, trained by your own `train_tiny`.


# %% tags=["otter_ignore"]
class Dense(nn.Module):
    """Maps images (N, 3, 32, 32) to scores (N, 5), without a convolution."""

    def __init__(self, hidden):
        super().__init__()
        self.linear1 = nn.Linear(3 * 32 * 32, hidden)
        self.linear2 = nn.Linear(hidden, 5)

    def forward(self, images):
        x = (images - 0.75) * 4
        return self.linear2(torch.relu(self.linear1(x.flatten(start_dim=1))))


torch.manual_seed(1)
cnn = TinyCNN().eval()
answered(cnn(x_val[:2]), 8)
n_parameters = sum(p.numel() for p in cnn.parameters())
dense = Dense(hidden=-(-n_parameters // (3 * 32 * 32)))  # rounded up
for name, model in {"your network": cnn, "a dense one": dense}.items():
    model.train()
    train_tiny(model, x_train, y_train)
    n_parameters = sum(p.numel() for p in model.parameters())
    print(f"{name:12} {n_parameters:7,} parameters, {share_right(model, x_val, y_val):.1%} right")

# %% [markdown]
# One pair of trainings proves little. Below are 20 of each, with the network of our solution, on emoji that
# neither had met. Each dot is a training with another seed, the line is the mean, and the box its 95 %
# confidence interval.

# %% tags=["otter_ignore"]
per_cent = {
    "convolutional,\n42,485 parameters": (
        "55.2 59.0 56.5 51.5 57.5 57.5 56.5 56.7 58.9 57.7 60.8 61.5 59.8 57.7 60.2 63.3 54.2 60.0 58.9 58.3"
    ),
    "dense,\n43,097 parameters": (
        "41.3 35.2 41.3 41.9 39.8 41.7 44.4 40.6 48.5 38.3 43.1 40.6 44.2 45.4 41.0 46.4 40.2 45.4 41.9 43.9"
    ),
}
fig, ax = plt.subplots(figsize=(8, 2.6))
for place_on_y, (text, colour) in enumerate(zip(per_cent.values(), ["tab:orange", "0.5"], strict=True)):
    values = np.array(text.split(), dtype=float)
    mean, margin = np.mean(values), 2.093 * np.std(values, ddof=1) / 20**0.5  # 2.093: Student's t, n = 20
    ax.add_patch(plt.Rectangle((mean - margin, place_on_y - 0.3), 2 * margin, 0.6, color=colour, alpha=0.3))
    ax.plot([mean, mean], [place_on_y - 0.3, place_on_y + 0.3], color=colour, linewidth=2)
    ax.scatter(values, np.full(20, place_on_y) + np.linspace(-0.2, 0.2, 20), s=14, color=colour, zorder=3)
ax.axvline(20, color="black", linestyle="--", linewidth=1)
ax.set_yticks([0, 1], per_cent)
ax.invert_yaxis()
ax.set(xlabel="per cent of new emoji that are right (dashed: guessing)", xlim=(15, 70))
show(
    fig,
    "Dots, 20 trainings each: convolutional networks lie between 51 and 63 per cent, dense ones between 35 and 49.",
)

# %% [markdown]
# On average 58 % against 42 %, with as many parameters, and the two intervals lie far apart.

# %% [raw]
# # BEGIN QUESTION
# name: explanation
# manual: true
# points: 0

# %% [markdown]
# ### Explain your network
#
# In about 150 words, and in your own: which layers does your `TinyCNN` have, and why these? Name the shape
# after each. What did you try that didn't work? Where does a convolution help with these images, and what could
# you do about the mistakes that are left? This is read and marked by a person.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# The first convolution has a 4 x 4 kernel and a stride of 2: it finds edges and spots of colour, and halves the
# sides, `(N, 16, 15, 15)`, so that what follows is cheap. The second one, 3 x 3, combines them into corners,
# eyes and stripes, `(N, 32, 13, 13)`. Max pooling asks whether such a thing was found around here, `(N, 32, 6,
# 6)`: the exact place doesn't matter, since the emoji are placed at random. 1,152 numbers are left, which a
# dense layer of 32 units weighs, and a last one gives five scores. Without the shift of the pixels to around 0,
# learning took twice as long; with average pooling in place of max pooling it was a little worse. A convolution
# helps because a face is a face at every place. It knows the training images better than the others, so more
# placements of each emoji, mirrored copies or dropout should help.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [markdown]
# ### Where to go from here
#
# Which kinds are mistaken for each other? Draw the confusion matrix of `cnn`, your network of the last comparison.
# Look at the filters of its first layer: `next(cnn.parameters())` holds them, if that layer is a convolution. Try one
# change at a time, with several seeds, and judge it on the validation images.
