"""`descend`: stochastic gradient descent by linnet's trainer, for rows of any kind, dense or sparse."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.config import Knobs
from linnet.core.bank import Bank
from linnet.core.losses import Logistic, Loss, SoftmaxCrossEntropy, SquaredError
from linnet.data.batches import shuffled
from linnet.device import limited_threads, pick_threads
from linnet.errors import DivergedError, UsageError
from linnet.solvers.rows import Rows
from linnet.train.cohort import Cohort, Pace

BOUNDS: dict[type[Loss], float] = {SoftmaxCrossEntropy: 1 / 2, Logistic: 1 / 4, SquaredError: 1.0}
"""The largest eigenvalue that a loss's second derivative in score space can have."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows about their mean, with a column of their typical length in place of the ones.

    Scores are W x + b = W (x − m) + c β with β = (b + W m)/c. The bias has no penalty, so a problem in (W, β)
    is that in (W, b), and descent in it does not wait for the bias, whose column of ones is short beside long
    rows, or for the part of W that acts as a bias. Without a bias m and c are 0.

    Args:
        centre: m, the weighted mean of the rows, (D,), float64.
        size: c, the root of the mean of ‖x − m‖².
        reach: the largest ‖x − m‖² + c².
    """

    centre: Tensor
    size: float
    reach: float

    @classmethod
    def of(cls, rows: Rows, intercept: bool) -> Frame:
        """The frame of the rows that count.

        Raises:
            UsageError: features are not finite, or their squares are not.
        """
        weights = torch.ones_like(rows.y[:, 0] if rows.y.ndim > 1 else rows.y, dtype=torch.float64)
        weights = weights if rows.weights is None else rows.weights
        mean = rows.gradient_of(weights[None])[0] / rows.total  # (D + 1,)
        mean = mean if intercept else torch.zeros_like(mean)
        mean[-1] = 0
        squares = rows.square_norms() - 2 * rows.scores(mean[None])[0].double() + mean.square().sum()
        squares = squares.clamp(min=0)
        if not bool(squares.isfinite().all()):
            raise UsageError("features are NaN, infinite or too large to be squared: mend or scale them")
        size = float((weights @ squares) / rows.total) ** 0.5 or 1.0
        size = size if intercept else 0.0
        return cls(mean[:-1], size, float(squares[weights > 0].max()) + size**2)

    def enter(self, theta: Tensor) -> Tensor:
        """θ of rows, (…, D + 1), as θ of the frame."""
        lift = theta[..., -1:] + theta[..., :-1] @ self.centre.to(theta)[:, None]
        return torch.cat([theta[..., :-1], lift / self.size if self.size else 0 * lift], -1)

    def leave(self, theta: Tensor) -> Tensor:
        """θ of the frame, (…, D + 1), as θ of rows."""
        b = self.size * theta[..., -1:] - theta[..., :-1] @ self.centre.to(theta)[:, None]
        return torch.cat([theta[..., :-1], b], -1)

    def rows_(self, X1: Tensor) -> Tensor:
        """Rows with a column of ones, (B, D + 1), in the frame, in place."""
        X1[:, :-1] -= self.centre.to(X1)
        X1[:, -1] = self.size
        return X1

    def rate(self, loss: Loss, l2: float) -> float:
        """A learning rate that cannot diverge: the inverse of what any minibatch's curvature can be.

        Gradient steps of less than twice that never diverge (Nesterov, Lectures on Convex Optimization, 2018,
        2.1.5).

        Raises:
            UsageError: a loss whose curvature has no bound that is known here.
        """
        if type(loss) not in BOUNDS:
            raise UsageError(f"no safe rate is known for {type(loss).__name__}: give lr")
        return 1 / (BOUNDS[type(loss)] * max(self.reach, 1e-30) + l2)


def descend(
    rows: Rows,
    loss: Loss,
    start: Bank,
    knobs: Sequence[Knobs],
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    is_safe: bool = True,
    intercept: bool = True,
    views: Tensor | None = None,
) -> Bank:
    """Train a bank of models on the same minibatches.

    Args:
        rows: with their weights.
        loss: in score space.
        start: M models; they stay as they are. Their dtype is the rows'.
        knobs: of each model: penalties, schedule, and the rate.
        epochs: passes over the rows.
        batch_size: rows a minibatch.
        seed: of the rows' order.
        is_safe: whether to put rates that cannot diverge in place of the knobs'.
        intercept: whether there is a bias.
        views: how much each row counts for each model, (M, N), on top of its own weight; None for 1.

    Raises:
        UsageError: features are not finite, or too large to be squared.
        DivergedError: parameters became infinite or NaN.
    """
    frame = Frame.of(rows, intercept)
    if is_safe:
        knobs = [dataclasses.replace(one, lr=frame.rate(loss, one.l2)) for one in knobs]
    weights = _weights(rows.weights, views)
    counting = _counting(weights, len(rows))
    batch_size = min(batch_size, len(counting))
    bank = Bank(frame.enter(start.theta), start.models)
    cohort = Cohort(bank, loss, knobs, 1.0, Pace(-(-len(counting) // batch_size), epochs))
    with limited_threads(pick_threads("auto", len(bank.theta), batch_size * rows.features)):
        for epoch in range(epochs):
            order = counting[shuffled(len(counting), seed, epoch)]
            for batch, index in enumerate(order.split(batch_size)):
                _step_(cohort, rows, frame, index.to(rows.y.device), weights, epoch, batch)
            _check_finite(bank, epoch)
    return Bank(frame.leave(cohort.update.answer.theta), start.models)


def _step_(
    cohort: Cohort, rows: Rows, frame: Frame, index: Tensor, weights: Tensor | None, epoch: int, batch: int
) -> None:
    """Take a minibatch with every model."""
    bank = cohort.bank
    X1 = frame.rows_(rows.dense(index))  # (B, D + 1)
    target = cohort.loss.encode(rows.y[index], bank.outputs, bank.theta.dtype)  # (K, B)
    weight = None if weights is None else weights[:, index].to(bank.theta)
    cohort.step_(X1, target, weight, bank.theta.new_empty(len(bank.theta), len(index)), epoch, batch)


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
            f"the parameters are no longer finite in epoch {epoch + 1}: give a lower lr, or none for one "
            "that is safe, or scale the features"
        )
