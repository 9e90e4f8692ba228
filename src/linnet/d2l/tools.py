"""The book's stopwatch and its running sums (D2L 3.1.2, 3.6.5)."""

from __future__ import annotations

import time

from linnet.errors import UsageError


class Timer:
    """A stopwatch that keeps every time it took. It starts when it is made.

    Args of its methods and results are seconds; `times` holds them in order.
    """

    def __init__(self) -> None:
        self.times: list[float] = []
        self.start()

    def start(self) -> None:
        """Begin a measurement."""
        self._since = time.perf_counter()

    def stop(self) -> float:
        """End the measurement, keep it, and return it."""
        self.times.append(time.perf_counter() - self._since)
        return self.times[-1]

    def avg(self) -> float:
        """The mean of all times.

        Raises:
            UsageError: nothing was measured yet.
        """
        if not self.times:
            raise UsageError("the timer has no time to average yet: call stop() first")
        return self.sum() / len(self.times)

    def sum(self) -> float:
        """All times together."""
        return sum(self.times)

    def cumsum(self) -> list[float]:
        """The times added up one after another."""
        total, sums = 0.0, []
        for seconds in self.times:
            total += seconds
            sums.append(total)
        return sums


class Accumulator:
    """Several sums that grow side by side.

    Args:
        n: how many. `data` holds them; indexing gives one.
    """

    def __init__(self, n: int) -> None:
        self.data = [0.0] * n

    def add(self, *args: object) -> None:
        """Add one number, or one tensor of one element, to each sum.

        Raises:
            UsageError: another count of numbers than of sums.
        """
        if len(args) != len(self.data):
            raise UsageError(
                f"Accumulator({len(self.data)}).add takes {len(self.data)} numbers, got {len(args)}"
            )
        self.data = [total + float(more) for total, more in zip(self.data, args, strict=True)]

    def reset(self) -> None:
        """Set every sum to 0."""
        self.data = [0.0] * len(self.data)

    def __getitem__(self, index: int) -> float:
        return self.data[index]
