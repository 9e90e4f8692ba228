"""`Drawer`: draws figures in a process of its own, which imports matplotlib while this one trains.

    with Drawer() as drawer:
        drawer.start()
        ...
        drawn = drawer.draw("curves:curves", (records, title), ".svg")
        ...
        content = drawn()

A thread is no help there: an import holds Python's lock for most of its time, and each step of a training
waits for it. Where there is no such process, or it fails, figures are drawn in this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import pkgutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

START = (
    "import json, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "sys.path[:] = json.loads(sys.argv[1]); from linnet.plot.beside import serve; serve()"
)
FIRST = ("curves:curves", "weights:templates", "classification:reliability_figure")
"""The figures of most runs: what draws them is imported before one is asked for."""

Request = tuple[str, tuple[Any, ...], str]
Drawn = tuple[bytes, list[Warning]]


class Drawer:
    """What draws figures: a process beside this one once it has been started, this one otherwise.

    The process ends with the block, and what has not been drawn by then is not drawn.
    """

    def __init__(self) -> None:
        self._process: _Process | None = None

    def __enter__(self) -> Drawer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.end()

    def start(self) -> None:
        """Start the process, where it helps and has not been started."""
        if self._process is None and helps():
            with contextlib.suppress(OSError):  # none can be had
                self._process = _Process()

    def draw(self, name: str, arguments: tuple[Any, ...], suffix: str) -> Callable[[], bytes]:
        """Have a figure drawn.

        Args:
            name: of a module of `linnet.plot` and of the function in it that makes the figure.
            arguments: of that function, plain values and numpy's arrays.
            suffix: of the file that is wanted, ".svg" or ".png".

        Returns:
            What waits for the file's content and gives it.
        """
        if self._process is None:
            return lambda: render_by_name(name, arguments, suffix)
        answer = self._process.ask((name, arguments, suffix))
        return lambda: _wait(answer) or render_by_name(name, arguments, suffix)


def helps() -> bool:
    """Whether a process beside this one saves time: matplotlib is not imported, and a core is to spare."""
    is_python = bool(sys.executable) and not getattr(sys, "frozen", False)
    return is_python and "matplotlib" not in sys.modules and _has_idle_core()


def _has_idle_core() -> bool:
    """Whether this process may use several cores, and programs have not kept all of them busy."""
    cores = os.cpu_count() or 1
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0  # of the last minute
    return own > 1 and busy < cores


def render_by_name(name: str, arguments: tuple[Any, ...], suffix: str) -> bytes:
    """A figure drawn in this process; see `Drawer.draw`."""
    from linnet.plot.save import render

    return render(pkgutil.resolve_name(f"linnet.plot.{name}")(*arguments), suffix)


class _Process:
    """A process that draws, out of reach of a Ctrl-C that is meant for the training."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, json.dumps(sys.path)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._queue = ThreadPoolExecutor(1)  # asks one by one, so that nobody waits but for an answer

    def ask(self, request: Request) -> Future[Drawn]:
        """Have it drawn after what was asked for before."""
        return self._queue.submit(self._ask, request)

    def _ask(self, request: Request) -> Drawn:
        told, answers = self._process.stdin, self._process.stdout
        assert told is not None
        assert answers is not None
        pickle.dump(request, told)
        told.flush()
        return pickle.load(answers)

    def end(self) -> None:
        """End it, and whatever it draws."""
        self._process.kill()
        self._queue.shutdown(cancel_futures=True)
        with contextlib.suppress(OSError), self._process:  # what was not read of its pipe is lost with it
            pass


def _wait(answer: Future[Drawn]) -> bytes | None:
    """A file's content, what was warned of on the way being warned of here; None where the process failed."""
    try:
        content, warned = answer.result()
    except (OSError, EOFError, pickle.PickleError):
        return None
    for warning in warned:
        warnings.warn(warning, stacklevel=1)
    return content


def serve() -> None:
    """Draw what is asked for on the standard input until it ends; what cannot be drawn ends it, too."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # where a library that prints does no harm
    for name in FIRST:
        pkgutil.resolve_name(f"linnet.plot.{name}")
    with contextlib.suppress(Exception), out:  # who asked draws it again, and is told why it cannot be
        while True:
            pickle.dump(_draw(*pickle.load(sys.stdin.buffer)), out)
            out.flush()


def _draw(name: str, arguments: tuple[Any, ...], suffix: str) -> Drawn:
    """A figure, and what was warned of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        content = render_by_name(name, arguments, suffix)
    return content, [one.message for one in found if isinstance(one.message, Warning)]
