from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from linnet.core.losses import SoftmaxCrossEntropy
from linnet.solvers.problem import sparse_grams
from linnet.solvers.problem.curvature import blocks, grams
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.rows import Rows
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.problem.standard import standardise


def objective(seed: int, rows: int = 40, features: int = 12) -> Objective:
    """Three classes of sparse rows about their means, one column without a zero."""
    source = np.random.default_rng(seed)
    X = sparse.random(rows, features, 0.2, "csr", rng=source).toarray() + 0.0
    X[:, 3] = source.uniform(1, 2, rows)
    y = torch.from_numpy(source.permutation(np.arange(rows) % 3))
    weights = torch.from_numpy(source.uniform(0.5, 2, rows))
    plain = SparseRows(sparse.csr_matrix(X), y, 3, weights, torch.float64)
    return standardise(Objective(plain, SoftmaxCrossEntropy())).objective


def both(patch: pytest.MonkeyPatch, rows: Rows, features: torch.Tensor, ask: object) -> list[torch.Tensor]:
    """What is asked by the products of stored numbers and by those of dense columns."""
    assert callable(ask)
    found = []
    for denser in (0, np.inf):
        patch.setattr(sparse_grams, "DENSER", denser)
        is_sparse = rows.sparse_columns(torch.arange(len(rows)), features) is not None
        assert is_sparse == (denser == 0)
        found.append(ask())
    return found


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_products_of_stored_numbers_are_those_of_dense_columns(seed: int, bias: bool, some: bool) -> None:
    rows = objective(seed).rows
    source = torch.Generator().manual_seed(seed)
    features = torch.randperm(12, generator=source)[:7].sort().values
    features = torch.cat([features, torch.tensor([12])]) if bias else features
    index = torch.randperm(40, generator=source)[: 25 if some else 40]
    weights = torch.rand(2, len(index), generator=source, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        quick, slow = both(patch, rows, features, lambda: grams(rows, features, weights, index))
    torch.testing.assert_close(quick, slow, rtol=1e-10, atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_softmax_of_stored_numbers_has_the_hessian_of_dense_columns(seed: int) -> None:
    problem = objective(seed)
    source = torch.Generator().manual_seed(seed)
    point = problem.point(torch.randn(3, 13, generator=source, dtype=torch.float64))
    chosen = torch.rand(3, 13, generator=source) < 0.5
    chosen[:, -1] = True
    features = chosen.any(0).nonzero()[:, 0]
    with pytest.MonkeyPatch.context() as patch:
        found = both(patch, problem.rows, features, lambda: blocks(problem, point, chosen, 40)[0][1])
    torch.testing.assert_close(found[0], found[1], rtol=1e-10, atol=1e-10)


def test_few_numbers_that_meet_go_by_what_is_stored_and_many_by_dense_columns() -> None:
    wide, full = sparse.random(500, 600, 0.01, "csr"), sparse.csr_matrix(np.ones((20, 20)))
    assert sparse_grams.SparseColumns(wide, np.zeros(600)).is_worth_it
    assert not sparse_grams.SparseColumns(full, np.zeros(20)).is_worth_it
