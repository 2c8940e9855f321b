"""The assignment `convolve` as its students meet it: its pictures, the notebook and its public tests."""

import ast
import csv
import runpy
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from lessons import answer_cells, execute, files_of, otter_scores
from otter.test_files import create_test_file
from PIL import Image
from torch import nn

from autograder.assignment import load_assignment
from autograder.grading.grade import grade
from autograder.packaging.master import read_master
from autograder.packaging.release import otter_assign
from autograder.sandbox import choose

ROOT = Path(__file__).resolve().parent.parent
LESSON = ROOT / "solutions" / "convolve"
RELEASED = ROOT / "assignments" / "convolve"
QUESTIONS = [f"q{n}" for n in range(1, 9)]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """More than one torch thread a process is many times slower on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# The pictures


@pytest.fixture(scope="module")
def tiny_images():
    return runpy.run_path(str(LESSON / "tiny_images.py"))


@pytest.fixture(scope="module")
def sheets(tiny_images):
    """Pictures (N, 32, 32, 4) and labels (N,) of each sheet."""
    folders = {"train": "data", "validation": "data", "hidden": "hidden"}
    return {name: tiny_images["read_pictures"](LESSON / folder, name) for name, folder in folders.items()}


def test_sheets_hold_as_many_of_each_kind(sheets):
    for name, count in {"train": 84, "validation": 14, "hidden": 26}.items():
        pictures, labels = sheets[name]
        assert pictures.shape == (5 * count, 32, 32, 4) and pictures.dtype == np.uint8
        assert np.bincount(labels).tolist() == [count] * 5
        opaque = pictures[..., 3].mean(axis=(1, 2)) / 255
        assert opaque.min() > 0.03 and opaque.mean() > 0.3  # each shows something


def test_no_emoji_is_in_two_sheets(sheets):
    contents = {name: {picture.tobytes() for picture in pictures} for name, (pictures, _) in sheets.items()}
    named = {}
    for name, folder in {"train": "data", "validation": "data", "hidden": "hidden"}.items():
        with (LESSON / folder / f"{name}.csv").open(encoding="utf-8", newline="") as table:
            named[name] = {row["name"] for row in csv.DictReader(table)}
    for found in (contents, named):
        assert not found["train"] & found["validation"]
        assert not (found["train"] | found["validation"]) & found["hidden"]


def test_hidden_pictures_stay_home():
    hidden = [path.read_bytes() for path in (LESSON / "hidden").iterdir() if path.suffix in (".png", ".csv")]
    assert len(hidden) == 2
    assert not [name for name, content in files_of(RELEASED).items() if content in hidden]


def test_pictures_come_with_their_licences():
    for folder in (LESSON / "data", LESSON / "hidden", RELEASED / "data"):
        text = (folder / "LICENSE").read_text()
        assert "Apache License" in text and "Noto Emoji" in text and "The MIT License" in text


def test_place_draws_everything_from_the_generator(tiny_images, sheets):
    pictures, _ = sheets["validation"]
    place = tiny_images["place"]
    images, again, others = (place(pictures, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert images.shape == (70, 3, 32, 32) and images.dtype == np.float32
    assert 0 <= images.min() < 0.1 and 0.9 < images.max() <= 1
    assert np.array_equal(images, again) and not np.array_equal(images, others)
    grounds = {tuple(image[:, 0, 0].round(2)) for image in images}
    assert len(grounds) > 60  # a colour each


# A convolution is worth something


@pytest.fixture(scope="module")
def study():
    return runpy.run_path(str(ROOT / "benchmarks" / "tiny_images.py"))


def test_a_dense_network_of_the_same_size_falls_behind(study):
    recorded = study["recorded"]()
    assert all(len(values) == 20 for values in recorded.values())
    mean, low, _ = study["interval"](recorded["convolutional"])
    for name in ("dense, 14 units", "dense, 14 and 14 units"):
        dense_mean, _, dense_high = study["interval"](recorded[name])
        assert mean - dense_mean >= 0.10 and dense_high < low
        sizes = [sum(p.numel() for p in study["NETWORKS"][which]().parameters()) for which in ("convolutional", name)]
        assert sizes[0] < sizes[1] < 1.03 * sizes[0]


def test_the_recorded_accuracies_are_true(study):
    """A sample, with another machine's rounding: a few images may fall to the other side."""
    for network, seed in (("convolutional", 3), ("dense, 14 units", 7)):
        assert study["accuracy_of"](network, seed) == pytest.approx(study["recorded"]()[network][seed], abs=0.04)


