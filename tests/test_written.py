"""Written answers, from a real Otter Assign to the page and the table on which they are marked."""

import csv
import json
import re
import shutil
import time
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import jupytext
import nbformat
import pytest
from commands import autograder
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.assignment import load_assignment
from autograder.errors import AutograderError
from autograder.packaging.leaks import find_leaks
from autograder.packaging.master import read_master
from autograder.report.marking import _as_html, write_written
from autograder.results import Answer, Result
from autograder.submission import read_submission
from autograder.submission import written as reading

PLACEHOLDER = "_Type your answer here, replacing this text._"
MASTER = """# %% [raw]
# # ASSIGNMENT CONFIG
# name: essay
# tests: {files: true, ok_format: false}
# export_cell: {pdf: false}
# plugins:
#   - autograder.packaging.otter.HiddenGraders

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 0

# %% [markdown]
# # Question 1: double a number

# %% [raw]
# # BEGIN SOLUTION

# %%
def double(x):
    return 2 * x  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_two(double):
    assert double(2) == 4

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2
# manual: true
# points: 3

# %% [markdown]
# ## Question 2: why `double`?
#
# Explain in **two** sentences, with $a_1 * b$.

# %% [markdown]
# A second cell of the text.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Because the marking scheme says so, in many words.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q3
# manual: true

# %% [markdown]
# ## Question 3: a plan

# %% [raw]
# # BEGIN SOLUTION

# %%
plan = "train for longer than that"  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
"""
GRADER = """
from autograder import points

@points(2, "Doubles")
def test_doubles(submission):
    assert submission.double(4) == 8, "double(4) is 8."
"""
Q2, Q3 = "Question 2: why double?", "Question 3: a plan"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("course") / "solutions" / "essay"
    (folder / "graders").mkdir(parents=True)
    (folder / "essay.py").write_text(MASTER)
    (folder / "graders" / "test_q1.py").write_text(GRADER)
    (folder / "graders" / "key").write_text("5ec2e7" * 12)
    (folder / "assignment.toml").write_text('title = "Essay"\npreload = []\n')
    return folder


@pytest.fixture(scope="module")
def released(course, tmp_path_factory) -> Path:
    """What `autograder assign` makes of it: leak check, solved notebook, scores and all."""
    folder = tmp_path_factory.mktemp("released")
    done = autograder("assign", course, "-o", folder)
    assert done.returncode == 0, done.stderr
    assert "The reference gets 2 of 2 points, the blank notebook none." in done.stdout
    return folder


@pytest.fixture(scope="module")
def blank(released) -> nbformat.NotebookNode:
    return nbformat.read(released / "essay" / "essay.ipynb", as_version=4)


def filled_in(blank, why=None, plan=None, add="") -> nbformat.NotebookNode:
    """The student version with answers: of Markdown to question 2, of code to question 3."""
    notebook = nbformat.from_dict(json.loads(json.dumps(blank)))
    for cell in notebook.cells:
        if cell.source == PLACEHOLDER and why is not None:
            cell.source = why
        elif cell.source == "plan = ..." and plan is not None:
            cell.source = plan
        elif cell.source.startswith("def double"):
            cell.source = f"def double(x):\n    return 2 * x\n{add}"
    return notebook


@pytest.fixture
def hand_in(blank, tmp_path):
    def write(name, **answers) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(filled_in(blank, **answers), path)
        return path

    return write


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


# From the release to the page


def test_a_release_keeps_the_written_solution_and_gives_it_no_points(released, tmp_path):
    student = released / "essay"
    assert "marking scheme" not in (student / "essay.ipynb").read_text()
    assert [path.name for path in (student / "tests").iterdir()] == ["q1.py"]
    done = autograder("grade", released / "autograder.zip", student / "essay.ipynb", "-o", tmp_path)
    assert done.returncode == 0 and "written.html" in done.stdout.replace("\n", ""), done.stderr
    assert (tmp_path / "written.html").read_text().count("Not answered") == 2


