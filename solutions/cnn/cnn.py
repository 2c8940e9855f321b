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
# name: cnn
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
#   - fashion.py
#   - drawings.py
#   - data
# init_cell: false
# plugins:
#   - autograder.packaging.otter.HiddenGraders

# %% tags=["otter_ignore"]
# On Google Colab only: upload this notebook's folder to your Drive, as `cnn`, before you run this cell.
import sys

if "google.colab" in sys.modules:
    import os

    from google.colab import drive
    from IPython import get_ipython

    drive.mount("/content/drive")
    os.chdir("/content/drive/MyDrive/cnn")
    get_ipython().run_line_magic("pip", "install -q otter-grader")

# %%
import otter

grader = otter.Notebook("cnn.ipynb")

# %% [markdown]
# # Convolutional neural networks
#
# A photograph of a boot is still a photograph of a boot when it is shifted two pixels to the left. A dense
# network doesn't know that: to it every pixel is a separate input. A **convolutional neural network** (CNN)
# has the idea built in. It looks at a picture through a small window, asks the same question at every
# place, and passes the answers on as a new, smaller picture.
#
# You will
#
# 1. work out how large the picture is that comes out of a convolution,
# 2. watch one kernel learn to recognise a handwritten 3,
# 3. stack layers into a network,
# 4. train it on photographs of clothes, and
# 5. look at what it gets right and wrong.
#
# ### How this notebook works
#
# Five cells are left for you to write, **q1** to **q5**: replace each `...`. Under each is a cell
# `grader.check(...)` that tries your answer and says what is wrong with it; use it as often as you like.
# Keep the names of functions, classes and variables, since the graders look for them, and see to it that
# the notebook runs from top to bottom.
#
# ### What is graded
#
# The checks in this notebook carry no points: they are here to help you. Points come from further checks of
# the same kinds.
#
# | | what you write | what is checked |
# |---|---|---|
# | q1 | `calculate_output_shape` | agreement with PyTorch, and a `ValueError` for the impossible |
# | q2 | `maxpool1`, `conv2`, `maxpool2`, `linear1` | the kinds of the layers, and the shape after each |
# | q3 | `class CNN` | shapes, gradients, activations, and that a picture's scores depend on it alone |
# | q4 | `train` | that it learns, from all the images, and that the numbers it reports are true |
# | q5 | `plot_history`, `plot_confusion` | the curves, the counts, the labels |
#
# For q4 we run *your* `train` on a new `CNN()`, so stored weights are of no use. All the conditions are the
# ones of this notebook: **1,000 training images with pixels in [0, 1], batches of 32, 10 epochs**, and at
# most **120 seconds for one training** (a few seconds are plenty; the network of PyTorch's own MNIST example takes
# about 40). A cell has 120 seconds too, any other call of your code 20, and all of it together 900. What counts is
# your code's own time: waiting for a busy machine costs nothing. Afterwards the model must classify at
# least **65 %** of some images that neither you nor it has seen. Training is random, so a run that falls
# short is tried again with another seed, up to three times. No shopping for a lucky seed, please: a sound
# solution reaches 75 to 80 %, and fails this in less than one of 10,000 gradings.
#
# Where your work is graded, there are NumPy, SciPy, pandas, PyTorch, torchvision, scikit-learn, Matplotlib, seaborn
# and tqdm, and what lies beside this notebook, but no network: `FashionMNIST(root=..., download=True)` finds the
# images that lie here. A line at the top level of a cell that fails there is told to you, and the rest is run.
#
# Two trainings more tell *what* is learned. One is short: on 32 images in batches of 16, each of them six times in an
# epoch, which a network should know by heart after 10 epochs (a loss below 1). The other is as long as a real one, on
# a hundred copies each of ten images, after which nobody knows much (at most 75 % of others); the validation images
# call the classes by other names there, which your model should not learn (at most 25 %). In all of them images are
# brighter, darker or noisier than here, by a little, and all may be mirrored, or moved by two pixels: to who learns
# from them that makes no difference.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from fashion import CLASS_NAMES, CustomDataloader  # fashion.py lies beside this notebook
from torch import nn

torch.manual_seed(0)
plt.rcParams.update({"figure.dpi": 110, "axes.titlesize": 10})


# %% tags=["otter_ignore"]
# A helper of this notebook's own cells. You need not read it.
from IPython.display import display


def show(fig, alt):
    """Show a figure, with words for those who can't see it."""
    display(fig, metadata={"image/png": {"alt": alt}})
    plt.close(fig)


# %% [markdown]
# ## 1. A picture is a grid of numbers
#
# scikit-learn comes with 1,797 tiny scans of handwritten digits. Each has 8 x 8 pixels, and each pixel is a
# number from 0 (paper) to 16 (ink). Here is the first one, as we see it and as a computer does.

# %% tags=["otter_ignore"]
from sklearn.datasets import load_digits

digits = load_digits()
image = digits.images[0]  # (8, 8)

# %% tags=["otter_ignore"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.7), layout="constrained")
left.imshow(image, cmap="gray_r")
left.set_title("what we see")
right.imshow(image, cmap="gray_r", alpha=0.25)
right.set_title("what the computer sees")
for row in range(8):
    for column in range(8):
        right.text(column, row, f"{image[row, column]:.0f}", ha="center", va="center")
for ax in (left, right):
    ax.set(xticks=range(8), yticks=range(8), xlabel="column", ylabel="row")
show(fig, "The scan of a handwritten 0, as 8 x 8 grey squares and as the 64 numbers from 0 to 15 behind them.")

# %% [markdown]
# A colour picture has three such grids, one each for red, green and blue. They are called **channels**; our
# digit has one. PyTorch wants a whole batch of pictures at a time, in four dimensions:
#
# `(batch, channels, height, width)`
#
# Height comes before width, as rows come before columns in a matrix.

# %% tags=["otter_ignore"]
batch = torch.tensor(image, dtype=torch.float32).reshape(1, 1, 8, 8)  # (N, C, H, W)
print(tuple(batch.shape))

# %% [markdown]
# ## 2. One convolution
#
# A convolution slides a small window over the picture. At each place it multiplies every pixel in the
# window by a weight, adds the products and a bias, and writes down that one number. The weights are the
# **kernel**. They are the same at every place, and they are what is learned.

# %% tags=["otter_ignore"]
conv = nn.Conv2d(
    in_channels=1,  # a grey picture; a colour picture would have 3
    out_channels=1,  # how many kernels, and so how many pictures come out
    kernel_size=(3, 3),  # the window: height, width
    stride=(1, 1),  # how far it moves each time: down, to the right
    padding=(0, 0),  # how many rows of zeros go on above and below; how many columns left and right
)
output = conv(batch)  # (1, 1, 6, 6)
print(tuple(batch.shape), "->", tuple(output.shape))

