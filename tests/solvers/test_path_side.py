from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch

from linnet.data.dataset import Dataset
from linnet.data.sparse import SparseFeatures
from linnet.errors import ShortfallWarning
from linnet.solvers import path as path_module
from linnet.solvers import path_side
from linnet.solvers.l1 import side_by_side
from linnet.solvers.path import Path, regularization_path
from linnet.solvers.path_side import SparsePath
from linnet.solvers.solve import solve

pytestmark = pytest.mark.filterwarnings("ignore::linnet.errors.GridEdgeWarning")

L1S = [0.05, 0.03, 0.02, 0.01, 0.003]


def texts(kind: str = "classes", *, weighted: bool = False) -> tuple[Dataset, Dataset]:
    """The same rows of few numbers, sparse and dense."""
    source = np.random.default_rng(3)
    X = scipy.sparse.random(120, 50, 0.15, "csr", rng=source)
    level = X @ source.standard_normal(50) * 3 + source.standard_normal(120) * 0.3
    y = (level > 0).astype(np.int64) if kind == "classes" else np.abs(level).round()[:, None]
    classes = ("no", "yes") if kind == "classes" else ()
    weights = torch.from_numpy(source.integers(0, 3, 120).astype(float)) if weighted else None
    rows: Any = SparseFeatures(X)
    thin = Dataset(rows, torch.from_numpy(y), "texts", classes, weights=weights)
    return thin, dataclasses.replace(thin, X=torch.from_numpy(X.toarray()))


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each path was solved with its folds beside it."""
    seen, of = list[bool](), SparsePath.of

    def watch(*args: Any) -> SparsePath | None:
        seen.append((found := of(*args)) is not None)
        return found

    monkeypatch.setattr(path_module.SparsePath, "of", watch)
    return seen


CASES = [
    ("classes", None, {}), ("classes", None, {"class_weight": "balanced", "l2": 0.01}),
    ("classes", None, {"intercept": False}), ("numbers", "squared", {}), ("numbers", "poisson", {}),
]  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("kind", "loss", "more"), CASES, ids=range(len(CASES)))
def test_folds_beside_the_whole_are_those_solved_one_by_one(
    beside: list[bool], kind: str, loss: str | None, more: dict[str, Any], weighted: bool
) -> None:
    thin, full = texts(kind, weighted=weighted)
    found = regularization_path(thin, loss, l1s=L1S, folds=4, tol=1e-10, **more)
    right = regularization_path(full, loss, l1s=L1S, folds=4, tol=1e-10, **more)
    assert beside[0]
    assert not any(beside[1:])
    for name in ("objective", "train_loss", "validation_loss", "validation_se"):
        assert found.table[name].to_numpy() == pytest.approx(right.table[name].to_numpy(), rel=1e-4), name
    check_proof(found, right)
    assert all(status.is_good for status in found.statuses)


def check_proof(found: Path, right: Path) -> None:
    """Each model is as far above the best as its certificate allows, and no further."""
    ours, best = found.table["objective"].to_numpy(), right.table["objective"].to_numpy()
    assert (ours <= best + found.table["gap"].to_numpy() + 1e-12).all()
    assert (found.table["gap"].to_numpy() <= 1e-9 * ours).all()


def test_losses_of_folds_at_the_usual_tolerance_are_as_exact_as_a_choice_asks() -> None:
    thin, _ = texts()
    found, right = (regularization_path(thin, l1s=L1S, folds=4, tol=tol) for tol in (1e-6, 1e-10))
    losses, exact, error = (
        table[name].to_numpy()
        for table, name in (
            (found.table, "validation_loss"), (right.table, "validation_loss"), (right.table, "validation_se")
        )
    )  # fmt: skip
    assert (abs(losses - exact) <= 0.01 * error).all()


def test_a_model_of_a_path_is_that_of_its_penalty_alone(beside: list[bool]) -> None:
    thin, _ = texts()
    found = regularization_path(thin, l1s=L1S, tol=1e-10)
    for model, l1 in enumerate(L1S):
        alone = solve(thin, l1=l1, tol=1e-10)
        torch.testing.assert_close(found.run(model).bank.theta, alone.value.bank.theta, rtol=1e-3, atol=1e-4)
    assert beside == [True]


def test_what_each_fold_has_of_its_own_is_solved_fold_by_fold(beside: list[bool]) -> None:
    thin, _ = texts()
    regularization_path(thin, l1s=L1S, folds=4, standardize=True)
    assert not beside[0]


@pytest.mark.parametrize(("name", "value"), [("WIDEST", 3), ("STEPS", 1)])
def test_models_that_do_not_arrive_are_finished_by_others(
    name: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    thin, _ = texts()
    right = regularization_path(thin, l1s=L1S, folds=4, tol=1e-9).table
    monkeypatch.setattr(side_by_side, name, value)
    found = regularization_path(thin, l1s=L1S, folds=4, tol=1e-9).table
    for column in ("objective", "validation_loss"):
        assert found[column].to_numpy() == pytest.approx(right[column].to_numpy(), rel=1e-4)


def test_a_fold_that_is_no_optimum_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "STEPS", 0)
    limited = path_side.ProximalNewton
    monkeypatch.setattr(path_side, "ProximalNewton", lambda tol: limited(tol, max_iter=0))
    with (
        pytest.warns(ShortfallWarning, match="4 of 5 models of the path"),
        pytest.warns(ShortfallWarning, match="16 of 20 models of folds: iteration limit"),
    ):
        found = regularization_path(texts()[0], l1s=L1S, folds=4)
    assert found.statuses[0].is_good  # without a weight, where it began
