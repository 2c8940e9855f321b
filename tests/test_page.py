"""The page of a class, in a real browser, and what it is made of."""

import hashlib
import math
import re
import statistics as stats
from dataclasses import replace
from pathlib import Path

import pytest
from browsers import chromium, opened
from classes import class_of, stored
from commands import autograder
from playwright.sync_api import expect
from scipy.stats import pearsonr

from autograder.errors import AutograderError, UsageError
from autograder.report.causes import cause_told
from autograder.report.page import class_page
from autograder.report.pseudonyms import Pseudonyms
from autograder.report.statistics import check_statistics, distribution
from autograder.results import Check, LeaderboardEntry, Result, Training

expect.set_options(timeout=60_000)  # ms: a busy machine is normal

SIZE = 120
NAMES = "#submissions tbody td:first-child"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def results():
    return class_of(SIZE)


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(class_page(results, "Convolutional neural networks"))
    return path


@pytest.fixture
def page(browser, written):
    with opened(browser, written) as seen:
        yield seen.page
        assert not seen.errors
        assert set(seen.requests) <= {written.as_uri()} or all(
            url.startswith(written.as_uri()) for url in seen.requests
        )


def expect_shown(page, count: int) -> None:
    """The table holds so many submissions, as filtered, at once or a moment later."""
    assert count > 0
    expect(page.locator(".dt-info")).to_have_text(re.compile(rf"^\d+ to \d+ of {count}\b"))


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_it_sorts_by_a_click_and_by_the_keyboard(page, results):
    score = page.locator("#submissions thead th", has_text="score")
    score.click()  # the table is sorted a moment later, and so with keys
    lowest = min(results, key=lambda r: (r.score, r.submission)).submission
    expect(page.locator(NAMES).first).to_have_text(lowest)
    score.locator("[tabindex]").focus()
    page.keyboard.press("Enter")
    expect(score).to_have_attribute("aria-sort", "descending")
    assert float(page.locator("#submissions tbody td").nth(1).inner_text()) == max(r.score for r in results)


def test_it_searches_names(page, results):
    page.get_by_label("Search names").fill("tala")
    wanted = [r.submission for r in results if "tala" in r.submission.lower()]
    assert wanted
    expect(page.locator(NAMES)).to_have_text(wanted)


def test_it_filters_by_status_question_and_cause(page, results):
    page.get_by_role("combobox", name="Status").select_option("partial")
    expect_shown(page, sum(r.status == "partial" for r in results))
    page.get_by_role("button", name="Show all", exact=True).click()
    expect_shown(page, SIZE)
    page.get_by_role("combobox", name="Lost points in").select_option("q2")
    lost = [r for r in results if any(c.name.startswith("q2.") and c.points < c.max_points for c in r.checks)]
    assert len(lost) < SIZE
    expect_shown(page, len(lost))
    page.get_by_role("combobox", name="Lost points in").select_option("")
    code = "q1.the-padding-is-counted-once"
    page.get_by_role("combobox", name="Cause").select_option(code)
    expect_shown(page, sum(any(t and t.code == code for t in map(cause_told, r.checks)) for r in results))


def test_a_cause_leads_to_those_who_were_told_it_and_has_an_address_of_its_own(browser, written, page, results):
    cause = page.locator("[id='cause-q1.the-padding-is-counted-once']")
    cause.get_by_role("button").click()
    expect_shown(page, int(cause.locator(".count").inner_text().split()[0]))
    expect(page.locator("#table")).to_be_focused()
    with opened(browser, written, at="#cause-q4.the-learning-rate-is-too-large") as seen:
        assert not seen.page.locator(":target").count()  # it goes by its code, not by its words
    with opened(browser, written, at="#cause-q4.learning-rate-too-large") as seen:
        assert seen.page.locator(":target h3").inner_text().endswith("the learning rate is too large")
        assert seen.page.locator(":target").is_visible()


