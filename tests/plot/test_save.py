from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

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


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
@pytest.mark.parametrize("fonttype", ["path", "none"])
def test_a_name_with_signs_that_xml_forbids_leaves_the_figure_whole(fonttype: str) -> None:
    signs = "".join(map(chr, (*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)))
    figure = curves([{"epoch": 1, "train_loss": 2.0}], f"a{signs}b\ufffd\u4e2d")
    with matplotlib.rc_context({"svg.fonttype": fonttype}):
        drawn = save.render(figure, ".svg")
    ElementTree.fromstring(drawn)
    assert "ab\ufffd\u4e2d" in drawn.decode()
