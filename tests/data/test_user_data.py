from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import linnet
from linnet.config.table import TableOptions
from linnet.data.dataset import Dataset
from linnet.data.formats import picture_files, table
from linnet.data.formats.frames import read_frame
from linnet.errors import DataNotFoundError, FormatError, LinnetError
from linnet.inference.infer import infer
from tests.support.uploads import CSV, load_files, pictures, png, zipped


def read(content: bytes, name: str, *, regressions: bool = False) -> Dataset:
    """All rows of a table, whose target is classes unless it may be numbers."""
    options = TableOptions(task=None if regressions else "classification")
    found = read_frame(content, name, options)
    return table.check_table(found, name, options=options, most=table.MAX_CELLS).rows


def test_a_table_with_names() -> None:
    rows = read(CSV, "flowers.csv")
    assert rows.classes == ("a", "b")
    assert rows.X[3].tolist() == [3.0, 6.5]
    assert rows.y.tolist() == [0, 1] * 10
    assert read(CSV, "flowers.csv").columns == ("length", "width")


def test_a_table_without_names_has_its_classes_last_in_the_order_of_numbers() -> None:
    rows = read(b"1,2,10\n3,4,9\n5,6,10\n", "t.csv")
    assert rows.classes == ("9", "10")
    assert rows.y.tolist() == [1, 0, 1]
    assert rows.X.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_the_column_called_label_is_the_classes_and_pixels_are_an_image() -> None:
    rows = read(b"label,pixel0,pixel1,pixel2,pixel3\nx,0,1,2,255\ny,4,5,6,7\n", "t.csv")
    assert rows.image_shape == (2, 2)
    assert rows.X.dtype == torch.uint8
    assert rows.scale == 1 / 255
    assert rows.X[0].tolist() == [0, 1, 2, 255]


@pytest.mark.parametrize(
    "written",
    [
        "length;width;kind\n1.5;2;a\n3;4;b\n",
        "length;width;kind\n1,5;2;a\n3;4;b\n",
        "length\twidth\tkind\n1,5\t2\ta\n3\t4\tb\n",
        "\ufefflength;width;kind\r\n1,5;2;a\r\n\r\n3;4;b\r\n",
        '"length";"width";"kind"\n"1,5";2;a\n3;4;b\n',
        "\n length , width , kind \n 1.5,2, a\n3,4,b\n",
    ],
)
def test_tables_as_spreadsheets_write_them_in_many_countries(written: str) -> None:
    rows = read(written.encode(), "t.csv")
    assert rows.classes == ("a", "b")
    assert rows.X.tolist() == [[1.5, 2], [3, 4]]
    assert rows.columns == ("length", "width")


def test_signs_within_quotes_and_commas_further_down_are_seen() -> None:
    rows = read(b'a,"kind; or not"\n1,"x;y"\n2,"z;y"\n', "t.csv")
    assert rows.classes == ("x;y", "z;y")
    rows = read(b"\na;kind\n1;x\n2;y\n3,5;y\n", "t.csv")
    assert rows.X.tolist() == [[1], [2], [3.5]]


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("a;b\n1;1.104\n1,5;900,5\n", [1104, 900.5]),
        ("a;b\n1;1.100,5\n2;1.101,5\n", [1100.5, 1101.5]),
        ('a\tresponse\n2,5\t"-1.104.000"\n3,5\t1\n', [-1104000, 1]),
    ],
)
def test_points_between_thousands_are_not_read_as_decimals(written: str, values: list[float]) -> None:
    assert read(written.encode(), "t.csv", regressions=True).y.tolist() == [[value] for value in values]


def test_a_class_a_row_is_no_class() -> None:
    content = b"a,name\n" + b"".join(b"1,k%d\n" % n for n in range(20))
    with pytest.raises(FormatError, match="a value of its own, such as 'k0'"):
        read(content, "t.csv")


def test_a_comma_in_a_name_is_no_separator() -> None:
    rows = read(b"length, cm;kind\n1.5;a\n2.5;b\n", "t.csv")
    assert rows.X.tolist() == [[1.5], [2.5]]


def test_a_table_of_too_many_columns_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_COLUMNS", 2)
    with pytest.raises(FormatError, match="3 columns, more than 2"):
        read(CSV, "t.csv")


