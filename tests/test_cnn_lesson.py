"""The CNN assignment as its students meet it: the data, the helper modules, the notebook and its public tests.

Everything here is the real thing: real images, real torch and torchvision, real Otter, real Jupyter kernels.
"""

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import torch
from lessons import SUBPROCESS_ENV, answer_cells, execute, files_of, lay_files, otter_scores
from otter.test_files import create_test_file
from torch import nn

from autograder.assignment import load_assignment
from autograder.grading.grade import grade
from autograder.packaging.master import read_master
from autograder.packaging.release import otter_assign
from autograder.sandbox import choose

ROOT = Path(__file__).resolve().parent.parent
LESSON = ROOT / "solutions" / "cnn"
RELEASED = ROOT / "assignments" / "cnn"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def load(path: Path):
    """Import a file that is in no package, leaving no trace in sys.modules or sys.path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def python(code: str, *options: str, cwd: Path = LESSON) -> str:
    """Run code in a new interpreter; return what it printed."""
    command = [sys.executable, *options, "-c", code]
    finished = subprocess.run(
        command, cwd=cwd, env=SUBPROCESS_ENV, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """More than one torch thread a process is many times slower on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """A folder with what lies beside a notebook."""
    return lay_files(load_assignment(LESSON), tmp_path_factory.mktemp("beside"))


@pytest.fixture(scope="module")
def fashion(beside):
    return load(beside / "fashion.py")


@pytest.fixture(scope="module")
def slices(fashion):
    """Images (N, 28, 28) and labels (N,) of each slice; the student's two read as a notebook reads them."""
    from torchvision.datasets import FashionMNIST
    from torchvision.datasets.mnist import read_image_file, read_label_file

    train = FashionMNIST(root=LESSON / "data", train=True, download=False)
    val = FashionMNIST(root=LESSON / "data", train=False, download=False)
    raw = LESSON / "hidden" / "FashionMNIST" / "raw"
    return {
        "training": (train.data, train.targets),
        "validation": (val.data, val.targets),
        "hidden": (
            read_image_file(str(raw / "t10k-images-idx3-ubyte")),
            read_label_file(str(raw / "t10k-labels-idx1-ubyte")),
        ),
    }


# The data


def test_slices_have_their_sizes_and_all_classes(slices):
    for name, size in {"training": 1000, "validation": 500, "hidden": 2000}.items():
        images, labels = slices[name]
        assert images.shape == (size, 28, 28)
        assert labels.shape == (size,)
        assert torch.bincount(labels, minlength=10).min() >= size * 0.07
        assert images.float().mean() == pytest.approx(73, abs=5)  # Fashion-MNIST's mean brightness


def test_no_image_is_in_two_slices(slices):
    contents = {name: {bytes(image.numpy()) for image in images} for name, (images, _) in slices.items()}
    assert not contents["training"] & contents["validation"]
    assert not contents["training"] & contents["hidden"]
    assert not contents["validation"] & contents["hidden"]


def test_hidden_folder_holds_test_images_only_and_stays_home():
    hidden = {path.name for path in (LESSON / "hidden").rglob("*") if path.is_file()}
    assert hidden == {"LICENSE", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}
    hidden_files = [path.read_bytes() for path in (LESSON / "hidden").rglob("t10k-*")]
    for path in RELEASED.rglob("*"):
        assert not path.is_file() or path.read_bytes() not in hidden_files


def test_cutting_again_gives_the_committed_bytes(tmp_path, capsys):
    assert DEBIAN.is_dir(), "Debian's package dataset-fashion-mnist is not installed: `make test` does it, where apt is"
    load(LESSON / "cut_data.py").main(DEBIAN, tmp_path)
    for cut in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert cut.read_bytes() == (LESSON / cut.relative_to(tmp_path)).read_bytes()


# CustomDataloader


