from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.config.table import TableOptions
from linnet.data.formats.odd_rows import RETURN, odd_rows
from linnet.data.formats.text_stream import iter_text
from linnet.data.formats.text_table import read_text
from linnet.errors import FormatError

WHOLE = st.sampled_from(["1,2,3", "4,5,", '"a\nb",5,6', '7,"8\n\n9",10', '"say ""x""",1,2'])


def refusals(text: str) -> set[str]:
    """What each reader says against a table."""
    said = set[str]()
    for read in (
        lambda: read_text(text.encode(), "t.csv", TableOptions()),
        lambda: list(iter_text(io.BytesIO(text.encode()), TableOptions(), 2)),
    ):
        with pytest.raises(FormatError) as caught:
            read()
        said.add(str(caught.value).replace("the standard input", "t.csv"))
    return said


@given(
    st.lists(WHOLE | st.just(""), max_size=6),
    st.sampled_from(["1,2", "1,2,3,4"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_an_odd_row_is_named_by_its_count_and_by_the_line_that_an_editor_shows(
    above: list[str], odd: str, end: str
) -> None:
    text = "".join(row + end for row in ["# from the field", "", "a,b,c", *above, odd, "1,2,3"])
    row = 1 + sum(map(bool, above))
    line = 1 + text[: text.rindex(f"\n{odd}{end}") + 1].count("\n")
    (said,) = refusals(text)
    assert f"the first is row {row} (line {line} of the file)" in said
    assert "return" not in said


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("cut", "row"), [("5\r,6,7", 2), ("5,6,7\r8", 3), ("5,x\ry,7", 2)])
def test_a_carriage_return_by_itself_is_named_as_the_cause(cut: str, row: int, end: str) -> None:
    (said,) = refusals(end.join(["a,b,c", "1,2,3", cut, "8,9,10", ""]))
    assert f"the first is row {row} (line {row + 1} of the file). A {RETURN}" in said


def test_a_carriage_return_in_quotes_or_at_each_end_is_no_fault() -> None:
    for text in ('a,b\r\n1,"x\ry"\r\n2,z\r\n', "a,b\r1,x\r2,z\r"):
        assert read_text(text.encode(), "t.csv", TableOptions()).frame.shape == (2, 2)
    said = str(odd_rows(io.StringIO("1,2\r3\r4,5\r", newline=""), ",", 2, 1)[1][0].cause)
    assert said == ""


def test_names_that_a_carriage_return_cuts_are_refused() -> None:
    text = b"a,b\r,c\r\n1,2,3\r\n4,5,6\r\n"
    with pytest.raises(
        FormatError, match=re.escape(f"the names of the columns of t.csv are cut in two: a {RETURN}")
    ):
        read_text(text, "t.csv", TableOptions())


def test_lines_of_a_packed_file_are_those_of_what_is_in_it(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"sep=;\na;b\n1;2\n3\n"))
    with pytest.raises(FormatError, match=r"row 2 \(line 4 of the file\)"):
        list(iter_text(path, TableOptions(), 10))
