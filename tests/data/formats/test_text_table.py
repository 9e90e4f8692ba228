from __future__ import annotations

import csv

import pandas as pd
import pytest

from linnet.config.table import TableOptions
from linnet.data.formats.encoding import encoding_of
from linnet.data.formats.text_table import read_text
from linnet.errors import FormatError


def read(text: str | bytes, **options: object) -> pd.DataFrame:
    content = text.encode() if isinstance(text, str) else text
    return read_text(content, "t.csv", TableOptions(**options)).frame  # type: ignore[arg-type]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_cells_stand_between_signs_that_every_row_has(sign: str) -> None:
    frame = read(sign.join(("a", "b", "c")) + "\n" + sign.join(("1", "x, y" if sign != "," else "x", "2")))
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame.iloc[0].tolist()[::2] == [1.0, "2"]


def test_columns_of_old_files_stand_between_spaces() -> None:
    assert read("  1.0   2.5  x\n  3.0  -1.5  y\n").iloc[1].tolist() == [3.0, -1.5, "y"]


def test_a_line_may_name_the_separator() -> None:
    assert list(read("sep=;\r\na;b\r\n1;2,5\r\n").columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        ("# by probe 7\n", 1),
        ("\ufeff# by probe 7, 2024\r\n#\n", 2),
        ("# a, 7 b, c d\n", 1),
        ("#\n# 1;2\n", 2),
    ],
)
def test_comments_above_the_names_are_passed_over_and_said(above: str, lines: int) -> None:
    text = above + "length,width,kind\n1.5,2,a\n2.5,3,b\n"
    table = read_text(text.encode(), "t.csv", TableOptions())
    assert table.frame.to_dict("list") == {"length": [1.5, 2.5], "width": [2, 3], "kind": ["a", "b"]}
    assert table.notes == (f"lines above the table that begin with # are passed over: {lines}",)


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        ("#tag,n\na,1\nb,2\n", ["#tag", "n"], "a"),
        ("#a,1\n#b,2\n#a,3\n#b,1\n", ["column 1", "column 2"], "#a"),
        ("#tag,n\n#a,1\n#b,2\n", ["#tag", "n"], "#a"),
    ],
)
def test_names_and_cells_may_begin_with_the_sign_of_comments(
    text: str, columns: list[str], first: str
) -> None:
    frame = read(text, header=columns[0] == "#tag")
    assert (list(frame.columns), frame.iloc[0, 0]) == (columns, first)


@pytest.mark.parametrize("text", ["# a b c\n1 2 x\n3 4 y\n", "# note\n# a b c\n1 2 x\n"])
def test_a_comment_that_could_be_the_names_is_an_error(text: str) -> None:
    with pytest.raises(FormatError, match=r"the line '# a b c' of t\.csv name the columns"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "#id,city,value\na1,Rome,NA\na2,Oslo,5\n",
        "# id,city,value\na1,Rome,\na2,Oslo,5\n",
        "#a,b\nx,y\nz,5\n",
    ],
)
def test_a_comment_as_long_as_what_may_be_a_row_is_an_error(text: str) -> None:
    with pytest.raises(
        FormatError, match=r"does the line '# ?(id,city,value|a,b)' of t\.csv name the columns"
    ):
        read(text)


def test_a_comment_between_the_rows_is_a_short_row() -> None:
    with pytest.raises(FormatError, match="fewer cells than its 3 columns: 1, the first is row 2"):
        read("a,b,c\n1,2,x\n# calibrated\n3,4,y\n")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a,b\n1,x\n2,y\n", ["a", "b"]),
        ("1,2,x\n3,4,y\n5,6,x\n", ["column 1", "column 2", "column 3"]),
        ("1100,1102,kind\n0.5,0.25,oak\n0.1,0.2,pine\n0.3,0.4,oak\n", ["1100", "1102", "kind"]),
        ("2019,2020,total\n1,2,3\n4,5,9\n", ["2019", "2020", "total"]),
        ('"","a","b"\n"1",0.5,"x"\n"2",0.25,"y"\n', ["Unnamed: 0", "a", "b"]),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n6.3,2.9,virginica\n", ["column 1", "column 2", "column 3"]),
    ],
)
def test_whether_the_first_line_names_the_columns(text: str, columns: list[str]) -> None:
    assert list(read(text).columns) == columns


