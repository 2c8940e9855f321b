"""What stands at the top of students' notebooks, and what of it must not cost them anything, in real workers."""

import textwrap

import pytest
from conftest import SOLUTIONS

from autograder.assignment import PARTS, TimeLimits, load_assignment
from autograder.errors import StudentError
from autograder.grading.grade import grade
from autograder.sandbox import Limits

# --- statement by statement -----------------------------------------------------------------------------------------


def test_what_fails_takes_nothing_along_but_what_needs_it(strongest, run_code):
    """One worker for many ways to fail, each in a cell between two statements that must run."""
    failing = {
        "name": "undefined_name",
        "assertion": "assert 1 == 2, 'not yet'",
        "exit": "exit()",
        "sys_exit": "raise SystemExit(3)",
        "interrupt": "raise KeyboardInterrupt",
        "loop": "for i in range(3):\n    seen = i\n    1 / (1 - i)",
        "block": "with open('nowhere.csv') as file:\n    text = file.read()",
        "call": "def broken(x):\n    return x / 0\nbroken(1)",
        "decorated": "@undefined\ndef f():\n    pass",
        "return": "return 3",
        "wrong_name": "from torch.utils.data import DataLouder",
        "chdir": "import os\nos.chdir('/content/drive/MyDrive/cnn')",
        "typed": "name = input('Your name: ')",
        "csv": "import pandas as pd\ndata = pd.read_csv('train.csv')",
        "style": "import matplotlib.pyplot as plt\nplt.style.use('seaborn')",
        "download": "import urllib.request\nurllib.request.urlretrieve('https://example.org/a.zip', 'a.zip')",
        "requests": "import requests\nrequests.get('https://example.org')",
        "cuda": "import torch\nmodel = torch.nn.Linear(2, 2).cuda()",
    }
    cells = [f"before_{name} = 1\n{code}\nafter_{name} = 2" for name, code in failing.items()]
    submission, remote = run_code(strongest, *cells, preload=("torch", "matplotlib.pyplot"))
    for name in failing:
        assert (getattr(submission, f"before_{name}"), getattr(submission, f"after_{name}")) == (1, 2), name
    told = {report.label: report.reason for report in remote.cell_reports}
    assert len(told) == len(failing)
    assert told["cell 6, line 2"] == (
        "`for i in range(3):` raised ZeroDivisionError: division by zero (cell 6, line 4: `1 / (1 - i)`)"
    )
    assert told["cell 8, line 4"] == (
        "`broken(1)` raised ZeroDivisionError: division by zero (cell 8, line 3: `return x / 0`)"
    )
    assert "cell 9, line 2" in told and "SyntaxError" in told["cell 10, line 2"]
    assert "nobody is there to answer input()" in told["cell 13, line 2"]
    for cell in (16, 17):
        assert "there is no network where your work is graded" in told[f"cell {cell}, line 3"]


def test_a_statement_alone_is_what_it_was_in_its_cell(strongest, run_code):
    submission, remote = run_code(
        strongest,
        '''
        """What this notebook does."""
        from __future__ import annotations
        "a remark"
        1 + 1
        @staticmethod
        def decorated(x: Undefined) -> AlsoUndefined:
            """Its own text."""
            return x
        x: int = 3
        def outer():
            global made
            made = 4
        outer()
        (a := 1); b = a + 1
        class C:
            y = x
            def size(self): return __class__.__name__
        ''',
        """
        def later(z: Undefined): ...
        import inspect
        source = inspect.getsource(decorated.__func__)
        values = [__doc__, made, a, b, C.y, C().size(), __annotations__["x"], C.__module__]
        """,
    )
    assert remote.cell_reports == []
    assert submission.source.startswith("@staticmethod\ndef decorated") and "return x" in submission.source
    assert submission.values == ["What this notebook does.", 4, 1, 2, 3, "C", "int", "__main__"]


def test_a_statement_that_kills_or_hangs_its_worker_is_left_out_alone(sandbox, run_code):
    submission, remote = run_code(
        sandbox, "a = 1\nimport os\nos._exit(7)\nb = a + 1\nwhile True:\n    pass\nc = b + 1", times=TimeLimits(cell=2)
    )
    assert submission.c == 3
    labels = [report.label for report in remote.cell_reports]
    reasons = [report.reason for report in remote.cell_reports]
    assert labels == ["cell 1, line 3", "cell 1, line 5"]
    assert reasons[0].startswith("`os._exit(7)` was left out: it ended") and "exit status 7" in reasons[0]
    assert reasons[1].startswith("`while True:` was left out: it was stopped after")


