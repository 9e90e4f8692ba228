"""Several processes that serve together: their counters, their deaths, their end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
import numpy as np
import psutil
import pytest

from linnet.errors import UsageError
from linnet.serve.metrics import Metrics
from linnet.serve.workers import workers
from tests.export.conftest import make_run
from tests.serve.malformed import GOOD, JSON
from tests.serve.test_server import service, wait_for

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="several processes share a port on Linux alone"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder."""
    return make_run("softmax").save(tmp_path / "run")


def serving(pid: int) -> list[psutil.Process]:
    """The processes that a parent has serve."""
    return [child for child in psutil.Process(pid).children() if "spawn_main" in " ".join(child.cmdline())]


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def ask(port: int) -> httpx.Response:
    """Ask for a prediction on a connection of its own."""
    return httpx.post(f"http://127.0.0.1:{port}/predict", content=GOOD, headers={"content-type": JSON})


def test_any_process_tells_the_counts_of_all_and_one_that_dies_is_replaced(folder: Path) -> None:
    with service(folder, "--workers", "2") as (process, port):
        assert len(serving(process.pid)) == 2
        for _ in range(20):  # connections of their own: both processes get some
            assert ask(port).status_code == 200
        dying = serving(process.pid)[0]
        dying.kill()
        wait_for("died: another takes its place")
        until(lambda: len(serving(process.pid)) == 2)
        for _ in range(20):
            assert ask(port).status_code == 200
        for _ in range(10):
            lines = httpx.get(f"http://127.0.0.1:{port}/metrics").text.splitlines()
            assert 'linnet_requests_total{path="/predict",status="200"} 40' in lines
            assert "linnet_rows_total 40" in lines
            assert "linnet_requests_active 1" in lines
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not psutil.pid_exists(dying.pid)


def test_processes_end_with_their_parent_however_it_ends(folder: Path) -> None:
    with service(folder, "--workers", "2") as (process, _):
        children = serving(process.pid)
        process.kill()
        until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with service(folder, "--workers", "2") as (_, port):
        command = [
            sys.executable,
            "-m",
            "linnet",
            "serve",
            str(folder),
            "--port",
            str(port),
            "--workers",
            "2",
        ]
        other = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert other.returncode == 2
    assert re.search(rf"cannot listen on 127\.0\.0\.1, port {port}", other.stderr)
    assert "Traceback" not in other.stderr


def test_how_many_there_are() -> None:
    assert 1 <= workers(None) <= 4
    assert workers(7) == 7


def test_elsewhere_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert workers(None) == workers(1) == 1
    with pytest.raises(UsageError, match="Linux alone"):
        workers(2)


def test_a_process_that_ended_has_nothing_under_way_and_still_counts(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    metrics.begin()
    metrics.count("/predict", 200, 0.002)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    np.copy(metrics.cells).tofile(tmp_path / f"{dead.pid}.counts")
    (tmp_path / "1.new").write_bytes(b"")  # one that is just starting
    lines = metrics.text("abc", 3, refused=False).splitlines()
    assert 'linnet_requests_total{path="/predict",status="200"} 2' in lines
    assert "linnet_requests_active 1" in lines
    assert "linnet_model_reloads_total 3" in lines
    assert os.getpid() != dead.pid