def test_a_line_of_a_written_solution_is_a_leak(course, released, tmp_path):
    shutil.copytree(released / "essay", tmp_path / "essay")
    notebook = nbformat.read(tmp_path / "essay" / "essay.ipynb", as_version=4)
    notebook.cells[1].metadata["hint"] = "Because the marking scheme says so, in many words."
    nbformat.write(notebook, tmp_path / "essay" / "essay.ipynb")
    assignment = load_assignment(course)
    [leak] = find_leaks(assignment, read_master(assignment), tmp_path / "essay")
    assert "a line of the solutions: Because the marking scheme" in str(leak)


def test_a_class(course, hand_in, tmp_path):
    """A notebook, Otter's export, a script, what can't be read, and what was left blank or deleted."""
    ada = hand_in(
        "ada.ipynb", why="It is *twice* as much,\nwith $a_1 * b$ and $c * d$.", plan="plan = 'x < y'\nprint(plan)"
    )
    hand_in("bob/essay.ipynb")
    with zipfile.ZipFile(tmp_path / "in" / "carl.zip", "w") as archive:
        archive.write(hand_in("essay.ipynb", why="From an export.", plan=""), "essay.ipynb")
        archive.writestr(".OTTER_LOG", b"\x80\x04")
    (tmp_path / "in" / "essay.ipynb").unlink()
    notebook = nbformat.read(ada, as_version=4)
    jupytext.write(notebook, tmp_path / "in" / "dora.py", fmt="py:percent")
    notebook.cells = [cell for cell in notebook.cells if "plan" not in cell.source]
    nbformat.write(notebook, tmp_path / "in" / "eve.ipynb")
    (tmp_path / "in" / "fred.ipynb").write_text("not a notebook")

    done = autograder("grade", course, tmp_path / "in", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("To be marked by hand") == 1
    names = ["ada.ipynb", "bob/essay.ipynb", "carl.zip", "dora.py", "eve.ipynb", "fred.ipynb"]
    rows = rows_of(tmp_path / "out" / "marks.csv")
    assert rows[0] == ["submission", "question", "marks", "comment"]
    assert rows[1:] == [[name, question, "", ""] for question in (Q2, Q3) for name in names]

    page = (tmp_path / "out" / "written.html").read_text()
    assert page.count(f"{Q2}</h2>") == page.count(f"{Q3}</h2>") == 1
    second, third = page.split("<section>")[1:]
    assert second.count("Explain in <strong>two</strong> sentences") == 1, "the text of the question, once"
    assert second.count("A second cell of the text.") == 1
    said = dict(re.findall(r"<h3>(.+?)</h3>\s*(.*?)</article>", second, re.DOTALL))
    assert list(said) == names
    assert said["ada.ipynb"] == said["dora.py"] == said["eve.ipynb"]
    assert "<em>twice</em>" in said["ada.ipynb"] and "$a_1 * b$</span> and" in said["ada.ipynb"]
    assert "From an export." in said["carl.zip"]
    assert "Not answered: empty, or still the placeholder." in said["bob/essay.ipynb"]
    assert "Not read: This is not a notebook" in said["fred.ipynb"]
    said = dict(re.findall(r"<h3>(.+?)</h3>\s*(.*?)</article>", third, re.DOTALL))
    assert "<pre>plan = &#39;x &lt; y&#39;\nprint(plan)</pre>" in said["ada.ipynb"]
    assert said["ada.ipynb"] == said["dora.py"]
    assert "Not answered" in said["carl.zip"] and "Not answered" in said["bob/essay.ipynb"]
    assert "Missing: this question is not in the submission." in said["eve.ipynb"]


def test_without_manual_questions_there_is_neither_file(make_assignment, tmp_path):
    (tmp_path / "ada.py").write_text("def double(x): return 2 * x")
    assignment = make_assignment({"test_q1.py": GRADER})
    done = autograder("grade", assignment.folder, tmp_path / "ada.py", "-o", tmp_path / "out")
    assert done.returncode == 0 and "by hand" not in done.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "report.html", "results", "scores.csv", "store.sqlite",
    ]  # fmt: skip


# Reading


def answers_of(tmp_path, *cells) -> tuple[Answer, ...]:
    nbformat.write(new_notebook(cells=[new_code_cell("x = 1"), *cells]), tmp_path / "a.ipynb")
    return read_submission(tmp_path / "a.ipynb").answers