def test_loader_as_pairs(fashion):
    x, y = torch.rand(10, 1, 28, 28), torch.arange(10)
    loader = fashion.CustomDataloader(x, y, batch_size=4)
    pairs = list(loader)
    assert len(loader) == loader.num_batches_per_epoch == len(pairs) == 3
    assert [len(labels) for _, labels in pairs] == [4, 4, 2]
    assert torch.equal(torch.cat([images for images, _ in pairs]), x)
    assert torch.equal(torch.cat([labels for _, labels in pairs]), y)
    assert len(loader.dataset) == 10
    assert torch.equal(loader.dataset[3][0], x[3]) and loader.dataset[3][1] == 3


def test_fetch_batch_starts_over(fashion):
    loader = fashion.CustomDataloader(torch.rand(10, 1, 28, 28), torch.arange(10), batch_size=4)
    batches = [loader.fetch_batch() for _ in range(4)]
    assert [set(batch) for batch in batches] == [{"x_batch", "y_batch", "batch_idx"}] * 4
    assert [batch["batch_idx"] for batch in batches] == [0, 1, 2, 0]
    assert [batch["y_batch"].tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [0, 1, 2, 3]]


def test_randomized_epochs_differ_pair_up_and_leave_the_tensors_alone(fashion):
    y = torch.arange(50)
    x = y.float().reshape(50, 1, 1, 1).expand(50, 1, 28, 28).clone()
    x_before, y_before = x.clone(), y.clone()
    loader = fashion.CustomDataloader(x, y, batch_size=16, randomize=True)

    epochs = []
    for _ in range(2):
        epochs.append(torch.cat([labels for _, labels in loader]).tolist())
        epochs.append(torch.cat([loader.fetch_batch()["y_batch"] for _ in range(len(loader))]).tolist())
    assert all(sorted(epoch) == y.tolist() for epoch in epochs)
    assert len({tuple(epoch) for epoch in [*epochs, y.tolist()]}) == 5
    for images, labels in loader:
        assert torch.equal(images[:, 0, 0, 0].long(), labels)
        images.zero_()  # what a student does to a batch stays in the batch
        labels.zero_()
    assert torch.equal(x, x_before) and torch.equal(y, y_before)
    assert torch.equal(loader.x, x_before) and torch.equal(loader.y, y_before)


def test_seed_controls_the_order(fashion):
    loader = fashion.CustomDataloader(torch.rand(50, 1, 28, 28), torch.arange(50), 16, randomize=True)
    orders = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        orders.append(torch.cat([labels for _, labels in loader]).tolist())
    assert orders[0] == orders[1] != orders[2]


def test_loops_do_not_disturb_each_other_nor_fetch_batch(fashion):
    loader = fashion.CustomDataloader(torch.rand(10, 1, 28, 28), torch.arange(10), batch_size=4)
    loader.fetch_batch()
    outer = []
    for _, labels in loader:
        outer += labels.tolist()
        assert torch.cat([inner for _, inner in loader]).tolist() == list(range(10))
    assert outer == list(range(10))
    assert loader.fetch_batch()["y_batch"].tolist() == [4, 5, 6, 7]


def test_loader_refuses_what_makes_no_sense(fashion):
    with pytest.raises(ValueError, match="10 images, 9 labels"):
        fashion.CustomDataloader(torch.rand(10, 1, 28, 28), torch.arange(9))
    with pytest.raises(ValueError, match="batch_size"):
        fashion.CustomDataloader(torch.rand(10, 1, 28, 28), torch.arange(10), batch_size=0)


# torchvision_compat