def test_the_lesson_draws_the_recorded_accuracies(study):
    [cell] = [
        cell.source for cell in read_master(load_assignment(LESSON)).notebook.cells if "per_cent = {" in cell.source
    ]
    drawn = ast.literal_eval(cell.partition("per_cent = ")[2].partition("\n}\n")[0] + "\n}")
    for text, name in zip(drawn.values(), ("convolutional", "dense, 14 units"), strict=True):
        values = [float(value) for value in text.split()]
        assert values == pytest.approx([100 * value for value in study["recorded"]()[name]], abs=0.051)


# The notebook


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """What Otter Assign makes of the master notebook now."""
    assignment = load_assignment(LESSON)
    return otter_assign(assignment, read_master(assignment), tmp_path_factory.mktemp("assign"))


@pytest.fixture(scope="module")
def executed(built, tmp_path_factory):
    """The student version, blank and answered, after a run from top to bottom."""
    return execute(built, tmp_path_factory.mktemp("run"))


def test_committed_student_version_is_what_the_master_gives(built):
    fresh, committed = files_of(built.student), files_of(RELEASED)
    assert fresh.keys() == committed.keys()
    for name, content in fresh.items():
        assert content == committed[name], f"{name} is stale: run make assignments"


def test_student_version_has_stubs_and_no_solution():
    notebook = nbformat.read(RELEASED / "convolve.ipynb", as_version=4)
    text = (RELEASED / "convolve.ipynb").read_text()
    assert "SOLUTION" not in text and "def test_" not in text
    cells = answer_cells(notebook)
    assert [cell.source.count("...\n") + cell.source.endswith("...") for cell in cells] == [3, 1, 1, 1, 1, 1, 3, 3]
    stubs = "\n".join(cell.source for cell in cells)
    for solution in ("//", "%", "einsum", "permute", "range", "def pair", "relu", "Adam", "nn.Conv2d("):
        assert solution not in stubs
    written = [c for c in notebook.cells if c.cell_type == "markdown" and "Type your answer here" in c.source]
    assert len(written) == 1 and "4 x 4 kernel and a stride of 2: it finds" not in text
    tests = [create_test_file(str(path), None) for path in sorted((RELEASED / "tests").glob("q*.py"))]
    assert [len(test.test_cases) for test in tests] == [3, 3, 2, 3, 3, 3, 2, 2]
    assert sum(test.possible for test in tests) == 0


def test_with_the_reference_answers_it_runs_from_top_to_bottom(executed):
    answered = executed["answered"]
    assert answered.failed_cells == []
    assert answered.checks == {name: f"{name} results: All test cases passed!" for name in QUESTIONS}
    assert answered.pictures == 13
    shown = [output for cell in answered.notebook.cells for output in cell.get("outputs", []) if "data" in output]
    alternatives = [o.metadata["image/png"]["alt"] for o in shown if "image/png" in o.data]
    assert len(set(alternatives)) == 13 and min(map(len, alternatives)) > 60
    assert not [output for cell in answered.notebook.cells for output in cell.get("outputs", []) if is_warning(output)]


def is_warning(output):
    return output.output_type == "stream" and output.name == "stderr"


def printed(executed, start):
    """What the cell whose source begins so printed."""
    [cell] = [cell for cell in executed["answered"].notebook.cells if cell.source.startswith(start)]
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_its_numbers_are_those_of_the_text(executed):
    shares = printed(executed, "zebra, checkerboard =")
    assert "zebra and checkerboard:           0.50\nzebra and the same zebra, moved:  1.00" in shares
    shapes = printed(executed, "chain = [")
    assert [line.split("(", 1)[1] for line in shapes.splitlines()] == [
        "1, 3, 938, 1436)", "1, 5, 935, 1433)", "1, 5, 932, 1430)", "1, 6663800)",
    ]  # fmt: skip
    patterns = printed(executed, "def share_right")
    assert float(patterns.rsplit(":", 1)[1].strip(" %\n")) >= 95  # of sizes that are new to it
    shares = [float(line.split()[-2].rstrip("%")) for line in printed(executed, "class Dense").splitlines()]
    assert shares[0] > shares[1] > 25  # the convolutional network, the dense one


