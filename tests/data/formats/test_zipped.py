from __future__ import annotations

from pathlib import Path

import pytest

import linnet
from linnet.errors import FormatError
from tests.support.tables import make_mixed
from tests.support.uploads import CSV, load_files, png, zipped

TABLE = make_mixed(40).to_csv(index=False).encode()


def write(folder: Path, files: dict[str, bytes], name: str = "data.zip") -> Path:
    (folder / name).write_bytes(zipped(list(files.items())))
    return folder / name


def test_a_zip_of_one_table_is_that_table_for_training_and_prediction(tmp_path: Path) -> None:
    path = write(tmp_path, {"in/rows.csv": TABLE, "__MACOSX/._rows.csv": b"x", "readme.md": b"read"})
    (tmp_path / "rows.csv").write_bytes(TABLE)
    found, expected = (linnet.load(one, target="price").train for one in (path, tmp_path / "rows.csv"))
    assert found.columns == expected.columns
    assert found.checksum == expected.checksum
    run = linnet.fit(linnet.load(path, target="price"), epochs=1)
    assert len(linnet.predict(run, path)) == 40


def test_a_zips_files_to_train_and_to_test_on_are_read_as_such_and_others_by_a_path_into_it(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, {"train.csv": TABLE, "test.csv": TABLE})
    train, test = linnet.load(path, target="price")
    assert test is not None
    assert len(train) == len(test) == 40
    other = write(tmp_path, {"houses.csv": TABLE, "towns.csv": CSV}, "other.zip")
    with pytest.raises(FormatError, match=r"has 2 tables \(houses\.csv, towns\.csv\): say which, such as"):
        linnet.load(other)
    assert len(linnet.load(other / "houses.csv", target="price", split="none").train) == 40
    with pytest.raises(FormatError, match=r"has no file none\.csv"):
        linnet.load(other / "none.csv")


def test_pictures_beside_a_table_are_pictures_and_an_uploaded_table_is_a_table(tmp_path: Path) -> None:
    pictures = {f"{kind}/{place}.png": png(20 * place + 9) for kind in ("cat", "dog") for place in range(5)}
    assert linnet.load(write(tmp_path, {**pictures, "t.csv": CSV})).train.classes == ("cat", "dog")
    assert load_files([("t.zip", zipped([("t.csv", CSV)]))], "t").train.classes == ("a", "b")
