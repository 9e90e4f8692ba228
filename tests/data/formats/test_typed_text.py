from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linnet.config.table import TableOptions
from linnet.data.formats import text_table, typed_text
from linnet.data.formats.text_table import read_text
from linnet.data.formats.typed_text import Marks
from linnet.errors import FormatError
from linnet.schema.fit import fit_schema
from linnet.schema.infer import infer_schema

TRAPS = [
    "007", "7", "1,234", "1.234", "1.000", " 5", "5 ", "+5", "-0", "0x10", "inf", "1e400", "1e5", ".5", "5.",
    "12345678901234567890", "9007199254740993", "true", "false", "yes", "no", "2024-01-31", "25/03/2024",
    "NA", " NA", "nan", "NaN", "none", "?", "-", "", "1,5", "12 %", "$9", "$ 9", "red", "a \"b\"", "x\ny",
    "1 234", "１２", "-3", "0.1000000000000000055511151231257827", "5'11\"",
]  # fmt: skip
PLAIN = ["1", "2", "-3", "4.5", "1e5", "100"]


def outcome(content: bytes, options: TableOptions) -> tuple[object, ...]:
    """What a table becomes: its schema, and the numbers, or the words of the error."""
    try:
        table = read_text(content, "t.csv", options)
        schema = fit_schema(infer_schema(table.frame, options), table.frame)
        X, _ = schema.encode(table.frame)
    except FormatError as error:
        return (str(error),)
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    return schema.to_json(), dense.tobytes(), table.classes, table.notes


def by_text(content: bytes, options: TableOptions) -> tuple[object, ...]:
    """The same where every cell is read as text, by pandas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_table, "plain_columns", lambda layout, options: (set(), set()))
        patch.setattr(text_table, "read_typed", lambda *values: None)
        return outcome(content, options)


def to_text(rows: Sequence[Sequence[str]], separator: str) -> bytes:
    frame = pd.DataFrame(rows, columns=["a", "b", "label"])
    return frame.to_csv(index=False, sep=separator).encode()


CELL = st.one_of(st.sampled_from(PLAIN), st.sampled_from(PLAIN), st.sampled_from(TRAPS))
ROWS = st.lists(st.tuples(CELL, CELL, st.sampled_from("xy")), min_size=3, max_size=14)
BLOCKS = st.integers(60, 400)
OPTIONS = st.sampled_from([{}, {"decimal": ","}, {"decimal": "."}])


@given(ROWS, st.sampled_from(",;\t"), OPTIONS, st.integers(1, 8))
@example([("1", "2", "x"), ("2", "3", "y"), ("0x10", "3", "x")], ";", {}, 1)
@example([("1", "2", "x"), ("2", "3", "y"), ("1.000", "3", "x")], ";", {"decimal": ","}, 1)
@example([("1", "2", "x"), ("2", "3", "y"), ("1e400", "3", "x")], ",", {}, 1)
@example([("1", "2", "x"), ("2", "9007199254740993", "y"), ("1", "3", "x")], ",", {}, 1)
def test_typed_columns_are_read_as_their_text_would_be(
    rows: list[tuple[str, ...]], separator: str, options: dict[str, str], sample: int
) -> None:
    content, said = to_text(rows, separator), TableOptions(target="label", **options)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("linnet.data.formats.layout.SAMPLE", sample + 2)
        assert outcome(content, said) == by_text(content, said)


@pytest.mark.parametrize(
    "text",
    ['a,b\n1,"x\n', 'a,b\n"1,x\n', 'a,b\n1, "x, y"\n', 'a,b\n1,"x""y"\n', 'a,b\n1,"x\ny"\n2,z\n',
     'a,b\n1,x"y\n', "a,b\n1,x\r2,y\r", "a,b\n 1 , x\n", "a,b\n1\n", "a,b\n1,\0\n", "a b\n1 2\n"],
)  # fmt: skip
def test_what_arrow_takes_for_something_else_is_read_by_pandas(text: str) -> None:
    def cells(content: bytes) -> object:
        try:
            return read_text(content, "t.csv", TableOptions()).frame.astype(str).to_dict("list")
        except FormatError as error:
            return str(error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_table, "read_typed", lambda *values: None)
        expected = cells(text.encode())
    assert cells(text.encode()) == expected


def test_a_file_is_read_as_its_bytes(tmp_path: Path) -> None:
    content = "\ufeffa,b\n1,x\n2.5,y\n".encode()
    (tmp_path / "t.csv").write_bytes(content)
    frame = read_text(tmp_path / "t.csv", "t.csv", TableOptions()).frame
    assert frame.equals(read_text(content, "t.csv", TableOptions()).frame)
    assert frame["a"].dtype == np.float64
    assert str(frame["b"].dtype) == "category"


def test_marks_are_found_across_the_pieces_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.data.formats.typed_text.PIECE", 2)
    found = Marks.of(b'"a"b0x1\0', has_whole=True)
    assert dataclasses.astuple(found) == (2, 1, True, True)
    assert Marks.of(b"10,1 0 x", has_whole=True) == Marks(lines=1)


def test_ids_of_many_digits_keep_them() -> None:
    rows = "".join(f"{9007199254740992 + k},{k},x\n" for k in range(12))
    frame = read_text(b"key,a,b\n" + rows.encode(), "t.csv", TableOptions()).frame
    assert frame["key"].tolist()[1] == "9007199254740993"


@given(st.lists(st.sampled_from(["x", "x\ny", "a b\n", "x,y", "\n\n"]), min_size=20, max_size=40), BLOCKS)
@example(["x\ny"] * 20, 60)  # which Arrow reads otherwise, and without an error, unless it is told of breaks
@example(["x\ny", "x"] * 10, 60)
def test_rows_over_several_lines_are_whole_wherever_a_block_ends(texts: list[str], block: int) -> None:
    frame = pd.DataFrame({"text": texts, "a": range(len(texts))})
    content = frame.to_csv(index=False).encode()
    start = content.index(b"\n") + 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typed_text, "BLOCKS", (block, block))
        read = typed_text.read_typed(content, start, list(frame), ",", {1}, set())
    assert read is not None
    assert read["text"].tolist() == texts
    assert read["a"].tolist() == frame["a"].tolist()
