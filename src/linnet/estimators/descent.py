"""Stochastic gradient descent by linnet's trainer: models that share every minibatch, sparse rows or dense."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.config import Knobs
from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.data.batches import shuffled
from linnet.device import limited_threads, pick_threads
from linnet.errors import DivergedError
from linnet.estimators.problem import Problem
from linnet.solvers.rates import safe_rate
from linnet.train.cohort import Cohort, Pace


def descend(
    problem: Problem,
    start: Bank,
    knobs: Sequence[Knobs],
    epochs: int,
    batch_size: int,
    seed: int,
    views: Tensor | None = None,
) -> Bank:
    """Train a bank of models on a problem's rows.

    Args:
        problem: its rows, weights and loss; its penalty is not looked at.
        start: M models; they stay as they are.
        knobs: of each model: rate, penalties, schedule.
        epochs: passes over the rows.
        batch_size: rows a minibatch.
        seed: of the rows' order.
        views: how much each row counts for each model, (M, N), on top of its own weight; None for 1.

    Raises:
        DivergedError: parameters became infinite or NaN.
    """
    weights = _weights(problem.weights, views)
    rows = _counting(weights, len(problem.y))
    batch_size = min(batch_size, len(rows))
    bank, pace = start.clone(), Pace(-(-len(rows) // batch_size), epochs)
    cohort = Cohort(bank, problem.loss, knobs, 1.0, pace)
    with limited_threads(pick_threads("auto", len(bank.theta))):
        for epoch in range(epochs):
            order = rows[shuffled(len(rows), seed, epoch)]
            for batch, index in enumerate(order.split(batch_size)):
                _step_(cohort, problem, index.to(problem.y.device), weights, epoch, batch)
            _check_finite(bank, epoch)
    return cohort.update.answer


def rate(problem: Problem, lr: float | None) -> float:
    """The learning rate: what was asked for, or one that is safe."""
    return lr or safe_rate(problem.rows(), problem.loss, problem.penalty.l2)


def _step_(
    cohort: Cohort, problem: Problem, index: Tensor, weights: Tensor | None, epoch: int, batch: int
) -> None:
    """Take a minibatch with every model."""
    bank = cohort.bank
    X1 = bank.theta.new_ones(len(index), bank.features + 1)
    X1[:, :-1] = problem.dense(index)
    target = Loss.encode(problem.y[index], bank.outputs, bank.theta.dtype)  # (K, B)
    weight = None if weights is None else weights[:, index].to(bank.theta)
    cohort.step_(X1, target, weight, bank.theta.new_empty(len(bank.theta), len(index)), epoch, batch)
    if not problem.intercept:
        bank.b.zero_()


def _weights(rows: Tensor | None, views: Tensor | None) -> Tensor | None:
    """How much each row counts for each model, (M, N) or (1, N)."""
    if rows is None or views is None:
        return views if rows is None else rows[None]
    return rows * views


def _counting(weights: Tensor | None, rows: int) -> Tensor:
    """The rows that count for some model: the others must not thin out the minibatches."""
    if weights is None:
        return torch.arange(rows)
    return (weights > 0).any(0).nonzero()[:, 0].cpu()


def _check_finite(bank: Bank, epoch: int) -> None:
    if not bool(bank.theta.isfinite().all()):
        raise DivergedError(
            f"the parameters are no longer finite in epoch {epoch + 1}: give a lower lr, or lr=None for one "
            "that is safe, or scale the features"
        )
