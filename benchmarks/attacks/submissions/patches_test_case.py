"""Replaces the method of Otter that calls a test by one that does nothing."""

from otter.test_files.exception_test import test_case

test_case.call_func = lambda self, environment: None
