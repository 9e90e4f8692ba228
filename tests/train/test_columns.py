"""Tables of columns of any size train well by default, to the same optimum and penalty as `linnet.solve`."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

import linnet
from linnet.config import Hyperparameters, Recipe
from linnet.core.losses import by_name
from linnet.data.batches import Batches
from linnet.data.dataset import Dataset
from linnet.data.sources.synthetic import linear
from linnet.data.sparse import SparseFeatures
from linnet.data.split import split_folds
from linnet.train.callbacks import State
from linnet.train.columns import FARTHEST, LONGEST, ColumnScaling, describe_penalties
from linnet.train.fit import fit
from tests.support.blobs import make_blobs

DATA: Any = Dataset
RNG = np.random.default_rng(5)
N = 60
YEAR, INCOME, AREA = RNG.normal(2010, 4, N), RNG.normal(1e8, 3e7, N), RNG.normal(1e-3, 3e-4, N)
X = np.column_stack([YEAR, INCOME, AREA, np.full(N, 7.0)])
SIGNAL = (YEAR - 2010) / 4 + (INCOME - 1e8) / 3e7 - (AREA - 1e-3) / 3e-4
NOISY = SIGNAL + RNG.normal(size=N)
WEIGHTS = torch.from_numpy(RNG.uniform(0.2, 3.0, N))
TARGETS: dict[str, Any] = {
    "squared": 1e9 + 3 * NOISY, "softmax": np.digitize(NOISY, [-1, 1]).astype(str),
    "logistic": (NOISY > 0).astype(str), "poisson": np.floor(np.exp(1 + SIGNAL / 3)),
}  # fmt: skip
WHOLE: dict[str, Any] = {
    "epochs": 250, "batch_size": N, "dtype": "float64", "optimizer": "nesterov", "momentum": 0.9,
    "measure": "running", "std": 0.0,
}  # fmt: skip


def table(loss: str = "squared", *, weighted: bool = False) -> Dataset:
    return DATA(X, TARGETS[loss], weights=WEIGHTS if weighted else None)


def standardised(theta: Tensor) -> Tensor:
    """Weights per deviation of a column, and the bias amid the columns; of classes against their mean.

    What all classes have in common no probability feels, and a penalty of a column of 1e8 hardly.
    """
    W, b = theta[:, :-1], theta[:, -1] + theta[:, :-1] @ torch.from_numpy(X.mean(0))
    theta = torch.cat([W * torch.from_numpy(X.std(0)), b[:, None]], 1)
    return theta - theta.mean(0) if len(b) > 1 else theta


@pytest.mark.filterwarnings("ignore:stalled")  # rounding ends solvers a little short of such a tol
@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize(
    ("weighted", "penalty"),
    [(False, {"l2": 1e-3}), (False, {"l1": 1e-3}), (True, {"l2": 1e-7, "l1": 1e-6})],
    ids=["l2", "l1", "weighted"],
)
def test_training_rests_where_solve_does_under_penalties_on_the_columns_as_they_stand(
    loss: str, weighted: bool, penalty: Any
) -> None:
    rows = table(loss, weighted=weighted)
    expected = linnet.solve(rows, loss, tol=1e-10, **penalty).value.bank.theta
    found = fit(rows, Recipe(loss=loss, lr=0.3, **penalty, **WHOLE))[0].bank.theta
    torch.testing.assert_close(standardised(found), standardised(expected), rtol=1e-3, atol=1e-3)
    assert bool((found[:, 3] == 0).all()), "a column that never changes has no weight"


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
def test_a_decay_of_weights_is_of_the_columns_as_they_stand(optimizer: str) -> None:
    options = {**WHOLE, "optimizer": optimizer, "epochs": 800}
    found = fit(table(), Recipe(lr=0.1, weight_decay=0.02, **options))[0].bank.theta
    # What momentum adds to a gradient it does not add to a decay apart from it.
    l2 = 0.02 * (1 if optimizer == "sgd" else 1 - options["momentum"])
    expected = linnet.solve(table(), l2=l2, tol=1e-10).value.bank.theta
    torch.testing.assert_close(standardised(found), standardised(expected), rtol=1e-4, atol=1e-4)


def test_adams_penalties_rest_where_those_of_raw_columns_do() -> None:
    X = RNG.normal(size=(N, 2)) * [0.5, 2.0]
    rows = DATA(X, X @ [2.0, -1.0] + 0.1 * RNG.normal(size=N))
    options = {**WHOLE, "optimizer": "adam", "momentum": 0.9, "epochs": 500, "schedule": "cosine"}
    recipe = Recipe(lr=0.05, l1=0.1, l2=0.3, **options)
    raw = fit(rows, dataclasses.replace(recipe, raw_columns=True))[0]
    torch.testing.assert_close(fit(rows, recipe)[0].bank.theta, raw.bank.theta, rtol=1e-3, atol=1e-3)


def test_standardising_puts_the_penalty_on_columns_of_deviation_one() -> None:
    Z = (X[:, :3] - X[:, :3].mean(0)) / X[:, :3].std(0)
    theirs: Any = LogisticRegression(C=2 / (0.1 * N), tol=1e-10).fit(Z, TARGETS["logistic"])
    run = fit(table("logistic"), Recipe(l2=0.1, lr=0.3, standardize=True, **WHOLE))[0]
    np.testing.assert_allclose(run.probabilities(table().X), theirs.predict_proba(Z), rtol=1e-4)


def test_columns_of_any_size_train_well_by_default() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(2010, 5, 3000), rng.normal(1e8, 3e7, 3000), rng.normal(1e-3, 2e-4, 3000)])
    y = 1e9 + 3 * X[:, 0] + 1e-7 * X[:, 1] + 5e3 * X[:, 2] + rng.normal(size=3000)
    rows = DATA(X, y)
    best = linnet.score(linnet.solve(rows).value, rows).loss
    assert linnet.score(fit(rows)[0], rows).loss < 1.05 * best
    classes = DATA(X, np.where(y > np.median(y), "high", "low"))
    assert linnet.score(fit(classes)[0], classes).accuracy > 0.9
    for loss in ("huber", "absolute"):
        run = fit(rows, Recipe(loss=loss, epochs=20, batch_size=64))[0]
        assert run.history.last["train_loss"] < 1.05 * linnet.score(linnet.solve(rows, loss).value, rows).loss


def test_figures_of_the_history_are_those_of_the_model_on_the_stored_rows() -> None:
    for loss in TARGETS:
        rows = table(loss)
        run = fit(rows, Recipe(loss=loss, measure="after", validation=0.2, patience=3, epochs=5))[0]
        assert run.bank.theta.dtype == torch.float64
        again = linnet.score(run, rows).loss
        shared, kept = run.history.last["train_loss"], run.history.last["validation_loss"]
        assert min(shared, kept) <= again <= max(shared, kept) or np.isclose(shared, again, rtol=0.2)


@pytest.mark.parametrize(
    "options", [{}, {"l1": 0.01, "optimizer": "adam", "average": 0.5}], ids=["plain", "all"]
)
def test_a_table_goes_on_bit_for_bit(options: dict[str, Any]) -> None:
    recipe = Recipe(epochs=4, batch_size=7, **options)

    def stop(state: State) -> None:
        if state.epoch == 2:
            state.stop("here")

    for loss in TARGETS:
        whole = fit(table(loss), dataclasses.replace(recipe, loss=loss))[0]
        _, half = fit(table(loss), dataclasses.replace(recipe, loss=loss), callbacks=[stop])
        rest = fit(table(loss), dataclasses.replace(recipe, loss=loss), resume=half.checkpoint())[0]
        assert torch.equal(rest.bank.theta, whole.bank.theta)


def test_the_fold_of_a_model_is_scaled_by_its_own_rows_alone() -> None:
    rows, folds = table(), split_folds(table(), 3, 1)
    moved = rows.X.clone()
    moved[folds[0].validation] += 1e9  # which only the models of the other folds are trained on
    options: dict[str, Any] = {"grid": {"lr": [0.01, 0.03]}, "folds": 3, "epochs": 3, "show": False}
    one, two = linnet.sweep(rows, **options), linnet.sweep(dataclasses.replace(rows, X=moved), **options)
    for model in (0, 3):
        assert torch.equal(one.outcome.bank.pick(model).theta, two.outcome.bank.pick(model).theta)
    assert not torch.equal(one.outcome.bank.pick(1).theta, two.outcome.bank.pick(1).theta)


def test_a_sweep_rests_where_solve_does() -> None:
    rows, settings = table(), [Hyperparameters(lr=0.3, l2=l2, **_rule()) for l2 in (1e-3, 1e-7)]
    found = linnet.sweep(rows, settings=settings, folds=2, show=False, **_shared())
    for place, one in enumerate(settings):
        for fold, view in enumerate(found.folds):
            assert view.weights is not None
            best = linnet.solve(rows.rows(view.weights > 0), l2=one.l2, tol=1e-10).value.bank.theta
            model = found.outcome.bank.pick(2 * place + fold).theta
            torch.testing.assert_close(standardised(model), standardised(best), rtol=1e-3, atol=1e-3)


def _rule() -> dict[str, Any]:
    return {name: WHOLE[name] for name in ("optimizer", "momentum", "std")}


def _shared() -> dict[str, Any]:
    return {name: WHOLE[name] for name in ("epochs", "batch_size", "dtype")}


def test_pictures_bytes_and_synthetic_rows_keep_the_books_recipe_bit_for_bit() -> None:
    pictures = make_blobs(200)
    bytes_ = dataclasses.replace(pictures, image_shape=None)
    for rows in (pictures, bytes_, linear(rows=200)):
        for options in ({}, {"l2": 0.01, "optimizer": "momentum"}):
            recipe = Recipe(epochs=2, batch_size=32, **options)
            plain = fit(rows, dataclasses.replace(recipe, raw_columns=True))[0].bank.theta
            assert plain.dtype == torch.float32
            assert torch.equal(fit(rows, recipe)[0].bank.theta, plain)


def test_raw_columns_are_stepped_on_as_they_stand() -> None:
    X = torch.from_numpy(RNG.normal(3, 1, (40, 2)))
    rows, theta = DATA(X, X @ torch.tensor([1.0, 2.0]).double()), torch.zeros(1, 3).double()
    run = fit(rows, Recipe(raw_columns=True, epochs=1, batch_size=40, lr=0.1, std=0.0, dtype="float64"))[0]
    X1 = torch.cat([X, torch.ones(40, 1)], 1).double()
    theta -= 0.1 * (theta @ X1.T - rows.y.T) @ X1 / 40
    torch.testing.assert_close(run.bank.theta, theta)


def test_sparse_rows_train_as_dense_ones_and_stay_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.sparse import random_array

    monkeypatch.setattr("linnet.data.coerce.SMALL", 0, raising=False)
    S = random_array((200, 30), density=0.1, rng=np.random.default_rng(1)).tocsr() * 1e4
    y = S.toarray()[:, :5].sum(1) / 1e4 + 1e6
    sparse = dataclasses.replace(DATA(S.toarray(), y), X=SparseFeatures(S))
    assert sparse.is_sparse
    dense, own = fit(DATA(S.toarray(), y), Recipe(epochs=5))[0], fit(sparse, Recipe(epochs=5))[0]
    torch.testing.assert_close(own.bank.theta, dense.bank.theta, rtol=1e-4, atol=1e-6)


def test_no_value_is_far_and_no_row_is_long() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(500, 80)) * 10.0 ** rng.integers(-9, 9, 80)
    X[:, 0] = 0
    X[3, 0] = 1e6  # a level that one row has
    rows = DATA(X, rng.normal(size=500))
    columns = ColumnScaling.of(rows, by_name("squared"))
    block = next(Batches(rows, 500, shuffle=False).blocks(0))
    Z = columns.enter(block, torch.float64).X
    assert float(Z.abs().max()) <= FARTHEST
    assert float(Z.square().sum(1).mean()) <= LONGEST * (1 + 1e-9)
    torch.testing.assert_close(Z.mean(0), torch.zeros(80).double(), atol=1e-7, rtol=0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lr": [0.1]}, ""), ({"l2": [0.0]}, ""), ({"l2": 0.0, "l1": 0.0}, ""),
        ({"l2": [0.0, 1.0]}, "the columns as they stand; --standardize puts it on columns of deviation 1"),
        ({"l1": linnet.LogUniform(1e-4, 1.0)}, "the columns as they stand; --standardize puts it on"),
        ({"weight_decay": 0.1, "standardize": True}, "the weights of columns of deviation 1"),
        ({"l2": [1.0], "standardize": [True, False]}, "with standardize yes, else of the columns as they"),
    ],
)  # fmt: skip
def test_what_a_penalty_is_on_is_said(values: dict[str, Any], said: str) -> None:
    rows: Any = linnet.Dataset(np.eye(4), np.arange(4.0))  # type: ignore[arg-type]
    found = describe_penalties(rows, values)
    assert (said in found) if said else not found
    assert not describe_penalties(linnet.load("digits").train, values)
