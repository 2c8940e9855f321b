"""Ends with success as soon as it is loaded."""

import sys

sys.exit(0)
