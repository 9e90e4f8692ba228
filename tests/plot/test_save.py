from __future__ import annotations

import sys
from types import SimpleNamespace

import matplotlib
import pytest

from linnet.plot import save


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