def test_what_kills_too_often_costs_what_follows_and_not_what_came_before(strongest, run_code):
    submission, remote = run_code(strongest, "import os\na = 1\n" + "os._exit(7)\n" * 6 + "b = 2", "c = 3")
    assert submission.a == 1
    assert [report.label for report in remote.cell_reports] == [f"cell 1, line {n}" for n in range(3, 8)]
    assert "nothing from here on was run" in remote.cell_reports[-1].reason
    with pytest.raises(Exception, match="`c` is not defined"):
        _ = submission.c


def test_many_statements_are_run_to_the_last(strongest, run_code):
    submission, remote = run_code(strongest, "x = 0\n" + "x += 1\n" * 3000 + "last = x")
    assert submission.last == 3000 and remote.cell_reports == []


def test_the_reason_for_a_missing_name_is_the_statement_that_would_define_it(strongest, run_code):
    submission, _ = run_code(strongest, "u = nothing\n\nclass CNN(Missing):\n    pass\n\nv = 1")
    with pytest.raises(
        Exception, match=r"`CNN` is not defined.*cell 1, line 3: `class CNN\(Missing\):` raised NameErr"
    ):
        _ = submission.CNN


# --- modules --------------------------------------------------------------------------------------------------------

UNUSED = """
    import seaborne
    import seaborne as sns
    import lightning.pytorch as pl
    import torchmetrics.classification.accuracy
    from torchmetrics import Accuracy, F1Score
    from torchsummary import summary as show_summary
    from fastai.vision.all import *
    from google.colab import drive, files
    import wandb, math
    import torch.missing_part
    from torch.utils.tensorboard import SummaryWriter
    from helpers import utils
    if True:
        import tensorboardX
    def draw():
        import plotly.express as px
        return 5
    drawn = draw()
    root = math.sqrt(16)
"""


def test_a_module_that_is_not_there_and_not_used_costs_nothing(sandbox, run_code):
    submission, remote = run_code(sandbox, UNUSED, preload=("torch",))
    assert (submission.drawn, submission.root, remote.cell_reports) == (5, 4, [])


def test_a_module_that_is_not_there_says_so_when_it_is_used(strongest, run_code):
    submission, remote = run_code(
        strongest,
        UNUSED,
        """
        sns.set_theme()
        drive.mount("/content/drive")
        class Model(pl.LightningModule):
            pass
        accuracy = Accuracy(task="multiclass", num_classes=10)
        version = sns.__version__
        for row in utils.rows:
            pass
        with wandb.init() as run:
            pass
        writer = SummaryWriter("runs")
        fine = sns.heatmap is not None and isinstance(3, int)
        def use(): return show_summary(3)
        """,
        preload=("torch",),
    )
    assert submission.fine is True
    told = [report.reason for report in remote.cell_reports]
    modules = ["seaborne", "google", "lightning", "torchmetrics", "seaborne", "helpers", "wandb", "tensorboard"]
    assert len(told) == len(modules)
    for module, reason in zip(modules, told, strict=True):
        assert f"there is no module `{module}` where your work is graded" in reason
    assert "`sns.set_theme()` raised ModuleNotFoundError" in told[0] and "`seaborne.set_theme` is used here" in told[0]
    with pytest.raises(StudentError, match="there is no module `torchsummary`") as caught:
        submission.use()
    assert caught.value.is_a("ImportError")


def test_who_is_ready_for_a_missing_module_is_told(strongest, run_code):
    submission, remote = run_code(
        strongest,
        """
        import contextlib, importlib, importlib.util, sys
        try:
            import seaborne as sns
        except ImportError:
            sns = None
        try:
            from torchmetrics import Accuracy
            has_metrics = True
        except (ValueError, ModuleNotFoundError):
            has_metrics = False
        with contextlib.suppress(ImportError):
            wandb = None
            import wandb
        def has(name):
            try:
                require(name)
            except Exception:
                return False
            return True
        def require(name):
            if name == "rich_extra":
                import rich_extra
            importlib.import_module(name)
        found = [importlib.util.find_spec("seaborne"), has("rich_extra"), has("other_extra"), has("json")]
        try:
            import plotly
        except ValueError:
            pass
        in_colab = "google.colab" in sys.modules
        """,
    )
    assert remote.cell_reports == []
    assert [submission.sns, submission.has_metrics, submission.wandb] == [None, False, None]
    assert submission.found == [None, False, False, True] and submission.in_colab is False


