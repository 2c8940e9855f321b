"""What `autograder calibrate` and `autograder audit` print: what is known of an assignment's graders."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.quality.audit import Report as AuditReport
from autograder.quality.calibrate import Report
from autograder.sanitize import sanitize
from autograder.training.decisions import Rule


def show(report: Report, *, is_quick: bool) -> None:
    """Print a table for each requirement, the worst style first, with the rule that decides it."""
    console = Console()
    for requirement in report.requirements:
        table = Table(title=Text(f"{requirement}, wrong for less than {requirement.false_fail:g} of right submissions"))
        table.add_column("style", overflow="fold")
        for heading in ("trainings", "lowest", "median", "highest", "failed", "may fail (95 %)"):
            table.add_column(heading, justify="right")
        for row in report.rows(requirement):
            figures = [f"{value:.3f}" for value in (row.lowest, row.median, row.highest)]
            table.add_row(Text(row.style), str(row.trainings), *figures, str(row.fails), f"{row.bound:.2%}")
        console.print(table)
        rule = report.rule(requirement)
        console.print(Text(f"Decided by {rule}." if isinstance(rule, Rule) else f"No rule: {rule}."))
        proposal = report.proposal(requirement)
        if isinstance(proposal, float):
            console.print(Text(f"The strictest threshold that one success in four trainings supports: {proposal:g}"))
        console.print()
    if is_quick:
        console.print(
            "These are far too few trainings for a verdict that counts. `autograder grade` and `autograder try` work "
            "with them, and say so; `autograder assign` wants `autograder calibrate` without --quick, which goes on "
            "from here."
        )


def show_audit(report: AuditReport) -> None:
    """Print what is not as declared, submission by submission, and the checks that nothing wrong loses."""
    console = Console()
    if report.differing:
        table = Table(title="Not as declared")
        for heading in ("submission", "check"):
            table.add_column(heading, overflow="fold")
        table.add_column("what differs", ratio=1, overflow="fold")
        for name, differences in report.differing.items():
            for difference in differences:
                table.add_row(*(Text(sanitize(text)) for text in (name, difference.check, difference.words)))
        console.print(table)
    for name in report.never_lost:
        console.print(Text(f"No wrong submission loses {name}: nothing shows that it checks anything.", "red"))
    known = report.audited - report.graded
    unchanged = f" ({known} of them unchanged since they last were)" if known else ""
    as_declared = report.audited - len(report.differing)
    console.print(Text(f"{as_declared} of {report.audited} submissions are as declared{unchanged}."))
