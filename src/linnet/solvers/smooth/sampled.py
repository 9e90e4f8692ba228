"""`Curvature`: the Hessians of Newton's steps, of a sample of the rows as long as that is as good as all."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from linnet.device import generator
from linnet.solvers.problem.hessian import hessian, newton_directions
from linnet.solvers.problem.objective import Objective, Point

NUMBERS = 2**20
"""Of X, above which Hessians of all rows take longer than a sample that tells nearly the same."""

SHARE, EACH, LEAST = 32, 100, 10
"""One row in so many is in the sample; at least so many rows a parameter; and at most one row in so many."""

FALL = 0.2
"""The share of the gain that a step with a Hessian of elsewhere may leave: it is some thousandths where the
sample is like all rows."""

FINE, NEAR = 1e-10, 1e-7
"""Where a gain below `FINE` of the objective is asked for, a Hessian of all rows is made once `NEAR` is
reached: it brings all digits at once, where a sample's brings two or three a pass."""

SETTLED = 1e-4
"""The gain, as a share of the objective, from which a Hessian of all rows is kept for later steps."""

REST = 1e-7
"""The share of the tolerance at which steps by such a Hessian end: one made anew would leave less still."""

Minimiser = Callable[[Objective, Tensor], Point | None]
"""Gives the optimum of a sample from a start; None where it has none."""


class Curvature:
    """−H⁻¹ g for Newton's steps on an objective.

    Where the rows are very many times the parameters, the optimum of a sample is so near that of all rows,
    and the sample's Hessian there so near theirs, that each step with it leaves some thousandths of the gain,
    in one pass and not the several that a Hessian of all rows takes (subsampled Newton; Roosta-Khorasani and
    Mahoney, 2019). A sample need not be like all rows: it may lack the rows in which a column is not 0. So
    the first step that leaves more than a fifth is the last with it, and a Hessian of all rows takes its
    place, as long as that lasts. Of fewer rows one that was made near the optimum lasts in the same way.

    Args:
        objective: smooth.
        tol: the gain that may be left, as a share of the objective.
        seed: of the sample.
    """

    def __init__(self, objective: Objective, tol: float, seed: int = 0) -> None:
        self.objective, self.tol, self.seed = objective, tol, seed
        self._kept: Tensor | None = None
        self._is_sampled, self._is_here, self._gain = False, False, math.inf

    @property
    def is_sampled(self) -> bool:
        """Whether the Hessian at hand is of a sample."""
        return self._is_sampled

    @property
    def rest(self) -> float:
        """The share of the tolerance that may be left: little where a pass brings three digits."""
        return 1.0 if self._is_here or self._is_sampled else REST

    def begin(self, start: Tensor, minimise: Minimiser) -> Tensor:
        """Where to begin on all rows, (K, D + 1): the optimum of a sample, or the start where none serves."""
        sample = None if bool(start[:, :-1].any()) else self._sample()
        if sample is None:  # or weights that someone has found already
            return start
        found = minimise(sample, start)
        if found is None:
            return start
        self._kept, self._is_sampled = hessian(sample, found), True
        return found.theta

    def _sample(self) -> Objective | None:
        """The objective of a sample; None where there are too few rows of it."""
        if not self.objective.keeps_scores:
            sample = self.objective.near_rows
            is_enough = len(sample.rows) >= EACH * sample.rows.outputs * (sample.rows.features + 1)
            return sample if is_enough and not sample.loss.has_straight_parts else None
        index = draw_sample(self.objective, self.seed)
        return None if index is None else self.objective.sample(index)

    def direction(self, point: Point, stiffness: float = 1.0) -> tuple[Tensor, float]:
        """−H⁻¹ g, (K, D + 1), and the gain that a step along it promises, ½ gᵀH⁻¹g."""
        if self._kept is not None:
            step, gain = self._solve(self._kept, point)
            is_coarse = self._is_sampled and self.tol < FINE and gain <= NEAR * abs(point.value)
            if gain <= FALL * self._gain and not is_coarse:
                self._is_here, self._gain = False, gain
                return step, gain
        H = hessian(self.objective, point, stiffness)
        step, gain = self._solve(H, point)
        is_settled = gain <= SETTLED * abs(point.value) and not self.objective.loss.has_straight_parts
        if self._kept is not None or is_settled:
            self._kept, self._is_sampled, self._gain = H, False, gain
        self._is_here = True
        return step, gain

    def doubt(self) -> bool:
        """Whether the latest Hessian was of elsewhere; the next is then made anew."""
        if not self._is_here:
            self._gain = -math.inf
        return not self._is_here

    def _solve(self, H: Tensor, point: Point) -> tuple[Tensor, float]:
        step = newton_directions(H[None], point.gradient[None], self.objective.intercept)[0]
        return step, -float((step * point.gradient).sum()) / 2


def draw_sample(objective: Objective, seed: int) -> Tensor | None:
    """Row numbers of a sample, one of each run of rows; None where there are too few of them."""
    rows = objective.rows
    if objective.loss.has_straight_parts or len(rows) * rows.features <= NUMBERS:
        return None
    counted = None if rows.weights is None else rows.weights.nonzero()[:, 0]
    total = len(rows) if counted is None else len(counted)
    size = max(total // SHARE, EACH * rows.outputs * (rows.features + 1))
    if size * LEAST > total:
        return None
    draws = torch.rand(size, generator=generator(seed, "curvature"), dtype=torch.float64)
    index = ((torch.arange(size) + draws) * (total / size)).long().clamp_(max=total - 1).to(rows.y.device)
    return index if counted is None else counted[index]
