"""`solve_few`: estimators of few numbers, by arithmetic in numpy in place of a solver's passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from linnet.data.dataset import Dataset
from linnet.solvers.l1.lasso import solve_lasso
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.problem.few import MOST
from linnet.solvers.smooth.few import solve_classes
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.solution import CONVERGED, Minimum, SolverSpec, Status

if TYPE_CHECKING:
    from linnet.estimators.methods import Method, Problem


WIDENED = 2**25
"""Numbers of other types than float64 up to which they are copied as such, 256 MiB."""


def solve_few(problem: Problem, method: Method) -> Minimum | None:
    """The optimum of few dense numbers, for which torch's calls take longer than their arithmetic.

    And that of squared errors with L1, whose working sets are few columns of rows that may be many. None
    where numbers are more, or where they are left to the solvers for any number.
    """
    data, loss, is_l1 = problem.data, problem.loss, problem.penalty.l1 > 0
    if data.is_sparse or data.X.device.type != "cpu" or data.scale != 1:
        return None
    if method.max_iter is not None or method.name not in ("auto", "proximal" if is_l1 else "newton"):
        return None
    if is_l1 and loss.is_quadratic:
        is_held = data.X.dtype == torch.float64 or data.X.numel() <= WIDENED
        return _solve_lasso(problem, method) if is_held else None
    if is_l1 or not loss.is_for_classes or data.X.numel() > MOST:
        return None
    return _solve_few_classes(problem, method)


def _solve_lasso(problem: Problem, method: Method) -> Minimum | None:
    data, penalty = problem.data, problem.penalty
    found = solve_lasso(
        data.X.double().numpy(), data.y.double().numpy(), _weights_of(data), l1=penalty.l1, l2=penalty.l2,
        tol=method.tol, intercept=problem.intercept,
    )  # fmt: skip
    return None if found is None else _minimum(found.theta, found.rounds, ProximalNewton)


def _solve_few_classes(problem: Problem, method: Method) -> Minimum | None:
    data = problem.data
    found = solve_classes(
        data.X.double().numpy(), data.y.reshape(-1).long().numpy(), len(data.classes) or 2, _weights_of(data),
        l2=problem.penalty.l2, tol=min(method.tol, Newton.tol), intercept=problem.intercept,
    )  # fmt: skip
    return None if found is None else _minimum(found.theta, found.rounds, Newton)


def _weights_of(data: Dataset) -> np.ndarray | None:
    return None if data.weights is None else data.weights.double().numpy()


def _minimum(theta: np.ndarray, rounds: int, spec: type[SolverSpec]) -> Minimum:
    return Minimum.unproven(torch.from_numpy(theta), Status(CONVERGED), rounds, spec.__name__)