# %% [markdown]
# Nothing is hidden in there. The top left number of the output, by hand:

# %% tags=["otter_ignore"]
window = batch[0, 0, 0:3, 0:3]  # (3, 3)
by_hand = (window * conv.weight[0, 0]).sum() + conv.bias[0]
print(f"by hand {by_hand.item():.4f}, by PyTorch {output[0, 0, 0, 0].item():.4f}")

# %% tags=["otter_ignore"]
fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), width_ratios=[8, 5, 6.5], layout="constrained")
kernel = conv.weight[0, 0].detach()
pictures = [(image, "gray_r", "picture, 8 x 8"), (kernel, "RdBu_r", "kernel, 3 x 3 (random so far)")]
pictures.append((output[0, 0].detach(), "RdBu_r", "output, 6 x 6"))
for ax, (picture, colours, title) in zip(axes, pictures, strict=True):
    limit = float(abs(picture).max())
    shown = ax.imshow(picture, cmap=colours, vmin=0 if colours == "gray_r" else -limit, vmax=limit)
    fig.colorbar(shown, ax=ax, shrink=0.6)
    ax.set(title=title, xticks=[], yticks=[])
axes[0].add_patch(plt.Rectangle((-0.5, -0.5), 3, 3, fill=False, edgecolor="tab:orange", linewidth=3))
axes[2].add_patch(plt.Rectangle((-0.5, -0.5), 1, 1, fill=False, edgecolor="tab:orange", linewidth=3))
fig.suptitle("The window in orange becomes the one number in orange")
show(
    fig,
    "The picture of 8 x 8 pixels, a kernel of 3 x 3 random weights, and the output of 6 x 6 numbers. The 3 x 3 pixels "
    "at the picture's top left and the one number at the output's top left are framed in orange.",
)

# %% [markdown]
# ### Kernel size, stride and padding
#
# Three settings decide where the window may stand, and so how large the output is.
#
# - **Kernel size**: a larger window has less room to move, so fewer places to stand.
# - **Stride**: the step from one place to the next. With 2, every second place is left out.
# - **Padding**: a frame of zeros around the picture. `padding=(1, 1)` puts one row above *and* one below,
#   one column on the left *and* one on the right.
#
# The window never hangs over the edge of the padded picture. If the last step doesn't fit, it isn't made.
# Below, the blue window is the first place, the orange one is the next, and the dots mark the centres of
# all.

# %% tags=["otter_ignore"]
settings = [(3, 1, 0), (3, 2, 0), (3, 1, 1), (4, 3, 1)]  # kernel, stride, padding
fig, axes = plt.subplots(1, 4, figsize=(11, 3.5), layout="constrained")
for ax, (kernel, stride, padding) in zip(axes, settings, strict=True):
    side = nn.Conv2d(1, 1, kernel, stride, padding)(batch).shape[-1]  # PyTorch counts the places
    start = -padding  # the corner of the first window; the picture's own corner is 0
    frame = plt.Rectangle((start, start), 8 + 2 * padding, 8 + 2 * padding, color="0.85", label="padding")
    ax.add_patch(frame)
    ax.add_patch(plt.Rectangle((0, 0), 8, 8, facecolor="white", edgecolor="0.4"))
    for line in range(start, 9 + padding):
        ax.plot([line, line], [start, 8 + padding], color="0.7", linewidth=0.5)
        ax.plot([start, 8 + padding], [line, line], color="0.7", linewidth=0.5)
    for shift, colour in [(stride, "tab:orange"), (0, "tab:blue")]:
        corner = (start + shift, start)
        ax.add_patch(plt.Rectangle(corner, kernel, kernel, color=colour, alpha=0.3))
        ax.add_patch(plt.Rectangle(corner, kernel, kernel, fill=False, edgecolor=colour, linewidth=2))
    centres = start + kernel / 2 + stride * np.arange(side)
    ax.scatter(*np.meshgrid(centres, centres), s=12, color="black", zorder=3)
    ax.set(xlim=(-1.3, 9.3), ylim=(9.3, -1.3), aspect="equal")
    ax.set_title(f"kernel {kernel}, stride {stride}, padding {padding}\n8 x 8 becomes {side} x {side}")
    ax.axis("off")
show(
    fig,
    "Four pictures of 8 x 8 pixels, with the first window in blue, the next in orange, and a dot for each place. "
    "Kernel 3, stride 1, padding 0: 6 x 6 places. Stride 2: 3 x 3. Stride 1, padding 1: 8 x 8. Kernel 4, stride 3, "
    "padding 1: 3 x 3.",
)

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 0

