"""What students are shown, as pages and as Markdown, and packed to be returned."""

import re
import zipfile
from dataclasses import replace

import pytest
from browsers import chromium, opened
from classes import class_of, stored
from commands import autograder
from markdown_it import MarkdownIt
from markupsafe import escape
from test_page import HOSTILE

from autograder.batch.store import ResultStore
from autograder.report.feedback import as_html, as_markdown, pack, shown_to_student, write_feedback
from autograder.report.policy import without_policy
from autograder.results import Check, LeaderboardEntry, Result, Ruling


def shown_to(result, *arguments):
    [marked] = without_policy([result])
    return shown_to_student(marked, *arguments)


TITLE = "Convolutional neural networks"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def secret(n):
    return f"secret-{n}-"


RULING = Ruling(secret(1), "accuracy", "at least", 0.65, (0.123456,), (1,), (0,), 1e-4, 1e-5, secret(2), False)
GUARDED = Result(
    "ada.py", "error",
    (
        Check("q1.a", "Shown", 1, 2, "partial", "Told.", 1.2345, "visible", (secret(3),), (RULING,), "claimed"),
        Check("q1.b", secret(5), 0, 2, "failed", secret(6), visibility="hidden"),
        Check("q2.c", "After the due date", 0, 2, "failed", "Due.", visibility="after_due_date"),
        Check("q2.d", "After publication", 0, 2, "failed", "Published.", visibility="after_published"),
    ),
    trouble=f"Traceback {secret(7)}", confinement=(secret(8),), seconds=77.7,
    leaderboard=(LeaderboardEntry(secret(9), 0.987654),),
)  # fmt: skip


@pytest.mark.parametrize("write", [as_html, as_markdown])
def test_what_there_is_more_to_read_about_is_named(write):
    def of(check):
        return write(shown_to(Result("ada.py", "graded", (check,)), TITLE))

    known = Check("q1.a", "Shown", 0, 2, "failed", "The padding is counted once.", code="padding-once")
    diagnosed = replace(known, feedback="Most likely: gradients are never set to zero.", code="")
    assert "autograder explain padding-once" in of(known)
    assert "autograder explain no-zero-grad" in of(diagnosed)
    assert "explain" not in of(replace(known, code="of-this-exercise")), "nothing is written about it"
    assert "explain" not in of(replace(known, points=2, outcome="passed", code="", feedback=""))


@pytest.mark.parametrize("write", [as_html, as_markdown])
def test_a_student_sees_what_is_meant_for_students_and_nothing_more(write):
    text = write(shown_to(GUARDED, TITLE))
    assert "Told." in text and "Something went wrong on our side" in text and "3 more checks count" in text
    for hidden in ("secret-", "Traceback", "77.7", "0.987654", "0.123456", "1.2345", "Due.", "Published."):
        assert hidden not in re.sub(r"<style>.*?</style>", "", text, flags=re.S)
    later = write(shown_to(GUARDED, TITLE, "after_due_date"))
    assert "Due." in later and "Published." not in later and "2 more checks count" in later
    last = write(shown_to(GUARDED, TITLE, "after_published"))
    assert "Due." in last and "Published." in last and "secret-" not in last


def test_no_page_names_another_student(tmp_path):
    results = class_of(60)
    written = write_feedback(without_policy(results), tmp_path, TITLE)
    names = [result.submission for result in results]
    for result in results:
        for path in written[result.submission]:
            text = path.read_text()
            assert [name for name in names if name in text] == [result.submission]
            assert not any(line in text for check in result.checks for line in check.decided)
        page = written[result.submission][0].read_text()
        assert all(escape(check.title) in page and escape(check.feedback) in page for check in result.checks)


