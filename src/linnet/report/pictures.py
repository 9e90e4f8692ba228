"""Pictures as data URIs: line figures that turn dark with the page, and small images of pixels."""

from __future__ import annotations

import base64
import io

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from linnet.plot.save import render

DARK = """<style>svg{--ink:#000;--paper:#fff;fill:var(--ink)}
@media (prefers-color-scheme:dark){svg{--ink:#dfe4e9;--paper:#171b20}}</style>"""
"""What a line figure's black and white are; an image of SVG follows the reader's choice by itself."""

WEIGHTS = "RdBu_r"


def themed(figure: Figure) -> str:
    """A figure of lines on white as SVG: dark for readers who have it dark.

    Pictures inside a figure would stay as they are, so it suits lines only.
    """
    head, end, rest = render(figure, ".svg").decode().partition("<defs>")
    coloured = (end + rest).replace("#ffffff", "var(--paper)").replace("#000000", "var(--ink)")
    return _uri("svg+xml", (head + DARK + coloured).encode())


def plain(figure: Figure) -> str:
    """A figure as SVG as it is."""
    return _uri("svg+xml", render(figure, ".svg"))


def grey(image: Tensor, scale: float) -> str:
    """Stored pixels as a PNG.

    Args:
        image: (height, width).
        scale: what they are multiplied by to lie in 0…1, black to white; those that do not are stretched.
    """
    values = image.double().numpy(force=True) * scale
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        values = (values - low) / ((high - low) or 1.0)
    return _png((255 * values).round().astype(np.uint8))


def diverging(weights: Tensor, limit: float) -> str:
    """Weights, (height, width), as a PNG: red above zero, blue below, white at it.

    Args:
        weights: of a class.
        limit: the weight, in absolute value, of the full colour.
    """
    shares = weights.double().numpy(force=True) / (2 * (limit or 1.0)) + 0.5
    return _png(matplotlib.colormaps[WEIGHTS](shares, bytes=True)[..., :3])


def _png(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", optimize=True)
    return _uri("png", buffer.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
