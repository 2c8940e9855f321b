"""What can go wrong, as a tree.

::

    Exception
    ├── AutograderError              told to the person at the command line, in one sentence
    │   ├── UsageError               the command was called wrongly (exit status 2)
    │   ├── AssignmentError          the assignment on disk is not right
    │   ├── SandboxUnavailable       student code could not be confined, so nothing was graded
    │   ├── MachineStarved           this machine is too busy: the submission is to be graded again
    │   └── ProcessDied              a process that did a task died of it
    ├── UnreadableSubmission         no code could be read from a submission: it is "ungradable"
    └── StudentFault                 told to the student: the message is the feedback
        ├── MissingName              the submission defines no such name
        ├── StubLeft                 the stub was not filled in
        ├── StudentError             the student's code raised an exception
        ├── BadClaim                 what came back is not plain data, or is too large
        └── WorkerGone               the worker died; the check could not run to its end
            └── TimedOut             it was stopped because its time was up
"""

from __future__ import annotations


class AutograderError(Exception):
    """Told to the person at the command line, in one sentence that says what to do."""


class UsageError(AutograderError):
    """The command was called wrongly."""


class AssignmentError(AutograderError):
    """The assignment on disk is not right."""


class SandboxUnavailable(AutograderError):
    """Student code could not be confined, so it was not run."""


class MachineStarved(AutograderError):
    """A worker got too little time of this machine for anything to be said: the submission is to be graded again."""


class ProcessDied(AutograderError):
    """A process that did a task died of it."""


class OldName(FutureWarning):
    """A grader uses a name that another has taken the place of. ``autograder assign`` shows it."""


class UnreadableSubmission(Exception):
    """No code could be read from a submission. The message is the reason, for the student."""


class StudentFault(Exception):
    """Something in the submission. The message is the feedback that its author reads."""


class MissingName(StudentFault):
    """The submission defines no such name."""


class StubLeft(StudentFault):
    """The stub was not filled in."""


class StudentError(StudentFault):
    """The student's code raised an exception.

    ``kind`` is the name of its type as the worker claims it (``"ValueError"``), with the names of its base
    types in ``bases``, so that a grader can tell the exception that it asked for from any other.
    """

    def __init__(self, message: str, kind: str = "Exception", bases: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.bases = bases

    def is_a(self, name: str) -> bool:
        """Whether the exception's type, or one of its base types, has this name."""
        return name == self.kind or name in self.bases


class BadClaim(StudentFault):
    """What came back from the worker is not plain data, is malformed or is too large."""


class WorkerGone(StudentFault):
    """The worker died while it ran the submission's code."""


class KilledByMachine(WorkerGone):
    """The worker was killed, and not by us nor at a limit of its own: so a verdict may be another one the next time."""


class TimedOut(WorkerGone):
    """The worker was stopped because its time was up."""
