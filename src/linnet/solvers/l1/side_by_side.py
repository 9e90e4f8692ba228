"""`SideBySide`: models with L1 of several weightings of the same sparse rows, penalty after penalty.

Folds differ in which rows count, and in little else. So their models take steps together: one product with
the rows gives the derivatives of all, and one set of products between columns their Hessians
(`PatternGrams`), with the curvature that the first model has where a penalty begins. Coordinate descent on
these is short.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.solvers.certificate.duality import gap_of_dual
from linnet.solvers.l1.pattern_grams import PatternGrams, Values
from linnet.solvers.l1.sparse import begin
from linnet.solvers.l1.sweeps import sweep_many
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.smooth.extrapolate import Extrapolation
from linnet.solvers.smooth.line_search import ARMIJO, NOISE

SOON = 0.9
"""The share of l1 beyond which a derivative brings its column into the first working set of a penalty."""

LATE = 1 + 1e-6
"""Likewise into that of the steps after it."""

WIDEST = 1200
"""Columns of a working set up to which Hessians are made."""

STEPS, HALVINGS = 25, 20
"""Steps for a penalty, and halvings of one of them, at most."""

SWEEPS = 10
"""Over the quadratic of a step."""

STALE = 20
"""Steps after which the curvature is taken anew."""

LOOSE = 10.0
"""How many times the gain that may be left a model's last step but one may leave."""


@dataclass(frozen=True, eq=False)
class Stand:
    """Where a model stands.

    Args:
        point: there.
        dual: the derivatives of the loss, of the first model balanced, (1, N).
        sums: Σ_i ω_i a_i x_i of these, (1, D).
    """

    point: Point
    dual: Tensor
    sums: Tensor


@dataclass(frozen=True, eq=False)
class _Way:
    """A step that a model may take.

    Args:
        model: which.
        change: of the weights of the working set, (P,).
        bias: the change of the bias.
        slope: of the objective along it.
    """

    model: int
    change: Values
    bias: float
    slope: float


