"""Softmax and logistic regression of few numbers in numpy alone, by Newton's method or by L-BFGS.

A problem that they do not settle soon is left to the solvers of any number: without a penalty there need be
no optimum, and they tell why.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnet.device import limit_blas
from linnet.solvers.problem.few import Few, Values
from linnet.solvers.smooth.class_rows import ClassRows
from linnet.solvers.smooth.few_steps import approach, begin, newton

PARAMETERS = 256
"""K·(D + 1) up to which the Hessian costs next to nothing."""

SOME, WIDEST, TALL = 2**20, 512, 60
"""Numbers in X up to which torch's calls still take as long as their work; columns up to which their Hessian
at the start is factored; and multiplications of that, as times those of a product with the rows."""

THIN = 200
"""Columns up to which a thread of BLAS is quicker than two."""

FEWEST = 2**15
"""Numbers in X up to which all steps are Newton's: those of L-BFGS cost little less, and there are more."""

LEFT = 0.05
"""The share of the tolerance to which L-BFGS goes where no Hessian tells what is left."""

FINE = 1e-12
"""The gain that Newton's method leaves where nothing else was asked, as a share of the objective."""


@dataclass(frozen=True, eq=False)
class Found:
    """Weights and biases, (K, D + 1), K being 1 for two classes, the steps to them, if optimal."""

    theta: Values
    rounds: int
    is_settled: bool = True


@dataclass(frozen=True)
class Way:
    """How an optimum is looked for.

    Args:
        is_newton: by a Hessian a step, and not by L-BFGS.
        can_factor: whether Hessians cost so little that some can be made.
        is_thin: whether two threads would wait for each other for longer than they share a product.
    """

    is_newton: bool
    can_factor: bool
    is_thin: bool = False

    @classmethod
    def of(cls, X: Values, outputs: int, intercept: bool) -> Way | None:
        """That which suits rows (N, D); None where neither does."""
        width = X.shape[1] + intercept
        is_small = outputs * width <= PARAMETERS
        if is_small and X.size <= FEWEST:
            return cls(is_newton=True, can_factor=True)
        is_some = X.size <= SOME and width <= WIDEST and width**2 <= TALL * len(X)
        if not is_some:
            return None
        return cls(is_newton=False, can_factor=is_small or outputs == 1, is_thin=width <= THIN)

    @property
    def threads(self) -> AbstractContextManager[None]:
        """One thread for BLAS where products are thin; as many as there are where they are not."""
        return limit_blas(1) if self.is_thin else nullcontext()


def solve_classes(
    X: Values,
    y: NDArray[np.int64],
    classes: int,
    weights: Values | None = None,
    *,
    l2: float,
    tol: float,
    intercept: bool = True,
) -> Found | None:
    """Minimise Σ_i w_i l(o_i, y_i) / Σ_i w_i + ½ l2 ‖W‖², l the cross-entropy, over W and, unpenalised, b.

    Args:
        X: rows, (N, D), finite.
        y: the number of each row's class, (N,).
        classes: K. Of 2 there is one row of weights: by how much the second is ahead.
        weights: of the rows, (N,), at least 0, not all 0; None for 1.
        l2: the penalty, of that one row for two classes.
        tol: the gain that may be left, as a share of the objective; `FINE` at most by Hessians.
        intercept: whether there is a bias.

    Returns:
        The optimum, or how far steps came that would be too many; None where all is left to other solvers.
    """
    outputs = 1 if classes == 2 else classes
    way = Way.of(X, outputs, intercept)
    if l2 <= 0 or way is None or (few := Few.of(X, weights, intercept=intercept)) is None:
        return None
    rows = ClassRows(few.A, y, outputs, few.shares, penalty_of(few, l2))
    with np.errstate(over="ignore", invalid="ignore"), way.threads:
        if way.is_newton:
            reached = newton(rows, min(tol, FINE))
        else:
            fine = min(tol, FINE) if way.can_factor else LEFT * tol
            reached = approach(rows, fine, begin(rows, intercept), can_factor=way.can_factor)
    if reached is None:
        return None
    theta = few.leave(reached.theta)
    return Found(theta, reached.rounds, reached.is_settled and not _is_coarse(theta[:, -1], tol))


def _is_coarse(biases: Values, tol: float) -> bool:
    """Whether the last place of biases, of columns far from 0, moves scores by more than may be left."""
    return bool(np.square(np.spacing(np.abs(biases).max())) > tol)


def penalty_of(few: Few, l2: float) -> Values:
    """What l2 comes to of each column here, (P,), and 0 of the bias."""
    penalty = np.zeros(len(few.A))
    penalty[: len(few.scale)] = l2 * np.square(few.scale)
    return penalty
