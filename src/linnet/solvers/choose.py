"""`choose`: the solver of a problem by its loss, penalty and size, and the check of one that was named."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TypeVar

from linnet.core.losses import Loss, name_of
from linnet.core.penalties import Penalty
from linnet.errors import UsageError
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.least_squares.least_squares import QR, SVD, Cholesky
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.smooth import Sized, by_size
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.smooth.steps import Solver


@dataclass(frozen=True)
class InteriorPoint:
    """Mehrotra's predictor and corrector, for the absolute error; see `absolute_error.minimise_absolute`.

    Args:
        tol: stop once the duality gap is at most this share of the objective.
        max_iter: steps.
    """

    tol: float = 1e-9
    max_iter: int = 100


Direct = QR | SVD | Cholesky
SolverSpec = Direct | Solver | ProximalNewton | InteriorPoint

Spec = TypeVar("Spec", bound=SolverSpec)

SOLVERS: dict[str, type[SolverSpec]] = {
    "qr": QR, "svd": SVD, "cholesky": Cholesky, "newton": Newton, "lbfgs": LBFGS, "staged": Staged,
    "proximal": ProximalNewton, "interior": InteriorPoint,
}  # fmt: skip


def choose(
    rows: Sized,
    loss: Loss,
    penalty: Penalty,
    solver: SolverSpec | str | None = None,
    *,
    tol: float | None = None,
    max_iter: int | None = None,
) -> SolverSpec | None:
    """The solver to use; None is least squares by the method that the rows' shape and conditioning ask for.

    - A loss with a kink has no Hessian to step by: an interior-point method.
    - An L1 penalty has a kink at 0, and Huber's loss no curvature beyond its threshold: Newton steps on a
      working set, which is what keeps the weights at 0 or holds the straight parts down.
    - Squared errors have a closed form.
    - What is left is smooth: Newton's method where the whole Hessian costs little, else L-BFGS in stages.

    Args:
        rows: whose size decides between Newton and L-BFGS.
        loss: in score space.
        penalty: of the weights.
        solver: one that was asked for, by itself or by name; "auto" or None chooses.
        tol: in place of the solver's own, where it has one.
        max_iter: likewise.

    Raises:
        UsageError: the solver is for another problem, or there is none of that name.
    """
    if isinstance(solver, str) and solver != "auto":
        if solver not in SOLVERS:
            raise UsageError(f"unknown solver {solver!r}: expected auto, {', '.join(SOLVERS)}")
        solver = SOLVERS[solver]()
    if solver is None or isinstance(solver, str):
        solver = _suit(rows, loss, penalty)
    if solver is None:
        return None
    _check(solver, loss, penalty)
    return change(solver, tol, max_iter)


def _suit(rows: Sized, loss: Loss, penalty: Penalty) -> SolverSpec | None:
    if not loss.is_smooth:
        return InteriorPoint()
    if penalty.l1 or loss.has_straight_parts:
        return ProximalNewton()
    return None if loss.is_quadratic else by_size(rows)


def _check(solver: SolverSpec, loss: Loss, penalty: Penalty) -> None:
    """Refuse a solver that is for another problem."""
    name = type(solver).__name__
    if isinstance(solver, Direct) and not loss.is_quadratic:
        raise UsageError(f"{name} solves squared errors, not {name_of(loss)}: leave the solver out")
    if loss.is_smooth == isinstance(solver, InteriorPoint):
        needed = "another solver" if loss.is_smooth else "interior"
        raise UsageError(f"{name} does not solve the loss {name_of(loss)}: take {needed}, or leave it out")
    if penalty.l1 and isinstance(solver, InteriorPoint):
        raise UsageError("the absolute error takes l2 only: for l1 use huber with a small threshold")
    if penalty.l1 and not isinstance(solver, ProximalNewton):
        raise UsageError(f"{name} takes no l1: leave the solver out, or take proximal")


def change(solver: Spec, tol: float | None, max_iter: int | None) -> Spec:
    """The solver with another tolerance or number of iterations, where it has one."""
    names = {field.name for field in dataclasses.fields(solver)}  # type: ignore[arg-type]
    changes = {"tol": tol, "max_iter": max_iter}
    changes = {name: value for name, value in changes.items() if value is not None and name in names}
    return dataclasses.replace(solver, **changes)
