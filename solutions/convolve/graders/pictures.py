"""Images of all modes for q3, made in memory, with the colours that are right for them."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Picture:
    """An image file's bytes, and what is in it: all arrays are (H, W, channels) of bytes."""

    words: str
    data: bytes
    colours: np.ndarray  # (H, W, 3): what the tensor is to show
    stored: np.ndarray  # (H, W, channels): the numbers as `np.array(image)` gives them


def _saved(image, form):
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def _picture(image, colours, form="PNG"):
    data = _saved(image, form)
    opened = Image.open(io.BytesIO(data))
    if opened.mode != image.mode:
        raise RuntimeError(f"a {form} of mode {image.mode} is opened as {opened.mode}")
    stored = np.asarray(opened)
    if form == "JPEG":  # is stored with loss
        colours = stored
    width, height = image.size
    words = f"a {form} of mode {image.mode}, {height} pixels high and {width} wide"
    return Picture(words, data, colours, stored.reshape(height, width, -1))


def rgb(rng, height, width, low=0, high=255, form="PNG"):
    """Colours from low to high, both of which occur. JPEG gets colour gradients, since it blurs noise."""
    if form == "JPEG":
        rows, columns = np.mgrid[:height, :width]
        channels = [255 * rows / height, 255 * columns / width, 255 * (1 - rows / height) * (columns / width)]
        colours = np.stack(channels, axis=2).astype(np.uint8)
    else:
        colours = rng.integers(low, high + 1, (height, width, 3), dtype=np.uint8)
        colours[0, 0], colours[-1, -1] = low, high
    return _picture(Image.fromarray(colours), colours, form)


def rgba(rng, height, width):
    """Colours that go on where the picture is transparent."""
    pixels = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[0, 0], pixels[-1, -1] = (255, 255, 255, 0), (0, 0, 0, 255)
    return _picture(Image.fromarray(pixels), pixels[:, :, :3])


def grey(rng, height, width):
    pixels = rng.integers(0, 256, (height, width), dtype=np.uint8)
    pixels[0, 0], pixels[-1, -1] = 0, 255
    return _picture(Image.fromarray(pixels), _thrice(pixels))


def grey_and_alpha(rng, height, width):
    pixels = rng.integers(0, 256, (height, width, 2), dtype=np.uint8)
    pixels[0, 0], pixels[-1, -1] = (255, 0), (0, 255)
    return _picture(Image.fromarray(pixels), _thrice(pixels[:, :, 0]))


def palette(rng, height, width, count=40):
    """Pixels that are numbers of colours."""
    colours = rng.integers(0, 256, (count, 3), dtype=np.uint8)
    colours[0], colours[1] = 255, 0
    numbers = rng.integers(0, count, (height, width), dtype=np.uint8)
    numbers[0, 0], numbers[-1, -1] = 0, 1
    image = Image.fromarray(numbers)
    image.putpalette(colours.tobytes())
    return _picture(image, colours[numbers])


def black_and_white(rng, height, width):
    pixels = rng.integers(0, 2, (height, width), dtype=np.uint8)
    pixels[0, 0], pixels[-1, -1] = 0, 1
    return _picture(Image.fromarray(255 * pixels).convert("1", dither=Image.Dither.NONE), _thrice(255 * pixels))


def _thrice(pixels):
    return np.repeat(pixels[:, :, None], 3, axis=2)
