"""The service as a process."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from tests.support.patience import PATIENCE


@contextmanager
def service(folder: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A `linnet serve`, and its port."""
    command = [sys.executable, "-m", "linnet", "serve", str(folder), "--port", "0", *flags]
    with Path("log").open("w") as log, subprocess.Popen(command, stderr=log, text=True) as process:
        try:
            yield process, int(wait_for(r"running on http://127\.0\.0\.1:(\d+)")[1])
        finally:
            process.kill()


def wait_for(pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
    """Wait for a line of the log."""
    end = time.monotonic() + seconds
    while not (found := re.search(pattern, Path("log").read_text())):
        assert time.monotonic() < end, Path("log").read_text()
        time.sleep(0.05)
    return found


def request(method: str, port: int, path: str, **options: Any) -> httpx.Response:
    """Ask on a connection of its own, which loads no certificates: those take 20 ms of a processor each."""
    url = f"http://127.0.0.1:{port}{path}"
    return httpx.request(method, url, timeout=PATIENCE, verify=False, **options)
