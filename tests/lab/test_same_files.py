"""The lab takes what `--data` takes, and reads it as `linnet.load` does where the same files lie."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.feather
import pyreadstat
import pytest
import scipy.sparse
from starlette.testclient import TestClient

import linnet
from linnet.config.table import TableOptions
from linnet.data.formats import idx
from linnet.data.formats.idx_names import NAMES as IDX
from linnet.errors import LinnetError
from linnet.lab.app import NAMES
from linnet.lab.tables import read_upload
from tests.support.commands import run_command, run_python
from tests.support.lab import frames_of
from tests.support.tables import make_mixed
from tests.support.uploads import CSV, parted, zipped
from tests.support.workbooks import make_workbook

Files = list[tuple[str, bytes]]

FRAME: Any = make_mixed(40).dropna()
TABLE = FRAME.to_csv(index=False).encode()
TRAIN, TEST = (make_mixed(rows, seed).to_csv(index=False).encode() for rows, seed in ((60, 1), (30, 2)))
X, Y = np.random.default_rng(3).normal(size=(40, 3)), np.arange(40) % 2
WRITERS = {
    ".jsonl": lambda path: FRAME.to_json(path, orient="records", lines=True),
    ".parquet": FRAME.to_parquet,
    ".feather": lambda path: pyarrow.feather.write_feather(FRAME, path),
    ".dta": lambda path: pyreadstat.write_dta(FRAME, str(path)),
    ".sav": lambda path: pyreadstat.write_sav(FRAME, str(path)),
    ".xpt": lambda path: pyreadstat.write_xport(FRAME, str(path)),
}


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def sparse() -> bytes:
    file = io.BytesIO()
    scipy.sparse.save_npz(file, scipy.sparse.csr_matrix(np.where(X > 0, X, 0)))
    return file.getvalue()


def hdf5() -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        made["X"], made["y"] = X, Y
    return file.getvalue()


def idx_files(folder: Path) -> Files:
    for name in IDX:
        shape = (12,) if "labels" in name else (12, 5, 4)
        idx.write(folder / name, (np.arange(np.prod(shape)) % 3).astype(np.uint8).reshape(shape))
    return [(name, (folder / name).read_bytes()) for name in IDX]


SETS: dict[str, Files] = {
    "gz": [("t.csv.gz", gzip.compress(TABLE))],
    "bz2": [("t.tsv.bz2", bz2.compress(TABLE.replace(b",", b"\t")))],
    "xz": [("t.txt.xz", lzma.compress(TABLE))],
    "workbook": [("t.xlsx", make_workbook({"now": [["a", "label"], *([n, "xy"[n % 2]] for n in range(9))]}))],
    "npz": [("t.npz", npz(X=X, y=Y))],
    "hdf5": [("t.h5", hdf5())],
    "libsvm": [("t.svm", b"0 1:1 2:3\n1 1:4 3:1\n" * 10)],
    "libsvm packed": [("t.svm.gz", gzip.compress(b"0 1:1 2:3\n1 1:4 3:1\n" * 10))],
    "libsvm parts": [("train.svm", b"0 1:1 2:3\n1 1:4 3:1\n" * 10), ("test.svm", b"0 1:1\n1 1:4\n")],
    "zip": [("t.zip", zipped([("in/t.csv", TABLE), ("readme.md", b"read")]))],
    "zip of parts": [("t.zip", zipped([("train.csv", TRAIN), ("test.csv", TEST)]))],
    "pair": [("train.csv", TRAIN), ("test.csv", TEST)],
    "pair of formats": [("house-train.csv", TRAIN), ("house-test.csv.gz", gzip.compress(TEST))],
    "three parts": [("train.csv", TRAIN), ("val.csv", TEST), ("test.csv", TEST)],
    "folder": [("houses/train.csv", TRAIN), ("houses/test.csv", TEST), ("houses/README.txt", b"as sold")],
    "partitioned": [("h/cut=a/part-0.csv", TRAIN), ("h/cut=b/part-0.csv", TEST)],
    "pieces": [("part-1.csv", TRAIN), ("part-2.csv", TEST)],
    "npy": [("X.npy", npy(X)), ("y.npy", npy(Y))],
    "npy parts": [
        (f"{kind}_{part}.npy", npy(rows)) for part in ("train", "test") for kind, rows in (("x", X), ("y", Y))
    ],
    "npy folder": [("e/texts.npy", npy(X)), ("e/texts_labels.npy", npy(Y))],
    "sparse": [("X.npz", sparse()), ("y.npy", npy(Y))],
    "pictures": parted(train=3, test=2),
}  # fmt: skip


def check_same(files: Files, folder: Path) -> None:
    """An upload is what `linnet.load` gives by its lines of code, where its files lie."""
    for path, content in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    upload = read_upload(files)
    assert upload.splits is not None, upload.glance
    expected = linnet.load(upload.source.name, **upload.source.table)
    for found, part in zip(upload.splits, expected, strict=True):
        assert found is not None
        assert part is not None
        assert (found.checksum, found.columns, found.classes) == (part.checksum, part.columns, part.classes)
        assert found.validation is None or part.validation is not None
        assert found.schema is None or found.schema == part.schema


@pytest.mark.parametrize("name", SETS)
def test_files_are_read_as_linnet_load_reads_them_where_they_lie(name: str, tmp_path: Path) -> None:
    check_same(SETS[name], tmp_path)


@pytest.mark.parametrize("suffix", WRITERS)
def test_tables_of_each_format_likewise(suffix: str, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    WRITERS[suffix](tmp_path / f"made/t{suffix}")
    check_same([(f"t{suffix}", (tmp_path / f"made/t{suffix}").read_bytes())], tmp_path)
    assert suffix in NAMES["files"]


def test_idx_files_likewise(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    check_same(idx_files(tmp_path / "made"), tmp_path)


def upload(client: TestClient, files: Files) -> dict[str, Any]:
    answer = client.post("/api/data", files=[("files", one) for one in files])
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines(client: TestClient, known: dict[str, Any], language: str) -> list[str]:
    body = {"dataset": known["name"], "language": language}
    return client.post("/api/data/table", json=body).json()["lines"]


def test_files_to_train_and_to_test_on_are_said_and_trained_on_and_so_do_the_lines_of_code(
    client: TestClient, tmp_path: Path
) -> None:
    known = upload(client, SETS["pair"])
    assert known["title"] == "train.csv + test.csv"
    assert known["parts"] == {"train": 60, "validation": 0, "test": 30}
    assert "to train on: train.csv; to test on: test.csv" in lines(client, known, "en")
    assert "用于训练：train.csv；用于测试：test.csv" in lines(client, known, "zh")
    read = {"dataset": known["name"], "table": {"ignore": ["sold"]}}
    again = client.post("/api/data/read", json=read).json()
    assert again["parts"] == known["parts"]
    body = {"dataset": again["name"], "epochs": 2}
    end, code = frames_of(client, body)[-1], client.post("/api/train/code", json=body).json()
    for path, content in SETS["pair"]:
        (tmp_path / path).write_bytes(content)
    assert f"'test_loss': {end['figures']['test_loss']}" in run_python(code["python"])
    assert "--data ./train.csv --test ./test.csv --ignore sold" in code["command"]
    run_command(code["command"])


def test_what_was_read_of_arrays_and_of_libsvm_text_is_said(client: TestClient) -> None:
    assert upload(client, SETS["npy"])["read"] == ["features and labels: X.npy with y.npy"]
    assert any("count from 1" in line for line in upload(client, SETS["libsvm"])["read"])


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("train.csv", TRAIN), ("test.csv", b"carat,cut,new,sold\n1,fair,yes,2024-03-01\n")],
         r"it has no price, which is predicted, so that no model can be tested on it"),
        ([("train.csv", TRAIN), ("test.csv", CSV)], r"test\.csv: "),
    ],
)  # fmt: skip
def test_a_part_that_does_not_fit_is_shown_with_the_reason(files: Files, said: str) -> None:
    upload = read_upload(files)
    assert upload.splits is None
    with pytest.raises(LinnetError, match=said):
        upload.data()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("train.csv", TRAIN), ("houses.csv", TEST)], "which part that is cannot be told"),
        ([("a.csv", TRAIN), ("b.npz", npz(X=X, y=Y))], r"a\.csv \+ b\.npz are 2 files of several kinds"),
        ([("a.csv", TRAIN), ("b.csv", CSV)], r"b\.csv has no column 'carat', which a\.csv has"),
        ([("a.csv", TRAIN), ("b.svm", b"0 1:1\n")], r"tables of several formats \(\.csv, \.svm\)"),
        ([("X.npy", npy(X))], r"X\.npy holds features and no labels"),
        ([("rows.rds", b"R")], r"write it in R"),
    ],
)  # fmt: skip
def test_mixtures_are_refused_in_a_sentence(files: Files, said: str) -> None:
    with pytest.raises(LinnetError, match=said) as error:
        read_upload(files)
    assert "linnet-lab-" not in str(error.value)


@pytest.mark.parametrize(
    "file",
    [("t.npz", npz(X=np.ones((400, 1)), y=np.arange(400) % 200)),
     ("t.csv", b"a,y\n" + b"".join(b"%d,%d\n" % (n, n % 200) for n in range(400)))],
)  # fmt: skip
def test_more_classes_than_a_page_shows_are_refused(file: tuple[str, bytes]) -> None:
    options = TableOptions(task="classification") if file[0] == "t.csv" else None
    with pytest.raises(LinnetError, match="200 classes are more than 100"):
        read_upload([file], options).data()


@pytest.mark.parametrize(
    ("file", "module", "extra"),
    [("t.ods", "python_calamine", "excel"), ("t.sav", "pyreadstat", "stata"), ("t.h5", "h5py", "hdf5")],
)
def test_a_format_that_needs_an_extra_names_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, file: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    refused = client.post("/api/data", files=[("files", (file, b"x"))])
    assert refused.status_code == 422
    assert f"pip install 'linnet[{extra}]'" in refused.json()["detail"]
