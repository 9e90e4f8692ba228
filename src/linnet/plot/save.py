"""Renders a figure to bytes or a file, the same bytes for the same figure; where figures can be seen."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linnet import files
from linnet.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    import matplotlib

    if suffix not in METADATA:
        raise UsageError(f"a picture ends in {' or '.join(METADATA)}, not {suffix!r}")
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "linnet"}):
        if tight or figure.get_layout_engine() is None or matplotlib.rcParams["savefig.bbox"]:
            bounds = "tight" if tight else None
            figure.savefig(buffer, format=suffix[1:], dpi=DPI, metadata=METADATA[suffix], bbox_inches=bounds)
        else:
            _print(figure, suffix, buffer)
    return _NO_XML.sub(b"", buffer.getvalue()) if suffix == ".svg" else buffer.getvalue()


_NO_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""Signs that XML does not allow, which matplotlib copies from names: no browser shows one with them."""


def _print(figure: Figure, suffix: str, buffer: io.BytesIO) -> None:
    """What `savefig` writes, to the byte; it draws a figure whose layout is solved twice."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    canvas, dpi = figure.canvas, figure.dpi
    try:
        figure.dpi = DPI
        if suffix == ".svg":
            FigureCanvasSVG(figure).print_svg(buffer, metadata=METADATA[suffix])
        else:
            FigureCanvasAgg(figure).print_png(buffer, metadata=METADATA[suffix])
    finally:
        figure.set_canvas(canvas)
        figure.dpi = dpi


Surface = Literal["notebook", "window", "file"]


def surface() -> Surface:
    """What this program's pictures appear on.

    A Jupyter kernel is a notebook whatever its backend; otherwise it is a window where matplotlib finds
    a display and a toolkit, and a file where it does not (or where the backend is Agg).
    """
    if in_notebook():
        return "notebook"
    import matplotlib
    from matplotlib.backends.registry import BackendFilter, backend_registry

    windows = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    return "window" if matplotlib.get_backend().lower() in {name.lower() for name in windows} else "file"


def in_notebook() -> bool:
    """Whether the program runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(shell).__mro__)  # Colab has its own
