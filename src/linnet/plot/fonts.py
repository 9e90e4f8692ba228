"""A font with Chinese characters beside the usual one, where the machine has any."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.font_manager import fontManager

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


@cache
def cjk_font() -> tuple[str, Path] | None:
    """The name and file of the best font with Chinese characters that matplotlib finds; None without one."""
    found = {entry.name: Path(entry.fname) for entry in fontManager.ttflist}
    return next(((name, found[name]) for name in CJK_FONTS if name in found), None)


def use_cjk_font() -> None:
    """Let figures take the characters that the usual font lacks from one that has them."""
    font = cjk_font()
    families = matplotlib.rcParams["font.family"]
    if font is not None and font[0] not in families:
        matplotlib.rcParams["font.family"] = [*families, font[0]]
