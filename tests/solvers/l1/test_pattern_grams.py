from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from linnet.solvers.l1 import pattern_grams
from linnet.solvers.l1.pattern_grams import PatternGrams

ROWS, COLUMNS = 60, 12


@pytest.mark.parametrize("denser", [0.0, 1e9], ids=["sparse", "dense"])
def test_products_of_a_weighting_are_those_of_its_rows(
    denser: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pattern_grams, "DENSER", denser)
    monkeypatch.setattr(pattern_grams, "BLOCK", 7)
    source = np.random.default_rng(0)
    X = scipy.sparse.random(ROWS, COLUMNS, 0.3, "csr", rng=source)
    borders, v, c = np.array([0, 25, 40, 60]), np.array([1.0, 0.0, 2.0]), source.uniform(0.1, 1, ROWS)
    grams = PatternGrams(X.T.tocsr(), borders)
    for features in ([], [5, 0]):  # columns made anew twice, the second time with two added later
        grams.renew_(np.array(features, dtype=np.intp), c)
        grams.add_(np.array([3, 8, 11]))
        part = X.toarray()[:, [*features, 3, 8, 11]]
        weighed = c * v.repeat([25, 15, 20])
        found = grams.weigh(0, v, 0.5, intercept=bool(features))
        off = part - weighed @ part / weighed.sum() if features else part
        np.testing.assert_allclose(
            found.H, (off.T * weighed) @ off + 0.5 * np.eye(len(found.H)), rtol=1e-6, atol=1e-6
        )
        np.testing.assert_allclose(found.sums, weighed @ part, rtol=1e-12)
        assert found.total == pytest.approx(weighed.sum())
        np.testing.assert_array_equal(grams.X.toarray(), part)
