"""`ProgressBoard`: named curves that grow while a model trains (D2L 1.0, 3.2.1), drawn by `Animator`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from linnet.d2l.animator import Animator
from linnet.d2l.figures import Limits, Size
from linnet.d2l.hyperparameters import HyperParameters
from linnet.d2l.shelf import shelf

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
        self._labels: list[str] = []

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
            self._animator = self._made()
        if label not in self._labels:
            self._labels.append(label)
            self._animator.legend.append(label)
        places: list[float | None] = [x if known == label else None for known in self._labels]
        values: list[float | None] = [y if known == label else None for known in self._labels]
        self._animator.add(places, values)
        self.fig, self.axes = self._animator.fig, self._animator.axes[0]

    def _made(self) -> Animator:
        count = max(len(self.ls), len(self.colors))
        forms = [f"{self.colors[k % len(self.colors)]}{self.ls[k % len(self.ls)]}" for k in range(count)]
        shelf.finish()
        return Animator(
            self.xlabel, self.ylabel, [], self.xlim, self.ylim, self.xscale, self.yscale, forms,
            figsize=self.figsize,
        )  # fmt: skip
