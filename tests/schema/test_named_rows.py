"""Rows are named as they stand in the file, whatever has been left out above them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linnet
from linnet.errors import FormatError
from linnet.schema.named_rows import NamedRows, keep_rows, name_row, naming_rows

ROWS = 30
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "target": ("inf", {"target": "price", "task": "regression"}),
    "number": ("inf", {"target": "price"}),
    "asked": ("much", {"target": "price", "number": "size"}),
    "mixed": ("much", {"target": "price"}),
    "units": ("3 kg", {"target": "price"}),
    "weights": ("none", {"target": "price", "sample_weight": "weight"}),
    "formula": ("0", {"formula": "price ~ log(size)"}),
}
PLACE = {"target": 3, "weights": 2}


def write(path: Path, fault: str, column: int, *, end: str = "\n") -> tuple[int, int]:
    """A table with a fault in one row; its count, and the line on which an editor shows it."""
    lines, found = ["# from the field", "", "name,size,weight,price"], (0, 0)
    for row in range(1, ROWS + 1):
        cells = [f"n{row}", f"{row * 7 % 31}.5", "1", f"{row % 17 + row / 64}"]
        if row == 2:
            cells[0] = '"of\n\ntwo"'
        if row == 4:
            cells[3] = ""  # a row without a target is left out
        if row == 5:
            lines.append("")
        if row == 9:
            cells[column], found = fault, (row, 1 + "\n".join(lines).count("\n") + 1)
        lines.append(",".join(cells))
    path.write_bytes((end.join(lines) + end).encode())
    return found


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_bad_cell_is_named_by_its_row_and_by_its_line(tmp_path: Path, kind: str, end: str) -> None:
    fault, options = FAULTS[kind]
    row, line = write(tmp_path / "t.csv", fault, PLACE.get(kind, 1), end=end)
    with pytest.raises(FormatError, match=re.escape(f"row {row} (line {line} of the file)")):
        linnet.load(tmp_path / "t.csv", ignore="name", **options)


def test_lines_are_not_told_where_they_are_not_known(tmp_path: Path) -> None:
    import pandas as pd

    fault, options = FAULTS["asked"]
    write(tmp_path / "t.csv", fault, 1)
    frame: Any = pd.read_csv(tmp_path / "t.csv", skiprows=1)
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(FormatError) as caught:
        linnet.load(tmp_path / "t.parquet", ignore="name", **options)
    assert "row 9" in str(caught.value)
    assert "(line" not in str(caught.value)


def test_rows_of_a_frame_are_named_as_they_stand_in_it() -> None:
    import pandas as pd

    frame = pd.DataFrame({"size": np.arange(1.0, 41), "price": np.arange(40.0) % 7})
    frame.loc[3, "price"], frame.loc[30, "size"] = np.nan, 0.0
    with pytest.raises(FormatError, match="in row 31: leave such rows out"):
        linnet.load(frame, formula="price ~ log(size)")


def test_rows_are_counted_from_the_first_of_those_that_were_there() -> None:
    assert name_row(4) == "row 5"
    with naming_rows(NamedRows(lambda: range(10, 2000))):
        assert name_row(0) == "row 1 (line 10 of the file)"
        keep_rows(np.arange(1990) % 2 == 1)
        keep_rows(np.arange(995) > 0)
        assert name_row(0) == "row 4 (line 13 of the file)"
        assert name_row(800) == "row 1,604 (line 1,613 of the file)"
    assert name_row(4) == "row 5"
