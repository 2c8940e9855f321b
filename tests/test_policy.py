"""What a course makes of scores, step by step."""

import re
import textwrap

import pytest
from browsers import chromium, opened
from commands import autograder
from test_gradebooks import ROSTERS, table

from autograder.batch.store import ResultStore
from autograder.errors import UsageError
from autograder.report.policy import read_policy
from autograder.results import Check, Result


def result(name, *points):
    """Two checks in q1 and one in q2, worth 4, 4 and 2."""
    checks = [
        Check(check, check, got, most, "passed" if got == most else "partial")
        for check, got, most in zip(("q1.a", "q1.b", "q2.c"), points, (4, 4, 2), strict=True)
    ]
    return Result(name, "graded", tuple(checks))


def applied(tmp_path, policy, *results, **files):
    (tmp_path / "policy.toml").write_text(textwrap.dedent(policy))
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return read_policy(tmp_path / "policy.toml").apply(results)


def test_without_anything_nothing_changes(tmp_path):
    [marked] = applied(tmp_path, "", result("ada.py", 4, 3, 1))
    assert (marked.score, marked.max_score, marked.steps) == (8, 10, ())


@pytest.mark.parametrize(
    ("policy", "score", "most"),
    [
        ('drop = ["q1.b"]', 5, 6),
        ('drop = ["q1"]', 1, 2),
        ('bonus = ["q2"]', 8, 8),
        ('bonus = ["q1.a"]\ncap = 100', 6, 6),
        ("[weights]\nq2 = 10", 17, 28),
        ('[weights]\nq1 = 2\n"q1.a" = 0.5', 9, 12),
        ("cap = 50", 5, 10),
    ],
)
def test_drops_bonus_weights_and_cap(tmp_path, policy, score, most):
    [marked] = applied(tmp_path, policy, result("ada.py", 4, 3, 1))
    assert (marked.score, marked.max_score) == (score, most)
    assert marked.steps and (marked.steps[0].before, marked.steps[-1].after) == (8, score)


LATE = """
[late]
due = 2026-11-20T23:59:00+01:00
penalty = 10
grace_minutes = 15
at_most = 50
"""


@pytest.mark.parametrize(
    ("submitted", "score"),
    [
        ("2026-11-20T23:00:00+01:00", 8),
        ("2026-11-21T00:13:00+01:00", 8),  # within the grace
        ("2026-11-20T23:13:00Z", 8),  # the same moment
        ("2026-11-21T00:15:00+01:00", 7.2),  # a day is begun
        ("2026-11-21T23:59:00+01:00", 7.2),
        ("2026-11-22T00:00:00+01:00", 6.4),
        ("2027-01-01", 4),
    ],
)
def test_late_penalties(tmp_path, submitted, score):
    times = f"submission,submitted\nada.py,{submitted}\n"
    [marked, bo] = applied(tmp_path, LATE, result("ada.py", 4, 3, 1), result("bo.py", 4, 4, 2), times=times)
    assert marked.score == score and bo.score == 10, "who is in no table of times was not late"


def test_hours_and_extensions(tmp_path):
    policy = LATE + 'per = "hour"\nextensions = { "bo.py" = 2026-11-21T12:00:00+01:00 }\n'
    times = "submission;submitted\nada.py;2026-11-21 02:30+01:00\nbo.py;2026-11-21 02:30+01:00\n"
    ada, bo = applied(tmp_path, policy, result("ada.py", 4, 4, 2), result("bo.py", 4, 4, 2), times=times)
    assert ada.score == 7 and str(ada.steps[0]) == "3 hours late, 30 % off: 10 -> 7"
    assert bo.score == 10 and not bo.steps


def test_marks_are_added_at_last_and_overrides_have_the_last_word(tmp_path):
    policy = """
        cap = 50
        [[override]]
        submission = "ada.py"
        check = "q1.b"
        points = 4
        reason = "the grader was wrong"
        [[override]]
        submission = "bo.py"
        score = 9.5
        reason = "ill, agreed on 3 December"
        [marks]
        max_score = 5
        """
    marks = "submission,question,marks,comment\nada.py,Why?,2.5,good\nada.py,How?,1,\nbo.py,Why?,,\n'=x.py,Why?,1,\n"
    ada, bo, odd = applied(
        tmp_path, policy, result("ada.py", 4, 3, 1), result("bo.py", 0, 0, 0), result("=x.py", 0, 0, 0), marks=marks
    )
    assert [str(step) for step in ada.steps] == [
        "q1.b decided by a person: the grader was wrong: 8 -> 9",
        "at most 50 %: 9 -> 5",
        "marks by hand; of 15 points: 5 -> 8.5",
    ]
    assert (ada.score, ada.max_score) == (8.5, 15)
    assert (bo.score, bo.steps[-1].words) == (9.5, "decided by a person: ill, agreed on 3 December")
    assert str(bo.steps[0]) == "marks by hand; of 15 points: 0 -> 0", "more can be had, and that is said"
    assert odd.score == 1, "a name that spreadsheets would take for a formula stands there with a quote"