def test_torchvision_can_be_imported_and_nothing_is_imported_early(beside):
    said = python(
        "import importlib.util, sys, torchvision_compat\n"
        "torchvision_compat.install(); torchvision_compat.install()\n"
        "del sys.modules['torchvision_compat']\n"
        "import torchvision_compat; torchvision_compat.install()  # a second copy, as in a worker\n"
        "assert sum(type(f).__name__ == 'TorchvisionFinder' for f in sys.meta_path) == 1\n"
        "assert importlib.util.find_spec('torchvision') is not None\n"
        "assert 'torch' not in sys.modules and 'torchvision' not in sys.modules\n"
        "import torchvision, torch\n"
        "from torchvision import datasets, models, transforms\n"
        "from torchvision.transforms import v2\n"
        "assert models.resnet18()(torch.rand(1, 3, 64, 64)).shape == (1, 1000)\n"
        "importlib.reload(torchvision)\n"
        "print(type(torchvision.__spec__.loader).__name__)\n",
        cwd=beside,
    )
    assert said == "SourceFileLoader"


def fake_torchvision(folder: Path) -> str:
    """Lay a stand-in for torchvision into folder, whose import defines the real operator; return code to try it."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import torch\n"
        "library = torch.library.Library('torchvision', 'DEF')\n"
        "library.define('nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')\n"
        "library.impl('nms', lambda dets, scores, iou_threshold: scores + 1, 'CPU')\n"
    )
    return (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "import torchvision_compat; torchvision_compat.install()\n"
        "try:\n"
        "    import torchvision, torch\n"
        "    print(torch.ops.torchvision.nms(torch.zeros(1, 4), torch.zeros(1), 0.5).item())\n"
        "except RuntimeError as error:\n"
        "    print('clash')\n"
    )


def test_matching_build_keeps_its_operators(beside, tmp_path):
    """A simulation: no torchvision that matches a CPU torch is at hand.

    The stand-in's `_C.so` is a library that does load (one of torch's own). Its operator is then defined when
    the package is executed, and not by `_C.so` itself as in a real build. Had our module declared the
    operators all the same, the two definitions would clash; with a `_C.so` that can't be loaded, they do.
    """
    code = fake_torchvision(tmp_path)
    compiled = tmp_path / "torchvision" / "_C.so"
    compiled.symlink_to(Path(torch.__file__).parent / "lib" / "libc10.so")
    assert python(code, cwd=beside) == "1.0"

    compiled.unlink()
    compiled.write_text("no library")
    assert python(code, cwd=beside) == "clash"


def test_compat_is_quiet_where_torchvision_is_missing(beside):
    said = python(
        "import torchvision_compat; torchvision_compat.install()\n"
        "try: import torchvision\n"
        "except ModuleNotFoundError as error: print(error.name)\n",
        "-S",  # without site-packages
        cwd=beside,
    )
    assert said == "torchvision"


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
    notebook = nbformat.read(RELEASED / "cnn.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    text = (RELEASED / "cnn.ipynb").read_text()
    assert "SOLUTION" not in text and "BEGIN" not in text and "def test_" not in text

    cells = answer_cells(notebook)
    assert [cell.source.count("...\n") + cell.source.endswith("...") for cell in cells] == [1, 4, 2, 1, 2]
    stubs = "\n".join(cell.source for cell in cells)
    for solution in ("//", "MaxPool2d", "relu", "Adam", "optimizer", "argmax", "def evaluate", "imshow", "legend"):
        assert solution not in stubs
    tests = [create_test_file(str(path), None) for path in sorted((RELEASED / "tests").glob("q*.py"))]
    assert [len(test.test_cases) for test in tests] == [3, 2, 4, 3, 2]
    assert sum(test.possible for test in tests) == 0


def test_solved_notebook_runs_and_passes_every_public_test(executed):
    answered = executed["answered"]
    assert answered.failed_cells == []
    assert answered.checks == {f"q{i}": f"q{i} results: All test cases passed!" for i in (1, 2, 3, 4, 5)}
    assert answered.pictures == 11


def test_figures_have_alternative_texts_and_nothing_warns(executed):
    outputs = [o for cell in executed["answered"].notebook.cells for o in cell.get("outputs", [])]
    pictures = [o.metadata["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})]
    assert len(set(pictures)) == 11 and min(map(len, pictures)) > 60
    assert not [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]


def test_solved_notebook_learns(executed):
    (training,) = [c for c in executed["answered"].notebook.cells if c.source.startswith("torch.manual_seed(0)\nmodel")]
    accuracies = [float(line.split(":")[1].split("%")[0]) for line in training.outputs[0].text.splitlines()]
    assert len(accuracies) == 10
    assert max(accuracies) > 72  # of 500 validation images, ten epochs; about 80 is usual


def diagnosis(notebook) -> str:
    """What the cell that diagnoses shows."""
    (cell,) = [cell for cell in notebook.cells if "diagnose(CNN" in cell.source]
    (shown,) = [output["data"]["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})]
    return shown


def test_the_diagnosis_is_shown_with_its_figures(executed):
    shown = diagnosis(executed["answered"].notebook)
    assert "Nothing that usually goes wrong was found." in shown and '<img src="data:image/png' in shown
    shown = diagnosis(executed["blank"].notebook)
    assert "Most likely: the model returns no scores." in shown


def test_blank_notebook_runs_and_says_what_is_missing(executed):
    blank = executed["blank"]
    assert blank.failed_cells == []
    printed = [o.text for cell in blank.notebook.cells for o in cell.get("outputs", []) if o.output_type == "stream"]
    assert sum("Questions 3 and 4 come first" in text for text in printed) == 3
    assert sum("Question 3 comes first" in text for text in printed) == 1
    said = blank.checks
    assert [answer.count("Test case failed") for answer in said.values()] == [3, 2, 4, 3, 2]
    assert "Nothing came back. Write the body of the function" in said["q1"]
    assert "Still to be written: maxpool1, conv2, maxpool2, linear1." in said["q2"]
    assert "forward returned nothing. Write it, and return the scores." in said["q3"]
    assert said["q4"].count("train returned nothing.") == 3
    assert "plot_history should return the Figure." in said["q5"]
    assert "plot_confusion should return the Figure." in said["q5"]


@pytest.mark.parametrize(("version", "score"), [("answered", 32), ("blank", 0)])
def test_round_trip_through_otter(built, executed, tmp_path, version, score):
    """Master, assign, student version, answers, `grader.export()`, `otter run`: what `autograder grade` gives."""
    [export] = executed[version].folder.glob("*.zip")
    scores, printed = otter_scores(built, export, tmp_path)
    ours = grade(load_assignment(LESSON), export, choose(forbidden=(LESSON,)))
    assert scores == {check.name: (check.points, check.max_points) for check in ours.checks}
    assert sum(points for points, _ in scores.values()) == score
    assert "DISCREPANC" not in printed.upper()


def test_on_colab_the_first_cell_fetches_the_folder_and_otter():
    """With stand-ins for Colab's drive and its IPython, which can't be had here."""
    first = nbformat.read(RELEASED / "cnn.ipynb", as_version=4).cells[0].source
    said = python(
        "import os, sys, types\n"
        "colab = types.ModuleType('google.colab')\n"
        "colab.drive = types.SimpleNamespace(mount=lambda place: print('mount', place))\n"
        "sys.modules |= {'google': types.ModuleType('google'), 'google.colab': colab}\n"
        "os.chdir = lambda place: print('cd', place)\n"
        "import IPython\n"
        "IPython.get_ipython = lambda: types.SimpleNamespace(run_line_magic=print)\n"
        f"exec({first!r})\n"
    )
    assert said == "mount /content/drive\ncd /content/drive/MyDrive/cnn\npip install -q otter-grader"


def test_check_all_sums_up(executed):
    said = executed["answered"].notebook.cells[-1].outputs[-1]["data"]["text/plain"]
    assert said.count("All test cases passed!") == 5


def test_graded_cells_define_everything_without_the_showing_off(built):
    """What a worker runs: the cells that are not tagged otter_ignore, with a stand-in for Otter."""
    said = python(
        "import json, sys, types\n"
        "sys.modules['otter'] = types.SimpleNamespace(Notebook=lambda *_: types.SimpleNamespace(\n"
        "    check=lambda *_: None, export=lambda **_: None))\n"
        "for cell in json.load(open('cnn.ipynb'))['cells']:\n"
        "    if cell['cell_type'] == 'code' and 'otter_ignore' not in cell['metadata'].get('tags', []):\n"
        "        exec(''.join(cell['source']))\n"
        "names = 'calculate_output_shape conv1 maxpool1 conv2 maxpool2 linear1 CNN train plot_history'\n"
        "assert all(callable(globals()[name]) for name in [*names.split(), 'plot_confusion'])\n"
        "assert x_train.shape == (1000, 1, 28, 28) and x_val.shape == (500, 1, 28, 28)\n"
        "assert x_train.min() == 0 and x_train.max() == 1 and y_train.dtype == torch.int64\n"
        "assert 'sklearn' not in sys.modules\n"
        "print('history' in globals())\n",
        cwd=built.solved.parent,
    )
    assert said == "False"


# The public tests, against common mistakes


@pytest.fixture(scope="module")
def says(built, fashion, slices):
    """says("q1", name=value, ...): what the public tests say of a notebook with these definitions, or ''.

    `only` picks one of the question's tests, counted from 0.
    """
    lesson = {"CustomDataloader": fashion.CustomDataloader, "CLASS_NAMES": fashion.CLASS_NAMES}
    for name, suffix in (("training", "train"), ("validation", "val")):
        images, labels = slices[name]
        lesson[f"x_{suffix}"], lesson[f"y_{suffix}"] = images.unsqueeze(1).float() / 255, labels
    sys.path.insert(0, str(built.student))  # the tests import what lies beside the notebook

    def run(question, only=None, **definitions):
        torch.manual_seed(0)
        test = create_test_file(str(built.student / "tests" / f"{question}.py"), None)
        if only is not None:
            test.test_cases = [test.test_cases[only]]
        test.run({**lesson, **definitions})
        return "\n".join(result.message for result in test.test_case_results if not result.passed)

    yield run
    sys.path.remove(str(built.student))


def output_shape(image_size, kernel, stride, padding):
    if min(stride) < 1 or any(n + 2 * p < k for n, k, p in zip(image_size, kernel, padding, strict=True)):
        raise ValueError("impossible")
    sides = zip(image_size, kernel, stride, padding, strict=True)
    return [(n + 2 * p - k) // s + 1 for n, k, s, p in sides]


def test_q1_messages(says):
    assert says("q1", calculate_output_shape=output_shape) == ""

    def floats(*geometry):
        return [float(side) for side in output_shape(*geometry)]

    def padding_once(image_size, kernel, stride, padding):
        return output_shape([n - p for n, p in zip(image_size, padding, strict=True)], kernel, stride, padding)

    def swapped(*geometry):
        return output_shape(*geometry)[::-1]

    def unchecked(image_size, kernel, stride, padding):
        sides = zip(image_size, kernel, stride, padding, strict=True)
        return [(n + 2 * p - k) // s + 1 for n, k, s, p in sides]

    def towards_zero(image_size, kernel, stride, padding):
        if 0 in stride:
            raise ValueError("no way to go")
        sides = [int((n + 2 * p - k) / s) + 1 for n, k, s, p in zip(image_size, kernel, stride, padding, strict=True)]
        if min(sides) < 1:
            raise ValueError("no room")
        return sides

    assert "Rounding down is //" in says("q1", calculate_output_shape=floats)
    assert "padding, which is added on both sides" in says("q1", calculate_output_shape=padding_once)
    assert "height and width that differ in everything" in says("q1", calculate_output_shape=swapped)
    assert "should raise a ValueError. It returned [0, 0]" in says("q1", calculate_output_shape=unchecked)
    assert "with a stride of 2 is impossible" in says("q1", calculate_output_shape=towards_zero)
    assert "a list of two numbers" in says("q1", calculate_output_shape=lambda *_: 6)
    assert "run the cell above" in says("q1")


def test_q2_messages(says):
    layers = {
        "conv1": nn.Conv2d(1, 16, 5),
        "maxpool1": nn.MaxPool2d(2),
        "conv2": nn.Conv2d(16, 64, 5),
        "maxpool2": nn.MaxPool2d(8),
        "linear1": nn.Linear(64, 10),
    }
    assert says("q2", **layers) == ""
    said = says("q2", **{**layers, "maxpool2": nn.MaxPool2d(2)})
    assert "conv2 (1, 64, 8, 8), maxpool2 (1, 64, 4, 4)" in said and "should be (1, 64, 1, 1)" in said
    assert "conv2 can't take what reaches it" in says("q2", **{**layers, "conv2": nn.Conv2d(1, 64, 5)})
    assert "maxpool1 should be an nn.MaxPool2d, not a AvgPool2d" in says(
        "q2", **{**layers, "maxpool1": nn.AvgPool2d(2)}
    )


class Network(nn.Module):
    """A right one; the wrong ones below override a part of it."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 5), nn.Conv2d(16, 64, 5)
        self.linear = nn.Linear(64, 10)

    def features(self, x):
        x = nn.functional.max_pool2d(self.conv1(x).relu(), 4)
        return nn.functional.max_pool2d(torch.tanh(self.conv2(x)), 2).flatten(1)

    def forward(self, x):
        return self.linear(self.features(x))


