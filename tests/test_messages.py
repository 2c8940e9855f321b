"""Which messages of exceptions are common ones, by real exceptions."""

import numpy as np
import pytest
import torch
from torch import nn

from autograder.messages import is_usual, own_kind

SOURCE = "def f(model): model.conv1; return undefined_thing"


def needs(model):
    return model


class Model:
    pass


COMMON = {
    "a shape": lambda: nn.Linear(64, 10)(torch.ones(3, 1024)),
    "channels": lambda: nn.Conv2d(16, 64, 5)(torch.ones(2, 1, 28, 28)),
    "a large kernel": lambda: nn.Conv2d(1, 1, 5)(torch.ones(1, 1, 2, 2)),
    "broadcasting": lambda: torch.ones(3) + torch.ones(4),
    "a view": lambda: torch.ones(3, 7).view(2, 64),
    "a batch": lambda: nn.functional.cross_entropy(torch.ones(3, 10), torch.ones(4, dtype=torch.long)),
    "a target": lambda: nn.functional.cross_entropy(torch.ones(3, 10), torch.full((3,), 11)),
    "a statistic": lambda: nn.BatchNorm1d(3)(torch.ones(1, 3)),
    "no gradient": lambda: torch.ones(1).backward(),
    "an item": lambda: torch.ones(3).item(),
    "a truth": lambda: bool(torch.ones(3)),
    "dtypes": lambda: nn.Linear(2, 2)(torch.ones(2, 2, dtype=torch.double)),
    "numpy shapes": lambda: np.ones(3) + np.ones(4),
    "a reshape": lambda: np.ones(6).reshape(4, 5),
    "an index": lambda: np.ones(3)[7],
    "a list's index": lambda: list(range(1))[2],
    "None": lambda: None.shape,
    "no module": lambda: Model().named_parameters(),
    "kinds": lambda: 1 + "a",
    "a call": needs,
    "a name": lambda: eval("undefined_thing"),
    "a zero": lambda: 1 / 0,
    "a key": lambda: {}["conv1"],
}


@pytest.mark.parametrize("case", COMMON)
def test_common_messages_are_known(case):
    with pytest.raises(Exception) as caught:
        COMMON[case]()
    assert is_usual(str(caught.value), SOURCE + " class Model: ...; needs"), str(caught.value)


@pytest.mark.parametrize(
    "message",
    [
        "I was given [17, 3]",
        "name 'k17x3' is not defined",
        "list index out of range 17",
        "index 12345678901234 is out of bounds for axis 0 with size 3",
        "division by zero\n17",
        "mat1 and mat2 shapes cannot be multiplied (1x2x3x4x5x6x7x8 and 1x2)",
    ],
)
def test_others_are_not(message):
    assert not is_usual(message, SOURCE)


def test_types_are_python_s_own():
    assert own_kind("ValueError", ["Exception"]) == "ValueError"
    assert own_kind("Given_17_3", ["KeyError", "LookupError"]) == "KeyError"
    assert own_kind("Given_17_3", []) == own_kind("print", []) == "Exception"
