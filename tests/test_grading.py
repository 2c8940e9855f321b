"""The main road on small assignments: what graders may write, and what every kind of submission gets."""

import textwrap

import pytest

import autograder.grading.deadline
from autograder.assignment import load_assignment
from autograder.errors import AssignmentError, OldName, UsageError
from autograder.grading.grade import grade
from autograder.grading.session import declared_checks
from autograder.report.gradescope import to_gradescope
from autograder.sandbox import choose

ADDS = """
from autograder import partial_credit, points

@points(2, "Adds two numbers")
def test_adds(submission):
    assert submission.add(2, 3) == 5, "add(2, 3) is to be 5."

@points(1, "Subtracts")
def test_subtracts(submission):
    difference = submission.subtract(5, 3)
    if difference == -2:
        partial_credit(0.5, "You subtract the first from the second.")
    assert difference == 2, "subtract(5, 3) is to be 2."
"""
RIGHT = "def add(a, b): return a + b\ndef subtract(a, b): return a - b\n"


@pytest.fixture
def grade_code(tmp_path, strongest):
    def run(assignment, source, name="student.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(source))
        return grade(assignment, path, strongest)

    return run


def outcomes(result):
    return {check.name: (check.outcome, check.points) for check in result.checks}


def test_the_code_of_a_known_mistake_is_kept_wherever_its_message_goes(make_assignment, grade_code):
    grader = """
    import pytest
    from autograder import coded, partial_credit, points

    @points(1, "Asserts")
    def test_asserts(submission):
        assert submission.x == 2, coded("padding-once", "Once.")

    @points(1, "Fails")
    def test_fails(submission):
        pytest.fail(coded("rounds-up", "Up."))

    @points(1, "Grants a part")
    def test_grants(submission):
        partial_credit(0.5, coded("true-division", "Floats."))

    @points(1, "Passes")
    def test_passes(submission):
        assert submission.x == 1, coded("padding-once", "Once.")

    @points(1, "Has the code of the case that is told")
    @pytest.mark.parametrize("n", [1, 2])
    def test_cases(submission, n):
        assert submission.x == n, coded(f"case-{n}", "Told.")

    @points(1, "Misspells a code")
    def test_misspells(submission):
        pytest.fail(coded("Padding once", "Once."))
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), "x = 1")
    codes = {check.name.removeprefix("q1."): (check.code, check.feedback) for check in result.checks}
    assert codes.pop("misspells")[0] == "" and "no code: small letters" in result.trouble
    assert codes == {
        "asserts": ("padding-once", "Once."),
        "fails": ("rounds-up", "Up."),
        "grants": ("true-division", "Floats."),
        "passes": ("", ""),
        "cases": ("case-2", "Told."),
    }


@pytest.mark.parametrize(("returned", "points"), [("nan", 0), ("inf", 2), ("-inf", 0), ("0.25", 0.5)])
def test_a_part_of_the_points_is_a_number(make_assignment, grade_code, returned, points):
    grader = """
    from autograder import partial_credit, points

    @points(2, "Gives itself points")
    def test_part(submission):
        partial_credit(submission.part(), "As much as you say.")
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), f"def part(): return float({returned!r})")
    assert outcomes(result) == {"q1.part": ("partial", points)}


def test_right_and_wrong_and_half_right(make_assignment, grade_code):
    assignment = make_assignment({"test_q1.py": ADDS})
    right = grade_code(assignment, RIGHT)
    assert (right.score, right.max_score, right.status) == (3, 3, "graded")
    assert [check.feedback for check in right.checks] == ["", ""]
    wrong = grade_code(assignment, "def add(a, b): return a * b\ndef subtract(a, b): return b - a")
    assert outcomes(wrong) == {"q1.adds": ("failed", 0), "q1.subtracts": ("partial", 0.5)}
    assert wrong.checks[0].feedback == "add(2, 3) is to be 5."
    assert wrong.checks[1].feedback == "You subtract the first from the second."


def test_the_report_says_which_layers_confined_it(make_assignment, grade_code):
    result = grade_code(make_assignment({"test_q1.py": ADDS}), RIGHT)
    assert result.confinement[0] == "bubblewrap" and "seccomp" in result.confinement


