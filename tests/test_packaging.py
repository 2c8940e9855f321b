"""A release from the master notebook to the scores: real Otter Assign, real Jupyter kernels, real `otter run`."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
import pytest
from lessons import files_of

from autograder.assignment import PARTS, Assignment, load_assignment
from autograder.errors import AssignmentError, UsageError
from autograder.grading.grade import grade
from autograder.packaging.bundle import open_assignment
from autograder.packaging.leaks import find_leaks
from autograder.packaging.master import read_master
from autograder.packaging.release import otter_assign, release
from autograder.sandbox import choose

MASTER = '''# %% [raw]
# # ASSIGNMENT CONFIG
# name: adding
# tests:
#   files: true
#   ok_format: false
# export_cell:
#   pdf: false
#   run_tests: false
# files:
#   - helper.py
# plugins:
#   - autograder.packaging.otter.HiddenGraders

# %% [markdown]
# # Adding

# %%
import helper

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 0

# %% [raw]
# # BEGIN SOLUTION

# %%
def add_all(numbers):
    """Return the sum of the numbers."""
    # BEGIN SOLUTION
    total_so_far = 0
    for each_number in numbers:
        total_so_far += each_number
    return total_so_far
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_small_numbers(add_all, env):
    assert add_all([1, 2]) == 3, "add_all([1, 2]) is 3."

# %%
def test_nothing(add_all, env):
    assert add_all([]) == 0, "add_all([]) is 0."

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''
GRADER = """
from pathlib import Path

import numpy as np

from autograder import points

CASES = [[4711, 815]]  # SECRET


@points(2, "Adds large numbers")
def test_large_numbers(submission):
    for numbers in CASES:
        claimed_total = submission.add_all(numbers)
        assert claimed_total == sum(numbers), f"add_all({numbers}) is {sum(numbers)}; yours is {claimed_total}."


@points(1, "Adds what is in a file", visibility="after_published")
def test_hidden_data(submission, assignment, leaderboard):
    data = np.load(Path(assignment.folder) / "hidden" / "numbers.npy")
    leaderboard("numbers", len(data))
    assert submission.add_all(data.tolist()) == int(data.sum()), "The sum of some numbers is wrong."
