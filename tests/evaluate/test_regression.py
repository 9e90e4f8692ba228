from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics

import linnet
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.regression import Errors, errors_of
from tests.conftest import make_blobs


def made(rows: int = 300, outputs: int = 1, noise: float = 0.5, seed: int = 0) -> Dataset:
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, 3, generator=source)
    W = torch.randn(3, outputs, generator=source)
    return Dataset(X, X @ W + 7 + noise * torch.randn(rows, outputs, generator=source), "made")


@pytest.mark.parametrize("outputs", [1, 2])
def test_figures_are_scikit_learns(outputs: int) -> None:
    data = made(outputs=outputs)
    run = linnet.fit(data, epochs=1, show=False)
    found = errors_of(run, data).figures()
    y, scores = data.y.double().numpy(), run.scores(data.X).double().numpy()
    assert found["rmse"].value == pytest.approx(np.sqrt(metrics.mean_squared_error(y, scores)), rel=1e-9)
    assert found["mae"].value == pytest.approx(metrics.mean_absolute_error(y, scores), rel=1e-9)
    assert found["r2"].value == pytest.approx(metrics.r2_score(y, scores), rel=1e-9)
    assert all(one.low < one.value < one.high for one in found.values())


def test_an_interval_holds_what_it_says_of_fresh_rows() -> None:
    held = 0
    for seed in range(100):
        noise = torch.randn(200, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        found = Errors(noise, torch.linspace(-1, 1, 200, dtype=torch.float64)[:, None]).figures(
            resamples=300, seed=seed
        )
        held += found["rmse"].low <= 1.0 <= found["rmse"].high
    assert 85 <= held <= 100


def test_a_better_model_is_beyond_noise_and_a_twin_is_none() -> None:
    data = made()
    best, worse = linnet.solve(data).value, linnet.fit(data, epochs=1, lr=0.001, show=False)
    gap = errors_of(worse, data).less(errors_of(best, data))
    assert 0 < gap["rmse"].low < gap["rmse"].value < gap["rmse"].high
    assert gap["mae"].low > 0
    same = errors_of(best, data).less(errors_of(best, data))
    assert (same["rmse"].low, same["rmse"].high) == (0.0, 0.0)


def test_a_target_that_never_differs_has_no_r2() -> None:
    found = Errors(torch.ones(5, 1, dtype=torch.float64), torch.zeros(5, 1, dtype=torch.float64)).figures()
    assert found["rmse"].value == 1
    assert np.isnan(found["r2"].value)


def test_what_cannot_be_is_refused() -> None:
    data, blobs = made(), make_blobs(20)
    run = linnet.fit(data, epochs=1, show=False)
    with pytest.raises(UsageError, match="other targets"):
        errors_of(run, data).less(errors_of(run, made(seed=1)))
    with pytest.raises(UsageError, match="at least one row"):
        errors_of(run, data.rows(slice(0, 0)))
    with pytest.raises(UsageError, match="classes"):
        errors_of(linnet.fit(blobs, epochs=1, show=False), blobs)
