"""`minimise_l1`: L1, elastic net or no penalty, to a duality gap, by Newton steps on a working set."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.device import generator, limited_threads
from linnet.errors import ShapeError, UsageError
from linnet.model.history import Record
from linnet.solvers.certificate.certify import as_stored, rounding
from linnet.solvers.certificate.duality import bound_name, duality_gap, smallest_subgradient, with_best_bias
from linnet.solvers.certificate.unattained import no_optimum
from linnet.solvers.l1.quadratic import minimise_quadratic
from linnet.solvers.problem.curvature import Grams, blocks
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.standard import standardised
from linnet.solvers.smooth.smooth import Minimum, Progress
from linnet.solvers.solution import CONVERGED, INTERRUPTED, LIMIT, STALLED, Certificate, Status

ARMIJO, SHORTEST = 1e-4, 1e-8

HIDDEN, PATIENCE = 1e-17, 10
"""The share of the objective below which a gain only tidies the dual, and how many of those are allowed."""

COARSE = 1e-6
"""The estimated gain, as a share of the objective, below which float32 gives way to float64."""

WORK = 2e10
"""Operations that a Hessian may take before its rows are sampled."""

SMALL = 2**17
"""Numbers in X up to which one thread is quickest."""

NARROW = 1024
"""Coordinates up to which a factorisation is too short to share among threads, which wait for each other."""

MANY, ROUGH = 16_000, 0.02
"""Rows from which on a sample is solved first, and to what share of its objective."""

FEWEST = 4
"""Rows of a sample for each coordinate, at least."""


@dataclass(frozen=True)
class ProximalNewton:
    """Newton steps with an L1 penalty, on the coordinates that matter.

    Each iteration reads all rows once. Coordinates that are not 0, and those at 0 whose derivative is beyond
    l1, at most twice as many as there are already, are the working set (Bertrand and others, "Beyond L1",
    2022). The Hessian on them makes a quadratic model, which is minimised exactly with its L1 penalty, and
    the way there is searched (Lee, Sun and Saunders, 2014). The Hessian of many rows is that of a sample,
    drawn anew each time; values, gradients and the certificate are always of all rows.

    Args:
        tol: stop once the duality gap is at most this share of the objective.
        max_iter: iterations.
        largest: coordinates in a working set; of more, the ones that are furthest from their best.
        seed: of the samples.
    """

    tol: float = 1e-8
    max_iter: int = 200
    largest: int = 2000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class State:
    """Where the solver stands.

    Args:
        objective: of the dtype in use.
        point: there.
        estimate: the gain that the quadratic model saw in the step to here, infinite before the first.
        gap: the objective is at most this much above the optimum; infinite where it was not asked.
        status: how it ended; None while it goes on.
    """

    objective: Objective
    point: Point
    estimate: float = float("inf")
    gap: float = float("inf")
    status: Status | None = None


def minimise_l1(
    objective: Objective,
    start: Tensor | None = None,
    tol: float = 1e-8,
    max_iter: int = 200,
    progress: Progress | None = None,
    solver: ProximalNewton | None = None,
    memory: Grams | None = None,
) -> Minimum:
    """Go to the optimum with an L1 penalty, or without, and prove how near it is.

    Ctrl-C ends it early with the best so far.

    Args:
        objective: of softmax, logistic, squared or Huber loss and any penalty.
        start: θ, (K, D + 1); zero when None.
        tol: stop once the duality gap is at most this share of the objective.
        max_iter: iterations.
        progress: called with a record an iteration: `epoch` (from 0, the start), `train_loss` (the mean
            loss), `objective`, `gradient_norm` (of the smallest subgradient), `estimate`, `nonzeros` and
            `seconds`.
        solver: in place of tol and max_iter.
        memory: of the squared error's Gram matrix, kept over problems that differ in their penalty alone.

    Returns:
        θ in float64, with exact zeros; how it ended; the certificate; a record an iteration.

    Raises:
        UsageError: the loss is the absolute error, or numbers are not finite.
        ShapeError: the start has another shape.
    """
    _check(objective, start)
    began, trace, framed = time.perf_counter(), [], standardised(objective)
    objective = framed.objective
    theta = objective.zeros()
    theta = theta if start is None else objective.free_(framed.enter(start.to(theta)).clone())
    status = Status(INTERRUPTED, "the model is the best so far: start from it to go on")
    solver, state = solver or ProximalNewton(tol, max_iter), None
    with limited_threads(1 if _is_small(objective) else torch.get_num_threads()):
        try:
            theta = warm(objective, solver) if start is None else theta
            for state in iterate(objective, theta, solver, memory):
                trace.append(_record(len(trace), state, time.perf_counter() - began))
                if progress:
                    progress(trace[-1])
                status = state.status or status
            status = _explained(state, status)
        except KeyboardInterrupt:
            pass
        point, gap = _certified(objective, theta if state is None else state.point.theta)
    if state is not None and state.status:
        gap = min(gap, state.gap)
    slope = float(framed.gradient(smallest_subgradient(objective, point)).norm())
    wide = framed._replace(objective=objective.with_dtype(torch.float64))
    name = bound_name(wide.objective, point)
    point, gap = as_stored(wide, point, gap)
    certificate = Certificate(
        point.value, slope, gap, max(0, len(trace) - 1), objective.readings, time.perf_counter() - began,
        name,
    )  # fmt: skip
    return Minimum(point.theta, status, certificate, trace)


def _explained(state: State | None, status: Status) -> Status:
    """A solver's end, or the reason why it has none."""
    return (None if state is None else no_optimum(state.objective, state.point)) or status


