"""`solve`: a linear model to its optimum, with a certificate of how near it is."""

from __future__ import annotations

import dataclasses
import math

from linnet.core.bank import Bank
from linnet.core.losses import Loss, by_name, name_of
from linnet.core.penalties import Penalty
from linnet.data.arguments import parts_of
from linnet.data.dataset import Dataset, Splits
from linnet.device import pick_dtype
from linnet.errors import ShortfallWarning, UsageError, warn
from linnet.model.history import History
from linnet.model.run import Run, card_of
from linnet.solvers.choose import Direct, SolverSpec, choose
from linnet.solvers.l1.absolute_error import minimise_absolute
from linnet.solvers.l1.proximal import ProximalNewton, minimise_l1
from linnet.solvers.least_squares.auto_least import solve_least_squares
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.smooth import Minimum, Progress, solve_smooth
from linnet.solvers.smooth.steps import Solver
from linnet.solvers.solution import INTERRUPTED, Solution


def solve(
    dataset: Dataset | Splits,
    loss: Loss | str | None = None,
    penalty: Penalty | float | None = None,
    *,
    l2: float | None = None,
    l1: float | None = None,
    solver: SolverSpec | str | None = None,
    intercept: bool = True,
    dtype: str = "float64",
    tol: float | None = None,
    max_iter: int | None = None,
    progress: Progress | None = None,
) -> Solution:
    """The linear model that minimises the mean loss and a penalty: `linnet.solve` without a folder.

    Args and errors are those of `linnet.solve` (`linnet.runs.solve`), which says what each means.

    Returns:
        The model as a run, how the solver ended, and its certificate.

    Raises:
        UsageError, ShapeError: the data, the loss, the penalty and the solver do not fit each other.

    Warns:
        ShortfallWarning: it ended short of the optimum, or there is none; so does its status.
    """
    dataset = parts_of(dataset, "solve").train
    loss = loss_of(loss, dataset)
    penalty = _penalty(penalty, l2, l1)
    precision = pick_dtype(dtype)
    spec = choose(dataset, loss, penalty, solver, tol=tol, max_iter=max_iter)
    if spec is None or isinstance(spec, Direct):
        solution = solve_least_squares(dataset, penalty, spec, intercept)
    elif isinstance(spec, Solver):
        solution = solve_smooth(
            dataset, loss, penalty, spec, intercept=intercept, dtype=precision, progress=progress
        )
    else:
        objective = Objective.of(dataset, loss, penalty, intercept=intercept, dtype=precision)
        found = (
            minimise_l1(objective, solver=spec, progress=progress)
            if isinstance(spec, ProximalNewton)
            else minimise_absolute(objective, spec.tol, spec.max_iter, progress)
        )
        solution = solution_of(dataset, objective, found, spec, dtype)
    solution.value.asked |= {
        "certificate": solution.stats.as_dict(), "status": str(solution.status), "dataset": dataset.name,
        "call": {"solver": _name_solver(solver, loss), "tol": tol, "max_iter": max_iter},
    }  # fmt: skip
    solution.value.origin = dataset.origin
    solution.value.dataset_checksum = solution.value.dataset_checksum or dataset.checksum
    is_direct = spec is None or isinstance(spec, Direct)  # which warn of what they lost
    if not solution.status.is_good and solution.status.name != INTERRUPTED and not is_direct:
        warn(str(solution.status), ShortfallWarning)
    return solution


def solution_of(
    dataset: Dataset, objective: Objective, found: Minimum, solver: object, dtype: str
) -> Solution:
    """What a minimum is as a run, with how it was asked for."""
    card = card_of(dataset, objective.loss)
    asked = {
        "solver": type(solver).__name__, **{f"solver.{k}": v for k, v in vars(solver).items()},
        "loss": card.loss, **dataclasses.asdict(objective.penalty), "intercept": objective.intercept,
        "dtype": dtype,
    }  # fmt: skip
    records = [
        {key: value for key, value in record.items() if math.isfinite(value)} for record in found.trace
    ]
    run = Run(
        Bank(found.theta), History(records), found.status.of_run, card, asked, dataset.checksum,
        found.certificate.seconds, truth=dataset.truth,
    )  # fmt: skip
    return Solution(run, found.status, found.certificate)


def _name_solver(solver: SolverSpec | str | None, loss: Loss) -> str | None:
    """A solver as it was named; None where it, or the loss, is an object that a file cannot name."""
    if by_name(name_of(loss), loss.options.get("huber", 1.0)) != loss or not isinstance(solver, str | None):
        return None
    return solver or "auto"


def loss_of(loss: Loss | str | None, dataset: Dataset) -> Loss:
    """A loss by its name, or the one that suits the targets.

    Raises:
        UsageError: an unknown name, a loss without a solver, or one of classes for a regression.
    """
    if loss is None:
        loss = "softmax" if dataset.is_classification else "squared"
    loss = by_name(loss) if isinstance(loss, str) else loss
    name = name_of(loss)
    if loss.is_for_classes and not dataset.is_classification:
        raise UsageError(f"the {name} loss needs class labels: give the data set's classes")
    return loss


def _penalty(penalty: Penalty | float | None, l2: float | None, l1: float | None) -> Penalty:
    if penalty is not None and (l2 is not None or l1 is not None):
        raise UsageError("give a penalty, or l2 and l1, not both")
    if isinstance(penalty, Penalty):
        return penalty
    return Penalty(float(penalty or l2 or 0.0), float(l1 or 0.0))
