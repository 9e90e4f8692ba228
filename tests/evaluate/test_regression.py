from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn import metrics

import linnet
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.compare import compare_regressions
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.score import Score, regression_figures
from tests.support.blobs import make_blobs


def made(rows: int = 300, outputs: int = 1, noise: float = 0.5, seed: int = 0) -> Dataset:
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, 3, generator=source)
    W = torch.randn(3, outputs, generator=source)
    return Dataset(X, X @ W + 7 + noise * torch.randn(rows, outputs, generator=source), "made")


@pytest.mark.parametrize("outputs", [1, 2])
def test_figures_are_scikit_learns(outputs: int) -> None:
    data = made(outputs=outputs)
    run = linnet.fit(data, epochs=1, show=False)
    found = regression_figures(Evaluation(run, data))
    y, scores = data.y.double().numpy(), run.scores(data.X).double().numpy()
    assert found["rmse"].value == pytest.approx(metrics.root_mean_squared_error(y, scores), rel=1e-9)
    assert found["mae"].value == pytest.approx(metrics.mean_absolute_error(y, scores), rel=1e-9)
    assert found["r2"].value == pytest.approx(metrics.r2_score(y, scores), rel=1e-9)
    assert all(one.low < one.value < one.high for one in found.values())


@pytest.mark.parametrize("rows", [25, 200])
def test_intervals_hold_what_they_say_of_fresh_rows(rows: int) -> None:
    """y and its error are standard normal: RMSE 1, mean absolute error √(2/π), R² 0."""
    truth = {"rmse": 1.0, "mae": float(np.sqrt(2 / np.pi)), "r2": 0.0}
    held: dict[str, int] = dict.fromkeys(truth, 0)
    for seed in range(200):
        both = torch.randn(2, rows, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        for name, found in regression_figures(Evaluation.of_scores(both[0] + both[1], both[1])).items():
            held[name] += found.low <= truth[name] <= found.high
    assert min(held.values()) >= 180, held  # 0.95 less 3 standard errors of 200 draws


def test_the_errors_of_rows_with_weights_are_scikit_learn_s() -> None:
    data = made(outputs=2)
    w = torch.rand(300, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    run = linnet.fit(data, epochs=1, show=False)
    found = regression_figures(Evaluation(run, dataclasses.replace(data, weights=w)))
    y, said, w = data.y.double().numpy(), run.scores(data.X).double().numpy(), w.numpy()
    assert found["rmse"].value == pytest.approx(metrics.root_mean_squared_error(y, said, sample_weight=w))
    assert found["mae"].value == pytest.approx(metrics.mean_absolute_error(y, said, sample_weight=w))
    assert found["r2"].value == pytest.approx(metrics.r2_score(y, said, sample_weight=w))


def test_a_better_model_is_beyond_noise_and_a_twin_is_none() -> None:
    data = made()
    best, worse = linnet.solve(data).value, linnet.fit(data, epochs=1, lr=0.001, show=False)
    gap = compare_regressions(Evaluation(worse, data), Evaluation(best, data))
    assert 0 < gap["rmse"].low < gap["rmse"].value < gap["rmse"].high
    assert gap["mae"].low > 0
    same = compare_regressions(Evaluation(best, data), Evaluation(best, data))
    assert (same["rmse"].value, same["rmse"].reason) == (0.0, "all rows are alike")


def test_a_target_that_never_differs_has_no_r2() -> None:
    found = regression_figures(Evaluation.of_scores(np.ones((5, 1)), np.zeros((5, 1))))
    assert found["rmse"].value == 1
    assert (str(found["r2"]), found["r2"].reason) == ("–", "the target never differs")


def test_what_cannot_be_is_refused() -> None:
    data, blobs = made(), make_blobs(20)
    run = linnet.fit(data, epochs=1, show=False)
    with pytest.raises(UsageError, match="other targets"):
        compare_regressions(Evaluation(run, data), Evaluation(run, made(seed=1)))
    with pytest.raises(UsageError, match="no rows to score"):
        Evaluation(run, data.rows(slice(0, 0)))
    with pytest.raises(UsageError, match="classes"):
        regression_figures(Evaluation(linnet.fit(blobs, epochs=1, show=False), blobs))


def counts(rows: int = 200) -> Dataset:
    source = torch.Generator().manual_seed(0)
    X = torch.randn(rows, 3, generator=source, dtype=torch.float64)
    means = (X @ torch.tensor([[0.5], [-0.3], [0.2]], dtype=torch.float64) + 1).exp()
    w = torch.rand(rows, generator=source, dtype=torch.float64)
    return Dataset(X, torch.poisson(means, generator=source), "counts", weights=w)


def test_counts_have_the_share_of_deviance_that_is_explained() -> None:
    data = counts()
    run = linnet.solve(data, "poisson", l2=0.01).value
    evaluation = Evaluation(run, data)
    y, means, w = data.y[:, 0].numpy(), np.exp(evaluation.scores[:, 0]), evaluation.weights
    expected = metrics.d2_tweedie_score(y, means, sample_weight=w, power=1)
    found = regression_figures(evaluation)["d2"]
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.low < found.value < found.high
    assert Score.of(evaluation).d2.tolist() == pytest.approx([expected], rel=1e-12)
    assert Score.of(evaluation).as_dict()["d2"] == pytest.approx([expected], rel=1e-12)
    assert "d2" not in regression_figures(Evaluation.of_scores(means[:, None], y[:, None]))


@pytest.mark.parametrize("count", [0.0, 3.0])
def test_counts_that_never_differ_have_no_deviance_to_explain(count: float) -> None:
    data = counts()
    run = linnet.solve(data, "poisson", l2=0.01).value
    evaluation = Evaluation(run, dataclasses.replace(data, y=torch.full_like(data.y, count)))
    assert regression_figures(evaluation)["d2"].reason == "the target never differs"
    said = Score.of(evaluation).as_dict()
    assert said["d2"] == [None]
    assert said["d2_reason"] == "the target never differs"