@pytest.mark.parametrize("payload", [*HOSTILE.values(), "```\n# out\n````\n<b>", "\u202e](x)", "- a\n\n# b"])
def test_in_markdown_what_is_of_a_submission_is_code(payload):
    check = Check("q1.a", payload, 0, 1, "failed", payload)
    shown = shown_to(Result(f"{payload}.py", "partial", (check,), (payload,)), payload)
    markdown = MarkdownIt("commonmark")
    tokens = markdown.parse(as_markdown(shown))
    headings = [token for token in tokens if token.type == "heading_open"]
    assert len(headings) == 2
    inline = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in inline} <= {"text", "strong_open", "strong_close", "softbreak", "text_special"}
    assert not [token for token in tokens if token.type == "html_block"]


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_nothing_of_a_submission_runs_or_is_fetched(browser, tmp_path, payload):
    check = Check("q1.a", f"T {payload}", 0, 1, "failed", f"F {payload}")
    path = tmp_path / "feedback.html"
    path.write_text(as_html(shown_to(Result(f"{payload}.py", "partial", (check,), (payload,)), TITLE)))
    with opened(browser, path) as seen:
        assert f"F {payload}" in seen.page.locator("main").inner_text()
        assert seen.page.locator("script, img, iframe, base, link, svg, a, form").count() == 0
        assert seen.page.locator("style").count() == 1 and seen.page.locator("body").is_visible()
        assert seen.page.evaluate("window.pwned") is None and not seen.dialogs and not seen.errors
        assert seen.requests == [path.as_uri()]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1400, "dark")])
def test_it_fits_and_axe_finds_nothing_serious(browser, tmp_path, width, scheme):
    result = next(r for r in stored() if 0 < r.score < r.max_score)
    path = tmp_path / "feedback.html"
    path.write_text(as_html(shown_to(result, TITLE)))
    with opened(browser, path, width, scheme) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.serious() == []


# --- returned --------------------------------------------------------------------------------------------------------


def packed(tmp_path, platform, *names):
    result = stored()[0]
    written = write_feedback(without_policy([replace(result, submission=name) for name in names]), tmp_path, TITLE)
    done = pack(written, tmp_path, platform)
    with zipfile.ZipFile(done.path) as archive:
        for name in archive.namelist():
            assert b"<!DOCTYPE html>" in archive.read(name)
        return done, archive.namelist()


def test_canvas_finds_whose_they_are_by_the_numbers_in_the_names(tmp_path):
    done, names = packed(
        tmp_path, "canvas", "adlerada_12345_67890_notebook-1.ipynb", "boadler_LATE_12346_67891_my_cnn.py", "stray.ipynb"
    )
    assert names == ["adlerada_12345_67890_notebook-1.html", "boadler_LATE_12346_67891_my_cnn.html"]
    assert done.left_out == ("stray.ipynb",) and done.count == 2


@pytest.mark.parametrize("slash", ["_", ""], ids=["before 4.1", "since 4.1"])
def test_moodle_finds_whose_they_are_by_the_folder(tmp_path, slash):
    folder = f"Ada Adler_4711_assignsubmission_file{slash}"
    done, names = packed(
        tmp_path,
        "moodle",
        f"{folder}/cnn.ipynb",
        f"{folder}/old.ipynb",
        "Bo Brandt_12_assignsubmission_file_a_b.py",
        "x.py",
    )
    assert names == [f"{folder}/feedback.html", "Bo Brandt_12_assignsubmission_file_/feedback.html"]
    assert done.doubled == (f"{folder}/old.ipynb",) and done.left_out == ("x.py",)


def test_names_that_are_too_long_or_those_of_folders_get_pages_too(tmp_path):
    done, names = packed(tmp_path, "files", "a.py", "a.py.html/b.py", f"{'x' * 253}.py")
    assert len(names) == done.count == 3


def test_the_command(tmp_path):
    results, out = class_of(6), tmp_path / "out"
    store = ResultStore(out, title=TITLE)
    with store.locked():
        for result in results:
            store.add(result)
        store.finished(results, is_complete=True)
    done = autograder("feedback", out)
    assert done.returncode == 0 and "6 pages" in done.stdout
    page = (out / "feedback" / f"{results[0].submission}.html").read_text()
    assert f"<h1>{TITLE}</h1>" in page
    assert (out / "feedback" / f"{results[0].submission}.md").exists()
    done = autograder("feedback", out, "--for", "files")
    assert done.returncode == 0 and (out / "feedback-files.zip").exists()
    done = autograder("feedback", out, "--for", "canvas")
    assert done.returncode == 1 and f"canvas did not name these files: {results[0].submission}" in done.stdout
    assert autograder("feedback", tmp_path).returncode == 2
