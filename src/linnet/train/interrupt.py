"""Ctrl-C that ends a run between two minibatches, with nothing lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Protocol

INTERRUPTED = "interrupted"


class Stoppable(Protocol):
    """What can be asked to stop."""

    reason: str

    def stop(self, reason: str) -> None:
        """Stop soon; `reason` is why."""
        ...


def interruptible(state: Stoppable) -> contextlib.AbstractContextManager[None]:
    """Let the first Ctrl-C end the run after the current minibatch; the second interrupts at once."""

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if state.reason == INTERRUPTED:
            raise KeyboardInterrupt
        state.stop(INTERRUPTED)

    return on_ctrl_c(on_interrupt)


@contextlib.contextmanager
def on_ctrl_c(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call a handler at Ctrl-C meanwhile; in other threads than the main one, which get none, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)
