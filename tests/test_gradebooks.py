"""Grade books: whose submission is whose, and tables that platforms import unchanged."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from classes import class_of, stored, student
from commands import autograder

from autograder.batch.collect import name_of
from autograder.batch.store import ResultStore
from autograder.errors import UsageError
from autograder.report.gradebooks import WRITERS
from autograder.report.policy import without_policy
from autograder.report.roster import match, read_roster

ROSTERS = Path(__file__).parent / "rosters"
TITLE = "Convolutional neural networks"


def graded(*names, score=30.5):
    """Results of these names, with as many points."""
    some = next(result for result in stored() if result.score == result.max_score)
    lost = replace(some.checks[0], points=some.checks[0].points - (some.max_score - score), outcome="partial")
    return [replace(some, submission=name, checks=(lost, *some.checks[1:])) for name in names]


def written(platform, roster, results, column="", is_scaled=False):
    students = read_roster(ROSTERS / roster)
    matched = match(without_policy(results), students)
    return WRITERS[platform](students, matched, column, is_scaled), matched


def table(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


CANVAS = ["adlerada_10421_900001_cnn.ipynb", "brandtbo_LATE_10422_900002_cnn-1.py", "novakjiri_10425_900003_a_b.ipynb"]


def test_canvas_gets_its_own_columns_back_with_the_scores(tmp_path):
    book, matched = written("canvas", "canvas.csv", graded(*CANVAS), TITLE)
    assert not matched.of_nobody and not book.warnings
    assert (
        book.text
        == """Student,ID,SIS User ID,SIS Login ID,Section,Convolutional neural networks (77002)
,,,,,
    Points Possible,,,,,32.00
