"""Releasing an assignment: the student version, and the ``autograder.zip`` that grades it anywhere."""
