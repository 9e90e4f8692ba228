"""`ProximalNewton`: L1, elastic net or no penalty, to a duality gap, by Newton steps on a working set."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.device import generator, limit_threads
from linnet.solvers.certificate.certify import bound_by_dual, store
from linnet.solvers.certificate.duality import FINE, move_bias, rounding, smallest_subgradient
from linnet.solvers.certificate.unattained import explain_no_optimum
from linnet.solvers.l1.pair import as_pair, enter_pair, follow_pair, leave_pair
from linnet.solvers.l1.quadratic import minimise_quadratic
from linnet.solvers.l1.sparse import steps_sparse, suits_sparse
from linnet.solvers.problem.curvature import Grams, blocks
from linnet.solvers.problem.few import MOST
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.problem.standard import Framed, standardise
from linnet.solvers.smooth.lbfgs import widen
from linnet.solvers.smooth.line_search import search
from linnet.solvers.smooth.newton import soften
from linnet.solvers.smooth.smooth import Step, follow, reach_limit
from linnet.solvers.solution import CONVERGED, STALLED, Minimum, Progress, Record, SolverSpec, Status

HIDDEN, PATIENCE = 1e-17, 10
"""The share of the objective below which a gain only tidies the dual, and how many of those are allowed."""

COARSE = 1e-6
"""The estimated gain, as a share of the objective, below which float32 gives way to float64."""

WORK = 2e10
"""Operations that a Hessian may take before its rows are sampled."""

NARROW = 1024
"""Coordinates up to which a factorisation is too short to share among threads, which wait for each other."""

MANY, ROUGH = 16_000, 0.02
"""Rows from which on a sample is solved first, and to what share of its objective."""

FEWEST = 4
"""Rows of a sample for each coordinate, at least."""


@dataclass(frozen=True)
class ProximalNewton(SolverSpec):
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

    takes_l1 = True

    def minimise(
        self,
        objective: Objective,
        start: Tensor | None = None,
        *,
        progress: Progress | None = None,
        memory: Grams | None = None,
    ) -> Minimum:
        """See `SolverSpec.minimise`; θ has exact zeros.

        Args:
            objective: of softmax, logistic, squared or Huber loss and any penalty.
            start: θ, (K, D + 1); zero when None.
            progress: called with a record an iteration, `gradient_norm` (of the smallest subgradient),
                `estimate` and `nonzeros` among its keys.
            memory: of the squared error's Gram matrix, kept over problems that differ in their penalty alone.
        """
        if (pair := as_pair(objective)) is not None:
            self.check_problem(objective, start)
            found = self.minimise(pair, enter_pair(start), progress=follow_pair(progress), memory=memory)
            return leave_pair(found, objective)
        began = time.perf_counter()
        framed, theta, step, status, trace = self._follow(objective, start, progress, memory)
        with limit_threads(_threads(framed.objective)):
            wide = framed.objective.with_dtype(torch.float64)
            # Steps over sparse rows end with the bias at its best, and a proof that they asked for is enough.
            is_sparse = isinstance(wide.rows, SparseRows)
            point = wide.point(theta) if is_sparse else move_bias(wide, wide.point(theta))
            bound = bound_by_dual(wide, point, self.tol if is_sparse else FINE)
            if step and step.status:
                bound = replace(bound, gap=min(bound.gap, step.gap))
        slope = float(framed.gradient(smallest_subgradient(wide, point)).norm())
        bound = store(replace(framed, objective=wide), bound)
        certificate = bound.certificate(max(0, len(trace) - 1), objective.passes, time.perf_counter() - began)
        return Minimum(
            bound.point.theta, status, replace(certificate, gradient_norm=slope), trace, type(self).__name__
        )

    def approach(self, objective: Objective, start: Tensor | None = None) -> Minimum:
        """As `minimise`, without a last certificate, which takes a Hessian: the steps have proven `tol`."""
        if (pair := as_pair(objective)) is not None:
            return leave_pair(self.approach(pair, enter_pair(start)), objective)
        framed, theta, _, status, trace = self._follow(objective, start, None, None)
        iterations = max(0, len(trace) - 1)
        return Minimum.unproven(framed.leave(theta), status, iterations, type(self).__name__)

    def _follow(
        self, objective: Objective, start: Tensor | None, progress: Progress | None, memory: Grams | None
    ) -> tuple[Framed, Tensor, Step | None, Status, list[Record]]:
        """The solver's columns, θ of these, the last step if there was one, how it ended, and the records."""
        self.check_problem(objective, start)
        before = list[Record]()
        if suits_sparse(objective):
            found = self._follow_sparse(objective.with_dtype(torch.float64), start, progress)
            if found[3].name != STALLED:
                return found
            start, before = found[1], found[4]  # scaled columns may have more digits
        framed, zeros = standardise(objective), objective.zeros()
        inner = framed.objective
        start = objective.start() if start is None else start
        theta = None if start is None else inner.free_(framed.enter(start.to(zeros)).clone())
        with limit_threads(_threads(inner)):
            way = self.steps(inner, theta, memory)
            step, status, trace = follow(way, _measure, progress, before)
            if step and step.status:
                status = explain_no_optimum(step.objective, step.point) or status
        theta = step.point.theta if step else inner.zeros() if theta is None else theta
        return framed, theta, step, status, trace

    def _follow_sparse(
        self, objective: Objective, start: Tensor | None, progress: Progress | None
    ) -> tuple[Framed, Tensor, Step | None, Status, list[Record]]:
        """See `_follow`: of sparse rows as they are stored."""
        with limit_threads(1):
            way = steps_sparse(objective, start, self.tol, self.max_iter)
            step, status, trace = follow(way, _measure, progress)
        if step and step.status:
            status = explain_no_optimum(objective, step.point) or status
        return Framed(objective), step.point.theta if step else objective.zeros(), step, status, trace

    def steps(
        self, objective: Objective, start: Tensor | None = None, memory: Grams | None = None
    ) -> Iterator[Step]:
        """The start and each iterate after it; the last has a status. Arguments as of `minimise`."""
        memory = memory or Grams()
        theta = self._warm(objective) if start is None else start
        at = Step(objective, move_bias(objective, objective.point(theta)))
        stiffness, wanted, idle = 1.0, self.tol, 0
        for iteration in range(self.max_iter + 1):
            if at.estimate <= wanted * at.point.value or at.point.value == 0 or iteration == 0:
                at = _prove(at, self.tol)
                if at.gap <= self.tol * at.point.value:
                    yield replace(at, status=Status(CONVERGED))
                    return
                wanted = wanted / 4 if iteration else wanted
            if iteration == self.max_iter:
                yield replace(at, status=reach_limit(self.max_iter))
                return
            idle += at.estimate <= HIDDEN * at.point.value
            if idle > PATIENCE:
                yield self._stall(at)
                return
            yield at
            following, size = self._advance(at, iteration, stiffness, memory)
            stiffness = soften(stiffness, size)
            is_coarse = at.objective.rows.dtype == torch.float32
            if is_coarse and (following is None or following.estimate <= COARSE * at.point.value):
                coarse = following or at
                at = Step(*widen(coarse.objective, coarse.point), coarse.estimate)
            elif following is not None:
                at = following
            elif stiffness >= 1 or not objective.loss.has_straight_parts:
                yield self._stall(at)
                return

    def _warm(self, objective: Objective) -> Tensor:
        """Where to start: 0, or where many rows are, near the optimum of some of them."""
        theta, rows = objective.zeros(), objective.rows
        if len(rows) < MANY or objective.loss.is_quadratic:
            return theta
        order = torch.randperm(len(rows), generator=generator(self.seed, "proximal"))
        few = objective.sample(order[: len(rows) // 8])
        *_, last = replace(self, tol=ROUGH, max_iter=20).steps(few, theta)
        return last.point.theta

    def _advance(
        self, at: Step, iteration: int, stiffness: float, memory: Grams
    ) -> tuple[Step | None, float]:
        """A step, None where rounding hides any gain, and which share of the way it went."""
        objective, point = at.objective, at.point
        chosen = choose_working_set(objective, point, self.largest)
        few = max(1, int(chosen.sum()))
        sample = max(int(WORK / (2 * few**2)), FEWEST * few)
        flat, gradient = point.theta.flatten(), point.gradient.flatten()
        target, limits = flat.clone(), torch.zeros_like(point.theta)
        limits[:, :-1] = objective.l1
        limits = limits.flatten()
        for where, H in blocks(objective, point, chosen, sample, self.seed + iteration, stiffness, memory):
            z = flat[where]
            with limit_threads(1 if len(z) <= NARROW else torch.get_num_threads()):
                c = (H @ z - gradient[where]).numpy()
                found = minimise_quadratic(H.numpy(), c, limits[where].numpy(), z.numpy())
                target[where] = torch.from_numpy(found)
        direction = (target - flat).view_as(point.theta)
        slope = float(gradient @ (target - flat) + limits @ (target.abs() - flat.abs()))
        following, size = search(objective, point, direction, slope) if slope < 0 else (None, 0.0)
        return (None if following is None else Step(objective, following, -slope)), size

    def _stall(self, at: Step) -> Step:
        """The end where rounding hides any gain: at the optimum, or short of it."""
        at = _prove(at, self.tol)
        if at.gap <= self.tol * at.point.value + 2 * rounding(at.objective, at.point):
            return replace(at, status=Status(CONVERGED))
        advice = "rounding allows no lower objective: scale the features, or ask for a larger tol"
        return replace(at, status=Status(STALLED, advice))


def choose_working_set(objective: Objective, point: Point, largest: int) -> Tensor:
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


def _threads(objective: Objective) -> int:
    """One where rows are few, whose products are too short to share."""
    is_small = len(objective.rows) * objective.rows.features <= MOST
    return 1 if is_small else torch.get_num_threads()


def _prove(at: Step, tol: float) -> Step:
    """The step in float64 with its gap, its bias the best; a gap above `tol` is made as tight as can be."""
    objective, point = widen(at.objective, at.point)
    point = move_bias(objective, point)
    return replace(at, objective=objective, point=point, gap=bound_by_dual(objective, point, tol).gap)


def _measure(step: Step) -> dict[str, float]:
    return {
        "gradient_norm": float(smallest_subgradient(step.objective, step.point).norm()),
        "estimate": step.estimate, "nonzeros": int((step.point.theta[:, :-1] != 0).sum()),
    }  # fmt: skip
