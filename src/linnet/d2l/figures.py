"""The book's plots (D2L 2.4.2, 3.5.1), seen wherever they are made: see `shelf`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from linnet.d2l.shelf import shelf
from linnet.errors import MissingExtraError, ShapeError
from linnet.plot.save import surface
from linnet.plot.style import use_cjk_font

Size = tuple[float, float]
Limits = Sequence[float] | None

FORMATS = ("-", "m--", "g-.", "r:")


def use_svg_display() -> None:
    """Have a notebook show figures as SVG; elsewhere they are SVG files already."""
    set_matplotlib_formats("svg")


def set_matplotlib_formats(*formats: str, **options: Any) -> None:
    """Have a notebook show figures in some formats, as `IPython.display` had it until IPython 9.

    Args:
        formats: such as "svg" or "retina".
        options: of matplotlib's `print_figure`.
    """
    if surface() != "notebook":
        return
    try:
        from matplotlib_inline import backend_inline
    except ImportError as error:
        raise MissingExtraError("drawing in a notebook", "notes") from error
    backend_inline.set_matplotlib_formats(*formats, **options)


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
    if surface() == "window":
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
    if surface() == "file":
        shelf.finish()
    use_cjk_font()
    figsize = (num_cols * scale, num_rows * scale)
    figure, grid = plt.subplots(num_rows, num_cols, figsize=figsize, squeeze=False)
    cells: np.ndarray = grid.flatten()
    for cell in cells:
        cell.get_xaxis().set_visible(False)
        cell.get_yaxis().set_visible(False)
    for number, (cell, picture) in enumerate(zip(cells, imgs, strict=False)):
        cell.imshow(_array(picture))
        if titles:
            cell.set_title(titles[number])
    if surface() == "file":
        shelf.put(figure)
    elif surface() == "window":
        shelf.keep_windows()
    return cells


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