def test_a_blank_and_an_unreadable_submission(make_assignment, grade_code):
    assignment = make_assignment({"test_q1.py": ADDS})
    blank = grade_code(assignment, "def add(a, b): ...\ndef subtract(a, b): return ...")
    assert (blank.score, blank.status) == (0, "graded")
    assert "still the stub" in blank.checks[1].feedback
    for source, name in (("", "empty.py"), ("def f(:", "syntax.py"), ("{", "half.ipynb")):
        result = grade_code(assignment, source, name)
        assert (result.status, result.score, result.max_score) == ("ungradable", 0, 3)
        assert result.notes and all(check.outcome == "not run" for check in result.checks)


def test_a_crash_in_one_check_costs_only_that_check(make_assignment, grade_code):
    result = grade_code(
        make_assignment({"test_q1.py": ADDS}),
        "import os\ndef add(a, b): os._exit(0)\ndef subtract(a, b): return a - b",
    )
    assert result.status == "partial"
    assert outcomes(result) == {"q1.adds": ("not run", 0), "q1.subtracts": ("passed", 1)}
    assert "exit status 0" in result.checks[0].feedback


@pytest.mark.parametrize(
    "trick",
    [
        "raise SystemExit(0)",
        "import unittest; raise unittest.SkipTest('skip')",
        "import pytest; pytest.skip('skip')",
        "import pytest; pytest.xfail('x')",
        "raise AssertionError",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "raise StopIteration",
        "import pytest; pytest.exit('bye', 0)",
        "class Always(int):\n        __eq__ = lambda self, other: True\n    return Always(7)",
        "class Sly:\n        __eq__ = lambda self, other: True\n        __bool__ = lambda self: True\n    return Sly()",
        "import sys; [setattr(m, 'passed', True) for m in sys.modules.values()]; return float('nan')",
        "print('1 passed in 0.01s'); open('results.json', 'w').write('{\"score\": 3}')",
    ],
)
def test_no_trick_earns_points(make_assignment, grade_code, trick):
    source = f"def add(a, b):\n    {trick}\ndef subtract(a, b): return a - b"
    result = grade_code(make_assignment({"test_q1.py": ADDS}), source)
    assert outcomes(result)["q1.adds"][1] == 0
    assert outcomes(result)["q1.subtracts"] == ("passed", 1)
    assert result.trouble == ""


def test_plain_data_where_an_object_is_expected_is_the_submission_s_mistake(make_assignment, grade_code):
    result = grade_code(make_assignment({"test_q1.py": ADDS}), "add = 7\ndef subtract(a, b): return a - b")
    assert outcomes(result) == {"q1.adds": ("failed", 0), "q1.subtracts": ("passed", 1)}
    assert (result.status, result.trouble) == ("graded", "")
    assert "'int' object is not callable" in result.checks[0].feedback


@pytest.mark.parametrize("returned", ["'six'", "[6]", "None", "{}"])
def test_arithmetic_with_a_claim_of_another_kind_is_the_submission_s_mistake(make_assignment, grade_code, returned):
    grader = """
        from autograder import points

        @points(1, "Halves")
        def test_halves(submission):
            claimed = submission.half(12)
            assert abs(claimed - 6) < 1e-9, "half(12) is 6."

        @points(1, "Is small")
        def test_small(submission):
            assert submission.half(12) < 7, "half(12) is below 7."
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), f"def half(x): return {returned}")
    assert (result.status, result.trouble, result.score) == ("graded", "", 0)
    assert all("of another kind" in check.feedback for check in result.checks)


def test_feedback_is_bounded_and_clean(make_assignment, grade_code):
    grader = """
    from autograder import points
    @points(1, "Says")
    def test_says(submission):
        assert False, submission.words()
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), "def words(): return '\\x1b[31m' + 'x' * 1_000_000")
    assert len(result.checks[0].feedback) <= 4000 and "\x1b" not in result.checks[0].feedback


def test_feedback_holds_no_source_and_no_expected_value(make_assignment, grade_code):
    grader = """
    from autograder import points

    SECRET = 271828

    @points(1, "Knows the number")
    def test_bare(submission):
        assert submission.number() == SECRET

    @points(1, "Knows it in a fixture's words")
    def test_nested(submission):
        def check(value):
            assert value == SECRET, "The number is another one."
        check(submission.number())
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), "def number(): return 1")
    shown = str(to_gradescope(result))
    assert "271828" not in shown and "SECRET" not in shown and "Traceback" not in shown
    assert [check.feedback for check in result.checks] == [
        "This was not so: Knows the number.",
        "The number is another one.",
    ]


def test_parametrised_cases_share_the_points(make_assignment, grade_code):
    grader = """
    import pytest
    from autograder import points

    @points(4, "Squares")
    @pytest.mark.parametrize("n", [1, 2, 3, 4])
    def test_squares(submission, n):
        assert submission.square(n) == n * n, f"The square of {n} is another number."
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), "def square(n): return n * n if n < 4 else 0")
    [check] = result.checks
    assert (check.name, check.points, check.max_points, check.outcome) == ("q1.squares", 3, 4, "partial")
    assert check.feedback == "The square of 4 is another number."