def test_q3_messages(says):
    assert says("q3", CNN=Network) == ""

    class MaxPoolingOnly(Network):
        def features(self, x):
            x = nn.functional.max_pool2d(self.conv1(x), 4)
            return nn.functional.max_pool2d(self.conv2(x).relu(), 2).flatten(1)

    class NotAssigned(Network):
        def features(self, x):
            x = nn.functional.max_pool2d(self.conv1(x), 4)
            x.relu()
            return nn.functional.max_pool2d(self.conv2(x), 2).flatten(1)

    class LazyWithBatchNorm(nn.Sequential):  # at the end batch norm sees one place
        def __init__(self):
            blocks = [(nn.LazyConv2d(8, 5), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(4)) for _ in range(2)]
            super().__init__(*blocks[0], *blocks[1][:3], nn.AdaptiveMaxPool2d(1), nn.LazyBatchNorm2d(), nn.Flatten())
            self.append(nn.LazyLinear(10))

    class MixesPictures(Network):
        def features(self, x):
            return super().features(x).T.reshape(len(x), 64)

    class HardCodedBatch(Network):
        def features(self, x):
            return super().features(x).reshape(1, -1, 64)[0][:1]

    shared = nn.Conv2d(1, 16, 5)

    class SharesLayers(Network):
        def __init__(self):
            super().__init__()
            self.conv1 = shared

    said = says("q3", CNN=MaxPoolingOnly)
    assert "On the way from conv1 to conv2 stands no activation" in said
    assert "On the way from conv1 to conv2 and from conv2 to linear" in says("q3", CNN=NotAssigned)
    assert says("q3", CNN=LazyWithBatchNorm) == ""
    assert "mix the pictures" in says("q3", CNN=MixesPictures)
    assert "2 pictures should give scores of shape (2, 10). Yours have (1, 10)" in says("q3", CNN=HardCodedBatch)
    assert "Two networks share weights" in says("q3", CNN=SharesLayers)


