"""Hands in a zip with a forged log of Otter's; unpickling that runs code in the grader, which redefines a score."""
