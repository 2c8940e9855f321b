"""Runs beside the submission: opens images from bytes, as a notebook does from files."""

import io

from PIL import Image


def open_image(data):
    return Image.open(io.BytesIO(data))


def type_of_result(function, data):
    """The type of what the function returns for an image, which is lost on the way to the grader."""
    return type(function(open_image(data))).__name__
