"""Counters and a histogram in Prometheus' text format."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from itertools import accumulate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Seconds at which the histogram is cut."""

PATHS = frozenset({"/predict", "/healthz", "/readyz", "/metrics", "/model", "/docs", "/openapi.json"})
"""Paths that are counted by name; any other is "other", so that strangers cannot fill the memory."""


_CLOSE = (b"connection", b"close")


class Metrics:
    """What was asked and answered since the start.

    The event loop is one thread, so plain counters do.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.rows = 0
        self.times = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        self.active = 0

    def count(self, path: str, status: int, seconds: float) -> None:
        """Add a request."""
        self.requests[path if path in PATHS else "other", status] += 1
        if path == "/predict":
            self.times[bisect_left(BOUNDS, seconds)] += 1
            self.seconds += seconds

    def text(self, checksum: str, reloads: int, refused: bool) -> str:
        """The page that Prometheus reads."""
        lines = ["# TYPE linnet_requests_total counter"]
        for (path, status), count in sorted(self.requests.items()):
            lines.append(f'linnet_requests_total{{path="{path}",status="{status}"}} {count}')
        lines += ["# TYPE linnet_predict_seconds histogram"]
        sums = list(accumulate(self.times))
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], sums, strict=True):
            lines.append(f'linnet_predict_seconds_bucket{{le="{bound}"}} {count}')
        lines += [f"linnet_predict_seconds_sum {self.seconds}", f"linnet_predict_seconds_count {sums[-1]}"]
        plain = [
            ("linnet_rows_total", "counter", self.rows),
            ("linnet_requests_active", "gauge", self.active),
            ("linnet_model_reloads_total", "counter", reloads),
            ("linnet_model_refused", "gauge", int(refused)),
        ]
        for name, kind, value in plain:
            lines += [f"# TYPE {name} {kind}", f"{name} {value}"]
        lines += ["# TYPE linnet_model_info gauge", f'linnet_model_info{{checksum="{checksum}"}} 1']
        return "\n".join(lines) + "\n"


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
        self.metrics.active += 1
        try:
            await self.app(scope, receive, look)
        finally:
            self.metrics.active -= 1
            self.metrics.count(scope["path"], status, time.perf_counter() - begun)