def test_a_zip_of_too_many_files_is_refused_before_its_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "MAX_FILES", 5)
    with pytest.raises(FormatError, match="20 files, more than 5"):
        load_files([("p.zip", zipped(pictures()))], "p")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a table"),
        (b"\xff\xfe\x00", "save it as “CSV UTF-8”"),
        (b"a,b\n1,x\n" * 9000 + b"\xe9,y\n", "save it as “CSV UTF-8”"),
        (b"a,b\n1,x\n2\n", "rows of fewer cells than its 2 columns: 1"),
        (b"a\n1\n", "one column"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1,x\ninf,y\n", "a is infinite in 1 row: 'inf' in row 2"),
        (b"a,b\n1,x\n2,\n", "the target b is empty in 1 row of 2"),
        (b"a,b\n,x\n,y\n", r"no column is left to predict b by: a \(it has no values\)"),
        (b"a,b\n1,x\n2,x\n", "b is 'x' in all 2 rows: expected 2…100 classes"),
        (b"a,b\n1,x\n", "the table has one row, in which b is 'x'"),
        (b"a,b\n1,x,3,4\n2,y,3,4\n", "rows of more cells"),
        (b'a,b\n"1,x\n2,y\n', "a quote that is not closed"),
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        read(content, "t.csv")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (
            b"a,b,label\n" + b"".join(b"1,%d,%d\n" % (n, n % 2) for n in range(30)) + b"3,Paris,1\n",
            "column b has numbers in 30 rows and something else in 1: 'Paris' in row 31.*--category b",
        ),
    ],
)  # fmt: skip
def test_a_refusal_says_where(content: bytes, where: str) -> None:
    with pytest.raises(FormatError, match=where):
        read(content, "t.csv")


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_other_signs_part_columns(sign: str) -> None:
    rows = read(CSV.replace(b",", sign.encode()), "flowers.csv")
    assert rows.columns == ("length", "width")
    assert rows.X[3].tolist() == [3.0, 6.5]


def test_decimal_commas() -> None:
    rows = read(b"a;b;c\n1,5;2;3,25\n-4,5;3;4\n", "t.csv", regressions=True)
    assert rows.X.tolist() == [[1.5, 2], [-4.5, 3]]
    assert rows.y.tolist() == [[3.25], [4.0]]
    assert read(b"1,5;2;x\n-4,5;3;y\n", "t.csv").X.tolist() == [[1.5, 2], [-4.5, 3]]


@pytest.mark.parametrize(
    ("target", "values", "is_regression"),
    [
        ("kind", [0, 1, 2, 1], False),
        ("kind", [0.0, 1.0, 2.0, 1.0], False),
        ("kind", [0.5, 1, 2, 1], True),
        ("kind", list(range(101)), True),
        ("kind", [*range(100), 7], False),
        ("kind", list(range(10)), True),
        ("label", [0.5, 1, 2, 1], False),
        ("Response", [0, 1, 2, 1], True),
        ("y", ["a", "b", "a", "b"], False),
    ],
)
def test_numbers_to_predict(target: str, values: list[object], is_regression: bool) -> None:
    lines = [f"a,{target}", *(f"{n},{value}" for n, value in enumerate(values))]
    content = "\n".join(lines).encode()
    rows = read(content, "t.csv", regressions=True)
    assert rows.is_classification is not is_regression
    if is_regression:
        assert rows.y.dtype == torch.float64
        assert rows.y.tolist() == [[value] for value in values]
        assert rows.columns == ("a",)


def test_where_classes_are_asked_for_numbers_are_classes() -> None:
    assert read(b"a,y\n1,0.5\n2,1.5\n", "t.csv").classes == ("0.5", "1.5")


@pytest.mark.parametrize("missing", ["", "NA", "?"])
def test_rows_without_a_target_are_left_out_and_make_no_classes_of_the_others(missing: str) -> None:
    rows = read(f"a,price\n1,2.5\n2,3.5\n3,{missing}\n".encode(), "t.csv", regressions=True)
    assert rows.y.tolist() == [[2.5], [3.5]]
    assert rows.schema is not None
    assert "1 row without price left out" in rows.schema.notes


@pytest.mark.parametrize("value", ["x", "inf"])
def test_numbers_to_predict_are_numbers(value: str) -> None:
    content = f"a,response\n1,2.5\n3,{value}\n".encode()
    with pytest.raises(FormatError, match=r"response (has no finite number|is infinite) in 1 row.*row 2"):
        read(content, "t.csv", regressions=True)


def test_a_table_of_too_many_cells_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_CELLS", 50)
    with pytest.raises(FormatError, match="more than 50"):
        read(CSV, "t.csv")


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_table_or_a_format_error(content: bytes, regressions: bool) -> None:
    try:
        rows = read(content, "t.csv", regressions=regressions)
    except LinnetError:
        return
    assert bool(rows.X.isfinite().all())


def test_pictures_in_folders_and_in_a_zip_are_the_same() -> None:
    train, test = load_files(pictures(), "p")
    assert test is not None
    assert (len(train), len(test), train.classes, train.image_shape) == (16, 4, ("dim", "lit"), (8, 8))
    again, _ = load_files([("p.zip", zipped(pictures()[::-1]))], "p")  # whatever its order
    assert again.checksum == train.checksum
    assert int(train.X[train.y == 1].max()) == 250


def test_folders_called_train_and_test_are_the_parts() -> None:
    files = [
        (path.replace("set/", "test/" if "/0" in path else "train/"), content) for path, content in pictures()
    ]
    train, test = load_files(files, "p")
    assert test is not None
    assert (len(train), len(test)) == (18, 2)


