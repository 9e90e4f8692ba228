"""`solve`: the one entrance to exact optima, which chooses the way by loss, penalty and size."""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass

from linnet.core.bank import Bank
from linnet.core.losses import (
    AbsoluteError,
    Huber,
    Logistic,
    Loss,
    SoftmaxCrossEntropy,
    SquaredError,
    by_name,
    name_of,
)
from linnet.core.penalties import Penalty
from linnet.data.arguments import parts_of
from linnet.data.dataset import Dataset, Splits
from linnet.device import pick_dtype
from linnet.errors import ShortfallWarning, UsageError
from linnet.model.history import History
from linnet.model.run import Run, card_of
from linnet.solvers.l1.absolute_error import minimise_absolute
from linnet.solvers.l1.proximal import ProximalNewton, minimise_l1
from linnet.solvers.least_squares.auto_least import solve_least_squares
from linnet.solvers.least_squares.least_squares import QR, SVD, Cholesky
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth import smooth
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.smooth import Minimum, Progress, solve_smooth
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.solution import INTERRUPTED, Solution


@dataclass(frozen=True)
class InteriorPoint:
    """Mehrotra's predictor and corrector, for the absolute error; see `robust.minimise_absolute`.

    Args:
        tol: stop once the duality gap is at most this share of the objective.
        max_iter: steps.
    """

    tol: float = 1e-9
    max_iter: int = 100


Noun = QR | SVD | Cholesky | smooth.Solver | ProximalNewton | InteriorPoint

SOLVERS: dict[str, type[Noun]] = {
    "qr": QR, "svd": SVD, "cholesky": Cholesky, "newton": Newton, "lbfgs": LBFGS, "staged": Staged,
    "proximal": ProximalNewton, "interior": InteriorPoint,
}  # fmt: skip


def solve(
    dataset: Dataset | Splits,
    loss: Loss | str | None = None,
    penalty: Penalty | float | None = None,
    *,
    l2: float | None = None,
    l1: float | None = None,
    solver: Noun | str | None = None,
    intercept: bool = True,
    dtype: str = "float64",
    tol: float | None = None,
    max_iter: int | None = None,
    progress: Progress | None = None,
) -> Solution:
    """The linear model that minimises the mean loss and a penalty, and the proof of how near it is.

    Without a solver: squared error goes the direct way (QR, SVD or Cholesky), softmax and logistic with L2
    by Newton's method or L-BFGS, anything with L1 and Huber's loss by Newton steps on a working set, absolute
    error by an interior-point method. docs/solvers.md says how to choose.

    Args:
        dataset: rows, their targets and weights; of a pair of parts the one to train on.
        loss: a loss or its name: "softmax", "logistic", "squared", "huber" or "absolute"; softmax for
            classes and squared error for a regression when None.
        penalty: of the weights, never of the bias; a number is an L2.
        l2: the weight of ½‖W‖², in place of `penalty`.
        l1: the weight of ‖W‖₁, in place of `penalty`; gives exact zeros.
        solver: a noun such as `LBFGS(memory=30)`, or "qr", "svd", "cholesky", "newton", "lbfgs", "staged",
            "proximal" or "interior"; "auto" or None chooses.
        intercept: whether there is a bias.
        dtype: of the products on the way, "float32" or "float64". The end and the certificate are float64.
        tol: of an iterative solver, as a share of the objective: the gap's with L1, Huber's and the absolute
            error, the expected gain's otherwise.
        max_iter: iterations at most.
        progress: called with a record an iteration, `objective` and `seconds` among its keys.

    Returns:
        The model as a run, how the solver ended, and its certificate.

    Raises:
        UsageError, ShapeError: the data, the loss, the penalty and the solver do not fit each other.

    Warns:
        ShortfallWarning: it ended short of the optimum, or there is none; so does its status.
        CollinearWarning, PrecisionWarning: as of `solve_least_squares`.

    Example:
        >>> train, test = linnet.load("fashion_mnist")
        >>> solution = linnet.solve(train, l2=1e-4)
        >>> print(solution)
    """
    dataset = parts_of(dataset, "solve").train
    loss = loss_of(loss, dataset)
    penalty = _penalty(penalty, l2, l1)
    precision = pick_dtype(dtype)
    noun = _noun(solver, loss, penalty, tol, max_iter)
    if noun is None or isinstance(noun, QR | SVD | Cholesky):
        solution = solve_least_squares(dataset, penalty, noun, intercept)
    elif isinstance(noun, smooth.Solver | _Chosen):
        inner = noun if isinstance(noun, smooth.Solver) else noun.at(dataset, loss, penalty, intercept)
        solution = solve_smooth(
            dataset, loss, penalty, inner, intercept=intercept, dtype=precision, progress=progress
        )
    else:
        objective = Objective.of(dataset, loss, penalty, intercept=intercept, dtype=precision)
        found = (
            minimise_l1(objective, solver=noun, progress=progress)
            if isinstance(noun, ProximalNewton)
            else minimise_absolute(objective, noun.tol, noun.max_iter, progress)
        )
        solution = solution_of(dataset, objective, found, noun, dtype)
    solution.value.asked |= {
        "certificate": solution.stats.as_dict(), "status": str(solution.status), "dataset": dataset.name,
        "call": {"solver": _said(solver, loss), "tol": tol, "max_iter": max_iter},
    }  # fmt: skip
    solution.value.dataset_checksum = solution.value.dataset_checksum or dataset.checksum
    is_direct = noun is None or isinstance(noun, QR | SVD | Cholesky)  # which warn of what they lost
    if not solution.status.is_good and solution.status.name != INTERRUPTED and not is_direct:
        warnings.warn(str(solution.status), ShortfallWarning, stacklevel=2)
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


