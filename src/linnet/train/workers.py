"""`Workers`: chunks of a sweep's models trained side by side, each worker with its share of the threads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from linnet.device import WIDE, Result, limit_threads
from linnet.train.chunk import ModelChunk


class Workers:
    """Threads that take chunks side by side; the caller alone until `open` finds work for two.

    A worker's steps wait for no other's, where threads that share a product wait at the end of each. What a
    chunk comes to does not depend on which worker takes it.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._count = 1

    @property
    def is_alone(self) -> bool:
        """Whether the caller does all work itself."""
        return self._pool is None

    @contextlib.contextmanager
    def open(self, chunks: int) -> Iterator[None]:
        """Have workers for so many chunks, where there are threads and chunks for two of them."""
        threads = torch.get_num_threads()
        count = min(threads, chunks)
        if count < 2:
            yield
            return
        with limit_threads(threads // count), ThreadPoolExecutor(count, "linnet-chunks") as pool:
            self._pool, self._count = pool, count
            try:
                yield
            finally:
                self._pool = None

    def share(self, chunks: Sequence[ModelChunk], work: Callable[[list[ModelChunk]], Result]) -> list[Result]:
        """The results of work on all chunks, in shares of about as many models, one a worker."""
        if self._pool is None:
            return [work(list(chunks))]
        return list(self._pool.map(work, share_out(chunks, self._count)))

    def map(self, chunks: Sequence[ModelChunk], work: Callable[[ModelChunk], Result]) -> list[Result]:
        """The result of work on each chunk, in their order."""
        return [work(chunk) for chunk in chunks] if self._pool is None else list(self._pool.map(work, chunks))


def count_chunks(models: int, outputs: int, width: int | None) -> int:
    """Chunks that models are cut into: an even number where two are wide enough each.

    Args:
        models: M, that see the same inputs.
        outputs: K.
        width: scores a row that a chunk has at most, if it has more than one model; None for no limit.
    """
    count = 1 if width is None else -(-models // max(1, width // outputs))
    if count > 1 or models * outputs >= 2 * WIDE:
        count += count % 2
    return min(count, models)


def share_out(chunks: Sequence[ModelChunk], count: int) -> list[list[ModelChunk]]:
    """The chunks in at most so many shares of about as many models, the largest first."""
    shares: list[list[ModelChunk]] = [[] for _ in range(count)]
    for chunk in sorted(chunks, key=lambda chunk: -len(chunk.active)):
        min(shares, key=lambda share: sum(len(one.active) for one in share)).append(chunk)
    return [share for share in shares if share]
