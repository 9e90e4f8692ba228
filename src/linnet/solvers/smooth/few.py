"""Softmax and logistic regression of few numbers in numpy alone, by Newton's method or by L-BFGS.

A problem that they do not settle soon is left to the solvers of any number: without a penalty there need be
no optimum, and they tell why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.problem.few import MOST, Few, Values
from linnet.solvers.smooth.class_rows import ClassRows
from linnet.solvers.smooth.few_steps import approach, newton

PARAMETERS = 256
"""K·(D + 1) up to which the Hessian costs next to nothing."""

SOME, WIDEST, TALL = 2**20, 512, 60
"""Numbers in X up to which torch's calls still take as long as their work; columns up to which their Hessian
at the start is factored; and multiplications of that, as times those of a product with the rows."""

FEWEST = 2**15
"""Numbers in X up to which all steps are Newton's: those of L-BFGS cost little less, and there are more."""

LEFT = 0.25
"""The share of the tolerance to which L-BFGS goes where no Hessian tells what is left."""

FINE = 1e-12
"""The gain that Newton's method leaves where nothing else was asked, as a share of the objective."""


@dataclass(frozen=True, eq=False)
class Found:
    """Weights and biases, (K, D + 1), K being 1 for two classes, the steps to them, if optimal."""

    theta: Values
    rounds: int
    is_settled: bool = True


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
    outputs, width = 1 if classes == 2 else classes, X.shape[1] + intercept
    can_factor = outputs == 1 or outputs * width <= PARAMETERS
    is_few = can_factor and outputs * width <= PARAMETERS and X.size <= FEWEST
    is_some = X.size <= SOME and width <= WIDEST and width**2 <= TALL * len(X)
    if l2 <= 0 or not (is_few or is_some) or (few := Few.of(X, weights, intercept=intercept)) is None:
        return None
    rows = ClassRows(few.A, y, outputs, few.shares, _penalty(few, l2))
    with np.errstate(over="ignore", invalid="ignore"):
        if is_few:
            reached = newton(rows, min(tol, FINE))
        else:
            fine = min(tol, FINE) if can_factor else LEFT * tol
            reached = approach(rows, fine, has_bias=intercept, can_factor=can_factor)
    return None if reached is None else Found(few.leave(reached.theta), reached.rounds, reached.is_settled)


def solve_class_folds(
    X: Values,
    y: NDArray[np.int64],
    classes: int,
    views: Values,
    l2s: Sequence[float],
    *,
    tol: float,
    intercept: bool = True,
) -> Values | None:
    """The optimum of `solve_classes` for every penalty on every fold, (F, P, K, D + 1).

    All rows go down the penalties first. A fold's optimum is near that of all rows with the same penalty, and
    is some steps from there.

    Args:
        X: rows, (N, D), finite.
        y: the number of each row's class, (N,).
        classes: as of `solve_classes`.
        views: how much each row counts in each fold, (F, N).
        l2s: P penalties.
        tol: the gain that may be left, as a share of the objective.
        intercept: whether there is a bias.

    Returns:
        The optima; None where one is left to `Newton`, as that of a fold which lacks a class is.
    """
    outputs = 1 if classes == 2 else classes
    if (
        min(l2s) <= 0
        or X.size > MOST
        or outputs * (X.shape[1] + 1) > PARAMETERS
        or not all(len(np.unique(y[view > 0])) == classes for view in views)
    ):
        return None
    few = Few.of(X, views.sum(0), intercept=intercept)
    if few is None:
        return None
    order, found = np.argsort(l2s)[::-1].tolist(), np.empty((len(views), len(l2s), outputs, X.shape[1] + 1))
    starts: dict[int, Values] = {}
    with np.errstate(over="ignore", invalid="ignore"):
        theta = None
        for place in order:
            rows = ClassRows(few.A, y, outputs, few.shares, _penalty(few, l2s[place]))
            one = newton(rows, tol, theta)
            if one is None:
                return None
            theta = starts[place] = one.theta
        for fold, view in enumerate(views):
            kept = view > 0
            own = few.A[:, kept], y[kept], outputs, view[kept] / view.sum()
            for place in order:
                one = newton(ClassRows(*own, _penalty(few, l2s[place])), tol, starts[place])
                if one is None:
                    return None
                found[fold, place] = few.leave(one.theta)
    return found


def _penalty(few: Few, l2: float) -> Values:
    """What l2 comes to of each column here, (P,), and 0 of the bias."""
    penalty = np.zeros(len(few.A))
    penalty[: len(few.scale)] = l2 * np.square(few.scale)
    return penalty