def test_where_names_cannot_be_told_from_a_row_it_is_refused_with_the_flag() -> None:
    text = "1100,ash\n0.5,oak\n0.1,pine\n"
    with pytest.raises(FormatError, match="--header or --no-header"):
        read(text)
    assert list(read(text, header=True).columns) == ["1100", "ash"]
    assert len(read(text, header=False)) == 3


def test_a_first_line_of_counts_names_the_classes() -> None:
    table = read_text(b"3,2,cat,dog\n1.5,2,0\n2.5,1,1\n3.5,0,0\n", "t.csv", TableOptions())
    assert table.classes == ("cat", "dog")
    assert table.frame.shape == (3, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_chinese_table_in_the_encodings_that_spreadsheets_save(encoding: str) -> None:
    table = read_text("面积,城市\n90.5,北京\n60,上海\n".encode(encoding), "t.csv", TableOptions())
    assert table.frame["城市"].tolist() == ["北京", "上海"]
    assert ("it is text in" in " ".join(table.notes)) == (encoding in ("utf-16", "gb18030"))


def test_an_encoding_that_cannot_be_told_is_refused_with_the_flag() -> None:
    content = "naïve,b\n1,é\n2,ü\n".encode("latin-1")
    with pytest.raises(FormatError, match="--encoding latin-1"):
        read(content)
    assert read(content, encoding="latin-1")["b"].tolist() == ["é", "ü"]
    for encoding in ("ascii", "klingon"):
        with pytest.raises(FormatError, match=f"not text in {encoding}"):
            read(content, encoding=encoding)


def test_gaps_are_gaps_in_numbers_and_stay_as_they_are_in_text() -> None:
    frame = read("a,b\n1,NA\n,\nNA,x\n?,y\n")
    assert frame["a"].isna().tolist() == [False, True, True, True]
    assert frame["b"].tolist() == ["NA", "", "x", "y"]


def test_numbers_keep_every_digit() -> None:
    assert read("a,b\n0.1000000000000000055511151231257827,x\n123456789.123456789,y\n")["a"].tolist() == [
        0.1, 123456789.123456789,
    ]  # fmt: skip


def test_what_no_sample_shows_is_read_from_the_whole_column() -> None:
    rows = "".join(f"{k},{k % 90 + 10},x\n" for k in range(3000))
    frame = read("a,code,b\n" + rows + "red,07,y\n")
    assert frame["a"].iloc[-1] == "red"
    assert frame["code"].iloc[-1] == "07"


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "empty"), ("a\n1\n", "one column"), ("Sales\na;b\n1;2\n", "first line, 'Sales', is a title"),
     ("a,b\n1,2,3\n", "more cells"), ('a,b\n1,"x\n', "quote that is not")],
)  # fmt: skip
def test_what_is_no_table_is_refused(text: str, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read(text)


@pytest.mark.parametrize(
    "text", ["Stadt,y\nMünchen,1\n", "Straße,y\n1,2\n", "T (°C),y\n1,2\n", "Größe,y\n1,2\n"]
)
def test_western_letters_are_not_taken_for_rare_chinese_characters(text: str) -> None:
    assert text.encode("latin-1").decode("gb18030")  # as which they can be read
    with pytest.raises(FormatError, match="--encoding latin-1 or gb18030"):
        encoding_of(text.encode("latin-1"), "t.csv")


@pytest.mark.parametrize("text", ["城市,面积\n北京,70㎡\n", "温度（℃）,y\n3,1\n", "品种,①\n鸢尾,2\n"])
def test_chinese_texts_with_units_are_told(text: str) -> None:
    assert encoding_of(text.encode("gb18030"), "t.csv") == "gb18030"


def test_categories_and_numbers_with_points_between_thousands_are_read_as_text() -> None:
    assert read("a,b\n1.50,x\n2,y\n", category=("a",))["a"].tolist() == ["1.50", "2"]
    assert read("a;b\n1.234;x\n2.345;y\n")["a"].tolist() == ["1.234", "2.345"]
    assert read("a,b\n1.234,x\n2,y\n", decimal=",")["a"].tolist() == ["1.234", "2"]
    assert read("a,b\n1.234,x\n2,y\n")["a"].tolist() == [1.234, 2.0]


def test_bars_and_semicolons_in_some_lines_separate_nothing() -> None:
    text = "id,note|s,y\n1,a|b,x\n2,c,z\n3,d|e|f,x\n"
    assert list(read(text).columns) == ["id", "note|s", "y"]
    assert read('a;b\n1;"x\n; y"\n2;z\n')["b"].tolist() == ["x\n; y", "z"]


def test_a_first_line_that_is_taken_as_a_row_is_said() -> None:
    content = b"2001,2002,2003\n1,2,3\n2,5,9\n"
    assert "is taken as a row: --header" in read_text(content, "t.csv", TableOptions()).notes[0]
    for header in (True, False):
        assert not read_text(content, "t.csv", TableOptions(header=header)).notes


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("red,round\nblue,long\nred,long\nblue,round\n", ["column 1", "column 2"]),
        ("colour,shape\nblue,long\nred,long\nblue,round\n", ["colour", "shape"]),
    ],
)
def test_a_row_of_words_that_come_again_names_nothing(text: str, columns: list[str]) -> None:
    table = read_text(text.encode(), "t.csv", TableOptions())
    assert list(table.frame.columns) == columns
    assert bool(table.notes) == (columns[0] == "column 1")