# %% [markdown]
# ### Question 1
#
# Write `calculate_output_shape`: how large is the picture that comes out? Each argument is a list of two
# whole numbers, first for the height and then for the width, and so is the answer.
#
# `calculate_output_shape([8, 8], [3, 3], [1, 1], [0, 0])` is `[6, 6]`.
#
# Count the places in one direction first: how large is the padded picture, and how many whole steps can the
# window take in it? Pictures and windows need not be square. If the question makes no sense, because the
# window is larger than the padded picture in either direction (whatever the stride is) or the stride is 0,
# raise a `ValueError`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def calculate_output_shape(
    image_size: list[int], kernel: list[int], stride: list[int], padding: list[int]
) -> list[int]:
    """Return [height, width] of what a convolution makes of a picture of size image_size."""
    # BEGIN SOLUTION
    output_shape = []
    for image_side, kernel_side, step, pad in zip(image_size, kernel, stride, padding, strict=True):
        room = image_side + 2 * pad - kernel_side  # how far the window can move
        if room < 0:
            raise ValueError(f"A kernel of {kernel_side} doesn't fit into {image_side} + 2 * {pad} pixels.")
        if step < 1:
            raise ValueError(f"A stride of {step} leads nowhere.")
        output_shape.append(room // step + 1)  # the first place, and one more for each whole step
    return output_shape
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_the_example(calculate_output_shape, env):
    from numbers import Integral

    assert callable(calculate_output_shape), "calculate_output_shape is not defined: run the cell above."
    answer = calculate_output_shape([8, 8], [3, 3], [1, 1], [0, 0])
    is_pair = isinstance(answer, (list, tuple)) and len(answer) == 2
    if answer is None or answer is ...:
        message = "Nothing came back. Write the body of the function, and return the answer."
    elif not is_pair:
        message = f"Return a list of two numbers, height and width. Yours is {answer}."
    elif list(answer) == [6, 6]:
        message = f"{answer} has the right values, but a number of pixels is an int. Rounding down is //."
    else:
        message = f"A 3 x 3 window stands at 6 x 6 places in an 8 x 8 picture. Your answer is {answer}."
    is_right = is_pair and list(answer) == [6, 6] and all(isinstance(side, Integral) for side in answer)
    assert is_right, message


# %%
def test_harder_geometries(calculate_output_shape, env):
    import torch
    from torch import nn

    assert callable(calculate_output_shape), "calculate_output_shape is not defined: run the cell above."
    cases = {
        "a longer kernel": ([8, 8], [5, 5], [1, 1], [0, 0]),
        "padding, which is added on both sides": ([8, 8], [3, 3], [1, 1], [1, 1]),
        "a stride of 2, where the last step doesn't fit and is left out": ([8, 8], [3, 3], [2, 2], [0, 0]),
        "height and width that differ in everything": ([30, 20], [5, 3], [3, 2], [2, 0]),
    }
    for what, (image_size, kernel, stride, padding) in cases.items():
        conv = nn.Conv2d(1, 1, kernel, stride, padding, device="meta")
        expected = list(conv(torch.empty(1, 1, *image_size, device="meta")).shape[2:])
        answer = calculate_output_shape(image_size, kernel, stride, padding)
        question = f"image_size={image_size}, kernel={kernel}, stride={stride}, padding={padding}"
        message = f"This one has {what}. For {question} PyTorch gives {expected}, you give {answer}."
        is_right = isinstance(answer, (list, tuple)) and list(answer) == expected
        assert is_right, message


# %%
def test_impossible_geometries(calculate_output_shape, env):
    assert callable(calculate_output_shape), "calculate_output_shape is not defined: run the cell above."
    cases = {
        "a 9 x 9 window in an 8 x 8 picture": ([8, 8], [9, 9], [1, 1], [0, 0]),
        "a window that is too wide, though not too high": ([8, 8], [3, 11], [1, 1], [1, 1]),
        "a window that is too high, with a stride of 2": ([7, 8], [8, 3], [2, 2], [0, 0]),
        "a stride of 0": ([8, 8], [3, 3], [0, 1], [0, 0]),
    }
    for what, geometry in cases.items():
        message = f"{what.capitalize()} is impossible, so it should raise a ValueError."
        try:
            outcome = f" It returned {calculate_output_shape(*geometry)}."
        except ValueError:
            outcome = ""
        except Exception as error:
            outcome = f" It raised {type(error).__name__}."
        assert not outcome, message + outcome


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## 3. A kernel that learns a 3
#
# What does a kernel come to look like when it learns? Let us make one that we can read: a single kernel as
# large as the whole picture, 8 x 8, so that it stands at one place only and gives one number for each
# digit. We train it to tell **threes from all the other digits**. The target is 1 for a three and 0 for the
# rest, and the number that comes out is a *logit*: above 0 it says "three", below 0 "something else".
#
# It takes both kinds to learn a difference. A kernel that is shown nothing but threes can answer "three"
# without looking at all.

# %% tags=["otter_ignore"]
digit_images = torch.tensor(digits.images / 16, dtype=torch.float32)  # (1797, 8, 8), in [0, 1]
digit_images = digit_images.unsqueeze(1)  # (1797, 1, 8, 8)
is_three = torch.tensor(digits.target == 3, dtype=torch.float32)  # (1797,), 1.0 or 0.0
print(f"{is_three.sum():.0f} threes and {(1 - is_three).sum():.0f} others")

# %% [markdown]
# Nine in ten digits are not threes, so saying "no" to everything would already be right nine times in ten.
# `pos_weight` makes up for that: it lets each three count as much as about nine others.
#
# Mind the order in the loss function: **the prediction comes first, then the target**. Swapped, it runs
# without an error and computes something else.

# %% tags=["otter_ignore"]
three_kernel = nn.Conv2d(1, 1, kernel_size=(8, 8))
pos_weight = (1 - is_three).sum() / is_three.sum()
loss_function = nn.BCEWithLogitsLoss(pos_weight=pos_weight)
optimizer = torch.optim.Adam(three_kernel.parameters(), lr=0.01)

snapshots = [three_kernel.weight[0, 0].detach().clone()]  # the kernel before training, then after each epoch
for _ in range(10):
    for indices in torch.randperm(len(digit_images)).split(32):
        logits = three_kernel(digit_images[indices]).flatten()  # (B, 1, 1, 1) -> (B,)
        loss = loss_function(logits, is_three[indices])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    snapshots.append(three_kernel.weight[0, 0].detach().clone())

# %% tags=["otter_ignore"]
says_three = three_kernel(digit_images).flatten() > 0
found = says_three[is_three == 1].float().mean()
mistaken = says_three[is_three == 0].float().mean()
print(f"It finds {found:.0%} of the threes, and takes {mistaken:.0%} of the others for one.")

# %% [markdown]
# One kernel and one bias, 65 numbers, do that. Here is how the kernel came about. All the pictures share
# one colour scale: red is a positive weight, so ink there speaks *for* a three; blue is a negative one, and
# ink there speaks *against* it; white doesn't care.

# %% tags=["otter_ignore"]
limit = max(float(snapshot.abs().max()) for snapshot in snapshots)
fig, axes = plt.subplots(2, 6, figsize=(10, 3.9), layout="constrained")
axes[1, 5].axis("off")
for epoch, (ax, snapshot) in enumerate(zip(axes.flat, snapshots, strict=False)):
    shown = ax.imshow(snapshot, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set(title="before training" if epoch == 0 else f"epoch {epoch}", xticks=[], yticks=[])
fig.colorbar(shown, ax=axes, label="weight", shrink=0.8)
fig.suptitle("An 8 x 8 kernel learns to tell threes from other digits")
show(
    fig,
    "Eleven pictures of one kernel, before training and after each of ten epochs: from random weights, red arcs come "
    "out where a 3 has ink and others have not, and blue patches where others have ink and a 3 has not.",
)

# %% [markdown]
# Is that a 3? Not quite, and the reason is instructive. Let us put it beside the average three, and beside
# the average three *minus* the average of all the other digits.

# %% tags=["otter_ignore"]
mean_three = digit_images[is_three == 1].mean(dim=0)[0]  # (8, 8)
mean_rest = digit_images[is_three == 0].mean(dim=0)[0]  # (8, 8)
difference = mean_three - mean_rest

fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.3), layout="constrained")
pictures = [
    (mean_three, "gray_r", 0, "the average three", "ink"),
    (difference, "RdBu_r", -1, "average three minus average rest", "difference of ink"),
    (snapshots[-1], "RdBu_r", -1, "the learned kernel", "weight"),
]
for ax, (picture, colours, sign, title, unit) in zip(axes, pictures, strict=True):
    limit = float(picture.abs().max())
    shown = ax.imshow(picture, cmap=colours, vmin=sign * limit, vmax=limit)
    fig.colorbar(shown, ax=ax, label=unit, shrink=0.8)
    ax.set(title=title, xticks=[], yticks=[])
