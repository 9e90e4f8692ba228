"""`solve`: a linear model to its optimum, with a certificate, by the solver that `choose` takes for it."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor

from linnet.config.requests import SolveRequest
from linnet.core.bank import Bank
from linnet.core.losses import Loss, by_name, name_of
from linnet.core.penalties import Penalty
from linnet.data.arguments import parts_of, refuse_stream
from linnet.data.dataset import Dataset, Splits
from linnet.device import pick_dtype
from linnet.errors import ShortfallWarning, UsageError, warn
from linnet.model.card import card_of
from linnet.model.history import History
from linnet.model.optimum import Optimum
from linnet.model.run import Run
from linnet.solvers.l1.absolute_error import InteriorPoint
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.least_squares.direct import QR, SVD, Cholesky, Direct
from linnet.solvers.passes.objective import PassObjective, is_read_in_passes
from linnet.solvers.prepare import Preparation
from linnet.solvers.problem.affordable import is_small
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.rows import DenseRows, Rows
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.problem.standard import enters_row_space
from linnet.solvers.smooth.conjugate import NewtonCG
from linnet.solvers.smooth.few import FINE
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.smooth import SmoothSolver
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.solution import INTERRUPTED, Minimum, Progress, Solution, SolverSpec

SOLVERS: dict[str, type[SolverSpec]] = {
    "qr": QR, "svd": SVD, "cholesky": Cholesky, "newton": Newton, "lbfgs": LBFGS, "staged": Staged,
    "newton-cg": NewtonCG,
    "proximal": ProximalNewton, "interior": InteriorPoint,
}  # fmt: skip

TINY = 1e-22
"""The gain that steps on Huber's loss leave, as a share of the objective, where rows are read in passes: its
dual is as near without a penalty as the gradient is small, and not as that is squared."""

STEPS = 6
"""Of a solver that goes to the optimum, by which a shortfall is found."""

FLOOR = 1e-3
"""Of the objective at zero, which counts beside the objective: an exact fit has nothing to compare with."""


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
    class_weight: str = "none",
    standardize: bool = False,
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
    loss = pick_loss(loss, dataset)
    intercept = intercept and dataset.has_intercept
    preparation = Preparation.of(dataset, class_weight, standardize, intercept=intercept)
    rows, penalty = preparation.apply(dataset), _penalty(penalty, l2, l1)
    is_passed = takes_passes(solver) and is_read_in_passes(rows, loss, penalty)
    make = PassObjective.read if is_passed else Objective.of
    objective = make(rows, loss, penalty, intercept=intercept, dtype=pick_dtype(dtype))
    spec = choose(objective, solver, tol=tol, max_iter=max_iter)
    found = spec.minimise(objective, progress=progress)
    solution = make_solution(
        dataset, objective, found, spec, solver=_name_solver(solver, loss), tol=tol, max_iter=max_iter
    )
    if not preparation.is_plain:
        solution = _restore(solution, preparation, dataset.scale, class_weight, standardize)
    is_unexpected = not found.status.is_good and found.status.name != INTERRUPTED
    if is_unexpected and not isinstance(spec, Direct):  # which warns of what it lost
        warn(str(found.status), ShortfallWarning)
    return solution


def make_solution(
    dataset: Dataset,
    objective: Objective,
    found: Minimum,
    spec: SolverSpec,
    *,
    solver: str | None = None,
    tol: float | None = None,
    max_iter: int | None = None,
) -> Solution:
    """A minimum as a run, with the options that led to it.

    Args:
        dataset: the rows.
        objective: of them.
        found: its minimum.
        spec: the solver that found it.
        solver: how it was named; None where it, or the loss, was given as an object.
        tol: as it was given.
        max_iter: likewise.
    """
    card = card_of(dataset, objective.loss)
    options = {
        name: value if isinstance(value, int | float | str | None) else repr(value)
        for name, value in vars(spec).items()
    }
    dtype, status = str(objective.rows.dtype).removeprefix("torch."), found.status.of_run
    if isinstance(spec, Direct):  # which is of float64 whatever was asked, and has no way to stop on
        options, dtype, status = {}, "float64", "completed"
    request = SolveRequest(
        loss=card.loss, huber=card.huber, **dataclasses.asdict(objective.penalty), solver=solver, tol=tol,
        max_iter=max_iter, intercept=objective.intercept, dtype=dtype,
    )  # fmt: skip
    optimum = Optimum(found.method, str(found.status), found.certificate.as_dict(), options)
    records = [
        {key: value for key, value in record.items() if math.isfinite(value)} for record in found.trace
    ]
    run = Run(
        Bank(found.theta), History(records), status, card, request, optimum, dataset.checksum,
        found.certificate.seconds, truth=dataset.truth, origin=dataset.origin,
    )  # fmt: skip
    return Solution(run, found.status, found.certificate, found.statistics)


def _restore(
    solution: Solution, preparation: Preparation, scale: float, class_weight: str, standardize: bool
) -> Solution:
    """A solution of prepared rows as one of plain rows; its certificate is of those that were solved."""
    run = solution.value
    bank = Bank(preparation.absorb(run.bank.theta, scale), run.bank.models)
    request = run.request
    assert isinstance(request, SolveRequest)
    request = dataclasses.replace(request, class_weight=class_weight, standardize=standardize)
    return dataclasses.replace(solution, value=dataclasses.replace(run, model=bank, request=request))


def _name_solver(solver: SolverSpec | str | None, loss: Loss) -> str | None:
    """A solver as it was named; None where it, or the loss, is an object that a file cannot name."""
    if by_name(name_of(loss), loss.options.get("huber", 1.0)) != loss or not isinstance(solver, str | None):
        return None
    return solver or "auto"


def pick_loss(loss: Loss | str | None, dataset: Dataset) -> Loss:
    """A loss by its name, or the one that suits the targets.

    Raises:
        UsageError: an unknown name, a loss without a solver, or one of classes for a regression.
    """
    loss = usual_loss(dataset) if loss is None else loss
    loss = by_name(loss) if isinstance(loss, str) else loss
    name = name_of(loss)
    if loss.is_for_classes and not dataset.is_classification:
        raise UsageError(f"the {name} loss needs class labels: give the data set's classes")
    loss.check_targets(dataset.y)
    return loss


def usual_loss(dataset: Dataset) -> str:
    """The loss of a data set where none is named."""
    if dataset.is_counts:
        return "poisson"
    return "softmax" if dataset.is_classification else "squared"


def _penalty(penalty: Penalty | float | None, l2: float | None, l1: float | None) -> Penalty:
    if penalty is not None and (l2 is not None or l1 is not None):
        raise UsageError("give a penalty, or l2 and l1, not both")
    if isinstance(penalty, Penalty):
        return penalty
    return Penalty(float(penalty or l2 or 0.0), float(l1 or 0.0))


def choose(
    objective: Objective,
    solver: SolverSpec | str | None = None,
    *,
    tol: float | None = None,
    max_iter: int | None = None,
) -> SolverSpec:
    """The solver to use.

    - A loss with a kink has no Hessian to step by: an interior-point method.
    - An L1 penalty has a kink at 0, and Huber's loss no curvature beyond its threshold: Newton steps on a
      working set, which is what keeps the weights at 0 or holds the straight parts down.
    - Squared errors of dense rows have a closed form.
    - What is left is smooth: Newton's method where the whole Hessian costs little, and of sparse rows with
      L2 that by conjugate gradients; else L-BFGS in stages.

    Args:
        objective: whose loss and penalty decide, and whose size between Newton and L-BFGS.
        solver: one that was asked for, by itself or by name; "auto" or None chooses.
        tol: in place of the solver's own, where it has one.
        max_iter: likewise.

    Raises:
        UsageError: the solver is for another problem, or there is none of that name; or the rows are streamed
            and the solver is not of least squares.
    """
    if isinstance(solver, str) and solver != "auto":
        if solver not in SOLVERS:
            raise UsageError(f"unknown solver {solver!r}: expected auto, {', '.join(SOLVERS)}")
        solver = SOLVERS[solver]()
    if solver is None or isinstance(solver, str):
        solver = _suit(objective)
    solver.check(objective)
    if isinstance(objective.rows, DenseRows) and not takes_passes(solver):
        refuse_stream(objective.rows.dataset, f"{type(solver).__name__}")
    names = {field.name for field in dataclasses.fields(solver)}  # type: ignore[arg-type]
    given = {"tol": tol, "max_iter": max_iter}
    changes = {name: value for name, value in given.items() if value is not None and name in names}
    return dataclasses.replace(solver, **changes)  # type: ignore[type-var]


def takes_passes(solver: SolverSpec | str | None) -> bool:
    """Whether a solver needs of rows but what passes over them sum."""
    kind = SOLVERS.get(solver) if isinstance(solver, str) else type(solver)
    return solver in (None, "auto") or kind in (Direct, Cholesky, Newton, LBFGS, Staged)


def _suit(objective: Objective) -> SolverSpec:
    rows, loss = objective.rows, objective.loss
    if not loss.is_smooth:
        return InteriorPoint()
    is_passed = not (objective.keeps_scores or loss.is_quadratic or objective.penalty.l1)
    if is_passed:
        tol = TINY if loss.has_straight_parts and not objective.penalty.l2 else FINE
        return Newton(tol) if objective.is_small else Staged()
    if objective.penalty.l1 or loss.has_straight_parts:
        return ProximalNewton()
    is_sparse = isinstance(rows, SparseRows)
    if loss.is_quadratic and not is_sparse:
        return Direct()
    stays = (
        is_sparse and objective.penalty.l2 > 0 and not loss.is_quadratic and not enters_row_space(objective)
    )
    chosen = choose_by_size(rows, rows.features if stays else None)
    return NewtonCG() if stays and isinstance(chosen, Staged) else chosen


def choose_by_size(rows: Rows, features: int | None = None) -> SmoothSolver:
    """Newton with the whole Hessian for few parameters, else `Staged`.

    Args:
        rows: of the problem.
        features: of the space in which it is solved; the fewer of rows and features when None.
    """
    features = min(rows.features, len(rows)) if features is None else features
    return Newton() if is_small(rows.outputs, features, len(rows)) else Staged()


def shortfall(objective: Objective, theta: Tensor) -> float:
    """The gain that a model leaves at least, as a share of the objective.

    Some steps of a solver that goes to the optimum are taken from θ, and what they gain is what gradient
    descent has missed: not an estimate, but a model that is better by so much.

    Args:
        objective: of a smooth loss and any penalty.
        theta: (K, D + 1).
    """
    wide = objective.with_dtype(torch.float64)
    theta = theta.to(wide.zeros())
    if objective.penalty.l1:
        better = ProximalNewton(max_iter=STEPS).minimise(wide, theta).theta
    else:
        chosen = choose_by_size(wide.rows)
        solver = Newton(max_iter=STEPS) if isinstance(chosen, Newton) else LBFGS(max_iter=STEPS)
        better = solver.approach(wide, theta).theta
    value = wide.value(theta)
    scale = abs(value) + FLOOR * abs(wide.value(wide.zeros()))
    return max(0.0, value - wide.value(better)) / max(scale, torch.finfo(torch.float64).tiny)
