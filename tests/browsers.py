"""A real browser on pages that were written; it notes what a page asks of the network, and what goes wrong."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window. `make test-packages` installs it."""
    with sync_playwright() as playwright:
        # Its own sandbox refuses to work for root; what it opens here are our own pages.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page that is open, with all that it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  # of its scripts
    dialogs: list[str] = field(default_factory=list)

    def serious(self) -> list[str]:
        """What axe-core finds that is serious, or worse."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]


@contextlib.contextmanager
def opened(browser: Browser, path: Path, width: int = 1400, scheme: str = "light", at: str = "") -> Iterator[Opened]:
    """A page in a window so wide, in pixels, when its scripts have run; ``at`` is the part of the address after #."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    seen = Opened(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri() + at)
    yield seen
    context.close()
