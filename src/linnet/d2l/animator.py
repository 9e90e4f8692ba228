"""`Animator`: curves that grow while a model trains (D2L 3.6.5).

In a notebook it is one SVG that is redrawn in place; where there is a display, a window; elsewhere each epoch
is a line of text and the figure a file.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from linnet.d2l.figures import FORMATS, Limits, Size, set_axes, shelf
from linnet.errors import ShapeError
from linnet.plot.save import render, save, surface
from linnet.plot.style import use_cjk_font

SHARE = 4.0
"""Redraw when this many times as long has passed as the last drawing took: a fifth of the time at most."""


class Animator:
    """Curves that points are added to.

    Args:
        xlabel: under the axes.
        ylabel: beside them.
        legend: a name a curve.
        xlim: (low, high).
        ylim: (low, high).
        xscale: "linear" or "log".
        yscale: "linear" or "log".
        fmts: a format a curve, taken in turn.
        nrows: rows of axes; the curves are in the first.
        ncols: columns of axes.
        figsize: in inches.

    `fig` is the figure, `axes` its axes, `X` and `Y` hold each curve's numbers.
    """

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        legend: Sequence[str] | None = None,
        xlim: Limits = None,
        ylim: Limits = None,
        xscale: str = "linear",
        yscale: str = "linear",
        fmts: Sequence[str] = FORMATS,
        nrows: int = 1,
        ncols: int = 1,
        figsize: Size = (3.5, 2.5),
    ) -> None:
        use_cjk_font()
        self.legend = list(legend or [])
        self.xlabel = xlabel or "x"
        self.fmts = fmts
        self.X: list[list[float]] = []
        self.Y: list[list[float]] = []
        self._screen = _open_screen(nrows, ncols, figsize)
        self.fig = self._screen.figure
        self.axes: list[Axes] = list(self.fig.axes)
        self._look = (xlabel, ylabel, xlim, ylim, xscale, yscale, self.legend)
        self._due = 0.0
        self._is_drawn = True

    def config_axes(self) -> None:
        """Label and limit the first axes."""
        set_axes(self.axes[0], *self._look)

    def add(self, x: Any, y: Any) -> None:
        """Add a point to each curve, and redraw if the last drawing was not just now.

        Args:
            x: where: one number, or one a curve.
            y: a number a curve, or one number for one curve; None adds nothing to its curve.

        Raises:
            ShapeError: x and y are of different lengths.
        """
        values = _numbers(y)
        places = _numbers(x)
        places = places if _is_many(x) else places * len(values)
        if len(places) != len(values):
            raise ShapeError(f"{len(places)} x for {len(values)} y: expected one x, or one for each y")
        for curves in (self.X, self.Y):
            curves.extend([] for _ in range(len(curves), len(values)))
        for curve, (place, value) in enumerate(zip(places, values, strict=True)):
            if place is not None and value is not None:
                self.X[curve].append(place)
                self.Y[curve].append(value)
        self._is_drawn = False
        names = [*self.legend, *(f"y{number}" for number in range(len(self.legend), len(values)))]
        self._screen.note(self.xlabel, names, places, values)
        if time.perf_counter() >= self._due:
            self.draw()
        self._screen.schedule(self)

    def draw(self) -> None:
        """Bring the picture up to date, unless it is."""
        if self._is_drawn:
            return
        started = time.perf_counter()
        self.axes[0].cla()
        for curve, (x, y) in enumerate(zip(self.X, self.Y, strict=True)):
            alone = "." if len(x) == 1 else None
            self.axes[0].plot(x, y, self.fmts[curve % len(self.fmts)], marker=alone)
        self.config_axes()
        self._screen.show()
        self._is_drawn = True
        ended = time.perf_counter()
        self._due = ended + SHARE * (ended - started)

    def finish(self) -> None:
        """Draw what was not drawn yet; where the figure is a file, say which."""
        self.draw()
        self._screen.finish()
        shelf.forget(self.finish)


class Screen(ABC):
    """A surface that an animator's figure appears on.

    Args:
        figure: the one that appears.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    @abstractmethod
    def show(self) -> None:
        """Show the figure as it is now."""

    def schedule(self, animator: Animator) -> None:
        """See that what was not drawn yet is drawn before the reader looks: before the program ends."""
        shelf.at_exit(animator.finish)

    def note(
        self, xlabel: str, names: Sequence[str], x: Sequence[float | None], y: Sequence[float | None]
    ) -> None:
        """Take notice of new points."""
        return

    def finish(self) -> None:
        """Take notice that nothing more comes for now."""
        return


