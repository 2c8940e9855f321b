"""Submissions that are written as changes of others: what is composed of the two, and what is refused."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.quality.changes import BadChange, compose

BASE = '''"""Right."""

import math

import torch.nn as nn

# Question 1
def area(r):
    return math.pi * r**2


# %% Question 2
@staticmethod
# and another
@property
def perimeter(r):
    return 2 * math.pi * r


conv = nn.Conv2d(1, 2, 3)  # small
low, high = 0, 1
text = """
# no comment
"""
# the end
'''


def test_a_definition_takes_the_place_of_the_one_with_its_name():
    assert compose(BASE, "def area(r):\n    return r\n") == BASE.replace("math.pi * r**2", "r").replace(
        "# Question 1\n", ""
    )


def test_decorators_and_the_comment_right_above_go_with_a_definition_and_a_cell_marker_stays():
    composed = compose(BASE, "# round\n@cache\ndef perimeter(r):\n    return 3 * r\n")
    assert "# %% Question 2\n# round\n@cache\ndef perimeter(r):\n    return 3 * r\n\n\nconv" in composed
    assert "property" not in composed and "another" not in composed


def test_the_docstring_takes_the_place_of_the_base_s():
    assert compose(BASE, '"""Wrong."""\nlow = high = 0').startswith('"""Wrong."""\n\nimport math\n')
    assert (
        compose("#!/usr/bin/python\n\nx = 1\n", '"""Wrong."""\nx = 2') == '#!/usr/bin/python\n\n"""Wrong."""\n\nx = 2\n'
    )
    assert compose("x = 1\n", '"""Wrong."""\ndel x\ny = 2') == '"""Wrong."""\n\n\ny = 2\n'


def test_what_is_new_goes_before_the_next_definition_that_takes_a_place():
    composed = compose(BASE, "import os\n\n\ndef helper():\n    pass\n\n\nprint(1)\nconv = helper()\nlast = 1\n")
    names = [ast.unparse(node).partition("\n")[0] for node in ast.parse(composed).body]
    assert names[5:9] == ["import os", "def helper():", "print(1)", "conv = helper()"]
    assert composed.endswith('"""\n# the end\n\n\nlast = 1\n')


def test_del_leaves_definitions_out():
    composed = compose(BASE, "del area, nn\n# not needed\ndel conv\n")
    end = BASE[BASE.index("low, high") :]
    begin = BASE[BASE.index("\n\n# %% Question 2") : BASE.index("\n\n\nconv = ")]
    assert composed == f'"""Right."""\n\nimport math\n{begin}\n{end}'


def test_what_one_statement_defines_is_changed_as_a_whole():
    for change in (
        "low, high = 2, 3",
        "high = low = 2",
        "from math import e as low, pi as high",
        "[low, *high] = 2, 3",
    ):
        assert compose(BASE, change) == BASE.replace("low, high = 0, 1", change)
    assert compose(BASE, "del low, high") == BASE.replace("\nlow, high = 0, 1", "")
    both = "conv, (low, high) = 1, (2, 3)"
    assert compose(BASE, both) == BASE.replace("conv = nn.Conv2d(1, 2, 3)  # small\nlow, high = 0, 1", both)


def test_what_is_defined_twice_in_the_base_is_defined_once_in_the_place_of_the_first():
    assert compose("x = 1\ny = x\nx = 2\n", "x = 3") == "x = 3\ny = x\n"


def test_statements_that_define_nothing_by_a_name_of_their_own_take_no_place():
    change = "conv.bias = None\nif area:\n    conv = 1\nlow += 1\ndel text[0]"
    assert compose(BASE, change) == f"{BASE}\n\n{change}\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_do_in_python(newline):
    change = "# \x0c and \u2028 end no line\nx = '\x0c'\n"
    composed = compose("a = 1\nx = 1\nb = 1\n".replace("\n", newline), change.replace("\n", newline))
    assert composed == f"a = 1\n{change}b = 1\n"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("", "the change defines nothing"),
        ('"""Only words."""\n# and more', "the change defines nothing"),
        ("def area(r:", "the change is no Python, line 1"),
        ("x = 'a\0b'", "the change is no Python"),
        ("(" * 10_000, "the change is no Python"),
        ("a = 1; b = 2", "the change has two statements on line 1"),
        ("import math", "the change defines 'math' as the base does"),
        ("# said otherwise\ndef area(r):\n    return (math.pi * r**2)", "the change defines 'area' as the base does"),
        ("del radius", "the change leaves out 'radius', which the base does not define"),
        ("del low", "the base defines 'high' in one statement with 'low'"),
        ("low = 2", "the base defines 'high' in one statement with 'low'"),
        ("conv = 1\ndel conv", "the change says twice what becomes of 'conv'"),
        ("conv = 1\nconv = 2", "the change says twice what becomes of 'conv'"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(change, reason):
    with pytest.raises(BadChange, match=reason):
        compose(BASE, change)


@pytest.mark.parametrize(("base", "reason"), [("%matplotlib inline", "no Python, line 1"), ("a = 1; b = 2", "line 1")])
def test_what_is_wrong_with_the_base_is_told(base, reason):
    with pytest.raises(BadChange, match=f"the base .*{reason}"):
        compose(base, "x = 1")


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True)
KINDS = st.sampled_from(
    [
        "{0} = {1}",
        "def {0}():\n    return {1}",
        "# about {0}\n{0}: object = {1}",
        "@list\n@vars\nclass {0}:\n    at = {1}",
    ]
)


@st.composite
def sources(draw, value):
    """The text of definitions, with empty lines and comments in between, and their names."""
    names = draw(NAMES)
    gaps = st.sampled_from(["\n", "\n\n\n", "\n# apart\n\n", "\n# %%\n"])
    return "".join(draw(KINDS).format(name, value) + draw(gaps) for name in names), names


def defined(text):
    """Each name with its statement, in order."""
    return {
        getattr(n, "name", None) or ast.unparse(n).split(" ")[0].rstrip(":"): ast.dump(n) for n in ast.parse(text).body
    }


@given(sources(1), sources(2))
def test_each_name_is_as_the_change_has_it_and_else_as_the_base_has_it(base, change):
    (old, old_names), (new, new_names) = base, change
    if not new_names:
        return
    composed = defined(compose(old, new))
    assert composed == defined(old) | defined(new)
    assert [name for name in composed if name in old_names] == old_names


@given(sources(1), st.data())
def test_leaving_out_leaves_the_rest_as_it_is(base, data):
    old, names = base
    if not names:
        return
    gone = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    composed = compose(old, f"del {', '.join(gone)}")
    assert defined(composed) == {name: node for name, node in defined(old).items() if name not in gone}
    assert set(composed.split("\n")) <= {*old.split("\n"), ""}


@given(st.text(), st.text())
def test_whatever_is_given_something_is_composed_or_refused(base, change):
    try:
        composed = compose(base, change)
    except BadChange:
        return
    ast.parse(composed)
