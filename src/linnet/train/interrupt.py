"""Ctrl-C that ends a run between two minibatches, with nothing lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Protocol

INTERRUPTED = "interrupted"


class Stoppable(Protocol):
    """What can be asked to stop."""

    reason: str

    def stop(self, reason: str) -> None:
        """Stop soon; `reason` is why."""
        ...


@contextlib.contextmanager
def interruptible(state: Stoppable) -> Iterator[None]:
    """Let the first Ctrl-C end the run after the current minibatch; the second interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if state.reason == INTERRUPTED:
            raise KeyboardInterrupt
        state.stop(INTERRUPTED)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)
