from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model

from linnet.estimators import LinearRegressor, PoissonRegressor

SOURCE = np.random.default_rng(0)
X = SOURCE.normal(size=(200, 4))
Y = SOURCE.poisson(np.exp(0.5 + X @ [0.4, -0.3, 0.0, 0.2])).astype(float)
W = SOURCE.integers(1, 5, 200).astype(float)


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs", "staged", "proximal"])
@pytest.mark.parametrize("options", [{"l2": 0.01}, {"l2": 1.0, "fit_intercept": False}])
def test_it_is_scikit_learns(solver: str, options: dict[str, Any]) -> None:
    theirs = {"alpha": options["l2"], "fit_intercept": options.get("fit_intercept", True)}
    right = linear_model.PoissonRegressor(tol=1e-12, max_iter=10_000, **theirs).fit(X, Y, sample_weight=W)
    ours = PoissonRegressor(solver=solver, tol=1e-12, **options).fit(X, Y, sample_weight=W)
    np.testing.assert_allclose(ours.coef_, right.coef_, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(ours.predict(X), right.predict(X), rtol=1e-5)
    assert ours.score(X, Y, W) == pytest.approx(right.score(X, Y, W), rel=1e-6)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.coo_array])
def test_sparse_equals_dense(container: Any) -> None:
    wide: Any = sparse.random(400, 12_000, density=0.01, rng=0, format="csr")
    counts = np.arange(400) % 5
    dense = PoissonRegressor(l2=0.1).fit(wide.toarray(), counts)
    thin = PoissonRegressor(l2=0.1).fit(container(wide), counts)
    np.testing.assert_allclose(thin.coef_, dense.coef_, atol=1e-6)


def test_l1_gives_zeros() -> None:
    assert (PoissonRegressor(l2=0.0, l1=0.3).fit(X, Y).coef_ == 0).any()


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 0: the smallest target is -2"):
        PoissonRegressor().fit(X, Y - 2)


@pytest.mark.parametrize("model", [LinearRegressor(), LinearRegressor(l1=0.1), PoissonRegressor()])
def test_texts_to_predict_are_refused_in_a_sentence(model: LinearRegressor | PoissonRegressor) -> None:
    X = np.arange(12.0)[:, None]
    for y in (["a", "b"] * 6, np.array(["1", "2"] * 6)):
        with pytest.raises(ValueError, match=f"y holds texts, and {type(model).__name__} predicts numbers"):
            model.fit(X, y)