def test_words_above_words_are_refused_or_said_where_nothing_tells() -> None:
    with pytest.raises(FormatError, match=r"Some of its words stand below, too.*--header or --no-header"):
        read("ann,red\nbob,red\neve,blue\n")
    (note,) = read_text(b"ann,red\nbob,blue\n", "t.csv", TableOptions()).notes
    assert "ann, red …, is taken as names of columns: --no-header" in note


@pytest.mark.parametrize("text", ["a,b,c\n1,2,x\n\n1,2\n3,4,y\n", 'a,b,c\n1,"2""",x\n1,"2"\n'])
def test_a_row_that_is_too_short_is_named(text: str) -> None:
    with pytest.raises(FormatError, match="fewer cells than its 3 columns: 1, the first is row 2"):
        read(text)


@pytest.mark.parametrize("gap", ["", "NA", "?"])
def test_a_gap_in_the_first_line_does_not_make_it_names(gap: str) -> None:
    text = f"{gap},x,p\n1.5,y,q\n3.0,z,p\n2.5,x,q\n"
    assert len(read(text)) == 4
    with pytest.raises(FormatError, match="--header or --no-header"):
        read(text.replace("2.5,x", "2.5,y"))


def test_names_may_stand_behind_an_empty_cell() -> None:
    assert list(read(",a,b\n0,x,1\n1,y,2\n").columns) == ["Unnamed: 0", "a", "b"]
    assert len(read(",0,1\n0,1.5,2\n1,2.5,3\n")) == 2


@pytest.mark.parametrize("row", [0, 1200], ids=["first", "late"])
@pytest.mark.parametrize("quote", ["", '"'], ids=["bare", "quoted"])
def test_a_cell_may_be_longer_than_the_module_csv_takes_unasked(row: int, quote: str) -> None:
    limit, long = csv.field_size_limit(), "word " * 40_000
    said = [*["good bread"] * row, long, *["bad bread"] * 9]
    frame = read("said,y\n" + "\n".join(f"{quote}{text}{quote},1.5" for text in said))
    assert frame["said"].iloc[row].strip() == long.strip()
    assert len(frame) == len(said)
    assert csv.field_size_limit() == limit
