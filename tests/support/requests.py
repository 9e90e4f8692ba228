"""Heads and bodies of requests."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

JSON = {"content-type": "application/json"}
RAW = {"content-type": "application/octet-stream"}


def png(width: int, height: int) -> bytes:
    """A picture of random greys."""
    made = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    Image.fromarray(pixels).save(made, "PNG")
    return made.getvalue()
