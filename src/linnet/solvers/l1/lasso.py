"""Squared errors of dense rows with an L1 penalty, by working sets in numpy, to a duality gap.

The weights that are not 0, and those at 0 that want to leave it most, have their columns put into sums of
products, whose minimum `minimise_quadratic` finds. One product with all rows then tells which others want to
leave 0, and proves how near the optimum is (Massias, Gramfort and Salmon, "Celer", 2018). What does not get
there, for want of digits or of memory, is left to `ProximalNewton`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.l1.quadratic import minimise_quadratic
from linnet.solvers.problem.columns import Columns, Pool
from linnet.solvers.problem.few import LARGEST, Values, mean_of

ROUNDS = 50
"""Working sets, at most."""

STEP, ROUGH = 8.0, 0.1
"""Wide rows come to a penalty by such steps from the largest, each to such a gap as a share of the objective:
from afar far too many columns seem to matter, more than there are rows."""

LEAST, MOST = 20, 100
"""New columns of a round, at least, where there are few columns and where there are many."""

HELD = 4000
"""Columns whose products are held, at most."""


@dataclass(frozen=True, eq=False)
class Found:
    """The optimum: weights and biases, (K, D + 1), how far above it the objective may be, and its rounds."""

    theta: Values
    gap: float
    rounds: int


def solve_lasso(
    X: Values,
    Y: Values,
    weights: Values | None = None,
    *,
    l1: float,
    l2: float,
    tol: float,
    intercept: bool = True,
) -> Found | None:
    """Minimise Σ_i w_i ½‖ŷ_i − y_i‖² / Σ_i w_i + ½ l2 ‖W‖² + l1 ‖W‖₁ over W and, unpenalised, b.

    Args:
        X: rows, (N, D), finite.
        Y: targets, (N, K), finite.
        weights: of the rows, (N,), at least 0, not all 0; None for 1.
        l1: the penalty, above 0.
        l2: likewise, at least 0.
        tol: the duality gap that may be left, as a share of the objective.
        intercept: whether there is a bias.

    Returns:
        The optimum with exact zeros; None where it is left to `ProximalNewton`.
    """
    columns = Columns.of(X, weights, intercept=intercept) if np.abs(Y).max() <= LARGEST else None
    if columns is None:
        return None
    level = mean_of(Y, columns.shares) if intercept else np.zeros(Y.shape[1])
    pool, answers = Pool(columns), []
    for y in (Y - level).T:
        answers.append(_Problem(pool, y, l1, l2).solve(tol))
        if not answers[-1].gap <= tol * answers[-1].value:
            return None
    theta = columns.leave(np.stack([one.w for one in answers]), level)
    return Found(theta, sum(one.gap for one in answers), max(one.round for one in answers))


@dataclass(frozen=True, eq=False)
class _Answer:
    """The weights of a target.

    Args:
        w: the weights, (D,).
        value: the objective there.
        gap: how far above the optimum that may be.
        force: the slopes of what is smooth, downwards, (D,).
        round: how many working sets there have been.
    """

    w: Values
    value: float
    gap: float
    force: Values
    round: int = 0


@dataclass(frozen=True, eq=False)
class _Problem:
    """A target and penalties.

    Args:
        pool: the columns of the rows.
        y: the target near 0, (N,).
        l1: the penalty.
        l2: likewise.
    """

    pool: Pool
    y: Values
    l1: float
    l2: float

    def solve(self, tol: float) -> _Answer:
        """The weights and how good they are, to the gap asked for if it can be."""
        start = self._prove(np.zeros(self.pool.columns.X.shape[1]), 0)
        if start.gap <= tol * start.value:
            return start
        answer, most, steps = start, float(np.abs(start.force).max()), [self.l1]
        while self.pool.columns.is_wide and steps[-1] * STEP < most:
            steps.append(steps[-1] * STEP)
        for l1 in steps[:0:-1]:
            answer = replace(self, l1=l1)._approach(answer, start.force, ROUGH)
        return self._approach(answer, start.force, tol)

    def _approach(self, answer: _Answer, pull: Values, tol: float) -> _Answer:
        """The weights to a gap or as near as it comes, from those of another penalty.

        Args:
            answer: where to start; its gap is not looked at.
            pull: the slopes at 0, downwards, (D,).
            tol: the gap as a share of the objective.
        """
        best = answer = replace(answer, gap=math.inf)
        while not best.gap <= tol * best.value and answer.round < best.round + ROUNDS:
            chosen = self._choose(answer)
            if self.pool.held + int((self.pool.place[chosen] < 0).sum()) > HELD:
                break
            w = np.zeros_like(pull)
            w[chosen] = self._minimise(chosen, pull[chosen], answer.w[chosen])
            before, answer = answer, self._prove(w, answer.round + 1)
            best = min(best, answer, key=lambda one: one.gap)
            if answer.value >= before.value and answer.gap >= before.gap:
                break  # rounding hides any gain
        return best

    def _choose(self, answer: _Answer) -> NDArray[np.intp]:
        """The working set: what is not 0, and of what wants to leave 0 what is held and the most urgent."""
        count, is_in = len(answer.w), answer.w != 0
        room = max(min(max(count // 10, LEAST), MOST), int(is_in.sum()))
        if count <= room + LEAST:
            return np.arange(count)
        wanting = np.abs(answer.force) - self.l1
        wants = (wanting > 0) & ~is_in
        is_in |= wants & (self.pool.place >= 0)
        new = np.flatnonzero(wants & ~is_in)
        if len(new) > room:
            new = new[np.argpartition(-wanting[new], room)[:room]]
        is_in[new] = True
        return np.flatnonzero(is_in)

    def _minimise(self, chosen: NDArray[np.intp], pull: Values, start: Values) -> Values:
        """The best weights of the working set."""
        H = self.pool.products(chosen)
        H[np.diag_indices_from(H)] += self.l2
        return minimise_quadratic(H, pull, np.full(len(chosen), self.l1), start)

    def _prove(self, w: Values, rounds: int) -> _Answer:
        """The gap of the rows; the dual point is what is left of y, times what brings slopes within l1."""
        columns, penalty = self.pool.columns, self.l2 * w
        residual = self.y - self.pool.scores(w)
        shared = columns.shares * residual
        squares = float(shared @ residual) + float(penalty @ w)
        value = squares / 2 + self.l1 * float(np.abs(w).sum())
        force = columns.products(shared)
        force -= penalty
        share = 1 / max(1.0, float(np.abs(force).max()) / self.l1)
        gap = value - share * float(shared @ self.y) + share**2 * squares / 2
        return _Answer(w, value, gap, force, rounds)
