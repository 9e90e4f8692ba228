"""A running lab, and pages of it in Chromium."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from linnet.data.dataset import Splits
from linnet.data.digits import load as load_digits
from linnet.lab.app import make_app
from linnet.lab.judges import RECIPES
from linnet.lab.room import Room
from linnet.lab.settings import Settings
from linnet.model.run import Run
from linnet.train.fit import fit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
PAGE = {"X-Linnet-Page": "testing-page"}


@pytest.fixture(scope="session")
def lab_url() -> Iterator[str]:
    """A lab that serves on loopback; its address without the last slash."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(make_app(Settings(port=port)), log_level="warning", ws="none", lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A client of a lab of its own, without a browser."""
    settings = Settings()
    with TestClient(make_app(settings), base_url="http://127.0.0.1:8765", headers=PAGE) as made:
        yield made


@pytest.fixture
def digits_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Fashion-MNIST is at hand, so that the model that is trained is one of the digits."""
    known = Room.is_there
    monkeypatch.setattr(Room, "is_there", lambda room, name: name != "fashion_mnist" and known(room, name))


@pytest.fixture(scope="session")
def digits() -> tuple[Run, Splits]:
    """The model that the lab trains of the digits, and its data."""
    splits = load_digits()
    return fit(splits.train, RECIPES["digits"], test=splits.test)[0], splits


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; without it the test is skipped. It ends with the module: its event loop bars every other."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next((p for p in CHROMIUM if os.path.exists(p)), None)
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
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


@pytest.fixture
def open_page(browser: Browser, lab_url: str) -> Iterator[OpenPage]:
    """Opens watched pages: `open_page(width=390, dark=True)`; each is checked at the end of the test."""
    opened: list[tuple[Watched, Any]] = []

    def make(width: int = 1280, height: int = 900, dark: bool = False, **options: Any) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        watched = Watched(context.new_page(), lab_url)
        page = watched.page
        page.on("request", lambda request: watched.asked.append(request.url))
        page.on("pageerror", lambda error: watched.problems.append(str(error)))
        page.on(
            "console",
            lambda said: watched.problems.append(said.text) if said.type in ("error", "warning") else None,
        )
        opened.append((watched, context))
        return watched

    yield make
    for watched, context in opened:
        context.close()
        watched.check()


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait for something in JavaScript; Playwright's own wait would need eval, which the page forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"in vain: {expression}"
        page.wait_for_timeout(20)


def fits(page: Page) -> bool:
    """Whether nothing is wider than the page, so that a phone need not scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def shoot(page: Page, name: str) -> None:
    """Leave a picture for people, where LINNET_SHOTS names a folder."""
    if folder := os.environ.get("LINNET_SHOTS"):
        page.screenshot(path=str(Path(folder, f"{name}.png")), full_page=True)
