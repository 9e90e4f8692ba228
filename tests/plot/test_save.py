from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from linnet.plot import save
from linnet.plot.classification import confusion_figure
from linnet.plot.curves import curves


@pytest.mark.parametrize(
    ("backend", "expected"), [("agg", "file"), ("svg", "file"), ("TkAgg", "window"), ("QtAgg", "window")]
)
def test_the_backend_decides(monkeypatch: pytest.MonkeyPatch, backend: str, expected: str) -> None:
    monkeypatch.setattr(matplotlib, "get_backend", lambda: backend)
    assert save.surface() == expected


def test_a_kernel_is_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    class ZMQInteractiveShell:
        pass

    class Shell(ZMQInteractiveShell):
        """A shell of a service's own."""

    for shell in (ZMQInteractiveShell, Shell):
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=shell))
        assert save.surface() == "notebook"
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert save.surface() == "file"


RECORDS = [
    {"epoch": k, "train_loss": 1 / k, "train_accuracy": k / 9, "test_accuracy": k / 10} for k in (1, 2, 3)
]
FIGURES = {
    "curves": lambda: curves(RECORDS, "a title"),
    "confusion": lambda: confusion_figure(np.eye(3, dtype=np.int64) * 5, ("a", "b", "c")),
}


@pytest.mark.parametrize("suffix", [".svg", ".png"])
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_once_to_the_bytes_that_matplotlib_saves(name: str, suffix: str) -> None:
    plain: Figure = FIGURES[name]()
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "linnet"}):
        plain.savefig(buffer, format=suffix[1:], dpi=save.DPI, metadata=save.METADATA[suffix])
    figure: Figure = FIGURES[name]()
    canvas, dpi = figure.canvas, figure.dpi
    assert save.render(figure, suffix) == buffer.getvalue()
    assert (figure.canvas, figure.dpi) == (canvas, dpi)
