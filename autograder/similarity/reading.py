"""Reading a submission's answers in a process of its own, since it may be hostile: so little is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.batch.collect import SubmissionFile
from autograder.batch.engine import Tell
from autograder.errors import UnreadableSubmission
from autograder.similarity.answers import Answers, answers_in
from autograder.submission import read_submission


@dataclass(frozen=True)
class ReadAnswers:
    """Reads the answers of a submission, or says why they can't be read. An engine sends it to its processes."""

    names: Mapping[str, frozenset[str]]  # that each question defines
    handed_out: frozenset[str]  # cells

    def __call__(self, file: SubmissionFile, _tell: Tell[Answers | str]) -> Answers | str:
        """What the engine does with a submission."""
        try:
            return answers_in(read_submission(file.path).cells, self.names, self.handed_out)
        except UnreadableSubmission as error:
            return str(error)