def test_pictures_stored_sideways_are_of_one_size_with_the_others() -> None:
    upright, side = np.zeros((8, 6), np.uint8), np.zeros((6, 8), np.uint8)
    upright[1, 1:5], side[1:5, 6] = 255, 255  # the first row, turned to the right, is the last column
    exif = Image.Exif()
    exif[0x0112] = 8
    plain, turned = io.BytesIO(), io.BytesIO()
    Image.fromarray(upright).save(plain, "PNG")
    Image.fromarray(side).save(turned, "PNG", exif=exif)
    files = [
        (f"{name}/{n}.png", one.getvalue()) for name in "ab" for n, one in enumerate((plain, turned) * 2)
    ]
    train, _ = load_files(files, "p")
    assert train.image_shape == (8, 6)
    assert train.X.tolist() == [upright.flatten().tolist()] * len(train)


def test_blank_pictures_to_learn_from_are_noticed() -> None:
    blank = io.BytesIO()
    Image.new("L", (8, 8)).save(blank, "PNG")
    said: list[str] = []
    train, _ = load_files([*pictures(), ("set/dim/x.png", blank.getvalue())], "p", say=said.append)
    assert said == [train.source]
    assert said[0].startswith("1 of 21 pictures have nothing on them: set/dim/x.png: nothing was seen")


def test_large_pictures_become_28_by_28() -> None:
    files = [(f"{name}/1.jpg", png(200, (100, 80), "JPEG")) for name in "ab"] * 5
    train, _ = load_files([(path.replace("1", str(n)), c) for n, (path, c) in enumerate(files)], "p")
    assert train.image_shape == (28, 28)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("a.png", png(1))], "in no folder"),
        ([("x/a.png", png(1))], "1 folders"),
        ([("x/a.png", b"no"), ("y/a.png", png(1))], "cannot be read|can be read"),
        ([("x/a.png", png(1)[:-40]), ("y/a.png", png(1))], "damaged|can be read"),
        ([("a.zip", b"PK no zip")], "not a zip"),
        ([("a.zip", zipped([("readme.txt", b"hi")]))], "no PNG"),
        ([("a.zip", zipped([("__MACOSX/x/a.png", png(1))]))], "no PNG"),
        ([("a.bin", b"")], "neither"),
    ],
)
def test_what_are_no_such_pictures_is_refused(files: list[tuple[str, bytes]], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        load_files(files, "p")


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped([("x/a.png", b"\0" * (20 << 20)), ("y/a.png", png(1))])
    assert len(bomb) < 100_000
    with pytest.raises(FormatError, match="larger than 8 MiB"):
        load_files([("bomb.zip", bomb)], "p")
    monkeypatch.setattr(picture_files, "MAX_ALL_BYTES", 1 << 20)
    with pytest.raises(FormatError, match="unpacks to 20 MiB, more than 1"):
        load_files([("bomb.zip", bomb)], "p")
    with pytest.raises(FormatError, match="more than 1 MiB of pictures"):
        load_files([("x/a.png", b"\0" * (2 << 20)), ("y/a.png", png(1))], "p")


def test_too_many_pictures_are_refused_with_their_number_where_a_zip_tells_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(picture_files, "MAX_PICTURES", 5)
    with pytest.raises(FormatError, match="20 pictures, more than 5"):
        load_files([("p.zip", zipped(pictures()))], "p")
    with pytest.raises(FormatError, match="more than 5 pictures"):
        load_files(pictures(), "p")


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("1", (5000, 5000)).save(buffer, "PNG")
    with pytest.raises(FormatError, match="25,000,000 pixels"):
        load_files([("x/a.png", buffer.getvalue()), ("y/a.png", png(1))], "p")


def test_the_library_and_the_command_line_load_it_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_bytes(CSV)
    train, test = linnet.load("flowers.csv")
    assert test is not None
    assert (len(train), len(test)) == (16, 4)
    for path, content in pictures():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    assert linnet.load("./set").train.classes == ("dim", "lit")
    with pytest.raises(DataNotFoundError, match="no data at"):
        linnet.load("nothing.csv")


def test_in_a_folder_it_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "flowers.csv").write_bytes(CSV)
    assert linnet.load("flowers.csv", "mine").train.name == "flowers.csv"
    assert linnet.load(str(tmp_path / "mine" / "flowers.csv"), "elsewhere").train.classes == ("a", "b")


def test_a_small_slope_on_a_large_response_is_not_rounded_away() -> None:
    """Exact by fractions: y = 10⁹ + 3x + e, e orthogonal to 1 and x: the slope is 3 and s² is Σe²/2 = 2."""
    e = [1, -1, -1, 1]
    lines = ["x,response", *(f"{x},{10**9 + 3 * x + e[x]}" for x in range(4))]
    rows = read("\n".join(lines).encode(), "t.csv", regressions=True)
    found = infer(linnet.solve(rows), rows)
    assert found.table.estimate.tolist() == pytest.approx([10**9, 3], rel=1e-9)
    assert found.goodness[0].sigma2 == pytest.approx(2, rel=1e-6)
