"""What MkDocs does not do by itself: links to files of the repository that are not below ``docs/``.

``[the action](../action.yml)`` leads there where a page is read in a repository. On the site, such a file has a copy
below ``repository/``: as a page where it is Markdown, whose own links are treated alike, and else as it is. A link to a
file that does not exist stops the build.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = "docs/"
COPIES = "repository/"
ALWAYS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_LINK = re.compile(r"`[^`\n]*`|(?<=\]\()(?![a-z]+:|#)(?P<link>[^)#\s]+)")  # what is code holds no link


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a copy of what pages link to outside of ``docs/``, and of what these copies link to."""
    waiting = [DOCS + page.src_uri for page in files.documentation_pages()] + [*ALWAYS]
    for path in waiting:  # which grows meanwhile
        uri = _place(path)
        if files.get_file_from_path(uri) is None and not path.startswith(DOCS):
            source = ROOT / path
            if not source.is_file():
                raise PluginError(f"a page links to {path}, which is no file")
            files.append(File.generated(config, uri, abs_src_path=str(source), inclusion=InclusionLevel.NOT_IN_NAV))
        if path.endswith(".md") and (ROOT / path).is_file():
            text = (ROOT / path).read_text(encoding="utf-8")
            waiting += {
                target
                for found in _LINK.finditer(text)
                if found["link"] and (target := _target(path, found["link"])) not in waiting
            }
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Have links lead to where the site has what they are to."""
    uri = page.file.src_uri
    path = uri.removeprefix(COPIES) if uri.startswith(COPIES) else DOCS + uri
    here = posixpath.dirname(uri)

    def moved(found: re.Match[str]) -> str:
        return posixpath.relpath(_place(_target(path, found["link"])), here or ".") if found["link"] else found[0]

    return _LINK.sub(moved, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leave out what docstrings have for Sphinx: ``:class:`` before a name."""
    return re.sub(r":(?:class|func|meth):(?=<code>)", "", html)


def _target(path: str, link: str) -> str:
    """The file in the repository to which a file there links."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link))


def _place(path: str) -> str:
    """Where the site has a file of the repository."""
    return path.removeprefix(DOCS) if path.startswith(DOCS) else COPIES + path
