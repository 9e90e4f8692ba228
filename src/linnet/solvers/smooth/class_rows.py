"""`ClassRows`: the objective of softmax and of logistic regression on few rows, in numpy alone."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.problem.few import Values

Solve = Callable[[Values], Values]
"""H⁻¹ times a gradient, (K, P)."""


@dataclass(frozen=True, eq=False)
class ClassRows:
    """Σ_i s_i l(o_i, y_i) + ½ Σ_j c_j w_j² over parameters θ, (K, P), l the cross-entropy.

    Args:
        A: rows as columns, (P, N), ones the last where there is a bias.
        y: the number of each row's class, (N,).
        outputs: K, or 1 for two classes: by how much the second is ahead.
        shares: s, of the rows, (N,), which sum to 1.
        penalty: c, of each column's weight, (P,).
    """

    A: Values
    y: NDArray[np.int64]
    outputs: int
    shares: Values
    penalty: Values

    @property
    def parameters(self) -> int:
        """K·P."""
        return self.outputs * len(self.A)

    @property
    def multiplications(self) -> int:
        """Of a product of the rows with the parameters."""
        return self.parameters * len(self.y)

    @cached_property
    def side(self) -> Values:
        """1 for the first of two classes, −1 for the second, (N,): a score times it is to be low."""
        return np.subtract(1.0, 2.0 * self.y, dtype=np.float64)

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Where each row's own class stands in numbers of (K, N), row after row, (N,)."""
        return self.y * len(self.y) + np.arange(len(self.y))

    def look(self, theta: Values) -> tuple[float, Values]:
        """The objective, and ∂l/∂o, (K, N): p less 1 for the row's own class.

        The loss of two classes and its slope are of how far the row is on the wrong side, so that no digit
        of either is lost where it is far on the right one. Those of more are exact to 1e-16 of 1, so that a
        loss of 1e-5 has eleven digits. log1p of the sum over the other classes gives all, but took 2 % of a
        fit of iris or wine, which ended after as many steps.
        """
        scores = theta @ self.A
        if self.outputs == 1:
            wrong = scores[0] * self.side
            odds = np.exp(-np.abs(wrong))
            loss = np.log1p(odds) + np.maximum(wrong, 0.0)
            slope = (np.where(wrong < 0, odds, 1.0) / (1 + odds) * self.side)[None]
        else:
            scores -= scores.max(0)
            own = scores.ravel()[self.places]
            slope = np.exp(scores, out=scores)
            total = slope.sum(0)
            loss = np.log(total) - own
            slope /= total
            slope.ravel()[self.places] -= 1.0
        return float(self.shares @ loss + (self.penalty * theta * theta).sum() / 2), slope

    def gradient(self, theta: Values, slope: Values) -> Values:
        """Of the objective, (K, P), at the θ whose slope `look` gave."""
        return (slope * self.shares) @ self.A.T + self.penalty * theta

    def hessian(self, slope: Values) -> Values:
        """Over all parameters, (K·P, K·P), where `look` gave the slope.

        What is the same for all classes changes no softmax. No gradient points there, and a curvature of 1
        there keeps each step away from it, however small the penalty.
        """
        A, K, P = self.A, self.outputs, len(self.A)
        if K == 1:
            p = np.abs(slope[0])  # of the class that is not the row's
            root = A * np.sqrt(self.shares * (p * (1 - p)))
            H = root @ root.T
        else:
            p = slope.copy()
            p.ravel()[self.places] += 1.0
            spread = ((np.sqrt(self.shares) * p)[:, None] * A).reshape(K * P, -1)
            H = -(spread @ spread.T)
            parts, weight = H.reshape(K, P, K, P), p * self.shares
            for k in range(K):
                parts[k, :, k] += (A * weight[k]) @ A.T
            for j in range(P):
                parts[:, j, :, j] += 1 / K
        H.ravel()[:: K * P + 1].reshape(K, P)[...] += self.penalty
        return H

    def invert_by_class(self, slope: Values) -> Solve | None:
        """The inverse of the Hessian without what couples classes, where `look` gave the slope.

        It makes no shift of all classes, which softmax does not feel and the penalty keeps at 0, where steps
        begin: a gradient holds rounding alone of it, of which a tiny penalty makes a long way.
        None where rounding leaves a block no factor.
        """
        p = slope.copy()
        p.ravel()[self.places] += 1.0
        H = np.stack([(self.A * own) @ self.A.T for own in p * (1 - p) * self.shares])  # (K, P, P)
        H.reshape(len(H), -1)[:, :: len(self.A) + 1] += self.penalty
        along = invert_blocks(H)
        if along is None:
            return None

        def solve(gradient: Values) -> Values:
            step = along(gradient - gradient.mean(0))
            return step - step.mean(0)

        return solve

    def factor(self, slope: Values) -> Values | None:
        """Cholesky's factor of the Hessian; None where rounding leaves it none."""
        found, fault = lapack().dpotrf(self.hessian(slope), lower=1, clean=0, overwrite_a=1)
        return None if fault else found


def invert_blocks(H: Values) -> Solve | None:
    """The inverses of positive definite blocks, (K, P, P), each times its row of a gradient."""
    try:
        L = np.linalg.inv(np.linalg.cholesky(H))
    except np.linalg.LinAlgError:
        return None
    return lambda gradient: (L.transpose(0, 2, 1) @ (L @ gradient[..., None]))[..., 0]


def solve_factored(factor: Values, gradient: Values) -> Values:
    """−H⁻¹ g, (K, P), of H's factor."""
    step, _ = lapack().dpotrs(factor, -gradient.ravel(), lower=1)
    return step.reshape(gradient.shape)


@cache
def lapack() -> Any:
    """Scipy's LAPACK, which takes some time to import."""
    return importlib.import_module("scipy.linalg.lapack")
