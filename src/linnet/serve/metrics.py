"""Counters and a histogram in Prometheus' text format, of one process or of several together."""

from __future__ import annotations

import mmap
import os
import time
from bisect import bisect_left
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Seconds at which the histogram is cut."""

PATHS = ("/predict", "/healthz", "/readyz", "/metrics", "/model", "/docs", "/openapi.json", "other")
"""Paths that are counted by name; any other is "other", so that strangers cannot fill the memory."""

STATUSES = (*range(200, 210), *range(300, 310), *range(400, 432), *range(500, 512))

_PATH = {path: place for place, path in enumerate(PATHS)}
_STATUS = {status: place for place, status in enumerate(STATUSES)}
_TIMES = len(PATHS) * len(STATUSES)
_SECONDS = _TIMES + len(BOUNDS) + 1
_ROWS, _ACTIVE = range(_SECONDS + 1, _SECONDS + 3)
CELLS = _ACTIVE + 1
"""Requests by path and status, the histogram, its sum, rows, requests under way."""


class Metrics:
    """What was asked and answered since the start.

    The event loop is one thread, so plain counters do. Processes that serve together have a file of counters
    each, in memory that the others see, and any of them tells of all; one that died goes on to count.

    Args:
        folder: the processes' files; None where this one is alone.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.cells = np.zeros(CELLS) if folder is None else _shared(folder)

    def count(self, path: str, status: int, seconds: float) -> None:
        """Add a request."""
        place = _PATH.get(path, _PATH["other"])
        self.cells[place * len(STATUSES) + _STATUS.get(status, 0)] += 1
        if place == 0:
            self.cells[_TIMES + bisect_left(BOUNDS, seconds)] += 1
            self.cells[_SECONDS] += seconds

    def add_rows(self, count: int) -> None:
        """Add rows that were predicted."""
        self.cells[_ROWS] += count

    def begin(self, change: int = 1) -> None:
        """A request is under way, or, with −1, is no longer."""
        self.cells[_ACTIVE] += change

    def text(self, checksum: str, reloads: int, refused: bool) -> str:
        """The page that Prometheus reads."""
        sums = self._all().sum(0)
        lines = ["# TYPE linnet_requests_total counter"]
        for (path, status), count in zip(
            ((path, status) for path in PATHS for status in STATUSES), sums[:_TIMES].tolist(), strict=True
        ):
            if count:
                lines.append(f'linnet_requests_total{{path="{path}",status="{status}"}} {count:.0f}')
        lines += ["# TYPE linnet_predict_seconds histogram"]
        steps = list(accumulate(sums[_TIMES:_SECONDS].tolist()))
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], steps, strict=True):
            lines.append(f'linnet_predict_seconds_bucket{{le="{bound}"}} {count:.0f}')
        lines += [
            f"linnet_predict_seconds_sum {sums[_SECONDS]}", f"linnet_predict_seconds_count {steps[-1]:.0f}",
        ]  # fmt: skip
        plain = [
            ("linnet_rows_total", "counter", sums[_ROWS]),
            ("linnet_requests_active", "gauge", sums[_ACTIVE]),
            ("linnet_model_reloads_total", "counter", reloads),
            ("linnet_model_refused", "gauge", refused),
        ]
        for name, kind, value in plain:
            lines += [f"# TYPE {name} {kind}", f"{name} {value:.0f}"]
        lines += ["# TYPE linnet_model_info gauge", f'linnet_model_info{{checksum="{checksum}"}} 1']
        return "\n".join(lines) + "\n"

    def _all(self) -> NDArray[np.float64]:
        """The counters of every process, (P, cells); those that ended have nothing under way."""
        if self.folder is None:
            return self.cells[None]
        rows = []
        for path in self.folder.glob("*.counts"):
            cells = np.fromfile(path)
            if not _lives(int(path.stem)):
                cells[_ACTIVE] = 0
            rows.append(cells)
        return np.stack(rows)


def _shared(folder: Path) -> NDArray[np.float64]:
    """The counters of this process, in a file that others read: there with all its bytes, or not at all."""
    path = folder / f"{os.getpid()}.counts"
    empty = path.with_suffix(".new")
    empty.write_bytes(bytes(8 * CELLS))
    empty.replace(path)
    with path.open("r+b") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 8 * CELLS), np.float64)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


_CLOSE = (b"connection", b"close")


class Counted:
    """Middleware that counts every request by path and status.

    Args:
        app: what answers.
        metrics: what counts.
        is_last: whether each answer is to end its connection.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, is_last: bool = False) -> None:
        self.app, self.metrics, self.is_last = app, metrics, is_last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and look at its answer's status."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status = 500

        async def look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self.is_last:
                    message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
            await send(message)

        begun = time.perf_counter()
        self.metrics.begin()
        try:
            await self.app(scope, receive, look)
        finally:
            self.metrics.begin(-1)
            self.metrics.count(scope["path"], status, time.perf_counter() - begun)
