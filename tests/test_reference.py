"""The reference names all that there is: fixtures, keys and their defaults. Each set is derived from the code.

And what pages name of the tests is there.
"""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from autograder.assignment import Settings
from autograder.quality.declared import Declaration
from autograder.report.policy import Declared

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def section(page, heading):
    """What stands on a page below a heading, as far as the next one of the same level or a higher one."""
    text = (DOCS / page).read_text()
    start = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert start, f"docs/{page} has no heading {heading}"
    rest = text[start.end() :]
    end = re.search(rf"^#{{1,{len(start[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text):
    """The rows of the tables in a text, each as its cells."""
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in re.findall(r"^\|.*\|$", text, re.MULTILINE)]


def fixtures():
    """The names of all fixtures that the framework makes."""
    templates = ROOT / "autograder" / "scaffolding" / "templates"
    for path in (ROOT / "autograder").rglob("*.py"):
        if templates in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            for decorator in getattr(node, "decorator_list", ()):
                if "fixture" in ast.unparse(decorator).partition("(")[0]:
                    named = {keyword.arg: keyword.value for keyword in getattr(decorator, "keywords", ())}
                    yield ast.literal_eval(named["name"]) if "name" in named else node.name


def test_each_fixture_is_named():
    listed = {cells[0] for cells in rows(section("graders.md", "Fixtures"))}
    found = set(fixtures())
    assert {"submission", "make_trials"} <= found
    assert {f"`{name}`" for name in found} <= listed


def in_toml(value):
    """A default as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, frozenset):
        value = list(value)
    return "`{}`".format(str(value).replace("'", '"') if not isinstance(value, str) else f'"{value}"')


def tables():
    """Each table of the settings: the page's heading, and the model that reads it."""
    yield "`assignment.toml`", Settings
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield f"`[{name}]`", field.annotation
    yield "`outcomes.toml`", Declaration


@pytest.mark.parametrize(("heading", "model"), list(tables()), ids=lambda value: getattr(value, "__name__", value))
def test_each_key_is_named_with_its_default(heading, model):
    text = section("settings.md", heading)
    own = text.partition("\n### ")[0]
    listed = {cells[0]: cells[1] for cells in rows(own) if len(cells) == 3}
    for name, field in model.model_fields.items():
        is_table = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        default = "" if is_table or field.is_required() else in_toml(field.default)
        assert listed.get(f"`{name}`") == default, f"{heading} {name}"


def keys(schema, node):
    """All keys of a JSON schema, and of the tables in it."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    for name, inner in node.get("properties", {}).items():
        yield name
        yield from keys(schema, inner)
    for inner in [*node.get("anyOf", ()), *([node["items"]] if isinstance(node.get("items"), dict) else [])]:
        yield from keys(schema, inner)


def test_the_example_of_a_policy_has_each_key_and_is_right():
    example = re.search(r"^```toml\n(.*?)^```$", (DOCS / "policy.md").read_text(), re.MULTILINE | re.DOTALL)
    assert example
    TypeAdapter(Declared).validate_python(tomllib.loads(example[1]))
    schema = Declared.model_json_schema()
    named = set(re.findall(r"^\[*(\w+)", example[1], re.MULTILINE))
    assert set(keys(schema, schema)) <= named


def test_what_was_asked_for_elsewhere_is_shown_by_a_test_that_exists():
    for asked, where, shown in (cells for cells in rows((DOCS / "requests.md").read_text()) if len(cells) == 3):
        if asked in ("asked for", "---"):
            continue
        for name, number, address in re.findall(r"\[(\S+) #(\d+)\]\((\S+)\)", where):
            assert re.fullmatch(rf"https://github\.com/\S*{name}/(issues|pull)/{number}", address), address
        found = re.fullmatch(r"`(tests/\w+\.py)::(test_\w+)`", shown)
        assert where and found, asked
        tree = ast.parse((ROOT / found[1]).read_text())
        assert found[2] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, shown
