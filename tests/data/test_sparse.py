from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from linnet.data import dataset
from linnet.data.batches import Batches
from linnet.data.sparse import SparseFeatures, stack
from linnet.data.split import join, split
from linnet.errors import UsageError

Dataset: Any = dataset.Dataset
MATRIX: Any = sp.random(300, 20_000, density=0.001, rng=0, format="csr")
X = SparseFeatures(MATRIX)
DENSE = torch.from_numpy(MATRIX.toarray())
Y = np.arange(300) % 3


def test_rows_that_are_read_are_dense() -> None:
    index = torch.tensor([4, 0, 4])
    assert torch.equal(X[index], DENSE[index])
    assert torch.equal(X[2:5], DENSE[2:5])
    assert torch.equal(X[7], DENSE[7])
    assert torch.equal(torch.cat([*X.split(64)]), DENSE)
    assert (len(X), X.shape, X.dtype) == (300, (300, 20_000), torch.float64)


def test_all_rows_are_never_dense_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linnet.data.features.CELLS", 100_000)
    assert max(len(part) for part in X.split(300)) == 5


def test_some_rows_stay_sparse() -> None:
    mask = torch.arange(300) % 2 == 0
    some = X.take_rows(mask)
    assert torch.equal(some[:], DENSE[mask])
    assert some.nbytes < X.nbytes < MATRIX.nnz * 16 + 2000
    assert torch.equal(X.times(2.0)[:3], 2 * DENSE[:3])


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32, np.uint8, np.bool_])
def test_numbers_are_float64_unless_they_are_float32(kind: type) -> None:
    made = SparseFeatures(MATRIX.astype(bool).astype(kind))
    assert made.dtype == (torch.float32 if kind is np.float32 else torch.float64)
    assert torch.equal(made[:2].bool(), DENSE[:2].bool())


@pytest.mark.parametrize("layout", [sp.csr_matrix, sp.csc_array, sp.coo_array, sp.lil_array])
def test_a_large_matrix_of_any_layout_stays_sparse(layout: type) -> None:
    data = Dataset(layout(MATRIX), Y.astype(str))
    assert data.is_sparse
    assert torch.equal(data.X[:], DENSE)


def test_a_tensor_of_torch_stays_sparse() -> None:
    data = Dataset(DENSE.to_sparse(), Y.astype(str))
    assert data.is_sparse
    assert torch.equal(data.X[5:9], DENSE[5:9])


def test_entries_that_stand_twice_are_added() -> None:
    twice = sp.coo_array(([1.0, 2.0], ([0, 0], [3, 3])), shape=(2, 4))
    assert SparseFeatures(twice)[0].tolist() == [0, 0, 0, 3]


def test_a_small_one_is_dense_which_costs_nothing() -> None:
    data = Dataset(sp.random(10, 20, density=0.2, rng=0), np.zeros((10, 1)))
    assert not data.is_sparse
    assert isinstance(data.stored, torch.Tensor)


def test_the_checksum_is_of_the_numbers_and_their_places() -> None:
    one, same = (Dataset(MATRIX, Y.astype(str)).checksum for _ in range(2))
    moved = MATRIX.copy()
    moved.indices = np.ascontiguousarray(moved.indices[::-1])
    assert one == same
    assert Dataset(moved, Y.astype(str)).checksum != one


def test_parts_and_minibatches() -> None:
    data = Dataset(MATRIX, Y.astype(str), weights=np.arange(300) / 2 + 0.5)
    train, test = split(data, 0.25, seed=0)
    whole = join(train, test).rows
    assert whole.is_sparse
    assert whole.stored.sum() == pytest.approx(MATRIX.sum())
    dense = Dataset(DENSE, data.y, classes=data.classes, weights=data.weights)
    both = (Batches(each, 64, seed=3).blocks(1) for each in (data, dense))
    for ours, theirs in zip(*both, strict=False):
        n = min(len(ours.X), len(theirs.X))
        assert torch.equal(ours.X[:n], theirs.X[:n])
    assert torch.equal(stack([train.X, DENSE[:2]])[-2:], DENSE[:2])


def test_another_device_is_refused() -> None:
    with pytest.raises(UsageError, match="device='cpu'"):
        X.to(torch.device("cuda"))