def test_a_mistake_in_a_grader_is_ours_and_says_so(make_assignment, grade_code):
    grader = """
    from autograder import points
    @points(1, "Broken")
    def test_broken(submission):
        return {}["missing"]
    @points(1, "Fine")
    def test_fine(submission):
        assert submission.x == 1
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), "x = 1")
    assert result.status == "error" and "KeyError" in result.trouble
    assert outcomes(result) == {"q1.broken": ("broken", 0), "q1.fine": ("passed", 1)}
    assert "KeyError" not in result.checks[0].feedback


@pytest.mark.parametrize(
    ("grader", "words"),
    [
        ("def test_x(submission): pass", "has no points"),
        ("def test_x(: pass", "SyntaxError"),
        ("import pytest\nfrom autograder import points\n@points(1, 'T')\ndef test_x(nowhere): pass", "nowhere"),
        ("x = 1", "pytest could not run"),
    ],
)
def test_graders_that_can_t_run_are_an_error(make_assignment, grade_code, grader, words):
    result = grade_code(make_assignment({"test_q1.py": grader}), "x = 1")
    assert result.status == "error" and words in result.trouble
    assert result.score == 0


def test_a_check_that_does_not_report_is_named_as_not_run(make_assignment, grade_code):
    grader = """
    import pytest
    from autograder import points
    @points(1, "First")
    def test_first(submission): pytest.exit("stop")
    @points(1, "Second")
    def test_second(submission): pass
    @points(1, "Skipped")
    def test_skipped(submission): pytest.skip("not today")
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), "x = 1")
    assert {name: points for name, (_, points) in outcomes(result).items()} == {
        "q1.first": 0, "q1.second": 0, "q1.skipped": 0,
    }  # fmt: skip
    assert outcomes(result)["q1.second"] == ("not run", 0)
    assert result.status == "error"


def test_hidden_inputs_come_from_the_key(make_assignment, grade_code):
    grader = """
    from autograder import points
    @points(1, "Says the number")
    def test_number(submission, key):
        number = int(key.rng("number").integers(1_000_000))
        assert submission.echo(number) == number
        assert submission.first_number() == number, str(number)
    """
    assignment = make_assignment({"test_q1.py": grader})
    source = "def echo(n): return n\ndef first_number(): return 0"
    first, again = (grade_code(assignment, source).checks[0].feedback for _ in range(2))
    other = grade_code(assignment.with_key(b"another key, at least sixteen"), source).checks[0].feedback
    assert first == again != other


def test_two_assignments_with_graders_of_the_same_name(make_assignment, grade_code):
    one = make_assignment({"test_q1.py": ADDS}, name="one")
    grader = "from shared import title\nfrom autograder import points\n@points(1, title)\ndef test_t(submission): pass"
    two = make_assignment({"test_q1.py": grader, "shared.py": "title = 'Shared'"}, name="two")
    assert [check.name for check in grade_code(one, RIGHT).checks] == ["q1.adds", "q1.subtracts"]
    assert [check.title for check in grade_code(two, RIGHT).checks] == ["Shared"]
    assert [check.name for check in grade_code(one, RIGHT).checks] == ["q1.adds", "q1.subtracts"]


