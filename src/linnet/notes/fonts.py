"""A font with the Chinese characters a page needs, cut down to them and put into the page."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterable

from linnet.plot.style import cjk_font

FAMILY = "linnet CJK"


def is_cjk(character: str) -> bool:
    """Whether a character is Chinese, or punctuation that goes with it."""
    return (
        "\u2e80" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\uff00" <= character <= "\uffef"
    )


def face(text: Iterable[str]) -> str:
    """A CSS @font-face with the Chinese characters of a text; empty without any, or without such a font."""
    wanted = {character for character in text if is_cjk(character)}
    font = cjk_font()
    if not wanted or font is None:
        return ""
    data = base64.b64encode(_subset(str(font[1]), wanted)).decode()
    return f'@font-face{{font-family:"{FAMILY}";src:url(data:font/woff;base64,{data}) format("woff")}}'


def _subset(path: str, characters: set[str]) -> bytes:
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options(notdef_outline=True, layout_features=["*"])
    options.drop_tables += ["FFTM"]
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    with TTFont(path, fontNumber=0, lazy=True) as font:
        subsetter = Subsetter(options)
        subsetter.populate(text="".join(sorted(characters)))
        subsetter.subset(font)
        font.flavor = "woff"
        buffer = io.BytesIO()
        font.save(buffer)
    return buffer.getvalue()
