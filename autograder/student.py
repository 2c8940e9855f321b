"""The old name of :mod:`autograder.diagnosis`."""

import warnings

from autograder.diagnosis import Diagnosis, diagnose

__all__ = ["Diagnosis", "diagnose"]

warnings.warn("autograder.student is called autograder.diagnosis by now", DeprecationWarning, stacklevel=2)