"Adler, Ada",10421,S0007,aadler,Deep Learning and Deep Learning: Tutorial,30.5
"Brandt, Bo",10422,S0008,bbrandt,Deep Learning,30.5
"Novák, Jiří",10425,S0011,jnovak,Deep Learning,30.5
"""
    )
    by_number, _ = written("canvas", "canvas.csv", graded(*CANVAS), "Time to convolve (77001)")
    assert "Time to convolve (77001)" in by_number.text and "Manual Posting" in by_number.text
    assert by_number.warnings == (
        "there are 34 points on the platform, and 32 here: scores are written as they are (--scale multiplies them by "
        "1.0625)",
    )
    scaled, _ = written("canvas", "canvas.csv", graded(*CANVAS, score=16), "Time to convolve", is_scaled=True)
    assert [row[-1] for row in table(scaled.text)[3:]] == ["17", "17", "17"]


def test_what_canvas_does_not_find_is_never_guessed():
    names = [
        "adlerada_77777_900001_cnn.ipynb",  # Ada's name, and nobody's number
        "Ada Adler 2.ipynb",
        "Adler.ipynb",
        "aadler/ada.ipynb",  # her login
        "chidi/bbrandt.ipynb",  # whoever this is: what a file in a folder is called says nothing
        "Dana O'Neill/cnn.ipynb",  # her full name
        "S0011.ipynb",
    ]
    _, matched = written("canvas", "canvas.csv", graded(*names), TITLE)
    assert {n: result.submission for n, result in matched.of.items()} == {
        0: "aadler/ada.ipynb", 3: "Dana O'Neill/cnn.ipynb", 4: "S0011.ipynb",
    }  # fmt: skip
    assert matched.of_nobody == names[:3] + names[4:5]


def test_names_that_two_have_and_several_files_of_one_are_listed(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("name;login\nAda Adler;a1\nADA  adler;a2\nBo Brandt;b\n")
    roster = read_roster(path)
    matched = match(without_policy(graded("Ada Adler/x.py", "a2/x.py", "b/x.py", "Bo Brandt.py")), roster)
    assert matched.of_nobody == ["Ada Adler/x.py"] and list(matched.of) == [1]
    assert matched.several == {2: ["b/x.py", "Bo Brandt.py"]}
    assert WRITERS["csv"](roster, matched, "", False).text == (
        "name;login;submission;score;max_score;status;before_policy;steps\n"
        "Ada Adler;a1;;;;missing;;\nADA  adler;a2;a2/x.py;30.5;32;graded;30.5;\nBo Brandt;b;;;;missing;;\n"
    )


@pytest.mark.parametrize(
    ("in_roster", "folder"),
    [
        ("علی\u200cرضا نوری", "علی\u200cرضا نوری"),  # noqa: RUF001  # a joiner, as Persian is written
        ("علی\u200cرضا نوری", "علیرضا نوری"),  # noqa: RUF001
        ("שרה כהן\u200f", "שרה כהן"),  # a mark of direction, as it is copied along
        ("Ji\u0159\u00ed", "Jir\u030ci\u0301"),  # as macOS writes file names
        ("STRASSE Bj\u00f6rn", "Straße Björn"),
    ],
)
def test_a_name_is_the_same_whatever_can_t_be_seen_in_it(tmp_path, in_roster, folder):
    path = tmp_path / "roster.csv"
    path.write_text(f"name\n{in_roster}\nAda Adler\n", encoding="utf-8")
    names = [f"{name_of(folder)}/cnn.py"]
    matched = match(without_policy(graded(*names)), read_roster(path))
    assert list(matched.of) == [0] and not matched.of_nobody


def test_a_fault_of_ours_is_no_score():
    [result] = graded("aadler.py")
    book, matched = written("canvas", "canvas.csv", [replace(result, status="error")], TITLE)
    assert matched.to_be_graded_again == ["aadler.py"] and "Adler" not in book.text


MOODLE = ["Ada Adler_4711_assignsubmission_file_/a.ipynb", "Bo Brandt_4712_assignsubmission_file/b/c.py"]


def test_moodle_gets_its_worksheet_back_with_the_scores():
    before = (ROSTERS / "moodle.csv").read_text()
    book, _ = written("moodle", "moodle.csv", graded(*MOODLE))
    assert book.text.startswith("\ufeff")
    rows, old = table(book.text), table(before)
    assert rows[0] == old[0]
    assert [row[:5] + row[6:] for row in rows[1:]] == [row[:5] + row[6:] for row in old[1:3]]
    assert [row[5] for row in rows[1:]] == ["30.5", "30.5"]


def test_a_worksheet_in_another_language_says_by_a_column_where_scores_go():
    book, matched = written("moodle", "moodle_german.csv", graded(*MOODLE), "Bewertung")
    assert len(matched.of) == 2
    assert [row[4] for row in table(book.text)[1:]] == ["30.5", "30.5"]
    with pytest.raises(UsageError, match="say which one with --column, of .*Bewertung"):
        written("moodle", "moodle_german.csv", graded(*MOODLE))


def test_gradescope_gets_all_of_the_roster():
    book, _ = written("gradescope", "gradescope.csv", graded("S0007.py", "bbrandt@uni.example/x.py"))
    assert table(book.text) == [
        ["First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status"],
        ["Ada", "Adler", "S0007", "aadler@uni.example", "Deep Learning", "30.5", "32", "Graded"],
        ["Bo", "Brandt", "S0008", "bbrandt@uni.example", "Deep Learning", "30.5", "32", "Graded"],
        ["Chidi", "Diallo", "S0009", "cdiallo@uni.example", "", "", "", "Missing"],
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\xff\xfea,b", "not UTF-8"),
        (b"colour,size\nred,3\n", "identifies a student"),
        (b'"a' + b"x" * 200_000, "is no table"),
    ],
)  # fmt: skip
def test_what_is_no_roster_is_said(tmp_path, content, why):
    path = tmp_path / "roster.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=why):
        read_roster(path)


@pytest.mark.parametrize(("platform", "roster"), [("canvas", "moodle.csv"), ("moodle", "canvas.csv")])
def test_the_roster_of_another_platform_is_refused(platform, roster):
    with pytest.raises(UsageError, match=r"is not (the gradebook|a grading worksheet) of"):
        written(platform, roster, graded("aadler.py"), TITLE)


@pytest.fixture(scope="module")
def everybody():
    return class_of(120)


def kept(results, out):
    store = ResultStore(out, title=TITLE)
    with store.locked():
        for result in results:
            store.add(result)
        store.finished(results, is_complete=True)


def last_first(name):
    first, last = name.split(" ", 1)
    return f"{last}, {first}"


def test_a_class_of_120_into_canvas_cell_by_cell(everybody, tmp_path):
    numbers = {student(n): 50_000 + 7 * n for n in range(120)}
    results = [
        replace(r, submission=f"{n.replace(' ', '').lower()}_{numbers[n]}_{900 + k}_cnn.ipynb")
        for k, r in enumerate(everybody)
        for n in [r.submission.partition("/")[0]]
    ]
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{TITLE} (5)", "Final Score"]]
    rows += [["    Points Possible", "", "", "", "", "32", "(read only)"]]
    rows += [[last_first(n), str(number), "", f"login{number}", "DL", "", ""] for n, number in numbers.items()]
    roster = tmp_path / "Export.csv"
    with roster.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    kept(results, tmp_path / "out")
    done = autograder("export", tmp_path / "out", "--to", "canvas", "--roster", roster)
    assert done.returncode == 0 and "120 of 120 students" in done.stdout and "Note" not in done.stdout
    got = table((tmp_path / "out/grades-canvas.csv").read_text())
    scores = {r.submission.partition("/")[0]: r.score for r in everybody}
    assert got == [row[:6] for row in rows[:2]] + [
        [*row[:5], f"{scores[name]:g}"] for row, name in zip(rows[2:], numbers, strict=True)
    ]


def test_a_class_of_120_into_moodle_cell_by_cell(everybody, tmp_path):
    header = table((ROSTERS / "moodle.csv").read_text())[0]
    names = [student(n) for n in range(120)]
    results = [
        replace(r, submission=f"{n}_{names.index(n) + 100}_assignsubmission_file/cnn.ipynb")
        for r in everybody
        for n in [r.submission.partition("/")[0]]
    ]
    rows = [
        [f"Participant {n + 100}", name, "", "", "Submitted", "", "32.00", "Yes", "a, b", "-", ""]
        for n, name in enumerate(names)
    ]
    roster = tmp_path / "Grades.csv"
    with roster.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    kept(results[:-1], tmp_path / "out")
    done = autograder("export", tmp_path / "out", "--to", "moodle", "--roster", roster)
    assert done.returncode == 0 and "119 of 120 students" in done.stdout
    got = table((tmp_path / "out/grades-moodle.csv").read_text())
    scores = {r.submission.partition("/")[0]: r.score for r in everybody[:-1]}
    assert got == [header] + [[*row[:5], f"{scores[row[1]]:g}", *row[6:]] for row in rows if row[1] in scores]


def test_the_command_lists_who_is_left_out(tmp_path):
    kept(graded("aadler.py", "stranger.py"), tmp_path / "out")
    done = autograder("export", tmp_path / "out", "--to", "canvas", "--roster", ROSTERS / "canvas.csv")
    assert done.returncode == 1 and "fit no student of canvas.csv, or two: stranger.py" in done.stdout
    missing = autograder("export", tmp_path / "out", "--to", "canvas", "--roster", tmp_path / "no.csv")
    assert missing.returncode == 2 and "no.csv" in missing.stderr
    unknown = autograder(
        "export", tmp_path / "out", "--to", "canvas", "--roster", ROSTERS / "canvas.csv", "--column", "Homework"
    )
    assert unknown.returncode == 2 and "say which one with --column" in unknown.stderr
