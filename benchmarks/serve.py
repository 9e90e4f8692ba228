"""The service measured beside the plainest FastAPI handlers, at 16 connections: of pictures and of a table.

    python benchmarks/serve.py [--quick | --full] [--json FILE]

Both run on uvicorn with the same event loop and HTTP parser, each as it runs when nothing more is said:
linnet with a process a core, the plain handler with one. The client keeps 16 connections, each with one
request under way, and sends one row of 784 features, which the plain handler answers by torch; or one or a
hundred raw rows of a table as objects by column name, which it answers by a frame of pandas and a pipeline of
scikit-learn. The rounds alternate between the two, and the medians
are compared. Client and server share the machine, so the client's share counts in the answers a second; the
processor time of the server alone, for one answer, does not depend on it.
"""

from __future__ import annotations

import asyncio
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import psutil
import torch
import uvloop

import linnet
from linnet.core.bank import Bank
from linnet.model.card import Card
from linnet.model.history import History
from measure import Figure, finish, machine, options
from plain_handlers import PICTURES, TABLE

CONNECTIONS = 16
PORTS = (18471, 18472)


@dataclass(frozen=True)
class Question:
    """The same question to both servers.

    Args:
        name: of its kind.
        ours: the request to linnet.
        plain: the same to the plain handler.
        target: how many times the plain handler's rate is asked for.
    """

    name: str
    ours: bytes
    plain: bytes
    target: float


@dataclass(frozen=True)
class Server:
    """A process that listens."""

    pid: int
    port: int

    def used(self) -> float:
        """Seconds of processor time since its start."""
        process = psutil.Process(self.pid)
        every = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        return sum(times.user + times.system for times in every)


def picture_questions() -> list[Question]:
    """A row of 784 features, in JSON and as plain numbers."""
    row = torch.randint(0, 256, (1, 784), generator=torch.Generator().manual_seed(0))
    text = post("/predict", "application/json", json.dumps({"rows": row.tolist()}).encode())
    raw, kind = row.float().numpy().tobytes(), "application/octet-stream"
    return [
        Question("JSON", text, text, 2.0),
        Question("raw float32", post("/predict?dtype=float32", kind, raw), post("/raw", kind, raw), 3.0),
    ]


def table_questions(birds: pd.DataFrame) -> list[Question]:
    """One and a hundred raw rows by column name."""
    rows = json.loads(str(birds.drop(columns="species")[:100].to_json(orient="records")))
    questions = []
    for count, target in ((1, 10.0), (100, 5.0)):
        body = json.dumps({"rows": rows[:count]}).encode()
        asked = post("/predict", "application/json", body)
        questions.append(Question(f"{count} row{'s' * (count > 1)} of a table", asked, asked, target))
    return questions


def make_birds(rows: int = 344) -> pd.DataFrame:
    """Four numbers and three categories, with gaps, and three classes that hang on them."""
    source = np.random.default_rng(0)
    size = source.normal(size=(rows, 4))
    frame = pd.DataFrame(size.round(2), columns=[f"size{k}" for k in range(4)])
    frame = frame.mask(source.random(frame.shape) < 0.02)
    for name, levels in (("island", 3), ("sex", 2), ("ringed", 4)):
        frame[name] = np.array([f"{name} {k}" for k in range(levels)])[source.integers(0, levels, rows)]
    names = np.array(["Adelie", "Chinstrap", "Gentoo"])
    return frame.assign(species=names[(size[:, :3] + source.normal(size=(rows, 3))).argmax(axis=1)])


def post(path: str, kind: str, body: bytes) -> bytes:
    """The bytes of a request."""
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Asker(asyncio.Protocol):
    """A connection that asks again as soon as it is answered."""

    def __init__(self, request: bytes) -> None:
        self.request, self.got, self.begun = request, b"", 0.0
        self.times: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.ask()

    def ask(self) -> None:
        """Send the request."""
        self.begun = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
            return
        assert head.startswith(b"HTTP/1.1 200"), self.got
        self.times.append(time.perf_counter() - self.begun)
        self.got = b""
        self.ask()


@dataclass
class Round:
    """What a server did in a while.

    Args:
        rate: answers a second.
        cpu: microseconds of the server's processor time for one.
        times: seconds that each answer took.
    """

    rate: float
    cpu: float
    times: list[float] = field(repr=False)


async def rate(server: Server, request: bytes, seconds: float) -> Round:
    """Keep 16 requests under way for a while."""
    loop = asyncio.get_running_loop()
    there = ("127.0.0.1", server.port)
    pairs = [await loop.create_connection(lambda: Asker(request), *there) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.3)
    for _, asker in pairs:
        asker.times.clear()
    begun, used = time.perf_counter(), server.used()
    await asyncio.sleep(seconds)
    times = [time for _, asker in pairs for time in asker.times]
    taken, used = time.perf_counter() - begun, server.used() - used
    for transport, _ in pairs:
        transport.close()
    return Round(len(times) / taken, used / len(times) * 1e6, times)


