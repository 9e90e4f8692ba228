"""A running lab, and pages of it in Chromium."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from linnet.data.dataset import Splits
from linnet.data.sources.digits import load as load_digits
from linnet.lab.app import make_app
from linnet.lab.settings import Settings
from linnet.lab.state import LabState
from linnet.lab.training import usual_recipe
from linnet.model.run import Run
from linnet.train.fit import fit
from tests.support.browser import PAGE, OpenPage, Watched
from tests.support.browser import browser as browser  # a fixture
from tests.support.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser


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
    known = LabState.is_there
    monkeypatch.setattr(LabState, "is_there", lambda lab, name: name != "fashion_mnist" and known(lab, name))


@pytest.fixture(scope="session")
def digits() -> tuple[Run, Splits]:
    """The model that the lab trains of the digits, and its data."""
    splits = load_digits()
    return fit(splits.train, usual_recipe(splits.train), test=splits.test)[0], splits


@pytest.fixture
def open_page(browser: Browser, lab_url: str) -> Iterator[OpenPage]:
    """Opens watched pages: `open_page(width=390, dark=True)`; each is checked at the end of the test."""
    opened: list[tuple[Watched, Any]] = []

    def make(width: int = 1280, height: int = 900, dark: bool = False, **options: Any) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        context.set_default_timeout(1000 * PATIENCE)
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
