"""A problem without a best model says why: more iterations would be no help."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import scipy.sparse
import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.data.sparse import SparseFeatures
from linnet.errors import ShortfallWarning, UsageError
from linnet.solvers.solve import solve
from tests.support.problems import table

BASE = table(60, 3, 2)
FLAG = torch.zeros(60, 1, dtype=torch.float64).index_fill_(0, (BASE.y == 1).nonzero().flatten()[:5], 1.0)


def classes(
    X: Tensor, y: Tensor, weights: Tensor | None = None, names: tuple[str, ...] = ("no", "yes")
) -> Dataset:
    return Dataset(X, y, "classes", names, weights=weights)


CASES = {
    "one class of weight 0": (classes(BASE.X, BASE.y, (BASE.y == 0).double()), "are of one class .no."),
    "one class only": (classes(BASE.X, BASE.y * 0), "are of one class .no."),
    "a class without rows": (classes(BASE.X, BASE.y, names=("no", "yes", "never")), "is of class never"),
    "told apart": (classes(BASE.X, (BASE.X[:, 0] > 1).long()), "told apart without error, so the loss falls"),
    "told apart in part": (classes(torch.cat([BASE.X, FLAG], 1), BASE.y), "some rows can be told apart"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    "asked", [{}, {"solver": "lbfgs"}, {"loss": "logistic"}, {"solver": "proximal"}], ids=str
)
def test_each_reason_has_its_sentence(name: str, asked: Any) -> None:
    dataset, said = CASES[name]
    with pytest.warns(ShortfallWarning, match=said):
        found = solve(dataset, **asked)
    assert found.status.name == "no optimum"
    assert "iterations (max_iter)" not in str(found)
    assert "above the optimum" not in str(found)


@pytest.mark.parametrize("name", ["one class of weight 0", "one class only", "a class without rows"])
@pytest.mark.parametrize("asked", [{"l2": 0.1}, {"l1": 0.01}], ids=str)
def test_a_penalty_holds_no_bias(name: str, asked: Any) -> None:
    dataset, said = CASES[name]
    with pytest.warns(ShortfallWarning, match=said):
        assert solve(dataset, **asked).status.name == "no optimum"


@pytest.mark.parametrize("name", ["one class of weight 0", "a class without rows"])
@pytest.mark.parametrize("asked", [{"l2": 0.1}, {"l1": 0.01}], ids=str)
def test_classes_of_sparse_rows_are_named_too(name: str, asked: Any) -> None:
    dataset, said = CASES[name]
    rows: Any = SparseFeatures(scipy.sparse.csr_matrix(dataset.X.numpy()))
    with pytest.warns(ShortfallWarning, match=said):
        solve(dataclasses.replace(dataset, X=rows), **asked)


@pytest.mark.parametrize("asked", [{"l2": 0.1}, {"l1": 0.01}], ids=str)
@pytest.mark.parametrize("name", ["told apart", "told apart in part"])
def test_a_penalty_holds_weights(name: str, asked: Any) -> None:
    assert solve(CASES[name][0], **asked).status.name == "converged"


def test_without_a_bias_a_class_without_rows_has_an_optimum() -> None:
    assert solve(CASES["a class without rows"][0], l2=0.1, intercept=False).status.name == "converged"


def test_rows_of_weight_0_tell_nothing_apart() -> None:
    """The one row that is on the wrong side does not count, and the others are told apart."""
    X = torch.linspace(-1, 1, 20, dtype=torch.float64)[:, None]
    y = (X[:, 0] > 0).long()
    y[0] = 1
    weights = torch.ones(20, dtype=torch.float64)
    weights[0] = 0
    with pytest.warns(ShortfallWarning, match="told apart without error"):
        solve(classes(X, y, weights))
    assert solve(classes(X, y)).status.name == "converged"


@pytest.mark.parametrize("asked", [{"l2": 0.1}, {"loss": "squared"}, {"l1": 0.1}, {"loss": "huber"}], ids=str)
def test_rows_that_all_weigh_0_are_refused(asked: Any) -> None:
    nothing = classes(BASE.X, BASE.y, torch.zeros(60, dtype=torch.float64))
    with pytest.raises(UsageError, match="weight"):
        solve(nothing, **asked)


def test_a_rare_class_is_no_class_apart() -> None:
    """One row of a class amid others has small probabilities and a best model all the same."""
    source = torch.Generator().manual_seed(0)
    X = torch.randn(2000, 2, generator=source, dtype=torch.float64)
    y = torch.zeros(2000, dtype=torch.long)
    y[(X.norm(dim=1)).argmin()] = 1
    found = solve(classes(X, y))
    assert found.status.name == "converged"
    assert found.stats.bound == "self-concordance"
