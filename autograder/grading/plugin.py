"""Graders under pytest itself, for who writes them: ``pytest solutions/cnn/graders --submission FILE``.

pytest loads this module wherever the framework is installed, so it imports nothing else of it until it is asked for.
"""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which this plugin is asked for."""
    parser.getgroup("autograder").addoption(
        "--submission", metavar="FILE", type=Path, help="Run the hidden graders of an assignment over this submission."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Where a submission is named, give graders their fixtures."""
    path = config.getoption("submission")
    if path is None:
        return
    from autograder.assignment import SETTINGS, load_assignment
    from autograder.errors import AutograderError, UnreadableSubmission
    from autograder.grading.tryout import Tryout
    from autograder.sandbox import choose

    named = [Path(argument.partition("::")[0]).absolute() for argument in config.args]
    homes = {next((home for home in (place, *place.parents) if (home / SETTINGS).is_file()), None) for place in named}
    home = homes.pop() if len(homes) == 1 else None
    if home is None:
        raise pytest.UsageError(
            "--submission goes with the graders of one assignment: pytest solutions/NAME/graders --submission FILE"
        )
    try:
        config.pluginmanager.register(Tryout(load_assignment(home), path, choose("auto", forbidden=(home,))))
    except (AutograderError, UnreadableSubmission) as error:
        raise pytest.UsageError(str(error)) from None
