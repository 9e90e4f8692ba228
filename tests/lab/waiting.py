"""Waiting for a page to come to something, without the eval that its policy forbids."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page


def until(page: Page, script: str, arg: Any = None, seconds: float = 20.0) -> None:
    """Wait until a script is true of the page.

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
