"""How long a test waits for a condition before it gives up."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 120.0  # seconds: no test measures by it, and a machine may have other work for most of its time


def until(condition: Callable[[], object], what: str = "the condition", seconds: float = PATIENCE) -> None:
    """Wait until a condition holds; fail where it never does.

    Args:
        condition: what is awaited, called again and again.
        what: its name, for the failure.
        seconds: after which it fails.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not come in {seconds:g} s"
        time.sleep(0.02)