def text(source, **metadata):
    return new_markdown_cell(source, metadata=metadata)


@pytest.mark.parametrize("left", [PLACEHOLDER, "", " \n", "...", f"\n{PLACEHOLDER}\n"])
def test_what_was_left_as_it_was_is_no_answer(tmp_path, left):
    [answer] = answers_of(tmp_path, text("<!-- BEGIN QUESTION -->\n# Why?"), text(left))
    assert answer == Answer("Why?", (), ())


@pytest.mark.parametrize("said", [f"{PLACEHOLDER}\nBut this.", "... and so on", "x = ...  # I can't"])
def test_what_was_added_to_it_is_one(tmp_path, said):
    [answer] = answers_of(tmp_path, text("<!-- BEGIN QUESTION -->\n# Why?"), text(PLACEHOLDER), text(said))
    assert answer.written == (("markdown", said),)


def test_questions_end_where_otter_says_or_where_the_next_begins(tmp_path):
    answers = answers_of(
        tmp_path,
        text("<!-- BEGIN QUESTION -->\n\n**One?**", editable=False),
        text("1"),
        text("<!-- END QUESTION -->\n\n<!-- BEGIN QUESTION -->\n\n### Two? ###\nText", editable=False),
        new_code_cell("given()", metadata={"editable": False}),
        text("2"),
        new_code_cell("plot()"),
        text("<!-- END QUESTION -->\n\nBetween.", editable=False),
        text("Not an answer."),
        text("<!--BEGIN QUESTION-->"),
        text("<!-- begin question -->\n# One?"),
        text("3"),
    )
    assert [(a.question, a.written) for a in answers] == [
        ("One?", (("markdown", "1"),)),
        ("Two?", (("markdown", "2"), ("code", "plot()"))),
        ("Written question 3", ()),
        ("One? (2)", (("markdown", "3"),)),
    ]
    assert answers[1].asked == (("markdown", "Text"), ("code", "given()"))


HOSTILE_NOTEBOOKS = {
    "marks without end": text("<!-- BEGIN QUESTION -->x" * 200_000),
    "a mark that is not closed": text("<!-- BEGIN QUESTION -->x\n<!--" + " " * 2_000_000),
    "a long line": text("<!-- BEGIN QUESTION -->\n#" + "# " * 1_000_000),
    "a long answer": text("<!-- BEGIN QUESTION -->\nWhy?\n" + "x= " * 1_000_000),
    "a pasted picture": text("<!-- BEGIN QUESTION -->\n![](data:image/png;base64," + "iVBO" * 1_000_000 + ")"),
    "no characters": text("<!-- BEGIN QUESTION -->\n# Why\u202e\x00\x1b[31m\ud800?\r\nSo.\r\n\x00"),
}


@pytest.mark.parametrize("case", HOSTILE_NOTEBOOKS)
def test_hostile_questions_are_read_soon_and_cut(tmp_path, case):
    cells = [new_code_cell("x = 1"), HOSTILE_NOTEBOOKS[case], *[text(case)] * 1000]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (tmp_path / "a.ipynb").write_text(json.dumps(content))
    began = time.process_time()
    answers = read_submission(tmp_path / "a.ipynb").answers
    assert time.process_time() - began < 5
    assert 1 <= len(answers) <= reading.MAX_QUESTIONS
    parts = [part for answer in answers for part in (*answer.asked, *answer.written)]
    assert sum(len(source) for _, source in parts) < 1.1 * reading.MAX_CHARACTERS
    assert all(len(answer.question) <= 100 and answer.question.isprintable() for answer in answers)
    json.dumps(parts, ensure_ascii=False).encode()  # no lone surrogate
    if case == "a long answer":
        assert "left out" in parts[-1][1]


# The page

