"""`Processes`: those that compute together, their sums, and what the first of them does for all."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from linnet.errors import LinnetError, ProcessError, UsageError
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Result = TypeVar("Result")

TIMEOUT = "LINNET_TIMEOUT"
"""The variable of the environment that says after how many seconds a silent process ends the job."""

SECONDS, NAMING = 600.0, 10.0
"""How long others are waited for where the environment does not say, and how long who is silent is sought."""

_apart: ContextVar[bool] = ContextVar("apart", default=False)
_joined: list[tuple[object, Processes]] = []
"""The group of torch.distributed that was joined last, and what was made of it."""

launched: ContextVar[bool] = ContextVar("launched", default=False)
"""Whether this is a command line that was started several times."""


class Processes:
    """One process alone, which has nothing to wait for; `Group` is several.

    Every method that is called by one of them has to be called by all of them, in the same order.
    """

    rank = 0
    """Which of them this is, from 0."""

    size = 1
    """How many there are."""

    seconds = 0.0
    """That were spent in sums so far, waiting for others included."""

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and prints."""
        return self.rank == 0

    def sum_(self, values: Tensor) -> Tensor:
        """Add up the values of all processes in place: each then has the sum, to the same bits."""
        return values

    def any(self, mine: bool) -> bool:
        """Whether it is so in any of them."""
        return mine

    def gather(self, value: Result) -> list[Result]:
        """The values of all of them, in their order, in each."""
        return [value]

    def send(self, value: object) -> None:
        """Send a value to the first process, which waits for it; waits until it is taken."""
        raise NotImplementedError("there is one process")

    def receive(self, rank: int) -> Any:
        """What another process has sent to the first, which this is."""
        raise NotImplementedError("there is one process")

    def first(self, work: Callable[[], Result]) -> Result:
        """What the first process makes of some work, which it does apart from the others; they wait for it.

        Raises:
            LinnetError: the work raised it, in every process.
        """
        return work()

    def check_alike(self, given: Mapping[str, Any]) -> None:
        """Refuse processes of which one was given other things: they would step apart in silence.

        Args:
            given: to this one, by name.

        Raises:
            UsageError: naming the process and the thing.
        """
        first, *others = self.gather(given)
        for rank, other in enumerate(others, 1):
            if wrong := [name for name in first if other.get(name) != first[name]]:
                raise UsageError(
                    f"process {rank} has another {wrong[0]} than process 0: start all of them with the same "
                    "options on the same data"
                )

    def share(self, count: int, unit: int = 1) -> slice:
        """Which of so many things this process has, in a row: about as many as the others.

        Args:
            count: of all.
            unit: things that stay together, counted from the first.
        """
        units = -(-count // unit)
        low, high = units * self.rank // self.size, units * (self.rank + 1) // self.size
        return slice(min(low * unit, count), min(high * unit, count))


ALONE = Processes()


class Group(Processes):
    """Processes of a group of torch.distributed.

    Sums of tensors on a device go through the group itself, all else through groups of gloo beside it: a
    group of which a process has not answered cannot be used again, so that another one tells which.

    Args:
        seconds: after which a process that does not answer ends the job.
    """

    def __init__(self, seconds: float) -> None:
        import torch.distributed as distributed

        self._torch, self._limit = distributed, seconds
        self.rank, self.size = distributed.get_rank(), distributed.get_world_size()
        wait = timedelta(seconds=seconds)
        self._sums, self._control = (distributed.new_group(backend="gloo", timeout=wait) for _ in range(2))
        self.seconds = 0.0

    def sum_(self, values: Tensor) -> Tensor:
        """See `Processes.sum_`."""
        started = time.perf_counter()
        whole = values if values.is_contiguous() else values.contiguous()
        group = self._sums if values.device.type == "cpu" else None
        with self._watched():
            self._torch.all_reduce(whole, group=group)
        if whole is not values:
            values.copy_(whole)
        self.seconds += time.perf_counter() - started
        return values

    def any(self, mine: bool) -> bool:
        """See `Processes.any`."""
        return bool(self.sum_(torch.tensor([float(mine)])))

    def gather(self, value: Result) -> list[Result]:
        """See `Processes.gather`."""
        found: list[Any] = [None] * self.size
        with self._watched():
            self._torch.all_gather_object(found, value, group=self._sums)
        return found

    def send(self, value: object) -> None:
        """See `Processes.send`."""
        with self._watched():
            self._torch.send_object_list([value], dst=0, group=self._sums)

    def receive(self, rank: int) -> Any:
        """See `Processes.receive`."""
        held: list[Any] = [None]
        with self._watched():
            self._torch.recv_object_list(held, src=rank, group=self._sums)
        return held[0]

    def first(self, work: Callable[[], Result]) -> Result:
        """See `Processes.first`."""
        held: list[Any] = [None]
        failure: BaseException | None = None
        if self.is_first:
            try:
                with alone():
                    held = [(True, work())]
            except (LinnetError, OSError) as error:
                failure, held = error, [(False, _portable(error))]
        with self._watched():
            self._torch.broadcast_object_list(held, src=0, group=self._sums)
        is_done, result = held[0]
        if failure is not None:
            raise failure
        if not is_done:
            raise result
        return result

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Within it what fails as another process does not answer is an error that names the process."""
        try:
            yield
        except RuntimeError as error:
            raise ProcessError(self._blame(str(error))) from error

    def _blame(self, said: str) -> str:
        """Who has not answered, as far as it can be found out."""
        if "timed out" not in said.lower():
            return f"another of the {self.size} processes has ended: {said.splitlines()[0]}"
        waited = f"after {self._limit:g} seconds ({TIMEOUT} sets how many)"
        try:
            self._torch.monitored_barrier(
                self._control, timeout=timedelta(seconds=NAMING), wait_all_ranks=True
            )
        except RuntimeError as error:
            names = re.search(r"Ranks? ([\d, ]+) failed", str(error))
            if names is None:
                return f"process 0 of {self.size}, or its connection, does not answer {waited}"
            return f"process {names[1].strip()} of {self.size} does not answer {waited}"
        return f"a process was late by more than {self._limit:g} seconds: raise {TIMEOUT}"


def _portable(error: BaseException) -> BaseException:
    """An error that another process can be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return UsageError(str(error)) if isinstance(error, UsageError) else LinnetError(str(error))
    return error


def current() -> Processes:
    """The processes that compute together with this one: those of torch.distributed, where it is initialised.

    The first call of it makes groups of theirs, so that all of them have to make it.

    Raises:
        UsageError: the environment asks for a timeout that is none.
    """
    if _apart.get() or "torch" not in sys.modules:
        return ALONE
    import torch.distributed as distributed

    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return ALONE
    world = distributed.group.WORLD
    if not _joined or _joined[0][0] is not world:  # held, as another could come to have its id
        _joined[:] = [(world, Group(time_limit()))]
    return _joined[0][1]


def job() -> Processes:
    """The processes of a command that was started several times, see `launch.joined`; in Python one alone.

    It is for what programs of one's own do in one process of a group as a matter of course.
    """
    return current() if launched.get() else ALONE


def time_limit() -> float:
    """After how many seconds a process that does not answer ends the job.

    Raises:
        UsageError: the environment says what is no number of seconds.
    """
    said = os.environ.get(TIMEOUT)
    try:
        seconds = SECONDS if said is None else float(said)
    except ValueError:
        seconds = np.nan
    if not 0 < seconds < np.inf:
        raise UsageError(f"{TIMEOUT} must be a positive number of seconds, not {said!r}")
    return seconds


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Within it this process computes alone, whatever group of torch.distributed it belongs to.

    Example:
        >>> if torch.distributed.get_rank() == 0:
        ...     with linnet.alone():
        ...         linnet.fit(linnet.load("digits"))
    """
    before = _apart.set(True)
    try:
        yield
    finally:
        _apart.reset(before)
