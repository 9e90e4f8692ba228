"""The book's plots (D2L 2.4.2, 3.5.1), seen wherever they are made.

In a notebook the kernel shows them. In a program without a display each becomes a file,
`d2l-figures/PROGRAM-1.svg` and so on, and the program says so; with a display, windows that are still open
when the program ends stay until they are closed.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet import files
from linnet.d2l.switch import set_matplotlib_formats
from linnet.errors import ShapeError
from linnet.plot.save import save, surface
from linnet.plot.style import use_cjk_font

FOLDER = Path("d2l-figures")

Size = tuple[float, float]
Limits = Sequence[float] | None

FORMATS = ("-", "m--", "g-.", "r:")


class Shelf:
    """The figures of this program, numbered as they come."""

    def __init__(self) -> None:
        self._count = 0
        self._open: Figure | None = None
        self._last_words: list[Callable[[], None]] = []

    def place(self) -> Path:
        """The path of a new figure, where there is none, or one of an earlier time."""
        program = Path(sys.argv[0]).stem if sys.argv and sys.argv[0] not in ("", "-c", "-") else "figure"
        while True:
            self._count += 1
            path = FOLDER / f"{program}-{self._count}.svg"
            if not path.exists() or (path.is_file() and files.is_ours(path)):
                return path

    def put(self, figure: Figure) -> None:
        """Keep a pyplot figure that may still be added to; it is saved when the next one comes, or last."""
        self.finish()
        self._open = figure
        self.at_exit(self.finish)

    def finish(self) -> None:
        """Save the figure that is being added to, and close it."""
        figure, self._open = self._open, None
        if figure is not None and plt.fignum_exists(figure.number):
            path = self.place()
            save(figure, path, tight=True)  # as notebooks do
            plt.close(figure)
            print(f"figure: {path}", flush=True)

    def at_exit(self, work: Callable[[], None]) -> None:
        """Do something, once, when the program ends."""
        if work not in self._last_words:
            self._last_words.append(work)
            atexit.register(work)

    def forget(self, work: Callable[[], None]) -> None:
        """Do something no more when the program ends: it has been done."""
        if work in self._last_words:
            self._last_words.remove(work)
            atexit.unregister(work)

    def keep_windows(self) -> None:
        """Let the windows, if any are still open when the program ends, stay until they are closed."""
        self.at_exit(_wait_for_windows)


def _wait_for_windows() -> None:
    if surface() == "window" and plt.get_fignums():
        print("close the figure's window to end", flush=True)
        plt.show(block=True)


shelf = Shelf()


def use_svg_display() -> None:
    """Have a notebook show figures as SVG; elsewhere they are SVG files already."""
    set_matplotlib_formats("svg")


def set_figsize(figsize: Size = (3.5, 2.5)) -> None:
    """Set the size of the figures that follow, in inches."""
    use_svg_display()
    use_cjk_font()
    plt.rcParams["figure.figsize"] = figsize


def set_axes(
    axes: Axes,
    xlabel: str | None,
    ylabel: str | None,
    xlim: Limits,
    ylim: Limits,
    xscale: str,
    yscale: str,
    legend: Sequence[str] | None,
) -> None:
    """Label, scale and limit some axes, with a grid and, where `legend` has names, a legend."""
    axes.set(xlabel=xlabel or "", ylabel=ylabel or "", xscale=xscale, yscale=yscale)
    if xlim is not None:
        axes.set_xlim(*xlim)
    if ylim is not None:
        axes.set_ylim(*ylim)
    if legend:
        axes.legend(axes.get_lines()[: len(legend)], legend)
    axes.grid(True)


def plot(
    X: Any,
    Y: Any = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    legend: Sequence[str] | None = None,
    xlim: Limits = None,
    ylim: Limits = None,
    xscale: str = "linear",
    yscale: str = "linear",
    fmts: Sequence[str] = FORMATS,
    figsize: Size = (3.5, 2.5),
    axes: Axes | None = None,
) -> None:
    """Plot one or several curves.

    Args:
        X: the abscissae: one curve's, or a list with each curve's; without Y they are the ordinates.
        Y: the ordinates, likewise; one X serves for all curves.
        xlabel: under the axes.
        ylabel: beside them.
        legend: a name a curve.
        xlim: (low, high).
        ylim: (low, high).
        xscale: "linear" or "log".
        yscale: "linear" or "log".
        fmts: a format a curve, taken in turn.
        figsize: in inches.
        axes: draw here, clearing what was there.

    Raises:
        ShapeError: X and Y hold different numbers of curves.
    """
    abscissae, ordinates = _curves(X, Y)
    set_figsize(figsize)
    if axes is None and surface() == "file":
        shelf.put(plt.figure())
    axes = axes or plt.gca()
    axes.cla()
    for number, (x, y) in enumerate(zip(abscissae, ordinates, strict=True)):
        form = fmts[number % len(fmts)]
        axes.plot(y, form) if x is None else axes.plot(x, y, form)
    set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend)
    shelf.keep_windows()


def show_images(
    imgs: Iterable[Any],
    num_rows: int,
    num_cols: int,
    titles: Sequence[str] | None = None,
    scale: float = 1.5,
) -> np.ndarray:
    """Show pictures in a grid.

    Args:
        imgs: tensors (H, W), or PIL images.
        num_rows: rows of the grid.
        num_cols: columns of the grid.
        titles: one above each picture.
        scale: a cell's edge, in inches.

    Returns:
        The axes, (num_rows · num_cols,).
    """
    use_cjk_font()
    figsize = (num_cols * scale, num_rows * scale)
    figure, grid = plt.subplots(num_rows, num_cols, figsize=figsize, squeeze=False)
    if surface() == "file":
        shelf.put(figure)
    shelf.keep_windows()
    cells: np.ndarray = grid.flatten()
    for cell in cells:
        cell.get_xaxis().set_visible(False)
        cell.get_yaxis().set_visible(False)
    for number, (cell, picture) in enumerate(zip(cells, imgs, strict=False)):
        cell.imshow(_array(picture))
        if titles:
            cell.set_title(titles[number])
    return cells


def show_fashion_mnist(images: Iterable[torch.Tensor], labels: Sequence[str]) -> None:
    """Show images in a row, each under its name (first edition, 3.5.1)."""
    pictures = [image.reshape(image.shape[-2:]) for image in images]
    show_images(pictures, 1, len(pictures), titles=labels)


def semilogy(
    x_vals: Sequence[float],
    y_vals: Sequence[float],
    x_label: str,
    y_label: str,
    x2_vals: Sequence[float] | None = None,
    y2_vals: Sequence[float] | None = None,
    legend: Sequence[str] | None = None,
    figsize: Size = (3.5, 2.5),
) -> None:
    """Plot one curve or two over a logarithmic axis (first edition, 3.11.4).

    Args:
        x_vals: the abscissae.
        y_vals: the ordinates.
        x_label: under the axes.
        y_label: beside them.
        x2_vals: the second curve's abscissae; no second curve when None.
        y2_vals: its ordinates.
        legend: a name a curve.
        figsize: in inches.
    """
    X, Y = [list(x_vals)], [list(y_vals)]
    if x2_vals is not None and y2_vals is not None:
        X, Y = [*X, list(x2_vals)], [*Y, list(y2_vals)]
    plot(X, Y, x_label, y_label, legend, yscale="log", fmts=("-", ":"), figsize=figsize)


def _curves(X: Any, Y: Any) -> tuple[list[np.ndarray | None], list[np.ndarray]]:
    """Abscissae and ordinates, a curve each."""
    first = [_array(X)] if _is_one(X) else [_array(x) for x in X]
    if Y is None:
        return [None] * len(first), first
    ordinates = [_array(Y)] if _is_one(Y) else [_array(y) for y in Y]
    abscissae: list[np.ndarray | None] = [x if x.size else None for x in first]
    if len(abscissae) == 1:
        abscissae *= len(ordinates)
    if len(abscissae) != len(ordinates):
        raise ShapeError(
            f"X has {len(abscissae)} curves and Y {len(ordinates)}: expected one X, or one for each Y"
        )
    return abscissae, ordinates


def _is_one(values: Any) -> bool:
    """Whether these are the numbers of one curve."""
    if hasattr(values, "ndim"):
        return values.ndim == 1
    return not len(values) or not (hasattr(values[0], "__len__") and np.ndim(_array(values[0])) > 0)


def _array(values: Any) -> np.ndarray:
    """Anything that can be plotted, as numpy: tensors leave their graph and device."""
    if isinstance(values, torch.Tensor):
        return values.numpy(force=True)
    if isinstance(values, list | tuple) and any(isinstance(value, torch.Tensor) for value in values):
        return np.asarray([float(value) for value in values])
    return np.asarray(values)
