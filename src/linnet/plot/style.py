"""The palette and fonts of every figure, Chinese ones included."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findSystemFonts, fontManager
from matplotlib.image import AxesImage
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from linnet.errors import MissingFontWarning, warn
from linnet.plot.shades import as_shares

CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Sans CJK JP",
    "Heiti SC",
    "Arial Unicode MS",
    "Droid Sans Fallback",
)
"""Fonts with simplified Chinese characters, the better ones first."""


_FILES = re.compile(
    r"cjk|notosanssc|sourcehansans|msyh|pingfang|hiragino|wqy|simhei|stheiti|fallback", re.IGNORECASE
)
"""What the files of those fonts are called."""


@cache
def cjk_font() -> tuple[str, Path] | None:
    """The name and file of the best font with Chinese characters on this machine; None without one."""
    return _find_font() or (_find_font() if _add_fonts() else None)


def use_cjk_font() -> None:
    """Let figures take the characters that the usual font lacks from one that has them."""
    font = cjk_font()
    families = matplotlib.rcParams["font.family"]
    if font is not None and font[0] not in families:
        matplotlib.rcParams["font.family"] = [*families, font[0]]


def _find_font() -> tuple[str, Path] | None:
    """The best of the fonts that matplotlib knows."""
    found = {entry.name: Path(entry.fname) for entry in fontManager.ttflist}
    return next(((name, found[name]) for name in CJK_FONTS if name in found), None)


def _add_fonts() -> int:
    """Tell matplotlib of fonts installed since it made its list, which it keeps for good; how many."""
    known = {entry.fname for entry in fontManager.ttflist}
    new = [path for path in findSystemFonts() if path not in known and _FILES.search(Path(path).name)]
    for path in new:
        with contextlib.suppress(RuntimeError, OSError):  # a kind of font file it cannot read
            fontManager.addfont(path)
    return len(new)


BLUE, VERMILION, GREEN, ORANGE, PINK, SKY, YELLOW, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#F0E442", "#000000",
)  # fmt: skip
PALETTE = (BLUE, VERMILION, GREEN, ORANGE, PINK, SKY, BLACK, YELLOW)
"""Okabe and Ito's, safe for colour-blind readers."""

DASHES = ("-", "--", ":")
"""In turn, once the colours have been through."""


@contextmanager
def drawing(width: float, height: float, language: str, is_solved: bool = True) -> Iterator[Figure]:
    """A figure to draw on inside; afterwards every text has a font with the language's characters.

    A machine without a Chinese font is warned, with the name of one, and draws boxes.

    Args:
        width: inches.
        height: inches.
        language: "en" or "zh".
        is_solved: whether axes are placed by a solver, which takes most of the time that a figure of many of
            them does; else who draws places them.
    """
    figure = Figure(figsize=(width, height), layout="constrained" if is_solved else None)
    families = [*matplotlib.rcParams["font.family"]]
    font = cjk_font()
    if language == "zh" and font is None:
        warn(
            f"no font with Chinese characters was found, so they are boxes: install {CJK_FONTS[0]} "
            "(fonts-noto-cjk) or WenQuanYi Micro Hei (fonts-wqy-microhei)",
            MissingFontWarning,
        )
    if font is not None and font[0] not in families:
        families.append(font[0])  # class names may be Chinese in any language
    with matplotlib.rc_context({"font.family": families}):
        yield figure
    for text in _texts(figure):
        text.set_fontfamily(families)
        text.set_parse_math(False)  # names of classes, columns and files may hold dollars
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if axis.get_scale() != "linear":
            for tick in (*axis.get_majorticklabels(), *axis.get_minorticklabels()):
                tick.set_parse_math(True)  # the powers of ten


def _texts(figure: Figure) -> Iterator[Text]:
    """The texts of a figure, but the ticks of axes that are off: they would be made to be hidden."""
    for part in figure.get_children():
        if isinstance(part, Axes) and not part.axison:
            yield from (part.title, *part.texts)
        else:
            yield from (text for text in part.findobj(Text) if isinstance(text, Text))


def panels(figure: Figure, count: int, across: int, **options: Any) -> list[Axes]:
    """So many panels, some beside each other; what is left of the last row stays empty.

    Args:
        figure: what is drawn on.
        count: how many.
        across: how many beside each other.
        options: of `Figure.subplots`.
    """
    places = figure.subplots(-(-count // across), across, squeeze=False, **options).flatten()
    for axes in places[count:]:
        axes.set_axis_off()
    return list(places[:count])


def draw_picture(axes: Axes, pixels: NDArray[np.generic], scale: float) -> AxesImage:
    """Stored pixels (height, width) from their darkest to their lightest, or (height, width, 3) in colour."""
    if pixels.ndim == 2:
        return axes.imshow(pixels, cmap="gray", interpolation="nearest")
    return axes.imshow(as_shares(pixels, scale), interpolation="nearest")


def draw_signed(
    axes: Axes,
    image: NDArray[np.floating],
    limit: float,
    extent: tuple[float, float, float, float] | None = None,
) -> AxesImage:
    """An image of numbers about 0, red above and blue below, up to a limit.

    Args:
        axes: what is drawn on.
        image: (height, width).
        limit: the size of the number that is drawn in the full colour.
        extent: its left, right, bottom and top; its pixels' numbers when None.
    """
    return axes.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest", extent=extent)


def escape_name(name: str) -> str:
    """A name as a line's label: matplotlib leaves those that begin with _ out of the legend."""
    return f" {name}" if name.startswith("_") else name


def style(number: int) -> tuple[str, str]:
    """The colour and the dash of a line by its number."""
    return PALETTE[number % len(PALETTE)], DASHES[number // len(PALETTE) % len(DASHES)]


def label(axes: Axes, title: str, x: str, y: str, *, is_counted: bool = False) -> None:
    """Name the axes and let a faint grid show; ticks of an x that is counted, such as epochs, are whole."""
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.35)
    if is_counted:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
