"""Two classes of 120 on the whole road: a platform's archive in, graded, pages, feedback, policy, the grade book out.

Students are invented; what they hand in are declared submissions of the lessons. What each is to get is worked out
here, from what these declare and what the policy says, and compared cell by cell. The lessons are cut to the questions
that train nothing, so that all are graded, by the commands that a teacher types.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tomllib
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
SIZE = 120
ENV = {**os.environ, "OMP_NUM_THREADS": "1"}


def autograder(*arguments, status=0):
    """What a process of its own prints, which ends with this status."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, env=ENV)
    assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
    return " ".join(done.stdout.split())


def table(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


# --- who is in the class ---------------------------------------------------------------------------------------------

# As they write themselves: accents, apostrophes, double surnames, one name alone, two of the same, other scripts, from
# right to left, with a joiner that can't be seen and belongs to the name.
SPECIAL = [tuple(row) for row in table(ROOT / "tests/stored/names.csv")[1:]]
_FIRST = ["Bo", "Chidi", "Dana", "Emeka", "Farah", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lena", "Mira"]
_LAST = ["Brandt", "Castillo", "Diallo", "Eriksen", "Fontaine", "Grau", "Haddad", "Ito", "Jansen"]
PEOPLE = [*SPECIAL, *product(_FIRST, _LAST)][:SIZE]


def full(first, last):
    return f"{first} {last}".strip()


# --- what they hand in -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lesson:
    """A lesson that is cut to the questions that train nothing."""

    folder: Path
    written: Path  # the declared submissions
    title: str
    checks: dict[str, Fraction]  # points, as the graders declare them
    declared: dict[str, dict]

    def points(self, submission):
        """What a declared submission gets for each check."""
        said = self.declared[submission]
        answers, partial = said.get("answers"), said.get("partial", {})
        got = {}
        for check, most in self.checks.items():
            is_lost = check in said.get("fails", ()) or (answers is not None and check.split(".")[0] not in answers)
            got[check] = Fraction(0) if is_lost else Fraction(str(partial.get(check, most)))
        return got

    def status(self, submission):
        return self.declared[submission].get("status", "graded")


def lesson(name, questions, place):
    folder, source = place / "solutions" / name, ROOT / "solutions" / name
    others = [path.name for path in (source / "graders").glob("test_q*.py") if path.stem[5:] not in questions]
    left_out = shutil.ignore_patterns("submissions", "changes", "audit.json", "calibration.json", *others)
    shutil.copytree(source, folder, ignore=left_out)
    subprocess.run([sys.executable, "-m", "autograder.quality.declared", name, place / name], check=True, cwd=ROOT)
    checks = {}
    for path in sorted((folder / "graders").glob("test_q*.py")):
        for test in ast.parse(path.read_text()).body:
            for mark in test.decorator_list if isinstance(test, ast.FunctionDef) else ():
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "points":
                    name_of = f"{path.stem[5:]}.{test.name.removeprefix('test_')}"
                    checks[name_of] = Fraction(str(mark.args[0].value))
    title = tomllib.loads((folder / "assignment.toml").read_text())["title"]
    declared = tomllib.loads((source / "submissions/outcomes.toml").read_text())
    return Lesson(folder, place / name, title, checks, declared)


@dataclass
class Student:
    """One of the class, what counts of what was handed in, and what is to come of it."""

    first: str
    last: str
    number: int
    submission: str = ""  # which declared one
    handed_in: str = ""  # how the platform calls it, which is what it is called in the results
    at: datetime | None = None
    lost: list[str] = field(default_factory=list)  # names of earlier attempts
    marks: Fraction = Fraction(0)

    @property
    def name(self):
        return full(self.first, self.last)


def class_of(submissions, seed):
    """The students, each with one of the submissions, all of which somebody hands in."""
    rng = random.Random(seed)
    chosen = [*submissions, *rng.choices(submissions, k=SIZE - len(submissions))]
    rng.shuffle(chosen)
    numbers = rng.sample(range(10_000, 99_999), SIZE)
    return [Student(*who, n, what) for who, n, what in zip(PEOPLE, numbers, chosen, strict=True)]


# --- what is to come of it -------------------------------------------------------------------------------------------


@dataclass
class Rules:
    """A policy, worked out here."""

    drop: tuple[str, ...] = ()
    bonus: tuple[str, ...] = ()
    weights: dict[str, Fraction] = field(default_factory=dict)
    cap: Fraction = Fraction(1000)
    due: datetime = datetime.max
    day: Fraction = Fraction(0)  # percent off
    grace: timedelta = timedelta(0)
    at_most: Fraction = Fraction(100)
    extensions: dict[int, datetime] = field(default_factory=dict)
    by_hand: Fraction = Fraction(0)  # points that marks add
    check_overrides: dict[int, tuple[str, Fraction]] = field(default_factory=dict)
    overrides: dict[int, Fraction] = field(default_factory=dict)

    def counts(self, lesson, student):
        """The points of the graders, those that count in the end, and how many can be had."""
        got = lesson.points(student.submission)
        raw = sum(got.values())
        if student.number in self.check_overrides:
            check, points = self.check_overrides[student.number]
            got[check] = points
        weight = {check: self.weights.get(check, self.weights.get(check.split(".")[0], 1)) for check in got}
        counting = [check for check in got if not {check, check.split(".")[0]} & {*self.drop}]
        score = sum(got[check] * weight[check] for check in counting)
        needed = [check for check in counting if not {check, check.split(".")[0]} & {*self.bonus}]
        most = sum(lesson.checks[check] * weight[check] for check in needed)
        due = self.extensions.get(student.number, self.due)
        if student.at is not None and student.at > due + self.grace:
            days = math.ceil((student.at - due) / timedelta(days=1))
            score *= 1 - min(days * self.day, self.at_most) / 100
        score = min(score, most * self.cap / 100) + student.marks
        return raw, self.overrides.get(student.number, score), most + self.by_hand


def cell(points):
    """As a table has it: four decimals at most."""
    text = f"{float(points):.4f}".rstrip("0").rstrip(".")
    return text or "0"


def of_page(out):
    """What `report.html` shows, by the names of submissions."""
    text = (out / "report.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])
    texts = data["texts"]
    return {
        each["name"]: (each["score"], each["policy"][0], each["policy"][1], [texts[n] for n in each["policy"][2]])
        for each in data["submissions"]
    }


def shown(name):
    """A name as pages show it: without what can't be seen."""
    return "".join(c for c in name if unicodedata.category(c) != "Cf")


def check_results(lesson, students, out):
    """`scores.csv`: each check of each student, as declared."""
    rows = table(out / "scores.csv")
    by_name = {student.handed_in: student for student in students}
    assert rows[0][:4] == ["submission", "score", "max_score", "status"]
    assert sorted(rows[0][4:]) == sorted(lesson.checks)
    assert sorted(row[0] for row in rows[1:]) == sorted(by_name)
    for row in rows[1:]:
        student = by_name[row[0]]
        points = lesson.points(student.submission)
        most = sum(lesson.checks.values())
        expected = [cell(sum(points.values())), cell(most), lesson.status(student.submission)]
        assert row[1:4] == expected, (row, student.submission)
        assert row[4:] == [cell(points[check]) for check in rows[0][4:]], (row, student.submission)


def check_pages(lesson, students, rules, out):
    """The page and the feedback: both numbers, and steps that lead from one to the other."""
    page = of_page(out)
    assert len(page) == len(students)
    for student in students:
        raw, counts, most = rules.counts(lesson, student)
        name = shown(student.handed_in)
        score, after, possible, steps = page[name]
        assert [cell(score), cell(after), cell(possible)] == [cell(raw), cell(counts), cell(most)], student
        numbers = [step.rpartition(": ")[2].split(" -> ") for step in steps]
        ends = [pair[0] for pair in numbers] + [pair[1] for pair in numbers[-1:]]
        assert steps[-1].startswith("decided by a person") or f"; of {float(most):g} points" in steps[-1], steps
        assert [ends[0], ends[-1]] == [f"{float(raw):g}", f"{float(counts):g}"], steps
        assert all(one[1] == next_one[0] for one, next_one in pairwise(numbers)), steps
        feedback = (out / "feedback" / f"{student.handed_in}.html").read_text(encoding="utf-8")
        assert f"{float(counts):g} of {float(most):g} points" in feedback
        text = re.sub(r"<style>.*?</style>", "", feedback, flags=re.S).replace("&#39;", "'")
        assert name in text
        others = {shown(other.handed_in) for other in students if other is not student}
        assert not [other for other in others if other in text], "nobody else is in it"


# --- Canvas ----------------------------------------------------------------------------------------------------------


def as_canvas_names(student):
    """What Canvas makes of `Last, First`: small letters, and nothing but letters, marks, digits and underscores."""
    kept = [c for c in f"{student.last}, {student.first}".lower() if unicodedata.category(c)[0] in "LM" or c == "_"]
    return "".join(kept)


DUE = datetime.fromisoformat("2026-11-20T23:59:00+01:00")
CANVAS = """
drop = ["q5.history_labels"]
bonus = ["q5.confusion_class_names"]
cap = 100

[weights]
q1 = 2
"q2.layer_kinds" = 4

[late]
due = {due}
penalty = 10
grace_minutes = 15
at_most = 35
extensions = {{ "{extended}" = {until} }}

[marks]
max_score = 4

[[override]]
submission = "{corrected}"
check = "q1.impossible_geometry"
points = 0.5
reason = "her \\"Python\\" is older"

[[override]]
submission = "{ill}"
score = 9.25
reason = "ill, as agreed"
"""


@pytest.fixture(scope="module")
def cnn(tmp_path_factory):
    return lesson("cnn", ("q1", "q2", "q5"), tmp_path_factory.mktemp("cnn"))


def test_from_canvas_to_canvas(cnn, tmp_path):
    wrong = [name for name in cnn.declared if re.match(r"wrong/q[125]_", name)][::2]
    broken = [name for name in cnn.declared if name.startswith("broken/")]
    right = ["reference.py", "log_softmax_nll.ipynb", "lazy_layers.py", "sequential_momentum.py"]
    submissions = [*wrong, *broken, *(f"right/{name}" for name in right)]
    students = class_of(submissions, 1)
    rng = random.Random(2)
    for n, student in enumerate(students):
        # In time, within the grace of a quarter of an hour, a minute after it, and up to six days late.
        days_late = rng.randint(20, 9000) if n % 3 == 0 else -rng.randint(1, 999)
        minutes = {3: 12, 5: 16}.get(n % 10, days_late)
        student.at = DUE + timedelta(minutes=minutes)
        late = "LATE_" * (minutes > 0)
        suffix = Path(student.submission).suffix
        file, again = 500_000 + rng.randint(1, 99) * 1000 + n, n % 7 == 0
        name = rng.choice(["cnn", "my_homework_2", "cnn (1)", "Übung_3_final"])
        student.handed_in = f"{as_canvas_names(student)}_{late}{student.number}_{file}_{name}{'-1' * again}{suffix}"
        if again:
            student.lost.append(f"{as_canvas_names(student)}_{student.number}_{file - 100_000}_{name}{suffix}")
    late = [student for student in students if student.at > DUE + timedelta(days=1)]
    extended, ill, corrected = late[0], late[1], next(s for s in students if s.submission == "right/reference.py")
    archive = tmp_path / "submissions.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for student in sorted(students, key=lambda student: student.handed_in):
            for lost in student.lost:
                file.write(cnn.written / "right/log_softmax_nll.ipynb", lost)
            file.write(cnn.written / student.submission, student.handed_in)
            if student.number % 5 == 0:
                file.writestr(f"{as_canvas_names(student)}_{student.number}_9_notes.pdf", b"%PDF")
        stranger = Student("Gone", "Away", 999_999, "right/reference.py", "awaygone_999999_7_cnn.py")
        file.write(cnn.written / stranger.submission, stranger.handed_in)
    everybody = [*students, stranger]
    assert archive.stat().st_size < 25_000_000

    # The course's policy lies beside its assignment, with the table of times.
    until = DUE + timedelta(days=30)
    named = {"extended": extended.handed_in, "ill": ill.handed_in, "corrected": corrected.handed_in}
    policy = CANVAS.format(due=DUE.isoformat(), until=until.isoformat(), **named)
    (cnn.folder / "policy.toml").write_text(policy, encoding="utf-8")
    with (cnn.folder / "times.csv").open("w", encoding="utf-8-sig", newline="") as file:
        rows = [[student.handed_in, student.at.isoformat()] for student in students]
        csv.writer(file, delimiter=";").writerows([["submission", "submitted"], *rows])
    rules = Rules(
        drop=("q5.history_labels",), bonus=("q5.confusion_class_names",), cap=Fraction(100),
        weights={"q1": Fraction(2), "q2.layer_kinds": Fraction(4)}, due=DUE, day=Fraction(10),
        grace=timedelta(minutes=15), at_most=Fraction(35), extensions={extended.number: until}, by_hand=Fraction(4),
        check_overrides={corrected.number: ("q1.impossible_geometry", Fraction(1, 2))},
        overrides={ill.number: Fraction("9.25")},
    )  # fmt: skip

    out = tmp_path / "out"
    out.mkdir()
    for n, student in enumerate(students):
        student.marks = Fraction(n % 9, 2)
    with (out / "marks.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [[s.handed_in, "Why?", cell(s.marks).replace(".", ",") if s.marks else "", ""] for s in students]
        csv.writer(file).writerows([["submission", "question", "marks", "comment"], *rows])
    said = autograder("grade", cnn.folder, archive, "-o", out, "-j", 2)
    for student in students:
        for lost in student.lost:
            assert f"Not graded: {lost}: {student.handed_in} of the same student counts." in said
    assert not re.search("without the policy|does not say when|no result of", said), said[-500:]
    check_results(cnn, everybody, out)

    said = autograder("feedback", out, "--for", "canvas")
    assert "121 of them, to be uploaded" in said
    check_pages(cnn, everybody, rules, out)
    with zipfile.ZipFile(out / "feedback-canvas.zip") as packed:
        assert sorted(packed.namelist()) == sorted(f"{Path(s.handed_in).stem}.html" for s in everybody)

    most = cell(sum(rules.counts(cnn, students[0])[2:]))
    header = [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        "Other (7)",
        f"{cnn.title} (77002)",
        "Final Score",
    ]
    above = [
        ["", "", "", "", "", "Manual Posting", "", ""],
        ["    Points Possible"] + [""] * 4 + ["5", most, "(read only)"],
    ]
    people = [*students, Student("Nobody", "Came", 5), Student("Test", "Student", 6)]
    rows = [
        [
            ", ".join(filter(None, [s.last, s.first])),
            str(s.number),
            f"S{s.number}",
            f"u{s.number}@x.example",
            "DL",
            "3",
            "",
            "1",
        ]
        for s in sorted(people, key=lambda s: s.last)
    ]
    roster = tmp_path / "2026-11-30T1200_Grades-DL.csv"
    with roster.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *above, *rows])
    said = autograder("export", out, "--to", "canvas", "--roster", roster, status=1)
    assert "120 of 122 students" in said and stranger.handed_in in said and "Note" not in said
    kept = (0, 1, 2, 3, 4, 6)
    by_number = {str(student.number): student for student in students}
    expected = [[row[n] for n in kept] for row in (header, *above)]
    expected += [
        [*row[:5], cell(rules.counts(cnn, by_number[row[1]])[1])] for row in rows if row[1] in by_number
    ]  # fmt: skip
    assert table(out / "grades-canvas.csv") == expected


# --- Moodle ----------------------------------------------------------------------------------------------------------

MOODLE = """
drop = ["q3"]
cap = 90

[late]
due = 2026-11-20T22:59:00Z
penalty = 2
per = "day"
times = "handed in.csv"

[marks]
max_score = 6
"""


@pytest.fixture(scope="module")
def convolve(tmp_path_factory):
    return lesson("convolve", ("q1", "q2", "q3", "q4", "q5", "q6"), tmp_path_factory.mktemp("convolve"))


def answered(path):
    """The student version with nothing in it but an answer to what is marked by hand."""
    notebook = nbformat.read(ROOT / "assignments/convolve/convolve.ipynb", as_version=4)
    asked = [cell for cell in notebook.cells if "otter_answer_cell" in cell.metadata.get("tags", [])]
    written = [cell for cell in asked if cell.cell_type == "markdown"]
    assert written
    for one in written:
        one.source = "Since the dense layer sees the whole image."
    nbformat.write(notebook, path)


def test_from_moodle_to_moodle(convolve, tmp_path):
    wrong = sorted(name for name in convolve.declared if re.match(r"wrong/q[1-6]_", name))[::3]
    blank = "by hand.ipynb"
    answered(convolve.written / blank)
    convolve.declared[blank] = {"fails": list(convolve.checks)}
    submissions = [*wrong, "right/reference.py", "right/sigmoid_bce_one_hot.ipynb", blank]
    students = class_of(submissions, 3)
    rng = random.Random(4)
    teams = range(9)  # three by three, to whose members Moodle gives the same files
    for n, student in enumerate(students):
        if n in teams:
            student.submission = students[n - n % 3].submission
        student.at = DUE + timedelta(minutes=rng.randint(1, 9000) if n % 4 == 0 else -rng.randint(0, 999))
        called = re.sub(r"""[&<>"`|':\\/]""", "", f"Team {n // 3}-" * (n in teams) + student.name).replace("_", " ")
        slash = "_" * (n % 2)
        suffix = Path(student.submission).suffix
        name = rng.choice(["convolve", "Übung 2", "work/final", "a_1_b"])
        folder = f"{called}_{student.number}_assignsubmission_file{slash}"
        student.handed_in = f"{folder}/{name}{suffix}"
        student.lost = [f"{folder}/helper{n}.py"] if suffix == ".ipynb" and n % 2 else []
    archive = tmp_path / "DL-Convolve-4711.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for student in students:
            file.write(convolve.written / student.submission, student.handed_in)
            for lost in student.lost:
                file.writestr(lost, "x = 1\n")
            if student.number % 5 == 0:
                file.writestr(student.handed_in.rpartition("_file")[0] + "_onlinetext/onlinetext.html", "<p>hi")
    course = tmp_path / "course"
    course.mkdir()
    (course / "autumn.toml").write_text(MOODLE, encoding="utf-8")
    with (course / "handed in.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [[student.handed_in, student.at.isoformat()] for student in students]
        csv.writer(file, delimiter="\t").writerows([["submission", "submitted"], *rows])
    rules = Rules(drop=("q3",), cap=Fraction(90), due=DUE, day=Fraction(2), by_hand=Fraction(6))

    out = tmp_path / "out"
    said = autograder("grade", convolve.folder, archive, "-o", out, "-j", 2, "--policy", course / "autumn.toml")
    for student in students:
        assert not student.lost or shown(f"Not graded: {student.lost[0]}: {student.handed_in} of the same") in said
    check_results(convolve, students, out)
    shutil.rmtree(course)  # what was applied is kept with the results

    # The teacher marks what was written, in the table that was prepared.
    marks = table(out / "marks.csv")
    assert marks[0] == ["submission", "question", "marks", "comment"]
    by_name = {student.handed_in: student for student in students}
    to_mark = [row for row in marks[1:] if by_name[row[0]].submission == blank]
    assert to_mark and {row[0] for row in to_mark} == {s.handed_in for s in students if s.submission == blank}
    for n, row in enumerate(to_mark):
        points = Fraction(n % 7, 2)
        row[2] = cell(points)
        by_name[row[0]].marks += points
    with (out / "marks.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(marks)
    autograder("report", out)
    said = autograder("feedback", out, "--for", "moodle")
    assert "120 of them, to be uploaded" in said
    check_pages(convolve, students, rules, out)
    with zipfile.ZipFile(out / "feedback-moodle.zip") as packed:
        folders = [student.handed_in.split("/")[0] for student in students]
        assert sorted(map(unquote, packed.namelist())) == sorted(f"{folder}/feedback.html" for folder in folders)

    header = table(ROOT / "tests/rosters/moodle.csv")[0]
    rows = [
        [f"Participant {s.number}", s.name, f"S{s.number}", f"u{s.number}@x.example", "Submitted for grading", "",
         "100.00", "Yes", "Friday, 20 November 2026, 10:12 AM", "-", 'He said: "hello, you"\nand left']
        for s in [*students, Student("Nobody", "Came", 5)]
    ]  # fmt: skip
    roster = tmp_path / "Grades-DL-Convolve-4711.csv"
    with roster.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    said = autograder("export", out, "--to", "moodle", "--roster", roster, "--scale")
    assert "120 of 121 students" in said
    most = rules.counts(convolve, students[0])[2]
    expected = [
        [*row[:5], f"{float(rules.counts(convolve, s)[1] * 100 / most):.4f}", *row[6:]]
        for row, s in zip(rows[:-1], students, strict=True)
    ]
    got = table(out / "grades-moodle.csv")
    assert [[*row[:5], f"{float(row[5]):.4f}", *row[6:]] for row in got[1:]] == expected and got[0] == header
    autograder("export", out, "--to", "csv", "--roster", roster)
    for row, student in zip(table(out / "grades-csv.csv")[1:], students, strict=False):
        raw, counts, _ = rules.counts(convolve, student)
        assert row[11:16] == [student.handed_in, cell(counts), cell(most), "graded", cell(raw)]