def test_each_step_leads_from_one_number_to_the_next(tmp_path):
    policy = 'drop = ["q2"]\ncap = 80\n' + LATE + "[marks]\n"
    times = "submission,submitted\nada.py,2026-11-21T12:00:00+01:00\n"
    marks = "submission,marks\nada.py,1\n"
    [ada] = applied(tmp_path, policy, result("ada.py", 4, 4, 2), times=times, marks=marks)
    assert [(step.before, step.after) for step in ada.steps] == [(10, 8), (8, 7.2), (7.2, 6.4), (6.4, 7.4)]
    assert (ada.result.score, ada.score, ada.max_score) == (10, 7.4, 8)


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("drop = [", "is not TOML"),
        ("dorp = []", "dorp: extra inputs are not permitted"),
        ("cap = nan", "cap: input should be a finite number"),
        ('drop = ["q9"]', "names q9, and there is no such check"),
        ("[weights]\nq1 = -1", "greater than 0"),
        ('[[override]]\nsubmission = "ada.py"\nscore = 1\nreason = ""', "reason"),
        ('[[override]]\nsubmission = "ada.py"\nreason = "so"', "an override has a `score`, or a `check`"),
        ('[[override]]\nsubmission = "zoe.py"\nscore = 1\nreason = "so"', "names zoe.py, and there is no such"),
        (LATE, "times.csv, which the policy names, can't be read"),
        (LATE + 'times = "bad.csv"', "bad.csv, line 2: 'soon' is no time"),
        ('[marks]\nfile = "bad.csv"', "has no columns marks and submission"),
        ('[marks]\nfile = "odd.csv"', "odd.csv, line 2: 'B+' is no number"),
    ],
)
def test_what_is_wrong_in_a_policy_is_said(tmp_path, policy, why):
    files = {"bad": "submission,submitted\nada.py,soon\n", "odd": "submission,marks\nada.py,B+\n"}
    with pytest.raises(UsageError, match=re.escape(why)):
        applied(tmp_path, policy, result("ada.py", 4, 3, 1), **files)


def test_both_numbers_are_shown_on_the_page_to_the_student_and_in_the_grade_book(tmp_path):
    out = tmp_path / "out"
    store = ResultStore(out, title="Time to convolve")
    results = [result("aadler.py", 4, 3, 1), result("bbrandt.py", 4, 4, 2)]
    with store.locked():
        for each in results:
            store.add(each)
        store.finished(results, is_complete=True)
    reason = "<b>secret</b> reason"
    (out / "policy.toml").write_text(
        f'drop = ["q2"]\n[[override]]\nsubmission = "aadler.py"\nscore = 7.5\nreason = "{reason}"\n'
    )
    assert autograder("report", out).returncode == 0
    with chromium() as browser, opened(browser, out / "report.html") as seen:
        row = seen.page.locator("#submissions tbody tr").first
        assert row.locator("td").all_inner_texts()[:3] == ["aadler.py", "7.5", "8"]
        row.get_by_role("link").click()
        part = seen.page.locator("#opened")
        assert "7.5 of 8 points count, by the policy:" in part.inner_text()
        assert part.locator("li").all_inner_texts() == [
            "dropped: q2; of 8 points: 8 -> 7", f"decided by a person: {reason}: 7 -> 7.5",
        ]  # fmt: skip
        assert not seen.errors
    assert autograder("feedback", out).returncode == 0
    page = (out / "feedback/aadler.py.html").read_text()
    assert "7.5 of 8 points" in page and "From the 8 points of the checks" in page and "&lt;b&gt;secret" in page
    assert "7.5 of 8 points" in (out / "feedback/aadler.py.md").read_text()
    done = autograder("export", out, "--to", "canvas", "--roster", ROSTERS / "canvas.csv")
    assert done.returncode == 0
    assert [row[-1] for row in table((out / "grades-canvas.csv").read_text())[3:]] == ["7.5", "8"]
    assert autograder("report", out, "--anonymous", tmp_path / "key").returncode == 0
    assert "secret" not in (out / "report-anonymous.html").read_text()
    assert (
        autograder("export", out, "--to", "csv", "--roster", ROSTERS / "canvas.csv", "--policy", "no.toml").returncode
        == 2
    )


GRADER = """
from autograder import points

@points(2, "Is 1")
def test_one(submission):
    assert submission.x == 1, "x is to be 1."
"""


@pytest.fixture
def graded(make_assignment, tmp_path):
    """Grades ada.py, and gives what counts for her on the page, and what was printed."""
    assignment = make_assignment({"test_q1.py": GRADER})
    submission = tmp_path / "ada.py"
    submission.write_text("x = 1")

    def on_the_page(*options):
        done = autograder("grade", assignment.folder, submission, "-o", tmp_path / "out", "-j", 1, *options)
        assert done.returncode == 0, done.stderr
        found = re.search(r'"policy": ?\[(\S+?), ?(\S+?),', (tmp_path / "out/report.html").read_text())
        return found and tuple(map(float, found.groups())), done.stdout

    on_the_page.folder, on_the_page.out = assignment.folder, tmp_path / "out"
    return on_the_page


