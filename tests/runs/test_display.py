from __future__ import annotations

import pytest

from linnet.config import Recipe
from linnet.data.dataset import Dataset
from linnet.runs.display import LiveFigure
from linnet.train.fit import fit


def test_live_figure_is_one_display_that_is_updated(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, picture: object) -> None:
            shown.append("update")

    def display(picture: object, display_id: bool) -> Handle:
        shown.append("display")
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    fit(blobs, Recipe(epochs=3), callbacks=[LiveFigure()])
    assert shown == ["display", "update", "update"]
