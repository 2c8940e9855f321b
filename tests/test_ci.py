"""What CI systems read, and the action and examples that have it written: checked by their schemas, and run."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from commands import autograder
from conftest import HEEDS_CTRL_C, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from autograder.report.github import workflow_commands, write_classroom
from autograder.report.junit import write_junit
from autograder.report.summary import MAX_BYTES, write_markdown
from autograder.results import Check, Result
from autograder.sanitize import sanitize

ACTION = ROOT / "action.yml"
GITHUB = ROOT / "examples/ci/github/grade.yml"
GITLAB = ROOT / "examples/ci/gitlab/.gitlab-ci.yml"
GRADER = """
from autograder import points

@points(2, "Adds two numbers")
def test_adds(submission):
    assert submission.add(2, 3) == 5, "add(2, 3) is to be 5."

@points(1, "Greets", visibility="hidden")
def test_greets(submission):
    assert submission.greet() == "hello", f"Greeted with {submission.greet()}"
"""
RIGHT = "def add(a, b): return a + b\ndef greet(): return 'hello'\n"
HOSTILE_TEXT = """::set-output name=score::9
::error::forged
 ::add-mask::secret
##[set-output name=score]9 and ##[error]forged
</code></td></tr></table></details><script>alert(1)</script><img src=x onerror=alert(1)>

# A heading

![](https://evil.example/x.png) [a](https://evil.example) https://evil.example @everyone #1 `code` **bold**
]]> &amp; &#64; <!-- | 100%0A::error::forged \x00\x1b[31m\x85\u2028\ud800\ufffe\uffff"""
HOSTILE = f"def add(a, b): raise ValueError({HOSTILE_TEXT!r})\ndef greet(): return {HOSTILE_TEXT!r}\n"


def result(*feedbacks, submission="hw.py", status="graded", **fields):
    checks = tuple(
        Check(f"q{n}.check", f"Title {n}", 0, n, "failed", feedback) for n, feedback in enumerate(feedbacks, 1)
    )
    return Result(submission, status, checks, **fields)


EVERY_OUTCOME = Result(
    "ada/hw.py",
    "error",
    (
        Check("q1.adds", "Adds", 2, 2, "passed", "", 0.25),
        Check("q1.signs", "Keeps signs", 0.5, 1, "partial", "Half of them."),
        Check("q2.trains", "Trains", 0, 4, "failed", "It did not learn."),
        Check("q3.stops", "Stops", 0, 1, "not run", "Time was up."),
        Check("q4.draws", "Draws", 0, 1, "broken", "Something went wrong on our side."),
    ),
    trouble='test_q4.py:7: assert answer == "the hidden answer"',
)


# --- JUnit XML -------------------------------------------------------------------------------------------------------


