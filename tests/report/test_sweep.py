from __future__ import annotations

from pathlib import Path

import pytest

import linnet
from linnet.report.blocks import Table, Text
from linnet.report.sweep import SHOWN, Swept, table


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep") / "s"
    grid = {"lr": [k / 40 for k in range(1, 41)]}
    linnet.sweep(linnet.load("digits").train, grid, epochs=1, show=False, report=False, out=folder)
    return folder


def test_settings_that_are_left_out_are_counted(swept: Path) -> None:
    rows, note = table(Swept(swept, "en"))
    assert isinstance(rows, Table)
    assert isinstance(note, Text)
    assert len(rows.rows) == SHOWN == 30
    assert note.text == "These are the best 30 of 40 settings, 10 are left out: all are in table.csv."


def test_of_one_fold_there_is_no_column_of_standard_errors(swept: Path) -> None:
    rows = table(Swept(swept, "en"))[0]
    assert isinstance(rows, Table)
    assert "standard error" not in rows.heads
    assert not any(cell == "–" for row in rows.rows for cell in row)