HOSTILE_TEXT = """# Evil </h2><script>alert(1)</script>
<script>alert(1)</script> <img src=x onerror=alert(1)> <iframe src="https://evil.example"></iframe>
<style>body { display: none }</style></div></article></pre><base href="https://evil.example"><!--

<svg onload=alert(1)>

![remote](https://evil.example/x.png) ![local](file:///etc/passwd) ![data](data:image/svg+xml;base64,PHN2Zz4=)
[js](javascript:alert(1)) [js](JaVaScRiPt:alert(1)) [js](javascript&colon;alert(1)) [js](&#106;avascript:alert(1))
[data](data:text/html,x) [file](file:///etc/passwd) [relative](../results/ada.json) [same](//evil.example)
[title](https://good.example "x\\" onmouseover=\\"alert(1)") <javascript:alert(1)> [ref]

[ref]: vbscript:alert(1) "x"

```js" onload="alert(1)
</code></pre><script>alert(1)</script>
```

$</span><script>alert(1)</script>$ and $$</div><script>$$

$$
</div><script>alert(1)</script>
$$

| a" onload="x | <b>b</b> |
|:-|-:|
| {{ 7 * 7 }} | {% raw %} |

[good](https://good.example) [mail](mailto:a@b.example)
"""
TAGS = re.findall(r"\w+", "html head meta title style body header h1 p small nav ol li a section h2 div article h3")
OF_MARKDOWN = re.findall(
    r"\w+",
    "h1 h2 h3 h4 h5 h6 p a em strong s code pre ul ol li table thead tbody tr th td hr br span blockquote div",
)
ATTRIBUTES = re.findall(r"[\w-]+", "lang charset name content http-equiv id class href title style start")


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.links = set(), set(), []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        self.links += [value for name, value in attributes if name == "href"]


def written_page(folder, *answers, title="Title") -> str:
    results = [Result(f"{n}.ipynb", "graded", (), answers=(answer,)) for n, answer in enumerate(answers)]
    page, _ = write_written(results, folder, title)
    return page.read_text()


def test_nothing_of_a_student_s_is_run_or_fetched(tmp_path):
    hostile = (("markdown", HOSTILE_TEXT), ("code", HOSTILE_TEXT))
    page = written_page(tmp_path, Answer(HOSTILE_TEXT[:100], hostile, hostile), title=HOSTILE_TEXT)
    assert page.count("<style>") == page.count("<!--") + 1 == 1
    seen = Tags(page)
    assert seen.tags <= {*TAGS, *OF_MARKDOWN}
    assert seen.attributes <= set(ATTRIBUTES)
    assert {link for link in seen.links if not link.startswith("#question-")} == {
        "https://good.example", "mailto:a@b.example", "https://evil.example/x.png",
    }  # fmt: skip
    assert set(re.findall(r'style="(.*?)"', page)) == {"text-align:left", "text-align:right"}
    assert "default-src 'none'" in page and "{{ 7 * 7 }}" in page


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*"<>\"'&()[]!`*_$|\\:#\n-~ ax=", "script", "http://", "on", "javascript:", "$$"])).map(
        "".join
    )
)
def test_markdown_is_never_more_than_a_few_tags(source):
    seen = Tags(_as_html(source))
    assert seen.tags <= set(OF_MARKDOWN) and seen.attributes <= {"href", "title", "class", "style", "start"}
    assert all(re.match("https?:|mailto:", link) for link in seen.links)


@pytest.mark.parametrize(
    "source",
    [
        "[" * 10_000,
        "![" * 5000,
        "*a " * 3300,
        ">" * 10_000,
        "|a" * 1500 + "\n" + "|-" * 1500 + "\n|b" * 1300,
        "x[" * 10**6,
    ],
)
def test_hostile_markdown_takes_little_time(source):
    began = time.process_time()
    assert _as_html(source)
    assert time.process_time() - began < 5


def test_markdown_that_its_library_fails_at_is_shown_as_text(monkeypatch):
    monkeypatch.setattr("markdown_it.MarkdownIt.render", lambda *_: 1 / 0)
    assert _as_html("<b>") == "<pre>&lt;b&gt;</pre>"


def asked(question, *written, asked=None):
    return Answer(question, (("markdown", asked or f"# {question}"),), tuple(("markdown", text) for text in written))


def test_a_changed_question_is_shown_and_a_renamed_one_is_nobody_else_s(tmp_path):
    answers = [
        (asked("One"), asked("Two", "x")),
        (asked("One", asked="Mine"), asked("Two", "y")),
        (asked("0", "z"), asked("Two")),
    ]
    results = [Result(f"{name}.py", "graded", (), answers=given) for name, given in zip("bca", answers, strict=True)]
    page, marks = write_written(results, tmp_path, "Title")
    assert page.read_text().count("was changed here") == 1
    assert [tuple(row[:2]) for row in rows_of(marks)[1:]] == [
        *((f"{name}.py", question) for question in ("One", "Two") for name in "bca"), ("a.py", "0"),
    ]  # fmt: skip