"""
RIGHT = "def add_all(numbers):\n    return sum(numbers)\n"


@pytest.fixture(scope="session")
def original(tmp_path_factory) -> Path:
    """A small assignment with everything that a large one has."""
    import numpy as np

    folder = tmp_path_factory.mktemp("course") / "solutions" / "adding"
    (folder / "graders").mkdir(parents=True)
    (folder / "hidden").mkdir()
    (folder / "adding.py").write_text(MASTER)
    (folder / "helper.py").write_text("ONE = 1\n")
    (folder / "graders" / "test_q1.py").write_text(GRADER)
    (folder / "graders" / "key").write_text("5ec2e7" * 12)
    np.save(folder / "hidden" / "numbers.npy", np.random.default_rng(0).integers(0, 10**6, 500))
    (folder / "assignment.toml").write_text(
        'title = "Adding"\nfiles = ["helper.py"]\nautograder_files = ["hidden"]\npreload = []\n'
    )
    return folder


@pytest.fixture
def adding(original, tmp_path) -> Assignment:
    """A copy of it, to be spoilt."""
    shutil.copytree(original, tmp_path / "solutions" / "adding")
    return load_assignment(tmp_path / "solutions" / "adding")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def assign(assignment: Assignment, folder: Path):
    return release(assignment, folder / "student", folder / "autograder.zip")


@pytest.fixture(scope="session")
def built(original, tmp_path_factory):
    """What Otter Assign makes of it."""
    assignment = load_assignment(original)
    return otter_assign(assignment, read_master(assignment), tmp_path_factory.mktemp("workshop"))


# autograder assign


def test_the_command_writes_both_in_the_course_s_own_layout(adding, tmp_path):
    command = [sys.executable, "-m", "autograder", "assign", "adding"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The reference gets 3 of 3 points, the blank notebook none." in done.stdout
    assert "(there was none): run `autograder audit adding`" in done.stdout
    student = tmp_path / "assignments" / "adding"
    assert sorted(path.relative_to(student).as_posix() for path in student.rglob("*") if path.is_file()) == [
        "adding.ipynb",
        "helper.py",
        "tests/q1.py",
    ]
    with open_assignment(str(adding.folder / "autograder.zip")) as packed:
        assert packed.name == "adding"
        assert sorted(path.name for path in packed.folder.rglob("*") if path.is_file()) == sorted(
            ["assignment.toml", "helper.py", "key", "numbers.npy", "test_q1.py"]
        )


def test_a_package_grades_like_the_folder_it_was_made_from(built, tmp_path):
    (tmp_path / "ada.py").write_text(RIGHT)
    command = [sys.executable, "-m", "autograder", "grade", built.package, tmp_path / "ada.py", "-o", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "3 of 3" in done.stdout, done.stderr


def test_what_an_assignment_promises_students_is_installed_for_them(adding, tmp_path):
    edit(adding.folder / "assignment.toml", "title = ", 'packages = ["HypoThesis>=6"]\ntitle = ')
    built = otter_assign(adding, read_master(adding), tmp_path / "workshop")
    requirements = members(built.package)["setup.sh"].decode().split()
    names = {line.strip("'\"").partition("==")[0] for line in requirements}
    assert {"hypothesis", "sortedcontainers", "torch", "scipy", "matplotlib"} <= names
    assert not {"scikit-learn", "seaborn"} & names  # of the lessons, which name them in turn


def test_plain_otter_assign_gives_the_same_files(adding, built, tmp_path):
    jupytext.write(read_master(adding).notebook, adding.folder / "adding.ipynb")
    command = [
        sys.executable,
        "-m",
        "otter",
        "assign",
        "-v",
        "adding.ipynb",
        tmp_path / "dist",
    ]  # with Otter's own test run
    done = subprocess.run(command, cwd=adding.folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "All autograder tests passed" in done.stdout + done.stderr, done.stderr
    assert contents(tmp_path / "dist" / "student") == contents(built.student)
    [package] = (tmp_path / "dist" / "autograder").glob("*.zip")
    assert members(package) == members(built.package)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def members(package: Path) -> dict[str, bytes]:
    """What is in a package; of the wheel, which has times in it, what is in that."""
    with zipfile.ZipFile(package) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
        [wheel] = [name for name in found if name.endswith(".whl")]
        with archive.open(wheel) as file, zipfile.ZipFile(file) as inner:
            found[wheel] = b"".join(inner.read(name) for name in sorted(inner.namelist()))
    return found


def test_a_folder_that_holds_something_else_is_not_replaced(adding, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    for place in (mine, adding.folder, adding.folder.parent, mine / "thesis.txt"):
        with pytest.raises(UsageError, match="holds something else"):
            release(adding, place, tmp_path / "autograder.zip")
    assert (mine / "thesis.txt").exists() and (adding.folder / "adding.py").exists()


SPOILT = {
    "unknown setting": ("# name: adding\n", "# name: adding\n# run_test: false\n", "run_test"),
    "unknown setting in a setting": ("#   pdf: false", "#   pfd: false", "pfd"),
    "unknown setting of a question": ("# points: 0", "# points: 0\n# manuall: true", "manuall"),
    "public tests with points": ("# points: 0", "# points: 3", "points: 0"),
    "public tests whose points Otter would choose": ("# points: 0\n", "", "points: 0"),
    "no plugin": ("#   - autograder.packaging.otter.HiddenGraders", "#   []", "plugin"),
    "files that differ": ("#   - helper.py", "#   []", "assignment.toml"),
    "the graders' files": ("# files:", "# autograder_files: [hidden]\n# files:", "assignment.toml"),
    "tests in a format that is not ours": ("#   ok_format: false\n", "", "ok_format: false"),
    "a seed that nothing would use": ("# tests:", "# seed: {variable: s, autograder_value: 1}\n# tests:", "seed"),
    "another score": ("# tests:", "# generate: {points_possible: 30}\n# tests:", "generate"),
    "no package": ("# tests:", "# generate: false\n# tests:", "generate"),
    "no settings": ("# # ASSIGNMENT CONFIG", "# # ASIGNMENT CONFIG", "ASSIGNMENT CONFIG"),
    "settings that are no YAML": ("# tests:\n", "# tests: [\n", "YAML"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_settings_that_otter_overlooks_stop_the_release(adding, case):
    old, new, said = SPOILT[case]
    edit(adding.folder / "adding.py", old, new)
    with pytest.raises(AssignmentError, match=said):
        read_master(adding)


def test_a_master_that_is_no_notebook_is_one_sentence(adding):
    (adding.folder / "adding.py").rename(adding.folder / "adding.ipynb")
    with pytest.raises(AssignmentError, match="can't be read as a notebook"):
        read_master(adding)


@pytest.mark.parametrize("given", ["hidden", "hidden/numbers.npy", "graders/test_q1.py", "adding.py"])
def test_what_is_secret_is_not_given_to_students(adding, given):
    edit(adding.folder / "assignment.toml", '"helper.py"', f'"{given}"')
    with pytest.raises(AssignmentError, match="is not for them"):
        load_assignment(adding.folder)


def test_a_damaged_package_is_one_sentence(built, tmp_path):
    (tmp_path / "cut.zip").write_bytes(built.package.read_bytes()[:-3000])
    (tmp_path / "ada.py").write_text(RIGHT)
    command = [sys.executable, "-m", "autograder", "grade", tmp_path / "cut.zip", tmp_path / "ada.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


def test_two_tests_of_the_same_name_stop_the_release(adding, tmp_path):
    edit(adding.folder / "adding.py", "test_nothing", "test_small_numbers")
    with pytest.raises(AssignmentError, match="2 public tests, but the student version 1"):
        assign(adding, tmp_path)


def test_a_test_file_that_otter_breaks_stops_the_release(adding, tmp_path):
    """Otter writes the message into its file as it is, quotes and all, and its own run of the tests passes."""
    config = '""" # BEGIN TEST CONFIG\nsuccess_message: Say "yes"\n""" # END TEST CONFIG\ndef test_nothing'
    edit(adding.folder / "adding.py", "def test_nothing", config)
    with pytest.raises(AssignmentError, match="can't be read"):
        assign(adding, tmp_path)


