"""A submission as text: its code cells and its written answers. Nothing is executed here."""

from autograder.submission.reading import SUFFIXES as SUFFIXES
from autograder.submission.reading import Cell as Cell
from autograder.submission.reading import Submission as Submission
from autograder.submission.reading import parse_submission as parse_submission
from autograder.submission.reading import read_bytes as read_bytes
from autograder.submission.reading import read_submission as read_submission
