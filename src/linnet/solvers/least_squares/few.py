"""Least squares of few numbers in numpy alone, to the digits of `least_squares` at a fraction of its time.

What refinement needs is small here: Cholesky's factor of the centred columns, and for each correction one
residual and one gradient with twice the digits. Rows, weights and residuals are cut into slices of so few
bits that BLAS adds their products without rounding (Ozaki, Ogita, Oishi and Rump 2012, "Error-free
transformations of matrix multiplication"): a residual is one product of all slices, and so is a gradient. A
problem that this does not settle, because its columns are collinear or nearly so, or its numbers far from 1,
is left to `least_squares`.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.problem.error_free import above, cut, cut_, two_product, two_sum

Values = NDArray[np.float64]

ROUNDS = 6
"""Corrections at most; a problem that needs more is left."""

SMALL = 2.0**-58
"""A correction below this share of each weight is below its last place."""

HUGE = 2.0**150
"""Numbers beyond this or below its inverse are left: their products' errors could not be represented."""

STEEPEST = 2.0**-36
"""A column that is all but this share of its square a combination of others is left: it may be one."""


@dataclass(frozen=True, eq=False)
class Found:
    """The optimum.

    Args:
        theta: weights and biases, (K, D + 1).
        rounds: how many corrections it took.
        problem: that was solved.
        Y: its targets, (N, K).
    """

    theta: Values
    rounds: int
    problem: _Problem
    Y: Values

    def prove(self) -> tuple[Values, float]:
        """The gradient over weights and biases, (K, D + 1), and the gap of the objective to its optimum."""
        problem, gradient, gap = self.problem, np.zeros_like(self.theta), 0.0
        count, features = len(problem.largest), len(problem.scale)
        for place, theta in enumerate(self.theta):
            z = theta[:count].copy()
            z[:features] /= problem.scale
            pull, rest = problem.pull(self.Y[:, place], z, np.zeros_like(z))
            gap += float((pull + rest) @ problem.step(pull, rest)) / (2 * problem.total)
            gradient[place, :count] = -(pull + rest) / problem.total
            gradient[place, :features] /= problem.scale
        return gradient, max(0.0, gap)


def solve_squares(
    X: Values, Y: Values, weights: Values | None = None, l2: float = 0.0, *, intercept: bool = True
) -> Found | None:
    """Minimise Σ_i w_i ½‖ŷ_i − y_i‖² / Σ_i w_i + ½ l2 ‖W‖² over W and, unpenalised, b.

    Args:
        X: rows, (N, D), finite.
        Y: targets, (N, K), finite.
        weights: of the rows, (N,), at least 0, not all 0; None for 1.
        l2: the penalty, finite and at least 0.
        intercept: whether there is a bias; it is 0 otherwise.

    Returns:
        The optimum, its rounding error in the last place; None where it is left to a slower method.
    """
    if weights is not None and not weights.all():
        kept = weights > 0
        X, Y, weights = X[kept], Y[kept], weights[kept]
    rows, features = X.shape
    if not rows > features > 0:
        return None
    made = _Problem.of(X, Y, weights, l2, intercept=intercept)
    if made is None:
        return None
    problem, starts = made
    found = [problem.solve(Y[:, place], start) for place, start in enumerate(starts)]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    return Found(np.stack([theta for theta, _ in known]), max(rounds for _, rounds in known), problem, Y)


