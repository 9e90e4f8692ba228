"""Poisson regression is one file and an entry, and goes through every verb."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import statsmodels.api as sm
import torch
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_poisson_deviance

import linnet
from linnet.core.bank import Bank
from linnet.core.losses.poisson import Poisson
from linnet.errors import ShortfallWarning, UsageError
from linnet.evaluate.ensemble import Ensemble
from linnet.model.predictor import Predictor
from tests.support.commands import call

SOURCE = np.random.default_rng(0)
X = SOURCE.normal(size=(300, 3))
Y = SOURCE.poisson(np.exp(1 + X @ [0.3, -0.2, 0.1])).astype(float)
W = SOURCE.integers(1, 4, 300).astype(float)
DATA: Any = linnet.Dataset
PLAIN, WEIGHTED = DATA(X, Y), DATA(X, Y, weights=W)
GLM = sm.GLM(Y, sm.add_constant(X), family=sm.families.Poisson())


def test_the_loss_is_half_the_deviance() -> None:
    scores = torch.from_numpy(SOURCE.normal(size=(1, 300)))
    value = Poisson().value(scores, torch.from_numpy(Y)[None])
    assert float(value.mean()) == pytest.approx(mean_poisson_deviance(Y, scores[0].exp()) / 2, rel=1e-12)
    assert float(Poisson().value(torch.tensor([[3.0]]).log(), torch.tensor([[3.0]]))) == pytest.approx(
        0, abs=1e-6
    )


@pytest.mark.parametrize(("a", "y"), [(0.5, 2.0), (-2.0, 2.0), (3.0, 0.0), (-0.25, 0.5)])
def test_the_conjugate_is_the_supremum(a: float, y: float) -> None:
    def dual(o: Any) -> Any:
        return -(a * o - mpmath.exp(o) + y * o - (y * mpmath.log(y) - y if y else 0))

    pair = (torch.tensor([[value]], dtype=torch.float64) for value in (a, y))
    found = Poisson().conjugate(*pair)
    highest = mpmath.log(a + y) if a + y > 0 else mpmath.mpf(-60)
    assert float(found) == pytest.approx(float(-dual(highest)), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("data", "weights"), [(PLAIN, None), (WEIGHTED, W)])
def test_solve_comes_to_what_statsmodels_does(data: linnet.Dataset, weights: np.ndarray | None) -> None:
    right = sm.GLM(Y, sm.add_constant(X), sm.families.Poisson(), freq_weights=weights).fit(tol=1e-14)
    found = linnet.solve(data, "poisson")
    theta = found.value.bank.theta[0]
    np.testing.assert_allclose(theta[[3, 0, 1, 2]], right.params, rtol=1e-8)
    rows = 300 if weights is None else weights.sum()
    assert found.stats.objective == pytest.approx(right.deviance / 2 / rows, rel=1e-12)
    assert 0 <= found.stats.gap < 1e-12


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "staged", "proximal"])
@pytest.mark.parametrize("l2", [1e-3, 1.0])
def test_every_solver_has_a_certificate_that_holds(solver: str, l2: float) -> None:
    best = linnet.solve(PLAIN, "poisson", l2=l2, solver="newton", tol=1e-15).stats.objective
    found = linnet.solve(PLAIN, "poisson", l2=l2, solver=solver, tol=1e-3).stats
    assert found.objective - found.gap <= best * (1 + 1e-12) <= found.objective * (1 + 1e-12)
    assert linnet.solve(PLAIN, "poisson", l2=l2, solver=solver).stats.objective == pytest.approx(
        best, rel=1e-6
    )


def test_the_penalty_is_scikit_learns() -> None:
    right = PoissonRegressor(alpha=0.1, tol=1e-12, max_iter=1000).fit(X, Y)
    found = linnet.solve(PLAIN, "poisson", l2=0.1).value.bank
    np.testing.assert_allclose(found.W[0], right.coef_, rtol=1e-6)


def test_large_counts_are_no_trouble() -> None:
    found = linnet.solve(DATA(X, 1e6 * Y), "poisson")
    assert found.status.is_good
    assert float(found.value.bank.b) == pytest.approx(float(GLM.fit().params[0]) + math.log(1e6), rel=1e-8)


def test_l1_gives_zeros_and_an_optimum() -> None:
    found = linnet.solve(PLAIN, "poisson", l1=0.35)
    weights = found.value.bank.W[0].numpy()
    assert 0 < (weights == 0).sum() < 3
    mean = np.exp(X @ weights + float(found.value.bank.b))
    slopes = X.T @ (mean - Y) / 300  # the subgradient's conditions, by hand
    np.testing.assert_allclose(slopes[weights != 0], -0.35 * np.sign(weights[weights != 0]), rtol=1e-5)
    assert (np.abs(slopes[weights == 0]) <= 0.35).all()


def test_why_there_is_no_optimum() -> None:
    for l2 in (0.0, 1.0):
        with pytest.warns(ShortfallWarning, match="all counts of rows that count are 0"):
            linnet.solve(DATA(X, 0 * Y), "poisson", l2=l2)
    apart = np.arange(300) % 7 == 0
    data = DATA(np.column_stack([X, apart]), np.where(apart, 0, Y))
    with pytest.warns(ShortfallWarning, match="counts are all 0 and leaves the other rows"):
        linnet.solve(data, "poisson")
    assert linnet.solve(data, "poisson", l2=1e-4).status.is_good


@pytest.mark.parametrize("verb", [linnet.fit, linnet.solve])
def test_negative_counts_are_refused(verb: Any) -> None:
    options = {"show": False} if verb is linnet.fit else {}
    with pytest.raises(UsageError, match="at least 0: the smallest target is -1"):
        verb(DATA(X, np.where(Y == 0, -1.0, Y)), loss="poisson", **options)


def test_negative_counts_are_refused_wherever_a_loss_is_measured() -> None:
    negative = DATA(X, np.where(Y == 0, -1.0, Y))
    with pytest.raises(UsageError, match="at least 0: the smallest target is -1"):
        linnet.fit(PLAIN, test=negative, loss="poisson", epochs=1, show=False)
    with pytest.raises(UsageError, match="at least 0: the smallest target is -1"):
        linnet.score(linnet.solve(PLAIN, "poisson").value, negative)


def test_an_ensemble_means_means() -> None:
    runs = [linnet.solve(PLAIN, "poisson", l2=l2).value for l2 in (0.0, 1.0)]
    several = Ensemble(Bank(torch.cat([run.bank.theta for run in runs]), 2), runs[0].card)
    expected = sum(np.exp(X @ run.bank.W[0].numpy() + float(run.bank.b)) for run in runs) / 2
    np.testing.assert_allclose(several.probabilities(PLAIN.X)[:, 0], expected, rtol=1e-12)


@pytest.mark.parametrize("verb", [linnet.fit, linnet.solve])
def test_classes_are_no_counts(verb: Any) -> None:
    options = {"show": False} if verb is linnet.fit else {}
    with pytest.raises(UsageError, match="these targets are classes: give floating numbers"):
        verb(DATA(X, Y.astype(int).astype(str)), loss="poisson", **options)


def test_training_comes_near_the_optimum_and_is_kept(tmp_path: Path) -> None:
    run = linnet.fit(
        PLAIN,
        loss="poisson",
        epochs=200,
        lr=0.2,
        batch_size=300,
        show=False,
        dtype="float64",
        out=tmp_path / "r",
    )
    best = linnet.solve(PLAIN, "poisson")
    np.testing.assert_allclose(run.bank.theta, best.value.bank.theta, atol=1e-4)
    again = Predictor.open(tmp_path / "r")
    means = np.exp(X @ run.bank.W[0].numpy() + float(run.bank.b))
    np.testing.assert_allclose(again.answers(X)[:, 0], means, rtol=1e-12)
    np.testing.assert_allclose(run.predictions(torch.from_numpy(X))[:, 0], means, rtol=1e-12)
    score = linnet.score(run, PLAIN)
    assert score.loss == pytest.approx(mean_poisson_deviance(Y, means) / 2, rel=1e-9)
    assert score.r2[0] == pytest.approx(1 - ((Y - means) ** 2).sum() / ((Y - Y.mean()) ** 2).sum())


def test_a_sweep_takes_it() -> None:
    swept = linnet.sweep(PLAIN, {"lr": [0.01, 0.1]}, loss="poisson", epochs=20, batch_size=50, show=False)
    assert swept.table["validation_loss"].to_numpy().min() < 1
    assert swept.best.lr in (0.01, 0.1)


@pytest.mark.parametrize(("kind", "theirs"), [("hessian", "nonrobust"), ("sandwich", "HC0")])
def test_inference_is_statsmodels(kind: str, theirs: str) -> None:
    right = GLM.fit(tol=1e-14, cov_type=theirs)
    found = linnet.infer(linnet.solve(PLAIN, "poisson"), PLAIN, covariance=kind)
    np.testing.assert_allclose(found.table["standard_error"], right.bse, rtol=1e-8)
    fit = found.goodness[0]
    figures: Any = (fit.log_likelihood, fit.null_log_likelihood, fit.deviance, fit.dispersion, fit.aic)
    expected = (right.llf, right.llnull, right.deviance, right.pearson_chi2 / right.df_resid, right.aic)
    np.testing.assert_allclose(figures, expected, rtol=1e-9)
    assert fit.likelihood_ratio is not None
    assert fit.likelihood_ratio.statistic == pytest.approx(2 * (right.llf - right.llnull), rel=1e-9)


def test_nothing_is_inferred_where_there_is_no_optimum() -> None:
    with pytest.warns(ShortfallWarning):
        found = linnet.solve(DATA(X, 0 * Y), "poisson")
    with pytest.raises(UsageError, match="nothing to infer from a model without an optimum"):
        linnet.infer(found, DATA(X, 0 * Y))


def test_counts_that_vary_more_are_told() -> None:
    wild = DATA(X, np.round(Y * SOURCE.gamma(0.5, 2, 300)))
    found = linnet.infer(linnet.solve(wild, "poisson"), wild)
    assert any("as much as Poisson's" in str(note) for note in found.notes)


def test_from_the_command_line_to_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = np.column_stack([X, Y])
    np.savetxt("counts.csv", table, delimiter=",", header="a,b,c,response", comments="")
    options = ("--data", "counts.csv", "--loss", "poisson", "--out", "solved", "--summary", "--json")
    assert call("solve", *options) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["status"]
    page = Path("solved", "report.html").read_text("utf-8")
    assert "Poisson regression on counts.csv" in page
    assert "Pearson residuals by fitted means" in page
    assert call("solve", *options[:-3], "solved-zh", "--summary", "--lang", "zh") == 0
    assert "泊松回归" in Path("solved-zh", "report.html").read_text("utf-8")
