"""`minimise`: a problem to its optimum by the solver that was asked for, or that suits it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core.bank import Bank
from linnet.errors import CollinearWarning, warn
from linnet.estimators.arrays import tensor
from linnet.estimators.few import solve_few
from linnet.estimators.problem import Answer, Method, Problem
from linnet.solvers.descent import descend
from linnet.solvers.frame import Stream
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.least_squares.direct import Direct
from linnet.solvers.least_squares.normal import solve
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.few import FINE, LEFT
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.sampled import NUMBERS
from linnet.solvers.smooth.smooth import SmoothSolver
from linnet.solvers.solution import CONVERGED, EXACT, INTERRUPTED, LIMIT, Minimum, SolverSpec, Status
from linnet.solvers.solve import choose, shortfall

DIRECT = ("qr", "svd", "cholesky", "dual")
"""Methods that warn themselves of what they lost."""

ROUGH = 1e-3
"""The gain that gradient descent may leave, as a share of the objective, whatever finer was asked for."""

NARROW = 2048
"""Features up to which the sums of sparse rows are gathered."""


def minimise(
    problem: Problem, method: Method, start: Tensor | None = None, few: Answer | None = None
) -> Answer:
    """Minimise a problem.

    Args:
        problem: rows, loss and penalty.
        method: how.
        start: θ, (K, D + 1), for methods that take steps; zero when None.
        few: what `solve_few` gave, where that was asked already.

    Raises:
        ValueError: the solver cannot solve such a problem.
        KeyboardInterrupt: as the user wished.

    Warns:
        ConvergenceWarning: it did not get to the optimum.
    """
    if problem.standardize:
        inner, preparation = problem.prepare()
        answer = minimise(inner, method, None if start is None else preparation.enter(start))
        return replace(answer, theta=preparation.absorb(tensor(answer.theta), 1.0))
    check(problem, method)
    few = solve_few(problem, method) if start is None and few is None else few
    if few is not None:
        if few.is_settled:
            return few
        start, method = tensor(few.theta), replace(method, tol=_sharpen(method.tol))
    start = None if start is None else start.to(torch.float64)
    found = _descend(problem, method, start) if method.name == "sgd" else _solve(problem, method, start)
    if found.status.name == INTERRUPTED:
        raise KeyboardInterrupt
    if not found.status.is_good and found.method not in DIRECT:
        warn(str(found.status), ConvergenceWarning)
    before = 0 if few is None else few.iterations
    # As scikit-learn counts them: at least 1 unless none were allowed.
    return Answer(found.theta, max(before + found.certificate.iterations, 0 if method.max_iter == 0 else 1))


def _sharpen(tol: float) -> float:
    """The tolerance of what was too slow for numpy: steps expect too little there, by some times."""
    return min(tol, max(LEFT * tol, FINE))


def check(problem: Problem, method: Method) -> None:
    """Refuse a solver that cannot minimise the problem.

    Raises:
        ValueError: saying which can.
    """
    if problem.l1 and method.name not in ("auto", "sgd", "proximal"):
        raise ValueError(
            f"Solver {method.name!r} supports only l2 penalties, got l1={problem.l1}: "
            "use solver='auto', 'proximal' or 'sgd', or set l1=0."
        )


def _solve(problem: Problem, method: Method, start: Tensor | None) -> Minimum:
    """The optimum by a solver of `linnet.solve`."""
    data, is_plain = problem.data, problem.loss.is_quadratic and not problem.l1
    if data.is_sparse and is_plain and method.name == "auto" and data.features <= NARROW:
        return solve_sums(Statistics.of(data), problem)
    spec = choose_solver(problem, method)
    if not isinstance(spec, Direct):
        return _approach(problem, spec, start)
    (dense,) = data.dense_parts(len(data)) if data.is_sparse else (data,)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollinearWarning)  # it is what LinearRegression gives
        return spec.minimise(Objective.of(dense, problem.loss, problem.penalty, intercept=problem.intercept))


def _approach(problem: Problem, spec: SolverSpec, start: Tensor | None) -> Minimum:
    """The optimum by steps, without a proof where the solver needs none."""
    solve = spec.approach if isinstance(spec, SmoothSolver | ProximalNewton) else spec.minimise
    return solve(problem.objective, start)


def choose_solver(problem: Problem, method: Method) -> SolverSpec:
    """The solver that was asked for, or that suits the problem, with the tolerance and iterations given."""
    spec = choose(problem.objective, method.name, tol=method.tol, max_iter=method.max_iter)
    # A step of Newton's more, at most, brings all digits; of many rows it takes as long as all before it.
    if isinstance(spec, Newton) and len(problem.data) * problem.data.features <= NUMBERS:
        return replace(spec, tol=min(method.tol, Newton.tol))
    return spec


def _descend(problem: Problem, method: Method, start: Tensor | None) -> Minimum:
    theta = descend_models(problem, method, [problem.l2], start).theta
    status = descent_status(problem, method, theta)
    return Minimum.unproven(theta.double(), status, method.epochs, "sgd")


def descent_status(problem: Problem, method: Method, theta: Tensor) -> Status:
    """Whether gradient descent has come near enough to the optimum to be taken for it."""
    left = shortfall(problem.objective, theta)
    if left <= max(ROUGH, method.tol):
        return Status(CONVERGED)
    advice = (
        f"gradient descent of {method.epochs} epochs leaves {left:.2g} of its objective to gain, or more: "
    )
    faster = "allow more (max_iter)" if method.lr is None else "allow more (max_iter), try another lr"
    return Status(LIMIT, f"{advice}{faster}, or take another solver, such as 'auto'")


def descend_models(
    problem: Problem,
    method: Method,
    l2s: Sequence[float],
    start: Tensor | None = None,
    *,
    epochs: int | None = None,
    schedule: str = "linear",
    views: Tensor | None = None,
    seen: Stream | None = None,
) -> Bank:
    """Models after some epochs of gradient descent on the same minibatches, from zero without a start.

    Args:
        problem: rows, loss and the L1 penalty.
        method: rate, minibatches, epochs and seed.
        l2s: of each model, M.
        start: θ, (M·K, D + 1).
        epochs: in place of the method's.
        schedule: of the rate.
        views: how much each row counts for each model, (M, N); None for 1.
        seen: the stream whose latest part the rows are.
    """
    rows, l1 = problem.objective.rows, problem.l1
    if start is None:
        start = torch.zeros(len(l2s) * rows.outputs, rows.features + 1)
    bank = Bank(start.to(rows.y.device, rows.dtype), len(l2s))
    each = [Hyperparameters(lr=method.lr or 1.0, l2=l2, l1=l1, schedule=schedule) for l2 in l2s]
    return descend(
        rows, problem.loss, bank, each, epochs=epochs or method.epochs, batch_size=method.batch_size,
        seed=method.seed, is_safe=method.lr is None, intercept=problem.intercept, views=views, seen=seen,
    )  # fmt: skip


def solve_sums(statistics: Statistics, problem: Problem) -> Minimum:
    """The optimum of sums."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollinearWarning)
        theta = solve(statistics, problem.l2, problem.intercept)
    return Minimum.unproven(theta, Status(EXACT), 1, "cholesky")
