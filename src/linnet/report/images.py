"""Figures of a page as data URIs, and those that an earlier page shows already, which are not drawn again.

`linnet train` leaves a page; `linnet report` of the same run shows the same figures for the most part, and
importing matplotlib and drawing them takes longer than all else that it does. So each figure on a page has a
mark: the key of what it was drawn from (`Drawing.key`) and a digest of its data. Where the key is what would
be drawn and the data are whole, they are taken as they stand.
"""

from __future__ import annotations

import base64
import hashlib
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from linnet.plot.beside import Drawer
from linnet.plot.drawing import Drawing, is_plain
from linnet.report.blocks import Image

DARK = """<style>svg{--ink:#000;--paper:#fff;fill:var(--ink)}
@media (prefers-color-scheme:dark){svg{--ink:#dfe4e9;--paper:#171b20}}</style>"""
"""What a line figure's black and white are; an image of SVG follows the reader's choice by itself."""

THEMED = {"#ffffff": "var(--paper)", "#000000": "var(--ink)"}
"""White and black of a figure, and what stands for them."""

_COLOURS = re.compile(r"<!--.*?-->|>[^<]+|#ffffff|#000000", re.DOTALL)
"""Those of attributes: a column may be called #000000, in a text or its comment, which -- would end."""

_IMAGES = re.compile(
    r'<img src="(data:image/[^"]*)"[^>]* data-figure="(?P<key>[0-9a-f]{32})-(?P<sum>[0-9a-f]{16})">'
)


def read_images(page: Path) -> dict[str, str]:
    """The figures of a page that is there already, whole ones alone: of each its key and its data URI."""
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # there is none, or it is no page of linnet's
        return {}
    return {one["key"]: one[1] for one in _IMAGES.finditer(text) if _sum(one[1]) == one["sum"]}


def begin(drawing: Drawing, drawer: Drawer, known: Mapping[str, str]) -> Callable[[], Image]:
    """Have a figure of lines drawn, unless it is known.

    Args:
        drawing: the figure.
        drawer: what draws.
        known: the figures of earlier pages, as `read_images` gives them.

    Returns:
        What waits for it and gives it. It has no mark where the next time may not draw it so: where it was
        warned of (a font may be missing) or a program has changed matplotlib's style.
    """
    key = drawing.key
    if key in known and is_plain():
        return lambda: _marked(known[key], key)
    drawn = drawer.draw(drawing.name, drawing.arguments, ".svg")

    def wait() -> Image:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            uri = theme(drawn())
        for one in found:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        is_warned = any(one.category is not ResourceWarning for one in found)  # those are of anyone's files
        return Image(uri) if is_warned or not is_plain() else _marked(uri, key)

    return wait


def _marked(uri: str, key: str) -> Image:
    return Image(uri, f"{key}-{_sum(uri)}")


def _sum(uri: str) -> str:
    return hashlib.sha256(uri.encode()).hexdigest()[:16]


def theme(svg: bytes) -> str:
    """A figure of lines on white: dark for readers who have it dark.

    Pictures inside a figure would stay as they are, so it suits lines only.
    """
    head, end, rest = svg.decode().partition("<defs>")
    coloured = _COLOURS.sub(lambda found: THEMED.get(found[0], found[0]), end + rest)
    return make_uri("svg+xml", (head + DARK + coloured).encode())


def make_uri(kind: str, content: bytes) -> str:
    """A data URI of an image."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def own_width(uri: str) -> int:
    """The width that an image of SVG says of itself, in CSS pixels."""
    head = base64.b64decode(uri.partition(",")[2][:2048])
    found = re.search(rb' width="([0-9.]+)pt"', head)
    assert found is not None, "matplotlib gives sizes in points"
    return int(float(found[1]) * 96 / 72)
