"""Waiting for a page to come to something, and what it may complain of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.lab.conftest import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Page


def allow(watched: Watched, status: int) -> None:
    """Pass over the one line that the browser itself writes for a refused request.

    Args:
        watched: the page.
        status: of the answer.
    """
    lines = [text for text in watched.problems if f"status of {status}" in text]
    assert len(lines) == 1, watched.problems
    watched.problems.remove(lines[0])


def until(page: Page, script: str, arg: Any = None, seconds: float = 20.0) -> None:
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