def _said(solver: Noun | str | None, loss: Loss) -> str | None:
    """A solver as it was named; None where it, or the loss, is an object that a file cannot name."""
    if by_name(*name_of(loss)) != loss or not isinstance(solver, str | None):
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
    name, _ = name_of(loss)
    if isinstance(loss, SoftmaxCrossEntropy | Logistic) and not dataset.is_classification:
        raise UsageError(f"the {name} loss needs class labels: give the data set's classes")
    return loss


def _penalty(penalty: Penalty | float | None, l2: float | None, l1: float | None) -> Penalty:
    if penalty is not None and (l2 is not None or l1 is not None):
        raise UsageError("give a penalty, or l2 and l1, not both")
    if isinstance(penalty, Penalty):
        return penalty
    return Penalty(float(penalty or l2 or 0.0), float(l1 or 0.0))


@dataclass(frozen=True)
class _Chosen:
    """`smooth.choose` with another tolerance."""

    changes: tuple[tuple[str, float], ...]

    def at(self, dataset: Dataset, loss: Loss, penalty: Penalty, intercept: bool) -> smooth.Solver:
        chosen = smooth.choose(Objective.of(dataset, loss, penalty, intercept=intercept))
        changed = _changed(chosen, dict(self.changes))
        assert isinstance(changed, smooth.Solver), "as it was"
        return changed


def _noun(
    solver: Noun | str | None, loss: Loss, penalty: Penalty, tol: float | None, max_iter: int | None
) -> Noun | _Chosen | None:
    """The solver to use; None leaves the choice to least squares."""
    changes = {k: v for k, v in {"tol": tol, "max_iter": max_iter}.items() if v is not None}
    if isinstance(solver, str) and solver != "auto":
        if solver not in SOLVERS:
            raise UsageError(f"unknown solver {solver!r}: expected auto, {', '.join(SOLVERS)}")
        solver = SOLVERS[solver]()
    if solver is None or solver == "auto":
        return _auto(loss, penalty, changes)
    assert not isinstance(solver, str), "a name was looked up"
    _check(solver, loss, penalty)
    return _changed(solver, changes)


def _auto(loss: Loss, penalty: Penalty, changes: dict[str, float]) -> Noun | _Chosen | None:
    if isinstance(loss, AbsoluteError):
        noun = InteriorPoint()
    elif penalty.l1 or isinstance(loss, Huber):
        noun = ProximalNewton()
    elif isinstance(loss, SquaredError):
        return None
    else:
        return _Chosen(tuple(changes.items()))
    _check(noun, loss, penalty)
    return _changed(noun, changes)


def _check(solver: Noun, loss: Loss, penalty: Penalty) -> None:
    """Refuse a solver that is for another problem."""
    name, is_direct = type(solver).__name__, isinstance(solver, QR | SVD | Cholesky)
    if is_direct and not isinstance(loss, SquaredError):
        raise UsageError(f"{name} solves squared errors, not {name_of(loss)[0]}: leave the solver out")
    if isinstance(loss, AbsoluteError) != isinstance(solver, InteriorPoint):
        needed = "interior" if isinstance(loss, AbsoluteError) else "another solver"
        raise UsageError(f"{name} does not solve the loss {name_of(loss)[0]}: take {needed}, or leave it out")
    if penalty.l1 and isinstance(solver, InteriorPoint):
        raise UsageError("the absolute error takes l2 only: for l1 use huber with a small threshold")
    if penalty.l1 and not isinstance(solver, ProximalNewton):
        raise UsageError(f"{name} takes no l1: leave the solver out, or take proximal")


def _changed(solver: Noun, changes: dict[str, float]) -> Noun:
    """The solver with another tolerance or number of iterations, where it has one."""
    names = {field.name for field in dataclasses.fields(solver)}  # type: ignore[arg-type]
    return dataclasses.replace(solver, **{k: v for k, v in changes.items() if k in names})  # type: ignore[type-var]
