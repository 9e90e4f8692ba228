from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import linnet
from linnet.data.formats.array_files import find_labels
from linnet.data.sparse import SparseFeatures
from linnet.errors import FormatError

X = np.arange(40.0).reshape(20, 2)
Y = np.arange(20) % 2


def put(folder: Path, **arrays: Any) -> None:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


@pytest.mark.parametrize(
    ("features", "labels"),
    [
        ("X", "y"),
        ("x_train", "Y_train"),
        ("train_images", "train_labels"),
        ("emb", "emb_labels"),
        ("a", "a_y"),
    ],
)
def test_features_find_their_labels_beside_them(tmp_path: Path, features: str, labels: str) -> None:
    put(tmp_path, **{features: X, labels: Y, "other": Y})
    said: list[str] = []
    rows = linnet.load(tmp_path / f"{features}.npy", hold_out=False, say=said.append).train
    assert np.array_equal(rows.X.numpy(), X)
    assert rows.y.tolist() == Y.tolist()
    assert said == [f"features and labels: {features}.npy with {labels}.npy"]


def test_parts_beside_the_rows_to_train_on_are_read_with_them(tmp_path: Path) -> None:
    put(tmp_path, x_train=X, y_train=Y, x_val=X[:4], y_val=Y[:4], x_test=X[:6], y_test=Y[:6])
    train, test = linnet.load(tmp_path / "x_train.npy")
    assert test is not None
    assert train.validation is not None
    assert (len(train), len(train.validation), len(test)) == (20, 4, 6)


def test_features_without_labels_are_refused_with_what_to_do(tmp_path: Path) -> None:
    put(tmp_path, X=X)
    with pytest.raises(
        FormatError, match=r"save them as y.npy or labels.npy or x_labels.npy or x_y.npy, or both"
    ):
        linnet.load(tmp_path / "X.npy")
    put(tmp_path, y=Y, labels=Y)
    with pytest.raises(FormatError, match=r"could be in labels\.npy, y\.npy"):
        find_labels(tmp_path / "X.npy")
    (tmp_path / "labels.npy").write_bytes(b"nothing")
    (tmp_path / "y.npy").unlink()
    with pytest.raises(FormatError, match=r"labels\.npy is no array"):
        linnet.load(tmp_path / "X.npy")


@pytest.mark.parametrize("layout", ["csr", "csc", "coo"])
def test_sparse_matrices_stay_sparse(tmp_path: Path, layout: Any) -> None:
    dense = np.zeros((20, 400_000))
    dense[np.arange(20), np.arange(20) * 7] = np.arange(20) + 0.5
    sp.save_npz(tmp_path / "X.npz", sp.csr_array(dense).asformat(layout))
    put(tmp_path, y=Y)
    rows = linnet.load(tmp_path / "X.npz", hold_out=False).train
    assert isinstance(rows.X, SparseFeatures)
    assert abs(rows.X.matrix - sp.csr_array(dense)).max() == 0
    assert rows.classes == ("0", "1")


@pytest.mark.parametrize("key", ["indices", "indptr"])
def test_indices_outside_the_matrix_never_reach_compiled_code(tmp_path: Path, key: str) -> None:
    sp.save_npz(tmp_path / "X.npz", sp.csr_array(X))
    with np.load(tmp_path / "X.npz") as file:
        arrays = dict(file)
    for wrong in (10**6, -5):
        arrays[key] = arrays[key].copy()
        arrays[key][3] = wrong
        np.savez(tmp_path / "X.npz", **arrays)
        put(tmp_path, y=Y)
        with pytest.raises(FormatError, match="no sparse matrix as"):
            linnet.load(tmp_path / "X.npz")


def test_other_layouts_and_counts_of_rows_are_refused(tmp_path: Path) -> None:
    put(tmp_path, y=Y)
    sp.save_npz(tmp_path / "X.npz", sp.dia_array(np.eye(20)))
    with pytest.raises(FormatError, match=r"in dia: save it by save_npz\(path, X.tocsr\(\)\)"):
        linnet.load(tmp_path / "X.npz")
    sp.save_npz(tmp_path / "X.npz", sp.csr_array(X[:5]))
    with pytest.raises(FormatError, match="has 5 rows but y has 20"):
        linnet.load(tmp_path / "X.npz")
