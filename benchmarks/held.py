"""How much memory of its own a process holds at most beside what it held before."""

from __future__ import annotations

import threading
from pathlib import Path

EVERY = 0.005
"""Seconds between two looks."""


class Peak:
    """Looks from its making to `end` at the anonymous and the shared memory of this process, on Linux.

    Pages of files that are mapped are not among it: the system takes them back where it needs them.
    """

    def __init__(self) -> None:
        self._before = self._most = _held()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def end(self) -> int:
        """The bytes that were held at most, less those at the beginning."""
        self._over.set()
        self._watcher.join()
        return max(self._most, _held()) - self._before

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._most = max(self._most, _held())


def _held() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return sum(int(found[name].split()[0]) * 1024 for name in ("RssAnon", "RssShmem"))
