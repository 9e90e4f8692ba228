"""Device, dtype, threads and seeded generators of a run, and the versions that its figures depend on.

Nothing here touches torch's global generator, and a thread count set for a run is restored after it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

import numpy as np

from linnet._version import __version__
from linnet.draws import state_of
from linnet.errors import UsageError
from linnet.lazy import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

WIDE = 64
"""Scores per row (M·K) from which a second CPU thread pays for itself."""

LONG = 1 << 22
"""Multiplications of a minibatch's scores (B·D·M·K) from which it does; below, threads mostly wait."""

DTYPES = ("float32", "float64")


def pick_device(name: str = "auto") -> torch.device:
    """The torch device that `name` asks for.

    Args:
        name: "auto" (CUDA, then Apple's MPS, then CPU), or any torch device string such as
            "cpu", "cuda", "cuda:1", "mps".

    Raises:
        UsageError: the name is unknown or this machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"unknown device {name!r}: expected auto, cpu, cuda, cuda:N or mps") from error
    available = {
        "cpu": lambda: True,
        "cuda": lambda: (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available,
    }
    if device.type not in available or not available[device.type]():
        raise UsageError(f"device {name!r} is not available here: use --device auto or cpu")
    return device


def pick_dtype(name: str) -> torch.dtype:
    """The floating dtype called `name`: "float32" or "float64".

    Raises:
        UsageError: any other name.
    """
    if name not in DTYPES:
        raise UsageError(f"unknown dtype {name!r}: expected {' or '.join(DTYPES)}")
    return torch.float32 if name == "float32" else torch.float64


def pick_threads(threads: int | str, width: int, entries: int) -> int:
    """How many CPU threads to compute with.

    Args:
        threads: a count, or "auto": one for narrow or short steps, every core for others. Two threads on
            a small step gain little, and spin against each other when another program wants a core.
        width: scores per row, M·K.
        entries: numbers in a minibatch, B·D.

    Raises:
        UsageError: not "auto" and not a positive integer.
    """
    if threads == "auto":
        return available_cores() if width >= WIDE and width * entries >= LONG else 1
    try:
        count = int(threads)
    except ValueError:
        count = 0
    if count < 1:
        raise UsageError(f"threads must be auto or a positive number, not {threads!r}")
    return count


def available_cores() -> int:
    """The cores this process may run on; its share, where several of one job are not bound to cores."""
    all_ = os.cpu_count() or 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else all_
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # which all launchers of torch's set
    return max(1, cores // beside) if cores == all_ else cores


@contextlib.contextmanager
def limit_threads(count: int) -> Iterator[None]:
    """Compute with `count` CPU threads inside the block and with as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def limit_blas(count: int) -> AbstractContextManager[Any]:
    """Products of numpy and scipy by `count` threads inside the block, and by as many as before after it.

    Where threads of a program ask at once, threadpoolctl of 3.8 and later has the first decide.
    """
    return _pools().limit(limits=count, user_api="blas")


@cache
def _pools() -> Any:
    """The BLAS that are loaded, which are looked for once: that takes longer than a small fit."""
    from threadpoolctl import ThreadpoolController

    importlib.import_module("scipy.linalg")  # which brings a BLAS of its own
    return ThreadpoolController()


def map_in_threads(work: Callable[[Item], Result], shares: Sequence[Item]) -> list[Result]:
    """The results of work on each share, a thread each, in which torch computes alone; a single one has all.

    Threads that share one product wait for each other at its end, thousands of times a pass, and long where
    other programs want the cores too.
    """
    if len(shares) == 1:
        return [work(shares[0])]
    with limit_threads(1), ThreadPoolExecutor(len(shares), "linnet-shares") as pool:
        return list(pool.map(work, shares))


def one_ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`map(work, items)`, each result being worked out on a spare core while the one before it is used.

    Without a core to spare, which is one that torch does not compute with, it is `map`.
    """
    if torch.get_num_threads() >= available_cores():
        yield from map(work, items)
        return
    with ThreadPoolExecutor(1, "linnet-ahead") as pool:
        pending: Future[Result] | None = None
        for item in items:
            following = pool.submit(work, item)
            if pending:
                yield pending.result()
            pending = following
        if pending:
            yield pending.result()


def read_ahead(items: Iterator[Result]) -> Iterator[Result]:
    """The items of an iterator, each made by a thread while the one before it is used."""
    end = object()
    with ThreadPoolExecutor(1, "linnet-ahead") as pool:
        pending = pool.submit(next, items, end)
        while (item := pending.result()) is not end:
            pending = pool.submit(next, items, end)
            yield item  # type: ignore[misc]


def generator(seed: int, stream: str, index: int = 0, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for one purpose of one run, independent of every other.

    The same (seed, stream, index) always gives the same numbers, so a run can be taken up at any
    epoch without replaying the ones before.

    Args:
        seed: the run's seed, any non-negative integer.
        stream: what the numbers are for, such as "init" or "shuffle".
        index: which of them, such as the epoch.
        device: where the generator lives.

    Raises:
        UsageError: the seed is negative.
    """
    return torch.Generator(device).manual_seed(state_of(seed, stream, index))


def versions() -> dict[str, str]:
    """What the figures of a run depend on."""
    return {
        "linnet": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "cores": str(available_cores()),
        "processes": str(_processes()),
    }


def _processes() -> int:
    """The processes of torch.distributed that this one is among."""
    group = getattr(sys.modules.get("torch"), "distributed", None)
    return group.get_world_size() if group and group.is_available() and group.is_initialized() else 1
