"""What makes text of a submission harmless, wherever it is shown: on a terminal, in a page, in a table.

It knows no format and nothing of results, so that the side that talks to workers can use it too.
"""

from __future__ import annotations

import re
import unicodedata

MAX_FEEDBACK = 4000  # characters
# And what is no character at all: neither UTF-8 nor XML can hold a lone surrogate, nor XML the last two.
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def sanitize(text: str, longest: int = MAX_FEEDBACK) -> str:
    """Text for a report, which may hold what a submission said: no control characters, and not too long.

    Nor any that can't be seen and change how others are read (Unicode's category Cf): a bidirectional override
    would show a file's name, or a sentence of ours, in another order than it has. https://trojansource.codes
    """
    if not text.isascii():
        text = "".join(c for c in text if c.isascii() or unicodedata.category(c) != "Cf")
    text = CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= longest else text[: longest - 4] + " ..."


_FORMULA = re.compile(r"(^|[,;|\t])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def spreadsheet_text(text: str) -> str:
    """Text that a spreadsheet does not take for a formula, whatever it takes for the end of a cell.

    Spreadsheets of some countries split lines at semicolons; those of others know full-width signs.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return _FORMULA.sub(r"\1\2'", text)
