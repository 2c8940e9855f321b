"""A class as it is handed in: what learning platforms make of it, whose files they are, what may lie in archives."""

import os
import stat
import zipfile
from pathlib import Path

import pytest
from commands import autograder

from autograder.batch.intake import handed_in
from autograder.errors import UsageError
from autograder.report.policy import without_policy
from autograder.report.roster import match, read_roster
from autograder.results import Result
from autograder.submission.reading import MAX_BYTES

METADATA = """---
submission_101:
  :submitters:
  - :name: Ada Adler
    :sid: S0007
    :email: aadler@uni.example
  - :name: Bo Brandt
    :sid: S0008
    :email: bbrandt@uni.example
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-11-20 10:00:00.0 Z
  :score: 12.0
submission_102:
  :submitters:
  - :name: Chidi Diallo
    :sid: S0009
    :email: cdiallo@uni.example
  :created_at: 2026-11-20 11:00:00 Z
"""


def archive(path: Path, *names, content=b"x = 1\n", compression=zipfile.ZIP_DEFLATED, **contents) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for day, name in enumerate(names, 1):
            file.writestr(zipfile.ZipInfo(name, (2026, 11, day, 12, 0, 0)), contents.get(name, content))
    return path


def names_of(*paths, per="auto", assignment="cnn"):
    with handed_in(paths, assignment, per) as collected:
        assert all(file.path.is_file() for file in collected.submissions)
        return [file.name for file in collected.submissions], dict(collected.set_aside)


def test_canvas(tmp_path):
    path = archive(
        tmp_path / "submissions.zip",
        "adlerada_10421_900001_cnn.ipynb", "adlerada_10421_900007_cnn-1.ipynb", "brandtbo_LATE_10422_900002_my_cnn.py",
        "brandtbo_LATE_10422_900003_cnn.ipynb", "diallochidi_10423_900004_report.pdf", "__MACOSX/x_1_2_y.py",
    )  # fmt: skip
    names, rest = names_of(path)
    assert names == ["adlerada_10421_900007_cnn-1.ipynb", "brandtbo_LATE_10422_900003_cnn.ipynb"]
    assert rest == {
        "adlerada_10421_900001_cnn.ipynb": "adlerada_10421_900007_cnn-1.ipynb of the same student counts",
        "brandtbo_LATE_10422_900002_my_cnn.py": "brandtbo_LATE_10422_900003_cnn.ipynb of the same student counts",
    }
    every, rest = names_of(path, per="file")
    assert len(every) == 4 and not rest


@pytest.mark.parametrize("slash", ["_", ""])
def test_moodle_as_an_archive_and_unpacked(tmp_path, slash):
    ada, bo = f"Ada Adler_4711_assignsubmission_file{slash}", f"Bo Brandt_4712_assignsubmission_file{slash}"
    path = archive(tmp_path / "m.zip", f"{ada}/helper.py", f"{ada}/work.ipynb", f"{bo}/old.py", f"{bo}/new.py")
    expected = [f"{ada}/work.ipynb", f"{bo}/new.py"]
    names, rest = names_of(path)
    assert names == expected and set(rest) == {f"{ada}/helper.py", f"{bo}/old.py"}
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "class")
    for day, name in enumerate(["helper.py", "work.ipynb", "old.py", "new.py"]):
        [found] = (tmp_path / "class").rglob(name)
        os.utime(found, (day, day))
    assert names_of(tmp_path / "class")[0] == expected


def test_gradescope_with_groups_as_an_archive_and_unpacked(tmp_path):
    files = ["export/submission_101/cnn.ipynb", "export/submission_101/utils.py", "export/submission_102/cnn.py"]
    path = archive(tmp_path / "g.zip", "export/submission_metadata.yml", *files, **{
        "export/submission_metadata.yml": METADATA.encode(),
    })  # fmt: skip
    names, rest = names_of(path)
    assert names == ["aadler@uni.example+bbrandt@uni.example/cnn.ipynb", "cdiallo@uni.example/cnn.py"]
    assert list(rest) == ["aadler@uni.example+bbrandt@uni.example/utils.py"]
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "class")
    assert names_of(tmp_path / "class")[0] == names
    roster = read_roster(Path(__file__).parent / "rosters" / "gradescope.csv")
    matched = match(without_policy([Result(name, "graded", ()) for name in names]), roster)
    assert {n: result.submission for n, result in matched.of.items()} == {0: names[0], 1: names[0], 2: names[1]}
    assert not matched.of_nobody
    stranger = match(without_policy([Result("aadler@uni.example+who@uni.example/x.py", "graded", ())]), roster)
    assert stranger.of_nobody and not stranger.of


@pytest.mark.parametrize(
    "metadata", ["[", "- a", "submission_101: 5", "submission_101: {':submitters': [3]}", "&a [*a]"]
)
def test_odd_metadata_costs_nobody_the_submission(tmp_path, metadata):
    names = ["submission_101/cnn.ipynb", "submission_102/cnn.py"]
    contents = {"submission_metadata.yml": metadata.encode()}
    path = archive(tmp_path / "g.zip", "submission_metadata.yml", *names, **contents)
    assert names_of(path)[0] == names


def folder(tmp_path, *names):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    return tmp_path


def test_github_classroom(tmp_path):
    given = folder(
        tmp_path, "cnn-ada/cnn.ipynb", "cnn-ada/tests/test_it.py", "cnn-ada/.github/x.py", "cnn-bo/cnn.ipynb",
        "cnn-bo/other.ipynb",
    )  # fmt: skip
    names, rest = names_of(given, per="student")
    assert names == ["ada/cnn.ipynb", "bo/cnn.ipynb"] and set(rest) == {"ada/tests/test_it.py", "bo/other.ipynb"}
    assert names_of(given, per="student", assignment="convolve")[0][0].startswith("cnn-ada/")