def test_a_reference_that_loses_points_stops_the_release(adding, tmp_path):
    edit(adding.folder / "graders" / "test_q1.py", "claimed_total == sum(numbers)", "claimed_total == 1 + sum(numbers)")
    with pytest.raises(AssignmentError, match=r"gets 1 of 3 points: q1.large_numbers: add_all\(\[4711, 815\]\)"):
        assign(adding, tmp_path)
    assert not (tmp_path / "autograder.zip").exists() and not (tmp_path / "student").exists()


def test_points_for_a_blank_notebook_stop_the_release(adding, tmp_path):
    with (adding.folder / "graders" / "test_q1.py").open("a") as file:
        file.write('\n\n@points(1, "Is there")\ndef test_is_there(submission):\n    assert submission.add_all\n')
    with pytest.raises(AssignmentError, match=r"the blank notebook gets 1 points: q1.is_there"):
        assign(adding, tmp_path)


def test_graders_without_points_stop_the_release(adding, tmp_path):
    path = adding.folder / "graders" / "test_q1.py"
    path.write_text(path.read_text().replace("@points(2", "@points(0").replace("@points(1", "@points(0"))
    with pytest.raises(AssignmentError, match="no points to give"):
        assign(adding, tmp_path)


def test_a_solution_that_fails_a_public_test_stops_the_release(adding, tmp_path):
    edit(adding.folder / "adding.py", "add_all([]) == 0", "add_all([]) == 1")
    with pytest.raises(AssignmentError, match="does not pass a public test"):
        assign(adding, tmp_path)


def test_a_solved_notebook_that_does_not_run_stops_the_release(adding, tmp_path):
    edit(adding.folder / "adding.py", "import helper", "import helper\nhelper.nothing")
    with pytest.raises(AssignmentError, match="does not run: AttributeError"):
        assign(adding, tmp_path)


# The leak check


