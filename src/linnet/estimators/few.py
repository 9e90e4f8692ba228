"""`solve_few`: estimators of few numbers, by arithmetic in numpy in place of a solver's passes."""

from __future__ import annotations

import numpy as np

from linnet.estimators.problem import Answer, Method, Problem
from linnet.solvers.l1.lasso import solve_lasso
from linnet.solvers.least_squares.few import solve_squares
from linnet.solvers.problem.few import MOST
from linnet.solvers.smooth.few import FINE, solve_classes

WIDENED = 2**25
"""Numbers of other types than float64 up to which they are copied as such, 256 MiB."""


def solve_few(problem: Problem, method: Method) -> Answer | None:
    """The optimum of few dense numbers, for which torch's calls take longer than their arithmetic.

    And that of squared errors with L1, whose working sets are few columns of rows that may be many. None
    where numbers are more, or where they are left to the solvers for any number.
    """
    if problem.standardize or problem.kind == "poisson" or (arrays := problem.rows.arrays()) is None:
        return None
    X, y = arrays[:2]
    weights = None if arrays[2] is None else _wide(arrays[2])
    l2, l1, is_squared = problem.l2, problem.l1, problem.kind == "squared"
    if is_squared and not l1:
        if method.name != "auto" or X.size > MOST:
            return None
        found = solve_squares(_wide(X), _wide(y), weights, l2, intercept=problem.intercept)
        return None if found is None else Answer(found.theta, found.rounds)
    if method.max_iter is not None or method.name not in ("auto", "proximal" if l1 else "newton"):
        return None
    if is_squared:
        if X.dtype != np.float64 and X.size > WIDENED:
            return None
        lasso = solve_lasso(
            _wide(X), _wide(y), weights, l1=l1, l2=l2, tol=method.tol, intercept=problem.intercept
        )
        return None if lasso is None else Answer(lasso.theta, max(1, lasso.rounds))
    if l1 or X.size > MOST:
        return None
    classes = solve_classes(
        _wide(X), y.reshape(-1), problem.rows.classes or 2, weights, l2=l2, tol=min(method.tol, FINE),
        intercept=problem.intercept,
    )  # fmt: skip
    return None if classes is None else Answer(classes.theta, classes.rounds)


def _wide(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float64, copy=False)
