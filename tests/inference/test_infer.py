"""`infer` against statsmodels and NIST."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
import torch

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from tests.support.inferences import agree, design, infer, line, solved
from tests.support.nist import digits, read
from tests.support.problems import LOGISTIC, SOFTMAX, binary, table
from tests.support.solutions import solve_least_squares, solve_smooth

NIST = ["Norris", "Pontius", "NoInt1", "NoInt2", "Filip", "Longley",
        "Wampler1", "Wampler2", "Wampler3", "Wampler4", "Wampler5"]  # fmt: skip
AT_LEAST = {"Filip": 7.5}  # what rounding its powers to float64 leaves
EXACT_FIT = ("Wampler1", "Wampler2")  # certified errors are 0


@pytest.mark.parametrize("name", NIST)
def test_nist(nist_folder: Path, name: str) -> None:
    case = read(nist_folder, name)
    right = json.loads((nist_folder / f"{name}.json").read_text("utf-8"))["certified"]
    dataset = Dataset(case.X, case.Y, name)
    found = infer(solve_least_squares(dataset, intercept=case.intercept), dataset)
    assert found.fit.sigma2 is not None
    assert found.fit.r2 is not None
    enough = 9.0 if name in EXACT_FIT else AT_LEAST.get(name, 12.5)
    certified = [float(value) for value in right["coef_sd"]]
    assert digits(found.table["standard_error"].tolist(), certified) >= enough
    assert digits([math.sqrt(found.fit.sigma2)], [float(right["resid_sd"])]) >= enough
    assert digits([found.fit.r2], [float(right["r2"])]) >= min(enough + 3, 13)


@pytest.mark.parametrize("covariance", ["hessian", "hc0", "hc1", "hc2", "hc3", "sandwich"])
def test_a_regression_is_that_of_statsmodels(covariance: str) -> None:
    dataset = line()
    right = sm.OLS(dataset.y.numpy()[:, 0], design(dataset)).fit()
    found = solved(dataset, covariance=covariance)
    if covariance != "hessian":
        named = {"sandwich": "HC3"}.get(covariance, covariance.upper())
        agree(found, right.get_robustcov_results(named, use_t=True))
    else:
        agree(found, right)
        assert found.fit.f_test is not None
        assert found.fit.f_test.statistic == pytest.approx(right.fvalue, rel=1e-10)
        assert found.fit.f_test.p == pytest.approx(right.f_pvalue, rel=1e-6)
    assert found.fit.r2 == pytest.approx(right.rsquared, rel=1e-12)
    assert found.fit.adjusted_r2 == pytest.approx(right.rsquared_adj, rel=1e-12)
    assert found.fit.log_likelihood == pytest.approx(right.llf, rel=1e-12)
    assert (found.fit.aic, found.fit.bic) == pytest.approx((right.aic, right.bic), rel=1e-12)
    assert found.fit.sigma2 == pytest.approx(right.mse_resid, rel=1e-12)
    assert found.fit.degrees_of_freedom == right.df_resid


@pytest.mark.parametrize("covariance", ["hc1", "hc2", "hc3"])
def test_weights_of_sampling(covariance: str) -> None:
    dataset = line(weighted=True)
    assert dataset.weights is not None
    y = dataset.y.numpy()[:, 0]
    right = sm.WLS(y, design(dataset), weights=dataset.weights.numpy()).fit()  # type: ignore[arg-type]
    agree(solved(dataset, covariance=covariance), right.get_robustcov_results(covariance.upper(), use_t=True))


def test_weights_are_frequencies_for_the_hessian() -> None:
    dataset = line(weighted=True)
    assert dataset.weights is not None
    often = dataset.weights.long()
    again = Dataset(dataset.X.repeat_interleave(often, 0), dataset.y.repeat_interleave(often, 0), "again")
    found, right = solved(dataset), solved(again)
    numbers = ["estimate", "standard_error", "statistic", "low", "high"]
    np.testing.assert_allclose(found.table[numbers], right.table[numbers], rtol=1e-9)
    assert (found.fit.log_likelihood, found.fit.bic, found.fit.r2) == pytest.approx(
        (right.fit.log_likelihood, right.fit.bic, right.fit.r2), rel=1e-11
    )
    agree(right, sm.OLS(again.y.numpy()[:, 0], design(again)).fit())


def test_frequencies_of_classes() -> None:
    dataset = table(weighted=True)
    assert dataset.weights is not None
    often = (dataset.weights * 4).ceil().long()
    counted = Dataset(dataset.X, dataset.y, "counted", dataset.classes, weights=often.double())
    again = Dataset(
        dataset.X.repeat_interleave(often, 0), dataset.y.repeat_interleave(often), "again", dataset.classes
    )
    found, right = solved(counted, SOFTMAX), solved(again, SOFTMAX)
    np.testing.assert_allclose(found.table["standard_error"], right.table["standard_error"], rtol=1e-8)
    assert (found.fit.aic, found.fit.bic) == pytest.approx((right.fit.aic, right.fit.bic), rel=1e-10)


@pytest.mark.parametrize("covariance", ["hessian", "sandwich"])
def test_softmax_is_mnlogit(covariance: str) -> None:
    dataset = table(400)
    kind = "HC0" if covariance == "sandwich" else "nonrobust"
    right = sm.MNLogit(dataset.y.numpy(), design(dataset)).fit(disp=0, tol=1e-12, cov_type=kind)
    found = solved(dataset, SOFTMAX, covariance=covariance)
    agree(found, right)
    assert found.fit.likelihood_ratio is not None
    assert found.fit.likelihood_ratio.statistic == pytest.approx(right.llr, rel=1e-9)
    assert found.fit.likelihood_ratio.p == pytest.approx(right.llr_pvalue, rel=1e-6)
    assert found.fit.mcfadden_r2 == pytest.approx(right.prsquared, rel=1e-8)
    assert (found.fit.aic, found.fit.bic) == pytest.approx((right.aic, right.bic), rel=1e-10)


def test_another_reference_says_the_same() -> None:
    dataset = table(400)
    order = torch.tensor([1, 2, 0])  # statsmodels takes the lowest number for its reference
    right = sm.MNLogit(order[dataset.y].numpy(), design(dataset)).fit(disp=0, tol=1e-12)
    found = solved(dataset, SOFTMAX, reference="class 2")
    assert found.reference == "class 2"
    agree(found, right)


@pytest.mark.parametrize("covariance", ["hessian", "sandwich"])
def test_two_classes_are_logit(covariance: str) -> None:
    dataset = table(300, classes=2)
    kind = "HC0" if covariance == "sandwich" else "nonrobust"
    agree(
        solved(dataset, SOFTMAX, covariance=covariance),
        sm.Logit(dataset.y.numpy(), design(dataset)).fit(disp=0, tol=1e-12, cov_type=kind),
    )


def test_one_against_the_rest_is_a_logit_a_class() -> None:
    dataset = table(300)
    found = solved(dataset, LOGISTIC)
    for number, fit in enumerate(found.goodness):
        right = sm.Logit((dataset.y == number).double().numpy(), design(dataset)).fit(disp=0, tol=1e-12)
        agree(found, right, output=dataset.classes[number])
        assert fit.log_likelihood == pytest.approx(right.llf, rel=1e-10)
        assert fit.null_log_likelihood == pytest.approx(right.llnull, rel=1e-8)
    with pytest.raises(UsageError, match=r"3 models.*goodness"):
        _ = found.fit.aic


def test_a_single_output_of_zeros_and_ones() -> None:
    dataset = binary()
    plain = Dataset(dataset.X, dataset.y, "binary")
    right = sm.Logit(dataset.y.numpy()[:, 0], design(dataset)).fit(disp=0, tol=1e-12)
    agree(solved(plain, LOGISTIC), right)


def test_no_intercept() -> None:
    dataset = line()
    found = infer(solve_least_squares(dataset, intercept=False), dataset)
    right = sm.OLS(dataset.y.numpy()[:, 0], dataset.X.numpy()).fit()
    agree(found, right)
    assert found.fit.r2 == pytest.approx(right.rsquared, rel=1e-12)
    classes = table(200)
    plain = infer(solve_smooth(classes, SOFTMAX, intercept=False), classes)
    agree(plain, sm.MNLogit(classes.y.numpy(), classes.X.numpy()).fit(disp=0, tol=1e-12))
    assert plain.fit.null_log_likelihood == pytest.approx(-200 * math.log(3))


def test_covariances_of_one_output() -> None:
    dataset = line()
    right = sm.OLS(dataset.y.numpy()[:, 0], design(dataset)).fit()
    found = solved(dataset, names=["a", "b", "c", "d"]).covariance()
    np.testing.assert_allclose(found.to_numpy(), right.cov_params(), rtol=1e-8)
    assert list(found) == ["bias", "a", "b", "c", "d"]
    several = solved(table(100), SOFTMAX)
    assert several.covariance("class 2").shape == (6, 6)
    with pytest.raises(UsageError, match="expected one of the outputs class 1, class 2"):
        several.covariance()


def test_several_targets_are_several_regressions() -> None:
    one = line()
    both = Dataset(one.X, torch.cat([one.y, one.y.square()], 1), "both")
    found = solved(both)
    for number, name in enumerate(("y0", "y1")):
        agree(found, sm.OLS(both.y.numpy()[:, number], design(both)).fit(), output=name)