def test_a_requirement_of_training_needs_a_calibration(adding, tmp_path):
    (adding.graders / "test_q2.py").write_text(
        "from types import SimpleNamespace\n"
        "from autograder import points\n"
        "@points(1, 'Learns')\n"
        "def test_learns(make_trials):\n"
        "    room = SimpleNamespace(task=None, variation=None)\n"
        "    make_trials(room, epochs=1).reaches('accuracy', 0.9, false_fail=1e-4)\n"
    )
    with pytest.raises(AssignmentError, match=r"'accuracy at least 0.9' needs a calibration: run"):
        assign(adding, tmp_path)
    assert not (tmp_path / "student").exists()


def test_parts_of_the_framework_travel_and_nothing_is_left_in_the_assignment_s_folder(adding, tmp_path):
    edit(adding.folder / "assignment.toml", "title = ", 'framework = ["diagnosis", "torchvision_compat"]\ntitle = ')
    edit(
        adding.folder / "adding.py",
        "import helper\n",
        "import helper, torchvision_compat\nfrom diagnosis import diagnose\n",
    )
    before = set(adding.folder.rglob("*"))
    released = assign(load_assignment(adding.folder), tmp_path)  # where the solved notebook runs, too
    for part in PARTS.values():
        assert files_of(released.student / part.name) == files_of(part) != {}
    assert set(adding.folder.rglob("*")) == before
    path = tmp_path / "ada.py"
    path.write_text(f"import torchvision_compat\nfrom diagnosis import Diagnosis\n{RIGHT}")
    with open_assignment(str(released.package)) as packed:
        result = grade(packed, path, choose(forbidden=(adding.folder, packed.folder)))
    assert (result.score, result.notes) == (3, ())


@pytest.fixture
def student(built, tmp_path) -> Path:
    """A student version, to be spoilt."""
    shutil.copytree(built.student, tmp_path / "student")
    return tmp_path / "student"


def leaks(assignment: Assignment, student: Path) -> list[str]:
    return [str(leak) for leak in find_leaks(assignment, read_master(assignment), student)]


def change_notebook(student: Path, change) -> None:
    notebook = nbformat.read(student / "adding.ipynb", as_version=4)
    change(notebook)
    nbformat.write(notebook, student / "adding.ipynb")


def test_a_clean_student_version_has_no_leak(adding, student):
    assert leaks(adding, student) == []


def test_a_line_of_a_solution_in_an_output_is_a_leak(adding, student):
    output = nbformat.v4.new_output("stream", text="total_so_far   += each_number\n")
    change_notebook(student, lambda notebook: notebook.cells[2].update(outputs=[output]))
    assert leaks(adding, student) == [
        "adding.ipynb, cell 3, outputs has a line of the solutions: total_so_far += each_number"
    ]


def test_a_line_of_a_grader_in_metadata_is_a_leak(adding, student):
    line = "claimed_total = submission.add_all(numbers)"
    change_notebook(student, lambda notebook: notebook.metadata.update(note={"deep": [line, 1]}))
    assert leaks(adding, student) == [f"adding.ipynb, metadata has a line of graders/test_q1.py: {line}"]


def test_a_body_in_another_layout_is_a_leak(adding, student):
    body = "total_so_far = 0\n  # no\n  for each_number in numbers: total_so_far += each_number\n  return(total_so_far)"
    (student / "helper.py").write_text(f"def other_name(x):\n  '''What it does.'''\n  {body}\n")
    assert "helper.py has the body of add_all of the solutions" in leaks(adding, student)


def test_a_literal_marked_secret_is_a_leak(adding, student):
    change_notebook(student, lambda notebook: notebook.cells[1].update(source="Try 4711 and 48150."))
    assert leaks(adding, student) == ["adding.ipynb, cell 2 has a literal marked SECRET in graders/test_q1.py: 4711"]


@pytest.mark.parametrize("spelling", ["hex", "HEX", "base64"])
def test_the_key_in_any_spelling_is_a_leak(adding, student, spelling):
    secret = adding.key.secret
    spelt = {"hex": secret.hex(), "HEX": secret.hex().upper(), "base64": base64.b64encode(secret).decode()}
    edit(student / "tests" / "q1.py", "points = 0", f"points = 0  # {spelt[spelling]}")
    assert "tests/q1.py has the key of graders/key" in leaks(adding, student)


