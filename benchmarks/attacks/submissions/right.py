"""Solves the exercise."""


def add(a, b):
    return a + b


def inside(points):
    return [x**2 + y**2 < 1 for x, y in points]
