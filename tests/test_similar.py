"""Answers that are alike: which pairs are found, and which are not, by the command on real files."""

import csv
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from browsers import chromium, opened
from commands import autograder
from test_page import HOSTILE

ROOT = Path(__file__).parent.parent
COPIES = Path(__file__).parent / "copies"
RIGHT = ROOT / "solutions" / "cnn" / "submissions" / "right"
ORIGINAL = RIGHT / "kl_divergence.py"
COPY = COPIES / "kl_divergence_renamed.py"
HANDOUT = ROOT / "assignments" / "cnn" / "cnn.ipynb"
OTHERS = ["from_scratch.py", "mixup.py", "residual_blocks.ipynb"]


def similar(folder, *options, lesson="cnn", output=None):
    """The rows of the table, and what the command printed."""
    out = output or folder.parent / "out"
    done = autograder("similar", lesson, folder, "-o", out, *options, cwd=ROOT, COLUMNS="200")
    assert done.returncode == 0, done.stderr
    name = "similar-anonymous" if "--anonymous" in options else "similar"
    with (out / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file)), done.stdout


def class_of(folder, **files):
    """A folder with these files, given as paths, text or bytes; underscores before the suffix are kept."""
    folder.mkdir()
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        data = content.read_bytes() if isinstance(content, Path) else content
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder


def pairs(rows):
    return {(row["first"], row["second"]) for row in rows}


@pytest.fixture
def folder(tmp_path):
    """A copy, its original and others."""
    some = {name.replace(".", "__"): RIGHT / name for name in OTHERS}
    return class_of(tmp_path / "class", ada__py=ORIGINAL, bo__py=COPY, **some)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


# --- what is a pair --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lesson", "copies", "wanted"),
    [
        (
            "cnn",
            ["kl_divergence_renamed.py", "kl_divergence_training_alone.py"],
            {
                ("kl_divergence.py", "kl_divergence_renamed.py"): ["q3", "q4", "q5"],
                ("kl_divergence.py", "kl_divergence_training_alone.py"): ["q4"],
                ("kl_divergence_renamed.py", "kl_divergence_training_alone.py"): ["q4"],
            },
        ),
        (
            "convolve",
            ["mse_branches_as_one_cell.py"],
            {("mse_branches.py", "mse_branches_as_one_cell.py"): ["q7", "q8"]},
        ),
    ],
)
def test_disguised_copies_are_pairs_and_independent_answers_and_blank_ones_are_none(tmp_path, lesson, copies, wanted):
    folder = shutil.copytree(ROOT / "solutions" / lesson / "submissions" / "right", tmp_path / "class")
    for name in copies:
        shutil.copy(COPIES / name, folder)
    for name in ("blank.ipynb", "blank_too.ipynb"):
        shutil.copy(ROOT / "assignments" / lesson / f"{lesson}.ipynb", folder / name)
    rows, said = similar(folder, lesson=lesson)
    found = {}
    for row in rows:
        found.setdefault((row["first"], row["second"]), []).append(row["question"])
    assert found == wanted
    assert next(iter(found)) == next(iter(wanted)), "most alike first"
    assert f"{len(wanted)} pair{'s are' if len(wanted) > 1 else ' is'} alike" in said
    assert all(float(row["share"]) > 0.9 and int(row["lines_of_first"]) > 10 for row in rows)


