"""The models of many penalties on many folds, in one bank."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from linnet.core.bank import Bank
from linnet.errors import warn
from linnet.estimators.arrays import tensor
from linnet.estimators.few import solve_few_folds
from linnet.estimators.folds import Split
from linnet.estimators.problem import Method, Problem
from linnet.estimators.solving import NARROW, choose_solver, descend_models, descent_status, minimise
from linnet.solvers.least_squares.design import is_graded
from linnet.solvers.least_squares.folds import cross_validate
from linnet.solvers.least_squares.normal import solve_path
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.problem.standard import find_row_space
from linnet.solvers.smooth.batched import solve_folds
from linnet.solvers.smooth.conjugate import NewtonCG
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.solution import UNATTAINED

FITS = 2**27
"""Numbers in the rows up to which they are copied in float64, 1 GiB."""


def least_squares(problem: Problem, splits: Sequence[Split], l2s: Sequence[float]) -> Bank:
    """The models of least squares, one eigendecomposition a fold; `judge_least_squares` needs none of them.

    Where there are more features than rows, all is done in the rows' own space, which changes nothing but
    the size.

    Returns:
        The bank, fold by fold and in each penalty by penalty.
    """
    if problem.standardize:
        return _each_fold(problem, splits, partial(least_squares, l2s=l2s))
    inner, V = _narrow(problem)
    trained, _ = _sums(inner, splits)
    models = [solve_path(sums, l2s, problem.intercept) for sums in trained]  # (P, K, D + 1) each
    theta = torch.cat([each.flatten(0, 1) for each in models])
    theta = theta if V is None else torch.cat([theta[:, :-1] @ V.T, theta[:, -1:]], 1)
    return Bank(theta, len(splits) * len(l2s))


def judge_least_squares(problem: Problem, splits: Sequence[Split], l2s: Sequence[float]) -> Tensor:
    """The mean of ½ Σ_k (ŷ_k − y_k)² on the rows that judge each fold, (P, F), float64."""
    if problem.standardize:
        alone = [judge_least_squares(problem.prepare(one[0])[0], [one], l2s) for one in splits]
        return torch.cat(alone, 1)
    inner, _ = _narrow(problem)
    return cross_validate(*_sums(inner, splits), l2s, problem.intercept)


def _each_fold(
    problem: Problem, splits: Sequence[Split], solve: Callable[[Problem, list[Split]], Bank]
) -> Bank:
    """The models of plain columns where each fold standardises by its own rows to train on.

    Args:
        problem: all rows.
        splits: the folds.
        solve: the models of a fold of standardised columns.
    """
    models = []
    for split in splits:
        inner, preparation = problem.prepare(split[0])
        models.append(preparation.absorb(solve(inner, [split]).theta.double(), 1.0))
    theta = torch.cat(models)
    return Bank(theta, len(theta) // problem.data.outputs)


def _narrow(problem: Problem) -> tuple[Problem, Tensor | None]:
    """The problem in an orthonormal basis V of its rows, X = Z Vᵀ, where features outnumber them.

    Returns:
        That of Z, (N, N), and V, (D, N); the problem as it is and None where it is tall, or too large, or
        where columns, which V mixes, are so short beside others that rounding of these would hide them.
    """
    if len(problem.data) >= problem.data.features or math.prod(problem.data.X.shape) > FITS:
        return problem, None
    data = problem.data.to(torch.device("cpu"))
    X = data.X[:].double()
    if data.features <= NARROW and is_graded((X - X.mean(0) * problem.intercept).norm(dim=0)):
        return problem, None
    Z, V = find_row_space(X)
    return problem.with_data(replace(data, X=Z)), V


def _sums(problem: Problem, splits: Sequence[Split]) -> tuple[list[Statistics], list[Statistics]]:
    """The statistics of each split's rows to train on, and of those to judge by.

    Where the splits part the rows, as K folds do, each row's sums are gathered once, and a fold's rows are
    taken from the whole.
    """
    first = Statistics.of(problem.take(splits[0][1]).data)
    judging = [first, *(Statistics.of(problem.take(kept).data, like=first) for _, kept in splits[1:])]
    if _is_partition(splits, len(problem.data)):
        whole = sum(judging[1:], first)
        return [whole - sums for sums in judging], judging
    return [Statistics.of(problem.take(rows).data, like=first) for rows, _ in splits], judging


def _is_partition(splits: Sequence[Split], rows: int) -> bool:
    """Whether every row judges once, and trains in all other splits."""
    kept = np.concatenate([kept for _, kept in splits])
    is_once = len(kept) == rows and len(np.unique(kept)) == rows
    return is_once and all(
        len(trained) + len(kept) == rows and not np.intersect1d(trained, kept).size
        for trained, kept in splits
    )


def stepwise(problem: Problem, splits: Sequence[Split], l2s: Sequence[float], method: Method) -> Bank:
    """The models of a problem that is solved in steps, all in one bank.

    By "sgd" all share every minibatch; by "auto", "newton" and "lbfgs" all go to their optima together.
    "staged", an L1 penalty, and an l2 of 0 (which a fold may have no optimum for) go down the penalties of
    a fold, from the largest, each from where the one before ended.

    Returns:
        The bank, fold by fold and in each penalty by penalty.
    """
    if problem.standardize:
        return _each_fold(problem, splits, partial(stepwise, l2s=l2s, method=method))
    if method.name == "sgd":
        return _descend_together(problem, splits, l2s, method)
    if method.name in ("auto", "newton", "lbfgs") and not problem.l1 and min(l2s) > 0:
        return _solve_together(problem, splits, l2s, method)
    order = np.argsort(l2s)[::-1]
    models = []
    for rows, _ in splits:
        fold, theta, found = problem.take(rows), None, {}
        for place in order:
            part = replace(fold, l2=l2s[place])
            theta = found[int(place)] = tensor(minimise(part, method, theta).theta)
        models += [found[place] for place in range(len(l2s))]
    return Bank(torch.cat(models), len(models))


def _solve_together(problem: Problem, splits: Sequence[Split], l2s: Sequence[float], method: Method) -> Bank:
    if (few := solve_few_folds(problem, splits, l2s, method)) is not None:
        return Bank(torch.from_numpy(few.reshape(-1, few.shape[-1])), len(splits) * len(l2s))
    solver = choose_solver(problem, method)
    if isinstance(solver, Staged | NewtonCG):  # which lead to a single optimum
        solver = LBFGS(solver.tol, max_iter=LBFGS.max_iter if method.max_iter is None else method.max_iter)
    assert isinstance(solver, Newton | LBFGS), "smooth problems have these"
    views = _views(splits, len(problem.data), problem.data.y.device)
    if problem.data.weights is not None:
        views *= problem.data.weights
    found = solve_folds(problem.objective, views, l2s, solver)
    # Classes that a fold never saw are told of with the scores, where they matter: see `folds`.
    if late := [one.status for one in found if not one.status.is_good and one.status.name != UNATTAINED]:
        warn(f"{len(late)} of the {len(found)} models of folds: {late[0]}", ConvergenceWarning)
    return Bank(torch.cat([one.theta for one in found]), len(found))


def _views(splits: Sequence[Split], rows: int, device: torch.device) -> Tensor:
    """How often each row trains a fold's models, (F, N), float64."""
    views = torch.zeros(len(splits), rows, device=device, dtype=torch.float64)
    for view, (trained, _) in zip(views, splits, strict=True):
        view.index_add_(0, torch.from_numpy(trained).to(device), view.new_ones(len(trained)))
    return views