def test_blank_notebook_says_what_is_missing(executed):
    blank = executed["blank"]
    # only cells that show off the student's own work can fail, and grading passes over those
    assert all("otter_ignore" in cell.metadata.tags for cell in blank.failed_cells)
    reasons = [(o.ename, o.evalue) for c in blank.failed_cells for o in c.outputs if o.output_type == "error"]
    assert {name for name, _ in reasons} == {"NotAnsweredYet"}
    assert [words.split(":")[0][-1] for _, words in reasons] == ["1", "2", "3", "3", "7", "7", "8"]
    said = blank.checks
    assert "NoneType" not in "".join(said.values())
    assert [said[name].count("Test case failed") for name in QUESTIONS] == [3, 3, 2, 3, 3, 3, 2, 2]
    for name in QUESTIONS[:6]:
        assert "Nothing came back." in said[name], name
    for name in QUESTIONS[6:]:
        assert "forward returned nothing. Write it, and return the scores." in said[name], name


def test_round_trip_through_otter(built, executed, tmp_path):
    """Master, assign, student version, answers, `grader.export()`, `otter run`: what `autograder grade` gives."""
    [export] = executed["answered"].folder.glob("*.zip")
    scores, _ = otter_scores(built, export, tmp_path)
    ours = grade(load_assignment(LESSON), export, choose(forbidden=(LESSON,)))
    assert scores == {check.name: (check.points, check.max_points) for check in ours.checks}
    assert ours.score == ours.max_score
    [explanation] = ours.answers
    assert explanation.question == "Explain your network" and explanation.written == ()  # left as it was given


# The public tests, against common mistakes


@pytest.fixture(scope="module")
def says(built):
    """says("q1", name=value, ...): what the public tests say of a notebook with these definitions, or ''."""
    reference = runpy.run_path(str(LESSON / "submissions" / "right" / "reference.py"))

    def run(question, **definitions):
        test = create_test_file(str(built.student / "tests" / f"{question}.py"), None)
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(built.student)  # where a notebook runs, `diagnosis` lies beside it
            test.run({**reference, **definitions})
        return "\n".join(result.message for result in test.test_case_results if not result.passed)

    return run


def as_array(image):
    return torch.from_numpy(np.array(image.convert("RGB")))


def test_public_tests_name_common_mistakes(says):
    assert [says(question) for question in QUESTIONS[:6]] == [""] * 6
    reference = runpy.run_path(str(LESSON / "submissions" / "right" / "reference.py"))
    zebra, convolve, pool = reference["make_zebra"], reference["convolve"], reference["pool"]
    assert "Each row should be 0 1 0 1 0" in says("q1", make_zebra=lambda h, w: 1 - zebra(h, w))
    assert "a share of 0.25. You return 1" in says("q1", flat_difference=lambda a, b: (a != b).sum())
    swapped = says("q2", extract_patches=lambda i, k, s: reference["extract_patches"](i, k, s[::-1]))
    assert "2 down and 1 to the right" in swapped
    on_its_side = says("q3", image_to_tensor=lambda i: as_array(i).swapaxes(0, 2)[None].float() / 255)
    assert "Height and width have changed places" in on_its_side
    mixed = says("q3", image_to_tensor=lambda i: as_array(i).reshape(1, 3, i.height, i.width).float() / 255)
    assert "reshape and view mix them" in mixed
    assert "bias is missing" in says("q4", convolve=lambda i, w, b, s: convolve(i, w, 0 * b, s))
    assert "turned round" in says("q4", convolve=lambda i, w, b, s: convolve(i, w[..., ::-1, ::-1], b, s))
    stride_1 = says("q5", pool=lambda i, k, s=None, how="max": pool(i, k, s or (1, 1), how))
    assert "the stride is the kernel size, not 1" in stride_1
    unchecked = says("q6", trace_shapes=runs)
    assert "Raise a ValueError; yours is a RuntimeError" in unchecked


