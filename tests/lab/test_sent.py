from __future__ import annotations

import gzip
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from linnet.errors import FormatError
from linnet.lab import sent
from linnet.lab.sent import Sent, lay_out, name_files
from tests.support.uploads import zipped


def name(*paths: str) -> Sent:
    with lay_out([(path, b"") for path in paths]) as folder:
        return name_files(paths, folder)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.csv"], ("a.csv", "./a.csv", None)),
        (["set/a.csv"], ("a.csv", "./set/a.csv", None)),
        (["set/a.csv", "set/b.csv"], ("set", "./set", None)),
        (["train.csv", "test.parquet"], ("train.csv + test.parquet", "./train.csv", "./test.parquet")),
        (["part-1.csv", "part-12.csv"], ("part-1.csv + part-12.csv", "./part-*.csv", None)),
        (["2023.csv.gz", "2024.csv.gz"], ("2023.csv.gz + 2024.csv.gz", "./202*.csv.gz", None)),
        (["a[1].csv", "a[2].csv"], ("a[1].csv + a[2].csv", "./a[[]*.csv", None)),
        (["train.csv", "val.csv", "test.csv"], ("train.csv + val.csv + test.csv", "./*.csv", None)),
        (["y.npy", "X.npy"], ("y.npy + X.npy", "./X.npy", None)),
        (["train/a/1.png", "test/a/1.png"], ("train + test", "./", None)),
    ],
)
def test_files_are_named_as_a_person_would_where_they_lie(
    paths: list[str], expected: tuple[str, str, str | None]
) -> None:
    assert name(*paths) == Sent(*expected)


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["a.csv", "b.npz"], "files of several kinds: send one"),
        (["a.csv", "cat.png"], "files of several kinds"),
        (["train.csv", "sample.csv"], "which part that is cannot be told"),
        (["../a.csv"], "it is no path within a folder"),
        (["/etc/a.csv"], "it is no path within a folder"),
        (["a.csv", "a.csv"], "a.csv is there twice"),
        (["a", "a/b.csv"], "a/b.csv is there twice"),
        (["x" * 300 + ".csv"], "File name too long"),
    ],
)
def test_what_has_no_such_name_is_refused(paths: list[str], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        name(*paths)


def test_the_folder_goes_and_messages_do_not_name_it() -> None:
    with pytest.raises(FormatError, match=r"^a\.csv is bad$"), lay_out([("a.csv", b"x")]) as folder:
        assert (folder / "a.csv").read_bytes() == b"x"
        raise FormatError(f"{folder / 'a.csv'} is bad")
    assert not folder.exists()
    assert folder.parent == Path(tempfile.gettempdir())


def repeated() -> bytes:
    file = io.BytesIO()
    pd.DataFrame({"a": np.zeros(5000)}).to_parquet(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "file",
    [("a.csv.gz", gzip.compress(b"1" * 5000)), ("a.zip", zipped([("a.csv", b"1" * 5000)])),
     ("a.xlsx", zipped([(f"{n}.xml", b"1" * 600) for n in "ab"])), ("a.parquet", repeated()),
     ("b.zip", b"before it" + zipped([("a.csv", b"1" * 5000)])),
     ("c.zip", zipped([("a.csv.gz", gzip.compress(b"1" * 5000))])),
     ("d.zip", zipped([("a.xlsx", zipped([(f"{n}.xml", b"1" * 600) for n in "ab"]))]))],
)  # fmt: skip
def test_a_bomb_is_refused_before_it_is_read(
    file: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent, "MAX_ALL_BYTES", 1000)
    with pytest.raises(FormatError, match="MiB unpacked"), lay_out([file]):
        raise AssertionError


def test_several_files_have_one_room(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [(f"part-{place}.csv.gz", gzip.compress(b"a,b\n" * 100)) for place in range(3)]
    monkeypatch.setattr(sent, "MAX_ALL_BYTES", 1000)
    with lay_out(files[:2]) as folder:
        assert len(list(folder.iterdir())) == 2
    with pytest.raises(FormatError, match=r"part-2\.csv\.gz has .* with the files before it"), lay_out(files):
        raise AssertionError