def test_the_page_after_a_grading_is_by_the_policy_that_is_there_or_named(graded, tmp_path):
    out, named = graded.out, tmp_path / "other.toml"
    out.mkdir()
    (out / "policy.toml").write_text("[weights]\nq1 = 3\n")
    named.write_text("[weights]\nq1 = 5\n")
    assert graded()[0] == (6, 6)
    points, told = graded("--policy", named)
    assert points == (10, 10)
    assert "The policy.toml that was in" in told, "what a person wrote is not lost"
    assert (out / "policy.toml.before").read_text() == "[weights]\nq1 = 3\n"
    assert graded()[0] == (10, 10), "it is in force from now on"
    named.write_text('drop = ["q7"]\n')
    points, told = graded("--policy", named)
    assert points is None, "no reason to have no page"
    assert "The page shows points without the policy:" in told and "q7" in told
    assert "that was in" not in told, "a copy is no loss"


def test_a_policy_that_is_named_and_can_t_be_read_is_said_before_anybody_is_graded(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    (tmp_path / "ada.py").write_text("x = 1")
    done = autograder("grade", assignment.folder, tmp_path / "ada.py", "-o", tmp_path / "out", "--policy", "no.toml")
    assert done.returncode == 2 and "no.toml can't be read" in done.stderr
    assert not (tmp_path / "out/scores.csv").exists()


def scored(out, *options):
    """What counts by `export`, and the steps to it."""
    (out / "roster.csv").write_text("id\nada\n")
    done = autograder("export", out, "--to", "csv", "--roster", out / "roster.csv", *options)
    assert done.returncode == 0, done.stderr
    [_, row] = table((out / "grades-csv.csv").read_text())
    return row[2], row[-1]


def test_the_assignment_s_own_policy_is_the_default_and_stays_the_same_for_what_follows(graded):
    own, out = graded.folder / "policy.toml", graded.out
    own.write_text("# ours\n[weights]\nq1 = 2\n")
    assert graded()[0] == (4, 4)
    own.write_text("[weights]\nq1 = 3\n")
    assert scored(out)[0] == "4", "as it was applied"
    assert autograder("report", out).returncode == 0
    assert '"policy": [4.0' in (out / "report.html").read_text()
    assert graded()[0] == (6, 6) and scored(out)[0] == "6", "and anew when it is applied again"
    copy = out / "policy.toml"
    assert copy.read_text().endswith(own.read_text())
    copy.write_text(copy.read_text() + "\n[[override]]\nsubmission = 'ada.py'\nscore = 1\nreason = 'so'\n")
    assert graded()[0] == (1, 6) and scored(out)[0] == "1", "what was changed there stays as it is"
    copy.unlink()
    assert graded()[0] == (6, 6)


def test_tables_beside_a_policy_come_along_and_marks_by_hand_are_those_of_the_class(graded, tmp_path):
    course, out = tmp_path / "course", graded.out
    course.mkdir()
    (course / "late.toml").write_text("[late]\ndue = 2026-11-20\npenalty = 10\n[marks]\nmax_score = 3\n")
    (course / "times.csv").write_text("submission,submitted\nada.py,2026-11-21T10:00\n")
    out.mkdir()
    (out / "marks.csv").write_text("submission,question,marks,comment\nada.py,Why?,2,\n")
    assert graded("--policy", course / "late.toml")[0] == (3.6, 5)
    assert (out / "times.csv").read_text() == (course / "times.csv").read_text()
    (course / "times.csv").unlink()
    assert scored(out)[0] == "3.6"
    (out / "times.csv").write_text("submission,submitted\nada.py,2026-11-19T10:00\nbo.py,2026-11-19T10:00\n")
    assert scored(out)[0] == "4"
    done = autograder("report", out, "--policy", course / "late.toml")
    assert done.returncode == 0, "a table that is not beside it is looked for with the results"
    assert "The table of times names what there is no result of: bo.py." in done.stdout


def test_who_is_late_and_nobody_says_when_is_named(tmp_path):
    (tmp_path / "policy.toml").write_text("[late]\ndue = 2026-11-20\npenalty = 10\n")
    names = ["adler_LATE_10_20_cnn.py", "brandt_LATE_11_21_cnn.py", "translate_12_22_cnn.py", "LATE_13_23_cnn.py"]
    (tmp_path / "times.csv").write_text(f"submission,submitted\n{names[0]},2026-11-20T12:00\n")
    policy = read_policy(tmp_path / "policy.toml")
    assert policy.doubts([result(name, 4, 3, 1) for name in names]) == [
        f"Canvas says that these are late, and times.csv does not say when: {names[1]}, {names[3]}"
    ]
