"""The service as a process: how it starts, exchanges its model, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from linnet.serve import server
from linnet.web.server import listen
from tests.support.patience import PATIENCE
from tests.support.runs import make_run
from tests.support.service import request, service, wait_for

BODY = json.dumps({"rows": [[7] * 12]}).encode()


def begin(port: int) -> socket.socket:
    """A request whose second half is still to come."""
    line = socket.create_connection(("127.0.0.1", port), PATIENCE)
    head = "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    line.sendall(f"{head}content-length: {len(BODY)}\r\n\r\n".encode() + BODY[:10])
    return line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder."""
    return make_run("softmax").save(tmp_path / "run")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_sigterm_finishes_what_was_begun(folder: Path) -> None:
    with service(folder) as (process, port), begin(port) as line:
        assert request("GET", port, "/healthz").is_success
        process.send_signal(signal.SIGTERM)
        wait_for("Shutting down")
        with pytest.raises(httpx.TransportError):
            for _ in range(100):  # connections that waited to be taken are, for a moment
                request("GET", port, "/healthz")
                time.sleep(0.05)
        line.sendall(BODY[10:])
        answer = b"".join(iter(lambda: line.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert b"probabilities" in answer
        assert process.wait(PATIENCE) == 0


def test_a_newer_model_answers_and_a_damaged_one_does_not(folder: Path) -> None:
    with (
        service(folder, "--workers", "1") as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        first = client.get("/readyz").json()["model"]
        make_run("logistic").save(folder)
        wait_for("now serving the model")
        second = client.get("/readyz").json()["model"]
        assert second != first
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-3])
        wait_for("refused and the old one kept")
        assert client.get("/readyz").json()["model"] == second
        headers = {"content-type": "application/json"}
        assert client.post("/predict", content=BODY, headers=headers).json()["model"] == second


def test_a_body_that_says_too_much_is_refused_unread(folder: Path) -> None:
    with service(folder, "--max-bytes", "1000") as (_, port):
        line = socket.create_connection(("127.0.0.1", port), PATIENCE)
        with line:
            line.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                         b"content-length: 999999999999\r\n\r\n")  # fmt: skip
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in answer.lower()
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
            line.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n")
            assert line.recv(65536).startswith(b"HTTP/1.1 400")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_uvicorn_hears_any_is_not_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    class Early(server.Server):
        def run(self, sockets: list[socket.socket] | None = None) -> None:
            signal.raise_signal(number)
            super().run(sockets)

    monkeypatch.setattr(server, "Server", Early)
    rescue = threading.Timer(20, os.kill, (os.getpid(), signal.SIGTERM))
    rescue.start()
    begun = time.monotonic()
    server.serve(server.Service(folder, port=0))
    rescue.cancel()
    assert time.monotonic() - begun < 15
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_connection_may_rest_longer_than_proxies_let_it() -> None:
    assert server.KEEP_ALIVE > 60  # what nginx and the balancers of the clouds wait


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_cannot_be_listened_on_is_told_alike(folder: Path, workers: str) -> None:
    if workers == "2" and sys.platform != "linux":
        pytest.skip("several processes share a port on Linux alone")
    command = [sys.executable, "-m", "linnet", "serve", str(folder), "--workers", workers, "--port", "80000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("linnet: there is no port 80000")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_connection_that_nobody_has_taken_yet_is_answered_at_the_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (listener,) = listen("127.0.0.1", 0)
    head = (
        f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(BODY)}"
    )

    class Ending(server.Server):
        async def main_loop(self) -> None:
            """A request comes, and the end right after it, before the event loop has a turn."""
            line.connect(listener.getsockname())
            line.sendall(f"{head}\r\n\r\n".encode() + BODY)

    monkeypatch.setattr(server, "Server", Ending)
    with socket.socket() as line:
        line.settimeout(10)
        server.run(server.Service(folder).app(), listener, 5, lambda _: None)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert b"connection: close" in answer.lower()
