"""``autograder new``: each template makes an assignment that grades, is as its audit declares, and can be released."""

import json
import tomllib

import pytest
from commands import autograder

from autograder.assignment import load_assignment
from autograder.quality.declared import declared_submissions
from autograder.scaffolding.new import templates

TITLE = 'Of "quotes", \\ and Ümläute'


@pytest.fixture(params=sorted(templates()), scope="module")
def made(request, tmp_path_factory):
    """A folder in which `autograder new` was called with this template, and what it said."""
    folder = tmp_path_factory.mktemp("course")
    done = autograder("new", "lesson-1", "--template", request.param, "--title", TITLE, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_it_grades_at_once_and_its_audit_holds(made):
    folder, said = made
    assert "solutions/lesson-1/README.md" in said
    lesson = folder / "solutions" / "lesson-1"
    assert tomllib.loads((lesson / "assignment.toml").read_text())["title"] == TITLE
    kinds = [name.partition("/")[0] for name in declared_submissions(lesson)]
    assert kinds.count("right") >= 2 and kinds.count("wrong") >= 4
    graded = autograder("grade", "lesson-1", lesson / "submissions" / "right", "-o", "out", cwd=folder)
    assert graded.returncode == 0, graded.stderr
    for path in (folder / "out" / "results").glob("*.json"):
        result = json.loads(path.read_text())
        assert all(test["score"] == test["max_score"] > 0 for test in result["tests"]), path.name
    audited = autograder("audit", "lesson-1", cwd=folder)
    assert audited.returncode == 0 and "No wrong submission loses" not in audited.stdout, audited.stdout


def test_it_can_be_released(made):
    folder, _ = made
    released = autograder("assign", "lesson-1", cwd=folder)
    assert released.returncode == 0 and "the blank notebook none" in released.stdout, released.stderr
    assert (folder / "assignments" / "lesson-1" / "lesson-1.ipynb").is_file()
    assert (folder / "solutions" / "lesson-1" / "autograder.zip").is_file()


def test_each_has_a_key_of_its_own(made, tmp_path):
    folder, _ = made
    assert autograder("new", "other", cwd=tmp_path).returncode == 0
    keys = [load_assignment(where).key for where in (folder / "solutions/lesson-1", tmp_path / "solutions/other")]
    assert keys[0] != keys[1]


def test_templates_are_listed():
    said = autograder("new", "--list").stdout
    assert all(name in said and template.about in said for name, template in templates().items())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["new"], "autograder new NAME"),
        (["new", "Capital"], "small letters"),
        (["new", "../outside"], "small letters"),
        (["new", "fine", "--template", "gan"], f"there are {', '.join(sorted(templates()))}"),
        (["new", "fine", "--title", "two\nlines"], "one line"),
        (["new", "taken"], "is there already"),
    ],
)
def test_what_can_t_be_made_is_said_and_nothing_is_left(tmp_path, arguments, says):
    (tmp_path / "solutions" / "taken").mkdir(parents=True)
    done = autograder(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["solutions", "taken"]