def trainer(*, loss=nn.functional.cross_entropy, step=True, percent=False, last_batch_only=False):
    """A student's train, right by default."""

    def train(model, train_data, val_data, epochs=10):
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        for _ in range(epochs):
            for images, labels in train_data:
                value = loss(model(images), labels)
                optimizer.zero_grad()
                value.backward()
                if step:
                    optimizer.step()
            with torch.no_grad():
                batches = list(val_data)[-1:] if last_batch_only else list(val_data)
                right = torch.cat([model(images).argmax(1) == labels for images, labels in batches])
                val_loss = torch.stack([loss(model(images), labels) for images, labels in batches]).mean()
            history["train_loss"].append(value.item())
            history["val_loss"].append(val_loss.item())
            history["val_accuracy"].append(right.float().mean().item() * (100 if percent else 1))
        return history

    return train


def test_q4_messages(says):
    class Softmax(Network):
        def forward(self, x):
            return super().forward(x).softmax(dim=1)

    class LogSoftmax(Network):
        def forward(self, x):
            return super().forward(x).log_softmax(dim=1)

    form, fit, learns = 0, 1, 2  # the three public tests
    nll_of_log = trainer(loss=lambda scores, labels: nn.functional.nll_loss(scores.log(), labels))
    percent, last_batch, no_step = trainer(percent=True), trainer(last_batch_only=True), trainer(step=False)

    assert says("q4", CNN=Network, train=trainer()) == ""
    assert says("q4", fit, CNN=LogSoftmax, train=trainer(loss=nn.NLLLoss())) == ""
    assert says("q4", fit, CNN=Softmax, train=nll_of_log) == ""
    assert "cross-entropy applies it again" in says("q4", fit, CNN=Softmax, train=trainer())
    assert "wants log-probabilities" in says("q4", fit, CNN=Network, train=trainer(loss=nn.NLLLoss()))
    assert "a share, from 0 to 1" in says("q4", form, CNN=Network, train=percent)
    assert "Training left the model as it was" in says("q4", learns, CNN=Network, train=no_step)
    assert "of all the batches" in says("q4", learns, CNN=Network, train=last_batch)
    assert "needs the class CNN" in says("q4", form, CNN=None, train=trainer())
    assert "run the cells of section 5" in says("q4", form, CNN=Network, train=trainer(), x_train=None)


