"""q3: from a PIL image of any mode to a tensor.

A mistake costs points once: how a student's tensor is turned and scaled is learned from plain RGB images, and the
other modes are judged by it.
"""

import numpy as np
import pictures
import pytest
from answers import Case, Form, Mistake, as_array, claim_of, require, show_array

from autograder import Assignment, Key, RemoteSubmission, partial_credit, points


@pytest.fixture
def images_in_worker(remote: RemoteSubmission, assignment: Assignment):
    return remote.helper(assignment.graders / "worker_images.py")


@pytest.fixture
def convert(submission, images_in_worker):
    """The student's function, for a picture."""
    function, open_image = submission.image_to_tensor, images_in_worker.open_image
    return lambda picture: function(open_image(picture.data))


def in_unit_range(colours):
    return colours.astype(np.float64) / 255


def tensor_of(colours):
    """(H, W, channels) to what is right: (1, channels, H, W)."""
    return in_unit_range(colours).transpose(2, 0, 1)[None]


def channel_mean(colours):
    return in_unit_range(colours).mean(axis=2, keepdims=True).transpose(2, 0, 1)[None]


def luma(colours):
    """Brightness as PIL's mode L has it."""
    return (in_unit_range(colours) @ [0.299, 0.587, 0.114])[None, None]


# Ways to arrange colours (H, W, 3).
ARRANGEMENTS = [
    Mistake("", "", tensor_of),
    Mistake(
        "axes-swapped",
        "Height and width are swapped: `swapaxes(0, 2)` makes (3, W, H) of (H, W, 3). Take the channels to the front "
        "and leave the rest in order: `permute(2, 0, 1)` in PyTorch, `transpose(2, 0, 1)` in NumPy.",
        lambda c: in_unit_range(c).swapaxes(0, 2)[None],
    ),
    Mistake(
        "reshaped-not-moved",
        "The shape is right, but channels and pixels are mixed: `reshape` and `view` keep the order in which numbers "
        "are stored, red, green and blue of one pixel after the other. Move the axis: `permute(2, 0, 1)` in PyTorch, "
        "`transpose(2, 0, 1)` in NumPy.",
        lambda c: in_unit_range(c).reshape(1, c.shape[2], *c.shape[:2]),
    ),
    Mistake(
        "reshaped-not-moved",
        "Channels and pixels are mixed, and height and width are swapped: PIL's `size` is (width, height), and "
        "`reshape` and `view` keep the order in which numbers are stored. `permute(2, 0, 1)` in PyTorch and "
        "`transpose(2, 0, 1)` in NumPy move the axis.",
        lambda c: in_unit_range(c).reshape(1, c.shape[2], *c.shape[1::-1]),
    ),
    Mistake(
        "channels-last",
        "The channels come last; PyTorch wants them before height and width: `permute(2, 0, 1)` moves the axis.",
        lambda c: in_unit_range(c)[None],
    ),
    Mistake(
        "batch-axis-missing",
        "The axis of the batch is missing: `unsqueeze(0)` puts it before the others.",
        lambda c: tensor_of(c)[0],
    ),
    Mistake(
        "batch-axis-missing",
        "The axis of the batch is missing, and the channels come last: `permute(2, 0, 1)` moves them to the front, and "
        "`unsqueeze(0)` adds the axis.",
        in_unit_range,
    ),
    Mistake(
        "batch-axis-missing",
        "The axis of the batch is missing (`unsqueeze(0)`), and height and width are swapped: `permute(2, 0, 1)` keeps "
        "their order.",
        lambda c: in_unit_range(c).swapaxes(0, 2),
    ),
    Mistake(
        "batch-axis-misplaced",
        "The new axis is at the wrong place: the batch comes before the channels, `unsqueeze(0)`.",
        lambda c: tensor_of(c).swapaxes(0, 1),
    ),
    Mistake("channels-reversed", "The channels are in the order blue, green, red.", lambda c: tensor_of(c)[:, ::-1]),
    Mistake("image-flipped", "The image stands on its head.", lambda c: tensor_of(c)[:, :, ::-1]),
    Mistake("image-flipped", "The image is mirrored.", lambda c: tensor_of(c)[:, :, :, ::-1]),
]

ORIENTATION_MISTAKES = [
    *ARRANGEMENTS[1:],
    Mistake("colours-lost", "The tensor has one channel, of grey: keep red, green and blue.", luma),
    Mistake("colours-lost", "The tensor has one channel, of grey: keep red, green and blue.", channel_mean),
    Mistake("colours-lost", "The colours are lost: all three channels hold grey.", lambda c: luma(c).repeat(3, axis=1)),
    Mistake(
        "alpha-kept", "There is a fourth channel, alpha: keep the first three.", lambda c: with_alpha(tensor_of(c))
    ),
]


def with_alpha(tensor):
    return np.concatenate([tensor, np.ones_like(tensor[:, :1])], axis=1)


def same_but_for_scale(array, expected):
    """Whether the values lie in the same places, be they in [0, 1], in [0, 255] or normalised."""
    if array.shape != expected.shape or not np.isfinite(array).all() or np.ptp(array.astype(np.float64)) == 0:
        return False
    return bool(np.corrcoef(array.ravel().astype(np.float64), expected.ravel())[0, 1] > 0.9995)