def test_a_library_is_told_too(strongest, run_code, tmp_path):
    """What libraries try to import is not there, even where a cell has a stand-in for it."""
    (tmp_path / "library.py").write_text(
        "try:\n    import seaborne\n    is_there = True\nexcept ImportError:\n    is_there = False\n"
        "def late():\n    import seaborne\n"
    )
    submission, _ = run_code(
        strongest,
        "import seaborne\nimport library\nis_there = library.is_there\ndef late(): library.late()",
        files={"library.py": tmp_path / "library.py"},
    )
    assert submission.is_there is False
    with pytest.raises(StudentError, match="No module named 'seaborne'"):
        submission.late()


def test_progress_bars_pandas_and_seaborn_are_there(sandbox, run_code):
    submission, remote = run_code(
        sandbox,
        """
        import pandas as pd
        import seaborn as sns
        import tqdm.notebook
        from tqdm import tqdm, trange, tqdm_notebook
        from tqdm.auto import tqdm as auto
        from tqdm.autonotebook import tqdm as either
        from tqdm.notebook import tqdm as widget, trange as widget_range, tqdm_notebook as old
        """,
        """
        def run(bars):
            total = 0
            for bar in bars:
                with bar(range(3), desc="epoch", leave=False) as rounds:
                    for i in rounds:
                        rounds.set_postfix(loss=i)
                        total += i
                manual = bar(total=5)
                manual.update(2)
                manual.close()
                total += manual.n
            return total
        bars = [tqdm, auto, either, widget, old]
        total = run(bars) + sum(trange(4)) + sum(widget_range(4))
        table = pd.DataFrame({"a": [1, 2]}).a.sum()
        ax = sns.heatmap([[1, 2], [3, 4]], annot=True)
        texts = [text.get_text() for text in ax.texts]
        """,
        limits=Limits(memory_mb=2048),
        preload=("matplotlib.pyplot",),
        times=TimeLimits(call=60, cell=120),
    )
    assert remote.cell_reports == []
    assert (submission.total, submission.table, submission.texts) == (5 * 5 + 12, 3, ["1", "2", "3", "4"])


# --- data -----------------------------------------------------------------------------------------------------------

DOWNLOADS = """
    import os
    from pathlib import Path
    import torch, torchvision
    from torchvision import datasets, transforms
    from torchvision.datasets import FashionMNIST
    tensors = transforms.ToTensor()
    shipped = FashionMNIST("data", train=True, download=False)
    a = datasets.FashionMNIST(root="./data", train=True, download=True, transform=tensors)
    b = FashionMNIST(root="/content/data", train=True, download=True, transform=tensors)
    c = torchvision.datasets.FashionMNIST(root=os.path.expanduser("~/datasets"), download=True)
    os.makedirs("elsewhere/FashionMNIST/raw", exist_ok=True)
    d = torchvision.datasets.FashionMNIST("elsewhere", True, tensors, None, True)
    e = FashionMNIST(root=Path.home() / "data" / "fashion", train=True)
    validation = FashionMNIST("~/.pytorch/F_MNIST_data/", download=True, train=False, transform=tensors)
    os.makedirs("work")
    os.chdir("work")
    f = FashionMNIST("data", download=True)
    same = [torch.equal(shipped.data, one.data) and len(one.targets) == 1000 for one in (a, b, c, d, e, f)]
    image, label = validation[0]
    found = [same, len(validation), list(image.shape), label]
    other = datasets.KMNIST("data", download=True)
    after = True
"""


def test_a_download_finds_the_images_that_were_shipped(sandbox, run_code):
    files = {"data": SOLUTIONS / "cnn" / "data", "torchvision_compat.py": PARTS["torchvision_compat"]}
    submission, remote = run_code(
        sandbox, DOWNLOADS, files=files, preload=("torch",), times=TimeLimits(cell=60, call=60)
    )
    assert submission.found == [[True] * 6, 500, [1, 28, 28], submission.label]
    (report,) = remote.cell_reports
    assert report.source.strip().startswith("other =") and submission.after is True


