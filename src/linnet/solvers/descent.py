"""`descend`: stochastic gradient descent by linnet's trainer, for rows of any kind, dense or sparse."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.data.batches import shuffle_rows
from linnet.device import limit_threads, pick_threads
from linnet.errors import DivergedError, UsageError
from linnet.solvers.frame import Frame, Stream
from linnet.solvers.problem.rows import Rows
from linnet.train.model_group import ModelGroup, Weighing
from linnet.train.schedules import StepSchedule


def safe_rate(loss: Loss, l2: float, reach: float) -> float:
    """A learning rate that cannot diverge: the inverse of what a minibatch's curvature can be.

    Gradient steps of less than twice that never diverge (Nesterov, Lectures on Convex Optimization, 2018,
    2.1.5).

    Args:
        loss: in score space.
        l2: of the penalty.
        reach: of the rows, see `reach`.

    Raises:
        UsageError: a loss whose curvature has no bound that is known here.
    """
    if (bound := loss.curvature_bound) is None:
        raise UsageError(f"no safe rate is known for {type(loss).__name__}: give lr")
    return 1 / (bound * max(reach, 1e-30) + l2)


def reach(lengths: Tensor, weights: Tensor | None, smallest: int) -> float:
    """The squared length that stands for the rows in a safe rate.

    Without weights it is the longest row's, and with them too where a minibatch is all rows. In smaller ones
    a row of weight w counts as w/w̄ rows, and where few weigh much, the worst minibatch is so rare that to
    mind it alone would stop all progress. Steps stay bounded in the mean square below twice the inverse of
    the expected smoothness, (N − B)/(B (N − 1)) max + N (B − 1)/(B (N − 1)) mean of the weighted lengths
    (Gower et al., SGD: General Analysis and Improved Rates, 2019, for minibatches without replacement). The
    bound of the longest weighted row holds always.

    Args:
        lengths: squared, (N,).
        weights: how much the rows count, (N,), or None.
        smallest: B, the rows of the smallest minibatch.
    """
    if weights is None:
        return float(lengths.max())
    longest = float(lengths[weights > 0].max())
    scaled = weights / weights.mean() * lengths
    N, B = len(lengths), smallest
    share = (N - B) / (B * max(1, N - 1))
    expected = share * float(scaled.max()) + (1 - share) * float(scaled.mean())
    return min(float(scaled.max()), max(longest, expected))


def descend(
    rows: Rows,
    loss: Loss,
    start: Bank,
    hyperparameters: Sequence[Hyperparameters],
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    is_safe: bool = True,
    intercept: bool = True,
    views: Tensor | None = None,
    seen: Stream | None = None,
) -> Bank:
    """Train a bank of models on the same minibatches.

    Steps divide by the rows of a minibatch times the mean weight of all that count: see `Weighing`.

    Args:
        rows: with their weights.
        loss: in score space.
        start: M models; they stay as they are. Their dtype is the rows'.
        hyperparameters: of each model: penalties, schedule, and the rate.
        epochs: passes over the rows.
        batch_size: rows a minibatch.
        seed: of the rows' order.
        is_safe: whether to put rates that cannot diverge in place of the hyperparameters'.
        intercept: whether there is a bias.
        views: how much each row counts for each model, (M, N), on top of its own weight; None for 1.
        seen: the stream whose latest part the rows are: its frame, mean weight and reach stand in for theirs.

    Raises:
        UsageError: features are not finite, or too large to be squared.
        DivergedError: parameters became infinite or NaN.
    """
    frame = Frame.of(rows, intercept) if seen is None else seen.frame(intercept)
    weights = _weights(rows.weights, views)
    counting = _counting(weights, len(rows))
    batch_size = min(batch_size, len(counting))
    if is_safe:
        smallest = len(counting) % batch_size or batch_size
        reaches = (
            _reaches(rows, frame, weights, counting, smallest) if seen is None else [seen.reach(intercept)]
        )
        pairs = zip(hyperparameters, reaches * (len(hyperparameters) // len(reaches)), strict=True)
        hyperparameters = [dataclasses.replace(one, lr=safe_rate(loss, one.l2, far)) for one, far in pairs]
    bank = Bank(frame.enter(start.theta), start.models)
    schedule = StepSchedule(-(-len(counting) // batch_size), epochs)
    group = ModelGroup(
        bank, loss, hyperparameters, 1.0, schedule, _weighing(weights, counting, len(hyperparameters), seen)
    )
    # Not the loop of `train.engine`: rows may be sparse, nothing is measured or called back, and a call of
    # partial_fit with one row would pay for an engine's start.
    with limit_threads(pick_threads("auto", len(bank.theta), batch_size * rows.features)):
        for epoch in range(epochs):
            order = counting[shuffle_rows(len(counting), seed, epoch)]
            for batch, index in enumerate(order.split(batch_size)):
                _step_(group, rows, frame, index.to(rows.y.device), weights, epoch, batch)
            _check_finite(bank, epoch)
    return Bank(frame.leave(group.update.answer.theta), start.models)


def _step_(
    group: ModelGroup, rows: Rows, frame: Frame, index: Tensor, weights: Tensor | None, epoch: int, batch: int
) -> None:
    """Take a minibatch with every model."""
    bank = group.bank
    X1 = frame.rows_(rows.dense(index))  # (B, D + 1)
    target = group.loss.encode(rows.y[index], bank.outputs, bank.theta.dtype)  # (K, B)
    weight = None if weights is None else weights[:, index].to(bank.theta)
    group.step_(X1, target, weight, bank.theta.new_empty(len(bank.theta), len(index)), epoch, batch)


def _weights(rows: Tensor | None, views: Tensor | None) -> Tensor | None:
    """How much each row counts for each model, (M, N) or (1, N)."""
    if rows is None or views is None:
        return views if rows is None else rows[None]
    return rows * views


def _reaches(
    rows: Rows, frame: Frame, weights: Tensor | None, counting: Tensor, smallest: int
) -> list[float]:
    """The reach of each model's rows; one where all rows count alike for all."""
    counting = counting.to(rows.y.device)
    lengths = frame.lengths(rows)[counting]
    if weights is None:
        return [reach(lengths, None, smallest)]
    return [reach(lengths, own, smallest) for own in weights[:, counting]]


def _weighing(weights: Tensor | None, counting: Tensor, models: int, seen: Stream | None) -> Weighing | None:
    """The mean weight of the rows that count, of each model."""
    if seen is not None:
        return Weighing(torch.full((models,), seen.mean, dtype=torch.float64))
    if weights is None:
        return None
    return Weighing(weights[:, counting].double().mean(1).cpu().expand(models))


def _counting(weights: Tensor | None, rows: int) -> Tensor:
    """The rows that count for some model: the others must not thin out the minibatches."""
    if weights is None:
        return torch.arange(rows)
    return (weights > 0).any(0).nonzero()[:, 0].cpu()


def _check_finite(bank: Bank, epoch: int) -> None:
    if not bool(bank.theta.isfinite().all()):
        raise DivergedError(
            f"the parameters are no longer finite in epoch {epoch + 1}: give a lower lr, or none for one "
            "that is safe, or scale the features"
        )
