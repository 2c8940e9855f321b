"""What makes text harmless, whoever wrote it."""

import re

import pytest

from autograder.sanitize import sanitize, spreadsheet_text


@pytest.mark.parametrize("name", ["x;=1+1;.py", "x\t@SUM(1).py", "\uff1d1+1.py", "-2.py", "a,+1.py", " =1.py"])
def test_no_spreadsheet_computes_a_name(name):
    text = spreadsheet_text(name)
    for delimiter in ",;\t|":
        assert not any(re.match(r"\s*[=+\-@\uff1d]", cell) for cell in text.split(delimiter))
    assert spreadsheet_text("ada-2=b/hw.py") == "ada-2=b/hw.py"


@pytest.mark.parametrize("text", ["\u202efdp.ipynb", "a\u200bb\u2066c\ufeff", "\U000e0041"])
def test_what_changes_how_text_is_read_is_dropped(text):
    assert sanitize(f"x{text}y") == "x" + "".join(c for c in text if c.isascii()) + "y"