def test_a_submission_opens_from_the_table_from_a_cause_and_by_its_address(browser, written, page, results):
    page.locator(NAMES).nth(2).get_by_role("link").click()
    part = page.locator("#opened")
    result = results[2]
    expect(part.locator("h2")).to_have_text(result.submission)  # the browser tells of a new address a moment later
    assert page.evaluate("document.activeElement.textContent") == result.submission
    texts = part.inner_text()
    for check in result.checks:
        assert check.title in texts and all(line in texts for line in check.feedback.splitlines())
    assert "bubblewrap" in texts and f"{result.seconds:.1f} s" in texts
    part.get_by_role("link", name="Next").click()
    expect(part.locator("h2")).to_have_text(results[3].submission)
    page.go_back()
    expect(part.locator("h2")).to_have_text(result.submission)
    part.get_by_role("link", name="Back to the table").click()
    expect(part).to_be_hidden()
    page.locator(".causes details summary").first.click()
    example = page.locator(".causes details a").first
    name = example.inner_text()
    example.click()
    expect(part.locator("h2")).to_have_text(name)
    address = page.url.partition("#")[2]
    with opened(browser, written, at=f"#{address}") as seen:
        expect(seen.page.locator("#opened h2")).to_have_text(name)


def test_the_rule_of_a_verdict_and_the_accuracy_among_the_class_are_shown(page, results):
    place = next(n for n, r in enumerate(results) if r.leaderboard and any(c.decided for c in r.checks))
    page.goto(page.url.partition("#")[0] + f"#submission={results[place].submission}")
    expect(page.locator("#opened h2")).to_have_text(results[place].submission)
    part = page.locator("#opened")
    decided = next(check.decided for check in results[place].checks if check.decided)
    assert decided[0] in part.inner_text()
    values = [entry.value for r in results for entry in r.leaderboard]
    better = sum(value > results[place].leaderboard[0].value for value in values)
    assert (
        f"{better} of {len(values)} submissions have a better one" in part.locator("> figure figcaption").inner_text()
    )
    assert part.locator("> figure svg").count() == 1


def test_a_training_is_drawn_and_said_in_words(page, results):
    place = next(n for n, r in enumerate(results) if r.trainings)
    page.goto(page.url.partition("#")[0] + f"#submission={results[place].submission}")
    expect(page.locator("#opened h2")).to_have_text(results[place].submission)
    words = page.locator("#opened .training figcaption").all_inner_texts()
    assert len(words) == page.locator("#opened .training svg").count() == 4
    training = results[place].trainings[0]
    assert words[1].startswith("What it returned: ")
    assert all(f"{name} ends at {values[-1]:g}" in words[1] for name, values in training.history)
    wrong = [
        (count, n, k) for n, row in enumerate(training.confusion) for k, count in enumerate(row) if n != k
    ]  # fmt: skip
    assert f"{max(wrong)[0]} images" in words[2]
    drawn = page.locator("#opened .training [role=img]").nth(2).locator("text").all_text_contents()
    counts = [str(count) for row in training.confusion for count in row if count]
    assert drawn[-len(counts) :] == counts


def test_what_is_no_number_in_a_training_is_said(browser, tmp_path):
    odd = Training("q4", (1.0, math.nan), (("val_loss", (math.nan,)),), ((0, 0), (0, 0)), (((0,),),))
    none = Training("q4", (math.nan,), (), (), ())
    path = tmp_path / "report.html"
    path.write_text(
        class_page([replace(r, trainings=(t,)) for r, t in zip(class_of(2), (odd, none), strict=True)], "Title")
    )
    with opened(browser, path) as seen:
        for n, words in enumerate(["and not always a number", "never a number"]):
            seen.page.locator(NAMES).nth(n).get_by_role("link").click()
            expect(seen.page.locator("#opened .training")).to_contain_text(words)
        assert not seen.errors


def test_it_can_be_used_with_the_keyboard_alone(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the submissions"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#submissions tbody') !== null"):
            break
    name = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator("#opened h2")).to_have_text(name)
    assert page.evaluate("document.activeElement.tagName") == "H2"


def test_on_paper_everything_is_unfolded(page, tmp_path, results):
    rows = "document.querySelectorAll('#submissions tbody tr').length"
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.seen = {rows} }})")
    page.pdf(path=tmp_path / "report.pdf")
    assert page.evaluate("window.seen") == SIZE
    assert page.locator("#submissions tbody tr").count() == 50  # as it was before
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_it_fits_and_axe_finds_nothing_serious(browser, written, width, scheme):
    with opened(browser, written, width, scheme) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.serious() == []
        seen.page.locator(NAMES).nth(1).get_by_role("link").click()
        expect(seen.page.locator("#opened h2")).to_be_visible()
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.serious() == []
        background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]


