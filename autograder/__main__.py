"""``python -m autograder``."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the folder where it is called, which may hold a student's modules

from autograder.cli import main

if __name__ == "__main__":
    main(prog_name="autograder")