def _descend_together(
    problem: Problem, splits: Sequence[Split], l2s: Sequence[float], method: Method
) -> Bank:
    views = _views(splits, len(problem.data), problem.data.y.device).repeat_interleave(len(l2s), 0)
    bank = descend_models(problem, method, [*l2s] * len(splits), views=views)
    found = Bank(bank.theta.double(), bank.models)
    _warn_of_late(found, problem, splits, l2s, method)
    return found


def _warn_of_late(
    bank: Bank, problem: Problem, splits: Sequence[Split], l2s: Sequence[float], method: Method
) -> None:
    """Say how many of the folds' models gradient descent has not brought near their optima."""
    late = []
    for fold, (rows, _) in enumerate(splits):
        part = problem.take(rows)
        for place, l2 in enumerate(l2s):
            one = replace(part, l2=l2)
            status = descent_status(one, method, bank.pick(fold * len(l2s) + place).theta)
            late += [] if status.is_good else [status]
    if late:
        warn(f"{len(late)} of the {bank.models} models of folds: {late[0]}", ConvergenceWarning)


def accuracies(bank: Bank, problem: Problem, splits: Sequence[Split], weights: np.ndarray | None) -> Tensor:
    """The share of the rows that judge each model, by weight, whose class it names, (P, F), float64.

    Args:
        bank: the models, fold by fold and in each penalty by penalty.
        problem: all rows.
        splits: F of them.
        weights: of the rows, (N,), or None.
    """
    count = bank.models // len(splits)
    columns = []
    for fold, (_, kept) in enumerate(splits):
        part = problem.take(kept)
        models = bank.theta.view(len(splits), -1, bank.features + 1)[fold]  # (P·K, D + 1)
        scores = part.objective.rows.scores(models).view(count, problem.data.outputs, -1)
        named = scores.argmax(1) if problem.data.outputs > 1 else (scores[:, 0] > 0).long()  # (P, B)
        hits = (named == part.data.y.reshape(-1).long()).double()
        share = torch.ones(len(kept)) if weights is None else torch.from_numpy(weights[kept])
        columns.append((hits @ share.to(hits)) / share.sum())
    return torch.stack(columns, 1)
