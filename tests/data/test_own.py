from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import linnet
from linnet.data import labelled_pictures, own, table
from linnet.errors import DataNotFoundError, FormatError, LinnetError


def png(shade: int, size: tuple[int, int] = (8, 8), form: str = "PNG") -> bytes:
    """A picture with a dark border and a middle of a shade."""
    pixels = np.zeros(size, np.uint8)
    pixels[2:-2, 2:-2] = shade
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def pictures(each: int = 10) -> list[tuple[str, bytes]]:
    return [
        (f"set/{name}/{n}.png", png(shade))
        for name, shade in (("dim", 90), ("lit", 250))
        for n in range(each)
    ]


def zipped(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files:
            archive.writestr(path, content)
    return buffer.getvalue()


CSV = b"length,width,kind\n" + b"".join(f"{n},{n * 2}.5,{'ab'[n % 2]}\n".encode() for n in range(20))


def test_a_table_with_names() -> None:
    rows = table.read_table(CSV, "flowers.csv")
    assert rows.classes == ("a", "b")
    assert rows.X[3].tolist() == [3.0, 6.5]
    assert rows.y.tolist() == [0, 1] * 10
    assert table.columns_of(CSV, "flowers.csv") == ("length", "width")


def test_a_table_without_names_has_its_classes_last_in_the_order_of_numbers() -> None:
    rows = table.read_table(b"1,2,10\n3,4,9\n5,6,10\n", "t.csv")
    assert rows.classes == ("9", "10")
    assert rows.y.tolist() == [1, 0, 1]
    assert rows.X.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_the_column_called_label_is_the_classes_and_pixels_are_an_image() -> None:
    rows = table.read_table(b"label,pixel0,pixel1,pixel2,pixel3\nx,0,1,2,255\ny,4,5,6,7\n", "t.csv")
    assert rows.image_shape == (2, 2)
    assert rows.X.dtype == torch.uint8
    assert rows.scale == 1 / 255
    assert rows.X[0].tolist() == [0, 1, 2, 255]


@pytest.mark.parametrize(
    "written",
    [
        "length;width;kind\n1.5;2;NA\n3;4;b\n",
        "length;width;kind\n1,5;2;NA\n3;4;b\n",
        "length\twidth\tkind\n1,5\t2\tNA\n3\t4\tb\n",
        "\ufefflength;width;kind\r\n1,5;2;NA\r\n\r\n3;4;b\r\n",
        '"length";"width";"kind"\n"1,5";2;NA\n3;4;b\n',
        "\n length , width , kind \n 1.5,2, NA\n3,4,b\n",
    ],
)
def test_tables_as_spreadsheets_write_them_in_many_countries(written: str) -> None:
    rows = table.read_table(written.encode(), "t.csv")
    assert rows.classes == ("NA", "b")
    assert rows.X.tolist() == [[1.5, 2], [3, 4]]
    assert table.columns_of(written.encode(), "t.csv") == ("length", "width")


def test_a_comma_in_a_name_is_no_separator() -> None:
    rows = table.read_table(b"length, cm;kind\n1.5;a\n2.5;b\n", "t.csv")
    assert rows.X.tolist() == [[1.5], [2.5]]


def test_a_table_of_too_many_columns_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_COLUMNS", 2)
    with pytest.raises(FormatError, match="3 columns, more than 2"):
        table.read_table(CSV, "t.csv")


def test_a_zip_of_too_many_files_is_refused_before_its_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_pictures, "MAX_FILES", 5)
    with pytest.raises(FormatError, match="20 files, more than 5"):
        own.read([("p.zip", zipped(pictures()))], "p")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a table"),
        (b"\xff\xfe\x00", "save it as “CSV UTF-8”"),
        (b"a,b\n1,x\n" * 9000 + b"\xe9,y\n", "save it as “CSV UTF-8”"),
        (b"a,b\n1,x\n?,y\nNaN,y\n", "2 rows have no finite number in a"),
        (b"a,colour,b\n1,2,x\n1,red,y\n", "row 2 has 'red' in colour"),
        (b"a,b\n1,x\n2\n", "no class in b|cannot be read"),
        (b"a\n1\n", "one column"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1,x\n,y\n", "1 row has no finite number in a"),
        (b"a,b\n1,x\ninf,y\n", "no finite number"),
        (b"a,b\n1,x\n2,\n", "no class in b"),
        (b"a,b\nhello,x\n2,y\n", "numbers in every column"),
        (b"a,b\n1,x\n2,x\n", "1 different values"),
        (b"a,b\n1,x,3,4\n2,y,3,4\n", "rows of more cells"),
        (b"a,b\n" + b"".join(b"1,k%d\n" % n for n in range(200)), "200 different values"),
        (b'a,b\n"1,x\n2,y\n', "no|numbers|different"),
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        table.read_table(content, "t.csv")


def test_a_table_of_too_many_cells_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_CELLS", 50)
    with pytest.raises(FormatError, match="more than 50"):
        table.read_table(CSV, "t.csv")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_format_error(content: bytes) -> None:
    try:
        rows = table.read_table(content, "t.csv")
    except LinnetError:
        return
    assert bool(rows.X.isfinite().all())


def test_pictures_in_folders_and_in_a_zip_are_the_same() -> None:
    train, test = own.read(pictures(), "p")
    assert test is not None
    assert (len(train), len(test), train.classes, train.image_shape) == (16, 4, ("dim", "lit"), (8, 8))
    again, _ = own.read([("p.zip", zipped(pictures()))], "p")
    assert again.checksum == train.checksum
    assert int(train.X[train.y == 1].max()) == 250


def test_folders_called_train_and_test_are_the_parts() -> None:
    files = [
        (path.replace("set/", "test/" if "/0" in path else "train/"), content) for path, content in pictures()
    ]
    train, test = own.read(files, "p")
    assert test is not None
    assert (len(train), len(test)) == (18, 2)


def test_large_pictures_become_28_by_28() -> None:
    files = [(f"{name}/1.jpg", png(200, (100, 80), "JPEG")) for name in "ab"] * 5
    train, _ = own.read([(path.replace("1", str(n)), c) for n, (path, c) in enumerate(files)], "p")
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
        ([("a.txt", b"")], "neither"),
        ([("a.csv", CSV), ("b.csv", CSV)], "2 files"),
    ],
)
def test_what_are_no_such_pictures_is_refused(files: list[tuple[str, bytes]], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        own.read(files, "p")


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped([("x/a.png", b"\0" * (20 << 20)), ("y/a.png", png(1))])
    assert len(bomb) < 100_000
    with pytest.raises(FormatError, match="larger than 8 MiB"):
        own.read([("bomb.zip", bomb)], "p")
    monkeypatch.setattr(labelled_pictures, "MAX_ALL_BYTES", 1 << 20)
    with pytest.raises(FormatError, match="unpacks to 20 MiB"):
        own.read([("bomb.zip", bomb)], "p")


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("1", (5000, 5000)).save(buffer, "PNG")
    with pytest.raises(FormatError, match="25,000,000 pixels"):
        own.read([("x/a.png", buffer.getvalue()), ("y/a.png", png(1))], "p")


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
