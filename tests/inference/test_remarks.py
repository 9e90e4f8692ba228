"""Figures that do not exist are shown as such, with the reason; R² says what it is about."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from tests.support.inferences import infer, line, solved
from tests.support.problems import SOFTMAX, table
from tests.support.solutions import solve_least_squares, solve_smooth

CASES = Path(__file__).parents[1] / "cases"


def case(name: str) -> Dataset:
    cells: Any = pd.read_csv(CASES / f"{name}.csv")
    X, y = cells.iloc[:, :-1].to_numpy(float), cells.iloc[:, -1:].to_numpy(float)
    return Dataset(torch.tensor(X), torch.tensor(y), name, columns=tuple(cells.columns[:-1]))


def regression(X: Any, y: Any, **more: Any) -> Dataset:
    X, y = (torch.as_tensor(np.asarray(each)) for each in (X, y))
    return Dataset(X.reshape(len(X), -1), y.reshape(len(y), -1), "made", **more)


def says_no_number(found: Any) -> None:
    """Neither the summary nor JSON has nan, inf or a number where there is none."""
    text = str(found)
    assert "nan" not in text
    assert "inf" not in text
    json.dumps(found.summary(), allow_nan=False)


@pytest.mark.parametrize("covariance", ["hc2", "hc3", "sandwich", "bootstrap"])
def test_a_dummy_of_one_row_has_no_robust_standard_error(covariance: str) -> None:
    found = solved(case("leverage"), covariance=covariance)
    row = found.summary()["table"][2]
    assert row["feature"] == "site7"
    assert [row[name] for name in ("standard_error", "statistic", "p", "low", "high")] == [None] * 5
    assert row["reason"].startswith("leverage 1: a single row decides it")
    assert "a row alone decides site7 (leverage 1; row 5)" in str(found)
    says_no_number(found)


@pytest.mark.parametrize("covariance", ["hc2", "hc3"])
def test_beside_a_dummy_of_one_row_the_others_have_the_errors_of_the_other_rows(covariance: str) -> None:
    dataset = case("leverage")
    kept = dataset.X[:, 1] == 0
    X = sm.add_constant(dataset.X[kept, :1].numpy())
    right = sm.OLS(dataset.y[kept, 0].numpy(), X).fit().get_robustcov_results(covariance.upper())
    found = solved(dataset, covariance=covariance).table["standard_error"]
    np.testing.assert_allclose(found[:2], right.bse, rtol=1e-8)


def test_beside_a_dummy_of_one_row_bootstraps_are_those_of_the_other_rows() -> None:
    dataset = case("leverage")
    weights = (dataset.X[:, 1] == 0).double()
    left = Dataset(dataset.X[:, :1], dataset.y, "left", weights=weights)
    whole = solved(dataset, covariance="bootstrap", bags=40).table["standard_error"]
    right = solved(left, covariance="bootstrap", bags=40).table["standard_error"]
    np.testing.assert_allclose(whole[:2], right, rtol=1e-5)


def test_the_classical_error_of_a_dummy_of_one_row_exists() -> None:
    rows = solved(case("leverage")).table.set_index("feature")
    # mpmath, 60 digits
    assert rows.loc["x", ["estimate", "standard_error"]].tolist() == pytest.approx(
        [0.177103102, 0.147596343], abs=1e-9
    )
    assert rows.loc["site7", ["estimate", "standard_error", "p"]].tolist() == pytest.approx(
        [1.15173092, 1.086551999, 0.29602], abs=2e-6
    )


def test_bootstraps_that_lack_all_rows_of_a_dummy_are_left_out() -> None:
    dataset = case("leverage")
    X = dataset.X.clone()
    X[20, 1] = 1  # a second row: a bag lacks both with the chance e⁻²
    with pytest.warns(UserWarning, match="bootstraps have no optimum of their own"):
        found = solved(Dataset(X, dataset.y, "two"), covariance="bootstrap", bags=200)
    assert 200 * (1 - math.exp(-2)) == pytest.approx(found.bags, abs=20)


@pytest.mark.parametrize("covariance", ["hessian", "hc0", "hc3", "bootstrap"])
def test_a_response_that_never_changes_has_no_test(covariance: str) -> None:
    found = solved(case("constant"), covariance=covariance)
    assert found.table["estimate"].tolist() == [3.0, 0.0, 0.0]
    assert found.table[["standard_error", "statistic", "p", "low", "high"]].isna().all(axis=None)
    (fit,) = found.summary()["goodness"]
    for name in ("r2", "adjusted_r2", "f_test", "log_likelihood", "likelihood_ratio", "aic", "bic"):
        assert fit[name] is None
        assert fit["undefined"][name].startswith("constant response")
    assert "constant response: it never changes" in str(found)
    says_no_number(found)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9, -1e-12])
def test_a_response_constant_within_rounding_is_constant(value: float) -> None:
    source = torch.Generator().manual_seed(0)
    X = torch.randn(30, 2, generator=source, dtype=torch.float64)
    y = torch.full((30, 1), value, dtype=torch.float64)
    y[::3] *= 1 + 2.0**-52
    assert set(solved(regression(X, y)).table["note"]) == {"constant response"}


def test_rows_of_no_weight_do_not_make_a_response_change() -> None:
    dataset = line(20, 2)
    y, weights = torch.full((20, 1), 3.0, dtype=torch.float64), torch.ones(20, dtype=torch.float64)
    y[4], weights[4] = 9.0, 0.0
    found = solved(Dataset(dataset.X, y, "weighted", weights=weights))
    assert set(found.table["note"]) == {"constant response"}


def test_of_several_targets_only_the_constant_one_has_no_figures() -> None:
    one = line(40, 2)
    found = solved(Dataset(one.X, torch.cat([one.y, torch.ones(40, 1).double()], 1), "both"))
    assert (found.table.query("output == 'y0'")["note"] == "").all()
    assert (found.table.query("output == 'y1'")["note"] == "constant response").all()
    assert "y1: constant response" in str(found)
    says_no_number(found)


@settings(max_examples=25)
@given(
    offset=st.sampled_from([0.0, 1.0, 1e9, -1e12]), slope=st.sampled_from([1e-12, 0.3, 1e9]),
    kind=st.sampled_from([np.float32, np.float64]), seed=st.integers(0, 9),
)  # fmt: skip
def test_an_exact_line_is_called_an_exact_fit(offset: float, slope: float, kind: Any, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(25, 1)).astype(kind)
    y = (x.astype(kind) * kind(slope) + kind(offset)).astype(kind)
    found = solved(regression(x, y))
    assert set(found.table["note"]) <= {"exact fit", "constant response"}
    assert found.fit.f_test is None
    assert found.fit.likelihood_ratio is None
    says_no_number(found)


def test_an_exact_fit_says_so_in_place_of_figures_made_of_rounding() -> None:
    x = np.linspace(0, 1, 30)
    found = solved(regression(x, 0.1 + 0.7 * x))
    text = str(found)
    assert "log-likelihood exact fit, without features" in text
    assert "AIC, BIC: exact fit" in text
    assert "F: exact fit" in text
    assert found.fit.r2 == 1
    assert found.fit.sigma2 == 0
    assert found.table["standard_error"].tolist() == [0, 0]
    assert found.table[["statistic", "p", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize("noise", [1e-9, 1e-6])
def test_small_errors_are_no_exact_fit(noise: float) -> None:
    source = np.random.default_rng(0)
    x = source.normal(size=(40, 1))
    y = 1 + x[:, 0] + noise * source.normal(size=40)
    found = solved(regression(x, y))
    right = sm.OLS(y, sm.add_constant(x)).fit()
    np.testing.assert_allclose(found.table["standard_error"], right.bse, rtol=1e-5)


@pytest.mark.parametrize("covariance", ["hessian", "hc1", "hc3", "bootstrap"])
def test_as_many_parameters_as_rows_leave_no_degrees_of_freedom(covariance: str) -> None:
    dataset = line(5, 4)
    found = solved(dataset, covariance=covariance)
    assert set(found.table["note"]) == {"no degrees of freedom"}
    assert found.table["standard_error"].isna().all()
    assert found.summary()["goodness"][0]["sigma2"] is None
    says_no_number(found)


def test_a_row_a_group_has_no_robust_errors_at_all() -> None:
    X = torch.eye(6, dtype=torch.float64)[:, 1:].repeat(2, 1)[:9]  # groups 3 … 5 have one row
    y = torch.randn(9, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = solved(Dataset(X, y, "groups"), covariance="hc3").table
    assert found["note"].tolist() == ["", "", "", "leverage 1", "leverage 1", "leverage 1"]


def test_dummies_that_sum_to_1_have_the_r2_about_the_mean() -> None:
    dataset = case("noconst")
    found = infer(solve_least_squares(dataset, intercept=False), dataset)
    # statsmodels 0.15
    assert found.fit.r2 == pytest.approx(0.059361408, abs=1e-9)
    assert found.fit.f_test.statistic == pytest.approx(1.798565506, abs=1e-8)
    assert found.fit.f_test.degrees_of_freedom == (2, 57)
    right = sm.OLS(dataset.y.numpy()[:, 0], dataset.X.numpy()).fit()
    assert found.fit.adjusted_r2 == pytest.approx(right.rsquared_adj, rel=1e-10)
    assert found.summary()["goodness"][0]["r2_kind"] == "centred"
    assert "uncentred" not in str(found)


def test_without_a_bias_the_r2_is_called_uncentred() -> None:
    dataset = line()
    found = infer(solve_least_squares(dataset, intercept=False), dataset)
    right = sm.OLS(dataset.y.numpy()[:, 0], dataset.X.numpy()).fit()
    assert found.fit.r2 == pytest.approx(right.rsquared, rel=1e-12)
    assert found.summary()["goodness"][0]["r2_kind"] == "uncentred"
    assert "R² (uncentred" in str(found)


def test_classes_without_a_bias_whose_columns_span_the_constant_are_compared_with_their_shares() -> None:
    plain = table(200, classes=2)
    X = torch.cat([plain.X, torch.ones(200, 1)], 1)
    dataset = Dataset(X, plain.y, "ones", plain.classes)
    found = infer(solve_smooth(dataset, SOFTMAX, intercept=False), dataset)
    right = sm.Logit(plain.y.numpy(), X.numpy()).fit(disp=0, tol=1e-12)
    assert found.fit.null_log_likelihood == pytest.approx(right.llnull, rel=1e-9)
    assert found.fit.mcfadden_r2 == pytest.approx(right.prsquared, rel=1e-8)


def test_rows_of_one_class_have_nothing_to_explain() -> None:
    plain = table(30, classes=2)
    dataset = Dataset(plain.X, plain.y * 0, "one", plain.classes)
    with pytest.warns(UserWarning, match="apart"):
        found = solved(dataset, SOFTMAX)
    assert found.summary()["goodness"][0]["undefined"]["mcfadden_r2"].startswith("constant response")
    says_no_number(found)


def test_a_constant_response_under_l2_has_no_figures_either() -> None:
    found = solved(case("constant"), l2=0.1)
    assert set(found.table["note"]) == {"constant response"}
    assert infer(solve_least_squares(case("constant"), Penalty(0.1)), case("constant")).fit.sigma2 == 0
    says_no_number(found)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_targets_whose_squares_are_no_numbers_are_refused_and_not_called_exact(size: float) -> None:
    dataset = line(20, 2)
    with pytest.raises(UsageError, match="in another unit"):
        solved(Dataset(dataset.X, dataset.y * size, "far"))


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_a_unit_of_the_target_changes_no_test(size: float) -> None:
    dataset = line(20, 2)
    plain, found = solved(dataset), solved(Dataset(dataset.X, dataset.y * size, "unit"))
    np.testing.assert_allclose(found.table["p"], plain.table["p"], rtol=1e-9)
    assert found.fit.r2 == pytest.approx(plain.fit.r2, rel=1e-12)


@pytest.mark.parametrize("covariance", ["sandwich", "hc0", "bootstrap"])
def test_likelihoods_beside_robust_errors_are_said_to_take_the_model_to_be_right(covariance: str) -> None:
    dataset = line(200)
    solution = solve_least_squares(dataset)
    assert "hold if the model is right" in "".join(infer(solution, dataset, covariance=covariance).notes)
    assert "hold if the model is right" not in "".join(infer(solution, dataset).notes)
    sampled = dataclasses.replace(dataset, weights=torch.rand(200, dtype=torch.float64) + 0.1)
    found = infer(solve_least_squares(sampled), sampled, weight_kind="importance", covariance=covariance)
    assert "hold if the model is right" not in "".join(found.notes)  # importance weights make no likelihood
