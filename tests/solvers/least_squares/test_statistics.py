from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from linnet.core.losses import SquaredError
from linnet.data.dataset import Dataset
from linnet.data.sparse import SparseFeatures
from linnet.errors import ShapeError, UsageError
from linnet.solvers.least_squares.statistics import Statistics
from tests.support.blobs import make_blobs
from tests.support.problems import objective, regression


def same(a: Statistics, b: Statistics, tolerance: float) -> None:
    for (name, mine), theirs in zip(vars(a.sums).items(), vars(b.sums).values(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=tolerance, atol=tolerance * a.weight, msg=name)


@given(st.integers(1, 59), st.booleans())
def test_parts_merge_and_can_be_taken_away(cut: int, whole: bool) -> None:
    data = regression(whole=whole)
    first, second = data.rows(slice(0, cut)), data.rows(slice(cut, None))
    tolerance = 0 if whole else 1e-12
    everything = Statistics.of(data)
    same(Statistics.of(first, like=everything) + Statistics.of(second), everything, tolerance)
    same(everything - Statistics.of(second), Statistics.of(first, like=everything), tolerance)
    others = Statistics.of(second, like=everything)
    same(everything - others + others, everything, tolerance)


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("index", [None, torch.tensor([0, 4, 1, 7])])
def test_a_row_of_weight_0_leaves_no_trace(index: torch.Tensor | None, is_sparse: bool) -> None:
    X = torch.arange(24.0, dtype=torch.float64).reshape(8, 3) / 7
    y, weights = X[:, :1].square(), torch.tensor([1.0, 0.5, 2, 0, 0, 1, 3, 1], dtype=torch.float64)
    far = X.clone()
    far[4], y[4] = 1e100, 1e90
    counting = torch.arange(8)[weights > 0] if index is None else torch.tensor([0, 1, 7])
    rows: Any = SparseFeatures(sparse.csr_array(far.numpy())) if is_sparse else far
    found = Statistics.of(Dataset(rows, y, "rows", weights=weights), index)
    expected = Statistics.of(Dataset(X[counting], y[counting], "rows", weights=weights[counting]))
    assert torch.equal(found.centre, expected.centre)
    same(found, expected, 0)


def test_pixels_merge_exactly() -> None:
    data = make_blobs(2000)
    parts = [Statistics.of(data.rows(slice(low, low + 500))) for low in range(0, 2000, 500)]
    total = parts[0] + parts[1] + parts[2] + parts[3]
    assert total.is_exact
    same(total, Statistics.of(data), 0)
    same(total - parts[2], parts[0] + parts[1] + parts[3], 0)


@pytest.mark.parametrize("data", [regression(), make_blobs(200)], ids=["regression", "pixels"])
def test_loss_and_gradient_are_those_of_the_rows(data: Dataset) -> None:
    statistics = Statistics.of(data)
    theta = torch.randn(data.outputs, data.features + 1, dtype=torch.float64)
    point = objective(data, SquaredError(), 0.3).point(theta)
    torch.testing.assert_close(statistics.gradient(theta, 0.3), point.gradient, rtol=1e-12, atol=1e-13)
    assert float(statistics.loss(theta)) == pytest.approx(point.loss, rel=1e-12)
    torch.testing.assert_close(statistics.loss(torch.stack([theta, 2 * theta]))[0], statistics.loss(theta))


def test_rows_of_another_kind_do_not_add() -> None:
    data = regression()
    with pytest.raises(ShapeError, match="do not add"):
        _ = Statistics.of(data) + Statistics.of(regression(features=3))
    with pytest.raises(UsageError, match="cannot take"):
        _ = Statistics.of(data.rows(slice(0, 3))) - Statistics.of(data)
    with pytest.raises(UsageError, match="no rows"):
        Statistics.of(data.rows(slice(0, 0)))
    data.X[0, 0] = torch.nan
    with pytest.raises(UsageError, match="NaN"):
        Statistics.of(data)


def test_a_row_of_no_weight_has_no_numbers_too_small_to_be_squared() -> None:
    about = Statistics.of(Dataset(torch.ones(2, 1), torch.ones(2, 1)))  # whose centre is the row that counts
    data = Dataset(torch.tensor([[1.0], [2.0]]), torch.ones(2, 1), weights=torch.tensor([1.0, 0.0]))
    assert float(Statistics.of(data, like=about).sums.xx) == 0
