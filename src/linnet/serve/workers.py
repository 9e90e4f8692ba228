"""Several processes that serve together, one a core.

Each has a socket of its own on the same port, between which the kernel shares out connections. The parent
holds them all, so that a connection waits while a process that died is replaced; it serves nothing itself.
"""

from __future__ import annotations

import contextlib
import logging
import logging.config
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from linnet.errors import UsageError
from linnet.serve.server import LINGER, LOGGING, Service, serve

log = logging.getLogger("linnet.serve")

MOST = 4
"""Processes that are started unasked: each takes some 60 MB, and four answer tens of thousands a second."""

BACKLOG = 2048
LOOK = 0.2
"""Seconds between two looks at the processes."""

SPARE = 5
"""Seconds that a process has beyond the grace to end by itself."""


def workers(asked: int | None) -> int:
    """How many processes serve: those asked for; or one a core up to four, where they can share a port.

    Raises:
        UsageError: several are asked for where the system cannot.
    """
    if asked is None:
        return min(MOST, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1
    if asked > 1 and sys.platform != "linux":
        raise UsageError("several processes share a port on Linux alone: leave workers at 1 here")
    return asked


def serve_together(service: Service, count: int) -> None:
    """Serve with several processes until SIGTERM or Ctrl-C.

    Raises:
        LinnetError: there is no such model, or the settings cannot be.
        UsageError: the address cannot be had.
        SystemExit: a process could not start.
    """
    service.app()  # says what is wrong before anything is started
    logging.config.dictConfig(LOGGING)
    sockets = _bound(service.host, service.port, count)
    service = replace(service, port=sockets[0].getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="linnet-serve-") as counts:
        _Crew(service, sockets, Path(counts)).run()


def _bound(host: str, port: int, count: int) -> list[socket.socket]:
    """Sockets that listen on one address together, which nothing else listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made: list[socket.socket] = []
    try:
        with socket.socket(family) as probe:  # without sharing, so that another service's port is found taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
            port = probe.getsockname()[1]
        for _ in range(count):
            made.append(socket.socket(family))
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made[-1].bind((host, port))
            made[-1].listen(BACKLOG)
    except OSError as error:
        for one in made:
            one.close()
        raise UsageError(f"cannot listen on {host}, port {port}: {error}") from error
    return made


@dataclass(frozen=True, eq=False)
class _Worker:
    """A process, and the line to it: it says when it is ready, and ends when the line does."""

    process: SpawnProcess
    line: Connection

    def is_ready(self, seconds: float = 0) -> bool:
        """Whether it has said so, or has ended."""
        return self.line.poll(seconds)


class _Crew:
    """The processes, each replaced when it dies.

    Args:
        service: what they serve.
        sockets: one each.
        counts: the folder of their counters.
    """

    def __init__(self, service: Service, sockets: list[socket.socket], counts: Path) -> None:
        self.service, self.sockets, self.counts = service, sockets, counts
        self.is_ending = False

    def run(self) -> None:
        """Start all, watch them, and end all."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._end())
        crew = [self._started(place) for place in range(len(self.sockets))]
        try:
            if all(self._is_sound(worker) for worker in crew) and not self.is_ending:
                host = f"[{self.service.host}]" if ":" in self.service.host else self.service.host
                log.info("running on http://%s:%d with %d processes", host, self.service.port, len(crew))
                self._watch(crew)
            failed = not self.is_ending
        finally:
            self._stop(crew)
        if failed:
            log.error("a process could not start: see the lines above")
            raise SystemExit(1)

    def _end(self) -> None:
        self.is_ending = True

    def _started(self, place: int) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_work, args=(self.service, self.sockets[place], self.counts, theirs), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _is_sound(self, worker: _Worker) -> bool:
        """Wait until a process is ready; whether it is."""
        while not self.is_ending and not worker.is_ready(LOOK) and worker.process.is_alive():
            pass
        return self.is_ending or worker.process.is_alive()

    def _watch(self, crew: list[_Worker]) -> None:
        """Replace what dies, until the end is asked for or a process cannot even start."""
        while not self.is_ending:
            wait([worker.process.sentinel for worker in crew], LOOK)
            for place, worker in enumerate(crew):
                if self.is_ending or worker.process.is_alive():
                    continue
                log.warning("process %d died: another takes its place", worker.process.pid)
                worker.line.close()
                crew[place] = self._started(place)
                if not self._is_sound(crew[place]):
                    return

    def _stop(self, crew: list[_Worker]) -> None:
        """End all: they answer what they took."""
        for one in self.sockets:
            one.close()
        for worker in crew:
            worker.process.terminate()
        for worker in crew:
            worker.process.join(self.service.grace + LINGER + SPARE)
            worker.process.kill()
            worker.process.join()


def _work(service: Service, listening: socket.socket, counts: Path, line: Connection) -> None:
    """What a process does."""
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        serve(service, sockets=[listening], counts=counts, ready=lambda: line.send(True))


def _end_with(line: Connection) -> None:
    """End this process when the parent is gone, however it went."""
    with contextlib.suppress(EOFError, OSError):
        line.recv()
    os.kill(os.getpid(), signal.SIGTERM)
