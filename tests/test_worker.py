"""How a submission's cells run, and what comes back from calls, in a real worker."""

import re
import textwrap

import numpy as np
import pytest

from autograder import Probes, tensor
from autograder.assignment import TimeLimits
from autograder.diagnosis.withheld import CONVOLUTIONS
from autograder.errors import BadClaim, MissingName, StubLeft, StudentError, StudentFault, WorkerGone


def test_magics_and_shell_lines_are_tolerated(strongest, run_code):
    submission, remote = run_code(
        strongest,
        "%matplotlib inline\n!pip install torch\nx = 1",
        "%%time\ny = x + 1",
        "files = !ls\n%timeit -n1 x\nz = 3",
        "%%bash\nexit 1",
        "?print",
        "get_ipython().system('ls')\ndisplay(z)",
        "%time w = 4",
    )
    assert (submission.x, submission.y, submission.z, submission.w) == (1, 2, 3, 4)
    assert remote.cell_reports == []


def test_a_cell_that_fails_is_recorded_and_the_rest_go_on(strongest, run_code):
    submission, remote = run_code(
        strongest,
        "\n\na = 1\nb = nope",
        "def f(:\n    pass",
        "import sys; sys.exit('bye')",
        "c = 3",
        "raise KeyboardInterrupt",
        "x = '\\x00'\n" + "(" * 300 + ")" * 300,
    )
    assert (submission.a, submission.c) == (1, 3)
    reasons = {report.label: report.reason for report in remote.cell_reports}
    assert list(reasons) == ["cell 1, line 4", "cell 2", "cell 3, line 1", "cell 5, line 1", "cell 6"]
    assert reasons["cell 1, line 4"] == "`b = nope` raised NameError: name 'nope' is not defined"
    assert "SyntaxError" in reasons["cell 2"] and "cell 2, line 1" in reasons["cell 2"]
    assert reasons["cell 3, line 1"] == "`import sys; sys.exit('bye')` raised SystemExit: bye"


def test_cells_share_main_and_otter_is_silent(strongest, run_code):
    submission, _ = run_code(
        strongest,
        "import otter\ngrader = otter.Notebook('cnn.ipynb')\nassert __name__ == '__main__'",
        "def f(): pass\nmodule = f.__module__\ngrader.check('q1')\ngrader.check_all()",
        "import __main__, inspect\nsource = inspect.getsource(f)\nfound = __main__.f is f",
    )
    assert (submission.module, submission.source, submission.found) == ("__main__", "def f(): pass\n", True)


def test_a_cell_that_kills_or_hangs_its_worker_is_left_out(strongest, run_code):
    submission, remote = run_code(
        strongest, "a = 1", "import os; os._exit(7)", "while True: pass", "b = a + 1", times=TimeLimits(cell=2)
    )
    assert submission.b == 2
    reasons = [report.reason for report in remote.cell_reports]
    assert "exit status 7" in reasons[0] and "2 seconds" in reasons[1]


def test_a_worker_that_died_is_started_again(strongest, run_code):
    submission, _ = run_code(strongest, "import os\ndef die(): os._exit(3)\ndef f(x): return x + 1")
    function = submission.f
    with pytest.raises(WorkerGone, match=r"`die\(...\)` did not return: it ended the process"):
        submission.die()
    assert submission.f(1) == 2
    with pytest.raises(WorkerGone, match="is gone"):
        function(1)


EACH = """
import os
def f(x):
    if x < 0:
        raise ValueError(f"{x} is negative")
    if x == 5:
        while True: pass
    if x == 6:
        os._exit(1)
    return ... if x == 7 else 1 << 70 if x == 8 else x + 1
def first(data, times): return data[:1] * times
"""


def test_calls_that_are_made_together_are_calls_one_by_one(strongest, run_code):
    submission, remote = run_code(strongest, EACH, times=TimeLimits(call=1))
    one, error, three = remote.call_each(submission.f, [[0], [-1], [2]])
    assert (one, three) == (1, 3) and isinstance(error, StudentError) and error.kind == "ValueError"
    with pytest.raises(StudentError) as alone:
        submission.f(-1)
    assert str(error) == str(alone.value)
    assert remote.call_each(submission.f, []) == []
    for value, kind, words in (
        (5, WorkerGone, r"`f\(...\)` did not return: it was stopped after 1 second"),
        (6, WorkerGone, r"`f\(...\)` did not return: it ended the process"),
        (7, StubLeft, r"`f\(...\)` is still the stub"),
        (8, BadClaim, "an integer beyond 64 bits"),
    ):
        with pytest.raises(kind, match=words):
            remote.call_each(submission.f, [[0], [value], [1], [-1]])
        assert submission.f(1) == 2, "the next call gets its own answer"
    with pytest.raises(TypeError):
        remote.call_each(3, [[1]])


