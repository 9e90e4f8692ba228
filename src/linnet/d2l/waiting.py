"""How torch's threads wait between two operations: awake, or asleep beside other programs.

GNU's OpenMP, which torch computes with on Linux, spins for milliseconds after each operation unless
OMP_WAIT_POLICY said otherwise before torch was imported. Where the cores are free that is twice as fast as
sleep, as an operation of the book's loops takes a tenth of a millisecond. Beside a program that wants a core
it is five times as slow: each operation waits for a thread that waits for that core.

So loaders look, some times a second, how long this process's threads stood in line for a core, and have them
sleep or spin. How many compute stays as it is, and with it every bit of the results.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from linnet.device import available_cores

SECONDS = 0.1
"""Between two looks."""

SHARE = 0.15
"""Of the time that passed: who stood in line for longer is beside a program that wants a core.

On two cores it was at most .07 with the cores free and at least .38 beside one busy program, whether the
threads slept or spun.
"""

QUIET = 2
"""Looks in a row that find the cores free before threads spin again."""

PARALLEL = 1 << 16
"""Numbers a thread from which torch shares out an elementwise operation among its threads."""

_TASKS = Path("/proc/self/task")


class Waiting:
    """How this process's threads wait: a thread of ours that holds some, and sleeps, has them sleep.

    Of several threads that call at once one acts, and the others go on: a lock that is waited for would be
    held for good in a process that was forked meanwhile.
    """

    def __init__(self) -> None:
        self._sleepers: list[tuple[threading.Thread, threading.Event]] = []
        self._looked: tuple[float, float | None] | None = None
        self._quiet = 0
        self._lock = threading.RLock()

    def sleep(self) -> None:
        """Have threads sleep soon while they wait, unless the environment said how they wait.

        OpenMP's manual (GOMP_SPINCOUNT) has it spin a thousandth as long where it holds more threads than
        there are cores.
        """
        with self._alone() as is_alone:
            if is_alone and not self._sleepers:
                self._begin_sleepers()

    def spin(self) -> None:
        """Have threads wait as they did before `sleep`."""
        with self._alone() as is_alone:
            while is_alone and self._sleepers:
                sleeper, ends = self._sleepers.pop()
                ends.set()
                sleeper.join()

    def adapt(self) -> None:
        """Look whether other programs want the cores, where it is time to, and have threads wait as suits."""
        now = time.perf_counter()
        if self._looked is not None and now - self._looked[0] < SECONDS:
            return
        with self._alone() as is_alone:
            if is_alone:
                self._look(now)

    def _look(self, now: float) -> None:
        before, stood = self._looked, stood_in_line()
        self._looked = now, stood
        if before is None or before[1] is None or stood is None:
            return
        if stood - before[1] > SHARE * (now - before[0]):
            self._quiet = 0
            self.sleep()
            return
        self._quiet += 1
        if self._quiet >= QUIET:
            self.spin()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other thread is at it, which none is then until the block ends."""
        is_alone = self._lock.acquire(blocking=False)
        try:
            yield is_alone
        finally:
            if is_alone:
                self._lock.release()

    def _begin_sleepers(self) -> None:
        threads, cores = torch.get_num_threads(), available_cores()
        is_set = not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}.isdisjoint(os.environ)
        if is_set or sys.platform != "linux" or not 2 <= threads <= cores <= 2 * threads:
            return
        for _ in range((cores - 1) // (threads - 1)):
            has_begun, ends = threading.Event(), threading.Event()
            sleeper = threading.Thread(
                target=_hold_threads, args=(has_begun, ends), name="linnet-sleeper", daemon=True
            )
            try:
                sleeper.start()
            except RuntimeError:  # the system gives no more threads, and without goes as well
                return
            self._sleepers.append((sleeper, ends))
            has_begun.wait()


def stood_in_line() -> float | None:
    """Seconds that this process's threads were ready and had no core; None if unknown.

    Those of threads that ended are not among them. Linux says so of each thread
    (`Documentation/scheduler/sched-stats.rst`, /proc/<pid>/schedstat).
    """
    ran = stood = 0
    try:
        for task in os.listdir(_TASKS):
            try:
                times = (_TASKS / task / "schedstat").read_bytes().split()
            except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                continue
            ran, stood = ran + int(times[0]), stood + int(times[1])
    except (OSError, ValueError, IndexError):
        return None
    return stood / 1e9 if ran else None  # a kernel that does not count says 0


def _hold_threads(has_begun: threading.Event, ends: threading.Event) -> None:
    """Begin a team of OpenMP's threads, which lasts as long as the thread that began it."""
    try:
        torch.zeros(torch.get_num_threads() * PARALLEL).add_(1)
    finally:  # who waits for it goes on even where there is no memory
        has_begun.set()
    ends.wait()


_OURS = Waiting()
sleep, spin, adapt = _OURS.sleep, _OURS.spin, _OURS.adapt
