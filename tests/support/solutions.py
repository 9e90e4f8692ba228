"""Solvers called in one line, as tests need them: the solution of a data set, the minimum of an objective."""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.core.losses import Loss, SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.least_squares.direct import Direct
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.smooth import SmoothSolver
from linnet.solvers.solution import Minimum, Progress, Solution, SolverSpec
from linnet.solvers.solve import choose_by_size, make_solution


def minimise(
    objective: Objective, start: Tensor | None = None, solver: SmoothSolver | None = None,
    progress: Progress | None = None,
) -> Minimum:  # fmt: skip
    """The minimum of a smooth objective, by Newton's method or L-BFGS where no solver is given."""
    return (solver or choose_by_size(objective.rows)).minimise(objective, start, progress=progress)


def solve_smooth(
    dataset: Dataset, loss: Loss, penalty: Penalty | None = None, solver: SmoothSolver | None = None, *,
    intercept: bool = True, dtype: torch.dtype = torch.float32, progress: Progress | None = None,
) -> Solution:  # fmt: skip
    """The solution of a smooth problem, and no warning where it has none."""
    objective = Objective.of(dataset, loss, penalty, intercept=intercept, dtype=dtype)
    return _solve(dataset, objective, solver or choose_by_size(objective.rows), progress)


def solve_least_squares(
    dataset: Dataset, penalty: Penalty | None = None, solver: Direct | None = None, intercept: bool = True
) -> Solution:
    """The solution of a regression."""
    objective = Objective.of(dataset, SquaredError(), penalty, intercept=intercept)
    return _solve(dataset, objective, solver or Direct(), None)


def _solve(dataset: Dataset, objective: Objective, spec: SolverSpec, progress: Progress | None) -> Solution:
    found = spec.minimise(objective, progress=progress)
    return make_solution(dataset, objective, found, spec)
