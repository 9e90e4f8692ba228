"""`solved`: a problem to its optimum by the solver that was asked for, or that suits it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from linnet.config import Knobs
from linnet.core.bank import Bank
from linnet.errors import CollinearWarning, warn
from linnet.estimators.problem import Problem
from linnet.solvers.choose import SOLVERS, Direct, change, choose
from linnet.solvers.l1.proximal import ProximalNewton, minimise_l1
from linnet.solvers.least_squares.auto_least import solve_least_squares
from linnet.solvers.least_squares.normal import solve
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.shortfall import shortfall
from linnet.solvers.smooth.smooth import approach, by_size
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.solution import CONVERGED, EXACT, INTERRUPTED, LIMIT, Status
from linnet.solvers.stochastic.descent import descend
from linnet.solvers.stochastic.stream import Stream

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


@dataclass(frozen=True, eq=False)
class Answer:
    """What a solver came to: θ (K, D + 1), its iterations, its end, and whether it has warned of that."""

    theta: Tensor
    iterations: int
    status: Status
    has_warned: bool = False


def solved(problem: Problem, method: Method, start: Tensor | None = None) -> Answer:
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
    answer = _dispatched(problem, method, start)
    if answer.status.name == INTERRUPTED:
        raise KeyboardInterrupt
    if not answer.status.is_good and not answer.has_warned:
        warn(str(answer.status), ConvergenceWarning)
    return answer


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


def _dispatched(problem: Problem, method: Method, start: Tensor | None) -> Answer:
    if method.name == "sgd":
        return _descended(problem, method, start)
    spec = choose(problem, problem.loss, problem.penalty, method.name)
    if isinstance(spec, ProximalNewton):
        return _sparse(problem, method, start)
    if spec is None or isinstance(spec, Direct):
        return _least(problem, method, spec, start)
    return _smooth(problem, method, start)


def _descended(problem: Problem, method: Method, start: Tensor | None) -> Answer:
    epochs = EPOCHS if method.max_iter is None else method.max_iter
    theta = descended(problem, method, start, epochs, "linear")
    return Answer(theta.double(), epochs, descent_status(problem, method, theta))


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


def _sparse(problem: Problem, method: Method, start: Tensor | None) -> Answer:
    start = None if start is None else start.to(torch.float64)
    found = minimise_l1(problem.objective(), start, tol=method.tol, **_limit(method))
    return Answer(found.theta, _counted(found.certificate.iterations, method), found.status)


def _least(problem: Problem, method: Method, direct: Direct | None, start: Tensor | None) -> Answer:
    """By a factorisation; of all best fits the one with the shortest weights."""
    if problem.is_sparse and not problem.is_small and direct is None:
        if problem.features > NARROW:
            return _smooth(problem, method, start)
        return from_statistics(gathered(problem), problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollinearWarning)  # it is what LinearRegression gives
        found = solve_least_squares(problem.dataset(), problem.penalty, direct, problem.intercept)
    return Answer(found.value.bank.theta, max(1, found.stats.iterations), found.status, has_warned=True)


def gathered(problem: Problem, like: Statistics | None = None) -> Statistics:
    """The sums of a problem's rows; of sparse rows a part is dense at a time."""
    if not problem.is_sparse:
        return Statistics.of(problem.dataset(), like=like)
    parts = problem.parts(PART)
    total = Statistics.of(next(parts), like=like)
    for part in parts:
        total = total.with_rows(part)
    return total


def from_statistics(statistics: Statistics, problem: Problem) -> Answer:
    """The optimum of sums."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollinearWarning)
        theta = solve(statistics, problem.penalty.l2, problem.intercept)
    return Answer(theta, 1, Status(EXACT))


def _smooth(problem: Problem, method: Method, start: Tensor | None) -> Answer:
    objective = problem.objective()
    solver = smooth_solver(objective, method)
    found = approach(objective, None if start is None else start.to(torch.float64), solver)
    return Answer(found.theta, _counted(len(found.trace) - 1, method), found.status)


def smooth_solver(objective: Objective, method: Method) -> Newton | LBFGS | Staged:
    """The solver of a smooth problem that was asked for, or that suits its size."""
    solver = SOLVERS[method.name]() if method.name in SOLVERS else by_size(objective.rows)
    assert isinstance(solver, Newton | LBFGS | Staged)
    # A step of Newton's more, at most, brings all digits.
    tol = min(method.tol, solver.tol) if isinstance(solver, Newton) else method.tol
    return change(solver, tol, method.max_iter)


def _counted(iterations: int, method: Method) -> int:
    """Iterations as scikit-learn counts them: at least 1 unless none were allowed."""
    return max(iterations, 0 if method.max_iter == 0 else 1)


def _limit(method: Method) -> dict[str, Any]:
    return {} if method.max_iter is None else {"max_iter": method.max_iter}
