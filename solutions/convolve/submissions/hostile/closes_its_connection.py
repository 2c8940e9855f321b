"""Closes all its descriptors."""

import os


def make_zebra(height, width):
    os.closerange(0, 256)


make_checkerboard = flat_difference = make_zebra