def test_three_hundred_submissions(tmp_path):
    given = tuple(asked(f"Question {n}", "Some *words* of an answer. " * 60) for n in range(8))
    began = time.process_time()
    write_written([Result(f"{n:03}.ipynb", "graded", (), answers=given) for n in range(300)], tmp_path, "Title")
    assert time.process_time() - began < 60
    assert len(rows_of(tmp_path / "marks.csv")) == 1 + 300 * 8


# The table


def results_of(*names, question="Why?"):
    return [Result(name, "graded", (), answers=(asked(question, "So."),)) for name in names]


def test_marks_that_were_filled_in_are_kept(course, hand_in, tmp_path):
    hand_in("ada.ipynb", why="So.")
    autograder("grade", course, tmp_path / "in", "-o", tmp_path / "out")
    marks = tmp_path / "out" / "marks.csv"
    mine = marks.read_text().replace(f"ada.ipynb,{Q2},,", f'ada.ipynb,{Q2},2.5,"Good, but\nshort"') + "zoe.ipynb,Old,1,"
    marks.write_text(mine)
    hand_in("bob.ipynb", why="No.")
    autograder("grade", course, tmp_path / "in", "-o", tmp_path / "out")
    assert marks.read_text() == f"{mine}\nbob.ipynb,{Q2},,\nbob.ipynb,{Q3},,\n"


@pytest.mark.parametrize(
    "saved",
    [
        "submission;question;marks;comment\r\na.py;Why?;3;gut, sehr gut\r\n",
        "\ufeffsubmission\tquestion\tmarks\tcomment\r\na.py\tWhy?\t3\t\r\n",
        "by,question,submission,marks\nme,Why?,a.py,3\n",
    ],
)
def test_a_table_that_a_spreadsheet_saved_in_its_own_way(tmp_path, saved):
    marks = tmp_path / "marks.csv"
    marks.write_bytes(saved.encode())
    write_written(results_of("a.py"), tmp_path, "Title")
    assert marks.read_bytes() == saved.encode(), "nothing to add"
    write_written(results_of("a.py", "b.py"), tmp_path, "Title")
    assert marks.read_bytes().startswith(saved.encode())
    delimiter = next(c for c in saved if c in ",;\t")
    with marks.open(encoding="utf-8-sig", newline="") as file:
        [_, new] = csv.DictReader(file, delimiter=delimiter)
    assert (new["submission"], new["question"], new["marks"]) == ("b.py", "Why?", "")


@pytest.mark.parametrize(
    "content", ["submission,question,marks\na.py,Pourquoi \xe9,3".encode("latin-1"), b"name,grade\nada,3\n"]
)
def test_a_table_that_can_t_be_read_is_left_as_it_is(tmp_path, content):
    (tmp_path / "marks.csv").write_bytes(content)
    with pytest.raises(AutograderError, match="it was left as it is"):
        write_written(results_of("a.py"), tmp_path, "Title")
    assert (tmp_path / "marks.csv").read_bytes() == content
    assert (tmp_path / "written.html").exists()


def test_a_spreadsheet_computes_nothing_in_the_table(tmp_path):
    for _ in range(2):
        write_written(results_of("=1+1.py", "@a.py", question="=HYPERLINK()"), tmp_path, "Title")
    assert rows_of(tmp_path / "marks.csv")[1:] == [
        ["'=1+1.py", "'=HYPERLINK()", "", ""],
        ["'@a.py", "'=HYPERLINK()", "", ""],
    ]


def test_a_wide_table_of_little_text_stays_text():
    """A row is filled up to the width of its table: ten thousand characters would make millions of cells."""
    text = "a|" * 1000 + "\n" + "-|" * 1000 + "\n" + "x\n" * 2900
    assert _as_html(text).startswith("<pre>")
    assert "<table>" in _as_html("a | b\n--|--\n1 | 2")
