from __future__ import annotations

import bz2
import datetime
import decimal
import gzip
import io
import lzma
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.config.table import TableOptions
from linnet.data.formats import frames
from linnet.data.formats.frames import is_table, iter_frames, read_frame, to_frame
from linnet.errors import FormatError, LinnetError
from tests.support.tables import make_mixed
from tests.support.workbooks import make_ods, make_workbook


def to_bytes(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


FRAME = make_mixed(40)
CSV = FRAME.to_csv(index=False).encode()
FILES: dict[str, bytes] = {
    "t.csv": CSV,
    "t.csv.gz": gzip.compress(CSV),
    "t.tsv.bz2": bz2.compress(FRAME.to_csv(index=False, sep="\t").encode()),
    "t.txt.xz": lzma.compress(CSV),
    "t.jsonl": str(FRAME.to_json(orient="records", lines=True)).encode(),
    "t.parquet": to_bytes(lambda file: FRAME.to_parquet(file)),
    "t.feather": to_bytes(lambda file: FRAME.to_feather(file)),
}


@pytest.mark.parametrize("name", FILES)
def test_a_table_is_the_same_rows_in_every_format(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    found = linnet.load(tmp_path / name, target="price").train
    expected = linnet.load(_csv(tmp_path), target="price").train
    assert found.columns == expected.columns
    assert np.array_equal(found.X, expected.X)
    assert np.array_equal(found.y, expected.y)
    assert is_table(name)


def _csv(folder: Path) -> Path:
    path = folder / "plain.csv"
    path.write_bytes(CSV)
    return path


@pytest.mark.parametrize("name", [name for name in FILES if name.count(".") == 1])
def test_a_file_in_pieces_is_the_whole(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "CHUNK", 7)
    (tmp_path / name).write_bytes(FILES[name])
    parts = list(iter_frames(tmp_path / name))
    assert sum(map(len, parts)) == 40
    assert max(map(len, parts)) == 7
    schema = linnet.load(_csv(tmp_path), target="price").train.schema
    assert schema is not None
    whole = schema.encode(read_frame(FILES[name], name, TableOptions()).frame).X
    assert np.array_equal(np.concatenate([schema.encode(part).X for part in parts]), whole)


def test_lists_are_columns_and_odd_types_are_plain() -> None:
    frame = pd.DataFrame({
        "embedding": [np.array([k, k / 2], np.float32) for k in range(6)],
        "cost": [decimal.Decimal("1.25"), None, decimal.Decimal("2.5")] * 2,
        "is_new": [True, None, False] * 2,
        "kind": pd.Categorical(["a", "b", None] * 2),
        "day": pd.to_datetime(["2024-01-01"] * 6).date,
    })  # fmt: skip
    content = to_bytes(lambda file: frame.to_parquet(file))
    found = read_frame(content, "t.parquet", TableOptions()).frame
    assert list(found.columns[:2]) == ["embedding[0]", "embedding[1]"]
    assert found["cost"].tolist()[0] == 1.25
    assert str(found["is_new"].dtype) == "boolean"
    assert found["day"].dtype.kind == "M"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.parquet", b"PAR1 no", "cannot be read as parquet"),
        ("t.feather", b"no", "cannot be read as feather"),
        ("t.jsonl", b"{]", "not JSON lines"), ("t.csv.gz", b"no gzip", "no whole .gz file"),
        ("t.jsonl", b'{"a": {"b": 1}, "y": 2}\n', "objects within a"),
        ("t.csv.gz", FILES["t.csv.gz"][:-30], "no whole .gz file"),
    ],
)  # fmt: skip
def test_what_is_not_what_its_suffix_says_is_refused(name: str, content: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read_frame(content, name, TableOptions())


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(FormatError, match="two columns called a"):
        read_frame(b"a,a,y\n1,2,x\n2,3,z\n", "t.csv", TableOptions())


def test_a_workbooks_first_sheet_is_read_and_said_or_the_one_that_is_named() -> None:
    first, second = [["a", "label"], [1.5, "x"], [2, "y"]], [["b", "label"], [7, "p"], [8, "q"]]
    content = make_workbook({"now": first, "then": second})
    table = read_frame(content, "t.xlsx", TableOptions())
    assert table.frame["a"].tolist() == [1.5, 2]
    assert "its first sheet, now, was read, and not then: --sheet says otherwise" in table.notes
    assert read_frame(content, "t.xlsx", TableOptions(sheet="then")).frame["b"].tolist() == [7, 8]
    with pytest.raises(LinnetError, match="no sheet 'never': its sheets are now, then"):
        read_frame(content, "t.xlsx", TableOptions(sheet="never"))
    with pytest.raises(FormatError, match="cannot be read as a workbook"):
        read_frame(b"no zip", "t.xlsx", TableOptions())


@pytest.mark.parametrize("title", [["Sales of 2025"], ["Sales", "2025"]])
def test_a_title_above_the_names_in_a_workbook_is_named_with_its_row(title: list[object]) -> None:
    rows = [["a", "b", "c", "label"], [1.5, 2, 3, "x"], [2, 3, 4, "y"]]
    content = make_workbook({"now": [title, [], *rows]})
    with pytest.raises(FormatError, match=r"row 1 of the sheet now, 'Sales.*those in row 3: remove the rows"):
        read_frame(content, "t.xlsx", TableOptions())


def test_empty_rows_above_the_names_in_a_workbook_are_passed_over() -> None:
    rows = [["a", "b", "label"], [1.5, 2, "x"], [2, 3, "y"]]
    table = read_frame(make_workbook({"now": [[], [], *rows]}), "t.xlsx", TableOptions())
    assert table.frame.to_dict("list") == {"a": [1.5, 2], "b": [2, 3], "label": ["x", "y"]}
    numbered = make_workbook({"now": [["", "label"], [0, "x"], [1, "y"]]})
    assert list(read_frame(numbered, "t.xlsx", TableOptions()).frame.columns) == ["Unnamed: 0", "label"]


def test_a_workbook_of_opendocument_is_read_by_its_types() -> None:
    """A cell that shows 12 % holds 0.12 there, and so it is a number of a table as any other."""
    day = datetime.date(2024, 2, 29)
    rows: list[list[object]] = [
        ["a", "share", "sold", "label"],
        [1.5, "12%", day, "x"],
        [None, "7%", day, "y"],
    ]
    table = read_frame(make_ods({"now": rows, "then": [["b"], [1]]}), "t.ods", TableOptions())
    assert [table.frame["a"][0], math.isnan(float(table.frame["a"][1]))] == [1.5, True]
    assert table.frame["share"].tolist() == [0.12, 0.07]
    assert [str(cell)[:10] for cell in table.frame["sold"]] == ["2024-02-29"] * 2
    assert "its first sheet, now, was read, and not then: --sheet says otherwise" in table.notes


def test_a_workbook_needs_an_extra_that_the_error_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(name=name)

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(LinnetError, match=r"linnet\[excel\]"):
        read_frame(b"PK", "t.xlsx", TableOptions())


@pytest.mark.parametrize("name", ["t.csv.gz", "t.tsv.bz2", "t.txt.xz"])
def test_a_compressed_table_in_pieces_is_text(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "CHUNK", 7)
    (tmp_path / name).write_bytes(FILES[name])
    parts = list(iter_frames(tmp_path / name))
    assert [len(part) for part in parts] == [7, 7, 7, 7, 7, 5]
    assert isinstance(parts[0]["price"][0], str)
    for content in (b"none", FILES[name][:-40]):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=f"no whole .{name[-2:]}|no whole .bz2"):
            list(iter_frames(tmp_path / name))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "feather", "csv"])
