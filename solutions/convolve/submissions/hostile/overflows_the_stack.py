"""Recurses until its process breaks down."""

import sys

sys.setrecursionlimit(1 << 30)


def make_zebra(*arguments):
    return make_zebra(arguments)


make_checkerboard = flat_difference = make_zebra