def test_calls_that_are_made_together_may_be_many_and_large(strongest, run_code):
    """More than the connection holds in either direction: neither side waits for the other for ever."""
    submission, remote = run_code(strongest, EACH)
    arguments = [[bytes([n]) * size, 300_000] for n, size in enumerate([20_000] * 20 + [500_000] * 2 + [10] * 200)]
    answers = remote.call_each(submission.first, arguments)
    assert answers == [bytes([n]) * 300_000 for n in range(len(arguments))]


def test_an_interrupted_call_of_several_leaves_no_answer_behind(strongest, run_code, monkeypatch):
    submission, remote = run_code(strongest, EACH)
    function = submission.f
    monkeypatch.setattr(remote, "_outcome_of", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        remote.call_each(function, [[0], [1], [2]])
    assert submission.f(1) == 2


def test_a_probe_that_is_gone_or_raises_is_told(strongest, run_code):
    tamper = """
        import sys
        observe = sys.modules["autograder.worker.observe"]
        def remove(): del observe.kinds
        def replace(): observe.kinds = 3
        def lie(): observe.kinds = lambda value: value
        """
    submission, remote = run_code(strongest, tamper)
    probes = Probes(remote)
    assert probes.kinds(submission.lie, "lie") == ["function", "object"]
    with pytest.raises(StudentError, match="`model` raised AttributeError"):
        probes.parameters(submission.lie, "model")
    for change, words in (
        (submission.lie, "not of the form"),
        (submission.replace, "the probe 'kinds' is gone"),
        (submission.remove, "the probe 'kinds' is gone"),
    ):
        change()
        with pytest.raises(BadClaim, match=words):
            probes.kinds(3, "three")


def test_values_arrive_as_copies_of_exact_types(strongest, run_code):
    submission, _ = run_code(
        strongest,
        """
        import numpy as np
        class Always(int):
            def __eq__(self, other): return True
            __hash__ = int.__hash__
            def __repr__(self): return "the right answer"
        def answer(): return Always(3)
        def change(xs, a): xs.append(1); a[0] = 99; return len(xs)
        def pair(): return (1, [2.5, {"k": np.arange(3)}])
        """,
    )
    claimed = submission.answer()
    assert type(claimed) is int and claimed != 4
    mine, array = [1, 2], np.zeros(3)
    assert submission.change(mine, array) == 3
    assert mine == [1, 2] and array[0] == 0
    first, rest = submission.pair()
    assert first == 1 and rest[0] == 2.5 and rest[1]["k"].tolist() == [0, 1, 2]


def test_tensors_go_as_tensors_and_come_back_as_arrays(strongest, run_code):
    submission, _ = run_code(
        strongest,
        """
        import torch
        def double(x):
            assert isinstance(x, torch.Tensor)
            return x.requires_grad_() * 2
        def kind(x): return type(x).__name__
        layer = torch.nn.Linear(2, 3)
        def nan(): return [float("nan"), float("inf")]
        """,
        preload=("torch",),
    )
    x = np.ones((1, 2), np.float32)
    assert submission.double(tensor(x)).tolist() == [[2, 2]]
    assert submission.kind(x) == "ndarray"
    assert submission.layer(tensor(x)).shape == (1, 3)
    assert submission.layer.kind_ == "Linear" and submission.layer.in_features == 2
    assert submission.kind(submission.layer) == "Linear"
    assert np.isnan(submission.nan()[0])


def test_a_data_loader_with_workers_of_its_own_loads_here(strongest, run_code):
    submission, _ = run_code(
        strongest,
        """
        from torch.utils.data import DataLoader
        def batches(): return [b.tolist() for b in DataLoader(range(4), 2, num_workers=4, persistent_workers=True)]
        def by_position(): return [b.tolist() for b in DataLoader(range(4), 2, False, None, None, 2)]
        """,
        preload=("torch",),
    )
    assert submission.batches() == submission.by_position() == [[0, 1], [2, 3]]


def test_plain_words_for_what_went_wrong(strongest, run_code):
    submission, _ = run_code(
        strongest,
        """
        def stub(): ...
        def left(): return ...
        pending = ...
        def wrong(a): return a / 0
        class Odd(Exception):
            def __str__(self): raise RuntimeError
        def odd(): raise Odd
        def deep():
            x = []
            for _ in range(100): x = [x]
            return x
        def control(): raise ValueError("\\x1b[31mred\\x00")
        def recurse(): return recurse()
        """,
        "CNN = undefined_thing",
    )
    cases = {
        "left": (StubLeft, "still the stub"),
        "odd": (StudentError, "raised Odd"),
        "deep": (BadClaim, "nested more than"),
        "control": (StudentError, r"raised ValueError: \[31mred"),
        "recurse": (StudentError, "RecursionError"),
        "wrong": (StudentError, r"`wrong\(...\)` raised ZeroDivisionError.*\(cell 1, line 5: `def wrong"),
    }
    for name, (kind, words) in cases.items():
        with pytest.raises(kind, match=words):
            getattr(submission, name)(*([1] if name == "wrong" else []))
    with pytest.raises(StubLeft, match="`pending`"):
        _ = submission.pending
    with pytest.raises(MissingName, match="`CNN` is not defined.*cell 2.*undefined_thing"):
        _ = submission.CNN
    assert submission.stub() is None


def test_an_exception_s_base_types_are_known(strongest, run_code):
    submission, _ = run_code(strongest, "class Mine(ValueError): pass\ndef f(): raise Mine\ndef g(): raise KeyError(1)")
    with pytest.raises(StudentError) as caught:
        submission.f()
    assert caught.value.kind == "Mine" and caught.value.is_a("ValueError") and not caught.value.is_a("KeyError")


def test_a_submission_has_its_time_and_no_more(strongest, run_code):
    submission, _ = run_code(strongest, "import time\ndef nap(): time.sleep(30)", times=TimeLimits(call=30, total=3))
    with pytest.raises(WorkerGone, match="stopped after"):
        submission.nap()
    with pytest.raises(WorkerGone, match="3 seconds that a submission has are used up"):
        submission.nap()


def test_a_grader_s_helper_runs_in_the_worker(strongest, run_code, tmp_path):
    helper = tmp_path / "look.py"
    helper.write_text("def size_of(x): return len(x.items)\n")
    submission, remote = run_code(strongest, "class Box: items = [1, 2, 3]\nbox = Box()")
    assert remote.helper(helper).size_of(submission.box) == 3


def test_functions_are_switched_off_by_whatever_name_they_are_called(strongest, run_code):
    code = """
    import functools
    import numpy as np
    import torch
    import torch.nn.functional as F
    from scipy.signal import correlate2d
    from torch.nn.functional import conv2d as own
    x, w, a = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2), np.ones((4, 4))
    layer, bound = torch.nn.Conv2d(1, 1, 2), functools.partial(F.max_pool2d, kernel_size=2)
    def late():
        from scipy import ndimage
        return ndimage.uniform_filter(a, 2)
    ways = dict(
        function=lambda: own(x, w), starred=lambda: torch.conv2d(*(x, w)), layer=lambda: layer(x),
        pooling=lambda: bound(x), average=lambda: torch.nn.AvgPool2d(2)(x), unfold=lambda: F.unfold(x, 2),
        scipy=lambda: correlate2d(a, a), late=late,
    )
    allowed = lambda: [np.convolve([1, 2], [3, 4]), np.lib.stride_tricks.sliding_window_view(a, (2, 2)).sum()]
    def call(name): return np.asarray(ways[name]().detach() if name[0] != "s" and name != "late" else ways[name]()).size
    """
    submission, remote = run_code(strongest, code, preload=("torch",))
    names = ["function", "layer", "pooling", "average", "unfold", "late"]
    for name in names:
        assert submission.call(name) > 0
    with remote.without(*CONVOLUTIONS):
        for name in [*names, "starred", "scipy"]:
            with pytest.raises(StudentError, match=r"`\w+` of (torch|scipy) is switched off here") as raised:
                submission.call(name)
            assert raised.value.is_a("Withheld")
        assert [np.asarray(value).tolist() for value in submission.allowed()] == [[3, 10, 8], 36]
    assert submission.call("layer") == 9


def test_operations_are_switched_off_below_their_names(strongest, run_code):
    code = """
    import sys
    import threading
    import torch
    x, w = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2)
    @torch.jit.script
    def scripted(x, w):
        return torch.conv2d(x, w)
    @torch.jit.script
    def pooled(x):
        return torch.max_pool2d(x, [2, 2])
    traced = torch.jit.trace(lambda x: torch.nn.functional.conv2d(x, w), (x,))
    compiled = torch.compile(lambda x: torch.conv2d(x, w), backend="eager")
    vmapped = torch.vmap(lambda one: torch.conv2d(one[None], w))
    def elsewhere():
        thread = threading.Thread(target=lambda: torch.conv2d(x, w))
        thread.start()
        thread.join()
        return x
    def unwatched():
        sys.setprofile(None)
    def taken_back():
        torch.utils._python_dispatch._pop_mode()
        return torch.ops.aten.convolution(x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)
    aten = torch.ops.aten
    def deprecated():
        return torch._C._VariableFunctions.conv2d(x, w)
    ways = dict(
        operation=lambda: aten.convolution(x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1),
        overload=lambda: aten.convolution.default(x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1),
        below=lambda: aten._slow_conv2d_forward(x, w, [2, 2], None, [1, 1], [0, 0]),
        binding=lambda: torch._C._nn.avg_pool2d(x, 2), im2col=lambda: torch._C._nn.im2col(x, 2, 1, 0, 1),
        scripted=lambda: scripted(x, w), pooled=lambda: pooled(x), traced=lambda: traced(x), vmapped=lambda: vmapped(x),
        compiled=lambda: compiled(x), meta=lambda: aten.conv2d(x.to("meta"), w.to("meta")), deprecated=deprecated,
        elsewhere=elsewhere, unwatched=unwatched, taken_back=taken_back,
        looked_up=lambda: torch._C._jit_get_operation("aten::conv2d")[0](x, w),
    )
    def call(name): return ways[name]() is None
    def allowed():
        print(x)
        return [x.unfold(2, 2, 2).unfold(3, 2, 2).sum(), (x @ x).sum(), torch.fft.fft(x).abs().sum()]
    def names(): return list(ways)
    """
    submission, remote = run_code(strongest, code, preload=("torch",))
    for name in submission.names():
        with remote.without(*CONVOLUTIONS), pytest.raises(StudentError) as raised:
            submission.call(name)
        assert re.search(r"is switched off here|switched on again", str(raised.value)), (name, raised.value)
        assert raised.value.is_a("Withheld"), name
    with remote.without(*CONVOLUTIONS):
        assert [float(value) for value in submission.allowed()] == [16, 64, 16]
    assert submission.call("operation") is False


def test_an_optimizer_does_not_import_the_compiler_and_compiling_does(strongest, run_code):
    """An optimizer's first step imports it otherwise, which takes as long as `import torch`."""
    code = """
    import sys
    import torch

    def step(compiled):
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 1)
        model = torch.compile(layer, backend="eager") if compiled else layer
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(2, 3)).sum().backward()
            optimizer.step()
        return layer.weight, "torch._dynamo.eval_frame" in sys.modules
    """
    submission, _ = run_code(strongest, code, preload=("torch",))
    weights, is_imported = submission.step(False)
    assert not is_imported
    compiled_weights, is_imported = submission.step(True)
    assert is_imported and compiled_weights.tolist() == weights.tolist()


OPTIONS = ("", ", backend='eager'", ", backend='inductor', fullgraph=True", ", dynamic=True")


@pytest.mark.slow
def test_what_is_compiled_runs_as_it_was_written_and_can_be_watched(sandbox, run_code):
    """The default backend starts a C++ compiler, and the watch's hooks would be compiled into the model."""
    code = """
    import torch
    from torch import nn

    def model():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))

    def train(used):
        optimizer = torch.optim.SGD(used.parameters(), lr=0.1)
        for size in (4, 4, 7):
            optimizer.zero_grad()
            nn.functional.cross_entropy(used(torch.ones(size, 3)), torch.arange(size) % 2).backward()
            optimizer.step()
        used.eval()
        with torch.no_grad():
            used(torch.ones(2, 3))
        return optimizer.param_groups[0]["params"][0]
    """
    compiled = [f"\ndef compiled_{n}(model): return train(torch.compile(model{o}))" for n, o in enumerate(OPTIONS)]
    code = textwrap.dedent(code) + "".join(compiled)
    submission, remote = run_code(sandbox, code, preload=("torch",), times=TimeLimits(call=60))

    def watched(train):
        outcome = remote.probe_module.record(train, submission.model())
        return outcome["value"].tolist(), outcome["seen"] | {"cpu_seconds": 0}

    plain = watched(submission.train)
    assert plain[1]["steps"] == 3 and plain[1]["images"] == 15
    for number in range(len(OPTIONS)):
        assert watched(getattr(submission, f"compiled_{number}")) == plain


AHEAD = """
import sys

def serving():
    frame = sys._getframe()
    while "connection" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals

def answer_twice():
    names = serving()
    names["connection"].sendall(names["encode"]({"value": 1}, number=names["frame"].number))
    return "ahead of the next request"

def answer_without_number():
    names = serving()
    names["connection"].sendall(names["encode"]({"value": 1}))

def honest(): return 0
"""


def test_a_reply_ahead_of_its_request_is_no_reply(strongest, run_code):
    submission, remote = run_code(strongest, AHEAD)
    honest = submission.honest
    assert submission.answer_twice() == 1
    with pytest.raises(WorkerGone, match="a request that it had not got"):
        honest()
    with pytest.raises(WorkerGone, match="a request that it had not got"):
        submission.answer_without_number()
    assert submission.honest() == 0
    with pytest.raises(WorkerGone, match="a request that it had not got"):
        remote.call_each(submission.answer_twice, [[], [], []])
    assert submission.honest() == 0


def test_what_a_reply_would_become_is_bounded(strongest, run_code):
    submission, _ = run_code(
        strongest,
        """
        import numpy as np
        def rows(): return np.empty((20_000_000, 0))
        def texts(): return ["x" * 1_000_000] + [""] * 1_000
        def weights(): return {"weight": np.ones((60 << 20) // 4, np.float32)}
        """,
    )
    for name in ("rows", "texts", "weights"):
        with pytest.raises(BadClaim, match=rf"What `{name}\(...\)` returned can't be graded: .*too large"):
            getattr(submission, name)()
    _, remote = run_code(strongest, "import numpy as np\ndef weights(): return np.ones((60 << 20) // 4, np.float32)")
    with remote.large_replies():
        assert remote.get_global("weights")().nbytes == 60 << 20


TELLTALE = """
kept = []

def remember(x):
    kept.append(x)

def by_message(x=None):
    raise ValueError(f"I was given {[*kept, x]}")

def by_type(x=None):
    raise type(f"Given_{kept[0]}", (KeyError,), {})

def by_line():
    import sys
    sys.modules["autograder.worker.serve"].serve.__globals__["describe"] = None
    names = sys._getframe(2).f_locals
    error = {"kind": "WireError", "message": f"it holds {kept}", "bases": []}
    names["connection"].sendall(names["encode"]({"error": error}, number=names["frame"].number))

def usual(x):
    a, b = x

def own(x):
    return x.nothing_of_mine
"""


def test_what_is_raised_over_hidden_inputs_can_t_tell_them(strongest, run_code):
    submission, remote = run_code(strongest, TELLTALE)
    with remote.public_inputs(), pytest.raises(StudentError, match=r"ValueError: I was given \['public'\] \(cell 1"):
        submission.by_message("public")
    submission.remember(271828)
    with remote.public_inputs():
        [error] = remote.call_each(submission.by_message, [["public"]])
    assert "271828" not in str(error) and "its message is not shown" in str(error)
    for name in ("by_message", "by_type", "by_line"):
        with remote.public_inputs(), pytest.raises(StudentFault) as caught:
            getattr(submission, name)()
        assert "271828" not in str(caught.value)
        if name == "by_type":
            assert caught.value.kind == "KeyError" and "raised KeyError" in str(caught.value)
        if name == "by_message":
            line = r"cell 1, line 8: `raise ValueError\(f\"I was given {\[\*kept, x\]}\"\)`"
            assert re.search(rf"raised ValueError: its message is not shown, .*hidden \({line}\)", str(caught.value))


def test_usual_messages_over_hidden_inputs_are_told(strongest, run_code):
    submission, _ = run_code(strongest, TELLTALE)
    with pytest.raises(StudentError, match=r"raised ValueError: too many values to unpack \(expected 2\) \(cell 1"):
        submission.usual([1, 2, 3])
    with pytest.raises(StudentError, match="raised AttributeError: 'int' object has no attribute 'nothing_of_mine'"):
        submission.own(1)


@pytest.mark.parametrize("name", ["autograder.diagnosis", "autograder.student"])  # the new name and the old
def test_of_the_framework_a_notebook_can_import_the_diagnosis_alone(strongest, run_code, name):
    submission, remote = run_code(
        strongest,
        f"from {name} import Diagnosis, diagnose",
        "found = []",
        "for module in ('grading', 'errors', 'assignment'):\n"
        "    try:\n        __import__(f'autograder.{module}')\n        found.append(module)\n"
        "    except ImportError:\n        pass",
        preload=("torch",),
    )
    assert submission.diagnose.kind_ == "function" and submission.found == []
    assert remote.cell_reports == []
