"""Least squares of few numbers in numpy alone, to the digits of `least_squares` at a fraction of its time.

What refinement needs is small here: Cholesky's factor of the centred columns, and for each correction one
residual and one gradient with twice the digits. Products get their errors from Dekker's splitting, and sums
of products are taken apart into parts that add up without rounding (Rump, Ogita and Oishi 2008, "Accurate
floating-point summation"). A problem that this does not settle, because its columns are collinear or nearly
so, or its numbers far from 1, is left to `least_squares`.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.problem.double_double import halves, two_product, two_sum

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
    """The optimum: weights and biases, (K, D + 1), and how many corrections it took."""

    theta: Values
    rounds: int


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
    problem = _Problem.of(X, weights, l2, intercept=intercept)
    if problem is None or np.abs(Y).max() > HUGE:
        return None
    found = [problem.solve(Y[:, place]) for place in range(Y.shape[1])]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    return Found(np.stack([theta for theta, _ in known]), max(rounds for _, rounds in known))


@dataclass(frozen=True, eq=False)
class _Problem:
    """The rows of a problem with its factor.

    Args:
        A: (N, D) or, with an intercept, (N, D + 1): X with its columns multiplied by powers of two, so
            without rounding, and a column of ones.
        halves: A as two matrices of 26 bits.
        scale: of the columns of X, (D,).
        w: of the rows, (N,); None for 1.
        total: the sum of the weights.
        centre: about the weighted means of the columns, (D,).
        penalty: of the columns of A, as the sum of two.
        factor: Cholesky's, of the centred columns' products and the penalty.
        intercept: whether there is a bias.
    """

    A: Values
    halves: tuple[Values, Values]
    scale: Values
    w: Values | None
    total: float
    centre: Values
    penalty: tuple[Values, Values]
    factor: Any
    intercept: bool

    @classmethod
    def of(cls, X: Values, w: Values | None, l2: float, *, intercept: bool) -> _Problem | None:
        """A problem made ready; None where it has no factor, or none to rely on."""
        if not (_is_near(np.abs(X).max()) and (w is None or _is_near(w))):
            return None
        rows, features = X.shape
        total, mean = float(rows if w is None else w.sum()), np.zeros(features)
        if intercept:
            mean = (X.sum(0) if w is None else w @ X) / total
        deviation = X - mean
        gram = (deviation if w is None else deviation * w[:, None]).T @ deviation
        size = np.sqrt(gram.diagonal())
        if not _is_near(size):
            return None
        scale = np.ldexp(1.0, -np.frexp(size)[1])
        of_columns = np.append(scale**2, np.zeros(int(intercept)))
        high, low = _penalty(l2, total, w)
        gram *= scale[:, None] * scale
        gram[np.diag_indices_from(gram)] += high * scale**2
        factor = _cholesky(gram)
        if factor is None:
            return None
        A = np.ones((rows, features + intercept))
        np.multiply(X, scale, out=A[:, :features])
        penalty = high * of_columns, low * of_columns
        return cls(A, halves(A), scale, w, total, mean * scale, penalty, factor, intercept)

    def solve(self, y: Values) -> tuple[Values, int] | None:
        """Weights and bias of one target, (D + 1,), and the corrections made."""
        weighted = y if self.w is None else y * self.w
        z = self._step(weighted @ self.A)
        low, last = np.zeros_like(z), self._norm(z)
        for rounds in range(1, ROUNDS):
            dz = self._step(*self._pull(y, z, low))
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

    def _step(self, pull: Values, rest: Values | float = 0.0) -> Values:
        """The correction that a negative gradient, over weights and bias and as the sum of two, asks for."""
        if not self.intercept:
            return _solve(self.factor, pull + rest)
        error = np.broadcast_to(rest, pull.shape)
        product, less = two_product(self.centre, pull[-1])
        high, left = two_sum(pull[:-1], -product)
        dz = _solve(self.factor, high + (left - less + error[:-1] - self.centre * error[-1]))
        return np.append(dz, (pull[-1] + error[-1]) / self.total - self.centre @ dz)

    def _pull(self, y: Values, z: Values, low: Values) -> tuple[Values, Values]:
        """The negative gradient at z + low, as the sum of two."""
        residual, rest = self._residual(y, z, low)
        if self.w is not None:
            residual, error = two_product(residual, self.w)
            rest = error + rest * self.w
        pull, error = self._sums(residual, rest)
        penalty, least = self.penalty
        if penalty.any():
            product, less = two_product(penalty, z)
            pull, left = two_sum(pull, -product)
            error = error + (left - less - penalty * low - least * z)
        return pull, error

    def _residual(self, y: Values, z: Values, low: Values) -> tuple[Values, Values]:
        """Y − A (z + low), (N,), as the sum of two."""
        products, errors = two_product(self.A, -z, self.halves)
        total, rest = _sum_exactly(np.column_stack([y, products]), 1)
        return two_sum(total, rest + errors.sum(1) - self.A @ low)

    def _sums(self, residual: Values, rest: Values) -> tuple[Values, Values]:
        """Aᵀ (residual + rest), as the sum of two."""
        products, errors = two_product(self.A, residual[:, None], self.halves)
        total, error = _sum_exactly(products, 0)
        return total, error + errors.sum(0) + rest @ self.A


def _penalty(l2: float, total: float, w: Values | None) -> tuple[Any, Any]:
    """L2 times the sum of the weights, as the sum of two."""
    product, error = two_product(np.float64(l2), np.float64(total))
    if w is None or not l2:
        return product, error
    return product, error + l2 * math.fsum([*w, -total])


def _is_near(values: Any) -> bool:
    """Whether positive numbers are neither huge nor tiny."""
    return bool(np.all((values < HUGE) & (values > 1 / HUGE)))


PARTS = 2
"""Parts into which sums are taken apart, of some 40 bits each; what is left is below 2^-80 of the terms."""


def _sum_exactly(terms: Values, axis: int) -> tuple[Values, Values]:
    """Sums over an axis as the rounded sums and what they lack, to about 2^-130 of the largest term."""
    largest = max(float(terms.max()), -float(terms.min()))
    bits = (terms.shape[axis] + 1).bit_length()
    anchor = math.ldexp(1.5, math.frexp(largest)[1] + bits)
    total: Any = 0.0
    error: Any = 0.0
    for _ in range(PARTS):
        part = (terms + anchor) - anchor  # multiples of one power of two, whose sum has no rounding
        terms = terms - part
        total, left = two_sum(total, part.sum(axis))
        error, anchor = error + left, math.ldexp(anchor, bits - 52)
    return total, error + terms.sum(axis)


def _cholesky(gram: Values) -> Any:
    """The factor of a positive definite matrix; None of one that is none, or all but none."""
    lapack: Any = importlib.import_module("scipy.linalg.lapack")
    factor, fault = lapack.dpotrf(gram, lower=1, clean=0)
    is_steep = fault or bool((factor.diagonal() ** 2 < STEEPEST * gram.diagonal()).any())
    return None if is_steep else factor


def _solve(factor: Any, right: Values) -> Values:
    lapack: Any = importlib.import_module("scipy.linalg.lapack")
    solution, _ = lapack.dpotrs(factor, right, lower=1)
    return solution