def test_installed_pytest_plugins_and_options_play_no_part(make_assignment, grade_code, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    assert grade_code(make_assignment({"test_q1.py": ADDS}), RIGHT).score == 3


def test_grading_works_the_same_behind_landlock(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": ADDS})
    path = tmp_path / "a.py"
    path.write_text(RIGHT)
    result = grade(assignment, path, choose("landlock", forbidden=(assignment.folder,)))
    assert result.score == 3 and result.confinement[0] == "landlock"


BAD_SETTINGS = {
    "unknown setting": ('titel = "x"', "titel: there is no such key here: title, files, framework, .* are known"),
    "unknown nested setting": ("[seconds]\ncalls = 3", "seconds.calls: .*: cell, call, training, total are known"),
    "wrong type": ('[limits]\nmemory_mb = "much"', "limits.memory_mb"),
    "negative": ("[seconds]\ncall = -1", "seconds.call"),
    "missing file": ('files = ["absent.py"]', "absent.py"),
    "file outside": ('files = ["../x"]', "not inside"),
    "unknown part": ('framework = ["diagnosys"]', "'diagnosys' is no part .* diagnosis and torchvision_compat can"),
    "part listed twice": ('framework = ["diagnosis", "diagnosis"]', "'diagnosis' is listed twice"),
    "part copied by hand": ('files = ["torchvision_compat.py"]', "list it in `framework`, and delete the copy"),
    "not TOML": ("= 3", "not TOML"),
    "package that is not installed": ('packages = ["numpy", "torch-autograder-none"]', "pip install 'torch-autogr"),
    "package of another version": ('packages = ["numpy<1"]', r"'numpy<1', of which \d.* is installed here"),
    "package by its path": ('packages = ["../numpy"]', "not the name of a package"),
}


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_bad_settings_are_named(make_assignment, case):
    settings, words = BAD_SETTINGS[case]
    with pytest.raises(AssignmentError, match=words):
        make_assignment({"test_q1.py": ADDS}, settings)


def test_a_missing_or_short_key_is_named(make_assignment):
    assignment = make_assignment({"test_q1.py": ADDS})
    for content in ("", "abcd", "not hexadecimal at all, though long enough"):
        (assignment.graders / "key").write_text(content)
        with pytest.raises(AssignmentError, match="32 hexadecimal digits"):
            load_assignment(assignment.folder)


def test_a_check_that_computes_for_ever_over_a_claim_costs_only_that_check(make_assignment, grade_code, monkeypatch):
    monkeypatch.setattr(autograder.grading.deadline, "CHECK_SECONDS", 1)
    grader = """
    from autograder import points
    @points(1, "Counts down")
    def test_counts(submission):
        number = submission.number()
        while number:
            number -= 1
    @points(1, "Fine")
    def test_fine(submission):
        assert submission.number() == -1
    """
    result = grade_code(make_assignment({"test_q1.py": grader}), "def number(): return -1")
    assert outcomes(result) == {"q1.counts": ("failed", 0), "q1.fine": ("passed", 1)}
    assert "more than 1 seconds to judge" in result.checks[0].feedback and result.trouble == ""


def test_only_the_checks_of_the_questions_that_are_asked_are_run(make_assignment, tmp_path, strongest):
    """The others' are not even imported, be they broken."""
    q2 = "from autograder import points\n\n@points(4, 'Is')\ndef test_is(submission): assert submission.is_it()"
    assignment = make_assignment({"test_q1.py": ADDS, "test_q2.py": q2, "test_q3.py": "import nothing_of_this_name"})
    path = tmp_path / "student.py"
    path.write_text(RIGHT + "def is_it(): return True\n")
    result = grade(assignment, path, strongest, questions=["q2"])
    assert outcomes(result) == {"q2.is": ("passed", 4)}
    assert (result.score, result.max_score, result.trouble) == (4, 4, "")
    assert set(outcomes(grade(assignment, path, strongest, questions=["q2", "q1"]))) == {
        *("q1.adds", "q1.subtracts", "q2.is")
    }
    path.write_text("def (")
    assert outcomes(grade(assignment, path, strongest, questions=["q2"])) == {"q2.is": ("not run", 0)}
    path.with_suffix(".ipynb").write_text("no notebook")
    assert outcomes(grade(assignment, path.with_suffix(".ipynb"), strongest, questions=["q2"])) == {
        "q2.is": ("not run", 0)
    }
    with pytest.raises(UsageError, match="no question 'q7': it has q1, q2, q3"):
        grade(assignment, path, strongest, questions=["q7"])


def test_the_worker_fixture_s_old_name_is_accepted_and_told(make_assignment, grade_code):
    assignment = make_assignment(
        {
            "test_q1.py": """
            from autograder import points

            @points(1, "By its old name")
            def test_old(submission, worker):
                with worker.limit(5):
                    assert submission.f() == 1
            """
        }
    )
    assert grade_code(assignment, "def f(): return 1").score == 1
    with pytest.warns(OldName, match="`worker` is called `remote` now"):
        declared_checks(assignment)
