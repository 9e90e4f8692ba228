from __future__ import annotations

import pandas as pd
import pytest

from linnet.config.table import TableOptions
from linnet.data.formats.text_table import read_text
from linnet.schema.infer import infer_schema
from linnet.schema.schema import Schema


def infer(header: str, rows: list[str], separator: str = ",") -> Schema:
    lines = [header, *rows]
    content = "".join(f"{line}{separator}{'xy'[k % 2]}\n" for k, line in enumerate(lines[1:]))
    content = f"{header}{separator}label\n{content}"
    return infer_schema(read_text(content.encode(), "t", TableOptions()).frame, TableOptions(target="label"))


@pytest.mark.parametrize(
    ("header", "rows", "separator", "words"),
    [
        ("a,ok", ["1,yes", "2,no", "3,1", "4,0"], ",", "ok has 0, 1 beside yes and no: 1 is taken as yes"),
        ("a,sold", ["1,45321", "2,45400"], ",", "sold looks like"),
        ("a,date", ["1,45321", "2,45400"], ",", "date looks like a spreadsheet's days since 1899-12-30"),
        ("a;b", ["1.234;1", "12.500;2"], ";", "a has 1.234: its points are taken as decimal ones"),
        ("name,b", ["a,1", "b,2", "c,3", "Total,6"], ",", "row 4 has 'Total' in name and looks like a sum"),
        ("城市,b", ["北京,1", "上海,2", "广州,3", "合计,6"], ",", "row 4 has '合计' in 城市"),
    ],
)
def test_what_could_mean_something_else_is_said(
    header: str, rows: list[str], separator: str, words: str
) -> None:
    said = [note for note in infer(header, rows, separator).notes if note.startswith(words)]
    assert bool(said) == (words != "sold looks like")


def test_a_level_called_total_is_no_sum() -> None:
    frame = pd.DataFrame({"part": pd.Categorical(["total", "half"] * 10), "label": ["x", "y"] * 10})
    assert not infer_schema(frame, TableOptions(target="label")).notes