PLACES = Form("a tensor of shape (1, 3, H, W)", as_array, same_but_for_scale, show_array)


def of_picture(mistakes):
    """The same mistakes as formulas of a picture."""
    return [Mistake(m.code, m.text, lambda picture, m=m: m.formula(picture.colours)) for m in mistakes]


def cases_of(chosen):
    return [Case(picture.words, (picture,)) for picture in chosen]


@points(1, "The tensor is (1, 3, H, W), and every pixel is in its place")
def test_orientation(convert, key: Key):
    rng = key.rng("q3 orientation")
    chosen = [
        *(pictures.rgb(rng, *size) for size in ((2, 3), (4, 7), (9, 5), (6, 6), (3, 8))),
        pictures.rgb(rng, 24, 40, form="JPEG"),
    ]
    require(
        convert,
        cases_of(chosen),
        lambda picture: tensor_of(picture.colours),
        of_picture(ORIENTATION_MISTAKES),
        PLACES,
        "`np.array(image)` is (height, width, channels); print the shape after each step.",
    )


# Ways to scale bytes.
SCALES = [
    Mistake("not-scaled", "The values go from 0 to 255: divide by 255.", lambda x: x),
    Mistake(
        "divided-by-256", "You divide by 256, so that the brightest value is below 1: divide by 255.", lambda x: x / 256
    ),
    Mistake("scaled-twice", "The values are divided by 255 twice.", lambda x: x / 255**2),
    Mistake("scaled-to-minus-one", "The values are moved to [-1, 1]; leave them in [0, 1].", lambda x: x / 127.5 - 1),
    Mistake(
        "scaled-by-brightest",
        "You divide by the brightest value of the image, so that dark images become bright: divide by 255.",
        lambda x: x / x.max(),
    ),
    Mistake(
        "scaled-by-brightest",
        "You stretch the image's own darkest and brightest values to 0 and 1: divide by 255 in place of that.",
        lambda x: (x - x.min()) / (x.max() - x.min()),
    ),
    Mistake(
        "whole-division",
        "Your values are whole numbers, so that almost all are 0: divide with `/`, and convert to floats before.",
        lambda x: x // 255,
    ),
    Mistake("values-reversed", "The values are reversed, so that black is 1.", lambda x: 1 - x / 255),
    Mistake(
        "standardised",
        "You subtract the mean and divide by the standard deviation; the values are to be in [0, 1]: divide by 255.",
        lambda x: (x - x.mean()) / x.std(),
    ),
]


def same_range(array, expected):
    """Whether smallest, mean and largest value are equal; where the values lie is another check's."""
    if not 0 < array.size <= 100_000 or not np.isfinite(array).all():
        return False
    array = array.astype(np.float64)
    found = [array.min(), array.mean(), array.max()]
    return bool(np.allclose(found, [expected.min(), expected.mean(), expected.max()], rtol=1e-4, atol=1e-4))


def show_range(array):
    if not 0 < array.size <= 100_000:
        return f"shape {array.shape}"
    array = array.astype(np.float64)
    return f"values from {array.min():.4g} to {array.max():.4g}, with the mean {array.mean():.4g}"


RANGE = Form("a tensor", as_array, same_range, show_range)


@points(1, "The tensor is float32, with values in [0, 1]")
def test_range_and_dtype(convert, submission, images_in_worker, key: Key):
    rng = key.rng("q3 range")
    chosen = [pictures.rgb(rng, 5, 7), pictures.rgb(rng, 6, 4, 30, 200), pictures.rgb(rng, 4, 9, 90, 120)]
    answers = require(
        convert,
        cases_of(chosen),
        lambda picture: in_unit_range(picture.colours),
        [Mistake(m.code, m.text, lambda picture, m=m: m.formula(picture.colours.astype(np.float64))) for m in SCALES],
        RANGE,
        "A byte from 0 to 255 becomes a number in [0, 1] by a division by 255.",
    )
    type_of_result = images_in_worker.type_of_result.named_("image_to_tensor(...)")
    kind = type_of_result(submission.image_to_tensor, chosen[0].data)
    if type(kind) is str and kind == "ndarray":
        partial_credit(
            0.5, "The values are right, but your function returns a NumPy array: end with `torch.from_numpy(...)`."
        )
    if type(kind) is str and kind in ("list", "tuple"):
        partial_credit(0.5, f"The values are right, but your function returns a {kind}: it is to return a tensor.")
    kinds = {str(array.dtype) for array in answers} - {"float32"}
    if kinds:
        partial_credit(
            0.5, f"The values are right, but the tensor's dtype is {kinds.pop()}: `.float()` makes it float32."
        )