@pytest.mark.parametrize("packing", ["plain", "zip", "gzip", "base64 in a notebook"])
def test_hidden_data_are_a_leak_however_they_are_packed(adding, student, packing):
    import gzip

    data = b"12345" + (adding.folder / "hidden" / "numbers.npy").read_bytes()[1000:2001]  # a part, and shifted
    if packing == "plain":
        (student / "helper.py").write_bytes(data)
    elif packing == "gzip":
        (student / "helper.py").write_bytes(gzip.compress(data))
    elif packing == "zip":
        with zipfile.ZipFile(student / "helper.py", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inside", data)
    else:
        picture = nbformat.v4.new_output("display_data", data={"image/png": base64.b64encode(data).decode()})
        change_notebook(student, lambda notebook: notebook.cells[2].update(outputs=[picture]))
    found = leaks(adding, student)
    assert len(found) == 1 and found[0].endswith("data of hidden/numbers.npy")


def test_data_that_only_share_their_format_are_no_leak(adding, student):
    import numpy as np

    np.save(student / "helper.npy", np.random.default_rng(1).integers(0, 10**6, 500))
    (student / "helper.npy").rename(student / "helper.py")
    assert leaks(adding, student) == []


def test_a_file_that_no_setting_asks_for_is_a_leak(adding, student):
    (student / ".ipynb_checkpoints").mkdir()
    (student / ".ipynb_checkpoints" / "adding-checkpoint.ipynb").write_text("{}")
    assert leaks(adding, student) == [
        ".ipynb_checkpoints/adding-checkpoint.ipynb has no place there: no setting asks for this file"
    ]


def test_a_leak_stops_the_release_and_names_the_place(adding, tmp_path):
    edit(adding.folder / "adding.py", "# # Adding", "# # Adding\n#\n# Try 4711.")
    with pytest.raises(AssignmentError, match="adding.ipynb, cell 2 has a literal marked SECRET"):
        assign(adding, tmp_path)
    assert not (tmp_path / "autograder.zip").exists()


# otter run


def otter_run(package: Path, submission: Path, folder: Path, **options):
    folder.mkdir()
    command = [sys.executable, "-m", "otter", "run", "-a", package, "-o", folder, submission]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)
    path = folder / "results.json"
    return done, json.loads(path.read_text()) if path.exists() else None


def scores(report: dict) -> dict[str, tuple[float, float]]:
    return {test["name"]: (test["score"], test["max_score"]) for test in report["tests"]}


def as_notebook(source: str) -> str:
    return nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]))


SUBMISSIONS = {
    "right.ipynb": as_notebook(RIGHT),
    "wrong.py": "def add_all(numbers):\n    return sum(numbers) % 1000\n",
    "crash.py": "import os\ndef add_all(numbers):\n    os._exit(0)\n",
}


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_otter_run_gives_the_scores_that_we_give(adding, built, tmp_path, name):
    path = tmp_path / name
    path.write_text(SUBMISSIONS[name])
    _, report = otter_run(built.package, path, tmp_path / "out")
    ours = grade(adding, path, choose(forbidden=(adding.folder,)))
    assert scores(report) == {check.name: (check.points, check.max_points) for check in ours.checks}
    assert sum(score for score, _ in scores(report).values()) == (3 if "right" in name else 0)


