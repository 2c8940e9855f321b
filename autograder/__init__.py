"""Deep-learning exercises that are graded automatically, fairly and safely.

The public interface: what a hidden grader, and whoever runs one, may build on. All else may change.

- ``autograder``: what this module exports;
- ``autograder.training``: trials of a submission's own training, and measures of models;
- ``autograder.training.history``: what a history reports, against what the grader recomputes;
- ``autograder.diagnosis``: what students look at their own models with;
- ``autograder.testing``: what holds graders to the declared submissions, in an instructor's pytest run.

Marks of a check and its messages:

- ``points(value, title)`` makes a check of a test, and ``partial_credit(fraction, because)`` ends one in between.
- ``coded(code, message)`` names the known mistake that a message is about.
- ``shown(value)`` and ``listed(names)`` put what a worker claims in a few words.
- ``tensor(array)`` is sent as a torch tensor, in place of a NumPy array.
- ``CONVOLUTIONS``: the functions to switch off where a convolution is to be written by hand.

Fixtures of pytest, by their names, with their types:

- ``submission: SubmissionNames``: every attribute is a name of the student's; what stays in the worker is a ``Handle``.
- ``remote: RemoteSubmission``: time limits, functions that are switched off, helpers that run beside the submission.
- ``probes: Probes``: looks at models, training and figures in the worker.
- ``key: Key``: hidden inputs that are the same for every submission.
- ``assignment: Assignment``: its folder and its settings.
- ``leaderboard: Leaderboard`` publishes a figure on Gradescope.
- ``make_trials: autograder.training.MakeTrials`` gives ``Trials`` of an ``Experiment``.

What a call of the student's may raise, all of it a ``StudentFault``: ``StudentError`` (their code raised),
``MissingName``, ``StubLeft``, ``BadClaim`` (what came back can't be graded), ``WorkerGone`` and ``TimedOut``. A grader
that lets it pass fails the check with its message.

Everything is imported on first use, so that ``import autograder`` stays fast: PyTorch and pytest are loaded by whoever
needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.assignment import Assignment as Assignment
    from autograder.assignment import Key as Key
    from autograder.claims import listed as listed
    from autograder.claims import shown as shown
    from autograder.diagnosis.withheld import CONVOLUTIONS as CONVOLUTIONS
    from autograder.errors import BadClaim as BadClaim
    from autograder.errors import MissingName as MissingName
    from autograder.errors import StubLeft as StubLeft
    from autograder.errors import StudentError as StudentError
    from autograder.errors import StudentFault as StudentFault
    from autograder.errors import TimedOut as TimedOut
    from autograder.errors import WorkerGone as WorkerGone
    from autograder.grading.checks import coded as coded
    from autograder.grading.checks import partial_credit as partial_credit
    from autograder.grading.checks import points as points
    from autograder.grading.fixtures import Leaderboard as Leaderboard
    from autograder.probes import Probes as Probes
    from autograder.remote import Handle as Handle
    from autograder.remote import RemoteSubmission as RemoteSubmission
    from autograder.remote import SubmissionNames as SubmissionNames
    from autograder.worker.wire import Tensor as tensor  # noqa: N813  (reads as a function in a grader)

__version__ = "0.1.0"

_EXPORTS = {
    "Assignment": ("autograder.assignment", "Assignment"),
    "BadClaim": ("autograder.errors", "BadClaim"),
    "CONVOLUTIONS": ("autograder.diagnosis.withheld", "CONVOLUTIONS"),
    "Handle": ("autograder.remote", "Handle"),
    "Key": ("autograder.assignment", "Key"),
    "Leaderboard": ("autograder.grading.fixtures", "Leaderboard"),
    "MissingName": ("autograder.errors", "MissingName"),
    "Probes": ("autograder.probes", "Probes"),
    "RemoteSubmission": ("autograder.remote", "RemoteSubmission"),
    "StubLeft": ("autograder.errors", "StubLeft"),
    "StudentError": ("autograder.errors", "StudentError"),
    "StudentFault": ("autograder.errors", "StudentFault"),
    "SubmissionNames": ("autograder.remote", "SubmissionNames"),
    "TimedOut": ("autograder.errors", "TimedOut"),
    "WorkerGone": ("autograder.errors", "WorkerGone"),
    "coded": ("autograder.grading.checks", "coded"),
    "listed": ("autograder.claims", "listed"),
    "partial_credit": ("autograder.grading.checks", "partial_credit"),
    "points": ("autograder.grading.checks", "points"),
    "shown": ("autograder.claims", "shown"),
    "tensor": ("autograder.worker.wire", "Tensor"),
}
__all__ = [
    "CONVOLUTIONS",
    "Assignment",
    "BadClaim",
    "Handle",
    "Key",
    "Leaderboard",
    "MissingName",
    "Probes",
    "RemoteSubmission",
    "StubLeft",
    "StudentError",
    "StudentFault",
    "SubmissionNames",
    "TimedOut",
    "WorkerGone",
    "coded",
    "listed",
    "partial_credit",
    "points",
    "shown",
    "tensor",
]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _EXPORTS[name]
    return getattr(import_module(module), attribute)
