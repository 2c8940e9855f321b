"""The commands. What they do is elsewhere; here is what a person types and sees."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.errors import AutograderError, UsageError
from autograder.sanitize import sanitize

if TYPE_CHECKING:
    from autograder.batch.engine import Engine
    from autograder.batch.intake import Per
    from autograder.batch.lane import LaneLimits
    from autograder.report.page import ClassPage
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
            self._fail("interrupted; what was done until then is kept", 130)
        except UsageError as error:
            self._fail(str(error), 2)
        except AutograderError as error:
            self._fail(str(error), 1)
        except OSError as error:
            if "--debug" in sys.argv:
                raise
            self._fail(f"{error.filename or 'a file'}: {error.strerror or error}", 1)

    @staticmethod
    def _fail(message: str, status: int) -> None:
        sentence, *rest = message.strip().splitlines() or ["something went wrong"]
        if rest and "--debug" in sys.argv:
            click.echo("\n".join(rest), err=True)
        click.echo(f"autograder: {sentence[:1].lower()}{sentence[1:].rstrip('.')}", err=True)
        sys.exit(status)


@click.group(cls=_OneSentence, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="torch-autograder", prog_name="autograder")
def main() -> None:
    """Deep-learning exercises that are graded automatically, fairly and safely."""


_FILE = click.Path(path_type=Path, dir_okay=False)
_MAX_WORKERS = click.option(
    "-j", "--jobs", "max_workers", type=click.IntRange(min=1),
    help="How many at a time.  [default: one a core, or a thread of the cluster]",
)  # fmt: skip
_ENGINE = click.option(
    "--engine", type=click.Choice(["local", "dask"]), default="local", show_default=True,
    help="Where lanes run: on this machine, or on the workers of a Dask cluster.",
)  # fmt: skip
_SCHEDULER = click.option(
    "--scheduler", metavar="ADDRESS", help="Where the scheduler of the Dask cluster is: tls://HOST:8786."
)
_OUTPUT = click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("out"), show_default=True,
    help="Folder for the results.",
)  # fmt: skip
_QUESTIONS = click.option(
    "--question", "questions", multiple=True, metavar="q1", help="Ask this question alone; may be given several times."
)

_PER = click.option(
    "--per", type=click.Choice(["auto", "student", "file"]), default="auto", show_default=True,
    help="One submission for each student, that is for each folder, or each file; auto: as the learning platform's "
    "names say, and else each file.",
)  # fmt: skip

_RESULTS = click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar="DIR")
_POLICY = click.option(
    "--policy",
    type=_FILE,
    metavar="FILE",
    help="Late penalties, weights and so on.  [default: DIR/policy.toml, if any]",
)
_KEEPS_POLICY = click.option(
    "--policy", type=_FILE, metavar="FILE",
    help="Late penalties, weights and so on, of which DIR/policy.toml becomes a copy.  [default: DIR/policy.toml, or "
    "else the assignment's, if any]",
)  # fmt: skip
_DEBUG = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show tracebacks of the framework and the graders."
)


@main.command()
@click.argument("name", required=False)
@click.option(
    "--template",
    default="function",
    show_default=True,
    metavar="TEMPLATE",
    help="What it is made from; --list says which there are.",
)
@click.option("--title", default="", help="Of the lesson.  [default: the name]")
@click.option("--list", "list_them", is_flag=True, help="Say which templates there are, and what each is for.")
@_DEBUG
def new(name: str | None, template: str, title: str, list_them: bool) -> None:  # fmt: skip
    """Make a new assignment, solutions/NAME, that already grades."""
    from autograder.scaffolding.new import create, templates

    known = templates()
    if list_them:
        width = max(map(len, known))
        click.echo("\n".join(f"{name:{width}}  {each.about}" for name, each in known.items()))
        return
    if name is None:
        raise UsageError("name the assignment: autograder new NAME")
    folder = create(name, template, Path("solutions"), title)
    click.echo(f"Made {folder}. What each file is, and what to do next: {folder / 'README.md'}")
    if seeds := known[template].seeds:
        click.echo("Its training is calibrated now, so that verdicts on it have known errors (Ctrl-C: later).")
        click.get_current_context().invoke(calibrate, assignment=str(folder), seeds=seeds, sandbox="auto")
    click.echo(f"To see it grade: autograder grade {name} {folder / 'submissions' / 'right'}")


@main.command()
@click.argument("assignment")
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SUBMISSION...")
@_OUTPUT
@_MAX_WORKERS
@_ENGINE
@_SCHEDULER
@_QUESTIONS
@_PER
@_KEEPS_POLICY
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit 1 below this score.")
@click.option("--junit", type=_FILE, metavar="FILE", help="Write JUnit XML, with every check.")
@click.option("--markdown", type=_FILE, metavar="FILE", help="Append a summary in Markdown, to show to students.")
@click.option("--classroom", type=_FILE, metavar="FILE", help="Write GitHub Classroom's result format.")
@click.option("--annotate", is_flag=True, help="Print annotations for a run of GitHub Actions.")
@click.option("--fresh", is_flag=True, help="Run everything again, whatever is known from before.")
@click.option("--sandbox", default="auto", show_default=True, help="auto, bubblewrap, landlock, or none.")
@click.option("--debug", is_flag=True, help="Show tracebacks of the framework and the graders.")
def grade(
    assignment: str,
    submissions: tuple[Path, ...],
    output: Path,
    max_workers: int | None,
    engine: str,
    scheduler: str | None,
    questions: tuple[str, ...],
    per: Per,
    policy: Path | None,
    fail_under: float | None,
    junit: Path | None,
    markdown: Path | None,
    classroom: Path | None,
    annotate: bool,
    fresh: bool,
    sandbox: str,
    debug: bool,
) -> int:
    """Grade SUBMISSIONs of ASSIGNMENT (a name under solutions/, a folder, or a zip).

    They are files, folders of them, or the archive of a class as a learning platform gives it.
    """
    # Imported here, so that `autograder --help` does not wait for them.
    from autograder.batch.intake import handed_in
    from autograder.batch.run import grade_class
    from autograder.batch.store import ResultStore
    from autograder.packaging.bundle import open_assignment
    from autograder.report.applied import keep_policy
    from autograder.report.ci import reports
    from autograder.report.marking import Marking
    from autograder.report.page import ClassPage
    from autograder.report.terminal import Display
    from autograder.sandbox import choose

    with contextlib.ExitStack() as stack:
        chosen = stack.enter_context(open_assignment(assignment))
        store = ResultStore(output, fresh, chosen.settings.title)
        chosen.check_questions(questions)
        collected = stack.enter_context(handed_in(submissions, chosen.name, per))
        confinement = choose(sandbox, forbidden=(chosen.folder,))
        lanes = _engine(engine, scheduler, max_workers)
        display = Display(chosen.settings.title, confinement.name, output, debug=debug)
        marking = Marking(output, chosen.settings.title, display.to_be_marked)
        page = ClassPage(output, chosen.settings.title)
        wanted = reports(junit=junit, markdown=markdown, classroom=classroom, annotate=annotate)
        with store.locked():
            kept = keep_policy(output, policy, chosen.folder)
            listeners = [*wanted, page, marking, store, display]  # the page may be of marks: it is the last to be made
            results = grade_class(chosen, collected, confinement, lanes, listeners, questions, store)
    for name, why in collected.set_aside:
        click.echo(sanitize(f"Not graded: {name}: {why}."))
    _tell(kept)
    _tell_of_policy(page)
    if store.resumed:
        click.echo(f"{len(store.resumed)} known from before, and not run again (--fresh does).")
    return _exit_status(results, fail_under)


@main.command()
@click.argument("assignment")
@_OUTPUT
@_MAX_WORKERS
@_ENGINE
@_SCHEDULER
@_QUESTIONS
@click.option("--accept", "is_accepted", is_flag=True, help="Write the results; those of before are kept.")
@click.option("--undo", "goes_back", is_flag=True, help="Go back to the results before the last --accept.")
@click.option("--sandbox", default="auto", show_default=True, help="auto, bubblewrap, landlock, or none.")
@_DEBUG
def regrade(
    assignment: str,
    output: Path,
    max_workers: int | None,
    engine: str,
    scheduler: str | None,
    questions: tuple[str, ...],
    is_accepted: bool,
    goes_back: bool,
    sandbox: str,
) -> None:
    """Run the graders of ASSIGNMENT over what the submissions in a folder of results answered, and show who gains.

    Only questions that are asked something new are run again.
    """
    from rich.console import Console

    from autograder.atomic import write_whole
    from autograder.batch import regrade as again
    from autograder.batch.store import ResultStore
    from autograder.packaging.bundle import open_assignment
    from autograder.report.changes import show_changes
    from autograder.report.page import ClassPage
    from autograder.report.progress import ProgressBar
    from autograder.sandbox import choose

    store = ResultStore(output)
    with open_assignment(assignment) as chosen, store.locked():
        page = ClassPage(output, chosen.settings.title)
        if goes_back:
            names = again.undo(store)
            page.finished(store.database.results(), is_complete=True)
            click.echo(f"{len(names)} results are as they were before.")
            _tell_of_policy(page)
            return
        confinement = choose(sandbox, forbidden=(chosen.folder,))
        lanes, bar = _engine(engine, scheduler, max_workers), ProgressBar(Console())
        regraded = again.regrade(chosen, confinement, lanes, store, questions, bar)
        write_whole(output / "regrade.csv", regraded.table())
        show_changes(
            [(c.submission, c.check, c.before, c.after, c.why) for c in regraded.changes], len(regraded.results)
        )
        if regraded.gone:
            click.echo(f"Not graded, since the submission itself is not in {output}: {', '.join(regraded.gone)}")
        click.echo(f"{store.workers} workers were started. The changes: {output / 'regrade.csv'}")
        if is_accepted:
            again.accept(store, regraded)
            page.finished(store.database.results(), is_complete=True)
            click.echo(f"Written to {output}; `--undo` goes back.")
            _tell_of_policy(page)
        elif regraded.changes:
            click.echo("Nothing else was written: --accept does that.")


@main.command()
@_RESULTS
@click.argument("submission")
@click.argument("question", required=False)
@_DEBUG
def show(folder: Path, submission: str, question: str | None) -> None:
    """Show what a SUBMISSION whose results are in DIR was asked, for one QUESTION or all, and what it answered."""
    from rich.console import Console

    from autograder.batch.database import Database
    from autograder.batch.transcript import transcript
    from autograder.results import question_of

    question = question_of(question) if question else None
    with contextlib.closing(Database(folder)) as database:
        evidence = database.evidence_of(submission)
    answered = {name for run in evidence.runs for name in run.questions} if evidence is not None else set()
    if evidence is None or (question and question not in answered):
        raise UsageError(f"nothing that {submission!r} answered {f'to {question} ' if question else ''}is in {folder}")
    console = Console()
    for part in transcript(evidence, question):
        if isinstance(part, str):
            click.echo(part)
        else:
            console.print(part)


@main.command()
@_RESULTS
@_POLICY
@click.option(
    "--anonymous", "key", type=_FILE, metavar="KEYFILE",
    help="Write report-anonymous.html, without names: the same for who has the key, which is made if it is not there.",
)  # fmt: skip
@_DEBUG
def report(folder: Path, policy: Path | None, key: Path | None) -> None:
    """Write report.html once more, of the results that are kept in DIR."""
    from autograder.atomic import write_whole
    from autograder.report.applied import apply_policy, policy_of
    from autograder.report.page import FILE, class_page
    from autograder.report.pseudonyms import Pseudonyms

    results, title = _kept_in(folder)
    path, chosen = folder / FILE, policy_of(folder, policy)
    applied = apply_policy(results, chosen, folder)
    marked = applied.marked if chosen else []
    if key is not None:
        names = Pseudonyms.with_key_in(key)
        marked = names.anonymous_marks(marked)
        results = names.anonymous(results)
        path = folder / "report-anonymous.html"
    write_whole(path, class_page(results, title, marked=marked))
    click.echo(path)
    _tell(applied.doubts)


@main.command()
@_RESULTS
@_POLICY
@click.option(
    "--for", "platform", type=click.Choice(["canvas", "moodle", "files"]),
    help="Pack the pages for return: by the names that the platform gave to the files, or by the files' own.",
)  # fmt: skip
@click.option(
    "--after", "moment", type=click.Choice(["due_date", "published"]),
    help="Show checks that students see from then on, too.  [default: those that they see at once]",
)  # fmt: skip
@_DEBUG
def feedback(folder: Path, policy: Path | None, platform: str | None, moment: str | None) -> int:
    """Write what each student is to see, and nothing more, to DIR/feedback/: a page, and the same in Markdown.

    Exit status 1 if a page could not be packed.
    """
    from autograder.report.applied import apply_policy, policy_of
    from autograder.report.feedback import FOLDER, Moment, pack, write_feedback

    since: dict[str | None, Moment] = {None: "visible", "due_date": "after_due_date", "published": "after_published"}
    results, title = _kept_in(folder)
    applied = apply_policy(results, policy_of(folder, policy), folder)
    written = write_feedback(applied.marked, folder, title, since[moment])
    click.echo(f"{len(written)} pages: {folder / FOLDER}")
    _tell(applied.doubts)
    if platform is None:
        return 0
    packed = pack(written, folder, platform)
    click.echo(f"{packed.count} of them, to be uploaded: {packed.path}")
    for names, why in (
        (packed.left_out, f"Not packed, since {platform} did not name these files"),
        (packed.doubled, "Not packed, since another file of the same student is"),
    ):
        if names:
            click.echo(sanitize(f"{why}: {', '.join(names)}"))
    return int(bool(packed.left_out or packed.doubled))


@main.command()
@_RESULTS
@_POLICY
@click.option(
    "--to", "platform", type=click.Choice(["canvas", "moodle", "gradescope", "csv"]), required=True,
    help="Whose grade book is to import it.",
)  # fmt: skip
@click.option(
    "--roster", type=_FILE, required=True, metavar="FILE",
    help="The table of students that the platform exported: Canvas's gradebook, Moodle's grading worksheet.",
)  # fmt: skip
@click.option("--column", default="", metavar="NAME", help="The roster's column for the scores, by its name or title.")
@click.option("--scale", "is_scaled", is_flag=True, help="Multiply scores, so that all points are those of the roster.")
@_DEBUG
def export(folder: Path, policy: Path | None, platform: str, roster: Path, column: str, is_scaled: bool) -> int:
    """Write DIR/grades-PLATFORM.csv, which a grade book imports, of the results that are kept in DIR.

    Students are found by their numbers, logins, addresses and names, and never guessed. Exit status 1 if a submission
    is not in it.
    """
    from autograder.atomic import write_whole
    from autograder.report.applied import apply_policy, policy_of
    from autograder.report.gradebooks import WRITERS
    from autograder.report.roster import match, read_roster

    results, title = _kept_in(folder)
    students = read_roster(roster)
    applied = apply_policy(results, policy_of(folder, policy), folder)
    matched = match(applied.marked, students)
    book = WRITERS[platform](students, matched, column or (title if platform == "canvas" else ""), is_scaled)
    path = folder / f"grades-{platform}.csv"
    write_whole(path, book.text)
    click.echo(f"{len(matched.of)} of {len(students.students)} students: {path}")
    for warning in book.warnings:
        click.echo(f"Note: {warning}.")
    _tell(applied.doubts)
    several = [name for names in matched.several.values() for name in names]
    for names, why in (
        (matched.of_nobody, f"Not in it, since they fit no student of {roster.name}, or two"),
        (several, "Not in it, since they are of one student who handed in several"),
        (matched.to_be_graded_again, "Not in it, since they are to be graded again"),
    ):
        if names:
            click.echo(sanitize(f"{why}: {', '.join(names)}"))
    return int(len(matched.of) < len(results))


@main.command()
@click.argument("assignment")
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SUBMISSION...")
@_OUTPUT
@_QUESTIONS
@_PER
@click.option(
    "--groups", type=_FILE, metavar="FILE",
    help="Who works together and is no pair: a line for each group, with its members' names between commas.",
)  # fmt: skip
@click.option(
    "--anonymous", "key", type=_FILE, metavar="KEYFILE",
    help="Write similar-anonymous.html and .csv, without names: the same for who has the key, which is made if it is "
    "not there.",
)  # fmt: skip
@_DEBUG
def similar(
    assignment: str,
    submissions: tuple[Path, ...],
    output: Path,
    questions: tuple[str, ...],
    per: Per,
    groups: Path | None,
    key: Path | None,
) -> None:
    """Find answers to ASSIGNMENT in SUBMISSIONs (files, folders, a class's archive) that are suspiciously alike.

    Writes DIR/similar.html, with each pair side by side, and DIR/similar.csv. What the handout and the reference
    solution have is taken out. A pair is a question to a person: no result is changed, and nothing is executed.
    """
    try:
        from autograder.similarity.similar import similar as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("copydetect", "pygments"):
            raise
        raise UsageError("`similar` needs copydetect: pip install 'torch-autograder[similar]'") from None
    run(assignment, submissions, output, questions, per, groups, key)


@main.command()
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="All of them, in Markdown.")
@_DEBUG
def explain(code: str | None, everything: bool) -> None:
    """Say what the CODE of a cause means: no-zero-grad, or q4.no-zero-grad as reports have it."""
    from autograder.report.explain import all_explained, explained

    if (code is None) != everything:
        raise UsageError("name one code, or ask for --all")
    click.echo(explained(code) if code is not None else all_explained(), nl=code is not None)


def _kept_in(folder: Path) -> tuple[list[Result], str]:
    """The results that are kept in a folder, and what the assignment is called.

    Raises:
        UsageError: there are none.
    """
    from autograder.batch.database import Database

    with contextlib.closing(Database(folder)) as database:
        results, title = database.results(), database.title or folder.resolve().name
    if not results:
        raise UsageError(f"there are no results in {folder}: grade with `-o {folder}` first")
    return results, title


def _tell_of_policy(page: ClassPage) -> None:
    _tell([f"The page shows points without the policy: {why}" for why in page.not_applied])
    _tell(page.doubts)


def _tell(sentences: list[str]) -> None:
    for sentence in sentences:
        click.echo(sanitize(f"{sentence[:1].upper()}{sentence[1:]}."))


def _engine(name: str, scheduler: str | None, max_workers: int | None, limits: LaneLimits | None = None) -> Engine:
    """What runs lanes, as the options say.

    Raises:
        UsageError: they don't fit together, or Dask is not installed.
    """
    from autograder.batch.lane import LaneLimits

    limits = limits or LaneLimits()
    if name == "local":
        from autograder.batch.cores import usable_cores
        from autograder.batch.local import LocalEngine

        if scheduler:
            raise UsageError("--scheduler is for --engine dask")
        return LocalEngine(max_workers or usable_cores(), limits)
    try:
        from autograder.batch.dask import DaskEngine, configured_scheduler
    except ModuleNotFoundError:
        raise UsageError("--engine dask needs Dask: pip install 'torch-autograder[dask]'") from None
    scheduler = scheduler or configured_scheduler()
    if not scheduler:
        raise UsageError("give the address of the Dask cluster's scheduler: --scheduler tls://HOST:8786")
    return DaskEngine(scheduler, max_workers, limits, lambda sentence: click.echo(f"autograder: {sentence}", err=True))


def _exit_status(results: list[Result], fail_under: float | None) -> int:
    least = 0.0 if fail_under is None else fail_under
    return int(any(result.status == "error" or result.percent < least for result in results))


@main.command()
@click.argument("assignment")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write DIR/NAME/ and DIR/autograder.zip.  [default: assignments/NAME/ and solutions/NAME/autograder.zip]",
)  # fmt: skip
@click.option("--sandbox", default="auto", show_default=True, help="auto, bubblewrap, landlock, or none.")
@_DEBUG
def assign(assignment: str, output: Path | None, sandbox: str) -> None:
    """Make the student version of ASSIGNMENT, and the autograder.zip that grades it."""
    from rich.console import Console

    from autograder.assignment import find_assignment
    from autograder.packaging.release import release

    chosen = find_assignment(assignment)
    if output is None and chosen.folder.parent.name != "solutions":
        raise UsageError(f"{chosen.folder} is not below solutions/: say with -o where to write")
    if output is None:
        student = chosen.folder.parent.parent / "assignments" / chosen.name
        package = chosen.folder / "autograder.zip"
    else:
        student, package = output / chosen.name, output / "autograder.zip"
    console = Console()
    with console.status("") as status:
        made = release(chosen, student, package, sandbox, lambda what: status.update(f"{what} ..."))
    console.print(f"The reference gets {made.max_score:g} of {made.max_score:g} points, the blank notebook none.")
    console.print(f"{made.claimed:.1%} of the points rest on what a submission's process says of itself.")
    console.print(f"For students: {student}\nFor grading:  {package} (secret)", highlight=False, soft_wrap=True)
    if made.not_audited:
        first = "; ".join(made.not_audited[:3]) + "; ..." * (len(made.not_audited) > 3)
        console.print(
            f"Warning: no audit says that these graders are right ({first}): run `autograder audit {assignment}`",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip


@main.command("try")
@click.argument("assignment")
@click.argument("submission", type=click.Path(path_type=Path, dir_okay=False))
@_QUESTIONS
@click.option("--watch", is_flag=True, help="Run again whenever something is saved, until Ctrl-C.")
@click.option("--pdb", "debugger", is_flag=True, help="Stop in the debugger at what fails.")
@click.option("--sandbox", default="auto", show_default=True, help="auto, bubblewrap, landlock, or none.")
@_DEBUG
def try_graders(
    assignment: str, submission: Path, questions: tuple[str, ...], watch: bool, debugger: bool, sandbox: str
) -> int:
    """Run the graders of ASSIGNMENT over a SUBMISSION as their author wants to see it.

    Prints are shown, assertions explain themselves, and nothing is written. Exit status 1 if points are lost.
    """
    from autograder.quality.trying import Trying

    trying = Trying(assignment, submission, questions, sandbox, debugger=debugger)
    if watch:
        trying.watch(click.echo)
        return 0
    try:
        return int(trying.once() != 0)
    except KeyboardInterrupt:
        return 130


@main.command()
@click.argument("assignment")
@_MAX_WORKERS
@_ENGINE
@_SCHEDULER
@click.option("--seeds", type=click.IntRange(min=1), help="How many for each style.  [default: 100]")
@click.option("--quick", is_flag=True, help="Three trainings of each style: rules to try graders out by.")
@click.option("--sandbox", default="auto", show_default=True, help="auto, bubblewrap, landlock, or none.")
@_DEBUG
def calibrate(
    assignment: str,
    max_workers: int | None,
    engine: str,
    scheduler: str | None,
    seeds: int | None,
    quick: bool,
    sandbox: str,
) -> None:
    """Train the right submissions of ASSIGNMENT with many seeds, and report what its thresholds are worth.

    What was measured before is kept, but for styles and kinds of trials that were changed since; a run that was
    interrupted goes on where it was.
    """
    from rich.progress import Progress

    from autograder.assignment import find_assignment
    from autograder.quality.calibrate import QUICK_SEEDS, SEEDS, TASK_LIMITS
    from autograder.quality.calibrate import calibrate as run
    from autograder.quality.tables import show
    from autograder.sandbox import choose

    chosen = find_assignment(assignment)
    confinement = choose(sandbox, forbidden=(chosen.folder,))
    with Progress() as progress:
        bar = progress.add_task("trainings", total=None)
        report = run(
            chosen,
            confinement,
            _engine(engine, scheduler, max_workers, TASK_LIMITS),
            seeds or (QUICK_SEEDS if quick else SEEDS),
            is_provisional=quick,
            progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    show(report, is_quick=quick)


@main.command()
@click.argument("assignment")
@_MAX_WORKERS
@_ENGINE
@_SCHEDULER
@_QUESTIONS
@click.option(
    "--only", multiple=True, metavar="NAME", help="This submission alone, or those of a pattern: 'wrong/q1_*'."
)
@click.option("--all", "anew", is_flag=True, help="Grade what did not change, too. In CI, this is always so.")
@click.option("--sandbox", default="auto", show_default=True, help="auto, bubblewrap, landlock, or none.")
@_DEBUG
def audit(
    assignment: str,
    max_workers: int | None,
    engine: str,
    scheduler: str | None,
    questions: tuple[str, ...],
    only: tuple[str, ...],
    anew: bool,
    sandbox: str,
) -> int:
    """Grade the graders of ASSIGNMENT: hold them to what its right and wrong submissions declare, check by check.

    What changed since the last audit is graded. Exit status 1 if anything is not as declared, or if a check is lost by
    no wrong submission.
    """
    from rich.progress import Progress

    from autograder.assignment import find_assignment
    from autograder.quality.audit import audit as run
    from autograder.quality.tables import show_audit
    from autograder.sandbox import choose

    chosen = find_assignment(assignment)
    confinement = choose(sandbox, forbidden=(chosen.folder,))
    with Progress(transient=True) as progress:
        bar = progress.add_task("submissions", total=None)
        report = run(
            chosen,
            confinement,
            _engine(engine, scheduler, max_workers),
            only=only,
            questions=questions,
            anew=anew or bool(os.environ.get("CI")),
            progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    show_audit(report)
    return int(not report.is_fine)
