from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.datasets import load_svmlight_file

import linnet
from linnet.data.formats.svmlight_writer import write_svmlight
from linnet.data.sparse import SparseFeatures
from linnet.errors import UsageError

NUMBERS = st.floats(-1e300, 1e300) | st.sampled_from([0.0, 0.0, 0.1, 5e-324, 1 / 3])
SHAPES = st.tuples(st.integers(2, 6), st.integers(1, 5))


def rows_of(X: Any, y: Any, **more: Any) -> linnet.Dataset:
    return linnet.Dataset(torch.as_tensor(np.array(X)), y, **more)


@given(X=arrays.arrays(np.float64, SHAPES, elements=NUMBERS), base=st.sampled_from([0, 1]), data=st.data())
def test_numbers_come_back_the_same_here_and_in_scikit_learn(X: Any, base: int, data: st.DataObject) -> None:
    y = data.draw(arrays.arrays(np.float64, (len(X),), elements=NUMBERS))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.svm"
        write_svmlight(rows_of(X, torch.from_numpy(y)[:, None]), path, index_base=base)
        back = linnet.load(path, task="regression", hold_out=False).train
        assert np.array_equal(back.X[:].numpy(), X)
        assert np.array_equal(back.y[:, 0].numpy(), y)
        for told in ({}, {"n_features": X.shape[1]}):  # which tells base and width by the file, and is told
            theirs, labels = load_svmlight_file(str(path), **told)
            assert np.array_equal(theirs.toarray(), X)
            assert np.array_equal(labels, y)


def test_zeros_at_the_ends_tell_base_and_width(tmp_path: Path) -> None:
    rows = rows_of([[0.0, 2.5, 0.0], [0.0, 0.0, 0.0]], np.array(["1", "-1"]))
    for base, text in ((1, "1 2:2.5 3:0\n-1\n"), (0, "1 0:0 1:2.5 2:0\n-1\n")):
        write_svmlight(rows, tmp_path / f"{base}.svm", index_base=base)
        assert (tmp_path / f"{base}.svm").read_text() == text
        back = linnet.load(tmp_path / f"{base}.svm", hold_out=False).train
        assert back.columns[0] == f"x{base}"
        assert np.array_equal(back.X[:].numpy(), rows.X.numpy())
        assert back.classes == rows.classes


def test_sparse_rows_are_written_and_never_made_dense_whole(tmp_path: Path) -> None:
    X = np.zeros((50, 100_000))
    X[np.arange(50), np.arange(50) * 1999] = np.arange(50) / 3
    sparse = SparseFeatures(X)
    write_svmlight(rows_of_sparse(sparse), tmp_path / "rows.svm.xz")
    back = linnet.load(tmp_path / "rows.svm.xz", hold_out=False).train.X
    assert isinstance(back, SparseFeatures)
    assert abs(back.matrix - sparse.matrix).max() == 0


def rows_of_sparse(X: SparseFeatures) -> linnet.Dataset:
    return linnet.Dataset(X, np.arange(50) % 2 == 1)  # type: ignore[arg-type]


def test_names_of_classes_are_numbered_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    rows = rows_of(np.eye(2), np.array(["dog", "cat"]), weights=torch.ones(2))
    write_svmlight(rows, tmp_path / "rows.svm", say=said.append)
    assert said == [
        "the classes are written as numbers: 0 cat, 1 dog",
        "not in the file: weights of the rows",
    ]
    assert (tmp_path / "rows.svm").read_text() == "1 1:1.0 2:0\n0 2:1.0\n"


def test_pixels_are_written_as_a_model_sees_them(tmp_path: Path) -> None:
    pixels = torch.tensor([[0, 51], [255, 0]], dtype=torch.uint8)
    rows = linnet.Dataset(pixels, torch.tensor([0, 1]), classes=("a", "b"), scale=1 / 255)
    write_svmlight(rows, tmp_path / "rows.svm")
    assert (tmp_path / "rows.svm").read_text() == "0 2:0.2\n1 1:1.0\n"


def test_a_file_that_comes_while_one_is_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "rows.svm"

    def put(text: str) -> None:
        path.write_text("somebody's")

    with pytest.raises(UsageError, match="is there already"):
        write_svmlight(rows_of(np.eye(2), np.array(["no", "yes"])), path, say=put)
    assert path.read_text() == "somebody's"
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    rows, path = rows_of(np.eye(2), np.array(["a", "b"])), tmp_path / "rows.svm"
    path.write_text("mine")
    with pytest.raises(UsageError, match="is there already and stays"):
        write_svmlight(rows, path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        (rows_of(np.eye(2), np.array(["a", "b"])), "rows.txt", "no name of LIBSVM text"),
        (rows_of(np.eye(2), torch.eye(2)), "rows.svm", "2 numbers a row"),
        (rows_of(np.eye(2), torch.eye(2), classes=("a", "b")), "rows.svm", "soft labels"),
        (rows_of(np.full((2, 2), np.inf), torch.ones(2, 1)), "rows.svm", "not finite"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(
    rows: linnet.Dataset, name: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        write_svmlight(rows, tmp_path / name)
    with pytest.raises(UsageError, match="0 or 1"):
        write_svmlight(rows, tmp_path / "rows.svm", index_base=2)
    assert not list(tmp_path.iterdir())