def p99(rounds: list[Round]) -> float:
    """Milliseconds that 99 of 100 answers stay within."""
    times = sorted(time for one in rounds for time in one.times)
    return times[math.ceil(0.99 * len(times)) - 1] * 1e3


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


async def measure(
    servers: tuple[Server, Server], questions: list[Question], seconds: float, rounds: int
) -> list[Figure]:
    """The figures of each kind of request."""
    for server in servers:
        await wait_for(server.port)
    lines: list[Figure] = []
    for question in questions:
        taken: tuple[list[Round], list[Round]] = ([], [])
        for _ in range(rounds):  # in turn, so that a change of the machine's pace falls on both
            for kept, server, request in zip(taken, servers, (question.ours, question.plain), strict=True):
                kept.append(await rate(server, request, seconds))
        lines += figures(question.name, question.target, *taken)
    return lines


def figures(kind: str, target: float, ours: list[Round], plain: list[Round]) -> list[Figure]:
    """What is said of one kind of request."""
    rates = [statistics.median(one.rate for one in kept) for kept in (ours, plain)]
    cpu = [statistics.median(one.cpu for one in kept) for kept in (ours, plain)]
    late = p99(ours), p99(plain)
    gain, share = rates[0] / rates[1], late[0] / late[1]
    return [
        Figure(f"{kind}: linnet, answers a second", rates[0], "{:,.0f}"),
        Figure(f"{kind}: plain handler", rates[1], "{:,.0f}"),
        Figure(f"{kind}: linnet / plain", gain, "{:.2f} ×", f"≥ {target:g}", gain >= target),
        Figure(f"{kind}: processor time an answer, linnet", cpu[0], "{:.0f} µs"),
        Figure(f"{kind}: plain handler's", cpu[1], "{:.0f} µs"),
        Figure(f"{kind}: p99, linnet", late[0], "{:.1f} ms"),
        Figure(f"{kind}: p99, plain handler", late[1], "{:.1f} ms"),
        Figure(f"{kind}: p99, linnet / plain", share, "{:.2f}", "≤ 0.33", share <= 1 / 3),
    ]


def of_pictures(seconds: float, rounds: int) -> list[Figure]:
    """A model of pictures beside torch."""
    names = tuple(f"class {k}" for k in range(10))
    card = Card("random", names, (28, 28), 1 / 255, "softmax")
    bank = Bank(torch.randn(10, 785, generator=torch.Generator().manual_seed(0)))
    with tempfile.TemporaryDirectory() as folder:
        linnet.Run(bank, History(), "completed", card).save(folder)
        return compete(folder, PICTURES, picture_questions(), seconds, rounds)


def of_table(seconds: float, rounds: int) -> list[Figure]:
    """A model of a table beside pandas and scikit-learn."""
    birds = make_birds()
    with tempfile.TemporaryDirectory() as folder:
        birds.to_csv(Path(folder, "birds.csv"), index=False)
        run = Path(folder, "run")
        linnet.solve(linnet.load(Path(folder, "birds.csv")), l2=1e-2, out=run, report=False)
        return compete(str(run), TABLE, table_questions(birds), seconds, rounds)


def compete(
    folder: str, program: str, questions: list[Question], seconds: float, rounds: int
) -> list[Figure]:
    """Start both servers of a model, measure, and stop them."""
    serve = [sys.executable, "-m", "linnet", "serve", folder, "--port", str(PORTS[0])]
    plain = [sys.executable, "-c", program, folder, str(PORTS[1])]
    with Path(folder, "log").open("w") as log:
        ours, theirs = (subprocess.Popen(command, stderr=log) for command in (serve, plain))
        servers = (Server(ours.pid, PORTS[0]), Server(theirs.pid, PORTS[1]))
        try:
            return uvloop.run(measure(servers, questions, seconds, rounds))
        finally:
            for process in (ours, theirs):
                process.terminate()
                process.wait(30)


def main() -> None:
    """Measure both contests."""
    asked = options(
        "Measure the service beside a plain FastAPI and torch handler.",
        quick="one short round of each",
        full="nine rounds of each instead of three",
        suffix=".serve.json",
    ).parse_args()
    rounds, seconds = (1, 1.0) if asked.quick else (9 if asked.full else 3, 3.0)
    print(machine(), flush=True)
    lines = [*of_pictures(seconds, rounds), *of_table(seconds, rounds)]
    finish(lines, asked.json, ".serve.json")


if __name__ == "__main__":
    main()
