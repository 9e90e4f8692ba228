"""The service measured beside the plainest FastAPI and torch handler, at 16 connections.

    python benchmarks/serve.py [--seconds 3] [--rounds 3]

Both run as uvicorn processes with the same event loop and HTTP parser. The client keeps 16 connections, each
with one request under way, and sends one row of 784 features. The rounds alternate between the two, and the
medians are compared. Client and server share the machine, so the client's share counts in the answers
a second; the processor time of the server alone, for one answer, does not depend on it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil
import torch
import uvloop

import linnet
from linnet.core.bank import Bank
from linnet.train.card import Card
from linnet.train.history import History

CONNECTIONS = 16

PLAIN = """
import sys
import torch
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel
from safetensors.torch import load_file

tensors = load_file(sys.argv[1] + "/model.safetensors")
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
model[1].load_state_dict({"weight": tensors["W"], "bias": tensors["b"]})
app = FastAPI()

class Rows(BaseModel):
    rows: list[list[float]]

def answer(X):
    with torch.no_grad():
        p = torch.softmax(model(X / 255), 1)
    return {"classes": p.argmax(1).tolist(), "probabilities": p.tolist()}

@app.post("/predict")
async def predict(rows: Rows):
    return answer(torch.tensor(rows.rows))

@app.post("/raw")
async def raw(request: Request):
    return answer(torch.frombuffer(bytearray(await request.body()), dtype=torch.float32).view(-1, 784))

uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


@dataclass(frozen=True)
class Server:
    """A process that listens."""

    pid: int
    port: int

    def used(self) -> float:
        """Seconds of processor time since its start."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system


def requests() -> dict[str, tuple[bytes, bytes]]:
    """By kind: the request to linnet, and the same to the plain handler."""
    row = torch.randint(0, 256, (1, 784), generator=torch.Generator().manual_seed(0))
    text = json.dumps({"rows": row.tolist()}).encode()
    raw, kind = row.float().numpy().tobytes(), "application/octet-stream"
    return {
        "JSON": (post("/predict", "application/json", text), post("/predict", "application/json", text)),
        "raw float32": (post("/predict?dtype=float32", kind, raw), post("/raw", kind, raw)),
    }


def post(path: str, kind: str, body: bytes) -> bytes:
    """The bytes of a request."""
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Asker(asyncio.Protocol):
    """A connection that asks again as soon as it is answered."""

    def __init__(self, request: bytes) -> None:
        self.request, self.answers, self.got = request, 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
            return
        assert head.startswith(b"HTTP/1.1 200"), self.got
        self.answers, self.got = self.answers + 1, b""
        self.transport.write(self.request)


async def rate(server: Server, request: bytes, seconds: float) -> tuple[float, float]:
    """Answers a second, and microseconds of the server's processor time for one."""
    loop = asyncio.get_running_loop()
    there = ("127.0.0.1", server.port)
    pairs = [await loop.create_connection(lambda: Asker(request), *there) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.3)
    before, begun, used = sum(asker.answers for _, asker in pairs), time.perf_counter(), server.used()
    await asyncio.sleep(seconds)
    answers, used = sum(asker.answers for _, asker in pairs) - before, server.used() - used
    taken = time.perf_counter() - begun
    for transport, _ in pairs:
        transport.close()
    return answers / taken, used / answers * 1e6


async def wait_for(port: int) -> None:
    """Wait until a server listens."""
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return writer.close()
    raise SystemExit(f"nothing listens on port {port}")


async def measure(servers: tuple[Server, Server], seconds: float, rounds: int) -> None:
    """Print the medians and their ratios."""
    for server in servers:
        await wait_for(server.port)
    print(f"{'one row':<12} {'':<12} {'linnet':>8} {'plain':>8}  ratio")
    for kind, pair in requests().items():
        taken: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
        for _ in range(rounds):
            for kept, server, request in zip(taken, servers, pair, strict=True):
                kept.append(await rate(server, request, seconds))
        medians = [[statistics.median(kind) for kind in zip(*kept, strict=True)] for kept in taken]
        (ours, our_time), (plain, plain_time) = medians
        print(f"{kind:<12} {'answers/s':<12} {ours:8,.0f} {plain:8,.0f}  {ours / plain:5.2f}")
        print(f"{'':<12} {'CPU µs':<12} {our_time:8,.0f} {plain_time:8,.0f}  {plain_time / our_time:5.2f}")


def main() -> None:
    """Start both, measure, stop both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    names = tuple(f"class {k}" for k in range(10))
    card = Card("random", names, (28, 28), 1 / 255, "softmax")
    bank = Bank(torch.randn(10, 785, generator=torch.Generator().manual_seed(0)))
    with tempfile.TemporaryDirectory() as folder:
        linnet.Run(bank, History(), "completed", card).save(folder)
        ports = (18471, 18472)
        serve = [sys.executable, "-m", "linnet", "serve", folder, "--port", str(ports[0])]
        plain = [sys.executable, "-c", PLAIN, folder, str(ports[1])]
        with Path(folder, "log").open("w") as log:
            ours, theirs = (subprocess.Popen(command, stderr=log) for command in (serve, plain))
            servers = (Server(ours.pid, ports[0]), Server(theirs.pid, ports[1]))
            try:
                uvloop.run(measure(servers, asked.seconds, asked.rounds))
            finally:
                for process in (ours, theirs):
                    process.terminate()
                    process.wait(30)


if __name__ == "__main__":
    main()
