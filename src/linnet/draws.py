"""`Draws`: the random numbers of a seed and purpose as torch's CPU generator gives them, without its import.

torch's generator is the Mersenne Twister of numpy's `RandomState`, seeded alike, so that rows can be drawn,
the same ones, where torch is not wanted. A test holds the two equal. Where torch has been imported it draws,
which is quicker.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnet.errors import UsageError
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Generator

LONG = 1 << 22
"""Rows from which a permutation here, a swap at a time, takes longer than the import of torch."""

WORD = 1 << 28
"""From which whole numbers take two words of torch's generator, where smaller ones take one."""


def state_of(seed: int, stream: str, index: int = 0) -> int:
    """What a generator for one purpose of one run is seeded with, 64 bits.

    Args:
        seed: the run's seed, any non-negative integer.
        stream: what the numbers are for, such as "init" or "shuffle".
        index: which of them, such as the epoch.

    Raises:
        UsageError: the seed is negative.
    """
    if seed < 0:
        raise UsageError(f"seed must be 0 or more, not {seed}")
    words = np.random.SeedSequence([seed, zlib.crc32(stream.encode()), index]).generate_state(1, np.uint64)
    return int(words[0])


class Draws:
    """Numbers for one purpose of one run, each drawn after those before it.

    Args:
        seed: the run's seed, any non-negative integer.
        stream: what the numbers are for.
        index: which of them.

    Raises:
        UsageError: the seed is negative.
    """

    def __init__(self, seed: int, stream: str, index: int = 0) -> None:
        self._state = state_of(seed, stream, index)
        self._words = np.random.RandomState(self._state & 0xFFFFFFFF)  # as torch seeds its twister, too
        self._drawn = 0
        self._torch: Generator | None = None

    def permutation(self, count: int) -> NDArray[np.int64]:
        """The numbers below `count` in random order, (count,), as `torch.randperm` gives them."""
        if (source := self._torch_for(count)) is not None:
            return torch.randperm(count, generator=source).numpy()
        left = np.arange(count, 1, -1)
        places = (np.arange(len(left)) + self._take(len(left)) % left).tolist()
        order = list(range(count))
        for here, there in enumerate(places):  # Fisher and Yates 1938, Durstenfeld 1964
            order[here], order[there] = order[there], order[here]
        return np.array(order, np.int64)

    def integers(self, below: int, count: int) -> NDArray[np.int64]:
        """Whole numbers of 0…below − 1, each as likely, (count,), as `torch.randint` gives them."""
        if (source := self._torch_for(0 if below < WORD else LONG)) is not None:
            return torch.randint(below, (count,), generator=source).numpy()
        return self._take(count) % below

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Numbers of [0, 1), (count,), as `torch.rand` gives them in float64."""
        if (source := self._torch_for(0)) is not None:
            return torch.rand(count, generator=source, dtype=torch.float64).numpy()
        high, low = self._take(2 * count).reshape(count, 2).T
        return (((high & 0x1FFFFF) << 32) | low).astype(np.float64) / 2**53  # the last 53 of 64 bits

    def _take(self, count: int) -> NDArray[np.int64]:
        """The next words of 32 bits, (count,)."""
        self._drawn += count
        content = self._words.bytes(4 * count) if count else b""  # which takes a word for no bytes, too
        return np.frombuffer(content, "<u4").astype(np.int64)

    def _torch_for(self, rows: int) -> Generator | None:
        """A generator of torch at the same place, where it is imported or quicker; it draws from then on."""
        if self._torch is None and ("torch" in sys.modules or rows >= LONG):
            self._torch = torch.Generator().manual_seed(self._state)
            torch.randint(2, (self._drawn,), generator=self._torch)
        return self._torch
