from __future__ import annotations

import gzip
import io
from pathlib import Path

import pandas as pd
import pytest

from linnet.config.table import TableOptions
from linnet.data.formats.text_stream import iter_text
from linnet.data.formats.text_table import read_text
from linnet.errors import FormatError


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_rows_come_some_at_a_time_as_the_whole_has_them(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(("sep=;\n面积;城市\n" + "".join(f"{k};北京\n" for k in range(25))).encode(encoding))
    parts = list(iter_text(path, TableOptions(), 10))
    assert [len(part) for part in parts] == [10, 10, 5]
    assert [cell for part in parts for cell in part["面积"]] == [str(k) for k in range(25)]


def in_pieces(
    path: Path, text: str | bytes, columns: list[str] | None = None, rows: int = 10, **options: object
) -> list[pd.DataFrame]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(iter_text(path, TableOptions(**options), rows, columns))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["a,b\n1,2,3\n", "a,b\n1,2\n1,2,3\n", "a,b\n1,2\n1,2\n1,2,3\n"])
def test_a_longer_row_is_refused_wherever_it_stands(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError, match="rows of more cells than its"):
        in_pieces(tmp_path / "t.csv", text, rows=2)


@pytest.mark.parametrize("before", ["", "\n", ",\n", '\r\n"",""\r\n'])
def test_lines_without_text_before_the_header_are_let_be(tmp_path: Path, before: str) -> None:
    text = before + 'a,"b\nc"\n1,x\n2,y\n'
    (part,) = in_pieces(tmp_path / "t.csv", text)
    assert (list(part.columns), part["a"].tolist()) == (["a", "b\nc"], ["1", "2"])
    assert read_text(text.encode(), "t.csv", TableOptions()).frame["a"].tolist() == [1, 2]


def test_comments_above_the_names_are_passed_over(tmp_path: Path) -> None:
    (part,) = in_pieces(tmp_path / "t.csv", "# by probe 7\r\n# and, another\r\na,b\r\n1,x\r\n2,y\r\n")
    assert part.to_dict("list") == {"a": ["1", "2"], "b": ["x", "y"]}


def test_a_first_line_with_all_expected_columns_names_them(tmp_path: Path) -> None:
    text = "1100,1102,kind\n0.5,0.25,oak\n"
    (part,) = in_pieces(tmp_path / "t.csv", text, ["1102", "kind"])
    assert part["kind"].tolist() == ["oak"]
    (part,) = in_pieces(tmp_path / "t.csv", "1,2\n3,4\n", ["2"], header=False)
    assert part["2"].tolist() == ["4"]


def test_a_line_of_counts_is_no_row_in_pieces_either(tmp_path: Path) -> None:
    (part,) = in_pieces(tmp_path / "t.csv", "3,2,cat,dog\n1.5,2,0\n2.5,1,1\n3.5,0,0\n")
    assert part["column 1"].tolist() == ["1.5", "2.5", "3.5"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_long_files_in_pieces_whatever_character_the_sample_ends_in(tmp_path: Path, encoding: str) -> None:
    for shift in range(3):
        text = "数,市\n" + "x" * shift + "1,北京\n" + "2,上海市\n" * 20_000
        parts = in_pieces(tmp_path / "t.csv", text.encode(encoding), rows=1 << 16)
        assert sum(map(len, parts)) == 20_001


def test_a_header_longer_than_the_sample(tmp_path: Path) -> None:
    names = [f"a rather long name {k}" for k in range(5000)]
    text = ",".join(names) + "\n" + ",".join(map(str, range(5000))) + "\n"
    (part,) = in_pieces(tmp_path / "t.csv", text)
    assert list(part.columns) == names


def test_a_table_of_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    (part,) = in_pieces(tmp_path / "t.csv", "a,b\n")
    assert (list(part.columns), len(part)) == (["a", "b"], 0)


SHORT = "fewer cells than its 3 columns: 1, the first is row 4"


@pytest.mark.parametrize("last", ["1,2", "1", '1,"2\n3"', '"1,2",3'])
def test_a_shorter_row_is_refused_by_its_number_as_in_training(tmp_path: Path, last: str) -> None:
    text = f"a,b,c\n1,2,3\n\n4,5,\n6,7,8\n{last}\n"
    with pytest.raises(FormatError, match=SHORT):
        in_pieces(tmp_path / "t.csv", text, rows=2)
    with pytest.raises(FormatError, match=SHORT):
        read_text(text.encode(), "t.csv", TableOptions())
    with pytest.raises(FormatError, match=SHORT):
        list(iter_text(io.BytesIO(text.encode()), TableOptions(), 2))


def test_cells_that_are_empty_at_the_end_of_rows_are_no_shorter_rows(tmp_path: Path) -> None:
    parts = in_pieces(tmp_path / "t.csv", "sep=;\na;b;c\n1;2;3\n4;5;\n;;\n", rows=2)
    assert [row for part in parts for row in part.to_numpy().tolist()] == [
        ["1", "2", "3"], ["4", "5", ""], ["", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("encoding", "fault"), [("utf-8", b"1,caf\xe9\n"), ("gb18030", "2,市".encode("gb18030") + b"\x81\n")]
)
def test_another_encoding_late_in_a_file_is_named_by_its_byte(
    tmp_path: Path, encoding: str, fault: bytes, is_packed: bool
) -> None:
    before = ("数,市\n" + "1,北京\n" * 200_000).encode(encoding)
    content = before + fault + b"3,x\n" * 9
    with pytest.raises(UnicodeDecodeError) as expected:
        content.decode(encoding)
    path = tmp_path / ("t.csv.gz" if is_packed else "t.csv")
    path.write_bytes(gzip.compress(content, 1) if is_packed else content)
    with pytest.raises(FormatError, match=rf"at byte {expected.value.start:,}\).*--encoding"):
        list(iter_text(path, TableOptions(), 1 << 16))
