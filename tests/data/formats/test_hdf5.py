from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import linnet
from linnet.data.formats import hdf5
from linnet.data.streams.arrays import Takes, iter_arrays
from linnet.errors import FormatError, MissingExtraError

X = np.random.default_rng(1).normal(size=(40, 3)).astype(np.float32)
Y = np.arange(40) % 2


def write(folder: Path, **arrays: Any) -> Path:
    with h5py.File(folder / "t.h5", "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name.replace("__", "/"), data=values)
    return folder / "t.h5"


def test_arrays_in_hdf5_are_those_of_an_npz_file_packed_or_not(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=X, y=Y)
    expected = linnet.load(tmp_path / "t.npz").train
    path = write(tmp_path, y=Y)
    with h5py.File(path, "a") as file:
        file.create_dataset("X", data=X, chunks=(7, 2), compression="gzip", shuffle=True)
    found = linnet.load(path).train
    assert found.checksum == expected.checksum


def test_texts_are_classes(tmp_path: Path) -> None:
    path = write(tmp_path, data=X, target=[["cat", "dog"][k] for k in Y])
    assert linnet.load(path).train.classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (
            {"X": X, "y": Y, "features": X, "labels": Y},
            r"which are the rows and their targets\?.*features \(40, 3\)",
        ),
        ({"run__X": X, "run__y": Y}, r"must have the arrays X and y.*run/X \(40, 3\), run/y \(40,\)"),
        ({"X": X.astype(complex), "y": Y}, "expected rows of plain numbers"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_there_is(
    arrays: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(FormatError, match=words):
        linnet.load(write(tmp_path, **arrays))


def test_a_file_of_pandas_a_large_one_and_one_of_something_else_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, X=X, y=Y)
    with pytest.raises(FormatError, match="more than 0"):
        hdf5.read_hdf5(path, "t", most=100)
    with h5py.File(path, "a") as file:
        file.create_group("frame").attrs["pandas_type"] = "frame"
    with pytest.raises(FormatError, match=r"written by pandas, .*to_parquet"):
        linnet.load(path)
    with pytest.raises(FormatError, match="cannot be read as HDF5"):
        hdf5.read_hdf5(b"none", "t")


def test_the_error_names_the_extra_where_h5py_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(name=name)

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(MissingExtraError, match=r"linnet\[hdf5\]"):
        hdf5.read_hdf5(b"", "t")


def aside(folder: Path) -> dict[str, Any]:
    """Ways in which a file can name numbers that stand elsewhere, as what makes one in an open file."""
    (folder / "secret.bin").write_bytes(X.tobytes())
    with h5py.File(folder / "other.h5", "w") as file:
        file["X"] = X
    virtual = h5py.VirtualLayout(X.shape, X.dtype)
    virtual[:] = h5py.VirtualSource(str(folder / "other.h5"), "X", X.shape)
    external = [(str(folder / "secret.bin"), 0, X.nbytes)]
    return {
        "external": lambda file: file.create_dataset("X", X.shape, X.dtype, external=external),
        "link": lambda file: file.update({"X": h5py.ExternalLink(str(folder / "other.h5"), "X")}),
        "soft link": lambda file: file.update({"X": h5py.SoftLink("/elsewhere")}),
        "virtual": lambda file: file.create_virtual_dataset("X", virtual),
    }


@pytest.mark.parametrize("how", ["external", "link", "soft link", "virtual"])
def test_numbers_of_other_files_are_not_read(how: str, tmp_path: Path) -> None:
    path = write(tmp_path, y=Y)
    with h5py.File(path, "a") as file:
        aside(tmp_path)[how](file)
    with pytest.raises(FormatError, match="X is a link, or its numbers stand in other files"):
        linnet.load(path)
    with pytest.raises(FormatError, match="X is a link, or its numbers stand in other files"):
        list(iter_arrays({path.name: path}, Takes(3), is_lenient=False))
