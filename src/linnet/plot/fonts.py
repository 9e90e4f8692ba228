"""A font with Chinese characters beside the usual one, where the machine has any."""

from __future__ import annotations

import contextlib
import re
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.font_manager import findSystemFonts, fontManager

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
    return _listed() or (_listed() if _added() else None)


def use_cjk_font() -> None:
    """Let figures take the characters that the usual font lacks from one that has them."""
    font = cjk_font()
    families = matplotlib.rcParams["font.family"]
    if font is not None and font[0] not in families:
        matplotlib.rcParams["font.family"] = [*families, font[0]]


def _listed() -> tuple[str, Path] | None:
    """The best of the fonts that matplotlib knows."""
    found = {entry.name: Path(entry.fname) for entry in fontManager.ttflist}
    return next(((name, found[name]) for name in CJK_FONTS if name in found), None)


def _added() -> int:
    """Tell matplotlib of fonts installed since it made its list, which it keeps for good; how many."""
    known = {entry.fname for entry in fontManager.ttflist}
    new = [path for path in findSystemFonts() if path not in known and _FILES.search(Path(path).name)]
    for path in new:
        with contextlib.suppress(RuntimeError, OSError):  # a kind of font file it cannot read
            fontManager.addfont(path)
    return len(new)