def test_otter_run_takes_an_export_and_unpickles_nothing_in_it(built, tmp_path):
    """A log is unpickled by plain Otter before anything runs: here it would make a file."""
    mark = tmp_path / "unpickled"
    log = f"cposix\nsystem\n(S'touch {mark}'\ntR.".encode()
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("adding.ipynb", as_notebook(RIGHT))
        archive.writestr(".OTTER_LOG", log)
        archive.writestr("helper.py", "raise SystemExit")
        archive.writestr("tests/q1.py", "raise SystemExit")
        archive.writestr("torch-autograder/adding/graders/test_q1.py", "")
        archive.writestr("ipykernel_launcher.py", f"open({str(mark)!r}, 'w')")
    done, report = otter_run(built.package, tmp_path / "export.zip", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert scores(report) == {"q1.large_numbers": (2, 2), "q1.hidden_data": (1, 1)}
    assert not mark.exists()


@pytest.mark.parametrize("module", ["ipykernel_launcher", "json", "bottleneck"])
def test_otter_s_kernel_imports_no_submission_that_has_the_name_of_a_module(built, tmp_path, module):
    path = tmp_path / f"{module}.py"
    path.write_text(f"{RIGHT}\nopen({str(tmp_path / 'imported')!r}, 'w')")
    done, report = otter_run(built.package, path, tmp_path / "out")
    assert not (tmp_path / "imported").exists()
    assert done.returncode == 0 and sum(score for score, _ in scores(report).values()) == 3, done.stderr


def test_no_plugin_or_a_failing_one_is_an_error_and_no_score(original, built, tmp_path):
    (tmp_path / "ada.py").write_text(RIGHT)
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(built.package) as archive:
        archive.extractall(unpacked)
    spoils = {
        "no framework": ("otter_config.json", "autograder.packaging", "absent.packaging"),
        "a grader that raises": ("files/torch-autograder/adding/graders/test_q1.py", "submission.add_all", "nowhere."),
    }
    for name, (file, old, new) in spoils.items():
        folder = tmp_path / name
        shutil.copytree(unpacked, folder)
        edit(folder / file, old, new)
        package = shutil.make_archive(str(tmp_path / name), "zip", folder)
        done, report = otter_run(Path(package), tmp_path / "ada.py", tmp_path / f"out {name}")
        assert done.returncode != 0 and report is None, name


# Gradescope


@pytest.fixture(scope="module")
def image(built) -> Iterator[Path]:
    """A folder laid out as Gradescope's /autograder, set up by the package's own script."""
    with tempfile.TemporaryDirectory() as folder:
        yield set_up(Path(folder) / "autograder", built.package)


@pytest.fixture
def gradescope(image) -> Iterator[Path]:
    """A copy of it for one submission, as Gradescope starts a container for each from an image that is built once."""
    with tempfile.TemporaryDirectory() as folder:  # not pytest's own, which no other user may enter
        Path(folder).chmod(0o755)
        yield shutil.copytree(image, Path(folder) / "autograder")


def set_up(root: Path, package: Path) -> Path:
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(root / "source")
    shutil.copy(root / "source" / "run_autograder", root)
    (root / "run_autograder").chmod(0o755)
    # PYTHON: not an environment of its own, which takes minutes to install.
    setup = subprocess.run(
        ["bash", root / "source" / "setup.sh"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert setup.returncode == 0, setup.stderr
    assert "1.5 GB" in setup.stdout
    return root


def run_autograder(root: Path, *prefix: str):
    command = [*prefix, str(root / "run_autograder")]
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=120, check=False)
    path = root / "results" / "results.json"
    assert path.exists(), done.stdout + done.stderr
    return done, json.loads(path.read_text())


def test_gradescope_gets_a_result_with_every_check(gradescope):
    (gradescope / "submission" / "adding.py").write_text("def add_all(numbers):\n    return sum(numbers) % 10000\n")
    (gradescope / "submission" / "helper.py").write_text("raise SystemExit  # a student's copy")
    done, report = run_autograder(gradescope)
    assert done.returncode == 0, done.stderr
    assert report["score"] == 2
    assert [(test["name"], test["visibility"], test["output"]) for test in report["tests"]] == [
        ("q1.large_numbers", "visible", "Adds large numbers"),
        ("q1.hidden_data", "after_published", "Adds what is in a file\nThe sum of some numbers is wrong."),
    ]
    assert report["leaderboard"] == [{"name": "numbers", "value": 500.0, "order": "desc"}]
    assert report["stdout_visibility"] == "hidden"


# An ordinary user, with the one right to read our Python and packages, which may lie in somebody's private home.
AS_ANYBODY = [
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"),
]


def test_gradescope_as_an_ordinary_user_with_namespaces_refused(gradescope, without_namespaces):
    (gradescope / "submission" / "adding.py").write_text(f"import os\nassert os.getuid() != 0\n{RIGHT}")
    as_user = []
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "65534:65534", gradescope], check=True)
        as_user = AS_ANYBODY
    done, report = run_autograder(gradescope, *as_user, *without_namespaces)
    assert done.returncode == 0, done.stderr
    assert report["score"] == 3
    assert report["extra_data"]["confinement"][0] == "landlock"


