"""`Metrics`: counters and a histogram in Prometheus' text format, of one process or of several together."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from ctypes import Array, c_double
from itertools import accumulate, product

import numpy as np
from numpy.typing import NDArray
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linnet.schema.columns import Seen

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Seconds at which the histogram is cut."""

PATHS = ("/predict", "/healthz", "/readyz", "/metrics", "/model", "/", "/docs", "/openapi.json", "other")
"""Paths that are counted by name; any other is "other", so that strangers cannot fill the memory."""

STATUSES = (*range(200, 210), *range(300, 310), *range(400, 432), *range(500, 512))

_PATH = {path: place for place, path in enumerate(PATHS)}
_STATUS = {status: place for place, status in enumerate(STATUSES)}
_TIMES = len(PATHS) * len(STATUSES)
_SECONDS = _TIMES + len(BOUNDS) + 1
ROWS, ACTIVE, RELOADS, REFUSED = range(_SECONDS + 1, _SECONDS + 5)
COLUMNS = 200
"""Columns of a table that are counted by name; those beyond are one, so that a page stays short."""

MISSING, UNSEEN = REFUSED + 1, REFUSED + 2 + COLUMNS
CELLS = UNSEEN + 1 + COLUMNS
"""Requests by path and status, the histogram, its sum, rows, requests under way, newer models taken, whether
the newest was refused, and by column the cells without a value and those of a level that is new."""

BY_COLUMN = (
    (MISSING, "linnet_cells_missing_total", "Cells without a value, by column."),
    (UNSEEN, "linnet_cells_unseen_total", "Cells of levels that training did not see, or too rarely."),
)

FIGURES = (
    (ROWS, np.sum, "linnet_rows_total", "counter", "Rows that were predicted."),
    (ACTIVE, np.sum, "linnet_requests_active", "gauge", "Requests under way."),
    (RELOADS, np.max, "linnet_model_reloads_total", "counter", "Newer models that were taken."),
    (REFUSED, np.max, "linnet_model_refused", "gauge", "1 where the newest model file was refused."),
)
"""Cells that are a figure each, and how the processes' own make it: each of them takes each newer model."""


class Metrics:
    """Requests and answers since the start.

    The event loop is one thread, so plain counters do. Processes that serve together have a row each of a
    table in memory that all see, and any of them tells of all. One that takes another's place counts on.

    Args:
        table: the rows, (P, cells); None where this process is alone.
        place: this process's row.
    """

    def __init__(self, table: NDArray[np.float64] | None = None, place: int = 0) -> None:
        self.table = np.zeros((1, CELLS)) if table is None else table
        self.cells = self.table[place]
        self.cells[ACTIVE] = 0  # what another had under way here ended with it
        self.columns: tuple[str, ...] = ()

    def count(self, path: str, status: int, seconds: float) -> None:
        """Add a request."""
        place = _PATH.get(path, _PATH["other"])
        self.cells[place * len(STATUSES) + _STATUS.get(status, _STATUS[500])] += 1
        if place == 0:
            self.cells[_TIMES + bisect_left(BOUNDS, seconds)] += 1
            self.cells[_SECONDS] += seconds

    def add(self, cell: int, change: float = 1) -> None:
        """Add to one of `ROWS`, `ACTIVE` or `RELOADS`."""
        self.cells[cell] += change

    def add_seen(self, columns: tuple[str, ...], seen: Mapping[str, Seen]) -> None:
        """Count what was seen in the columns of a table; those of a newer model, of other names, from 0."""
        if columns != self.columns:
            if self.columns:
                self.cells[MISSING:] = 0
            self.columns = columns
        for name, one in seen.items():
            place = min(columns.index(name), COLUMNS)
            self.cells[MISSING + place] += one.missing
            self.cells[UNSEEN + place] += one.unseen

    @property
    def reloads(self) -> int:
        """How often a newer model was taken."""
        return int(self.table[:, RELOADS].max())

    def text(self, checksum: str, columns: Sequence[str] = ()) -> str:
        """The page that Prometheus reads.

        Args:
            checksum: of the model that answers in this process.
            columns: of the table that it was trained on.
        """
        sums = self.table.sum(0)
        lines = [*_requests(sums), *_seconds(sums)]
        for cell, total, name, kind, about in FIGURES:
            lines += [*_family(name, kind, about), f"{name} {total(self.table[:, cell]):.0f}"]
        lines += _cells(sums, columns)
        info = f'linnet_model_info{{checksum="{checksum}"}} 1\n'
        return "\n".join([*lines, *_family("linnet_model_info", "gauge", "The model that answers."), info])


def table_of(memory: Array[c_double]) -> NDArray[np.float64]:
    """A table of counters, (P, cells), in memory of float64 that processes share."""
    return np.frombuffer(memoryview(memory).cast("B"), np.float64).reshape(-1, CELLS)


def _requests(sums: NDArray[np.float64]) -> Iterator[str]:
    yield from _family("linnet_requests_total", "counter", "Requests that were answered.")
    for (path, status), count in zip(product(PATHS, STATUSES), sums[:_TIMES].tolist(), strict=True):
        if count:
            yield f'linnet_requests_total{{path="{path}",status="{status}"}} {count:.0f}'


def _cells(sums: NDArray[np.float64], columns: Sequence[str]) -> Iterator[str]:
    names = [*map(_label, columns[:COLUMNS]), *["(others)"] * (len(columns) > COLUMNS)]
    for start, family, about in BY_COLUMN if names else ():
        yield from _family(family, "counter", about)
        for name, count in zip(names, sums[start:].tolist(), strict=False):
            yield f'{family}{{column="{name}"}} {count:.0f}'


def _label(name: str) -> str:
    """A name as the text format writes it between quotes."""
    return name[:100].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(sums: NDArray[np.float64]) -> Iterator[str]:
    yield from _family("linnet_predict_seconds", "histogram", "Seconds that requests to /predict took.")
    steps = list(accumulate(sums[_TIMES:_SECONDS].tolist()))
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], steps, strict=True):
        yield f'linnet_predict_seconds_bucket{{le="{bound}"}} {count:.0f}'
    yield f"linnet_predict_seconds_sum {sums[_SECONDS]}"
    yield f"linnet_predict_seconds_count {steps[-1]:.0f}"


def _family(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP {name} {about}", f"# TYPE {name} {kind}"


_CLOSE = (b"connection", b"close")


class RequestCounter:
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
        if scope["path"].endswith("/") and (path := scope["path"].rstrip("/")):
            scope = {**scope, "path": path}  # a page's name with a slash is its name
        status = 500

        async def look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self.is_last:
                    message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
            await send(message)

        begun = time.perf_counter()
        self.metrics.add(ACTIVE)
        try:
            await self.app(scope, receive, look)
        finally:
            self.metrics.add(ACTIVE, -1)
            self.metrics.count(scope["path"], status, time.perf_counter() - begun)