def test_a_table_without_rows_is_one_frame_without_rows(suffix: str, tmp_path: Path) -> None:
    path, empty = tmp_path / f"t.{suffix}", FRAME[:0]
    write = {"parquet": empty.to_parquet, "feather": empty.to_feather,
             "csv": lambda p: empty.to_csv(p, index=False), "jsonl": lambda p: p.write_text("")}  # fmt: skip
    write[suffix](path)
    (part,) = iter_frames(path)
    assert len(part) == 0
    assert list(part.columns) in (list(FRAME.columns), [])


def test_objects_and_what_is_no_date_are_refused() -> None:
    structs = pd.DataFrame({"a": [{"b": 1}, {"b": 2}], "y": [1, 2]})
    with pytest.raises(FormatError, match="objects within a: give them"):
        read_frame(to_bytes(lambda file: structs.to_parquet(file)), "t.parquet", TableOptions())
    days = pd.DataFrame({"day": [datetime.date(2024, 1, 1), "soon"]})
    with pytest.raises(FormatError, match="day holds dates, and what"):
        to_frame(days)


def test_columns_called_alike_are_let_be_where_they_are_not_wanted(tmp_path: Path) -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "b"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert to_frame(frame, ["a"])["a"].tolist() == [1]
    assert next(iter_frames(tmp_path / "t.csv", columns=["a"]))["a"].tolist() == ["1"]
    with pytest.raises(FormatError, match="two columns called b"):
        to_frame(frame, ["b"])
    for columns in (None, ["a", "b"]):
        with pytest.raises(FormatError, match="two columns called b"):
            next(iter_frames(tmp_path / "t.csv", columns=columns))


@pytest.mark.parametrize("cells", [[True, 0.5], [True, "yes"], [decimal.Decimal("1.5"), "x"], [None, True]])
def test_cells_of_several_types_are_read_whatever_the_first_is(cells: list[object]) -> None:
    assert [str(cell) for cell in to_frame([{"a": cell} for cell in cells])["a"]][1] == str(cells[1])


def test_json_lines_may_hold_truths_beside_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"a":true,"b":{"c":1}}\n{"a":0.5,"b":1}\n')
    (part,) = iter_frames(tmp_path / "t.jsonl", columns=["a"])
    assert part["a"].tolist() == [True, 0.5]
    with pytest.raises(FormatError, match="objects within b"):
        next(iter_frames(tmp_path / "t.jsonl"))


@pytest.mark.parametrize("cells", [[None, [1, 2]], ["x", [1, 2]], ["x", {"b": 1}], ["x", b"1"]])
def test_what_is_no_cell_is_refused_behind_others_where_it_is_wanted(cells: list[object]) -> None:
    rows = [{"a": cell, "b": 1} for cell in cells]
    with pytest.raises(FormatError, match=r"lists of a|objects within a|a holds bytes"):
        to_frame(rows)
    assert to_frame(rows, ["b"])["b"].tolist() == [1, 1]


def test_numbers_of_json_lines_may_be_as_small_as_any() -> None:
    small = b'{"a": 5e-324, "b": "x"}\n\n{"a": 1e-320, "b": null}\n{"b": "\xe2\x80\xa8"}\n'
    frame = read_frame(small, "t.jsonl", TableOptions()).frame
    assert frame["a"].tolist()[:2] == [5e-324, 1e-320]
    assert frame["b"].isna().tolist() == [False, True, False]
    with pytest.raises(FormatError, match="not JSON lines"):
        read_frame(b'{"a": 5e-324}\n[1]\n', "t.jsonl", TableOptions())
