from __future__ import annotations

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.solvers.problem.rows import BLOCK, DenseRows
from tests.support.blobs import make_blobs
from tests.support.problems import objective, table


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_blocks_of_pixels_are_the_plain_product(threads: int, dtype: torch.dtype) -> None:
    dataset = make_blobs(2 * BLOCK + 77)
    rows = DenseRows(dataset, dtype)
    X1 = torch.cat([dataset.X.double() / 255, torch.ones(len(dataset), 1).double()], 1)
    theta = torch.randn(3, 17, generator=torch.Generator().manual_seed(0)).double()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        scores, sums = rows.sweep(theta, lambda scores, _: scores.tanh())
        torch.testing.assert_close(rows.gradient_of(scores.tanh()), sums, rtol=1e-5, atol=1e-3)
        torch.testing.assert_close(rows.scores(theta), scores)
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(scores.double(), theta @ X1.T, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(sums, (theta @ X1.T).tanh() @ X1, rtol=1e-4, atol=1e-3)
    assert sums.dtype == torch.float64
    torch.testing.assert_close(rows.dense(torch.arange(5)).double(), X1[:5])
    torch.testing.assert_close(rows.square_norms(), X1[:, :-1].square().sum(1))


def test_rows_that_do_not_count_are_refused() -> None:
    dataset = table()
    nothing = Dataset(dataset.X, dataset.y, "nothing", dataset.classes, weights=torch.zeros(60))
    with pytest.raises(UsageError, match="no rows"):
        objective(nothing)
