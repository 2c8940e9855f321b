"""How often are independent answers called alike, and how often disguised copies, by the thresholds and by others?

    python benchmarks/similarity.py     # prints what docs/similar.md has, in two minutes

The right submissions of both lessons are independent. Each is disguised: other names, no types, other comments, another
format, functions, methods and cells in another order, and a statement put in before none, 10 % or 25 % of all.
"""

import ast
import random
from pathlib import Path

from autograder.assignment import find_assignment
from autograder.packaging.master import read_master
from autograder.similarity import answers as reading
from autograder.similarity import matching
from autograder.submission import Cell, read_submission

LESSONS = ("cnn", "convolve")
PUT_IN = (0.0, 0.1, 0.25)
NUMBERS = "numbers as one token"
SETTINGS = {
    "as it is": {},
    "65 %": {"SHARE": 0.65},
    "40 tokens": {"LEAST": 40},
    "no habits": {"COMMON": 10**6},
    NUMBERS: {},
    "8 in a row": {"TOKENS_IN_A_ROW": 8},
    "12 in a row": {"TOKENS_IN_A_ROW": 12},
}


class Rename(ast.NodeTransformer):
    """Other names, and neither types nor docstrings."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self.names.get(node.arg, node.arg), None
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            node.attr = self.names.get(f"self.{node.attr}", node.attr)
        return node

    def _defined(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.name = self.names.get(node.name, node.name)
        if ast.get_docstring(node) and len(node.body) > 1:
            node.body = node.body[1:]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        return node

    visit_FunctionDef = visit_ClassDef = _defined  # noqa: N815


def chosen_names(trees: list[ast.Module]) -> set[str]:
    """The names that a submission gives, those of its attributes with ``self.``, but for those that calls name too."""
    names: set[str] = set()
    taken: set[str] = {"self", "forward"}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute):
            if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self":
                names.add(f"self.{node.attr}")
            taken.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            taken |= {node.arg, f"self.{node.arg}"}
    return {name for name in names - taken if not name.removeprefix("self.").startswith("__")}


def disguised(cells: list[str], fixed: frozenset[str], seed: str, put_in: float) -> list[str]:
    rng = random.Random(seed)
    trees = [
        ast.parse("\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in c.split("\n"))) for c in cells
    ]
    names = sorted(name for name in chosen_names(trees) if name.removeprefix("self.") not in fixed)
    renamed = Rename({name: f"{rng.choice(['tmp', 'val', 'my', 'cur'])}_{n}" for n, name in enumerate(names)})
    statements = [statement for tree in trees for statement in renamed.visit(tree).body]
    imports = [each for each in statements if isinstance(each, ast.Import | ast.ImportFrom)]
    definitions = [each for each in statements if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    rest = [each for each in statements if each not in imports and each not in definitions]
    rng.shuffle(definitions)
    for node in (node for each in definitions for node in ast.walk(each)):
        if isinstance(node, ast.ClassDef):
            rng.shuffle(node.body)
        elif isinstance(node, ast.FunctionDef):
            node.body = [new for old in node.body for new in _with_more(old, rng, put_in)]
    made = [imports, *([each] for each in definitions), rest]
    return [_commented("\n".join(map(ast.unparse, cell)), rng) for cell in made if cell]


def _with_more(statement: ast.stmt, rng: random.Random, put_in: float) -> list[ast.stmt]:
    more = ast.parse(rng.choice(["print('ok')", "count = 0", "assert True", "debug = None"])).body
    return [*(more if rng.random() < put_in else []), statement]


def _commented(text: str, rng: random.Random) -> str:
    return "\n".join(f"{line}  # another remark" if rng.random() < 0.2 else line for line in text.split("\n"))


def answers_of(cells: list[str], names: dict[str, frozenset[str]]) -> reading.Answers:
    return reading.answers_in([Cell(f"cell {n}", source) for n, source in enumerate(cells, 1)], names)


def without_numbers(answers: reading.Answers) -> reading.Answers:
    pieces = {question: tuple(map(plain_numbers, found)) for question, found in answers.pieces.items()}
    return reading.Answers(pieces)


def plain_numbers(piece: reading.Piece) -> reading.Piece:
    tokens = tuple(("a number" if token[:1].isdigit() else token, line) for token, line in piece.tokens)
    return reading.Piece(piece.cell, piece.lines, tokens)


def main() -> None:
    print("setting | lesson | independent called alike | copies found | their answers found | of those long enough")
    for lesson in LESSONS:
        assignment = find_assignment(lesson)
        master = read_master(assignment)
        names = {question: reading.names_in(sources) for question, sources in master.answers.items()}
        names = {question: found for question, found in names.items() if found}
        known = reading.pieces_in(cell.source for cell in master.notebook.cells if cell.cell_type == "code")
        folder = assignment.folder / "submissions" / "right"
        sources = {
            path.name: [cell.source for cell in read_submission(path).cells] for path in sorted(Path(folder).iterdir())
        }
        right = {name: answers_of(cells, names) for name, cells in sources.items()}
        fixed = frozenset(name for of in names.values() for name in of)
        copies = {
            put_in: {name: answers_of(disguised(cells, fixed, name, put_in), names) for name, cells in sources.items()}
            for put_in in PUT_IN
        }
        for setting, values in SETTINGS.items():
            before = {name: getattr(matching, name) for name in values}
            for name, value in values.items():
                setattr(matching, name, value)
            _measure(setting, lesson, right, copies, names, known)
            for name, value in before.items():
                setattr(matching, name, value)


def _measure(setting, lesson, right, copies, names, known) -> None:
    as_set = without_numbers if setting == NUMBERS else lambda answers: answers
    known = list(map(plain_numbers, known)) if setting == NUMBERS else known
    right = {name: as_set(answers) for name, answers in right.items()}
    alone = matching.find_alike(right, names, known, lambda *_: True)
    wrong = sum(len(pair.alike) for pair in alone.pairs)
    found = answers = count = enough = 0
    alphabet = matching.Alphabet()
    taken_out = frozenset(matching.Fingerprints(known, alphabet).places)
    for of in copies.values():
        both = {**right, **{f"{name} (copy)": as_set(each) for name, each in of.items()}}
        pairs = matching.find_alike(both, names, known, lambda *_: True).pairs
        mine = [pair for pair in pairs if pair.second == f"{pair.first} (copy)"]
        found += len(mine)
        answers += sum(len(pair.alike) for pair in mine)
        for each in of.values():
            count += len(each.pieces)
            prints = (matching.Fingerprints(as_set(each).pieces[q], alphabet, taken_out) for q in each.pieces)
            enough += sum(one.own >= matching.LEAST for one in prints)
    total = len(right) * (len(right) - 1) // 2 * len(names)
    of = len(right) * len(copies)
    print(f"{setting} | {lesson} | {wrong} of {total:,} | {found} of {of} | {answers} of {count} | {enough}")


if __name__ == "__main__":
    main()
