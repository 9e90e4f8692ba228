"""Several processes that serve together: their counters, their deaths, their end."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing import resource_tracker
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest

from linnet.errors import UsageError
from linnet.serve.server import Service
from linnet.serve.workers import CONTEXT, _Crew, _Worker, count_workers
from linnet.web.server import listen
from tests.support.malformed import GOOD, JSON
from tests.support.patience import PATIENCE, until
from tests.support.runs import make_run
from tests.support.service import request, service, wait_for

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="several processes share a port on Linux alone"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder."""
    return make_run("softmax").save(tmp_path / "run")


def serving(pid: int) -> list[psutil.Process]:
    """The processes that a parent has serve."""
    found: list[psutil.Process] = []
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just died
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def ask(port: int) -> httpx.Response:
    """Ask for a prediction on a connection of its own."""
    return request("POST", port, "/predict", content=GOOD, headers={"content-type": JSON})


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
        told = {
            'linnet_requests_total{path="/predict",status="200"} 40',
            "linnet_rows_total 40",
            "linnet_requests_active 1",
        }
        for _ in range(10):  # a request is counted out just after its answer has come
            until(lambda: told <= set(request("GET", port, "/metrics").text.splitlines()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
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
        other = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert other.returncode == 2
    assert re.search(rf"cannot listen on 127\.0\.0\.1, port {port}", other.stderr)
    assert "Traceback" not in other.stderr


def test_how_many_there_are() -> None:
    assert 1 <= count_workers(None) <= 4
    assert count_workers(7) == 7


def test_elsewhere_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert count_workers(None) == count_workers(1) == 1
    with pytest.raises(UsageError, match="Linux alone"):
        count_workers(2)


def test_a_process_that_ended_before_it_was_ready_is_not_taken_for_ready(folder: Path) -> None:
    """Its line ends a moment before the system says that it is dead."""
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=time.sleep, args=(60,))
    process.start()
    theirs.close()
    crew = _Crew(Service(folder), [])
    try:
        assert process.is_alive()
        assert not crew._is_sound(_Worker(process, ours))
    finally:
        process.kill()
        process.join()
        ours.close()


def test_one_that_replaces_another_answers_whatever_has_become_of_the_file(folder: Path) -> None:
    path = folder / "model.safetensors"
    with service(folder, "--workers", "2") as (process, port):
        make_run("logistic").save(folder)
        wait_for("(?s)now serving.*now serving")
        newer = ask(port).json()["model"]
        for damage in (lambda: path.write_bytes(b"x" * 100), lambda: shutil.rmtree(folder)):
            damage()
            until(lambda: request("GET", port, "/readyz").json()["refused"])
            dying = serving(process.pid)[0]
            dying.kill()
            until(lambda pid=dying.pid: len(serving(process.pid)) == 2 and not psutil.pid_exists(pid))
            for _ in range(20):  # of both processes
                assert ask(port).json()["model"] == newer
                said = request("GET", port, "/metrics").text.splitlines()
                assert "linnet_model_reloads_total 1" in said
                assert "linnet_model_refused 1" in said
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_ctrl_c_waits_for_a_process_that_starts(folder: Path) -> None:
    """Otherwise it would end amid its imports, with a traceback."""
    crew = _Crew(Service(folder), listen("127.0.0.1", 0))
    resource_tracker.ensure_running()
    worker = crew._start(0)
    try:
        assert is_blocked(signal.SIGINT, worker.process.pid)
        assert not is_blocked(signal.SIGINT, os.getpid())
        assert crew._is_sound(worker)
        until(
            lambda: not is_blocked(signal.SIGINT, worker.process.pid)
        )  # the start of a thread blocks all too
    finally:
        crew._stop([worker])
        worker.line.close()
    assert worker.process.exitcode == 0


def is_blocked(number: int, pid: int | None) -> bool:
    """Whether a process keeps a signal waiting."""
    found = re.search(r"SigBlk:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return bool(int(found[1], 16) >> (number - 1) & 1)


def test_no_thread_is_left_for_python_to_end() -> None:
    """One that is killed inside native code would abort the process."""
    code = (
        "import threading, signal, sys\n"
        "from pathlib import Path\n"
        "from linnet.serve.workers import *\n"
        "from linnet.serve import workers\n"
        "service = Service(Path(sys.argv[1]), port=0)\n"
        "ours, theirs = workers.CONTEXT.Pipe()\n"
        "ours.close()\n"  # the parent is gone
        "counts = workers.CONTEXT.RawArray('d', CELLS)\n"
        "listener, spare = listen('127.0.0.1', 0)[0], ModelReloader(service.folder).model\n"
        "workers._work(service, listener, counts, 0, spare, theirs)\n"
        "assert not any(one.daemon for one in threading.enumerate()), threading.enumerate()\n"
    )
    folder = make_run("softmax").save("run")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(folder)],
        timeout=PATIENCE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Finished server process" in done.stderr
