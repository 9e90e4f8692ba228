"""`solve_folds`: the optima of many penalties on many folds, solved as one bank.

Model m belongs to a fold f, whose rows count v_fi (0 or 1, times their weights), and a penalty λ_p. It
minimises

    F_m(θ) = Σ_i v_fi l(θ x_i, y_i) / Σ_i v_fi + ½ λ_p ‖W‖²

A fold's optimum is near that of all rows with the same penalty, and so is its Hessian. So the path over all
rows comes first, from the largest penalty down, each from where the one before ended. From there all folds
go on together, and the scores of the bank are one product with the rows. Of few parameters each model has its
own Hessian, and all penalties are one product too; of many they go one after another, L-BFGS remembers for
all folds at once, and the preconditioner of a penalty, made of all rows, serves its folds.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from linnet.solvers.certificate.unattained import explain_unheld
from linnet.solvers.problem.hessian import newton_directions
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.standard import standardise_rows
from linnet.solvers.smooth.batched_objective import BatchedObjective, Values
from linnet.solvers.smooth.by_class import ByClass
from linnet.solvers.smooth.extrapolate import Extrapolation
from linnet.solvers.smooth.lbfgs import LBFGS, SINGLE, coarsen
from linnet.solvers.smooth.line_search import NOISE, SHORTEST, is_low_enough, shrink
from linnet.solvers.smooth.memory import Memory, dot
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.preconditioners import Basis, Inverse, Preconditioner, Spectral
from linnet.solvers.smooth.smooth import ROUNDED, reach_limit
from linnet.solvers.smooth.staged import DEAR
from linnet.solvers.solution import CONVERGED, STALLED, UNATTAINED, Certificate, Minimum, Status

SCORES = 2**25
"""Scores that a bank has at once; more models than that are solved one part after another."""

Place = tuple[int, int]
"""A fold and a penalty, by number."""

PARAMETERS = 2**24
"""Parameters that a bank remembers at once, in float64: 128 MiB."""


def solve_folds(
    objective: Objective, views: Tensor, l2s: Sequence[float], solver: Newton | LBFGS
) -> list[Minimum]:
    """The optimum of every penalty on every fold, fold by fold and in each penalty by penalty; unproven.

    Args:
        objective: of all rows, softmax or logistic; its own l2 is left out of account.
        views: how much each row counts in each fold, (F, N), the rows' own weights included.
        l2s: P penalties, all positive.
        solver: of the path and of the folds; the preconditioner suits the rows whatever it says.
    """
    framed = standardise_rows(objective.replace(penalty=replace(objective.penalty, l2=min(l2s))))
    wide = framed.objective.with_dtype(torch.float64)  # of which Hessians are
    inner = coarsen(framed.objective) if isinstance(solver, LBFGS) else wide
    found = _solve(inner, views, l2s, solver)
    return [replace(one, theta=framed.leave(one.theta)) for one in found]


def _solve(
    objective: Objective, views: Tensor, l2s: Sequence[float], solver: Newton | LBFGS
) -> list[Minimum]:
    """`solve_folds` of columns as they are."""
    starts, inverses = _start(objective, l2s, solver)
    penalties = torch.tensor(l2s, dtype=torch.float64, device=views.device)
    width = _width(len(objective.rows) * len(starts[0]), starts[0].numel(), solver)
    found: dict[Place, Minimum] = {}
    paths = [Extrapolation() for _ in views]  # of how a fold's model lies from that of all rows
    for places in _stages(l2s, solver):
        off = [path.at(l2s[places[0]]) for path in paths]
        models = [(fold, place) for fold in range(len(views)) for place in places]
        for some in (models[low : low + width] for low in range(0, len(models), width)):
            folds, own = (list(each) for each in zip(*some, strict=True))
            part = BatchedObjective(objective, views[folds], penalties[own], [inverses[at] for at in own])
            start = torch.stack([_add(starts[place], off[fold]) for fold, place in some])
            found.update(zip(some, _minimise(part, part.level(start), solver), strict=True))
        for fold, path in enumerate(paths):
            path.keep(l2s[places[-1]], found[fold, places[-1]].theta - starts[places[-1]])
    ends = [explain_unheld(objective, view > 0) for view in views]
    return [
        replace(one, status=Status(UNATTAINED, ends[fold])) if ends[fold] else one
        for (fold, _), one in sorted(found.items(), key=lambda item: item[0])
    ]


def _stages(l2s: Sequence[float], solver: Newton | LBFGS) -> list[list[int]]:
    """Which penalties go on together: by Newton's method all, else one after another, the largest first.

    A step of L-BFGS costs so much that a start near the end is worth more than products for all penalties
    at once: how a fold's model lies from that of all rows goes on as it did at the two penalties before.
    """
    order = sorted(range(len(l2s)), key=lambda place: -l2s[place])
    if isinstance(solver, Newton):
        return [order]
    return [list(same) for _, same in itertools.groupby(order, key=lambda place: l2s[place])]


def _add(start: Tensor, off: Tensor | None) -> Tensor:
    return start if off is None else start + off


def _width(scores: int, parameters: int, solver: Newton | LBFGS) -> int:
    """The number of models that are solved at once, of so many scores and parameters each."""
    remembered = parameters**2 if isinstance(solver, Newton) else 2 * solver.memory * parameters
    return max(1, min(SCORES // scores, PARAMETERS // remembered))


def _start(
    objective: Objective, l2s: Sequence[float], solver: Newton | LBFGS
) -> tuple[list[Tensor], list[Inverse | None]]:
    """θ over all rows, and for L-BFGS an approximate inverse of the Hessian near there, of each penalty."""
    path, basis = Extrapolation(), Basis()
    inner = solver if isinstance(solver, Newton) else replace(solver, preconditioner=_suit(objective, basis))
    found: dict[float, tuple[Tensor, Inverse | None]] = {}
    for l2 in sorted(set(l2s), reverse=True):
        one = objective.replace(penalty=replace(objective.penalty, l2=l2))
        theta = inner.approach(one, path.at(l2)).theta
        path.keep(l2, theta)
        found[l2] = theta, basis.latest
    return [found[l2][0] for l2 in l2s], [found[l2][1] for l2 in l2s]


def _suit(objective: Objective, basis: Basis) -> Preconditioner:
    """The Hessians of L-BFGS, one a penalty: those of classes alone where whole ones take too long."""
    whole = Spectral(basis=basis)
    return ByClass(basis=basis) if whole.work(objective) > DEAR else whole


def _minimise(part: BatchedObjective, start: Tensor, solver: Newton | LBFGS) -> list[Minimum]:
    """The minimum of each model from its start, (A, K, D + 1)."""
    descent = _Descent(part, start, solver)
    if part.rows.dtype == torch.float32 and isinstance(solver, LBFGS):  # as far as float32 can tell
        descent.run_(max(solver.tol, SINGLE))
        if solver.tol >= SINGLE:
            return descent.found
        start = torch.stack([one.theta for one in descent.found])
        descent = _Descent(part.with_dtype(torch.float64), start, solver, descent.memories)
    descent.run_(solver.tol)
    return descent.found


class _Descent:
    """Models on their way; each leaves when it is there.

    Args:
        part: the objectives of all, A of them.
        start: (A, K, D + 1).
        solver: Newton's method or L-BFGS.
        memories: what L-BFGS knows of each model from before.
    """

    def __init__(
        self, part: BatchedObjective, start: Tensor, solver: Newton | LBFGS, memories: Sequence[Memory] = ()
    ) -> None:
        self.part, self.solver, self.began = part, solver, time.perf_counter()
        self.places = list(range(len(start)))  # the numbers of those that still go on
        self.at, self.now = start, part.at(start)
        self.memory = Memory.join(memories, solver.memory) if isinstance(solver, LBFGS) else None
        self.done: dict[int, tuple[Minimum, Memory | None]] = {}

    @property
    def found(self) -> list[Minimum]:
        """Each model's minimum, in order."""
        return [self.done[place][0] for place in sorted(self.done)]

    @property
    def memories(self) -> list[Memory]:
        """What L-BFGS knew of each model when it left, in order."""
        return [memory for _, (_, memory) in sorted(self.done.items()) if memory is not None]

    def run_(self, tol: float) -> None:
        """Go on until each model's gain ½ gᵀH⁻¹g is at most `tol` of its objective, or it cannot."""
        most, noise = self.solver.max_iter, NOISE[self.part.rows.dtype]
        for iteration in range(most + 1):
            direction = self._direction()
            gain = -dot(direction, self.now.gradient).flatten() / 2
            going = self._leave_(gain <= tol * self.now.value.abs(), Status(CONVERGED), iteration)
            direction, gain = direction[going], gain[going]
            if iteration == most:
                self._leave_(torch.ones_like(gain, dtype=torch.bool), reach_limit(most), iteration)
            if not self.places:
                return
            at, now, is_stuck = _search(self.part, self.at, self.now, direction)
            if self.memory is not None:
                self.memory.keep(at - self.at, now.gradient - self.now.gradient)
            self.at, self.now = at, now
            is_fine = gain <= max(tol, noise) * now.value.abs()  # what rounding hides
            going = self._leave_(is_stuck & is_fine, Status(CONVERGED), iteration)
            self._leave_(is_stuck[going], Status(STALLED, ROUNDED), iteration)
            if not self.places:
                return

    def _direction(self) -> Tensor:
        """Downhill from θ, (A, K, D + 1)."""
        if self.memory is None:
            H = self.part.hessians(self.at)
            return newton_directions(H, self.now.gradient, self.part.objective.intercept)
        return self.memory.direction(self.now.gradient, self.part.precondition)

    def _leave_(self, is_done: Tensor, status: Status, iterations: int) -> Tensor:
        """Put down the models that are done, and go on with the others, whose numbers are returned."""
        seconds = time.perf_counter() - self.began
        for number in is_done.nonzero().flatten().tolist():
            value, slope = float(self.now.value[number]), float(self.now.gradient[number].norm())
            certificate = Certificate(value, slope, math.inf, iterations, math.nan, seconds)
            name = type(self.solver).__name__
            found = Minimum(self.at[number], status, certificate, [], name)
            memory = None if self.memory is None else self.memory.of(number)
            self.done[self.places[number]] = found, memory
        going = (~is_done).nonzero()[:, 0]
        if len(going) < len(is_done):
            self.places, self.at = [self.places[number] for number in going.tolist()], self.at[going]
            self.part, self.now = self.part.pick(going), Values(*(values[going] for values in self.now))
            if self.memory is not None:
                self.memory.pick_(going)
        return going


def _search(
    part: BatchedObjective, at: Tensor, now: Values, direction: Tensor
) -> tuple[Tensor, Values, Tensor]:
    """For each model a point along its direction that is low enough, as `steps.search` has it for one.

    Returns:
        θ (A, K, D + 1), the objectives there, and which models found none and stay, (A,).
    """
    slope = dot(direction, now.gradient).flatten()
    size = torch.ones_like(slope)
    found, values = at.clone(), Values(now.value.clone(), now.gradient.clone())
    open_ = torch.arange(len(at), device=at.device)
    while len(open_):
        tried = at[open_] + size[open_, None, None] * direction[open_]
        there = part.pick(open_).at(tried)
        before, down = now.value[open_], size[open_] * slope[open_]
        end = size[open_] * dot(there.gradient, direction[open_]).flatten()
        is_low = is_low_enough(before, there.value, down, end, NOISE[part.rows.dtype])
        taken = open_[is_low]
        found[taken], values.value[taken] = tried[is_low], there.value[is_low]
        values.gradient[taken] = there.gradient[is_low]
        size[open_] *= shrink(before, there.value, down)
        open_ = open_[~is_low & (size[open_] > SHORTEST)]
    return found, values, (found == at).flatten(1).all(1)