# --- leftovers of notebooks -----------------------------------------------------------------------------------------


def test_magics_anywhere_run_on_line_by_line(strongest, run_code):
    submission, remote = run_code(
        strongest,
        "# timing\n\n%%time\nbroken\nafter_broken = 1",
        "%%capture output\n%matplotlib inline\n!pip install seaborn\nafter_pip = 2",
        "%load_ext autoreload\n%autoreload 2\nimport os\n!wget -q https://example.org/data.zip\n!unzip data.zip\nx = 3",
        "%%writefile model.py\nclass Net:\n    depth = 4",
        "from model import Net\ndepth = Net.depth",
        "if depth:\n    !nvidia-smi\n    inside = 5",
        "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('pip install x')\nlast = 6",
        "from IPython import get_ipython\nfrom IPython.display import Image, clear_output, display\n"
        "!pip install x\nclear_output(wait=True)\ndisplay(inside)\nget_ipython().magic('matplotlib inline')\nshown = 8",
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--epochs', default=9)\n"
        "epochs = parser.parse_args().epochs",
        "%config InlineBackend.figure_format = 'retina'\n%pip install -q torchmetrics\n%cd data\n?sum\nend = 7",
    )
    names = ("after_broken", "after_pip", "x", "depth", "inside", "last", "end", "shown", "epochs")
    assert [getattr(submission, name) for name in names] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [(report.label, report.reason) for report in remote.cell_reports] == [
        ("cell 1, line 4", "`broken` raised NameError: name 'broken' is not defined")
    ]


# --- a result -------------------------------------------------------------------------------------------------------

GRADER = """
from autograder import points

@points(2, "Adds")
def test_adds(submission):
    assert submission.add(1, 2) == 3, "It does not add."
"""


def test_what_failed_is_said_first_and_not_at_any_length(make_assignment, strongest, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    script = tmp_path / "script.py"
    script.write_text(
        "import seaborne\nfrom urllib.request import urlretrieve\nurlretrieve('https://example.org/data.csv')\n"
        + "print(missing)\n" * 20
        + "def add(a, b):\n    return a + b\nif __name__ == '__main__':\n    print(add(1, 2))\n    plot()\n"
    )
    result = grade(assignment, script, strongest)
    assert (result.score, result.status) == (2, "graded")
    (note,) = result.notes
    lines = note.splitlines()
    assert lines[0] == "The notebook does not run from top to bottom. All else was run; this failed:"
    assert lines[1].startswith("  cell 1, line 3: `urlretrieve('https://example.org/data.csv')` raised URLError")
    assert len(lines) == 14 and lines[-1] == "  and 10 more"


def test_a_file_that_is_no_python_has_no_code_to_check(make_assignment, strongest, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent("def add(a, b)\n    return a + b\n"))
    assert grade(assignment, script, strongest).status == "ungradable"


# --- what students are told -----------------------------------------------------------------------------------------

PROMISED = ("NumPy", "SciPy", "pandas", "PyTorch", "torchvision", "scikit-learn", "Matplotlib", "seaborn", "tqdm")
MODULES = ("numpy", "scipy", "pandas", "torch", "torchvision", "sklearn", "matplotlib", "seaborn", "tqdm")


@pytest.mark.parametrize("name", ["cnn", "convolve"])
def test_the_text_says_what_is_there_when_graded(name):
    text = (SOLUTIONS / name / f"{name}.py").read_text()
    sentence = text[text.index("# Where your work is graded, there are") :].partition("no network")[0]
    named = [*PROMISED, *load_assignment(SOLUTIONS / name).settings.packages]
    assert [word for word in named if word not in sentence] == []


def test_what_is_promised_is_there(sandbox, run_code):
    code = "\n".join(f"import {module}\nversion_of_{module} = {module}.__version__" for module in MODULES)
    files = {"torchvision_compat.py": PARTS["torchvision_compat"]}
    times = TimeLimits(cell=120, call=60)
    submission, remote = run_code(sandbox, code, files=files, preload=("torch",), times=times)
    for module in MODULES:
        assert getattr(submission, f"version_of_{module}")
    assert remote.cell_reports == []
