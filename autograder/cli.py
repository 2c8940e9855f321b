"""The commands. What they do is elsewhere; here is what a person types and sees."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.errors import AutograderError, UsageError

if TYPE_CHECKING:
    from autograder.results import Result


class _OneSentence(click.Group):
    """Every error is one sentence on standard error that says what to do, unless ``--debug`` asks for more."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            status = super().main(*args, **kwargs)
            sys.exit(status if isinstance(status, int) else 0)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message())
            sys.exit(2)
        except click.ClickException as error:
            self._fail(error.format_message(), 2)
        except click.Abort:
            self._fail("interrupted; the results so far were written", 130)
        except UsageError as error:
            self._fail(str(error), 2)
        except AutograderError as error:
            self._fail(str(error), 1)
        except OSError as error:
            if "--debug" in sys.argv:
                raise
            self._fail(f"{error.filename or 'a file'}: {error.strerror or error}", 1)

    @staticmethod
    def _fail(sentence: str, status: int) -> None:
        click.echo(f"autograder: {sentence[:1].lower()}{sentence[1:].rstrip('.')}", err=True)
        sys.exit(status)


@click.group(cls=_OneSentence, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="torch-autograder", prog_name="autograder")
def main() -> None:
    """Deep-learning exercises that are graded automatically, fairly and safely."""


def _default_lanes() -> int:
    return len(os.sched_getaffinity(0))


@main.command()
@click.argument("assignment")
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SUBMISSION...")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("out"), show_default=True,
    help="Folder for the results.",
)  # fmt: skip
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="How many at a time.  [default: one a core]")
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit 1 below this score.")
@click.option("--sandbox", default="auto", show_default=True, help="auto, bubblewrap, landlock, or none.")
@click.option("--debug", is_flag=True, help="Show tracebacks of the framework and the graders.")
def grade(
    assignment: str,
    submissions: tuple[Path, ...],
    output: Path,
    jobs: int | None,
    fail_under: float | None,
    sandbox: str,
    debug: bool,
) -> int:
    """Grade SUBMISSIONs (files, or folders of them) of ASSIGNMENT (a folder, or a name under solutions/)."""
    # Imported here, so that `autograder --help` does not wait for them.
    from autograder.assignment import find_assignment
    from autograder.batch.collect import collect
    from autograder.batch.local import grade_all
    from autograder.report.terminal import Display
    from autograder.results import ResultStore
    from autograder.sandbox import choose

    chosen = find_assignment(assignment)
    collected = collect(submissions)
    confinement = choose(sandbox, forbidden=(chosen.folder,))
    store = ResultStore(output)
    names = [job.name for job in collected.jobs]
    results = []
    with Display(chosen.settings.title, confinement.name, len(names)) as display:
        display.passed_over(collected.passed_over)
        try:
            lanes = jobs or _default_lanes()
            for result in grade_all(chosen, collected.jobs, confinement, lanes, display.running):
                store.add(result)
                results.append(result)
                display.finished(result)
        finally:
            scores = store.write_scores(names)
    results.sort(key=lambda result: result.submission)
    display.summary(results, scores, debug=debug)
    return _exit_status(results, fail_under)


def _exit_status(results: list[Result], fail_under: float | None) -> int:
    least = 0.0 if fail_under is None else fail_under
    return int(any(result.status == "error" or result.percent < least for result in results))