@dataclass(frozen=True, eq=False)
class _Problem:
    """The rows of a problem with its factor.

    A is X with its columns multiplied by powers of two, so without rounding, and with an intercept a column
    of ones: (N, P), P being D or D + 1.

    Args:
        slices: Aᵀ as the sum of three matrices, one above the other, (3 P, N), the first two of `bits` bits
            below the largest number of each column.
        largest: powers of two above the columns' numbers, (P,).
        bits: so few that sums of products of two slices have no rounding.
        scale: of the columns of X, (D,).
        w: of the rows, (N,); None for 1.
        total: the sum of the weights.
        centre: about the weighted means of the columns, (D,).
        penalty: of the columns of A, as the sum of two; None for none.
        factor: Cholesky's, of the centred columns' products and the penalty.
        intercept: whether there is a bias.
    """

    slices: Values
    largest: Values
    bits: int
    scale: Values
    w: Values | None
    total: float
    centre: Values
    penalty: tuple[Values, Values] | None
    factor: Any
    intercept: bool

    @classmethod
    def of(
        cls, X: Values, Y: Values, w: Values | None, l2: float, *, intercept: bool
    ) -> tuple[_Problem, Values] | None:
        """A problem made ready and where to start, (K, P); None where it has no factor to rely on."""
        columns = np.ascontiguousarray(X.T)  # (D, N), along which numpy's loops are long
        features, rows = columns.shape
        reach = np.maximum(columns.max(1), -columns.min(1))
        if not (1 / HUGE < reach.max() < HUGE and np.abs(Y).max() <= HUGE and (w is None or _is_near(w))):
            return None
        total, mean = float(rows if w is None else w.sum()), np.zeros(features)
        if intercept:
            mean = (columns.sum(1) if w is None else columns @ w) / total
        slices = np.ones((3, features + intercept, rows))
        deviation = np.subtract(columns, mean[:, None], out=slices[0, :features])
        weighted = deviation if w is None else np.multiply(deviation, w, out=slices[1, :features])
        gram = deviation @ weighted.T
        size = np.sqrt(gram.diagonal())
        if not _is_near(size):
            return None
        scale = np.ldexp(1.0, -np.frexp(size)[1])
        gram *= scale[:, None] * scale
        penalty = None
        if l2:
            high, low = _penalty(l2, total, w)
            of_columns = np.zeros(features + intercept)
            of_columns[:features] = scale * scale
            penalty = high * of_columns, low * of_columns
            gram.ravel()[:: features + 1] += penalty[0][:features]
        factor = _cholesky(gram)
        if factor is None:
            return None
        centre = mean * scale
        starts = np.empty((Y.shape[1], features + intercept))
        starts[:, :features] = W = _solve(factor, scale[:, None] * (weighted @ Y)).T
        if intercept:
            starts[:, -1] = (Y.sum(0) if w is None else w @ Y) / total - W @ centre
        largest = np.ones(features + intercept)
        largest[:features] = reach * scale
        largest = np.ldexp(1.0, np.frexp(largest)[1])
        bits = (53 - max(slices.shape).bit_length()) // 2
        np.multiply(columns, scale[:, None], out=slices[2, :features])
        cut_(slices, largest[:, None], bits)
        slices = slices.reshape(-1, rows)
        return cls(slices, largest, bits, scale, w, total, centre, penalty, factor, intercept), starts

    def solve(self, y: Values, z: Values) -> tuple[Values, int] | None:
        """Weights and bias of one target, (D + 1,), from a start, and the corrections made."""
        low, last = np.zeros_like(z), self._norm(z)
        for rounds in range(1, ROUNDS):
            dz = self.step(*self.pull(y, z, low))
            size = self._norm(dz)
            if not size <= last / 4:
                return None
            z, low = two_sum(z, low + dz)
            # What is left after a correction is its share of the one before, once more; 64 is for safety.
            ahead = 64 * size / last if last else 0.0
            if (np.maximum(np.abs(dz), size) * ahead <= SMALL * np.abs(z)).all():
                theta = np.zeros(len(self.scale) + 1)
                theta[: len(z)] = z
                theta[:-1] *= self.scale
                return theta, rounds
            last = size
        return None

    def _norm(self, z: Values) -> float:
        """The largest weight of a scaled column."""
        return float(np.abs(z[: len(self.scale)]).max())

    def step(self, pull: Values, rest: Values) -> Values:
        """The correction that a negative gradient, over weights and bias and as the sum of two, asks for."""
        if not self.intercept:
            return _solve(self.factor, pull + rest)
        product, less = two_product(self.centre, pull[-1])
        high, left = two_sum(pull[:-1], -product)
        dz = np.empty_like(pull)
        dz[:-1] = _solve(self.factor, high + (left - less + rest[:-1] - self.centre * rest[-1]))
        dz[-1] = (pull[-1] + rest[-1]) / self.total - self.centre @ dz[:-1]
        return dz

    def pull(self, y: Values, z: Values, low: Values) -> tuple[Values, Values]:
        """The negative gradient at z + low, as the sum of two."""
        residual, rest = self._residual(y, z, low)
        if self.w is not None:
            residual, error = two_product(residual, self.w)
            rest = error + rest * self.w
        pull, error = self._sums(residual, rest)
        if self.penalty is not None:
            penalty, least = self.penalty
            product, less = two_product(penalty, z)
            pull, left = two_sum(pull, -product)
            error = error + (left - less - penalty * low - least * z)
        return pull, error

    def _residual(self, y: Values, z: Values, low: Values) -> tuple[Values, Values]:
        """Y − A (z + low), (N,), as the sum of two, of which the second may overlap the first."""
        first, second, third = cut(z, above(z * self.largest) / self.largest, self.bits)
        third += low
        # Products of about the same size stand in a row, so that rounding is of the smallest alone.
        parts = np.zeros((3, 3, len(z)))
        parts[0, 0] = parts[1, 1] = first
        parts[1, 0] = second
        parts[2] = third, second + third, z
        scores = parts.reshape(3, -1) @ self.slices  # (3, N)
        total, error = two_sum(y, -scores[0])
        total, left = two_sum(total, -scores[1])
        return total, error + left - scores[2]

    def _sums(self, residual: Values, rest: Values) -> tuple[Values, Values]:
        """Aᵀ (residual + rest), as the sum of two."""
        parts = cut(residual, above(residual), self.bits)
        parts[2] += rest
        sums = (self.slices @ parts.T).reshape(3, -1, 3)  # (slice of A, P, slice of the residual)
        total, error = two_sum(sums[0, :, 0], sums[0, :, 1] + sums[1, :, 0])
        return total, error + (sums[0, :, 2] + sums[1, :, 1:].sum(1) + sums[2].sum(1))


def _penalty(l2: float, total: float, w: Values | None) -> tuple[Any, Any]:
    """L2 times the sum of the weights, as the sum of two."""
    product, error = two_product(np.float64(l2), np.float64(total))
    if w is None or not l2:
        return product, error
    return product, error + l2 * math.fsum([*w, -total])


def _is_near(values: Any) -> bool:
    """Whether positive numbers are neither huge nor tiny."""
    return bool(np.all((values < HUGE) & (values > 1 / HUGE)))


def _cholesky(gram: Values) -> Any:
    """The factor of a positive definite matrix; None of one that is none, or all but none."""
    factor, fault = _lapack().dpotrf(gram, lower=1, clean=0)
    is_steep = fault or bool((factor.diagonal() ** 2 < STEEPEST * gram.diagonal()).any())
    return None if is_steep else factor


def _solve(factor: Any, right: Values) -> Values:
    solution, _ = _lapack().dpotrs(factor, right, lower=1)
    return solution


@cache
def _lapack() -> Any:
    return importlib.import_module("scipy.linalg.lapack")
