"""The benchmark of folds says what the searches that it times have found."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

Module = Callable[[str], Any]


@pytest.mark.parametrize(("ours", "said"), [(1.0005, "5e-04"), (2.0, "1e+00")])
def test_a_side_that_finds_another_loss_is_no_equal(
    module: Module,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ours: float,
    said: str,
) -> None:
    folds = module("peers_folds")
    monkeypatch.setattr(folds, "rows", lambda count: ("made up", None, None))
    losses = {"linnet": ours, "grid search": 1.0}
    sides = {side: lambda tol, loss=loss: loss for side, loss in losses.items()}
    monkeypatch.setattr(folds, "searches", lambda X, y: sides)
    monkeypatch.setattr(sys, "argv", ["peers_folds.py"])
    folds.main()
    line = next(one for one in capsys.readouterr().out.splitlines() if "beside 1.0000, linnet" in one)
    assert [cell.strip() for cell in line.split("|")][2] == said
    assert ("yes" if ours < 1.001 else "NO") in line