def test_it_is_the_same_every_time_and_writes_nothing_else(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "scores.csv").write_text("submission,score\n")
    texts = []
    for seed in ("1", "2"):  # of Python's hashes
        command = [sys.executable, "-m", "autograder", "similar", "cnn", str(folder), "-o", str(out)]
        environment = {"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        texts.append((out / "similar.html").read_text() + (out / "similar.csv").read_text())
    assert texts[0] == texts[1]
    assert {path.name for path in out.iterdir()} == {"scores.csv", "similar.html", "similar.csv"}
    assert (out / "scores.csv").read_text() == "submission,score\n"


def test_moved_cells_of_the_student_s_own_notebook_are_found(tmp_path):
    code = ORIGINAL.read_text().partition("# In[3]")[0], ORIGINAL.read_text().partition("# In[4]")[2]
    notebook = json.loads(HANDOUT.read_text())
    cells = [cell for cell in notebook["cells"] if "otter_answer_cell" not in cell["metadata"].get("tags", [])]
    moved = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"] = [{**moved, "source": "#" + code[1]}, *cells, {**moved, "source": code[0]}]
    folder = class_of(tmp_path / "class", ada__py=ORIGINAL, bo__ipynb=json.dumps(notebook), c__py=RIGHT / "mixup.py")
    rows, _ = similar(folder)
    assert [(row["first"], row["second"]) for row in rows] == [("ada.py", "bo.ipynb")] * 4
    assert sorted(row["question"] for row in rows) == ["q1", "q3", "q4", "q5"]


def test_one_question_is_compared_alone(folder):
    rows, said = similar(folder, "--question", "q4")
    assert [row["question"] for row in rows] == ["q4"] and "6 submissions" not in said


def test_many_who_have_the_same_are_named_together_and_not_lost(tmp_path):
    some = {f"copy_{n}__py": ORIGINAL for n in range(7)}
    folder = class_of(tmp_path / "class", **some, other__py=RIGHT / "mixup.py")
    rows, said = similar(folder)
    assert not rows and "q4: 7 answers are nearly the same" in said
    page = (tmp_path / "out" / "similar.html").read_text()
    assert "q4: 7 submissions" in page and "copy_6.py" in page and "other.py" not in page


# --- who is no pair --------------------------------------------------------------------------------------------------


def test_attempts_of_one_student_are_no_pair(tmp_path):
    files = {
        "adler_12_100_cnn__py": ORIGINAL,
        "adler_12_101_cnn__py": COPY,
        "brandt_13_102_cnn__py": RIGHT / "mixup.py",
    }
    folder = class_of(tmp_path / "class", **files)
    rows, said = similar(folder)
    assert not rows and "adler_12_100_cnn.py: adler_12_101_cnn.py of the same student counts" in said
    assert not similar(folder, "--per", "file")[0]


def test_members_of_a_group_of_gradescope_are_no_pair(tmp_path):
    archive = tmp_path / "export.zip"
    people = {"submission_1": ["a@uni.example", "b@uni.example"], "submission_2": ["b@uni.example"]}
    people["submission_3"] = ["c@uni.example"]
    with zipfile.ZipFile(archive, "w") as file:
        lines = [
            f"{folder}:\n  :submitters:\n" + "".join(f"  - :email: {each}\n" for each in addresses)
            for folder, addresses in people.items()
        ]
        file.writestr("export/submission_metadata.yml", "".join(lines))
        for name, path in zip(people, (ORIGINAL, COPY, COPY), strict=True):
            file.write(path, f"export/{name}/cnn.py")
    rows, _ = similar(archive)
    assert pairs(rows) == {
        ("a@uni.example+b@uni.example/cnn.py", "c@uni.example/cnn.py"),
        ("b@uni.example/cnn.py", "c@uni.example/cnn.py"),
    }


def test_groups_can_be_named_by_what_people_are_called(folder, tmp_path):
    groups = tmp_path / "groups.csv"
    groups.write_text("Bo,ADA\nmixup,somebody\n")
    rows, said = similar(folder, "--groups", groups)
    assert not rows and "somebody" in said and "ada" not in said.partition("not in the class")[2]
    groups.write_text("alone\n")
    done = autograder("similar", "cnn", folder, "-o", tmp_path / "out", "--groups", groups, cwd=ROOT)
    assert done.returncode == 2 and "names no group" in done.stderr


# --- what can't be read, and what is hostile -------------------------------------------------------------------------


def test_what_can_t_be_read_stops_nothing_and_is_listed(tmp_path):
    text = COPY.read_text()
    folder = class_of(
        tmp_path / "class",
        ada__py=ORIGINAL,
        broken__py=text.replace("return fun.one_hot(classes, 10) * 0.9 + 0.01", "return fun.one_hot(classes, 10"),
        not_json__ipynb="Not JSON",
        empty__py="",
        huge__py="x = 1\n" * 5_000_000,
        long__py="y = 2\n" * 50_000 + text,
        nested__py="def train():\n    return " + "(" * 60_000,
        dotted__py="def train():\n    return a" + ".b" * 60_000 + " + '" + "\\" * 9999,
        quotes__py="def train():\n    " + '"""' * 20_001 + "'" * 5000,
        other__py="print('nothing')",
    )
    (folder / "link.py").symlink_to(ORIGINAL)
    rows, said = similar(folder)
    assert pairs(rows) == {("ada.py", "broken.py")}
    assert {row["question"] for row in rows} == {"q3", "q4", "q5"}
    for name, why in {
        "broken.py": "is no Python (line",
        "not_json.ipynb": "This is not a notebook",
        "empty.py": "The file is empty",
        "huge.py": "larger than 25 MB",
        "long.py": "only the first 200,000 characters",
        "nested.py": "is no Python",
        "link.py": "not an ordinary file",
        "other.py": "nothing in it answers a question",
    }.items():
        assert re.search(rf"^{re.escape(name)}: .*{re.escape(why)}", said, re.M), name
    assert "long.py: only" in said and "not_json.ipynb" in (tmp_path / "out" / "similar.html").read_text()


def test_nothing_of_a_submission_is_executed(tmp_path):
    trap = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    folder = class_of(tmp_path / "class", ada__py=trap + ORIGINAL.read_text(), bo__py=trap + COPY.read_text())
    assert similar(folder)[0] and not (tmp_path / "ran").exists()


def test_names_are_no_formulas_in_the_table(tmp_path):
    folder = class_of(tmp_path / "class", **{"=1+1__py": ORIGINAL, "b__py": COPY})
    rows, _ = similar(folder)
    assert rows[0]["first"] == "'=1+1.py"


def test_hostile_text_in_a_pair_is_text_on_the_page(browser, tmp_path):
    payload = "\n".join(f"        # {line}" for line in HOSTILE.values())
    mark = "    log = {"

    def with_payload(text):
        return text.replace(mark, f"{payload}\n    note = {' '.join(HOSTILE.values())!r}\n{mark}")

    names = ["<img src=x onerror=alert(1)>__py", "{{ 7 * 7 }}__py"]
    folder = class_of(tmp_path / "class", **dict.fromkeys(names, with_payload(COPY.read_text())))
    rows, _ = similar(folder)
    assert len(pairs(rows)) == 1
    with opened(browser, tmp_path / "out" / "similar.html") as seen:
        words = seen.page.inner_text("main")
        assert all(line in words for line in HOSTILE.values())
        assert "{{ 7 * 7 }}" in words and "<img src=x onerror=alert(1)>.py" in words
        kinds = "script, img, iframe, base, link, svg, object, embed, animate"
        assert seen.page.locator(kinds).count() == 0
        assert seen.page.evaluate("window.pwned") is None
        assert not seen.dialogs and set(seen.requests) == {(tmp_path / "out" / "similar.html").as_uri()}
        seen.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned = 1\">')")
        assert seen.page.evaluate("fetch('https://example.org').then(() => 'sent', () => 'stopped')") == "stopped"
        assert seen.page.evaluate("window.pwned") is None


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_shows_pairs_side_by_side_on_every_screen_and_on_paper(browser, folder, tmp_path):
    rows, _ = similar(folder)
    path = tmp_path / "out" / "similar.html"
    for width in (360, 1400):
        for scheme in ("light", "dark"):
            with opened(browser, path, width, scheme) as seen:
                assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
                assert seen.serious() == []
    with opened(browser, path) as seen:
        page = seen.page
        assert page.locator("#pairs tbody tr").count() == len(rows) == 3
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the first pair"
        page.locator("#pairs tbody a").nth(1).press("Enter")
        assert page.locator(":target").inner_text() == rows[1]["question"]
        sides = page.locator(".sides").first.locator("> div")
        assert sides.nth(0).bounding_box()["y"] == sides.nth(1).bounding_box()["y"]
        assert sides.nth(0).locator("mark").count() == int(rows[0]["lines_of_first"])
        assert sides.nth(1).locator("mark").count() == int(rows[0]["lines_of_second"])
        training = page.locator(".sides", has_text="def train").first
        first = [part.partition("(")[0] for part in training.locator("> div").nth(0).locator(".code").all_inner_texts()]
        second = [
            part.partition("(")[0] for part in training.locator("> div").nth(1).locator(".code").all_inner_texts()
        ]
        assert first == ["def soft_labels", "def train"] and second == ["def train", "def soften"][::-1]
        page.emulate_media(media="print")
        assert page.locator(".sides").last.is_visible() and not page.locator(".skip").is_visible()


def test_without_names_nothing_tells_whose_an_answer_is(tmp_path):
    text = COPY.read_text().replace("# my", "# ").replace('"""My table', '"""Brandt\'s table')
    folder = class_of(tmp_path / "class", Adler__py=ORIGINAL, Brandt__py=text, Castillo__ipynb="no notebook")
    rows, said = similar(folder, "--anonymous", tmp_path / "key")
    page = (tmp_path / "out" / "similar-anonymous.html").read_text()
    assert len(pairs(rows)) == 1 and not (tmp_path / "out" / "similar.html").exists()
    for name in ("Adler", "Brandt", "Castillo"):
        assert name not in page and name not in said and name not in str(rows)
    assert all(re.fullmatch(r"submission-[0-9a-f]{8}", name) for pair in pairs(rows) for name in pair)


def test_what_has_to_be_installed_is_said(folder):
    script = "import sys; sys.modules['copydetect'] = None; from autograder.cli import main; main()"
    command = [sys.executable, "-c", script, "similar", "cnn", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "autograder: `similar` needs copydetect: pip install 'torch-autograder[similar]'\n"
