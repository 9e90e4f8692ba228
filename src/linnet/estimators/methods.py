"""`solved`: a problem to its optimum by the solver that was asked for, or that suits it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from linnet.config import Knobs
from linnet.core.bank import Bank
from linnet.errors import CollinearWarning, warn
from linnet.estimators.problem import Problem
from linnet.solvers.least_squares.direct import Direct
from linnet.solvers.least_squares.normal import solve
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.smooth import SmoothSolver
from linnet.solvers.solution import CONVERGED, EXACT, INTERRUPTED, LIMIT, Minimum, SolverSpec, Status
from linnet.solvers.solve import choose, choose_by_size, shortfall
from linnet.solvers.stochastic.descent import descend
from linnet.solvers.stochastic.frame import Stream

DIRECT = ("qr", "svd", "cholesky")
"""Methods that warn themselves of what they lost."""

EPOCHS = 50
"""Of gradient descent where nothing was said."""

ROUGH = 1e-3
"""The gain that gradient descent may leave, as a share of the objective, whatever finer was asked for."""

NARROW, PART = 2048, 2048
"""Features up to which the sums of sparse rows are gathered, and rows that are dense at a time."""


@dataclass(frozen=True)
class Method:
    """How to solve.

    Args:
        name: the solver, as the estimators call it.
        tol: the gain that may be left, as a share of the objective.
        max_iter: iterations, or epochs of "sgd"; the solver's own number where None.
        seed: of gradient descent.
        lr: its learning rate; a safe one where None.
        batch_size: its rows a minibatch.
    """

    name: str
    tol: float
    max_iter: int | None
    seed: int = 0
    lr: float | None = None
    batch_size: int = 256


def solved(problem: Problem, method: Method, start: Tensor | None = None) -> Minimum:
    """Minimise a problem.

    Args:
        problem: rows, loss and penalty.
        method: how.
        start: θ, (K, D + 1), for methods that take steps; zero when None.

    Raises:
        ValueError: the solver cannot solve such a problem.
        KeyboardInterrupt: as the user wished.

    Warns:
        ConvergenceWarning: it did not get to the optimum.
    """
    check(problem, method)
    start = None if start is None else start.to(torch.float64)
    found = _descended(problem, method, start) if method.name == "sgd" else _solve(problem, method, start)
    if found.status.name == INTERRUPTED:
        raise KeyboardInterrupt
    if not found.status.is_good and found.method not in DIRECT:
        warn(str(found.status), ConvergenceWarning)
    # As scikit-learn counts them: at least 1 unless none were allowed.
    iterations = max(found.certificate.iterations, 0 if method.max_iter == 0 else 1)
    return replace(found, certificate=replace(found.certificate, iterations=iterations))


def check(problem: Problem, method: Method) -> None:
    """Refuse a solver that cannot minimise the problem.

    Raises:
        ValueError: saying which can.
    """
    if problem.penalty.l1 and method.name not in ("auto", "sgd", "proximal"):
        raise ValueError(
            f"Solver {method.name!r} supports only l2 penalties, got l1={problem.penalty.l1}: "
            "use solver='auto', 'proximal' or 'sgd', or set l1=0."
        )


def _solve(problem: Problem, method: Method, start: Tensor | None) -> Minimum:
    """The optimum by a solver of `linnet.solve`."""
    spec = choose_solver(problem, method)
    if not isinstance(spec, Direct):
        return _approach(problem, spec, start)
    if problem.is_sparse and not problem.is_small and method.name == "auto":
        if problem.features > NARROW:
            return _approach(problem, choose_solver(problem, method, choose_by_size(problem)), start)
        return from_statistics(gathered(problem), problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollinearWarning)  # it is what LinearRegression gives
        dataset, intercept = problem.dataset(), problem.intercept
        return spec.minimise(Objective.of(dataset, problem.loss, problem.penalty, intercept=intercept))


def _approach(problem: Problem, spec: SolverSpec, start: Tensor | None) -> Minimum:
    """The optimum by steps, without a proof where the solver needs none."""
    solve = spec.approach if isinstance(spec, SmoothSolver) else spec.minimise
    return solve(problem.objective(), start)


def choose_solver(problem: Problem, method: Method, solver: SolverSpec | None = None) -> SolverSpec:
    """The solver that was asked for, or that suits the problem, with the tolerance and iterations given."""
    spec = choose(
        problem, problem.loss, problem.penalty, solver or method.name, tol=method.tol,
        max_iter=method.max_iter,
    )  # fmt: skip
    # A step of Newton's more, at most, brings all digits.
    return replace(spec, tol=min(method.tol, Newton.tol)) if isinstance(spec, Newton) else spec


def _descended(problem: Problem, method: Method, start: Tensor | None) -> Minimum:
    epochs = EPOCHS if method.max_iter is None else method.max_iter
    theta = descended(problem, method, start, epochs, "linear")
    return Minimum.unproven(theta.double(), descent_status(problem, method, theta), epochs, "sgd")


def descent_status(problem: Problem, method: Method, theta: Tensor) -> Status:
    """Whether gradient descent has come near enough to the optimum to be taken for it."""
    left = shortfall(problem.objective(), theta)
    if left <= max(ROUGH, method.tol):
        return Status(CONVERGED)
    epochs = EPOCHS if method.max_iter is None else method.max_iter
    advice = f"gradient descent of {epochs} epochs leaves {left:.2g} of its objective to gain, or more: "
    faster = "allow more (max_iter)" if method.lr is None else "allow more (max_iter), try another lr"
    return Status(LIMIT, f"{advice}{faster}, or take another solver, such as 'auto'")


def descended(
    problem: Problem,
    method: Method,
    start: Tensor | None,
    epochs: int = 1,
    schedule: str = "constant",
    seen: Stream | None = None,
) -> Tensor:
    """θ, (K, D + 1), after some epochs of gradient descent; from zero where there is no start.

    Args:
        problem: rows, loss and penalty.
        method: rate, minibatches and seed.
        start: θ, (K, D + 1).
        epochs: passes over the rows.
        schedule: of the rate.
        seen: the stream whose latest part the rows are.
    """
    rows = problem.rows()
    if start is None:
        start = torch.zeros(problem.outputs, problem.features + 1)
    bank = Bank(start.to(problem.y.device, rows.dtype))
    penalty = problem.penalty
    knobs = Knobs(lr=method.lr or 1.0, l2=penalty.l2, l1=penalty.l1, schedule=schedule)
    return descend(
        rows, problem.loss, bank, [knobs], epochs=epochs, batch_size=method.batch_size, seed=method.seed,
        is_safe=method.lr is None, intercept=problem.intercept, seen=seen,
    ).theta  # fmt: skip


def gathered(problem: Problem, like: Statistics | None = None) -> Statistics:
    """The sums of a problem's rows; of sparse rows a part is dense at a time."""
    if not problem.is_sparse:
        return Statistics.of(problem.dataset(), like=like)
    parts = problem.parts(PART)
    total = Statistics.of(next(parts), like=like)
    for part in parts:
        total += Statistics.of(part, like=total)
    return total


def from_statistics(statistics: Statistics, problem: Problem) -> Minimum:
    """The optimum of sums."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollinearWarning)
        theta = solve(statistics, problem.penalty.l2, problem.intercept)
    return Minimum.unproven(theta, Status(EXACT), 1, "cholesky")
