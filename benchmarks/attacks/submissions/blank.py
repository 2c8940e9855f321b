"""Leaves the exercise as it was given."""


def add(a, b): ...


def inside(points): ...