def test_nbgraders_tree(tmp_path):
    given = folder(
        tmp_path, "ada/cnn/work.ipynb", "ada/convolve/work.ipynb", "bo/cnn/work.ipynb", "bo/cnn/timestamp.txt",
        "chidi/convolve/work.ipynb",
    )  # fmt: skip
    names, _ = names_of(given, per="student")
    assert names == ["ada/cnn/work.ipynb", "bo/cnn/work.ipynb", "chidi/convolve/work.ipynb"]


def test_a_plain_archive_or_folder_with_a_folder_for_each_student(tmp_path):
    path = archive(tmp_path / "class.zip", "class/ada/a.py", "class/ada/b.ipynb", "class/bo/c.py")
    assert names_of(path, per="student")[0] == ["ada/b.ipynb", "bo/c.py"]
    assert names_of(path, per="file")[0] == ["ada/a.py", "ada/b.ipynb", "bo/c.py"]
    assert names_of(path)[0] == ["class.zip"], "unless it is said, it may be one student's"
    given = folder(tmp_path / "folder", "ada/a.py", "ada/b.ipynb", "bo/c.py", "dana.py")
    assert names_of(given, per="student")[0] == ["ada/b.ipynb", "bo/c.py", "dana.py"]
    assert names_of(given)[0] == ["ada/a.py", "ada/b.ipynb", "bo/c.py", "dana.py"]


# --- what is hostile -------------------------------------------------------------------------------------------------


def test_nothing_is_unpacked_outside_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    odd = ["../../evil_1_2_a.py", "/evil_1_3_a.py", "a/../../evil_1_4_a.py", "C:/evil_1_5_a.py", "..\\evil_1_6_a.py"]
    path = archive(tmp_path / "c.zip", "ok_7_8_a.py", *odd)
    before = set(tmp_path.rglob("*"))
    with handed_in([path], "cnn", "auto") as collected:
        made = set(tmp_path.rglob("*")) - before
        assert [file.name for file in collected.submissions] == ["ok_7_8_a.py"]
        assert {why for _, why in collected.set_aside} == {"its name leads out of the archive"}
        assert len(collected.set_aside) == len(odd)
        assert len([path for path in made if path.is_file()]) == 1
    assert set(tmp_path.rglob("*")) == before


def test_links_bombs_secrets_and_damage_are_named_and_cost_nobody_else_anything(tmp_path):
    path = tmp_path / "c.zip"
    link = zipfile.ZipInfo("link_1_2_a.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(link, "/etc/passwd")
        file.writestr("bomb_3_4_a.py", b"#" * (MAX_BYTES + 100))
        file.writestr("odd_5_6_a.py", b"x = 1", zipfile.ZIP_LZMA)
        file.writestr("fine_7_8_a.py", b"x = 1")
        file.writestr("damaged_9_10_a.py", b"y = 123456789" * 99, zipfile.ZIP_STORED)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"y = 123456789", b"y = 923456789", 1))
    with handed_in([path], "cnn", "auto") as collected:
        sizes = {file.name: file.path.stat().st_size for file in collected.submissions}
        assert sizes == {"bomb_3_4_a.py": MAX_BYTES + 1, "fine_7_8_a.py": 5}
        assert dict(collected.set_aside) == {
            "link_1_2_a.py": "it is a link",
            "odd_5_6_a.py": "it is compressed in an unusual way",
            "damaged_9_10_a.py": "it is damaged in the archive: download it again",
        }


def test_two_archives_with_the_same_names_are_refused(tmp_path):
    (tmp_path / "b").mkdir()
    one, other = archive(tmp_path / "a.zip", "x_1_2_a.py"), archive(tmp_path / "b/a.zip", "x_1_2_a.py")
    with pytest.raises(UsageError, match="would be called"):
        names_of(one, other, per="file")


GRADER = """
from autograder import points

@points(2, "Adds two numbers")
def test_adds(submission):
    assert submission.add(2, 3) == 5, "The sum is wrong."
"""


def test_from_canvas_and_back(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    path = archive(
        tmp_path / "submissions.zip",
        "adlerada_10421_900001_hw.py", "brandtbo_LATE_10422_900002_hw.py", "brandtbo_LATE_10422_900005_hw-1.py",
        **{"adlerada_10421_900001_hw.py": b"def add(a, b): return a + b", "brandtbo_LATE_10422_900005_hw-1.py": b"("},
    )  # fmt: skip
    out, roster = tmp_path / "out", Path(__file__).parent / "rosters" / "canvas.csv"
    done = autograder("grade", assignment.folder, path, "-o", out)
    assert done.returncode == 0
    assert "Not graded: brandtbo_LATE_10422_900002_hw.py: brandtbo_LATE_10422_900005_hw-1.py of the same" in done.stdout
    done = autograder("export", out, "--to", "canvas", "--roster", roster, "--column", "Time to convolve")
    assert done.returncode == 0
    rows = (out / "grades-canvas.csv").read_text().splitlines()
    assert [row.rpartition(",")[2] for row in rows[3:]] == ["2", "0"]
    assert autograder("feedback", out, "--for", "canvas").returncode == 0
    with zipfile.ZipFile(out / "feedback-canvas.zip") as returned:
        assert returned.namelist() == ["adlerada_10421_900001_hw.html", "brandtbo_LATE_10422_900005_hw-1.html"]