def test_public_tests_refuse_what_is_to_be_written_by_hand(says):
    def by_unfold(image, kernel_size, stride):
        x = torch.tensor(image, dtype=torch.float64)[None, None]
        places = [(side - k) // s + 1 for side, k, s in zip(image.shape, kernel_size, stride, strict=True)]
        return nn.functional.unfold(x, kernel_size, stride=stride)[0].T.reshape(*places, *kernel_size).numpy()

    def by_layer(image, weight, bias, stride):
        image, weight, bias = map(torch.tensor, (image, weight, bias))
        return nn.functional.conv2d(image[None], weight, bias, stride)[0].numpy()

    def by_pooling(image, kernel_size, stride=None, how="max"):
        return (nn.functional.max_pool2d if how == "max" else nn.functional.avg_pool2d)(
            torch.tensor(image), kernel_size, stride
        ).numpy()

    for question, function in (("q2", by_unfold), ("q4", by_layer), ("q5", by_pooling)):
        name = {"q2": "extract_patches", "q4": "convolve", "q5": "pool"}[question]
        said = says(question, **{name: function})
        assert said.count("is switched off here: what it does is to be written by hand, in NumPy.") == 1, said


def runs(layers, shape):
    """What `trace_shapes` is not to do."""
    x, shapes = torch.empty(shape, device="meta"), []
    for layer in layers:
        x = layer.to("meta")(x)
        shapes.append(tuple(x.shape))
    return shapes


def made_patterns(n, sizes, seed):
    """The notebook's own `make_patterns`."""
    cells = read_master(load_assignment(LESSON)).notebook.cells
    [source] = [cell.source for cell in cells if cell.source.startswith("def make_patterns")]
    scope = {"np": np, "torch": torch}
    exec(source, scope)
    return scope["make_patterns"](n, sizes, seed)


def test_public_tests_of_networks_name_common_mistakes(says):
    class OneSize(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(64, 2)

        def forward(self, x):
            return self.linear(x.flatten(1))

    assert "Average over all places before the dense layer" in says("q7", PatternNet=OneSize)

    class NoPooling(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.linear = nn.Conv2d(3, 4, 5, stride=4), nn.Linear(196, 5)

        def forward(self, x):
            return self.linear(self.conv(x).flatten(1))

    assert "This test saw: conv2d, linear, conv2d, linear." in says("q8", TinyCNN=NoPooling)


def test_public_tests_take_what_the_graders_take(says):
    """Batch norm after the average over all places, lazy layers, and float32."""

    class Normalised(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm, self.linear = nn.LazyConv2d(8, 2), nn.BatchNorm1d(8), nn.LazyLinear(2)

        def forward(self, x):
            return self.linear(self.norm(torch.relu(self.conv(x)).mean((2, 3))))

    def train(model, images, labels):
        groups = {}
        for image, label in zip(images, labels, strict=True):
            groups.setdefault(image.shape, []).append((image, label))
        batches = [tuple(map(torch.stack, zip(*group, strict=True))) for group in groups.values()]
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(40):
            for x, y in batches:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()

    reference = runpy.run_path(str(LESSON / "submissions" / "right" / "reference.py"))
    assert says("q7", PatternNet=Normalised, train_patterns=train, make_patterns=made_patterns) == ""
    patches, convolve, pool = (reference[name] for name in ("extract_patches", "convolve", "pool"))
    assert says("q2", extract_patches=lambda i, k, s: patches(i.astype(np.float32), k, s)) == ""
    assert says("q4", convolve=lambda *a: convolve(*(x.astype(np.float32) for x in a[:3]), a[3])) == ""
    assert says("q5", pool=lambda image, *a, **k: pool(image.astype(np.float32), *a, **k)) == ""


def test_public_tests_tell_what_the_graders_take_half_of(says):
    reference = runpy.run_path(str(LESSON / "submissions" / "right" / "reference.py"))
    zebra, board, patches = (reference[name] for name in ("make_zebra", "make_checkerboard", "extract_patches"))
    assert "Return an array" in says("q1", make_zebra=lambda h, w: zebra(h, w).tolist())
    assert "whole numbers: dtype=int" in says("q1", make_checkerboard=lambda h, w: board(h, w) / 1)
    assert "Return an array" in says("q2", extract_patches=lambda *a: patches(*a).tolist())
    assert "Return an array" in says("q4", convolve=lambda *a: reference["convolve"](*a).tolist())
    assert "Return an array" in says("q5", pool=lambda *a, **k: reference["pool"](*a, **k).tolist())
    halves = says("q6", trace_shapes=lambda *a: [tuple(n / 1 for n in s) for s in reference["trace_shapes"](*a)])
    assert "divide with //" in halves


def test_image_to_tensor_of_the_lesson_keeps_the_bee_upright():
    reference = runpy.run_path(str(LESSON / "submissions" / "right" / "reference.py"))
    with Image.open(LESSON / "data" / "bee.png") as image:
        tensor = reference["image_to_tensor"](image)
        assert image.mode == "RGBA" and tuple(tensor.shape) == (1, 3, image.height, image.width) == (1, 3, 64, 128)
        red, green, blue, _ = image.getpixel((45, 40))
    assert tensor[0, :, 40, 45].tolist() == pytest.approx([red / 255, green / 255, blue / 255])
