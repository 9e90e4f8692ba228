"""Gradient descent in a frame of the rows' own, against optima, a plain loop, and what it must refuse."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core.bank import Bank
from linnet.core.losses import Huber, Loss, SquaredError
from linnet.data.batches import shuffle_rows
from linnet.data.dataset import Dataset
from linnet.errors import DivergedError, UsageError
from linnet.solvers.descent import descend
from linnet.solvers.frame import Frame
from linnet.solvers.problem.rows import DenseRows
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.smooth.newton import Newton
from tests.support.problems import LOGISTIC, SOFTMAX, binary, objective, table
from tests.support.solutions import minimise

DATASETS = {"softmax": (table(weighted=True), SOFTMAX), "logistic": (binary(), LOGISTIC)}


def zeros(dataset: Dataset, models: int = 1) -> Bank:
    return Bank(torch.zeros(models * dataset.outputs, dataset.features + 1, dtype=torch.float64), models)


def dense(dataset: Dataset) -> DenseRows:
    return DenseRows(dataset, torch.float64)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), intercept=st.booleans())
def test_a_frame_is_left_as_it_was_entered_and_gives_the_same_scores(seed: int, intercept: bool) -> None:
    dataset = table(20, 4, seed=seed)
    rows = dense(dataset)
    frame = Frame.of(rows, intercept)
    theta = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    theta[:, -1] *= intercept
    inside = frame.enter(theta)
    torch.testing.assert_close(frame.leave(inside), theta)
    X1 = frame.rows_(rows.dense(torch.arange(20)))
    torch.testing.assert_close(inside @ X1.T, rows.scores(theta))
    torch.testing.assert_close(frame.lengths(rows), X1.square().sum(1), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("intercept", [True, False])
def test_it_comes_to_the_optimum_that_newtons_method_finds(name: str, intercept: bool) -> None:
    dataset, loss = DATASETS[name]
    problem = objective(dataset, loss, 5.0, intercept=intercept)
    best = minimise(problem, solver=Newton())
    hyperparameters = [Hyperparameters(lr=1.0, l2=5.0)]
    found = descend(
        dense(dataset), loss, zeros(dataset), hyperparameters, epochs=3000, batch_size=len(dataset), seed=0,
        intercept=intercept,
    )  # fmt: skip
    assert problem.value(found.theta) == pytest.approx(problem.value(best.theta), rel=1e-8)
    assert intercept or not bool(found.theta[:, -1].any())


def plain(
    dataset: Dataset, loss: Loss, frame: Frame, lr: float, l2: float, epochs: int, batch: int
) -> Tensor:
    """The same descent, written out: θ of the rows."""
    theta = frame.enter(zeros(dataset).theta)
    target = loss.encode(dataset.y, dataset.outputs, torch.float64)
    for epoch in range(epochs):
        for index in shuffle_rows(len(dataset), 3, epoch).split(batch):
            X1 = frame.rows_(dense(dataset).dense(index))
            residual = loss.residual(theta @ X1.T, target[:, index])
            gradient = residual @ X1 / len(index)
            gradient[:, :-1] += l2 * theta[:, :-1]
            theta = theta - lr * gradient
    return frame.leave(theta)


def test_a_step_is_what_the_formula_says() -> None:
    dataset = table(24, 3)
    frame = Frame.of(dense(dataset), True)
    expected = plain(dataset, SOFTMAX, frame, 0.01, 0.1, 3, 8)
    hyperparameters = [Hyperparameters(lr=0.01, l2=0.1)]
    found = descend(
        dense(dataset),
        SOFTMAX,
        zeros(dataset),
        hyperparameters,
        epochs=3,
        batch_size=8,
        seed=3,
        is_safe=False,
    )
    torch.testing.assert_close(found.theta, expected)


def test_models_of_a_bank_are_as_if_alone_each_with_its_view() -> None:
    dataset = table(30, 3)
    views = torch.ones(2, 30, dtype=torch.float64)
    views[1, ::3] = 0
    hyperparameters = [Hyperparameters(lr=0.02, l2=0.1), Hyperparameters(lr=0.01, l2=1.0)]
    bank = descend(
        dense(dataset), SOFTMAX, zeros(dataset, 2), hyperparameters, epochs=4, batch_size=30, seed=0,
        is_safe=False, views=views,
    )  # fmt: skip
    for model in range(2):
        alone = descend(
            dense(dataset), SOFTMAX, zeros(dataset), [hyperparameters[model]], epochs=4, batch_size=30,
            seed=0, is_safe=False, views=views[model : model + 1],
        )  # fmt: skip
        torch.testing.assert_close(bank.pick(model).theta, alone.theta, rtol=1e-9, atol=1e-12)


def test_sparse_rows_take_the_same_steps_as_dense_ones() -> None:
    dataset = table(40, 6)
    X = torch.where(dataset.X.abs() > 0.8, dataset.X, 0.0)
    thinned = Dataset(X, dataset.y, "thinned", dataset.classes)
    sparse = SparseRows(scipy.sparse.csr_array(X.numpy()), dataset.y, 3, None, torch.float64)
    hyperparameters = [Hyperparameters(lr=1.0, l2=0.01)]
    both = [
        descend(rows, SOFTMAX, zeros(dataset), hyperparameters, epochs=3, batch_size=7, seed=1).theta
        for rows in (dense(thinned), sparse)
    ]
    torch.testing.assert_close(both[0], both[1], rtol=1e-9, atol=1e-12)


def test_rows_of_weight_0_are_never_seen() -> None:
    dataset = table(40, 3)
    weights = (torch.arange(40) % 2).double()
    spoilt = dataset.X.clone()
    spoilt[::2] = 1e6
    hyperparameters = [Hyperparameters(lr=0.01)]
    both = [
        descend(
            dense(Dataset(X, dataset.y, "rows", dataset.classes, weights=weights)), SOFTMAX, zeros(dataset),
            hyperparameters, epochs=2, batch_size=8, seed=0,
        ).theta
        for X in (dataset.X, spoilt)
    ]  # fmt: skip
    torch.testing.assert_close(both[0], both[1])


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_safe_rate_never_diverges_whatever_the_scale(scale: float) -> None:
    base = table(40, 3)
    dataset = Dataset(base.X * scale, base.y, "scaled", base.classes)
    problem = objective(dataset, SOFTMAX, 0.0)
    found = descend(
        dense(dataset), SOFTMAX, zeros(dataset), [Hyperparameters(lr=1.0)], epochs=30, batch_size=1, seed=0
    )
    assert problem.value(found.theta) < problem.value(zeros(dataset).theta)


def test_a_rate_that_is_too_high_is_told() -> None:
    X = torch.from_numpy(np.random.default_rng(0).normal(size=(20, 3))) * 100
    dataset = Dataset(X, X.sum(1, keepdim=True), "steep")
    with pytest.raises(DivergedError, match="give a lower lr"):
        descend(
            dense(dataset), SquaredError(), zeros(dataset), [Hyperparameters(lr=10.0)], epochs=200,
            batch_size=20, seed=0, is_safe=False,
        )  # fmt: skip


def test_features_too_large_to_be_squared_are_refused() -> None:
    base = table(20, 3)
    dataset = Dataset(base.X * 1e200, base.y, "huge", base.classes)
    with pytest.raises(UsageError, match="scale them"):
        descend(
            dense(dataset), SOFTMAX, zeros(dataset), [Hyperparameters(lr=1.0)], epochs=1, batch_size=8, seed=0
        )


def test_no_safe_rate_is_made_up_for_a_loss_without_a_known_bound() -> None:
    dataset = table(20, 3)
    with pytest.raises(UsageError, match="give lr"):
        descend(
            dense(dataset), Huber(), zeros(dataset), [Hyperparameters(lr=1.0)], epochs=1, batch_size=8, seed=0
        )