def warm(objective: Objective, solver: ProximalNewton) -> Tensor:
    """Where to start: 0, or where many rows are, near the optimum of some of them."""
    theta, rows = objective.zeros(), objective.rows
    if len(rows) < MANY or objective.loss.is_quadratic:
        return theta
    order = torch.randperm(len(rows), generator=generator(solver.seed, "proximal"))
    few = objective.sample(order[: len(rows) // 8])
    for state in iterate(few, theta, ProximalNewton(ROUGH, 20, solver.largest, solver.seed)):
        theta = state.point.theta
    return theta


def _is_small(objective: Objective) -> bool:
    return len(objective.rows) * objective.rows.features <= SMALL


def iterate(
    objective: Objective, start: Tensor, solver: ProximalNewton, memory: Grams | None = None
) -> Iterator[State]:
    """The start and each iterate after it; the last has a status. Arguments as of `minimise_l1`."""
    memory = memory or Grams()
    at = State(objective, with_best_bias(objective, objective.point(start)))
    stiffness, wanted, idle = 1.0, solver.tol, 0
    for iteration in range(solver.max_iter + 1):
        if at.estimate <= wanted * at.point.value or at.point.value == 0 or iteration == 0:
            at = _measured(at)
            if at.gap <= solver.tol * at.point.value:
                yield State(at.objective, at.point, at.estimate, at.gap, Status(CONVERGED))
                return
            wanted = wanted / 4 if iteration else wanted
        if iteration == solver.max_iter:
            advice = f"allow more than {solver.max_iter} iterations (max_iter), or a larger tol"
            yield State(at.objective, at.point, at.estimate, at.gap, Status(LIMIT, advice))
            return
        idle += at.estimate <= HIDDEN * at.point.value
        if idle > PATIENCE:
            yield _stalled(_measured(at), solver)
            return
        yield at
        following, is_full = _advance(at, solver, iteration, stiffness, memory)
        stiffness = max(stiffness / 4, 1e-6) if is_full else min(1.0, stiffness * 16)
        is_coarse = at.objective.rows.dtype == torch.float32
        if is_coarse and (following is None or following.estimate <= COARSE * at.point.value):
            at = _widened(following or at)
        elif following is not None:
            at = following
        elif stiffness >= 1 or not objective.loss.has_straight_parts:
            yield _stalled(_measured(at), solver)
            return


def _advance(
    at: State, solver: ProximalNewton, iteration: int, stiffness: float, memory: Grams
) -> tuple[State | None, bool]:
    """A step: what follows, None where rounding hides any gain, and whether it went the whole way."""
    objective, point = at.objective, at.point
    chosen = working_set(objective, point, solver.largest)
    few = max(1, int(chosen.sum()))
    sample = max(int(WORK / (2 * few**2)), FEWEST * few)
    flat, gradient = point.theta.flatten(), point.gradient.flatten()
    target = flat.clone()
    limits = torch.zeros_like(point.theta)
    limits[:, :-1] = objective.l1
    limits = limits.flatten()
    seed = solver.seed + iteration
    for where, H in blocks(objective, point, chosen, sample, seed, stiffness, memory):
        z = flat[where]
        with limited_threads(1 if len(z) <= NARROW else torch.get_num_threads()):
            target[where] = minimise_quadratic(H, H @ z - gradient[where], limits[where], z)
    direction = (target - flat).view_as(point.theta)
    slope = float(gradient @ (target - flat) + limits @ (target.abs() - flat.abs()))
    following, size = _search(objective, point, direction, slope)
    return (None if following is None else State(objective, following, -slope)), size == 1


def working_set(objective: Objective, point: Point, largest: int) -> Tensor:
    """The coordinates to move, (K, D + 1): biases, what is not 0, and what wants to leave 0 most."""
    slope = smallest_subgradient(objective, point).abs()
    chosen = point.theta != 0
    chosen[:, -1] = objective.intercept
    wanting = torch.where(chosen, 0, slope)
    room = max(100, 2 * int(chosen.sum()))
    best = wanting.flatten().topk(min(room, wanting.numel())).indices
    chosen.view(-1)[best] |= wanting.flatten()[best] > 0
    if int(chosen.sum()) > largest:
        urgent = torch.where(chosen, slope, -1.0).flatten().topk(largest).indices
        chosen = torch.zeros_like(chosen)
        chosen.view(-1)[urgent] = True
        chosen[:, -1] = objective.intercept
    return chosen


def _search(
    objective: Objective, point: Point, direction: Tensor, slope: float
) -> tuple[Point | None, float]:
    """A point along the direction that is low enough, by Armijo's rule, and how far along."""
    if not slope < 0:
        return None, 0.0
    change, size = objective.scores(direction), 1.0
    while size > SHORTEST:
        theta, scores = point.theta + size * direction, point.scores + size * change
        value = objective.mean_loss(scores) + objective.penalty_of(theta)
        if value <= point.value + ARMIJO * size * slope:
            return objective.point_from(theta, scores), size
        size *= 0.5
    return None, 0.0


def _measured(at: State) -> State:
    """The state with its gap, its bias the best."""
    wide = at if at.objective.rows.dtype == torch.float64 else _widened(at)
    point = with_best_bias(wide.objective, wide.point)
    return State(wide.objective, point, at.estimate, duality_gap(wide.objective, point))


def _widened(at: State) -> State:
    objective = at.objective.with_dtype(torch.float64)
    return State(objective, objective.point(at.point.theta), at.estimate)


def _certified(objective: Objective, theta: Tensor) -> tuple[Point, float]:
    """θ in float64 with the best bias, and its gap."""
    wide = objective.with_dtype(torch.float64)
    point = with_best_bias(wide, wide.point(theta))
    return point, duality_gap(wide, point)


def _stalled(at: State, solver: ProximalNewton) -> State:
    if at.gap <= solver.tol * at.point.value + 2 * rounding(at.objective, at.point):
        status = Status(CONVERGED)
    else:
        status = Status(
            STALLED, "rounding allows no lower objective: scale the features, or ask for a larger tol"
        )
    return State(at.objective, at.point, at.estimate, at.gap, status)


def _record(epoch: int, state: State, seconds: float) -> Record:
    point = state.point
    if not point.value < float("inf"):
        raise UsageError("the objective is not finite: features or start are NaN, infinite or far too large")
    return {
        "epoch": epoch, "train_loss": point.loss, "objective": point.value,
        "gradient_norm": float(smallest_subgradient(state.objective, point).norm()),
        "estimate": state.estimate, "nonzeros": int((point.theta[:, :-1] != 0).sum()), "seconds": seconds,
    }  # fmt: skip


def _check(objective: Objective, start: Tensor | None) -> None:
    if not objective.loss.is_smooth:
        raise UsageError("the absolute error with L1 has no solver here: use huber with a small threshold")
    if not objective.rows.is_finite():
        raise UsageError("the features are not finite: fill in or leave out rows with NaN or infinity")
    shape = objective.rows.outputs, objective.rows.features + 1
    if start is not None and start.shape != shape:
        raise ShapeError(f"the start must be (K, D + 1) = {shape}, got {tuple(start.shape)}")
