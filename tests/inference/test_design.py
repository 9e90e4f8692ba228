"""Row weights as frequencies, precisions and importances, against statsmodels."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
import torch

import linnet
from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.errors import UsageError, WeightWarning
from linnet.inference.infer import infer
from tests.support.inferences import agree, design, line, solved
from tests.support.problems import LOGISTIC, SOFTMAX, table

CASES = Path(__file__).parents[1] / "cases"


def times(dataset: Dataset, factor: float) -> Dataset:
    assert dataset.weights is not None
    return dataclasses.replace(dataset, weights=dataset.weights * factor)


def repeated(dataset: Dataset) -> Dataset:
    """Each row as often as its weight says."""
    assert dataset.weights is not None
    often = dataset.weights.long()
    return Dataset(
        dataset.X.repeat_interleave(often, 0), dataset.y.repeat_interleave(often, 0), "again", dataset.classes
    )


def counted() -> Dataset:
    dataset = table(120, weighted=True)
    assert dataset.weights is not None
    return dataclasses.replace(dataset, weights=(dataset.weights * 4).ceil())


@pytest.mark.parametrize("factor", [1.0, 1e-3])
def test_precisions_are_weighted_least_squares(factor: float) -> None:
    dataset = line(weighted=True)
    assert dataset.weights is not None
    right: Any = sm.WLS(dataset.y.numpy()[:, 0], design(dataset), weights=dataset.weights.numpy()).fit()  # type: ignore[arg-type]
    found = solved(times(dataset, factor), weight_kind="precision")
    agree(found, right)
    assert found.fit.degrees_of_freedom == right.df_resid
    assert (found.fit.r2, found.fit.adjusted_r2) == pytest.approx(
        (right.rsquared, right.rsquared_adj), rel=1e-10
    )
    assert found.fit.f_test.statistic == pytest.approx(right.fvalue, rel=1e-8)
    if factor == 1:
        assert found.fit.sigma2 * float(dataset.weights.mean()) == pytest.approx(right.mse_resid, rel=1e-10)
    assert (found.fit.log_likelihood, found.fit.aic, found.fit.bic) == pytest.approx(
        (right.llf, right.aic, right.bic)
    )


@pytest.mark.parametrize("covariance", ["hessian", "hc0", "hc1", "hc2", "hc3"])
def test_frequencies_are_rows_written_again(covariance: str) -> None:
    dataset = line(weighted=True)
    found = solved(dataset, covariance=covariance, weight_kind="frequency")
    right = solved(repeated(dataset), covariance=covariance)
    figures = ["estimate", "standard_error", "low", "high"]
    np.testing.assert_allclose(found.table[figures], right.table[figures], rtol=1e-8)
    assert found.fit.degrees_of_freedom == right.fit.degrees_of_freedom


@pytest.mark.parametrize("loss", [SOFTMAX, LOGISTIC])
@pytest.mark.parametrize("covariance", ["hessian", "sandwich"])
def test_frequencies_of_classes_are_rows_written_again(loss: Loss, covariance: str) -> None:
    found = solved(counted(), loss, covariance=covariance, weight_kind="frequency")
    right = solved(repeated(counted()), loss, covariance=covariance)
    np.testing.assert_allclose(found.table["standard_error"], right.table["standard_error"], rtol=1e-7)


def test_frequencies_of_two_classes_are_those_of_statsmodels() -> None:
    dataset = table(150, classes=2)
    often = torch.randint(1, 5, (150,), generator=torch.Generator().manual_seed(0)).double()
    right: Any = sm.GLM(
        dataset.y.numpy(), design(dataset), sm.families.Binomial(), freq_weights=often.numpy()
    ).fit(tol=1e-12)
    found = solved(dataclasses.replace(dataset, weights=often), SOFTMAX)
    np.testing.assert_allclose(found.table["standard_error"], right.bse, rtol=1e-6)
    assert found.fit.log_likelihood == pytest.approx(right.llf, rel=1e-9)
    assert found.fit.degrees_of_freedom == right.df_resid


@pytest.mark.parametrize("factor", [1.0, 1e-6])
def test_importances_have_the_sandwich_whatever_their_scale(factor: float) -> None:
    dataset = line(weighted=True)
    assert dataset.weights is not None
    right = sm.WLS(dataset.y.numpy()[:, 0], design(dataset), weights=dataset.weights.numpy()).fit()  # type: ignore[arg-type]
    found = solved(times(dataset, factor), weight_kind="importance")
    agree(found, right.get_robustcov_results("HC3", use_t=True))
    assert found.summary()["goodness"][0]["undefined"]["aic"].startswith("importance weights")
    assert "row weights are importances" in str(found)


def test_importances_of_classes_have_the_sandwich() -> None:
    dataset = table(200, classes=2, weighted=True)
    assert dataset.weights is not None
    w = dataset.weights.numpy()
    right: Any = sm.GLM(dataset.y.numpy(), design(dataset), sm.families.Binomial(), var_weights=w).fit(
        tol=1e-12, cov_type="HC0"
    )
    found = solved(dataset, SOFTMAX, weight_kind="importance")
    np.testing.assert_allclose(found.table["standard_error"], right.bse, rtol=1e-6)


def test_weights_that_sum_to_1_are_noticed_as_frequencies_and_taken_as_precisions() -> None:
    dataset = line(weighted=True)
    assert dataset.weights is not None
    one = times(dataset, 1 / float(dataset.weights.sum()))
    with pytest.warns(WeightWarning, match="80 rows are 1 observations, no more than the 5 parameters"):
        found = solved(one)
    assert set(found.table["note"]) == {"no degrees of freedom"}
    assert solved(one, weight_kind="precision").fit.degrees_of_freedom == 75


def test_frequencies_below_1_are_noticed() -> None:
    dataset = dataclasses.replace(line(), weights=torch.full((80,), 0.5, dtype=torch.float64))
    with pytest.warns(WeightWarning, match="none of them a whole one"):
        assert solved(dataset).fit.degrees_of_freedom == 35


def test_bootstraps_of_frequencies_draw_each_row_as_often_as_it_was_seen() -> None:
    dataset = line(300, weighted=True)
    boots = solved(dataset, covariance="bootstrap", bags=400, weight_kind="frequency").table["standard_error"]
    right = solved(repeated(dataset), covariance="hc0").table["standard_error"]
    np.testing.assert_allclose(boots, right, rtol=0.15)  # 1/√800 each is chance
    assert float((boots / right).mean()) == pytest.approx(1.0, abs=0.08)


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(UsageError, match="weight_kind must be one of these, not 'magic'"):
        solved(line(), weight_kind="magic")
    with pytest.raises(UsageError, match="a class is no number"):
        solved(counted(), SOFTMAX, weight_kind="precision")
    with pytest.raises(UsageError, match="inverse Hessian is not the covariance"):
        solved(counted(), SOFTMAX, weight_kind="importance", covariance="hessian")


def test_frequencies_that_sum_to_less_than_the_parameters_leave_classes_nothing_to_test() -> None:
    found = linnet.load(CASES / "flag.csv", hold_out=False).train
    small = dataclasses.replace(found, weights=torch.full((len(found),), 1 / len(found), dtype=torch.float64))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inference = infer(linnet.solve(small), small, weight_kind="frequency")
    fit = inference.goodness[0]
    assert {fit.why_not(name) for name in ("aic", "bic", "likelihood_ratio")} == {"no degrees of freedom"}
    assert np.isnan(inference.table[["statistic", "p", "low", "high"]].to_numpy(float)).all()
    assert "-2" not in str(inference).split("rows,")[1].splitlines()[0]
