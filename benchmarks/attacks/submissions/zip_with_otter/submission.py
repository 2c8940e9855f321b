"""Hands in a zip with a package otter, which is imported in the place of the real one and patches that."""
