from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len

from linnet.cli.columns import draw
from tests.support.commands import call

ROWS = 40


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    pd.DataFrame({
        "物种": ["企鹅", "企鹅", "海豹", "海狮"] * 10, "mass": [1.5, 2.5, "", 4.5] * 10,
        "day": [f"2024-01-{1 + row:02}" for row in range(20)] * 2, "always": ["x"] * ROWS,
        "sex": ["f", "m", "", "f"] * 10, "red\x1b[31m": [7] * ROWS,
        "y": [row / 8 for row in range(ROWS)],
    }).to_csv(path, index=False)  # fmt: skip
    return path


def test_columns_are_shown_with_counts_shares_ends_and_a_figure_each(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("data", "show", str(table), "--split", "none") == 0
    shown = capsys.readouterr().out.splitlines()[-8:]
    head, species, mass, day, always, sex, red, y = (line.rstrip() for line in shown)
    assert head.split() == ["column", "kind", "missing", "different", "becomes", "values"]
    assert species.endswith("企鹅 50.0%, 海豹 25.0%, 海狮 25.0%")
    assert mass.endswith("1.5 █▁▁▁█▁▁▁▁▁▁█ 4.5")
    assert "10 (25.0%) → 2.5" in mass
    assert day.split()[-3::2] == ["2024-01-01", "2024-01-20"]
    assert always.endswith("it is always 'x'")
    assert "10 (25.0%) → (missing)" in sex
    assert sex.endswith("f 66.7%, m 33.3%")
    assert red.startswith("red [31m")
    assert red.endswith("always 7")
    assert y.split()[-3::2] == ["0", "4.875"]


def test_parts_stand_below_each_other_whatever_the_width_of_characters(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("data", "show", str(table)) == 0
    lines = capsys.readouterr().out.splitlines()[-8:]
    kinds = ["kind", "category", "number", "date", "left out", "category", "number", "target"]
    starts = {cell_len(line[: line.index(kind)]) for line, kind in zip(lines, kinds, strict=True)}
    assert len(starts) == 1


def test_columns_as_json(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "show", str(table), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["target"], found["task"]) == (ROWS, "y", "regression")
    columns = {one["name"]: one for one in found["columns"]}
    assert columns["day"]["figure"]["ends"] == ["2024-01-01", "2024-01-20"]
    assert columns["mass"]["missing"] == 0.25
    assert columns["物种"]["figure"] == {
        "counts": [20, 10, 10], "levels": ["企鹅", "海豹", "海狮"], "ends": None, "others": 0,
    }  # fmt: skip
    assert call("data", "show", "digits", "--json") == 2


def test_bars_are_as_high_as_counts_and_only_what_is_empty_is_lowest() -> None:
    assert draw([0, 1, 500, 1000]) == "▁▂▅█"
    assert draw([3]) == "█"