show(
    fig,
    "The average three, which looks like a 3; the average three minus the average of the rest, red and blue; and the "
    "learned kernel, which has its red and blue in much the same places, though it is rougher.",
)
likeness = np.corrcoef(snapshots[-1].flatten(), difference.flatten())[0, 1]
print(f"correlation of the learned kernel with the difference: {likeness:.2f}")

# %% [markdown]
# The kernel is no portrait of a 3. It shows **what sets a 3 apart**, much as the difference does. Red lies
# where the upper bow comes back to the middle, and along the lower bow on the right. The deepest blue lies
# halfway up, on both sides: on the left a 3 is open, where a 0, a 6 or an 8 has ink, and on the right it has
# its waist, where a 0 or a 9 goes straight on. The middle of the top edge is pale, though every 3 has ink
# there: so have most other digits, and ink that all of them have tells nothing.
#
# It isn't the difference either. It was trained to separate, so it dwells on the pixels that decide the
# hard cases, and those that often go together share the work.
#
# The kernels of a real network are far smaller than the picture, and there are many of them, so they are
# harder to read. But each is this same thing: a pattern that answers strongly where it finds what it looks
# for.

# %% [markdown]
# ## 4. Layers in a row
#
# One convolution finds strokes. A second one, working on what the first one found, finds arrangements of
# strokes: corners, collars, heels. To let it see more of the picture at a time, we shrink the picture in
# between. **Max pooling** does so: it slides a window too, but has no weights, and keeps just the largest
# number in it: "was the pattern found somewhere around here?" By default its stride is as long as its
# window, so the windows don't overlap.

# %% tags=["otter_ignore"]
numbers = torch.tensor([[1.0, 3, 0, 2], [4, 2, 1, 0], [0, 1, 5, 6], [2, 2, 7, 8]])  # (4, 4)
pooled = nn.MaxPool2d(kernel_size=2)(numbers.reshape(1, 1, 4, 4))[0, 0]  # (2, 2)

