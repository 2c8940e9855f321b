"""JUnit XML, which every CI system shows: a test suite for each submission, a test case for each check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite
from junitparser.junitparser import SystemOut

from autograder.results import Check, Result
from autograder.sanitize import sanitize

# What did not run is an error and not "skipped": CI systems show what was skipped as harmless.
_KINDS = {"partial": Failure, "failed": Failure, "not run": Error, "broken": Error}


def write_junit(results: Sequence[Result], path: Path) -> None:
    """Write every check of these results, with its feedback."""
    report = JUnitXml("autograder")
    for result in results:
        report.append(_suite(result))
    report.update_statistics()
    report.write(str(path))


def _suite(result: Result) -> TestSuite:
    suite = TestSuite(sanitize(result.submission))
    suite.add_property("score", f"{result.score:g}")
    suite.add_property("max_score", f"{result.max_score:g}")
    suite.add_property("status", result.status)
    if result.status in ("ungradable", "error"):
        # A case of its own, so that it is red even where there is no check.
        verdict = Error(sanitize(result.summary), result.status)
        suite.append(_case(result, "submission", 0.0, verdict, result.summary))
    for check in result.checks:
        suite.append(_case_of(result, check))
    suite.append(SystemOut(sanitize(result.summary)))
    return suite


def _case_of(result: Result, check: Check) -> TestCase:
    if check.outcome == "passed":
        return _case(result, check.name, check.seconds)
    headline = sanitize(f"{check.title}: {check.points:g} of {check.max_points:g} points")
    verdict = _KINDS[check.outcome](headline, check.outcome)
    # GitLab shows the text and no attribute, Jenkins both.
    return _case(result, check.name, check.seconds, verdict, f"{headline}\n{check.feedback}")


def _case(
    result: Result, name: str, seconds: float, verdict: Failure | Error | None = None, text: str = ""
) -> TestCase:
    # GitLab takes two cases of the same class and name for one.
    case = TestCase(sanitize(name), sanitize(result.submission), round(seconds, 3))
    if verdict is not None:
        verdict.text = sanitize(text)
        case.append(verdict)
    return case
