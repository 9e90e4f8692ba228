"""`solve_few`: estimators of few numbers, by arithmetic in numpy in place of a solver's passes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linnet.estimators.folds import Split
from linnet.estimators.problem import Answer, Method, Problem
from linnet.solvers.l1.lasso import solve_lasso
from linnet.solvers.least_squares.few import solve_squares
from linnet.solvers.problem.few import MOST
from linnet.solvers.smooth.few import FEWEST, SOME, solve_classes
from linnet.solvers.smooth.few_folds import solve_class_folds

FINER = 1e-9
"""The gain that a fold's model may leave before its last step, as a share of the objective."""

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
    if l1 or X.size > _most(method):
        return None
    classes = solve_classes(
        _wide(X), _numbers(y), problem.rows.classes or 2, weights, l2=l2, tol=method.tol,
        intercept=problem.intercept,
    )  # fmt: skip
    return None if classes is None else Answer(classes.theta, classes.rounds, classes.is_settled)


def solve_few_folds(
    problem: Problem, splits: Sequence[Split], l2s: Sequence[float], method: Method
) -> np.ndarray | None:
    """The models of few dense numbers of classes for every penalty on every fold, (F, P, K, D + 1).

    None where numbers are more, or where they are left to the solvers for any number.

    Args:
        problem: all rows; its own l2 is left out of account.
        splits: the folds.
        l2s: the penalties, of the weights as they stand in the problem.
        method: how.
    """
    is_plain = not problem.standardize and not problem.l1 and problem.kind in ("logistic", "softmax")
    if not is_plain or method.max_iter is not None or method.name not in ("auto", "newton"):
        return None
    arrays = problem.rows.arrays()
    if arrays is None or arrays[0].size > _most(method):
        return None
    X, y, weights = arrays
    views = np.stack([np.bincount(trained, minlength=len(X)) for trained, _ in splits]).astype(np.float64)
    views = views if weights is None else views * weights
    return solve_class_folds(
        _wide(X), _numbers(y), problem.rows.classes or 2, views, l2s,
        tol=min(method.tol, FINER), intercept=problem.intercept,
    )  # fmt: skip


def judge_few_classes(
    models: np.ndarray, problem: Problem, splits: Sequence[Split], weights: np.ndarray | None
) -> np.ndarray:
    """The share of the rows that judge each model, by weight, whose class it names, (P, F).

    Args:
        models: (F, P, K, D + 1).
        problem: all rows, dense.
        splits: F of them.
        weights: of the rows, (N,), or None.
    """
    arrays = problem.rows.arrays()
    assert arrays is not None, "the rows that models of few numbers are of"
    X, y = _wide(arrays[0]), arrays[1].reshape(-1)
    found = []
    for fold, (_, kept) in zip(models, splits, strict=True):
        scores = fold[:, :, :-1] @ X[kept].T + fold[:, :, -1:]  # (P, K, B)
        named = scores[:, 0] > 0 if fold.shape[1] == 1 else scores.argmax(1)
        hits = named == y[kept]
        found.append(np.average(hits, 1, None if weights is None else weights[kept]))
    return np.stack(found, 1)


def _most(method: Method) -> int:
    """Numbers in X of classes up to which they are few; all steps are Newton's where these were asked for."""
    return FEWEST if method.name == "newton" else SOME


def _wide(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float64, copy=False)


def _numbers(y: np.ndarray) -> np.ndarray:
    """Classes' numbers, (N,), which of two classes come as floats."""
    return y.reshape(-1).astype(np.int64, copy=False)
