"""The documentation as a site: it is whole, it loads nothing from elsewhere, and what would break it is noticed."""

import importlib
import inspect
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder import errors
from autograder.cli import main

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def build(root, site):
    """What `make docs` does with the documentation of this repository, into this folder."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", site]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder


class Loaded(HTMLParser):
    """What a page loads by itself, and where its links lead."""

    def __init__(self, page):
        super().__init__()
        self.loaded, self.links = [], []
        self.feed(page.read_text())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "a":
            self.links.append(attributes.get("href") or "")
        elif tag == "link" and attributes.get("rel") not in ("canonical", "next", "prev", "edit"):
            self.loaded.append(attributes.get("href") or "")
        self.loaded += [value for name, value in attrs if name in ("src", "srcset", "data", "poster") and value]


def test_each_page_is_there_and_loads_nothing_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert {path.stem for path in DOCS.glob("*.md")} <= {page.stem for page in pages}
    for page in pages:
        loaded = Loaded(page).loaded
        assert loaded, page
        assert not [address for address in loaded if re.match(r"([a-z]+:)?//", address)], page
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)[\s\"']*(https?:)?//", style.read_text()), style


def test_each_link_leads_to_a_file_of_the_site(site):
    """Links of the theme too, and those to copies of what is not below `docs/`."""
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # which a server shows at any address, and so names the site's root
            continue
        for link in Loaded(page).links:
            path = link.partition("#")[0]
            if path and not re.match(r"[a-z]+:", path):
                assert (page.parent / path).is_file(), f"{page}: {link}"


def test_each_command_and_each_option_is_named(site):
    text = re.sub(r"<[^>]*>", "", (site / "commands.html").read_text())
    for name, command in main.commands.items():
        part = re.split(rf"^autograder {name}\b.*$", text, flags=re.MULTILINE)
        assert len(part) > 1, name
        for option in (option for parameter in command.params for option in parameter.opts):
            assert option in "".join(part[1:]) or option.isidentifier(), f"{name} {option}"


def test_each_kind_of_error_has_its_messages_on_the_page(site):
    text = (site / "errors.html").read_text()
    assert "<li>Name one code, or ask for --all</li>" in text
    assert "<li>There is no assignment ...: give a folder that holds ..., or a name under solutions/</li>" in text
    page = (DOCS / "errors.md").read_text()
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, Exception) and not kind.__subclasses__() and not issubclass(kind, Warning):
            assert f"<!-- {name} -->" in page and f"<!-- {name} -->" not in text, name


@pytest.mark.parametrize(
    "module",
    ["autograder", "autograder.training", "autograder.training.history", "autograder.diagnosis", "autograder.testing"],
)
def test_each_public_function_and_class_is_in_the_api(site, module):
    text, imported = (site / "api.html").read_text(), importlib.import_module(module)
    own = [name for name, value in vars(imported).items() if getattr(value, "__module__", "") == module]
    names = getattr(imported, "__all__", None) or [name for name in own if not name.startswith("_")]
    assert names
    for name in names:
        value = getattr(imported, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert f'id="{module}.{name}"' in text, name


@pytest.fixture
def copy(tmp_path):
    """A copy of what the site is made of, but for the API, which takes long."""
    shutil.copytree(DOCS, tmp_path / "docs")
    for path in ("mkdocs.yml", *(path.name for path in ROOT.glob("*.md"))):
        shutil.copy(ROOT / path, tmp_path / path)
    for path in ("action.yml", "autograder", "benchmarks", "examples", "tests"):
        (tmp_path / path).symlink_to(ROOT / path)
    (tmp_path / "docs" / "api.md").write_text("# API\n")
    return tmp_path


def test_what_leads_nowhere_or_is_not_listed_stops_the_build(copy):
    with (copy / "docs" / "index.md").open("a") as page:
        page.write("\n[gone](gone.md) and [gone](otter.md#no-such-heading)\n")
    (copy / "docs" / "not-listed.md").write_text("# Not listed\n")
    done = build(copy, copy / "site")
    assert done.returncode != 0
    assert all(name in done.stderr for name in ("'gone.md'", "'#no-such-heading'", "not-listed.md")), done.stderr


def test_a_link_to_a_file_of_the_repository_that_is_not_there_stops_the_build(copy):
    with (copy / "CONTRIBUTING.md").open("a") as page:
        page.write("\n[gone](no/such/file.py)\n")
    done = build(copy, copy / "site")
    assert done.returncode != 0 and "links to no/such/file.py, which is no file" in done.stderr