def test_gradescope_as_we_are_with_namespaces_refused(gradescope, without_namespaces):
    (gradescope / "submission" / "adding.py").write_text(RIGHT)
    done, report = run_autograder(gradescope, *without_namespaces)
    assert done.returncode == 0, done.stderr
    assert report["score"] == 3
    assert report["extra_data"]["confinement"][0] == "landlock"


def test_gradescope_is_told_of_a_broken_grader_and_the_student_is_not(gradescope):
    edit(gradescope / "source/files/torch-autograder/adding/graders/test_q1.py", "sum(numbers),", "sums(numbers),")
    (gradescope / "submission" / "adding.py").write_text(RIGHT)
    done, report = run_autograder(gradescope)
    assert done.returncode == 0 and report["score"] == 1, "the other check counts"
    assert [test["visibility"] for test in report["tests"] if "NameError" in test["output"]] == ["hidden"]
    assert (gradescope / "results" / "results.pkl").exists()


def test_otter_run_gives_the_other_points_where_a_check_is_broken(built, tmp_path):
    package = tmp_path / "broken.zip"
    with zipfile.ZipFile(built.package) as old, zipfile.ZipFile(package, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("graders/test_q1.py"):
                assert b"sum(numbers)," in data
                data = data.replace(b"sum(numbers),", b"sums(numbers),")
            new.writestr(name, data)
    (tmp_path / "ada.py").write_text(RIGHT)
    done, report = otter_run(package, tmp_path / "ada.py", tmp_path / "out")
    assert report is not None, done.stderr
    assert {points for points, _ in scores(report).values()} == {0, 1} and "NameError" in done.stderr
    assert "q1.large_numbers" in str(report) and "NameError" not in str(report)


SAME_OPERATIONS = """
from autograder import points

@points(1, "An item")
def test_theirs_item(submission):
    submission.add_all([1])[0]

@points(1, "An item of the grader's own")
def test_ours_item(submission):
    submission.add_all([1])
    own = None
    own[0]

@points(1, "A key")
def test_theirs_key(submission):
    submission.add_all([]).get("key")["x"]

@points(1, "A key of the grader's own")
def test_ours_key(submission):
    submission.add_all([])
    own = {"key": {}}
    own.get("key")["x"]
"""


def test_otter_run_charges_a_submission_with_what_its_own_values_cause(built, tmp_path):
    """And the grader with the same exceptions over values of its own."""
    package = tmp_path / "changed.zip"
    with zipfile.ZipFile(built.package) as old, zipfile.ZipFile(package, "w") as new:
        for name in old.namelist():
            new.writestr(name, SAME_OPERATIONS if name.endswith("graders/test_q1.py") else old.read(name))
    (tmp_path / "ada.py").write_text("def add_all(numbers):\n    return None if numbers else {'key': {}}\n")
    done, report = otter_run(package, tmp_path / "ada.py", tmp_path / "out")
    assert report is not None, done.stderr
    told = {test["name"]: "of another kind or form" in test["output"] for test in report["tests"]}
    assert told == {"q1.theirs_item": True, "q1.ours_item": False, "q1.theirs_key": True, "q1.ours_key": False}
    assert [name in done.stderr for name in ("test_theirs", "test_ours_item", "test_ours_key")] == [False, True, True]


HANDED_IN = [{}, {"notes.txt": "x"}, {"one.ipynb": "{}", "two.ipynb": "{}"}, {"adding.ipynb": "{"}]


@pytest.mark.parametrize("files", HANDED_IN)
def test_gradescope_without_a_submission_says_why(gradescope, files):
    for name, text in files.items():
        (gradescope / "submission" / name).write_text(text)
    done, report = run_autograder(gradescope)
    assert done.returncode == 0 and report["score"] == 0
    assert report["extra_data"]["status"] == "ungradable" and len(report["output"]) > 20
    assert len(report["tests"]) == 2
