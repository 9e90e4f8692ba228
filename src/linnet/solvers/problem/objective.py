"""`Objective`: the mean loss over all rows and the penalty, with derivatives.

    F(θ) = Σ_i w_i l(θ x_i, y_i) / Σ_i w_i + ½ l2 ‖W‖² + l1 ‖W‖₁,   θ = (W, b), the bias free of penalty

Scores are linear in θ. So `Point` keeps them, and a search along a direction needs one product for the
direction and then elementwise work alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.problem.affordable import is_affordable, is_small
from linnet.solvers.problem.rows import ALL, Rows
from linnet.solvers.problem.score_hessian import score_hessian
from linnet.solvers.problem.sparse_rows import read_rows


@dataclass(frozen=True, eq=False)
class Point:
    """The objective at one θ.

    Args:
        theta: (K, D + 1), float64.
        scores: of all rows, (K, N).
        loss: the mean loss.
        value: the mean loss and the penalty.
        gradient: of the mean loss and the L2 penalty, (K, D + 1), float64; L1, which has none, is left out.
    """

    theta: Tensor
    scores: Tensor
    loss: float
    value: float
    gradient: Tensor


@dataclass(eq=False)
class Meter:
    """A count of the rows that were read.

    Args:
        rows: how many there are.
        read: how many were read, each time counted.
    """

    rows: int
    read: float = 0.0


class Objective:
    """The mean loss of rows and a penalty on the weights, as a function of θ, (K, D + 1).

    Args:
        rows: the rows and their targets.
        loss: in score space.
        penalty: of the weights.
        intercept: whether there is a bias; otherwise its column of θ must be 0, and gradients keep it so.
        units: what each column's weight is multiplied by before it is penalised, (D,), where columns have
            been scaled and the penalty stays on them as they were; None for 1.
        meter: where passes are counted; one of its own where None.
    """

    keeps_scores: ClassVar[bool] = True
    """Whether points have the scores of all rows, so that steps along a line and of biases cost no pass."""

    def __init__(
        self,
        rows: Rows,
        loss: Loss,
        penalty: Penalty | None = None,
        *,
        intercept: bool = True,
        units: Tensor | None = None,
        meter: Meter | None = None,
    ) -> None:
        self.rows, self.loss, self.penalty, self.intercept = rows, loss, penalty or Penalty(), intercept
        self.units = units
        self.meter = meter or Meter(len(rows))
        weights = rows.weights
        self._weights = None if weights is None else weights.to(rows.dtype)

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        loss: Loss,
        penalty: Penalty | None = None,
        *,
        intercept: bool = True,
        dtype: torch.dtype = torch.float32,
    ) -> Objective:
        """The objective of a data set.

        Raises:
            UsageError: it has no rows that count.
        """
        return cls(read_rows(dataset, dtype), loss, penalty, intercept=intercept)

    def with_dtype(self, dtype: torch.dtype) -> Objective:
        """The same objective with products of another dtype; itself where it has that already."""
        return self if dtype == self.rows.dtype else self.replace(self.rows.with_dtype(dtype))

    def sample(self, index: Tensor) -> Objective:
        """The objective of some rows, which count as a part of a pass."""
        return self.replace(self.rows.sample(index))

    def replace(
        self, rows: Rows | None = None, penalty: Penalty | None = None, units: Tensor | None = None
    ) -> Objective:
        """The objective with other rows, another penalty or other units; passes are counted together."""
        return type(self)(
            rows or self.rows, self.loss, penalty or self.penalty, intercept=self.intercept,
            units=self.units if units is None else units, meter=self.meter,
        )  # fmt: skip

    @property
    def affords_hessian(self) -> bool:
        """Whether a whole Hessian costs so little that it is made to prove or refute an optimum."""
        return is_affordable(self.rows.outputs, self.rows.features, len(self.rows))

    @property
    def l2(self) -> float | Tensor:
        """The L2 penalty of each column's weight as it stands here: a number, or (D,)."""
        if self.units is None or not self.penalty.l2:
            return self.penalty.l2
        return self.penalty.l2 * self.units.square()

    @property
    def l1(self) -> float | Tensor:
        """The L1 penalty of each column's weight as it stands here: a number, or (D,)."""
        return self.penalty.l1 if self.units is None or not self.penalty.l1 else self.penalty.l1 * self.units

    @property
    def passes(self) -> float:
        """How often the rows were read: a product with all rows and one back are one."""
        return self.meter.read / self.meter.rows

    def zeros(self) -> Tensor:
        """θ = 0, (K, D + 1), float64, on the rows' device."""
        shape = self.rows.outputs, self.rows.features + 1
        return torch.zeros(shape, dtype=torch.float64, device=self.rows.y.device)

    def start(self) -> Tensor | None:
        """Where a solver begins, (K, D + 1): a bias at the targets' mean; None where zero is as good."""
        if not self.intercept:
            return None
        y = Loss.encode(self.rows.y, self.rows.outputs, torch.float64)  # (K, N)
        theta = self.zeros()
        theta[:, -1] = self.loss.level(y @ self.rows.shares)
        return theta if bool(theta.any()) else None

    @property
    def is_small(self) -> bool:
        """Whether a whole Hessian costs so little that every step of Newton's may make one."""
        return is_small(self.rows.outputs, self.rows.features, len(self.rows))

    def least(self) -> float:
        """What the mean loss cannot be below."""
        return float(self.loss.least(self.rows.y).double() @ self.rows.shares)

    def value(self, theta: Tensor) -> float:
        """F(θ)."""
        return self.mean_loss(self.scores(theta)) + self.penalty_of(theta)

    def point(self, theta: Tensor) -> Point:
        """Scores, value and gradient at θ in one pass of the rows."""
        self.meter.read += len(self.rows)
        losses: dict[int, float] = {}

        def elementwise(scores: Tensor, part: slice) -> Tensor:
            value, residual = self.loss.value_and_residual(scores, self.rows.target(part))
            losses[part.start] = self._sum(value, part)
            return residual if self._weights is None else residual.mul_(self._weights[part])

        scores, sums = self.rows.sweep(theta, elementwise)
        return self._point(theta, scores, sums, math.fsum(losses.values()) / self.rows.total)

    def point_from(self, theta: Tensor, scores: Tensor) -> Point:
        """As `point`, where the scores at θ are known: half a pass."""
        self.meter.read += len(self.rows) / 2
        value, residual = self.loss.value_and_residual(scores, self.rows.target())
        sums = self.rows.gradient_of(residual if self._weights is None else residual.mul_(self._weights))
        return self._point(theta, scores, sums, self._sum(value, ALL) / self.rows.total)

    def moved(self, point: Point, theta: Tensor, shift: Tensor) -> Point:
        """The point at θ, which is that of another with its biases shifted, (K,): half a pass."""
        return self.point_from(theta, point.scores + shift[:, None])

    def balance(self, point: Point) -> Point:
        """The point with its biases moved to their best for its weights, where no scores are kept."""
        raise NotImplementedError("biases are moved on known scores")

    @property
    def near_rows(self) -> Objective:
        """The objective of rows in memory that stand for all: of these themselves, or of a sample."""
        return self

    def near(self, point: Point) -> tuple[Objective, Point]:
        """The objective that Hessians are drawn from, see `near_rows`, and the point there."""
        return self, point

    def scores_of(self, point: Point, X1: Tensor, index: Tensor) -> Tensor:
        """The scores of some rows at a point, (K, B), the rows being X1 (B, D + 1)."""
        return point.scores[:, index]

    def each(self, theta: Tensor, scores: Tensor | None = None) -> Iterator[tuple[Tensor, slice]]:
        """The scores of all rows at θ, (K, B), some rows at a time, and which: known ones cost no pass."""
        yield self.rows.scores(theta) if scores is None else scores, ALL

    def sizes(self, point: Point) -> tuple[float, float]:
        """Σ ω |∂l/∂o| |o| and Σ ω o² at a point, which rounding goes by."""
        slope, sizes = self.residual(point.scores).abs(), point.scores.abs().double()
        size = float((slope * sizes).sum()) / self.rows.total
        return size, float(sizes.square().sum(0) @ self.rows.shares)

    def scores(self, theta: Tensor) -> Tensor:
        """The scores of all rows, (K, N), at θ or along a direction: half a pass."""
        self.meter.read += len(self.rows) / 2
        return self.rows.scores(theta)

    def mean_loss(self, scores: Tensor) -> float:
        """The mean loss at known scores: no pass."""
        return self._loss_of(scores, ALL) / self.rows.total

    def loss_at(self, theta: Tensor, scores: Tensor) -> float:
        """The mean loss at θ, of whose scores it is made where scores are kept: no pass then."""
        return self.mean_loss(scores)

    def penalty_of(self, theta: Tensor) -> float:
        """The penalty at θ."""
        W = theta[:, :-1]
        return float(self.penalty.value(W if self.units is None else W * self.units))

    def bias_hessian(self, scores: Tensor) -> Tensor:
        """The second derivative of the mean loss by the biases, (K, K), at all rows' scores (K, N)."""
        return score_hessian(self.loss, scores, self.rows.target(), self._weights) / self.rows.total

    def free_(self, gradient: Tensor) -> Tensor:
        """Gradients (…, K, D + 1) with that of the bias set to 0 where there is none, in place."""
        if not self.intercept:
            gradient[..., -1] = 0
        return gradient

    def level_(self, step: Tensor) -> Tensor:
        """Steps (…, K, D + 1) without the shift of all classes that neither softmax nor L2 feels, in place.

        Rounding alone makes such a shift, and what is to curve it is next to nothing.
        """
        if self.loss.couples_outputs:
            loose = step[..., -1:] if self.penalty.l2 else step
            loose -= loose.mean(-2, keepdim=True)
        return step

    def residual(self, scores: Tensor, part: slice = ALL) -> Tensor:
        """The derivative of the loss of some rows by their scores, (K, B), weighted."""
        residual = self.loss.residual(scores, self.rows.target(part))
        return residual if self._weights is None else residual.mul_(self._weights[part])

    def _loss_of(self, scores: Tensor, part: slice) -> float:
        """The weighted sum of the losses of some rows."""
        return self._sum(self.loss.value(scores, self.rows.target(part)), part)

    def _sum(self, losses: Tensor, part: slice) -> float:
        """The weighted sum of the losses of some rows, (B,)."""
        losses, weights = losses.double(), self.rows.weights
        return float(losses.sum() if weights is None else losses @ weights[part])

    def _point(self, theta: Tensor, scores: Tensor, sums: Tensor, loss: float) -> Point:
        gradient = sums / self.rows.total
        gradient[:, :-1] += self.l2 * theta[:, :-1]
        return Point(theta, scores, loss, loss + self.penalty_of(theta), self.free_(gradient))
