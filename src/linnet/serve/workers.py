"""Several processes that serve together, one a core.

Each has a socket of its own on the same port, between which the kernel shares out connections. The parent
holds them all, so that a connection waits while a process that died is replaced; it serves nothing itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import logging.config
import multiprocessing
import os
import signal
import socket
import sys
from ctypes import Array, c_double
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from linnet.errors import UsageError
from linnet.model.predictor import Predictor
from linnet.serve import server
from linnet.serve.metrics import CELLS, Metrics, table_of
from linnet.serve.reloader import ModelReloader
from linnet.serve.server import LINGER, LOGGING, SIGNALS, Server, Service, run
from linnet.web.server import listen, url_of

log = logging.getLogger("linnet.serve")

MOST = 4
"""Processes that are started unasked: each takes some 60 MB, and four answer tens of thousands a second."""

LOOK = 0.2
"""Seconds between two looks at the processes."""

SPARE = 5
"""Seconds that a process has beyond the grace to end by itself."""

TRIES = 5
"""Processes in a row that cannot start, after which the service ends."""

CONTEXT = multiprocessing.get_context("spawn")


def count_workers(wanted: int | None) -> int:
    """How many processes serve: those wanted; or one a core up to four, where they can share a port.

    Raises:
        UsageError: several are wanted where the system cannot.
    """
    if wanted is None:
        return min(MOST, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1
    if wanted > 1 and sys.platform != "linux":
        raise UsageError("several processes share a port on Linux alone: leave workers at 1 here")
    return wanted


def serve(service: Service, workers: int | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, with several processes where that is wanted and can be.

    Args:
        service: the model and the address.
        workers: processes; None to choose.

    Raises:
        LinnetError: there is no such model, or the settings cannot be.
        UsageError: the address cannot be had.
        SystemExit: the processes cannot start.
    """
    if (count := count_workers(workers)) == 1:
        return server.serve(service)
    service.app()  # says what is wrong before anything is started
    logging.config.dictConfig(LOGGING)
    _Crew(service, listen(service.host, service.port, count)).run()


@dataclass(frozen=True, eq=False)
class _Worker:
    """A process, and the line to it: a word comes when it is ready; the end of one is the other's."""

    process: SpawnProcess
    line: Connection

    def is_ready(self) -> bool:
        """Whether what has come says so; a process that has just died may still pass for alive."""
        try:
            return bool(self.line.recv())
        except (EOFError, OSError):
            return False


class _Crew:
    """The processes, each replaced when it dies.

    It keeps the newest sound model for them: one that replaces another may find the file damaged or gone.

    Args:
        service: what they serve.
        sockets: one each.
    """

    def __init__(self, service: Service, sockets: list[socket.socket]) -> None:
        self.service, self.sockets = service, sockets
        self.reloader = ModelReloader(service.folder)
        self.counts = CONTEXT.RawArray("d", CELLS * len(sockets))
        self.is_ending = False

    def run(self) -> None:
        """Start all, watch them, and end all."""
        for number in SIGNALS:
            signal.signal(number, self._end)
        resource_tracker.ensure_running()  # or the first process's start would, and unblock SIGINT meanwhile
        crew = [self._start(place) for place in range(len(self.sockets))]
        try:
            if all(self._is_sound(worker) for worker in crew) and not self.is_ending:
                log.info("running on %s with %d processes", url_of(self.sockets[0].getsockname()), len(crew))
                self._watch(crew)
            has_failed = not self.is_ending
        finally:
            self._stop(crew)
        if has_failed:
            log.error("a process could not start: see the lines above")
            raise SystemExit(1)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.is_ending = True

    def _start(self, place: int) -> _Worker:
        """A new process, deaf to Ctrl-C until it can end as it should; it also hears of it from this one."""
        ours, theirs = CONTEXT.Pipe()
        task = (self.service, self.sockets[place], self.counts, place, self.reloader.model, theirs)
        process = CONTEXT.Process(target=_work, args=task, daemon=True)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        return _Worker(process, ours)

    def _is_sound(self, worker: _Worker) -> bool:
        """Wait until a process is ready; whether it is."""
        while not self.is_ending and not worker.line.poll(LOOK):
            pass
        return self.is_ending or worker.is_ready()

    def _watch(self, crew: list[_Worker]) -> None:
        """Replace what dies, until the end is asked for or several in a row cannot even start."""
        failures = 0
        while not self.is_ending and failures < TRIES:
            wait([worker.process.sentinel for worker in crew], LOOK)
            self.reloader.look()
            for place, worker in enumerate(crew):
                if self.is_ending or worker.process.is_alive():
                    continue
                log.warning("process %d died: another takes its place", worker.process.pid)
                worker.line.close()
                crew[place] = self._start(place)
                failures = 0 if self._is_sound(crew[place]) else failures + 1

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


def _work(
    service: Service,
    listener: socket.socket,
    counts: Array[c_double],
    place: int,
    spare: Predictor,
    line: Connection,
) -> None:
    """What a process does."""
    app = service.app(Metrics(table_of(counts), place), spare)
    run(app, listener, service.grace, partial(_tell, line))


def _tell(line: Connection, server: Server) -> None:
    """Say that requests are taken, and end when the parent is gone, however it went.

    The event loop waits for it, not a thread, which could not be ended before Python is.
    """

    def end() -> None:
        loop.remove_reader(line.fileno())
        server.should_exit = True

    loop = asyncio.get_running_loop()
    loop.add_reader(line.fileno(), end)
    with contextlib.suppress(OSError):
        line.send(True)