class SideBySide:
    """The models of some weightings of the rows, and steps that they take together.

    Args:
        objective: of one output, that `suits_sparse`, in float64; of its rows' weights nothing is taken.
        base: how much each row counts, (N,), float64.
        multipliers: how many times that in each model, (M, N), float64, of few values; the first is the one
            whose optimum is proven.
    """

    def __init__(self, objective: Objective, base: Tensor, multipliers: Tensor) -> None:
        which, patterns = find_patterns(multipliers)
        self.order = torch.from_numpy(np.argsort(which, kind="stable"))
        rows = objective.rows.sample(self.order)
        assert isinstance(rows, SparseRows), "dense rows have other ways"
        borders = np.concatenate([[0], np.cumsum(np.bincount(which))])
        self._rows, self._base, self._patterns = rows, base[self.order].numpy(), patterns
        self._grams = PatternGrams(rows.XT, borders)
        self._y = Loss.encode(rows.y, rows.outputs, torch.float64)
        self.objectives = [_weigh(objective, rows, one) for one in (base * multipliers)[:, self.order]]
        self.stands = self._look(range(len(multipliers)), [begin(one, None) for one in self.objectives])
        self.scores = [stand.point.scores for stand in self.stands]
        self.gap, self.iterations = math.inf, 0
        self._extrapolation = Extrapolation()

    def descend_(self, penalty: Penalty, tol: float) -> list[bool]:
        """Go on to a penalty; which models are there.

        Where the others are, `scores` are those after one more step than `stands` know of.

        Args:
            penalty: with L1.
            tol: the first model's gap, as a share of its objective, and the gain that others may leave.
        """
        self._take_(penalty)
        going, done = list(range(len(self.stands))), [False] * len(self.stands)
        for iteration in range(STEPS):
            if not self._widen_(going, is_fresh=iteration % STALE == 0):
                break
            ways, ahead = [self._find_way(model) for model in going], list[_Way]()
            for way in ways:
                near = -way.slope <= (LOOSE if way.model else 1) * tol * abs(
                    self.stands[way.model].point.value
                )
                done[way.model] = near and (bool(way.model) or self._is_proven(tol))
                if not done[way.model] and way.slope < 0:
                    ahead.append(way)
            last = [way for way in ways if way.model and done[way.model]]
            for way, change in zip(last, self._lift(last), strict=True):
                self.scores[way.model] = self.stands[way.model].point.scores + change
            going = self._step_(ahead)
            self.iterations += 0 in going
            if not going:
                break
        return done

    def move_(self, model: int, theta: Tensor) -> None:
        """Put a model somewhere, (1, D + 1)."""
        (stand,) = self._look([model], [self.objectives[model].point(theta)])
        self.stands[model], self.scores[model] = stand, stand.point.scores

    def _take_(self, penalty: Penalty) -> None:
        """Another penalty for all, who stay where they are."""
        if (before := self.objectives[0].penalty.l1) > penalty.l1:
            self._extrapolation.keep(before, self.stands[0].point.scores)
        ahead = self._extrapolation.at(penalty.l1)
        self._ahead = self.stands[0].point.scores if ahead is None else ahead
        self.objectives = [one.replace(penalty=penalty) for one in self.objectives]
        for model, (one, stand) in enumerate(zip(self.objectives, self.stands, strict=True)):
            point = stand.point
            moved = replace(point, value=point.loss + one.penalty_of(point.theta))
            self.stands[model] = replace(stand, point=moved)
        self.gap, self.iterations = math.inf, 0

    def _widen_(self, going: Sequence[int], *, is_fresh: bool) -> bool:
        """Make ready the products of a working set of some models; False where it is too wide."""
        one = self.objectives[0]
        chosen, reach = (
            np.zeros(self._rows.features, dtype=bool),
            one.penalty.l1 * (SOON if is_fresh else LATE),
        )
        for model in going:
            theta, gradient = self.stands[model].point.theta[0], self.stands[model].point.gradient[0]
            chosen |= ((theta != 0) | (gradient.abs() > reach)).numpy()[:-1]
        if int(chosen.sum()) > WIDEST:
            return False
        if is_fresh:
            scores = self.stands[0].point.scores if self.iterations else self._ahead
            curves = one.loss.curvature(scores, one.rows.target())[0]
            self._grams.renew_(np.flatnonzero(chosen), curves.numpy() * self._base)
        else:
            chosen[self._grams.features] = False
            self._grams.add_(np.flatnonzero(chosen))
        return True

    def _find_way(self, model: int) -> _Way:
        """The way to the minimum of a model's quadratic; of the bias it is known for any weights."""
        one, point, features = self.objectives[model], self.stands[model].point, self._grams.features
        penalty, w = one.penalty, point.theta[0].numpy()[features]
        g, slope = point.gradient[0].numpy()[features], float(point.gradient[0, -1])
        share = self._patterns[model] / one.rows.total
        at = self._grams.weigh(model, share, penalty.l2, intercept=one.intercept)
        pull = g - at.sums * (slope / at.total) if one.intercept else g
        change = sweep_many(at.H, at.H @ w - pull, penalty.l1, w, SWEEPS) - w if len(w) else w
        bias = -(slope + float(at.sums @ change)) / at.total if one.intercept else 0.0
        more = penalty.l1 * float(np.abs(w + change).sum() - np.abs(w).sum())
        return _Way(model, change, bias, float(g @ change) + slope * bias + more)

    def _lift(self, ways: Sequence[_Way]) -> Tensor:
        """How the scores change along each way, (W, 1, N)."""
        if not ways:
            return torch.empty(0, 1, len(self._rows))
        change = (self._grams.X @ np.stack([way.change for way in ways], 1)).T  # (W, N)
        return torch.from_numpy(change + np.array([[way.bias] for way in ways]))[:, None].contiguous()

    def _step_(self, ways: Sequence[_Way]) -> list[int]:
        """Go along ways as far as is downhill; the models that went."""
        models, points = list[int](), list[Point]()
        for way, change in zip(ways, self._lift(ways), strict=True):
            if (moved := self._search(way, change)) is not None:
                models.append(way.model)
                points.append(moved)
        for model, stand in zip(models, self._look(models, points), strict=True):
            self.stands[model] = stand
        return models

    def _search(self, way: _Way, change: Tensor) -> Point | None:
        """A point along a way that is low enough, whose gradient is still that of the start."""
        one, point, size = self.objectives[way.model], self.stands[way.model].point, 1.0
        for _ in range(HALVINGS):
            theta, scores = point.theta.clone(), point.scores + size * change
            theta.numpy()[0, self._grams.features] += size * way.change
            theta[0, -1] += size * way.bias
            loss = one.mean_loss(scores)
            value = loss + one.penalty_of(theta)
            noise = NOISE[torch.float64] * abs(point.value)
            if value <= point.value + ARMIJO * size * way.slope + noise:
                return Point(theta, scores, loss, value, point.gradient)
            size /= 2
        return None

    def _look(self, models: Sequence[int], points: Sequence[Point]) -> list[Stand]:
        """Models at points, with the derivatives there, all in one product."""
        if not len(models):
            return []
        duals, slopes = list[Tensor](), list[float]()
        for model, point in zip(models, points, strict=True):
            one = self.objectives[model]
            a = one.loss.residual(point.scores, one.rows.target())
            slopes.append(float(a[0] @ one.rows.shares) * one.intercept)
            is_judged = one.intercept and not model  # by its dual, which others have no use for
            duals.append(one.loss.balance(a, self._y, one.rows.shares) if is_judged else a)
        shared = [a * self.objectives[m].rows.shares for m, a in zip(models, duals, strict=True)]
        sums = torch.from_numpy(self._rows.XT @ torch.cat(shared).T.contiguous().numpy()).T.contiguous()
        found = list[Stand]()
        for model, point, a, G, slope in zip(models, points, duals, sums, slopes, strict=True):
            gradient = torch.cat([G, G.new_tensor([slope])])[None]
            gradient[:, :-1] += self.objectives[model].penalty.l2 * point.theta[:, :-1]
            found.append(Stand(replace(point, gradient=gradient), a, G[None]))
        return found

    def _is_proven(self, tol: float) -> bool:
        """Whether the first model's gap is small enough."""
        one, at = self.objectives[0], self.stands[0]
        self.gap = gap_of_dual(one, at.point, at.dual, self._y, one.rows.shares, at.sums)
        return self.gap <= tol * abs(at.point.value)


def find_patterns(multipliers: Tensor) -> tuple[NDArray[np.intp], Values]:
    """The pattern of each row, (N,), and the multipliers of each, (M, Q), of multipliers (M, N)."""
    which = np.zeros(multipliers.shape[1], dtype=np.intp)
    for one in multipliers.numpy():
        values, own = np.unique(one, return_inverse=True)
        which = np.unique(which * len(values) + own, return_inverse=True)[1]
    first = np.unique(which, return_index=True)[1]
    return which, multipliers.numpy()[:, first]


def _weigh(objective: Objective, rows: SparseRows, weights: Tensor) -> Objective:
    """The objective of rows that count so much, (N,)."""
    same = copy.copy(rows)
    same.weights, same.total, same.spreads, same.near = weights, float(weights.sum()), {}, {}
    return Objective(same, objective.loss, objective.penalty, intercept=objective.intercept)
