"""A figure to a file: whole or not at all, and the same bytes for the same figure."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from linnet import files
from linnet.errors import UsageError

METADATA: dict[str, dict[str, str | None]] = {
    ".svg": {"Date": None, "Creator": "linnet"},
    ".png": {"Software": "linnet"},
}
"""The mark by which `linnet.files` knows a figure of linnet's."""

DPI = 150


def save(figure: Figure, path: Path | str, *, tight: bool = False) -> None:
    """Write a figure.

    Args:
        figure: what to write.
        path: ends in .svg or .png.
        tight: make the picture as large as what is drawn, titles that stick out included.

    Raises:
        UsageError: another ending.
        OSError: the file cannot be written.
    """
    files.write(path, render(figure, Path(path).suffix.lower(), tight=tight))


def render(figure: Figure, suffix: str, *, tight: bool = False) -> bytes:
    """A figure as the bytes of a file.

    Args:
        figure: what to draw.
        suffix: ".svg" or ".png".
        tight: as in `save`.

    Raises:
        UsageError: another suffix.
    """
    if suffix not in METADATA:
        raise UsageError(f"a picture ends in {' or '.join(METADATA)}, not {suffix!r}")
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "linnet"}):
        bounds = "tight" if tight else None
        figure.savefig(buffer, format=suffix[1:], dpi=DPI, metadata=METADATA[suffix], bbox_inches=bounds)
    return buffer.getvalue()