class Notebook(Screen):
    """One SVG in the cell's output."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figure)
        self._handle: Any = None
        self._waiting: Any = None

    def show(self) -> None:
        """Put the picture in the place of the one before."""
        from IPython.display import SVG, display

        picture = SVG(render(self.figure, ".svg").decode())
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)

    def schedule(self, animator: Animator) -> None:
        """Draw when the cell has ended."""
        from IPython import get_ipython

        shell: Any = get_ipython()
        if self._waiting is not None or shell is None:
            return

        def draw() -> None:
            self._waiting = None
            shell.events.unregister("post_execute", draw)
            animator.draw()

        self._waiting = draw
        shell.events.register("post_execute", draw)


class Window(Screen):
    """A window of matplotlib's."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figure)
        shelf.keep_windows()

    def show(self) -> None:
        """Redraw the window, and give it a moment."""
        if plt.fignum_exists(self.figure.number):
            self.figure.canvas.draw_idle()
            plt.pause(0.001)


class File(Screen):
    """Lines of text, and an SVG file that is kept up to date."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figure)
        self._path: Path | None = None
        self._line: tuple[float, dict[str, float]] | None = None
        self._xlabel = ""
        self._is_announced = False

    def show(self) -> None:
        """Write the file."""
        if self._path is None:
            self._path = shelf.place()
        self._is_announced = False
        save(self.figure, self._path)

    def note(
        self, xlabel: str, names: Sequence[str], x: Sequence[float | None], y: Sequence[float | None]
    ) -> None:
        """Print the points of a whole epoch: at once when complete, else when the next one begins."""
        place = next((value for value in x if value is not None), None)
        if self._line is not None and self._line[0] != place:
            self._print_epoch()
        if place is None or not math.isfinite(place) or place != int(place):
            return
        known = self._line[1] if self._line else {}
        known |= {name: value for name, value in zip(names, y, strict=False) if value is not None}
        self._line = (place, known)
        self._xlabel = xlabel
        if len(known) == len(y):
            self._print_epoch()

    def finish(self) -> None:
        """Print what is left, and say where the figure is."""
        self._print_epoch()
        if self._path is not None and not self._is_announced:
            print(f"figure: {self._path}", flush=True)
            self._is_announced = True

    def _print_epoch(self) -> None:
        if self._line is None:
            return
        (place, known), self._line = self._line, None
        figures = ", ".join(f"{name} {value:.4g}" for name, value in known.items())
        print(f"{self._xlabel} {place:g}: {figures}", flush=True)


def _open_screen(nrows: int, ncols: int, figsize: Size) -> Screen:
    seen_on = surface()
    figure = (plt.figure if seen_on == "window" else Figure)(figsize=figsize, layout="constrained")
    figure.subplots(nrows, ncols)
    screens: dict[str, type[Screen]] = {"notebook": Notebook, "window": Window, "file": File}
    return screens[seen_on](figure)


def _numbers(values: Any) -> list[float | None]:
    many = values if _is_many(values) else [values]
    return [None if value is None else float(value) for value in many]


def _is_many(values: Any) -> bool:
    return values.ndim > 0 if isinstance(values, np.ndarray | Tensor) else isinstance(values, Iterable)