def test_q5_messages(says, fashion):
    import matplotlib.pyplot as plt

    lists = ("train_loss", "val_loss", "val_accuracy")

    def plot_history(history, legend=True, curves=lists, names=lists):
        fig, ax = plt.subplots()
        for name in curves:
            ax.plot(history[name])
        ax.set(xlabel="epoch", ylabel="value")
        if legend:
            ax.legend(names)
        return fig

    def plot_confusion(y_true, y_pred, names=fashion.CLASS_NAMES):
        fig, ax = plt.subplots()
        counts = torch.zeros(10, 10, dtype=int).index_put((y_true, y_pred), torch.tensor(1), accumulate=True)
        for (row, column), count in zip(((r, c) for r in range(10) for c in range(10)), counts.flatten(), strict=True):
            ax.text(column, row, int(count))
        ax.set_xticks(range(10), names)
        ax.set_yticks(range(10), names)
        return fig

    def transposed(y_true, y_pred):
        return plot_confusion(y_pred, y_true)

    right = {"plot_history": plot_history, "plot_confusion": plot_confusion}
    assert says("q5", **right) == ""
    no_legend = says("q5", **{**right, "plot_history": lambda history: plot_history(history, legend=False)})
    assert "Your figure has no legend" in no_legend
    only_training = says("q5", **{**right, "plot_history": lambda h: plot_history(h, curves=("train_loss",))})
    assert "No curve shows val_loss" in only_training
    rotated = says("q5", **{**right, "plot_history": lambda h: plot_history(h, names=(*lists[1:], lists[0]))})
    assert "The curve of train_loss goes by the name of 'val_loss' in your figure." in rotated
    assert "a row is a true class" in says("q5", **{**right, "plot_confusion": transposed})
    numbered = says("q5", **{**right, "plot_confusion": lambda t, p: plot_confusion(t, p, names=range(10))})
    alphabet = sorted(fashion.CLASS_NAMES)
    in_another_order = says("q5", **{**right, "plot_confusion": lambda t, p: plot_confusion(t, p, alphabet)})
    assert "not in the order of the rows and columns" in in_another_order
    assert "axis lacks names of classes at its ticks: tshirt, trouser" in numbered
