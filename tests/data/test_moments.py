from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.preprocessing import StandardScaler

from linnet.data.moments import Moments
from linnet.data.sparse import SparseFeatures
from linnet.errors import UsageError


@given(seed=st.integers(0, 50), weighted=st.booleans())
def test_sparse_moments_are_those_of_the_dense_rows_and_of_scikit_learn(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(3, 1, (40, 6)) * (rng.random((40, 6)) < [0.05, 0.3, 0.6, 1, 1, 0])
    X[:, 3] = 7.5
    weights = rng.integers(0, 3, 40).astype(float) if weighted else None
    scaler = StandardScaler().fit(X, sample_weight=weights)
    own = None if weights is None else torch.from_numpy(weights)
    counting = X if weights is None else X[weights > 0]
    for rows in (torch.from_numpy(X), SparseFeatures(csr_array(X))):
        found = Moments.of(rows, own)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.mean, np.asarray(scaler.mean_), atol=1e-12)
        np.testing.assert_allclose(found.deviation**2, np.asarray(scaler.var_), atol=1e-12)
        np.testing.assert_allclose(found.reach, np.abs(counting - found.mean.numpy()).max(0), atol=1e-12)
        assert found.deviation[3] == found.reach[3] == 0, "a column that never changes is 0 to the last bit"


def test_no_row_that_counts_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one row of positive weight"):
        Moments.of(torch.zeros(2, 3), torch.zeros(2))