class Reading:
    """How a student's tensors are to be read: the arrangement, the factor and the offset, as in RGB images."""

    def __init__(self, convert, rng):
        picture = pictures.rgb(rng, 5, 8)
        array = as_array(claim_of(convert, Case("", (picture,))))
        self._arrange, self._factor, self._offset = tensor_of, 1.0, 0.0
        for arrangement in ARRANGEMENTS if array is not None else ():
            values = arrangement.formula(picture.colours)
            if same_but_for_scale(array, values):
                self._arrange = arrangement.formula
                self._factor, self._offset = np.polyfit(values.ravel(), array.ravel().astype(np.float64), 1)
                return

    def of(self, values):
        """What this student's function would give for these values (H, W, channels) in [0, 255]."""
        return self._factor * self._arrange(values) + self._offset

    def agrees(self, array, expected):
        if array.shape != expected.shape or not np.isfinite(array).all():
            return False
        return bool(np.abs(array.astype(np.float64) - expected).max() <= 2e-3 * abs(self._factor))


@pytest.fixture
def require_colours(convert, key: Key):
    """Fails the check unless the student's function finds the colours of all pictures."""

    def colours_of(chosen, mistakes, hint):
        reading = Reading(convert, key.rng("q3 reading"))
        form = Form(PLACES.words, as_array, reading.agrees, show_array)
        formulas = [
            Mistake(code, text, lambda picture, f=formula: reading.of(f(picture))) for code, text, formula in mistakes
        ]
        require(convert, cases_of(chosen), lambda picture: reading.of(picture.colours), formulas, form, hint)

    return colours_of


def over(background):
    """Blended with a background by alpha, the last of the stored channels."""

    def blend(picture):
        alpha = picture.stored[:, :, -1:] / 255
        return alpha * picture.colours + (1 - alpha) * background

    return blend


def stored_thrice(picture):
    return np.repeat(picture.stored[:, :, :1].astype(np.float64), 3, axis=2)


ALPHA_MISTAKES = [
    Mistake("alpha-kept", "Alpha is kept as a fourth channel: keep red, green and blue only.", lambda p: p.stored),
    Mistake(
        "alpha-blended",
        "The colours are blended with white where the image is transparent: alpha is to be dropped, and the colours "
        "left as they are.",
        over(255),
    ),
    Mistake(
        "alpha-blended",
        "The colours are multiplied by alpha, so that transparent pixels become black: alpha is to be dropped, and the "
        "colours left as they are.",
        over(0),
    ),
    Mistake(
        "red-dropped",
        "You drop the first channel, red. Alpha is the last one: `[:, :, :3]`.",
        lambda p: p.stored[:, :, 1:],
    ),
    Mistake(
        "red-dropped",
        "You drop the first channel, red. Alpha is the last one: `[:, :, :3]`.",
        lambda p: p.stored[:, :, [3, 0, 1]],
    ),
]


@points(1, "Alpha is dropped, and the colours stay as they are")
def test_alpha(require_colours, key: Key):
    rng = key.rng("q3 alpha")
    chosen = [pictures.rgba(rng, *size) for size in ((3, 4), (6, 5), (5, 9))]
    hint = "An image of mode RGBA has four channels, of which the last is alpha: keep the first three."
    require_colours(chosen, ALPHA_MISTAKES, hint)


KEPT_ALPHA = "Alpha is kept as a channel: it is to be dropped."
MODES = {
    "L": (
        pictures.grey,
        [
            Mistake(
                "grey-stays-grey",
                "A grey image gives one channel: it is to give three, which `image.convert(...)` makes.",
                lambda p: p.stored,
            )
        ],
    ),
    "LA": (
        pictures.grey_and_alpha,
        [
            Mistake(
                "grey-stays-grey",
                "A grey image gives one channel: it is to give three, which `image.convert(...)` makes.",
                lambda p: p.stored[:, :, :1],
            ),
            Mistake("alpha-kept", KEPT_ALPHA, lambda p: p.stored),
            Mistake("alpha-kept", KEPT_ALPHA, lambda p: np.dstack([p.colours, p.stored[:, :, 1]])),
            Mistake(
                "alpha-blended",
                "The image is blended with white where it is transparent: drop alpha instead.",
                over(255),
            ),
            Mistake("alpha-blended", "The image is multiplied by alpha: drop alpha instead.", over(0)),
        ],
    ),
    "P": (
        pictures.palette,
        [
            Mistake(
                "palette-numbers",
                "The numbers of the palette's colours are taken for brightness: `image.convert(...)` looks them up.",
                formula,
            )
            for formula in (stored_thrice, lambda p: p.stored)
        ],
    ),
    "1": (
        pictures.black_and_white,
        [
            Mistake(
                "mode-one",
                "Mode 1 holds True and False, and True is not 255: `image.convert(...)` makes bytes of them.",
                formula,
            )
            for formula in (stored_thrice, lambda p: p.stored.astype(np.float64))
        ],
    ),
}


@points(1, "Images of the modes L, LA, P and 1 get three channels, too")
@pytest.mark.parametrize("mode", MODES)
def test_modes(require_colours, key: Key, mode):
    make, mistakes = MODES[mode]
    rng = key.rng(f"q3 mode {mode}")
    chosen = [make(rng, *size) for size in ((6, 4), (5, 8), (7, 7))]
    hint = (
        f"Not every image has the channels of RGB: this one is of mode {mode}. Convert it first: `image.convert(...)`."
    )
    require_colours(chosen, mistakes, hint)
