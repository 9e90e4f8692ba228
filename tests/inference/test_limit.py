"""Inference where classes are told apart without error: what is left has the errors of the limit problem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.data.dataset import Dataset
from linnet.errors import SeparationWarning
from tests.support.inferences import infer, solved
from tests.support.problems import LOGISTIC, SOFTMAX, table
from tests.support.solutions import solve_smooth

FLAG = Path(__file__).parents[1] / "cases" / "flag.csv"

pytestmark = pytest.mark.filterwarnings("ignore::linnet.errors.SeparationWarning")


def flagged(order: tuple[str, ...] = ("no", "yes"), rows: Any = slice(None)) -> Dataset:
    cells: Any = pd.read_csv(FLAG)
    y = torch.tensor([order.index(label) for label in cells["label"]])
    X = torch.tensor(cells[["flag", "age"]].to_numpy(float))
    return Dataset(X[rows], y[rows], "flag", order, columns=("flag", "age"))


@pytest.mark.parametrize("reference", ["no", "yes"])
@pytest.mark.parametrize("order", [("no", "yes"), ("yes", "no")])
def test_beside_an_infinite_weight_the_others_have_the_errors_of_the_rows_that_are_left(
    reference: str, order: tuple[str, ...]
) -> None:
    found = solved(flagged(order), SOFTMAX, reference=reference)
    rows, sign = found.table.set_index("feature"), 1 if reference == "no" else -1
    # statsmodels' Logit of the rows with flag 0, and mpmath
    assert rows.loc["bias", "estimate"] == pytest.approx(sign * 0.313209, abs=1e-6)
    assert rows.loc["bias", "standard_error"] == pytest.approx(0.420407, abs=1e-6)
    assert rows.loc["age", "estimate"] == pytest.approx(sign * 1.204253, abs=1e-6)
    assert rows.loc["age", "standard_error"] == pytest.approx(0.525055, abs=1e-6)
    assert found.fit.log_likelihood == pytest.approx(-17.891219, abs=1e-6)
    assert rows.loc["flag", "estimate"] == sign * np.inf
    assert np.isnan(rows.loc["flag", "standard_error"])
    assert rows.loc["flag", "reason"].startswith("separated: the likeliest value is")
    assert "∞" in str(found)


@pytest.mark.parametrize("covariance", ["hessian", "sandwich", "bootstrap"])
def test_one_against_the_rest_and_softmax_of_two_classes_agree(covariance: str) -> None:
    softmax = solved(flagged(), SOFTMAX, covariance=covariance)
    logistic = solved(flagged(), LOGISTIC, covariance=covariance).table.query("output == 'yes'")
    figures = ["estimate", "standard_error", "low", "high"]
    np.testing.assert_allclose(softmax.table[figures], logistic[figures], rtol=1e-5)


@pytest.mark.parametrize("covariance", ["hessian", "sandwich"])
def test_the_limit_is_the_fit_of_the_rows_that_are_left(covariance: str) -> None:
    dataset = flagged()
    kept = dataset.X[:, 0] == 0
    right = sm.Logit(dataset.y[kept].numpy(), sm.add_constant(dataset.X[kept, 1:].numpy())).fit(
        disp=0, tol=1e-12, cov_type="HC0" if covariance == "sandwich" else "nonrobust"
    )
    rows = solved(dataset, SOFTMAX, covariance=covariance).table.set_index("feature")
    np.testing.assert_allclose(rows.loc[["bias", "age"], "standard_error"], right.bse, rtol=1e-7)


def test_bootstraps_of_the_limit_are_those_of_the_rows_that_are_left() -> None:
    dataset = flagged()
    weights = (dataset.X[:, 0] == 0).double()
    left = Dataset(dataset.X[:, 1:], dataset.y, "left", dataset.classes, weights=weights)
    whole = solved(dataset, SOFTMAX, covariance="bootstrap", bags=50).table.set_index("feature")
    alone = solved(left, SOFTMAX, covariance="bootstrap", bags=50).table.set_index("feature")
    np.testing.assert_allclose(
        whole.loc[["bias", "age"], "standard_error"], alone["standard_error"], rtol=1e-5
    )


def third(order: list[int], rows: torch.Tensor) -> Dataset:
    """Three classes, one of them told apart by a flag, in any order of classes and rows."""
    base, flag = table(60), torch.zeros(60, 1, dtype=torch.float64)
    flag[(base.y == 1).nonzero().flatten()[:7]] = 1
    X, place = torch.cat([base.X[:, :1], flag], 1), torch.tensor([order.index(k) for k in range(3)])
    return Dataset(X[rows], place[base.y[rows]], "third", tuple(f"class {k}" for k in order))


def errors(dataset: Dataset, covariance: str) -> dict[tuple[str, str], np.ndarray]:
    """The standard errors of each class against each other."""
    solution, found = solve_smooth(dataset, SOFTMAX), {}
    for reference in dataset.classes:
        options = {"reference": reference, "covariance": covariance, "bags": 20}
        for output, rows in infer(solution, dataset, **options).table.groupby("output"):
            found[reference, output] = rows["standard_error"].to_numpy()
    return found


@settings(max_examples=5)
@given(st.permutations(range(3)), st.integers(0, 99), st.sampled_from(["hessian", "sandwich", "bootstrap"]))
def test_no_reference_and_no_order_changes_a_standard_error(
    order: list[int], seed: int, covariance: str
) -> None:
    rows = torch.randperm(60, generator=torch.Generator().manual_seed(seed))
    if covariance == "bootstrap":
        rows = torch.arange(60)  # bags are of rows by number
    right = errors(third([0, 1, 2], torch.arange(60)), covariance)
    found = errors(third(order, rows), covariance)
    for (a, b), one in right.items():
        assert np.isfinite(one[:2]).all()
        np.testing.assert_allclose(right[b, a], one, rtol=1e-6)
        np.testing.assert_allclose(found[a, b], one, rtol=1e-6)


def test_one_class_of_three_told_apart_leaves_the_other_two_their_errors() -> None:
    base, flag = table(120), torch.zeros(120, 1, dtype=torch.float64)
    flag[base.y == 2] = 1
    dataset = Dataset(torch.cat([base.X[:, :2], flag], 1), base.y, "third", base.classes)
    found = solved(dataset, SOFTMAX).table.query("output == 'class 1'").set_index("feature")
    two = base.y < 2
    right = sm.Logit(base.y[two].numpy(), sm.add_constant(base.X[two, :2].numpy())).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(found.loc[["bias", "x0", "x1"], "standard_error"], right.bse, rtol=1e-7)
    np.testing.assert_allclose(found.loc[["bias", "x0", "x1"], "estimate"], right.params, rtol=1e-6)


def test_two_flags_are_set_aside_and_a_copy_of_one_is_collinear() -> None:
    base = table(150, classes=2)
    flags = torch.zeros(150, 2, dtype=torch.float64)
    flags[(base.y == 1).nonzero().flatten()[:7], 0] = 1
    flags[(base.y == 0).nonzero().flatten()[:5], 1] = 1
    X = torch.cat([base.X[:, :2], flags, flags[:, :1]], 1)
    dataset = Dataset(X, base.y, "two", base.classes, columns=("a", "b", "up", "down", "copy"))
    with pytest.warns(UserWarning, match="up and copy are collinear"):
        found = solved(dataset, SOFTMAX).table.set_index("feature")
    kept = flags.sum(1) == 0
    right = sm.Logit(base.y[kept].numpy(), sm.add_constant(base.X[kept, :2].numpy())).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(found.loc[["bias", "a", "b"], "standard_error"], right.bse, rtol=1e-7)
    assert found["note"].tolist() == ["", "", "", "collinear", "separated", "collinear"]
    assert found.loc["down", "estimate"] == -np.inf


def test_where_all_rows_are_told_apart_nothing_has_an_error() -> None:
    X = torch.linspace(-2, 2, 20, dtype=torch.float64)[:, None]
    dataset = Dataset(X, (X[:, 0] > 0).long(), "apart", ("no", "yes"))
    found = solved(dataset, SOFTMAX)
    assert found.fit.log_likelihood == pytest.approx(0, abs=1e-12)
    assert found.table["standard_error"].isna().all()
    rows = found.table.set_index("feature")
    assert rows.loc["x0", "estimate"] == np.inf
    assert np.isnan(rows.loc["bias", "estimate"])  # it may rise or fall beside the slope
    assert None is found.summary()["table"][1]["estimate"]
    assert "+∞" in found.summary()["table"][1]["reason"]


def test_soft_labels_that_lean_are_not_taken_for_separation() -> None:
    dataset = flagged()
    y = torch.nn.functional.one_hot(dataset.y, 2).double() * 0.98 + 0.01
    found = solved(Dataset(dataset.X, y, "soft", dataset.classes), SOFTMAX)
    assert (found.table["note"] == "").all()


def test_it_is_said_and_warned_of() -> None:
    with pytest.warns(SeparationWarning, match=r"tell yes apart.*weights of flag have no end.* of 80 rows"):
        solved(flagged(), SOFTMAX)
