from __future__ import annotations

import pytest
import scipy.sparse
import torch

from linnet.core.penalties import Penalty
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.sparse_rows import SparseRows
from tests.support.problems import SOFTMAX, hessian_product, objective, random_theta, table


def test_sparse_rows_are_dense_rows() -> None:
    dataset = table(weighted=True)
    dense = objective(dataset)
    rows = SparseRows(
        scipy.sparse.coo_matrix(dataset.X.numpy()), dataset.y, 3, dataset.weights, torch.float64
    )
    sparse = Objective(rows, SOFTMAX, Penalty(1e-2))
    theta, V = random_theta(dense), random_theta(dense, 5)
    ours, theirs = sparse.point(theta), dense.point(theta)
    assert ours.value == pytest.approx(theirs.value, rel=1e-13)
    torch.testing.assert_close(ours.gradient, theirs.gradient)
    torch.testing.assert_close(hessian_product(sparse, ours, V), hessian_product(dense, theirs, V))
    index = torch.tensor([3, 1])
    torch.testing.assert_close(rows.dense(index), dense.rows.dense(index))
    torch.testing.assert_close(rows.square_norms(), dense.rows.square_norms())
    assert rows.with_dtype(torch.float32).scores(theta).dtype == torch.float32