def test_3000_submissions_open_in_less_than_two_seconds(browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(class_page(class_of(3000), "Everybody"))
    assert path.stat().st_size < 16e6
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # what it takes, not what others take meanwhile
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    assert metrics["TaskDuration"] < 2
    page.get_by_label("Search names").fill("Tala Okafor 10")
    assert page.locator(NAMES).count() == 1
    context.close()


# --- what is hostile -------------------------------------------------------------------------------------------------

HOSTILE = {
    "a script": "<script>window.pwned = 1; alert(1)</script>",
    "the end of a script": "</script><script>window.pwned = 1</script>",
    "a comment in a script": "<!--<script>",
    "a picture": "<img src=x onerror='window.pwned = 1'>",
    "a remote picture": "![x](https://example.org/a.png) <img src='https://example.org/b.png'>",
    "a drawing": "<svg onload='window.pwned = 1'><animate onbegin='window.pwned = 1'/></svg>",
    "a style": "<style>body { display: none } @import url(https://example.org/c.css);</style>",
    "a link": "<a href='javascript:window.pwned = 1'>x</a> javascript:window.pwned=1",
    "a frame": "<iframe srcdoc='<script>parent.pwned = 1</script>'></iframe>",
    "a base": "<base href='https://example.org/'><meta http-equiv=refresh content='0;url=https://example.org'>",
    "entities": "&lt;img src=x onerror=window.pwned=1&gt; &amp; <img src=x onerror=window.pwned=1>",
    "a template": "{{ 7 * 7 }} {% raw %} ${window.pwned = 1} `",
    "an attribute": "\"' onmouseover=window.pwned=1 x='",
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_nothing_of_a_submission_runs_or_is_fetched(browser, tmp_path, payload):
    check = Check("q1.a", f"Title {payload}", 0, 1, "failed", f"Feedback {payload}", decided=(f"Rule {payload}",))
    result = Result(
        f"{payload}.py", "partial", (check,), (f"Note {payload}",), f"Trouble {payload}",
        confinement=("landlock",), leaderboard=(LeaderboardEntry(f"Board {payload}", 1.0),),
    )  # fmt: skip
    path = tmp_path / "report.html"
    path.write_text(class_page([result, replace(result, submission="other.py")], f"Title {payload}"))
    plain = tmp_path / "plain.html"
    harmless = replace(
        result, submission="a.py", notes=("Note",), trouble="Trouble", leaderboard=(LeaderboardEntry("B", 1.0),)
    )
    harmless = replace(harmless, checks=(replace(check, title="T", feedback="F", decided=("R",)),))
    plain.write_text(class_page([harmless, replace(harmless, submission="other.py")], "Title"))

    def elements(page):
        kinds = "script, style, img, iframe, base, meta, link, svg, object, embed, animate"
        return page.evaluate(f"Array.from(document.querySelectorAll('{kinds}'), e => e.localName).sort()")

    with opened(browser, plain) as seen:
        seen.page.locator(NAMES).first.get_by_role("link").click()
        expect(seen.page.locator("#opened h2")).to_be_visible()
        wanted = elements(seen.page)
    with opened(browser, path) as seen:
        page = seen.page
        page.get_by_label("Search names").fill("<img")
        page.get_by_label("Search names").fill("")
        page.locator(NAMES).first.get_by_role("link").click()
        expect(page.locator("#opened h2")).to_have_text(" ".join(result.submission.split()))
        for words in (check.feedback, check.title, check.decided[0], result.notes[0], result.trouble):
            assert words in page.locator("#opened").inner_text()
        page.locator("#opened").hover()
        assert elements(page) == wanted
        assert page.evaluate("window.pwned") is None
        assert not seen.dialogs and not seen.errors
        assert {url.partition("#")[0] for url in seen.requests} == {path.as_uri()}


def test_its_policy_stops_what_would_come_in_all_the_same(browser, written):
    with opened(browser, written) as seen:
        seen.page.evaluate(
            """() => {
                document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.pwned = 1'>"
                    + "<img src='https://example.org/x.png'><a id=bad href='javascript:window.pwned = 2'>x</a>");
                const script = Object.assign(document.createElement("script"), { textContent: "window.pwned = 3" });
                document.body.append(script);
            }"""
        )
        seen.page.locator("#bad").click()
        assert seen.page.evaluate("window.pwned") is None
        assert seen.page.evaluate("fetch('https://example.org').then(() => 'sent', () => 'stopped')") == "stopped"


# --- without names ---------------------------------------------------------------------------------------------------


def test_without_names_nothing_tells_whose_a_submission_is(results):
    named = [replace(r, notes=(f"In {r.submission} a cell failed.",)) for r in results]
    page = class_page(Pseudonyms(b"k" * 16).anonymous(named), "Title")
    parts = {part for r in results for part in r.submission.removesuffix("/notebook.ipynb").split()}
    assert not [
        part for part in parts if len(part) > 3 and part in re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    ]
    assert page == class_page(Pseudonyms(b"k" * 16).anonymous(named[::-1]), "Title")
    assert page != class_page(Pseudonyms(b"l" * 16).anonymous(named), "Title")
    with pytest.raises(AutograderError, match="another key"):
        Pseudonyms(b"k" * 16).anonymous([results[0], results[0]])


def test_a_key_is_made_once_and_others_are_refused(tmp_path):
    path = tmp_path / "key"
    first = Pseudonyms.with_key_in(path)
    assert Pseudonyms.with_key_in(path) == first and path.stat().st_mode & 0o077 == 0
    path.write_text("short")
    with pytest.raises(UsageError, match="hexadecimal"):
        Pseudonyms.with_key_in(path)


# --- causes and figures ----------------------------------------------------------------------------------------------


def told(feedback: str, name: str = "q1.a"):
    return cause_told(Check(name, "A title", 0, 1, "failed", feedback)).code


@pytest.mark.parametrize(
    ("feedback", "code"),
    [
        ("A loss of 2.31.\nMost likely: gradients are never set to zero. After 32 of 32 steps ...", "q1.no-zero-grad"),
        ("A loss.\nMost likely, again: gradients are never set to zero.", "q1.no-zero-grad"),
        ("Most likely: right answers are not divided. That gives 3.", "q1.right-answers-are-not-divided"),
        ("The padding is counted once. For image 7x12, PyTorch gives [2, 7].", "q1.the-padding-is-counted-once"),
        ("`conv1` is still the stub: `...` stands for the code that you are to write.", "q1.not-answered"),
        ("The `forward` of your CNN returns nothing yet: it is to return the scores.", "q1.not-answered"),
        ("`train` is not defined. No cell defines it: is it spelled as in the exercise?", "q1.not-defined"),
        ("`train` raised ValueError: bad (cell 3, line 2: `x`)", "q1.raises-valueerror"),
        ("", "q1.a-title-failed"),
        ("<script>", "q1.script"),
        ("\u202e\u00e9", "q1.something"),
    ],
)  # fmt: skip
def test_what_was_told_has_a_name_that_stays(feedback, code):
    assert told(feedback) == code


def test_a_code_that_a_grader_declares_is_the_cause_whatever_the_words():
    one = Check("q1.a", "A title", 0, 1, "failed", "Your chain of shapes: (1, 1).", code="chain-ends-elsewhere")
    assert (cause_told(one).code, cause_told(one).words) == (
        "q1.chain-ends-elsewhere",
        "the chain of layers ends in another shape than is asked for",
    )
    own = replace(one, code="of-this-exercise", feedback="Stripes lie. For 3x4, they do.")
    assert (cause_told(own).code, cause_told(own).words) == ("q1.of-this-exercise", "Stripes lie.")


def test_a_file_that_can_t_be_read_is_one_cause_and_not_one_for_each_question():
    told = {cause_told(Check(f"q{n}.a", "A", 0, 1, "failed", "There is no code to check. ...")) for n in (1, 2)}
    assert [each.code for each in told] == ["file.no-code"]


def test_numbers_and_places_of_one_submission_make_no_cause_of_its_own():
    one = told("For a stride of 2 (image 4x9, kernel 5x3) your function returns [1, 7]: raise ValueError instead.")
    other = told("For a stride of 3 (image 5x5, kernel 7x3) your function returns [0, 12]: raise ValueError instead.")
    assert one == other
    assert told("No gradient reaches c1.weight, c1.bias.") == told("No gradient reaches net.0.weight.")
    assert told("For epoch 3, val_accuracy says 0.512.") == told("For epoch 10, val_accuracy says 1.2e-05.")


def test_every_failed_check_of_both_lessons_has_a_cause_and_causes_are_few():
    for lesson in ("cnn", "convolve"):
        checks = [check for result in stored(lesson) for check in result.checks if check.outcome != "passed"]
        causes = {cause_told(check).code for check in checks}
        assert all(re.fullmatch(r"(q\d|file)\.[a-z0-9_-]+", code) for code in causes)
        assert len(causes) < len(checks) / 3


def test_figures_of_a_class_are_those_of_the_literature(results):
    graded = [result for result in results if result.status != "error"]
    spread = distribution(results)
    assert spread.quartiles[1] == pytest.approx(stats.median(r.percent for r in graded))
    assert sum(spread.bins) == spread.count == len(graded)
    for check in check_statistics(results):
        run = [(r, c) for r in results for c in r.checks if c.name == check.name and c.outcome != "not run"]
        known = pearsonr([c.points for _, c in run], [r.score - c.points for r, c in run])
        interval = known.confidence_interval()
        assert check.discrimination.value == pytest.approx(known.statistic)
        assert (check.discrimination.lowest, check.discrimination.highest) == pytest.approx(tuple(interval))


def test_a_check_that_good_submissions_fail_is_flagged_and_small_classes_are_not_judged():
    def one(n, odd):
        checks = [
            Check(f"q1.c{k}", "C", float(n % 5 >= k), 1, "passed" if n % 5 >= k else "failed") for k in range(1, 5)
        ]
        checks.append(Check("q1.odd", "Odd", float(odd), 1, "passed" if odd else "failed"))
        return Result(f"{n:03}.py", "graded", tuple(checks))

    flagged = [c.name for c in check_statistics([one(n, n % 5 < 2) for n in range(60)]) if c.may_be_wrong]
    assert flagged == ["q1.odd"]
    page = class_page([one(n, n % 5 < 2) for n in range(60)], "Title")
    assert page.count("it may be wrong.") == 1
    few = check_statistics([one(n, n % 5 < 2) for n in range(5)])
    assert all(c.discrimination is None and "too few" in c.unknown for c in few)
    alike = check_statistics([one(4, True) for _ in range(40)])
    assert all(c.unknown == "all alike" for c in alike)


@pytest.mark.parametrize("size", [1, 2])
def test_a_class_of_one_or_two_gets_a_page_too(browser, tmp_path, size):
    path = tmp_path / "report.html"
    path.write_text(class_page(class_of(size), "Title", is_complete=False))
    with opened(browser, path) as seen:
        expect_shown(seen.page, size)
        assert "Grading was interrupted" in seen.page.locator("header").inner_text()
        assert not seen.errors


def test_what_is_vendored_is_what_its_list_says():
    folder = Path(class_page.__code__.co_filename).parent / "vendored"
    rows = re.findall(r"^\| (\S+\.js) \| \S+ \| \S+ \| (\w{64}) \|$", (folder / "README.md").read_text(), re.M)
    assert dict(rows) == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.js")}


# --- the command -----------------------------------------------------------------------------------------------------


GRADER = """
from autograder import points

@points(2, "Adds two numbers")
def test_adds(submission):
    assert submission.add(2, 3) == 5, "The sum is wrong."
"""


def table_of(path):
    return re.search(r'id="data">(.*?)</script>', path.read_text())[1]


def test_grade_regrade_and_report_write_it(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    (folder / "ada.py").write_text("def add(a, b):\n    return a + b\n")
    (folder / "bo.py").write_text("def add(a, b):\n    return a * b\n")
    assert autograder("grade", assignment.folder, folder, "-o", out).returncode == 0
    page = (out / "report.html").read_text()
    assert "ada.py" in page and f"<h1>{assignment.settings.title}</h1>" in page and "The sum is wrong." in page
    (out / "report.html").unlink()
    assert autograder("report", out).returncode == 0
    assert (out / "report.html").read_text() == page

    assert autograder("report", out, "--anonymous", tmp_path / "key").returncode == 0
    anonymous = (out / "report-anonymous.html").read_text()
    assert "ada.py" not in anonymous and f"<h1>{assignment.settings.title}</h1>" in anonymous

    grader = assignment.graders / "test_q1.py"
    grader.write_text(grader.read_text().replace("== 5", "== 6"))
    for option, words in (("--accept", "add(2, 3) is 6"), ("--undo", "The sum is wrong.")):
        grader.write_text(grader.read_text().replace("The sum is wrong.", "add(2, 3) is 6"))
        assert autograder("regrade", assignment.folder, "-o", out, option).returncode == 0
        assert words in table_of(out / "report.html")

    refused = autograder("report", folder)
    assert refused.returncode == 2 and "grade with" in refused.stderr
