"""Hands in a zip with a folder that has the name of the helper's, which Otter then leaves as it is."""


def add(a, b):
    return None


def inside(points):
    return points
