"""The service as a process under what the world sends it: load, reloads, ends, bodies that are no rows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest
import torch

from linnet.model.run import Run
from tests.support.gate import gate
from tests.support.malformed import FEATURES, GOOD, JSON, Malformed, malformed
from tests.support.patience import PATIENCE
from tests.support.runs import make_run
from tests.support.service import service

CONNECTIONS = 16


def request(path: str, kind: str, body: bytes) -> bytes:
    """The bytes of a request."""
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class Answer:
    """What came back: 0 where the connection ended before an answer."""

    status: int
    head: bytes = b""
    body: bytes = b""


class Line:
    """A connection that is kept, and made again when the other side has ended it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, content: bytes) -> Answer:
        """Send a request and read its answer."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        try:
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.close()
            return Answer(0)
        if b"connection: close" in head.lower():
            await self.close()
        return Answer(int(head.split(b" ")[1]), head, body)

    async def close(self) -> None:
        """End the connection; the next request makes another."""
        if self.streams is not None:
            self.streams[1].close()
            with contextlib.suppress(OSError):
                await self.streams[1].wait_closed()
        self.streams = None


@dataclass
class Tally:
    """What a load came to."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    models: set[str] = field(default_factory=set[str])
    last: str = ""
    refused: int = 0


async def load(port: int, tally: Tally, is_over: Callable[[], bool] = lambda: False) -> None:
    """Ask on 16 connections without a pause, until it is over or nothing listens any more."""

    async def one() -> None:
        line = Line(port)
        while not is_over():
            try:
                answer = await line.ask(request("/predict", JSON, GOOD))
            except OSError:  # there is nobody to take the request: none was lost
                tally.refused += 1
                return
            tally.statuses[answer.status] += 1
            if answer.status == 200:
                tally.last = json.loads(answer.body)["model"]
                tally.models.add(tally.last)
        await line.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


async def come(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder."""
    return make_run("softmax").save(tmp_path / "run")


def test_no_request_is_lost_while_models_are_exchanged(folder: Path) -> None:
    tally = Tally()

    async def besiege(port: int) -> None:
        is_over = False
        asking = asyncio.create_task(load(port, tally, lambda: is_over))
        await come(lambda: tally.statuses[200] > 100)
        for kind in ("logistic", "softmax", "logistic"):
            before = tally.last
            make_run(kind).save(folder)
            await come(lambda before=before: tally.last != before)
        await come(lambda: tally.statuses[200] > 500)
        is_over = True
        await asking

    with service(folder) as (_, port):
        asyncio.run(besiege(port))
    assert set(tally.statuses) == {200}
    assert tally.statuses[200] > 500
    assert len(tally.models) == 2  # each answer names a whole model


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("times", gate([1, 4], 0))
def test_no_request_is_lost_at_the_end(folder: Path, times: int) -> None:
    for _ in range(times):
        tally = Tally()
        with service(folder) as (process, port):

            async def besiege(pid: int, port: int, tally: Tally) -> None:
                asking = asyncio.create_task(load(port, tally))
                await come(lambda: tally.statuses[200] > 100)
                os.kill(pid, signal.SIGTERM)
                await asking

            asyncio.run(besiege(process.pid, port, tally))
            assert process.wait(PATIENCE) == 0
        assert set(tally.statuses) == {200}
        assert tally.refused == CONNECTIONS


def test_a_large_body_is_refused_unread_and_blocks_nobody(folder: Path) -> None:
    size = 200 << 20
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\n"

    async def besiege(port: int) -> None:
        others, is_over = Tally(), False
        asking = asyncio.create_task(load(port, others, lambda: is_over))
        for length in (f"content-length: {size}\r\n\r\n", "transfer-encoding: chunked\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write((head + length).encode())
            sent = 0
            try:
                while sent < size and not reader.at_eof():
                    writer.write(b"100000\r\n" + b"1" * (1 << 20) + b"\r\n")
                    sent += 1 << 20
                    await asyncio.wait_for(writer.drain(), 0.5)
            except (ConnectionError, TimeoutError, asyncio.TimeoutError):
                pass  # it reads no more
            assert sent < size / 4
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await come(lambda: others.statuses[200] > 200)
        is_over = True
        await asking
        assert set(others.statuses) == {200}
        assert others.statuses[200] > 200

    with service(folder) as (process, port):
        before = psutil.Process(process.pid).memory_info().rss
        asyncio.run(besiege(port))
        assert psutil.Process(process.pid).memory_info().rss - before < 60 << 20


@pytest.mark.parametrize("each", gate([200, 1250], 0))  # of eight connections
def test_malformed_bodies_are_refused_quickly_in_flat_memory(folder: Path, each: int) -> None:
    expected = Run.load(folder).probabilities(make_rows())[0].tolist()
    bad: list[tuple[str, int, float]] = []
    sizes: list[int] = []

    async def one(port: int, bodies: Iterator[tuple[str, Malformed]], process: psutil.Process) -> None:
        line = Line(port)
        for number, (name, content) in enumerate(bodies):
            begun = worked(process)
            answer = await line.ask(request(*content))
            seconds = worked(process) - begun
            if not 400 <= answer.status < 500 or seconds > 1 or not json.loads(answer.body)["detail"]:
                bad.append((name, answer.status, seconds))
            if number % (each // 12) == 0:
                sizes.append(process.memory_info().rss)
                right = json.loads((await line.ask(request("/predict", JSON, GOOD))).body)
                assert right["probabilities"][0] == pytest.approx(expected, rel=1e-5)
        await line.close()

    async def besiege(port: int, pid: int) -> None:
        process = psutil.Process(pid)
        await asyncio.gather(*(one(port, malformed(each, seed), process) for seed in range(8)))

    with service(folder) as (process, port):
        asyncio.run(besiege(port, process.pid))
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).is_success
    assert not bad, bad[:20]
    early = sizes[len(sizes) // 4]
    assert max(sizes[len(sizes) // 4 :]) - early < 30 << 20, (early, max(sizes))


def worked(process: psutil.Process) -> float:
    """Seconds of processor time, which the load of others does not lengthen."""
    times = process.cpu_times()
    return times.user + times.system


def make_rows() -> torch.Tensor:
    """The row that the good request has."""
    return torch.full((1, FEATURES), 7, dtype=torch.uint8)
