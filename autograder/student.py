"""For students: ``from autograder.student import diagnose`` finds out what is wrong before they hand in.

The same code travels with an exercise as the folder ``diagnosis``, for machines where this package is not installed.
"""

from autograder.worker.student.examine import Diagnosis, diagnose

__all__ = ["Diagnosis", "diagnose"]