fig, axes = plt.subplots(1, 2, figsize=(6, 3.2), width_ratios=[2, 1.2], layout="constrained")
for ax, grid, title in [(axes[0], numbers, "4 x 4"), (axes[1], pooled, "after pooling, 2 x 2")]:
    side = len(grid)
    blocks = np.kron(np.arange(4).reshape(2, 2), np.ones((side // 2, side // 2)))  # a colour for each window
    ax.imshow(blocks, cmap="Pastel2", vmin=0, vmax=7)
    for row in range(side):
        for column in range(side):
            ax.text(column, row, f"{grid[row, column]:.0f}", ha="center", va="center", fontsize=14)
    ax.set(title=title, xticks=[], yticks=[])
show(
    fig,
    "A grid of 4 x 4 numbers in four colours, a colour for each window of 2 x 2, and the 2 x 2 largest numbers of the "
    "windows: 4 and 2 above, 2 and 8 below.",
)

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 0

# %% [markdown]
# ### Question 2
#
# From here on a picture has 28 x 28 pixels and one channel, and there are ten classes. Put a chain of
# layers together:
#
# | | shape |
# |---|---|
# | pictures | `(N, 1, 28, 28)` |
# | `conv1`, `maxpool1`, `conv2`, `maxpool2`, in this order | ... you decide what lies between |
# | the end of the chain | `(N, 64, 1, 1)` |
# | flattened | `(N, 64)` |
# | `linear1` | `(N, 10)`, one score for each class |
#
# `conv1` is given. `maxpool1` and `maxpool2` are `nn.MaxPool2d`, `conv2` is an `nn.Conv2d`, and `linear1`
# is an `nn.Linear`. There are many good answers, and `calculate_output_shape` helps to find one: pooling
# follows the same rule as a convolution. What does each layer have to leave for the next?

# %% [raw]
# # BEGIN SOLUTION

# %%
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(4, 4))  # SOLUTION
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(5, 5))  # SOLUTION
maxpool2 = nn.MaxPool2d(kernel_size=(2, 2))  # SOLUTION
linear1 = nn.Linear(in_features=64, out_features=10)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_kinds_of_layers(conv1, maxpool1, conv2, maxpool2, linear1, env):
    from torch import nn

    kinds = [("conv1", conv1, nn.Conv2d), ("maxpool1", maxpool1, nn.MaxPool2d), ("conv2", conv2, nn.Conv2d)]
    kinds += [("maxpool2", maxpool2, nn.MaxPool2d), ("linear1", linear1, nn.Linear)]
    todo = [name for name, layer, kind in kinds if layer is None or layer is ...]
    message = f"Still to be written: {', '.join(todo)}."
    assert not todo, message
    for name, layer, kind in kinds:
        message = f"{name} should be an nn.{kind.__name__}, not a {type(layer).__name__}."
        assert isinstance(layer, kind), message


# %%
def test_shapes(conv1, maxpool1, conv2, maxpool2, linear1, env):
    import torch

    chain = {"conv1": conv1, "maxpool1": maxpool1, "conv2": conv2, "maxpool2": maxpool2, "linear1": linear1}
    todo = [name for name, layer in chain.items() if not callable(layer)]
    message = f"Still to be written: {', '.join(todo)}."
    assert not todo, message
    for n in (1, 5):
        pictures = torch.rand(n, 1, 28, 28)
        story = f"pictures {tuple(pictures.shape)}"
        for name, layer in chain.items():
            if name == "linear1":
                message = f"After maxpool2 the shape should be ({n}, 64, 1, 1). Your chain: {story}."
                assert pictures.shape == (n, 64, 1, 1), message
                pictures = pictures.flatten(start_dim=1)
            failure = None
            try:
                pictures = layer(pictures)
            except RuntimeError as error:
                failure = str(error).split("\n")[0]
            message = f"{name} can't take what reaches it. Your chain: {story}, then {name} says: {failure}"
            assert failure is None, message
            story += f", {name} {tuple(pictures.shape)}"
        message = f"After linear1 the shape should be ({n}, 10). Your chain: {story}."
        assert pictures.shape == (n, 10), message


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Look at what has happened on the way. The picture came in as 28 x 28 places with one number each; it went
# out as one place with 64 numbers. *Where* has been traded for *what*.
#
# One thing is missing. A convolution is linear, and two linear maps in a row are just another linear map.
# Only an **activation**, such as ReLU, which turns negative numbers into 0, makes the second layer worth
# having. (Max pooling isn't linear either, but don't lean on it for this: it chooses among the numbers, and
# doesn't change them.)

# %% tags=["otter_ignore"]
values = torch.linspace(-4, 4, 200)
fig, ax = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
for name, activation in [("ReLU", torch.relu), ("tanh", torch.tanh), ("sigmoid", torch.sigmoid)]:
    ax.plot(values, activation(values), label=name, linewidth=2)
ax.set(title="Three activations", xlabel="what goes in", ylabel="what comes out", ylim=(-1.2, 3))
ax.grid(alpha=0.3)
ax.legend()
show(
    fig,
    "Curves of three activations from -4 to 4: ReLU is 0 up to 0 and rises straight from there, tanh climbs from -1 to "
    "1, sigmoid from 0 to 1.",
)

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 0

# %% [markdown]
# ### Question 3
#
# Turn such a chain into a class, so that we can have as many networks as we like.
#
# - `CNN()` takes no arguments.
# - It maps pictures `(N, 1, 28, 28)` to scores `(N, 10)`, for **any** N.
# - Between any two layers, convolutions or linear, stands an **activation** (before or after the pooling; ReLU is a
#   good choice). Pooling, batch norm and dropout are none, and one whose result isn't used doesn't count. Shortcuts may
#   pass activations by, and pairs that are known to stand for *one* layer need none in between: a depthwise convolution
#   and the 1 x 1 after it, k x 1 and 1 x k, a 1 x 1 that narrows the channels and what widens them again.
# - Each `CNN()` builds **its own layers** in `__init__`. Don't use `conv1` and the others of question 2
#   here: every network would share them, and training the second would start where the first one ended.
#
# The layers need not be those of question 2. The scores may be logits, log-probabilities or probabilities,
# whichever you like, as long as they fit the loss that you choose in question 4:
#
# | the model ends in | its scores are | the loss that fits |
# |---|---|---|
# | nothing after the last linear layer | logits | `nn.CrossEntropyLoss`, which applies log-softmax itself |
# | `log_softmax` | log-probabilities | `nn.NLLLoss` |
# | `softmax` | probabilities | `nn.NLLLoss` of their logarithm |
# | `sigmoid` | ten separate probabilities | `nn.BCELoss`, with one-hot labels |

# %% [raw]
# # BEGIN SOLUTION


# %%
class CNN(nn.Module):
    """Maps pictures (N, 1, 28, 28) to scores (N, 10)."""

    def __init__(self):
        super().__init__()
        # BEGIN SOLUTION
        self.conv1 = nn.Conv2d(1, 16, kernel_size=5)
        self.maxpool1 = nn.MaxPool2d(4)
        self.conv2 = nn.Conv2d(16, 64, kernel_size=5)
        self.maxpool2 = nn.MaxPool2d(2)
        self.linear1 = nn.Linear(64, 10)
        # END SOLUTION

    def forward(self, pictures):
        # BEGIN SOLUTION
        x = torch.relu(self.conv1(pictures))  # (N, 16, 24, 24)
        x = self.maxpool1(x)  # (N, 16, 6, 6)
        x = torch.relu(self.conv2(x))  # (N, 64, 2, 2)
        x = self.maxpool2(x)  # (N, 64, 1, 1)
        return self.linear1(x.flatten(start_dim=1))  # (N, 64) -> (N, 10), logits
        # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_shape_of_the_scores(CNN, env):
    import torch

    assert isinstance(CNN, type), "CNN is not defined: run the cell above."
    model = CNN().eval()  # batch norm in training mode can't do with one picture
    for n in (1, 2, 7):
        scores = model(torch.rand(n, 1, 28, 28))
        message = "forward returned nothing. Write it, and return the scores."
        assert scores is not None and scores is not ..., message
        message = f"{n} pictures should give scores of shape ({n}, 10). Yours have {tuple(scores.shape)}."
        assert tuple(scores.shape) == (n, 10), message


# %%
def test_pictures_do_not_affect_each_other(CNN, env):
    import torch

    assert isinstance(CNN, type), "CNN is not defined: run the cell above."
    model = CNN().eval()
    pictures = torch.rand(5, 1, 28, 28)
    with torch.no_grad():
        together, alone = model(pictures), model(pictures[:1])
    message = "forward returned nothing. Write it, and return the scores."
    assert torch.is_tensor(together) and torch.is_tensor(alone), message
    message = "A picture's scores change with the others in its batch. Does a reshape mix the pictures?"
    assert torch.allclose(together[:1], alone, atol=1e-4), message


# %%
def test_an_activation_between_any_two_layers(CNN, env):
    import torch
    from diagnosis.linear import layers_of

    assert isinstance(CNN, type), "CNN is not defined: run the cell above."
    model = CNN().eval()
    pictures = torch.rand(32, 1, 28, 28)
    message = "forward returned nothing. Write it, and return the scores."
    assert torch.is_tensor(model(pictures)), message
    layers = layers_of(model, pictures)  # those that lead to the scores
    message = "No convolution leads to the scores. Build the network from nn.Conv2d layers, and use what they return."
    assert layers is None or layers.convolutions, message
    bare = [f"from {one} to {other}" for one, other in layers.bare] if layers else []
    message = f"On the way {' and '.join(bare)} stands no activation, or its result isn't used: x = torch.relu(x)."
    assert not bare, message


# %%
def test_each_network_has_its_own_layers(CNN, env):
    import torch

    assert isinstance(CNN, type), "CNN is not defined: run the cell above."
    first, second = CNN().eval(), CNN().eval()
    for model in (first, second):
        if any(torch.nn.parameter.is_lazy(p) for p in model.parameters()):  # it has no weights before its first call
            model(torch.rand(2, 1, 28, 28))
    message = "CNN() has no parameters. Build its layers in __init__, as self.something."
    assert list(first.parameters()), message
    shared = {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
    message = "Two networks share weights. Make new layers in __init__ instead of using those of question 2."
    assert not shared, message


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## 5. Clothes
#
# [Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist) holds 70,000 photographs of clothes in
# the format of the well-known handwritten digits, and is harder. We need only a little of it, and it lies
# in the folder `data` beside this notebook:
#
# - **1,000 training images**, to learn from,
# - **500 validation images**, to see how well that went. We never train on them.
#
# Whoever has the whole data set can read that instead, by its own `root`; we take the same images of it.

# %%
import torchvision

fashion_train = torchvision.datasets.FashionMNIST(root="data", train=True, download=False)
fashion_val = torchvision.datasets.FashionMNIST(root="data", train=False, download=False)

# %% [markdown]
# An item is a pair: a picture, and its label as a number from 0 to 9.

# %% tags=["otter_ignore"]
picture, label = fashion_train[0]
print(picture.size, "pixels, label", label, "which is:", CLASS_NAMES[label])

# %% tags=["otter_ignore"]
rows = []
for label in range(10):
    ten = fashion_train.data[fashion_train.targets == label][:10]  # (10, 28, 28)
    ten = nn.functional.pad(ten, (2, 2, 2, 2))  # (10, 32, 32), with a white margin
    rows.append(torch.hstack(list(ten)))  # (32, 320)

fig, ax = plt.subplots(figsize=(7.6, 7), layout="constrained")
ax.imshow(torch.vstack(rows), cmap="gray_r")  # (320, 320)
ax.set_yticks(range(16, 320, 32), CLASS_NAMES)
ax.set(title="Fashion-MNIST: ten of each class", xticks=[])
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
show(fig, f"Ten rows of ten small grey photographs of clothes, a row for each class: {', '.join(CLASS_NAMES)}.")

# %% [markdown]
# Could you always tell a shirt from a coat? Remember that when you judge your network.
#
# Now as tensors. The pixels are bytes from 0 to 255; we divide by 255, because networks learn best from
# small numbers. Labels are class numbers, of type `int64`.


# %%
def to_tensors(dataset, n):
    """Return the first n images (n, 1, 28, 28), float32 in [0, 1], and their labels (n,), int64."""
    images = dataset.data[:n].unsqueeze(1).float() / 255
    return images, dataset.targets[:n]


x_train, y_train = to_tensors(fashion_train, 1000)  # (1000, 1, 28, 28), (1000,)
x_val, y_val = to_tensors(fashion_val, 500)  # (500, 1, 28, 28), (500,)

# %% [markdown]
# The file `fashion.py` has a data loader for you. It can be used in two ways. As a loop over pairs, once
# through all the images:

# %%
train_data = CustomDataloader(x_train, y_train, batch_size=32, randomize=True)
val_data = CustomDataloader(x_val, y_val, batch_size=32)

# %% tags=["otter_ignore"]
sizes = [len(labels) for images, labels in val_data]
print(f"{len(sizes)} batches of {sizes[0]} images, the last one of {sizes[-1]}: {sum(sizes)} images")

# %% [markdown]
# or a batch at a time. After the last batch of an epoch it starts over:

# %% tags=["otter_ignore"]
for _ in range(3):
    batch = train_data.fetch_batch()
    print("batch", batch["batch_idx"], "of", train_data.num_batches_per_epoch)
    print("   images", tuple(batch["x_batch"].shape), "labels", tuple(batch["y_batch"].shape))

# %% [markdown]
# With `randomize=True` each epoch comes in a new order. Note that the last batch may be short: 500 is not a
# multiple of 32.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 0

# %% [markdown]
# ## 6. Training
#
# ### Question 4
#
# Write `train(model, train_data, val_data, epochs=10)`. It trains the model in place, and after each epoch
# measures how well the model does on the validation images. The optimizer, the loss and the learning rate
# are your choice, and so is whether the model ends with the weights of the last epoch or of the best one. It returns
# a dictionary of three lists, with one float for each epoch:
#
# | key | meaning |
# |---|---|
# | `"train_loss"` | mean loss over the training images, as met during the epoch |
# | `"val_loss"` | mean loss over the validation images, after the epoch |
# | `"val_accuracy"` | share of the validation images that are classified rightly after the epoch, from 0 to 1 |
#
# Every entry counts, and not the last alone: it is held to the losses that were met in its epoch, and to what the
# model answers at the epoch's end.
#
# In the order in which they usually go wrong:
#
# - **Means over images.** The last batch is short, so the mean of the batches' means is not the mean over
#   the images. Add up `loss.item() * len(labels)`, and the number of right answers, and divide by the
#   number of *images* at the end. `.item()` turns a tensor into a number. (For `"train_loss"` the mean of the
#   batches' means will do.)
# - **Measure as you will use it.** Validate with `model.eval()` and under `torch.no_grad()`; go back to
#   `model.train()` at the start of *each* epoch, or dropout and batch norm do nothing from the second on. Never train
#   on validation images.
# - **The loss must fit the scores** (see the table in question 3). Softmax before `nn.CrossEntropyLoss` is
#   the classic: nothing fails, but it learns slowly and the loss never falls below 1.46.
# - **Three lines a batch**: `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`. One optimizer
#   for the whole training, made before the loop.
# - **The learning rate matters most.** Too small and ten epochs don't suffice; too large and nothing is
#   learned. Try a few, each a factor of about 3 apart.
#
# Use the arguments, and not the variables of this notebook: `train` is graded on other images. It should
# take seconds; 120 are the limit.

# %% [raw]
# # BEGIN SOLUTION


# %%
# BEGIN SOLUTION NO PROMPT
def evaluate(model, data, loss_function):
    """Return the mean loss and the accuracy over all the images in data."""
    model.eval()
    total_loss, n_right, n_images = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in data:
            scores = model(images)  # (B, 10)
            total_loss += loss_function(scores, labels).item() * len(labels)
            n_right += (scores.argmax(dim=1) == labels).sum().item()
            n_images += len(labels)
    return total_loss / n_images, n_right / n_images


# END SOLUTION
def train(model, train_data, val_data, epochs=10):
    """Train the model in place; return {"train_loss": [...], "val_loss": [...], "val_accuracy": [...]}."""
    # BEGIN SOLUTION
    loss_function = nn.CrossEntropyLoss()  # fits logits
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        model.train()
        total_loss, n_images = 0.0, 0
        for images, labels in train_data:  # (B, 1, 28, 28), (B,)
            loss = loss_function(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(labels)
            n_images += len(labels)
        val_loss, val_accuracy = evaluate(model, val_data, loss_function)
        history["train_loss"].append(total_loss / n_images)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_history(train, CNN, CustomDataloader, x_train, y_train, x_val, y_val, env):
    import math

    assert callable(train), "train is not defined: run the cell above."
    assert isinstance(CNN, type), "This needs the class CNN of question 3."
    assert x_train is not None, "This needs the images: run the cells of section 5 first."
    train_data = CustomDataloader(x_train[:200], y_train[:200], batch_size=32, randomize=True)
    history = train(CNN(), train_data, CustomDataloader(x_val[:50], y_val[:50], batch_size=32), epochs=2)
    message = "train returned nothing. Write its body, and return the history."
    assert history is not None and history is not ..., message
    for key in ("train_loss", "val_loss", "val_accuracy"):
        assert isinstance(history, dict) and key in history, f"The history has no list {key!r}."
        values = history[key]
        message = f"{key} should be a list of 2 numbers after 2 epochs, one for each. Yours is {values}."
        assert isinstance(values, (list, tuple)) and len(values) == 2, message
        message = f"{key} should hold floats, not {type(values[0]).__name__}. loss.item() makes a float."
        assert all(isinstance(value, (float, int)) for value in values), message
        message = f"{key} holds {values}, which are not finite numbers. Is the learning rate too large?"
        assert all(math.isfinite(value) for value in values), message
    accuracies = history["val_accuracy"]
    message = f"val_accuracy is a share, from 0 to 1. Yours: {accuracies}. Divide by the number of images."
    assert all(0 <= value <= 1 for value in accuracies), message


# %%
def test_the_loss_fits_the_scores(train, CNN, CustomDataloader, x_train, y_train, env):
    import torch
    from torch.overrides import TorchFunctionMode

    assert callable(train), "train is not defined: run the cell above."
    assert isinstance(CNN, type), "This needs the class CNN of question 3."
    assert x_train is not None, "This needs the images: run the cells of section 5 first."
    seen = {}

    class Recorder(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            name = getattr(function, "__name__", "")
            if name in ("cross_entropy", "nll_loss") and args and name not in seen:
                seen[name] = args[0].detach()
            return function(*args, **(kwargs or {}))

    loader = CustomDataloader(x_train[:64], y_train[:64], batch_size=32)
    with Recorder():
        history = train(CNN(), loader, loader, epochs=1)
    message = "train returned nothing. Write its body first."
    assert history is not None and history is not ..., message
    if "cross_entropy" in seen:
        scores = seen["cross_entropy"]
        sums_to_1 = torch.allclose(scores.sum(dim=1), torch.ones(len(scores)), atol=1e-4)
        message = "Your scores have been through softmax, and cross-entropy applies it again. Give it logits."
        assert not (sums_to_1 and scores.min() >= 0), message
    elif "nll_loss" in seen:
        message = "nll_loss wants log-probabilities, which are never above 0. Apply log_softmax to the scores."
        assert seen["nll_loss"].max() <= 1e-4, message


# %%
def test_training_helps(train, CNN, CustomDataloader, x_train, y_train, x_val, y_val, env):
    import torch

    assert callable(train), "train is not defined: run the cell above."
    assert isinstance(CNN, type), "This needs the class CNN of question 3."
    assert x_train is not None, "This needs the images: run the cells of section 5 first."
    train_data = CustomDataloader(x_train, y_train, batch_size=32, randomize=True)
    model = CNN()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    labels = y_val.clone()
    labels[480:] = (labels[480:] + 1) % 10  # the last, short batch is all wrong: it must count as what it is
    history = train(model, train_data, CustomDataloader(x_val, labels, batch_size=32), epochs=3)
    message = "train returned nothing. Write its body first."
    assert history is not None and history is not ..., message
    unchanged = all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    message = "Training left the model as it was. Are loss.backward() and optimizer.step() called?"
    assert not unchanged, message
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_val).argmax(dim=1) == labels).float().mean().item()
    reported = history["val_accuracy"]
    message = f"The share of validation images that the model gets right is {accuracy:.3f}, but val_accuracy "
    message += f"says {reported}. Count the right answers of all the batches, with model.eval() and under "
    message += "torch.no_grad(), and divide by the number of images."
    assert min(abs(value - accuracy) for value in reported) <= 2 / len(labels) + 1e-6, message
    message = "val_loss and train_loss are the same numbers. One is the loss on the validation images."
    assert history["val_loss"] != history["train_loss"], message
    message = f"After 3 epochs {accuracy:.0%} of the validation images are right; guessing gives 10 %. "
    message += "Try other learning rates."
    assert accuracy > 0.2, message


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# **Doesn't it learn?** Then don't guess. `diagnose` looks at a fresh network, watches one training of it, and says
# what is likely wrong, and what makes it think so. It knows the mistakes that are made most often: scores that don't
# fit the loss, gradients that are never cleared or never arrive, a learning rate that is too large or too small. Where
# several causes are left, it trains again with one of them mended, three times at most: what it names made the
# difference.
#
# Its pictures are worth a look even when all is well. *Training loss*: it starts near that of guessing (dashed), and
# falls below the line that it could not cross if a softmax came before the cross-entropy (dotted); what was mended is
# drawn beside it. *Gradients*: each layer has some. *Shapes*: the chain that you planned. *Kernels*: what the first
# layer looks for.

# %% tags=["otter_ignore"]
from diagnosis import diagnose

diagnose(CNN, lambda model: train(model, train_data, val_data, epochs=3), x_train, y_train)

# %% [markdown]
# Now in earnest: a new network, all the images, ten epochs.

# %% tags=["otter_ignore"]
torch.manual_seed(0)
model, history = CNN(), None
if model(x_train[:2]) is None:
    print("Question 3 comes first: CNN gives no scores yet.")
elif (history := train(model, train_data, val_data, epochs=10)) is None:
    print("Question 4 comes first: train returns no history yet.")
else:
    for epoch, accuracy in enumerate(history["val_accuracy"], start=1):
        print(f"epoch {epoch:2}: {accuracy:.1%} of the validation images are right")

# %% [raw]
# # BEGIN QUESTION
# name: q5
# points: 0

# %% [markdown]
# ## 7. Looking at the result
#
# ### Question 5
#
# Numbers in a list are hard to read. Write two functions, each of which returns a Matplotlib `Figure`
# (`fig, ax = plt.subplots()` makes one):
#
# - `plot_history(history)` draws **all three lists** against the epoch: training loss and validation loss
#   together, so that they can be compared, and validation accuracy, beside them or on an axis of its own.
#   Label the axes, and add a legend (or texts beside the curves) that says which curve is *training* and
#   which is *validation*. Axes with the accuracy alone want labels and a legend too; it may be in percent.
# - `plot_confusion(y_true, y_pred)` draws a confusion matrix of labels `(N,)` and predicted labels `(N,)`.
#   The cell in row *i* and column *j* says how many images of the **true class *i*** were **taken for class
#   *j***. Write the count into each cell, with its share beside it if you like, and the names of the classes
#   on both axes (`CLASS_NAMES`), each at its row and column. Labels, if you add some, say *true* on the
#   vertical axis and *predicted* on the horizontal one. `y_true` and `y_pred` are tensors.

# %% [raw]
# # BEGIN SOLUTION


# %%
def plot_history(history):
    """Return a Figure of training against validation, epoch by epoch."""
    # BEGIN SOLUTION
    epochs = range(1, len(history["train_loss"]) + 1)
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left.plot(epochs, history["train_loss"], marker="o", label="training loss")
    left.plot(epochs, history["val_loss"], marker="o", label="validation loss")
    left.set(title="Loss", xlabel="epoch", ylabel="mean loss")
    right.plot(epochs, history["val_accuracy"], marker="o", color="tab:orange", label="validation accuracy")
    right.set(title="Accuracy", xlabel="epoch", ylabel="share of images that are right")
    for ax in (left, right):
        ax.grid(alpha=0.3)
        ax.legend()
    return fig
    # END SOLUTION


def plot_confusion(y_true, y_pred):
    """Return a Figure of the confusion matrix: a row for each true class, a column for each predicted one."""
    # BEGIN SOLUTION
    counts = np.zeros((10, 10), dtype=int)
    for true, predicted in zip(y_true, y_pred, strict=True):
        counts[int(true), int(predicted)] += 1

    fig, ax = plt.subplots(figsize=(6.8, 6), layout="constrained")
    ax.imshow(counts, cmap="Blues")
    for row in range(10):
        for column in range(10):
            count = counts[row, column]
            colour = "white" if count > counts.max() / 2 else "black"
            ax.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)
    ax.set_xticks(range(10), CLASS_NAMES, rotation=45, ha="right")
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.set(title="Confusion matrix", xlabel="predicted class", ylabel="true class")
    return fig
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS


# %%
def test_plot_history(plot_history, env):
    import drawings
    import matplotlib.pyplot as plt
    from diagnosis.drawn import read
    from matplotlib.figure import Figure

    assert callable(plot_history), "plot_history is not defined: run the cell above."
    history = {"train_loss": [2.1, 1.2, 0.7], "val_loss": [2.2, 1.4, 1.1], "val_accuracy": [0.3, 0.5, 0.6]}
    figure = plot_history(history)
    message = "plot_history should return the Figure. With fig, ax = plt.subplots(), end with return fig."
    assert isinstance(figure, Figure), message
    axes = read(figure)
    plt.close("all")
    missing = drawings.missing_curves(axes, history)
    curves = [[round(y, 3) for y in curve.y[:9]] for one in axes for curve in one.curves]
    message = f"No curve shows {', '.join(missing)} of {history}. The curves in the figure: {curves}."
    assert not missing, message
    message = drawings.history_label_mistake(axes, history)
    assert not message, message


# %%
def test_plot_confusion(plot_confusion, env):
    import drawings
    import matplotlib.pyplot as plt
    import torch
    from diagnosis.drawn import read
    from matplotlib.figure import Figure

    assert callable(plot_confusion), "plot_confusion is not defined: run the cell above."
    y_true = torch.arange(10).repeat_interleave(12)
    y_pred = y_true.clone()
    y_pred[:5] = 6  # five T-shirts are taken for shirts
    y_pred[12:24] = torch.arange(12) % 10  # and trousers for anything
    figure = plot_confusion(y_true, y_pred)
    message = "plot_confusion should return the Figure. With fig, ax = plt.subplots(), end with return fig."
    assert isinstance(figure, Figure), message
    axes = read(figure)
    plt.close("all")
    for mistake in (drawings.count_mistake, drawings.class_name_mistake):
        message = mistake(axes, y_true, y_pred)
        assert not message, message


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% tags=["otter_ignore"]
if history is None:
    print("Questions 3 and 4 come first: there is no history to draw yet.")
elif (figure := plot_history(history)) is None:
    print("Question 5 is still to be written: plot_history returns no figure yet.")
else:
    ends = [f"{name} from {values[0]:.2f} to {values[-1]:.2f}" for name, values in history.items()]
    show(figure, f"Three curves of the history, epoch by epoch: {', '.join(ends)}.")

# %% [markdown]
# The training loss keeps falling. Does the validation loss keep up with it? Where the two part, the network
# is beginning to learn its 1,000 training images by heart. And don't make much of a single epoch: the
# curves jump, and the last point may be a lucky or an unlucky one.

# %% tags=["otter_ignore"]
y_pred = None
if history is None:
    print("Questions 3 and 4 come first: there are no predictions yet.")
else:
    model.eval()
    with torch.no_grad():
        y_pred = model(x_val).argmax(dim=1)  # (500, 10) -> (500,)
    if (figure := plot_confusion(y_val, y_pred)) is None:
        print("Question 5 is still to be written: plot_confusion returns no figure yet.")
    else:
        right = (y_pred == y_val).float().mean()
        show(figure, f"A table of 10 x 10 counts, true classes against predicted ones. The diagonal holds {right:.0%}.")

# %% [markdown]
# Most counts should be on the diagonal. Look at the largest ones beside it: which classes are mistaken for
# each other, and would you have known better? Here are some of the images it got wrong.

# %% tags=["otter_ignore"]
if y_pred is None:
    print("Questions 3 and 4 come first: there are no mistakes to show yet.")
else:
    wrong = torch.nonzero(y_pred != y_val).flatten()[:12]
    fig, axes = plt.subplots(2, 6, figsize=(9.5, 4.1), layout="constrained")
    mistakes = [f"{CLASS_NAMES[y_val[i]]},\ntaken for {CLASS_NAMES[y_pred[i]]}" for i in wrong]
    for ax in axes.flat:
        ax.axis("off")
    for ax, i, mistake in zip(axes.flat, wrong, mistakes, strict=False):
        ax.imshow(x_val[i, 0], cmap="gray_r")
        ax.set_title(mistake, fontsize=8)
    fig.suptitle("Some mistakes on the validation images")
    show(fig, f"Photographs that the network got wrong: {'; '.join(mistakes)}.")

# %% [markdown]
# ### Where to go from here
#
# Try one change at a time, and judge it on the validation images: another learning rate, other layers,
# dropout, pictures that are mirrored at random. Repeat each with a few seeds before you believe it: with
# 500 images, two equally good networks often differ by 3 percentage points, by chance alone.
