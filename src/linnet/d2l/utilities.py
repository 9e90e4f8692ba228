"""The book's utilities (D2L 3.1.2, 3.2.1, 3.6.5, 6.7): stopwatch, sums, kept arguments, devices, curves."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from statistics import fmean
from typing import Any, TypeVar

import torch

from linnet.d2l.animator import Animator
from linnet.d2l.figures import Limits, Size, shelf
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
        return list(accumulate(self.times))


class Accumulator:
    """Several sums that grow side by side.

    Args:
        n: how many. `data` holds them; indexing gives one.
    """

    def __init__(self, n: int) -> None:
        self.data = [0.0] * n

    def add(self, *args: Any) -> None:
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


Function = TypeVar("Function", bound=Callable[..., Any])


def add_to_class(Class: type) -> Callable[[Function], Function]:
    """A decorator that makes a function a method of a class, for instances that exist already, too."""

    def add(function: Function) -> Function:
        setattr(Class, function.__name__, function)
        return function

    return add


class HyperParameters:
    """A base of classes that keep the arguments of their `__init__`."""

    hparams: dict[str, Any]

    def save_hyperparameters(self, ignore: Iterable[str] = ()) -> None:
        """Keep the arguments and variables of the method that calls this, as attributes and in `hparams`.

        Args:
            ignore: names that are left out; those that begin with an underscore always are.
        """
        left_out, given = {*ignore, "self"}, sys._getframe(1).f_locals
        self.hparams = {k: v for k, v in given.items() if k not in left_out and not k.startswith("_")}
        for name, value in self.hparams.items():
            setattr(self, name, value)


def cpu() -> torch.device:
    """The processor."""
    return torch.device("cpu")


def gpu(i: int = 0) -> torch.device:
    """The i-th GPU, whether or not it is there."""
    if i < 0:
        raise UsageError(f"GPUs are numbered from 0, not {i}")
    return torch.device(f"cuda:{i}")


def num_gpus() -> int:
    """How many GPUs there are."""
    return torch.cuda.device_count()


def try_gpu(i: int = 0) -> torch.device:
    """The i-th GPU where there is one, else the processor."""
    return gpu(i) if num_gpus() > i else cpu()


def try_all_gpus() -> list[torch.device]:
    """All GPUs; the processor where there is none."""
    return [gpu(i) for i in range(num_gpus())] or [cpu()]


STYLES = ("-", "--", "-.", ":")
COLOURS = ("C0", "C1", "C2", "C3")


class ProgressBoard(HyperParameters):
    """A figure whose curves are made by drawing points of a new name.

    Its arguments are attributes that may be set until the first point is drawn.

    Args:
        xlabel: under the axes.
        ylabel: beside them.
        xlim: (low, high).
        ylim: (low, high).
        xscale: "linear" or "log".
        yscale: "linear" or "log".
        ls: a line style a curve, taken in turn.
        colors: a colour a curve, likewise.
        fig: of the book's signature; the board makes its own.
        axes: likewise.
        figsize: in inches.
        display: whether anything is drawn.
    """

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        xlim: Limits = None,
        ylim: Limits = None,
        xscale: str = "linear",
        yscale: str = "linear",
        ls: Sequence[str] = STYLES,
        colors: Sequence[str] = COLOURS,
        fig: object = None,
        axes: object = None,
        figsize: Size = (3.5, 2.5),
        display: bool = True,
    ) -> None:
        self.xlabel, self.ylabel, self.xlim, self.ylim = xlabel, ylabel, xlim, ylim
        self.xscale, self.yscale, self.ls, self.colors = xscale, yscale, ls, colors
        self.fig, self.axes, self.figsize, self.display = fig, axes, figsize, display
        self._waiting: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._animator: Animator | None = None

    def draw(self, x: float, y: float, label: str, every_n: int = 1) -> None:
        """Add a point to a curve.

        Args:
            x: where.
            y: its value.
            label: of the curve.
            every_n: how many calls make one point, their mean.
        """
        waiting = self._waiting[label]
        waiting.append((float(x), float(y)))
        if len(waiting) < every_n:
            return
        point = fmean(x for x, _ in waiting), fmean(y for _, y in waiting)
        waiting.clear()
        if self.display:
            self._add(label, *point)

    def finish(self) -> None:
        """Draw what was not drawn yet; where the figure is a file, say which."""
        if self._animator is not None:
            self._animator.finish()

    def _add(self, label: str, x: float, y: float) -> None:
        if self._animator is None:
            count = max(len(self.ls), len(self.colors))
            forms = [f"{self.colors[k % len(self.colors)]}{self.ls[k % len(self.ls)]}" for k in range(count)]
            shelf.finish()
            self._animator = Animator(
                self.xlabel, self.ylabel, [], self.xlim, self.ylim, self.xscale, self.yscale, forms,
                figsize=self.figsize,
            )  # fmt: skip
        known = self._animator.legend
        if label not in known:
            known.append(label)
        places: list[float | None] = [x if name == label else None for name in known]
        values: list[float | None] = [y if name == label else None for name in known]
        self._animator.add(places, values)
        self.fig, self.axes = self._animator.fig, self._animator.axes[0]
