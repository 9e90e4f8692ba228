"""`infer` where rows do not determine everything: what is left out, invariances, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.config import SolveRequest
from linnet.core.losses import Huber, Logistic, SquaredError
from linnet.data.dataset import Dataset
from linnet.errors import CollinearWarning, ShapeError, UsageError
from tests.support.inferences import agree, design, infer, line, solved
from tests.support.problems import SOFTMAX, table
from tests.support.solutions import solve_least_squares, solve_smooth


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
    assert found.fit.degrees_of_freedom == right.df_resid
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
    bank = solution.value.bank
    bank.W.mul_(1 + 1e-4)
    bank.b.mul_(1 + 1e-4)
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
    solution.value.request = SolveRequest(loss="softmax", l1=0.1)
    with pytest.raises(UsageError, match=r"no standard errors under an L1 penalty.*without l1"):
        infer(solution, dataset)


def test_squared_error_by_a_smooth_solver_is_the_same_regression() -> None:
    dataset = line()
    agree(solved(dataset, SquaredError()), sm.OLS(dataset.y.numpy()[:, 0], design(dataset)).fit(), 1e-6)


def test_no_rows_left_over() -> None:
    dataset = line(5, 4)
    found = solved(dataset)
    assert found.fit.degrees_of_freedom == 0
    assert found.table["standard_error"].isna().all()
    assert "—" in str(found)


def test_single_binary_class_names_itself() -> None:
    found = solved(table(300, classes=2), Logistic())
    assert [fit.outputs for fit in found.goodness] == [("class 0",), ("class 1",)]
    one, other = (found.table[found.table["output"] == f"class {k}"] for k in range(2))
    np.testing.assert_allclose(one["estimate"], -other["estimate"].to_numpy(), rtol=1e-8)
