"""Pages in Chromium, and what must not have happened on them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
PAGE = {"X-Linnet-Page": "testing-page"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; without it the test is skipped. It ends with the module: its event loop bars every other."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next((p for p in CHROMIUM if os.path.exists(p)), None)
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
        )
        yield made
        made.close()


@dataclass
class Watched:
    """A page, and what must not have happened on it.

    Args:
        page: of Playwright.
        url: of the lab.
        asked: the addresses that it requested.
        problems: errors and warnings on its console, and exceptions of its scripts.
        expected: a piece of those that the test provokes, such as "status of 422".
    """

    page: Page
    url: str
    asked: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    expected: str | None = None

    def goto(self, place: str, language: str = "en") -> Page:
        """Open a tab, such as "#train?lr=0.5", and wait until the shell has shown it."""
        self.page.goto(f"{self.url}/?lang={language}{place}")
        self.page.wait_for_selector("#panel .tab")
        return self.page

    def check(self) -> None:
        """No request went off the host, and nothing was complained of."""
        assert [url for url in self.asked if not url.startswith((self.url, "data:", "blob:"))] == []
        assert [said for said in self.problems if self.expected is None or self.expected not in said] == []


OpenPage = Callable[..., Watched]


def fits(page: Page) -> bool:
    """Whether nothing is wider than the page, so that a phone need not scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def shoot(page: Page, name: str) -> None:
    """Leave a picture for people, where LINNET_SHOTS names a folder."""
    if folder := os.environ.get("LINNET_SHOTS"):
        page.screenshot(path=str(Path(folder, f"{name}.png")), full_page=True)


def allow(watched: Watched, status: int) -> None:
    """Pass over the one line that the browser itself writes for a refused request.

    Args:
        watched: the page.
        status: of the answer.
    """
    lines = [text for text in watched.problems if f"status of {status}" in text]
    assert len(lines) == 1, watched.problems
    watched.problems.remove(lines[0])


def until(page: Page, script: str, arg: Any = None, seconds: float = PATIENCE) -> None:
    """Wait until a script is true of the page, without the eval that its policy forbids.

    Args:
        page: of Playwright.
        script: an expression, or a function of `arg`.
        arg: as JSON.
        seconds: at most.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(script, arg):
        assert time.monotonic() < end, f"it did not come to {script} with {arg}"
        page.wait_for_timeout(30)
