"""`infer` against statsmodels and NIST, and what it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.core.losses import Huber, Logistic, Loss, SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.errors import CollinearWarning, ShapeError, UsageError
from linnet.solvers import inference
from linnet.solvers.auto_least import solve_least_squares
from linnet.solvers.smooth import solve_smooth
from tests.solvers.conftest import digits, read
from tests.solvers.problems import LOGISTIC, SOFTMAX, binary, table

infer: Any = inference.infer  # pandas has no types

NIST = ["Norris", "Pontius", "NoInt1", "NoInt2", "Filip", "Longley",
        "Wampler1", "Wampler2", "Wampler3", "Wampler4", "Wampler5"]  # fmt: skip
AT_LEAST = {"Filip": 7.5}  # what rounding its powers to float64 leaves
EXACT_FIT = ("Wampler1", "Wampler2")  # certified errors are 0


def line(rows: int = 80, features: int = 4, seed: int = 0, *, weighted: bool = False) -> Dataset:
    """A regression whose errors grow with the first feature."""
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, features, generator=source, dtype=torch.float64)
    noise = torch.randn(rows, generator=source, dtype=torch.float64) * (0.5 + X[:, 0].abs())
    y = X @ torch.linspace(-1, 2, features, dtype=torch.float64) + 3 + noise
    weights = torch.randint(1, 5, (rows,), generator=source).double() if weighted else None
    scale = torch.logspace(-1, 2, features, dtype=torch.float64)
    return Dataset(X * scale + 5, y[:, None], "line", weights=weights)


def design(dataset: Dataset) -> Any:
    return sm.add_constant(dataset.X.numpy() * dataset.scale)


def solved(dataset: Dataset, loss: Loss | None = None, l2: float = 0.0, **options: Any) -> Any:
    if loss is None:
        return infer(solve_least_squares(dataset, Penalty(l2)), dataset, **options)
    return infer(solve_smooth(dataset, loss, Penalty(l2)), dataset, **options)


def agree(found: Any, reference: Any, tolerance: float = 1e-8, output: str | None = None) -> None:
    """Estimates, errors, tests and intervals are statsmodels'."""
    rows = found.table if output is None else found.table[found.table["output"] == output]
    limits = reference.conf_int(0.05)
    right = {
        "estimate": reference.params, "standard_error": reference.bse, "statistic": reference.tvalues,
        "low": limits[..., 0], "high": limits[..., 1],
    }  # fmt: skip
    for name, values in right.items():
        values = np.asarray(values)
        expected = values.T.ravel() if name not in ("low", "high") else values.ravel()
        np.testing.assert_allclose(rows[name], expected, rtol=tolerance, atol=tolerance * 1e-3, err_msg=name)
    np.testing.assert_allclose(rows["p"], np.asarray(reference.pvalues).T.ravel(), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", NIST)
def test_nist(nist_folder: Path, name: str) -> None:
    case = read(nist_folder, name)
    right = json.loads((nist_folder / f"{name}.json").read_text("utf-8"))["certified"]
    dataset = Dataset(case.X, case.Y, name)
    found = infer(solve_least_squares(dataset, intercept=case.intercept), dataset)
    assert found.sigma2 is not None
    assert found.r2 is not None
    enough = 9.0 if name in EXACT_FIT else AT_LEAST.get(name, 12.5)
    certified = [float(value) for value in right["coef_sd"]]
    assert digits(found.table["standard_error"].tolist(), certified) >= enough
    assert digits([math.sqrt(found.sigma2)], [float(right["resid_sd"])]) >= enough
    assert digits([found.r2], [float(right["r2"])]) >= min(enough + 3, 13)


@pytest.mark.parametrize("covariance", ["hessian", "hc0", "hc1", "hc3", "sandwich"])
def test_a_regression_is_that_of_statsmodels(covariance: str) -> None:
    dataset = line()
    right = sm.OLS(dataset.y.numpy()[:, 0], design(dataset)).fit()
    found = solved(dataset, covariance=covariance)
    if covariance != "hessian":
        named = {"sandwich": "HC3"}.get(covariance, covariance.upper())
        agree(found, right.get_robustcov_results(named, use_t=True))
    else:
        agree(found, right)
        assert found.f_test is not None
        assert found.f_test.statistic == pytest.approx(right.fvalue, rel=1e-10)
        assert found.f_test.p == pytest.approx(right.f_pvalue, rel=1e-6)
    assert found.r2 == pytest.approx(right.rsquared, rel=1e-12)
    assert found.adjusted_r2 == pytest.approx(right.rsquared_adj, rel=1e-12)
    assert found.log_likelihood == pytest.approx(right.llf, rel=1e-12)
    assert (found.aic, found.bic) == pytest.approx((right.aic, right.bic), rel=1e-12)
    assert found.sigma2 == pytest.approx(right.mse_resid, rel=1e-12)
    assert found.degrees_of_freedom == right.df_resid


@pytest.mark.parametrize("covariance", ["hc1", "hc3"])
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
    assert (found.log_likelihood, found.bic, found.r2) == pytest.approx(
        (right.log_likelihood, right.bic, right.r2), rel=1e-11
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
    assert (found.aic, found.bic) == pytest.approx((right.aic, right.bic), rel=1e-10)


@pytest.mark.parametrize("covariance", ["hessian", "sandwich"])
def test_softmax_is_mnlogit(covariance: str) -> None:
    dataset = table(400)
    kind = "HC0" if covariance == "sandwich" else "nonrobust"
    right = sm.MNLogit(dataset.y.numpy(), design(dataset)).fit(disp=0, tol=1e-12, cov_type=kind)
    found = solved(dataset, SOFTMAX, covariance=covariance)
    agree(found, right)
    assert found.likelihood_ratio is not None
    assert found.likelihood_ratio.statistic == pytest.approx(right.llr, rel=1e-9)
    assert found.likelihood_ratio.p == pytest.approx(right.llr_pvalue, rel=1e-6)
    assert found.mcfadden_r2 == pytest.approx(right.prsquared, rel=1e-8)
    assert (found.aic, found.bic) == pytest.approx((right.aic, right.bic), rel=1e-10)


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
        _ = found.aic


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
    assert found.r2 == pytest.approx(right.rsquared, rel=1e-12)
    classes = table(200)
    fit = infer(solve_smooth(classes, SOFTMAX, intercept=False), classes)
    agree(fit, sm.MNLogit(classes.y.numpy(), classes.X.numpy()).fit(disp=0, tol=1e-12))
    assert fit.null_log_likelihood == pytest.approx(-200 * math.log(3))


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


def test_collinear_columns_have_no_errors_and_the_rest_have() -> None:
    plain = line()
    more = torch.cat([plain.X, plain.X[:, :1] + plain.X[:, 1:2]], 1)
    dataset = Dataset(more, plain.y, "collinear")
    with pytest.warns(CollinearWarning):
        solution = solve_least_squares(dataset)
    with pytest.warns(CollinearWarning, match="a, b and e are collinear"):
        found = infer(solution, dataset, names=list("abcde"))
    rows = found.table.set_index("feature")
    assert rows["note"].to_dict() == {
        "bias": "", "a": "collinear", "b": "collinear", "c": "", "d": "", "e": "collinear"
    }  # fmt: skip
    assert rows.loc[["a", "b", "e"], ["standard_error", "p", "low", "high"]].isna().all(axis=None)
    right = sm.OLS(plain.y.numpy()[:, 0], design(plain)).fit()
    np.testing.assert_allclose(
        rows.loc[["bias", "c", "d"], "standard_error"], right.bse[[0, 3, 4]], rtol=1e-8
    )
    assert found.degrees_of_freedom == right.df_resid
    assert "collinear" in str(found)


def test_a_constant_column_takes_the_bias_with_it() -> None:
    plain = line()
    dataset = Dataset(torch.cat([plain.X, torch.full_like(plain.X[:, :1], 2.0)], 1), plain.y, "constant")
    with pytest.warns(CollinearWarning):
        found = infer(solve_least_squares(dataset), dataset)
    assert found.table["note"].tolist() == ["collinear", "", "", "", "", "collinear"]


def test_collinear_columns_of_classes() -> None:
    plain = table(200)
    dataset = Dataset(torch.cat([plain.X, plain.X[:, :1] * 2], 1), plain.y, "collinear", plain.classes)
    with pytest.warns(CollinearWarning, match="columns x0 and x5 are collinear"):
        found = solved(dataset, SOFTMAX)
    right = sm.MNLogit(plain.y.numpy(), design(plain)).fit(disp=0, tol=1e-12)
    known = found.table[found.table["note"] == ""]
    np.testing.assert_allclose(known["standard_error"], right.bse[[0, 2, 3, 4, 5]].T.ravel(), rtol=1e-7)


def test_pixels_are_scaled_as_the_model_sees_them() -> None:
    source = torch.Generator().manual_seed(3)
    X = torch.randint(0, 256, (90, 3), generator=source).to(torch.uint8)
    y = X.double() @ torch.tensor([[0.1], [0.0], [-0.2]], dtype=torch.float64)
    dataset = Dataset(X, y + torch.randn(90, 1, generator=source, dtype=torch.float64), scale=1 / 255)
    agree(solved(dataset), sm.OLS(dataset.y.numpy()[:, 0], design(dataset)).fit())


@settings(max_examples=15)
@given(st.integers(0, 3), st.floats(-6, 6), st.sampled_from(["hessian", "hc3"]))
def test_scaling_a_column_scales_its_row(column: int, power: float, covariance: str) -> None:
    dataset, factor = line(40), 10.0**power
    X = dataset.X.clone()
    X[:, column] *= factor
    before, after = (
        solved(dataset, covariance=covariance),
        solved(Dataset(X, dataset.y, "scaled"), covariance=covariance),
    )
    numbers = ["estimate", "standard_error", "low", "high"]
    expected = before.table[numbers].to_numpy().copy()
    expected[column + 1] /= factor
    np.testing.assert_allclose(after.table[numbers], expected, rtol=1e-8)
    np.testing.assert_allclose(after.table["p"], before.table["p"], rtol=1e-6, atol=1e-15)


@settings(max_examples=15)
@given(st.permutations(range(5)), st.integers(0, 99))
def test_columns_and_rows_may_be_in_any_order(order: list[int], seed: int) -> None:
    dataset = table(80)
    rows = torch.randperm(80, generator=torch.Generator().manual_seed(seed))
    moved = Dataset(dataset.X[rows][:, order], dataset.y[rows], "moved", dataset.classes)
    before, after = solved(dataset, SOFTMAX), solved(moved, SOFTMAX)
    for name in ("class 1", "class 2"):
        one = before.table[before.table["output"] == name].iloc[[0, *(1 + column for column in order)]]
        other = after.table[after.table["output"] == name]
        for figure in ("estimate", "standard_error", "low"):
            np.testing.assert_allclose(other[figure], one[figure], rtol=1e-6)


def test_a_model_that_is_not_at_the_optimum_is_refused() -> None:
    dataset = table(200)
    solution = solve_smooth(dataset, SOFTMAX)
    solution.value.bank.W[0, 0] += 3.0
    with pytest.raises(UsageError, match=r"not at the optimum.*standard errors away"):
        infer(solution, dataset)
    regression = solve_least_squares(line())
    regression.value.bank.b.add_(1.0)
    with pytest.raises(UsageError, match="not at the optimum"):
        infer(regression, line())


def test_a_small_way_to_the_optimum_is_gone() -> None:
    dataset = table(200)
    solution = solve_smooth(dataset, SOFTMAX)
    exact = infer(solution, dataset)
    solution.value.bank.theta.mul_(1 + 1e-4)
    np.testing.assert_allclose(
        infer(solution, dataset).table["estimate"], exact.table["estimate"], rtol=1e-10
    )


def test_what_is_refused() -> None:
    dataset, classes = line(), table(100)
    solution, softmax = solve_least_squares(dataset), solve_smooth(classes, SOFTMAX)
    with pytest.raises(UsageError, match=r"regression model is one of hessian, .*not 'magic'"):
        infer(solution, dataset, covariance="magic")
    with pytest.raises(UsageError, match="softmax model is one of"):
        infer(softmax, classes, covariance="hc3")
    with pytest.raises(UsageError, match="level"):
        infer(solution, dataset, level=95)
    with pytest.raises(UsageError, match="expected 4 names"):
        infer(solution, dataset, names=["a"])
    with pytest.raises(UsageError, match="only a softmax model"):
        infer(solution, dataset, reference="y")
    with pytest.raises(UsageError, match="reference must be one of class 0"):
        infer(softmax, classes, reference="class 9")
    with pytest.raises(UsageError, match="at least 2 bags"):
        infer(solution, dataset, covariance="bootstrap", bags=1)
    with pytest.raises(UsageError, match="not huber"):
        infer(solve_smooth(dataset, Huber.torch(1.0)), dataset)
    with pytest.raises(ShapeError):
        infer(solution, line(features=3))
    solution.value.asked["l1"] = 0.1
    with pytest.raises(UsageError, match=r"no standard errors under an L1 penalty.*without l1"):
        infer(solution, dataset)


def test_squared_error_by_a_smooth_solver_is_the_same_regression() -> None:
    dataset = line()
    agree(solved(dataset, SquaredError()), sm.OLS(dataset.y.numpy()[:, 0], design(dataset)).fit(), 1e-6)


def test_no_rows_left_over() -> None:
    dataset = line(5, 4)
    found = solved(dataset)
    assert found.degrees_of_freedom == 0
    assert found.table["standard_error"].isna().all()
    assert "—" in str(found)


def test_single_binary_class_names_itself() -> None:
    found = solved(table(300, classes=2), Logistic())
    assert [fit.outputs for fit in found.goodness] == [("class 0",), ("class 1",)]
    one, other = (found.table[found.table["output"] == f"class {k}"] for k in range(2))
    np.testing.assert_allclose(one["estimate"], -other["estimate"].to_numpy(), rtol=1e-8)