def test_junit_has_a_case_for_each_check_and_everything_not_passed_is_red(tmp_path):
    write_junit([EVERY_OUTCOME], tmp_path / "junit.xml")
    [suite] = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert suite.attrib["name"] == "ada/hw.py"
    assert [suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == ["6", "2", "3", "0"]
    found = {case.attrib["name"]: [child.tag for child in case] for case in suite.iter("testcase")}
    assert found == {
        "submission": ["error"],
        "q1.adds": [],
        "q1.signs": ["failure"],
        "q2.trains": ["failure"],
        "q3.stops": ["error"],
        "q4.draws": ["error"],
    }
    failure = suite.find("testcase[@name='q2.trains']/failure")
    assert failure.attrib["message"] == "Trains: 0 of 4 points"
    assert failure.text == "Trains: 0 of 4 points\nIt did not learn."
    assert suite.find("properties/property[@name='score']").attrib["value"] == "2.5"


def test_junit_of_an_ungradable_submission_is_red_with_its_reason(tmp_path):
    write_junit([Result("hw.docx", "ungradable", (), ("The file is empty.",))], tmp_path / "junit.xml")
    report = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert report.attrib["errors"] == "1" and report.find(".//error").text == "The file is empty."


@given(text=st.text() | st.just(HOSTILE_TEXT))
@settings(max_examples=30, deadline=None)
def test_no_text_breaks_the_xml(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.xml"
    hostile = Result(text, "graded", (Check(text, text, 0, 1, "failed", text),), (text,))
    write_junit([hostile], path)
    [failure] = ElementTree.parse(path).getroot().iter("failure")
    assert failure.text == sanitize(f"{sanitize(f'{text}: 0 of 1 points')}\n{text}")


# --- Markdown --------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *attrs))
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")


def rendered(path):
    """What a renderer makes of the summary that knows HTML, tables and bare links, as GitHub's does."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    kinds = {token.type for token in parser.parse(path.read_text(encoding="utf-8"))}
    assert kinds == {"heading_open", "inline", "heading_close", "html_block"}, "something was taken for Markdown"
    return _Page(parser.render(path.read_text(encoding="utf-8")))


def test_the_summary_shows_every_check_that_students_may_see(tmp_path):
    hidden = Check("q5.secret", "A hidden title", 0, 3, "failed", "hidden feedback", visibility="after_published")
    checks = (*EVERY_OUTCOME.checks, hidden)
    write_markdown([Result("ada/hw.py", "graded", checks, trouble=EVERY_OUTCOME.trouble)], tmp_path / "summary.md")
    text = rendered(tmp_path / "summary.md").text
    assert "ada/hw.py" in text and "2.5 of 12" in text
    for check in EVERY_OUTCOME.checks:
        assert check.title in text and check.feedback in text and check.outcome in text
    assert "hidden" not in text and "1 more checks count" in text


@given(text=st.text() | st.just(HOSTILE_TEXT))
@settings(max_examples=30, deadline=None)
def test_text_of_a_submission_stays_text_in_the_summary(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.md"
    pages = []
    for said in ("plain", text):
        path.unlink(missing_ok=True)
        write_markdown([Result(said, "graded", (Check("q1", "T", 0, 1, "failed", f"<{said}>"),), (said,))], path)
        pages.append(rendered(path))
    harmless, page = ([tag for tag in page.tags if tag != ("br",)] for page in pages)
    assert page == harmless
    shown = sanitize(f"<{text}>", 600)
    assert "".join(shown.splitlines()) in pages[1].text.replace("\n", "")


def test_what_a_submission_says_is_in_code_where_github_looks_for_no_mentions(tmp_path):
    write_markdown([result("@everyone #1 feedback", submission="@everyone", notes=("@everyone",))], tmp_path / "s.md")
    outside = re.sub("<code>.*?</code>", "", (tmp_path / "s.md").read_text())
    assert "@" not in outside and "#1" not in outside


def test_a_summary_stays_below_github_s_limit_and_says_what_is_missing(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("x" * 300_000 + "\n")
    results = [result(*["<&>" * 1000] * 5, submission=f"student{n:04}/hw.py") for n in range(3000)]
    write_markdown(results, path)
    assert path.read_text().startswith("x" * 300_000), "it is appended"
    assert 0.9 * MAX_BYTES < path.stat().st_size < MAX_BYTES
    assert "of 3000 submissions are not shown in full" in path.read_text()
    few = tmp_path / "few.md"
    write_markdown(results[:20], few)
    assert "not shown in full" not in few.read_text()


# --- GitHub's annotations --------------------------------------------------------------------------------------------

_RUNNER_COMMANDS = {
    "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice", "remove-matcher",
    "save-state", "set-env", "set-output", "stop-commands", "warning",
}  # fmt: skip


def commands_in(log):
    """The commands that GitHub's runner finds in a log, by its own rules.

    https://github.com/actions/runner: ActionCommand.cs and ActionCommandManager.cs
    """
    token, found = None, []
    for line in re.split("\r\n|\r|\n", log):
        new = re.match(r"\s*::(?P<name>[^ :]*)(?: (?P<properties>.*?))?::(?P<data>.*)", line, re.DOTALL)
        old = re.search(r"##\[(?P<name>[^ \]]*)(?: (?P<properties>[^\]]*))?\](?P<data>.*)", line, re.DOTALL)
        known = _RUNNER_COMMANDS | {token}
        command = next((match for match in (new, old) if match and match["name"].lower() in known), None)
        if command is None:
            continue
        if token is not None:
            token = None if command["name"] == token else token
        elif command["name"] == "stop-commands":
            token = command["data"]
        else:
            found.append((command["name"], _unescaped(command["properties"] or ""), _unescaped(command["data"])))
    assert token is None, "commands stay stopped"
    return found


def _unescaped(text):
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def test_the_runner_model_finds_the_commands_that_are_there():
    log = "::error title=a%3Ab::x%0Ay\nno ::error::x\n ::notice::y\nsome ##[warning]z\n::unknown::x"
    assert commands_in(log) == [("error", "title=a:b", "x\ny"), ("notice", "", "y"), ("warning", "", "z")]
    assert {name for name, *_ in commands_in(HOSTILE_TEXT)} == {"set-output", "error", "add-mask"}


def test_annotations_say_what_is_wrong_and_keep_to_what_students_may_see():
    hidden = Check("q5.secret", "A hidden title", 0, 3, "failed", "hidden", visibility="hidden")
    found = commands_in("\n".join(workflow_commands([Result("hw.py", "partial", (*EVERY_OUTCOME.checks, hidden))])))
    assert found == [
        ("error", "title=hw.py: Trains", "0 of 4 points. It did not learn."),
        ("error", "title=hw.py: Stops", "0 of 1 points. Time was up."),
        ("error", "title=hw.py: Draws", "0 of 1 points. Something went wrong on our side."),
        ("warning", "title=hw.py: Keeps signs", "0.5 of 1 points. Half of them."),
        ("notice", "title=hw.py", "2.5 of 12 points"),
    ]


def test_no_more_annotations_of_a_level_than_github_keeps_the_worst_first():
    lines = workflow_commands([result(*["wrong"] * 30)])
    errors = [line for line in lines if line.startswith("::error")]
    assert len(errors) == 10 and "Title 30" in errors[0] and "Title 22" in errors[8]
    assert errors[9] == "::error title=And more::21 more are in the results."


@given(text=st.text() | st.just(HOSTILE_TEXT))
@settings(max_examples=30, deadline=None)
def test_no_text_starts_a_command(text):
    hostile = Result(text, "graded", (Check(text, text, 0, 1, "failed", text),), (text,))
    log = "\n".join(workflow_commands([hostile]))
    assert [name for name, *_ in commands_in(log)] == ["error", "notice"]
    assert log.encode()


# --- GitHub Classroom's format ---------------------------------------------------------------------------------------


def test_classroom_gets_what_its_reporter_reads(tmp_path):
    hidden = Check("q5.secret", "A hidden title", 1, 3, "failed", "hidden", visibility="hidden")
    write_classroom([Result("hw.py", "graded", (*EVERY_OUTCOME.checks, hidden))], tmp_path / "c.json")
    content = json.loads((tmp_path / "c.json").read_text())
    assert (content["version"], content["status"], content["max_score"]) == (1, "fail", 12)
    assert sum(test["score"] for test in content["tests"]) == 3.5, "the reporter adds them up"
    assert [test["status"] for test in content["tests"]] == ["pass", "fail", "fail", "error", "error", "fail"]
    assert content["tests"][2] == {
        "name": "Trains",
        "status": "fail",
        "message": "It did not learn.",
        "score": 0,
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "duration": 0,
    }
    assert "hidden" not in (tmp_path / "c.json").read_text()


def test_classroom_s_reporter_can_print_the_messages(tmp_path):
    write_classroom([result(HOSTILE_TEXT, submission=HOSTILE_TEXT), EVERY_OUTCOME], tmp_path / "c.json")
    content = json.loads((tmp_path / "c.json").read_text())
    assert content["status"] == "error"
    printed = "\n".join(f"Error: {test['message']}\n\x1b[31m❌ {test['name']}" for test in content["tests"])
    assert commands_in(printed) == []


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_reports_are_written_when_one_of_them_can_t_be(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    (tmp_path / "hw.py").write_text("def add(a, b): return 0")
    (tmp_path / "in the way").write_text("")
    reports = ("--junit", tmp_path / "in the way/junit.xml", "--markdown", tmp_path / "new/summary.md")
    classroom = ("--classroom", tmp_path / "classroom.json")
    done = autograder("grade", assignment.folder, tmp_path / "hw.py", "-o", tmp_path / "out", *reports, *classroom)
    assert done.returncode == 1
    assert done.stderr.startswith("autograder: ") and done.stderr.count("\n") == 1 and "in the way" in done.stderr
    assert "add(2, 3) is to be 5." in (tmp_path / "new/summary.md").read_text()
    assert json.loads((tmp_path / "classroom.json").read_text())["status"] == "fail"


def test_where_nothing_was_graded_there_is_no_report_that_looks_green(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    done = autograder("grade", assignment.folder, "absent.py", "--junit", tmp_path / "junit.xml", cwd=tmp_path)
    assert done.returncode == 2 and not (tmp_path / "junit.xml").exists()


def test_an_interrupted_grading_reports_what_it_has(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER}, "[seconds]\ncall = 100\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.py").write_text(RIGHT)
    (tmp_path / "in/b.py").write_text("import time\ndef add(a, b): time.sleep(100)")
    command = [sys.executable, "-m", "autograder", "grade", assignment.folder, "in", "-j", "1", "--annotate"]
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            [*HEEDS_CTRL_C, *command, "--junit", "junit.xml"],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            for _ in range(3000):
                if (tmp_path / "out/results/a.py.json").exists():
                    break
                time.sleep(0.1)
            os.killpg(running.pid, signal.SIGINT)
            assert running.wait(60) == 130
        finally:
            running.kill()
    report = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert [suite.attrib["name"] for suite in report] == ["a.py"]
    assert commands_in((tmp_path / "log").read_text()) == [("notice", "title=a.py", "3 of 3 points")]


# --- the files, as their readers see them ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "path"), [("github-actions", ACTION), ("github-workflows", GITHUB), ("gitlab-ci", GITLAB)]
)
def test_the_file_is_valid_by_its_published_schema(schema, path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    transform = ["--data-transform", "gitlab-ci"] if schema == "gitlab-ci" else []
    done = subprocess.run([*command, *transform], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def action_steps():
    return {step["name"]: step for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"] if "run" in step}


def workflow_steps():
    jobs = yaml.safe_load(GITHUB.read_text())["jobs"]
    return {step["name"]: step for job in jobs.values() for step in job["steps"] if "run" in step}


def gitlab_script(job):
    content = yaml.safe_load(GITLAB.read_text())[job]
    return "\n".join([*content.get("before_script", []), *content["script"]])


SCRIPTS = {
    **{f"action: {name}": step["run"] for name, step in action_steps().items()},
    **{f"workflow: {name}": step["run"] for name, step in workflow_steps().items()},
    **{f"GitLab: {job}": gitlab_script(job) for job in ("collect", "grade")},
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_is_clean_by_shellcheck_and_nothing_is_pasted_into_it(name):
    assert "${{" not in SCRIPTS[name], "an input belongs into env:, or it is run"
    shellcheck = Path(sysconfig.get_path("scripts"), "shellcheck")
    done = subprocess.run(
        [shellcheck, "--shell=bash", "-"], input=SCRIPTS[name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_job_has_both_student_code_and_a_token_that_writes():
    workflow = yaml.safe_load(GITHUB.read_text())
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}, "nothing that a student does starts it"
    assert workflow["permissions"] == {}
    assert all(job.get("permissions", {}) in ({}, {"contents": "read"}) for job in workflow["jobs"].values())
    texts = {name: yaml.safe_dump(job) for name, job in workflow["jobs"].items()}
    assert [name for name, text in texts.items() if "STUDENTS_REPORT_TOKEN" in text] == ["report"]
    assert [name for name, text in texts.items() if "torch-autograder" in text] == ["grade"]
    checkouts = [s for job in workflow["jobs"].values() for s in job["steps"] if "checkout" in s.get("uses", "")]
    assert len(checkouts) == 3 and all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert all("path" in step["with"] for step in checkouts if "repository" in step["with"]), "never at the root"


# --- the action's steps, run -----------------------------------------------------------------------------------------


def run_step(step, folder, inputs=None, **environment):
    """Run a step's script as GitHub's runner does, with its files and variables."""
    files = {name: str(folder / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        Path(file).write_text("")
    own = {name: expanded(str(value), inputs or {}) for name, value in step.get("env", {}).items()}
    script = folder / "step.sh"
    script.write_text(step["run"])
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
        cwd=folder,
        env={**os.environ, **own, **files, "GITHUB_ACTION_PATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    done.outputs = dict(line.split("=", 1) for line in Path(files["GITHUB_OUTPUT"]).read_text().splitlines())
    return done


def expanded(value, inputs):
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: inputs[match[1]], value)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A fresh virtual environment that has all but the framework: no download, and our own stays as it is."""
    folder = tmp_path_factory.mktemp("machine")
    venv.create(folder / "python", with_pip=False)
    scripts = folder / "python/bin"
    site = subprocess.run(
        [scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    Path(site, "installed.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    (scripts / "apt-get").write_text("#!/bin/sh\nexit 100\n")  # no package is to be installed by a test
    (scripts / "apt-get").chmod(0o755)
    return {
        "PATH": f"{scripts}:{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # "0" is how pip is told not to isolate: https://github.com/pypa/pip/issues/5735
        "HOME": str(folder),
    }


@pytest.fixture(scope="module")
def installed(machine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    (folder / "pip.py").write_text("raise SystemExit('a student s pip')")
    done = run_step(action_steps()["Install torch-autograder"], folder, **machine)
    assert done.returncode == 0, done.stdout
    where = subprocess.run(
        ["python", "-P", "-c", "import autograder; print(autograder.__file__)"],
        env={**os.environ, **machine},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert where.startswith(machine["HOME"]), "it is the action's own checkout that grades"
    return machine


def workspace(make_assignment, tmp_path, submission):
    make_assignment({"test_q1.py": GRADER})
    (tmp_path / "the student").mkdir()
    (tmp_path / "the student/hw $(touch injected).py").write_text(submission)
    for module in ("json", "multiprocessing", "torch", "autograder"):
        (tmp_path / f"{module}.py").write_text("open('imported', 'w')\nraise SystemExit('a student s module')")
    return {
        "assignment": "tiny",
        "submission": "the student/hw $(touch injected).py",
        "fail-under": "60",
        "output": "out of it",
    }


def test_the_action_grades_a_right_submission(make_assignment, installed, tmp_path):
    inputs = workspace(make_assignment, tmp_path, RIGHT)
    done = run_step(action_steps()["Grade"], tmp_path, inputs, **installed)
    assert done.returncode == 0, done.stdout
    assert (done.outputs["score"], done.outputs["max-score"]) == ("3", "3")
    result = json.loads(base64.b64decode(done.outputs["result"]))
    assert result["status"] == "pass" and result["tests"][0]["name"] == "Adds two numbers"
    assert "3 of 3" in (tmp_path / "github_step_summary").read_text()
    written = {path.name for path in (tmp_path / "out of it").iterdir()}
    assert written == {
        "results",
        "store.sqlite",
        "scores.csv",
        "report.html",
        "junit.xml",
        "classroom.json",
        "summary.md",
    }
    assert not (tmp_path / "injected").exists() and not (tmp_path / "imported").exists()


def test_the_action_fails_below_the_threshold_and_a_hostile_submission_says_nothing_to_the_runner(
    make_assignment, installed, tmp_path
):
    inputs = workspace(make_assignment, tmp_path, HOSTILE)
    done = run_step(action_steps()["Grade"], tmp_path, inputs, **installed)
    assert done.returncode == 1, done.stdout
    assert done.outputs.keys() == {"score", "max-score", "result"} and done.outputs["score"] == "0"
    [error, notice] = commands_in(done.stdout)
    assert error[:2] == ("error", f"title={Path(inputs['submission']).name}: Adds two numbers")
    assert "forged" in error[2] and notice[2] == "0 of 3 points"
    page = rendered(tmp_path / "github_step_summary")
    assert {tag[0] for tag in page.tags} <= {
        "h2", "table", "tr", "th", "td", "code", "br", "details", "summary", "p"
    }  # fmt: skip
    assert "<script>alert(1" in page.text and "Greet" not in page.text
    assert ElementTree.parse(tmp_path / "out of it/junit.xml").getroot().attrib["failures"] == "2"


def test_the_action_s_inputs_reach_the_command(make_assignment, installed, tmp_path):
    inputs = {**workspace(make_assignment, tmp_path, RIGHT), "fail-under": "many", "assignment": "--help"}
    done = run_step(action_steps()["Grade"], tmp_path, inputs, **installed)
    assert done.returncode == 2 and "'many' is not a valid float" in done.stdout and done.outputs == {}


def test_the_action_goes_on_where_bubblewrap_can_t_be_installed(machine, tmp_path):
    done = run_step(action_steps()["Install bubblewrap"], tmp_path, **machine)
    assert (done.returncode, done.stdout) == (0, ""), "it is there"
    (tmp_path / "bin").mkdir()
    for name in ("bash", "id"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    for name in ("apt-get", "sudo"):
        (tmp_path / "bin" / name).write_text(f"#!{shutil.which('bash')}\necho {name} called; exit 100\n")
        (tmp_path / "bin" / name).chmod(0o755)
    done = run_step(action_steps()["Install bubblewrap"], tmp_path, PATH=str(tmp_path / "bin"))
    assert done.returncode == 0 and "called\nbubblewrap could not be installed" in done.stdout


# --- the examples' scripts, run --------------------------------------------------------------------------------------


def test_the_workflow_lists_the_repositories(tmp_path):
    (tmp_path / "students.txt").write_text("# our class\nuni/hw-ada\nuni/hw.bob_2\n\nuni/$(touch injected)\nnot one\n")
    done = run_step(workflow_steps()["List the students' repositories"], tmp_path)
    assert json.loads(done.outputs["repositories"]) == ["uni/hw-ada", "uni/hw.bob_2"]


FAKE_GH = """#!{python}
import json, sys
arguments = sys.argv[1:]
with open("calls", "a") as log:
    log.write(json.dumps(arguments) + "\\n")
if arguments[1].endswith("/commits/000/statuses"):
    print("9 of 9 points")
if "repos/uni/carl" in arguments[2]:
    sys.exit(1)
"""


def test_the_workflow_tells_each_student_once(tmp_path):
    steps = workflow_steps()
    points = {"ada": 9, "bob": 3, "carl": 0, "dora": 5}
    for number, name in enumerate(points):
        graded = tmp_path / f"graded/graded-{number}"
        (graded / "results").mkdir(parents=True)
        noted = {"REPOSITORY": f"uni/{name}", "COMMIT": f"{number}" * 3, "STATE": "failure"}
        noted["POINTS"] = f"{points[name]} of 9 points"
        done = run_step({"run": steps["Note what to report"]["run"]}, tmp_path, **noted)
        assert done.returncode == 0, done.stdout
        (tmp_path / "graded/report.json").rename(graded / "report.json")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(FAKE_GH.format(python=sys.executable))
    (tmp_path / "bin/gh").chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    done = run_step({"run": steps["Tell the students"]["run"]}, tmp_path, PATH=path, ASSIGNMENT="cnn")
    assert done.returncode == 1, "one repository could not be written to"
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    posted = [call for call in calls if call[1] == "--silent"]
    assert [call[2] for call in posted] == [
        "repos/uni/bob/statuses/111", "repos/uni/bob/commits/111/comments",
        "repos/uni/carl/statuses/222",
        "repos/uni/dora/statuses/333", "repos/uni/dora/commits/333/comments",
    ]  # fmt: skip
    assert posted[0][3:] == ["-f", "state=failure", "-f", "context=autograder/cnn", "-f", "description=3 of 9 points"]
    assert posted[1][3:] == ["-F", "body=@graded/graded-1/results/summary.md"]


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder, files, links=()):
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        (folder / name).write_text(source)
    for name, target in links:
        (folder / name).symlink_to(target)
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "hand in")


def test_the_gitlab_pipeline_collects_and_grades(make_assignment, machine, tmp_path):
    make_assignment({"test_q1.py": GRADER})
    server = tmp_path / "server"
    repository(server / "uni/ada.git", {"cnn.ipynb": "", "hw.py": RIGHT})
    repository(server / "uni/bob.git", {"hw.py": HOSTILE, "json.py": "raise SystemExit"})
    repository(server / "uni/eve.git", {}, [("hw.py", "../solutions/tiny/graders/test_q1.py")])
    repository(server / "uni/late.git", {"other.py": ""})
    framework = server / "torch-autograder.git"
    shutil.copytree(ROOT / "autograder", framework / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    texts = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")
    repository(framework, {name: (ROOT / name).read_text() for name in texts})
    (tmp_path / "students.txt").write_text("# all\nuni/ada\nuni/bob\nuni/eve\nuni/late\nuni/absent\n")

    variables = {name: str(value) for name, value in yaml.safe_load(GITLAB.read_text())["variables"].items()}
    token = {"STUDENTS_READ_TOKEN": "token"}
    place = {
        **machine, **variables, "ASSIGNMENT": "tiny", "SUBMISSION": "hw.py", "AUTOGRADER": f"file://{framework}",
        "CI_SERVER_PROTOCOL": "https", "CI_SERVER_HOST": "git.example.edu", "CI_SERVER_PORT": "443",
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{server}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://autograder:token@git.example.edu:443/",
    }  # fmt: skip
    collected = run_step({"run": gitlab_script("collect")}, tmp_path, **place, **token)
    assert collected.returncode == 0, collected.stdout
    assert "uni/late has no hw.py" in collected.stdout and "absent" in collected.stdout
    found = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "submissions").rglob("hw.py"))
    assert found == [f"submissions/uni/{name}/hw.py" for name in ("ada", "bob", "eve")]
    assert (tmp_path / "submissions/uni/eve/hw.py").read_text() == "../solutions/tiny/graders/test_q1.py"

    graded = run_step({"run": gitlab_script("grade")}, tmp_path, **place)
    assert graded.returncode == 1, graded.stdout
    report = ElementTree.parse(tmp_path / "out/junit.xml").getroot()
    red = {suite.attrib["name"]: int(suite.attrib["failures"]) + int(suite.attrib["errors"]) for suite in report}
    assert red == {"uni/ada/hw.py": 0, "uni/bob/hw.py": 2, "uni/eve/hw.py": 3}
    assert "3 of 3" in rendered(tmp_path / "out/summary.md").text
