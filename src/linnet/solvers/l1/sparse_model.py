"""`SparseModel`: the quadratic model of an objective on some coordinates of sparse rows, and ways down it.

The Hessian is never made: a product with it is two looks at the columns. Sweeps over them find zeros and
signs, conjugate gradients the sizes of what is not 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from linnet.solvers.l1.sweeps import Values, sweep_sparse
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.sparse_rows import SparseRows

TURNS = 30
"""Conjugate gradients of a step, at most."""

FLATTEST = 1e-10
"""The share of the largest curvature that each row has at least, where sweeps divide by it."""

LEAST = 1e-12
"""The share of the largest entry of the Hessian's diagonal that each has at least."""


@dataclass(frozen=True, eq=False)
class _Output:
    """The weights of one output in the working set.

    Args:
        features: which, (P,).
        Z: their columns, scipy's CSR, (P, N).
        X: the same as rows, scipy's CSC, (N, P).
        part: where they are among those of all outputs.
    """

    features: NDArray[np.intp]
    Z: Any
    X: Any
    part: slice


@dataclass(frozen=True, eq=False)
class SparseModel:
    """The quadratic model of the objective about a point, on a working set.

    What moves is u = (weights of all outputs, biases), (P + K,).

    Args:
        objective: of what.
        point: where.
        outputs: K of them.
        w: their weights, (P,).
        g: the derivatives of what is smooth, (P + K,).
        p: softmax's probabilities, (K, N); None of a loss that does not couple its outputs.
        weighted: the same, or the curvature of each output, times the rows' shares, (K, N).
    """

    objective: Objective
    point: Point
    outputs: list[_Output]
    w: Values
    g: Values
    p: Values | None
    weighted: Values

    @classmethod
    def of(cls, objective: Objective, point: Point, chosen: NDArray[np.bool_]) -> SparseModel:
        """The model at a point."""
        rows, loss = objective.rows, objective.loss
        assert isinstance(rows, SparseRows), "dense rows have other ways"
        outputs, first = list[_Output](), 0
        for used in chosen:
            features = np.flatnonzero(used)
            part = slice(first, first := first + len(features))
            outputs.append(_Output(features, Z := rows.XT[features], Z.T, part))
        g = np.concatenate([point.gradient[:, :-1].numpy()[chosen], point.gradient[:, -1].numpy()])
        p = torch.softmax(point.scores, 0) if loss.couples_outputs else None
        curves = loss.curvature(point.scores, rows.target()) if p is None else p
        w, weighted = point.theta[:, :-1].numpy()[chosen], (curves * rows.shares).numpy()
        return cls(objective, point, outputs, w, g, None if p is None else p.numpy(), weighted)

    @property
    def curvature(self) -> Values:
        """Of each output alone, by the rows' shares, (K, N)."""
        return self.weighted if self.p is None else self.weighted * (1 - self.p)

    def sweep(self) -> Values:
        """A change towards the minimum of each output by itself, (P + K,), which has the zeros and signs."""
        penalty, residual = self.objective.penalty, self.objective.residual(self.point.scores).numpy()
        found, K = np.zeros_like(self.g), len(self.outputs)
        # Coupled outputs, moved side by side, overshoot by as much as each takes up of the others' steps.
        more = 1.0 if self.p is None else K / (K - 1)
        for k, (one, curvature) in enumerate(zip(self.outputs, self.curvature, strict=True)):
            c = more * np.maximum(curvature, FLATTEST * curvature.max())
            w = self.w[one.part]
            aim = one.X @ w - residual[k] / (self.objective.rows.total * c)
            moved, found[k - K] = sweep_sparse(
                one.Z, c, aim, penalty.l1, penalty.l2, w, intercept=self.objective.intercept
            )
            found[one.part] = moved - w
        return found

    def slope(self, u: Values) -> float:
        """How F changes along a change u at first."""
        moved = self.w + u[: len(self.w)]
        return float(self.g @ u) + self.objective.penalty.l1 * float((np.abs(moved) - np.abs(self.w)).sum())

    def leave(self, u: Values) -> tuple[Tensor, Tensor]:
        """θ after a change, (K, D + 1), and how the scores change, (K, N)."""
        theta = self.point.theta.clone()
        for row, one, bias in zip(theta.numpy(), self.outputs, u[len(self.w) :], strict=True):
            row[one.features] = self.w[one.part] + u[one.part]
            row[-1] += bias
        return theta, torch.from_numpy(self._lift(u))

    def refine(self, rough: Values, share: float) -> Values:
        """A change with the zeros and signs of a rough one and of the sizes that the Hessian has.

        Args:
            rough: the change, (P + K,).
            share: of the residual that may be left.
        """
        count = len(self.w)
        signs = np.sign(self.w + rough[:count])
        is_free = np.concatenate([signs != 0, np.full(len(self.outputs), self.objective.intercept)])
        slope = self.g + self._bend(rough)
        slope[:count] += self.objective.penalty.l1 * signs
        found = rough + self._solve(-slope * is_free, is_free, share)
        has_turned = (self.w + found[:count]) * signs < 0
        found[:count][has_turned] = -self.w[has_turned]
        return found

    def _solve(self, right: Values, is_free: NDArray[np.bool_], share: float) -> Values:
        """H⁻¹ of a vector on what is free, by conjugate gradients."""
        means, sizes, totals = self._diagonal()

        def precondition(left: Values) -> Values:
            """By the diagonal about the means, which is the Hessian's where columns do not go together."""
            weights, biases = left[: len(means)], left[len(means) :]
            each = [len(one.features) for one in self.outputs]
            weights = (weights - means * np.repeat(biases, each)) / sizes
            weights *= is_free[: len(means)]
            if self.objective.intercept:
                taken = [means[one.part] @ weights[one.part] for one in self.outputs]
                biases = biases / totals - np.array(taken)
            return np.concatenate([weights, biases])

        x, left = np.zeros_like(right), right
        direction = z = precondition(left)
        size = first = float(left @ z)
        for _ in range(TURNS):
            if not size > share**2 * first:
                break
            bent = self._bend(direction) * is_free
            if not (curvature := float(direction @ bent)) > 0:
                break
            x, left = x + size / curvature * direction, left - size / curvature * bent
            z = precondition(left)
            size, before = float(left @ z), size
            direction = z + size / before * direction
        return x

    def _diagonal(self) -> tuple[Values, Values, Values]:
        """Columns' means (P,), 0 without a bias, second moments about them (P,), and weights' sums (K,)."""
        curvature = self.curvature
        totals = curvature.sum(1).clip(1e-300)
        means, sizes = np.zeros_like(self.w), np.zeros_like(self.w)
        for one, c, total in zip(self.outputs, curvature, totals, strict=True):
            squares = sparse.csr_matrix((np.square(one.Z.data), one.Z.indices, one.Z.indptr), one.Z.shape)
            sizes[one.part] = squares @ c
            if self.objective.intercept:
                means[one.part] = one.Z @ c / total
                sizes[one.part] -= means[one.part] ** 2 * total
        sizes += self.objective.penalty.l2
        return means, np.maximum(sizes, LEAST * sizes.max(initial=1e-300)), totals

    def _lift(self, u: Values) -> Values:
        """How the scores change, (K, N)."""
        biases = u[len(self.w) :]
        return np.stack([one.X @ u[one.part] + b for one, b in zip(self.outputs, biases, strict=True)])

    def _bend(self, u: Values) -> Values:
        """The Hessian times a change, (P + K,)."""
        change = self._lift(u)
        bent = self.weighted * (change if self.p is None else change - (self.p * change).sum(0))
        sums = [one.Z @ row for one, row in zip(self.outputs, bent, strict=True)]
        found = np.concatenate([*sums, bent.sum(1) * self.objective.intercept])
        found[: len(self.w)] += self.objective.penalty.l2 * u[: len(self.w)]
        return found
