"""`solve_class_folds`: classifiers of few numbers for every penalty on every fold, in numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.problem.few import Few, Values
from linnet.solvers.smooth.class_rows import ClassRows
from linnet.solvers.smooth.few import LEFT, Way, penalty_of
from linnet.solvers.smooth.few_steps import Reached, Start, approach, begin, inverse_of, newton


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
    way = Way.of(X, outputs, intercept)
    if min(l2s) <= 0 or way is None or not all(len(np.unique(y[view > 0])) == classes for view in views):
        return None
    few = Few.of(X, views.sum(0), intercept=intercept)
    if few is None:
        return None
    order, found = np.argsort(l2s)[::-1].tolist(), np.empty((len(views), len(l2s), outputs, X.shape[1] + 1))
    starts: dict[int, Reached] = {}
    with np.errstate(over="ignore", invalid="ignore"), way.threads:
        before, last = None, np.zeros(0)
        for place in order:
            rows = ClassRows(few.A, y, outputs, few.shares, penalty_of(few, l2s[place]))
            before = _descend(rows, before, last, tol, way, intercept)
            if before is None:
                return None
            starts[place], last = before, rows.penalty
        for fold, view in enumerate(views):
            kept = view > 0
            own = few.A[:, kept], y[kept], outputs, view[kept] / view.sum()
            for place in order:
                rows = ClassRows(*own, penalty_of(few, l2s[place]))
                one = _solve(rows, starts[place].theta, starts[place].start, tol, way)
                if one is None:
                    return None
                found[fold, place] = few.leave(one.theta)
    return found


def _descend(
    rows: ClassRows, before: Reached | None, last: Values, tol: float, way: Way, intercept: bool
) -> Reached | None:
    """The optimum of all rows, from that with the last, larger penalty, (P,)."""
    theta = None if before is None else before.theta
    if way.is_newton:
        return _solve(rows, theta, None, tol, way)
    begun = begin(rows, intercept)
    if begun is None or before is None or theta is None:
        return _solve(rows, theta, begun, tol, way)
    if not way.can_factor:
        kept = before.start and before.start.memory
        memory = None if kept is None else kept.with_penalty(rows.penalty - last)
        return _solve(rows, theta, Start(theta, begun.solve, memory), tol, way)
    inverse = inverse_of(rows.factor(rows.look(theta)[1]))
    return _solve(rows, theta, begun if inverse is None else Start(theta, inverse), tol, way)


def _solve(
    rows: ClassRows, theta: Values | None, start: Start | None, tol: float, way: Way
) -> Reached | None:
    """The optimum from a start; None where it was not reached."""
    if way.is_newton:
        return newton(rows, tol, theta)
    fine = tol if way.can_factor else LEFT * tol
    reached = approach(rows, fine, start, can_factor=way.can_factor, gives_up=False)
    return reached if reached is not None and reached.is_settled else None
