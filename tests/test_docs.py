"""The documentation as a site: it is whole, it loads nothing from elsewhere, and what would break it is noticed."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("index.md", "[gone](gone.md)", "gone.md"),
        ("index.md", "[gone](otter.md#no-such-heading)", "no-such-heading"),
        ("index.md", "[gone](../no/such/file.py)", "no/such/file.py"),
        ("not-listed.md", "# Not listed", "not-listed.md"),
    ],
)
def test_what_leads_nowhere_or_is_not_listed_stops_the_build(tmp_path, name, text, says):
    for path in ("docs", "mkdocs.yml", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "action.yml"):
        copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
        copy(ROOT / path, tmp_path / path)
    for path in ("autograder", "benchmarks", "examples", "tests"):
        (tmp_path / path).symlink_to(ROOT / path)
    with (tmp_path / "docs" / name).open("a") as page:
        page.write(f"\n{text}\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0 and says in done.stderr + done.stdout
