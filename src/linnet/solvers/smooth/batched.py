"""`solve_folds`: the optima of many penalties on many folds, solved as one bank.

Model m belongs to a fold f, whose rows count v_fi (0 or 1, times their weights), and a penalty λ_p. It
minimises

    F_m(θ) = Σ_i v_fi l(θ x_i, y_i) / Σ_i v_fi + ½ λ_p ‖W‖²

A fold's optimum is near that of all rows with the same penalty, and so is its Hessian. So the path over all
rows comes first, from the largest penalty down, each from where the one before ended. From there all folds of
all penalties go on together, and the scores of the bank are one product with the rows. Of few parameters each
model has its own Hessian, and all are one product too; of many, L-BFGS remembers for all at once, and the
preconditioner of a penalty, made of all rows, serves its folds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from linnet.solvers.certificate.unattained import explain_unheld
from linnet.solvers.problem.hessian import add_penalty_, newton_directions, pairs
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.standard import standardise_rows
from linnet.solvers.smooth.newton import LBFGS, SINGLE, Memory, Newton, dot
from linnet.solvers.smooth.preconditioners import Basis, Inverse, Spectral
from linnet.solvers.smooth.smooth import NOISE, ROUNDED, SHORTEST, is_low_enough, reach_limit, shrink
from linnet.solvers.solution import CONVERGED, STALLED, UNATTAINED, Certificate, Minimum, Status

SCORES = 2**25
"""Scores that a bank has at once; more models than that are solved one part after another."""

PARAMETERS = 2**24
"""Parameters that a bank remembers at once, in float64: 128 MiB."""

PRODUCTS = 2**22
"""Products of features, row by row, that are made at once: 32 MiB."""


def solve_folds(
    objective: Objective, views: Tensor, l2s: Sequence[float], solver: Newton | LBFGS
) -> list[Minimum]:
    """The optimum of every penalty on every fold, fold by fold and in each penalty by penalty; unproven.

    Args:
        objective: of all rows, softmax or logistic; its own l2 is left out of account.
        views: how much each row counts in each fold, (F, N), the rows' own weights included.
        l2s: P penalties, all positive.
        solver: of the path and of the folds; the preconditioner is `Spectral` whatever it says.
    """
    framed = standardise_rows(objective.replace(penalty=replace(objective.penalty, l2=min(l2s))))
    found = _solve(framed.objective, views, l2s, solver)
    return [replace(one, theta=framed.leave(one.theta)) for one in found]


def _solve(
    objective: Objective, views: Tensor, l2s: Sequence[float], solver: Newton | LBFGS
) -> list[Minimum]:
    """`solve_folds` of columns as they are."""
    starts, inverses = _start(objective, l2s, solver)
    places = list(range(len(l2s))) * len(views)  # of each model's penalty
    folds = torch.arange(len(views), device=views.device).repeat_interleave(len(l2s))
    penalties = torch.tensor(l2s, dtype=torch.float64, device=views.device)
    width = _width(len(objective.rows) * len(starts[0]), starts[0].numel(), solver)
    found = []
    for low in range(0, len(places), width):
        some = places[low : low + width]
        part = BatchedObjective(
            objective, views[folds[low : low + width]], penalties[some], [inverses[place] for place in some]
        )
        found += _minimise(part, torch.stack([starts[place] for place in some]), solver)
    ends = [explain_unheld(objective, view > 0) for view in views]
    return [
        replace(one, status=Status(UNATTAINED, ends[fold])) if ends[fold] else one
        for one, fold in zip(found, folds.tolist(), strict=True)
    ]


def _width(scores: int, parameters: int, solver: Newton | LBFGS) -> int:
    """The number of models that are solved at once, of so many scores and parameters each."""
    remembered = parameters**2 if isinstance(solver, Newton) else 2 * solver.memory * parameters
    return max(1, min(SCORES // scores, PARAMETERS // remembered))


def _start(
    objective: Objective, l2s: Sequence[float], solver: Newton | LBFGS
) -> tuple[list[Tensor], list[Inverse | None]]:
    """θ over all rows, and for L-BFGS an approximate inverse of the Hessian near there, of each penalty."""
    theta, basis = None, Basis()
    inner = solver if isinstance(solver, Newton) else replace(solver, preconditioner=Spectral(basis=basis))
    found: dict[float, tuple[Tensor, Inverse | None]] = {}
    for l2 in sorted(l2s, reverse=True):
        one = objective.replace(penalty=replace(objective.penalty, l2=l2))
        theta = inner.approach(one, theta).theta
        found[l2] = theta, basis.latest
    return [found[l2][0] for l2 in l2s], [found[l2][1] for l2 in l2s]


def _minimise(part: BatchedObjective, start: Tensor, solver: Newton | LBFGS) -> list[Minimum]:
    """The minimum of each model from its start, (A, K, D + 1)."""
    descent = _Descent(part, start, solver)
    if part.rows.dtype == torch.float32 and isinstance(solver, LBFGS):  # as far as float32 can tell
        descent.run_(max(solver.tol, SINGLE))
        if solver.tol >= SINGLE:
            return descent.found
        start = torch.stack([one.theta for one in descent.found])
    wide = _Descent(part.with_dtype(torch.float64), start, solver)
    wide.run_(solver.tol)
    return wide.found


class _Descent:
    """Models on their way; each leaves when it is there.

    Args:
        part: the objectives of all, A of them.
        start: (A, K, D + 1).
        solver: Newton's method or L-BFGS.
    """

    def __init__(self, part: BatchedObjective, start: Tensor, solver: Newton | LBFGS) -> None:
        self.part, self.solver, self.began = part, solver, time.perf_counter()
        self.places = list(range(len(start)))  # the numbers of those that still go on
        self.at, self.now = start, part.at(start)
        self.memory = Memory(solver.memory) if isinstance(solver, LBFGS) else None
        self.done: dict[int, Minimum] = {}

    @property
    def found(self) -> list[Minimum]:
        """Each model's minimum, in order."""
        return [self.done[place] for place in sorted(self.done)]

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
            self.done[self.places[number]] = Minimum(self.at[number], status, certificate, [], name)
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


class Values(NamedTuple):
    """F and its gradient of some models: (A,), (A, K, D + 1), float64."""

    value: Tensor
    gradient: Tensor


class BatchedObjective:
    """The objectives of A models that are solved together.

    Args:
        objective: of all rows.
        views: how much each row counts, (A, N).
        l2: (A,).
        inverses: an approximate inverse of each one's Hessian, for L-BFGS.
    """

    def __init__(
        self, objective: Objective, views: Tensor, l2: Tensor, inverses: Sequence[Inverse | None]
    ) -> None:
        self.objective, self.rows, self.views, self.l2 = objective, objective.rows, views, l2
        self.inverses, self.total = list(inverses), views.sum(1)
        units = l2.new_ones(1) if objective.units is None else objective.units
        self._l2 = l2[:, None] * units.square()  # of each model and column, (A, D) or (A, 1)

    def with_dtype(self, dtype: torch.dtype) -> BatchedObjective:
        """The same with products of another dtype."""
        return BatchedObjective(self.objective.with_dtype(dtype), self.views, self.l2, self.inverses)

    def pick(self, index: Tensor) -> BatchedObjective:
        """Some of the models."""
        chosen = [self.inverses[place] for place in index.tolist()]
        return BatchedObjective(self.objective, self.views[index], self.l2[index], chosen)

    def at(self, theta: Tensor) -> Values:
        """F and its gradient at θ (A, K, D + 1), in one pass for all."""
        loss, rows = self.objective.loss, self.rows
        views, losses = self.views.to(rows.dtype), {}

        def elementwise(scores: Tensor, part: slice) -> Tensor:
            own = scores.view(*theta.shape[:2], -1)  # (A, K, B)
            count, target = views[:, part], rows.target(part)
            losses[part.start] = (loss.value(own, target) * count).double().sum(1)
            return loss.residual(own, target).mul_(count[:, None]).flatten(0, 1)

        sums = rows.sweep(theta.flatten(0, 1), elementwise)[1].view_as(theta) / self.total[:, None, None]
        W = theta[..., :-1]
        weighed = self._l2[:, None] * W
        sums[..., :-1] += weighed
        self.objective.free_(sums)
        in_order = torch.stack([losses[start] for start in sorted(losses)]).sum(0)
        return Values(in_order / self.total + (weighed * W).sum((1, 2)) / 2, sums)

    def precondition(self, gradient: Tensor) -> Tensor:
        """H⁻¹ g of each model, (A, K, D + 1), near enough; models of one penalty share a call."""
        steps = torch.empty_like(gradient)
        for inverse in {id(inverse): inverse for inverse in self.inverses}.values():
            assert inverse is not None, "L-BFGS has them"
            own = torch.tensor([other is inverse for other in self.inverses], device=gradient.device)
            steps[own] = inverse(gradient[own])
        return self.objective.free_(steps)

    def hessians(self, theta: Tensor) -> Tensor:
        """The Hessian of each model, (A, K, D + 1, K, D + 1), float64."""
        A, K, D = theta.shape
        H = theta.new_zeros(A, K, D, K, D)
        for index in torch.arange(len(self.rows), device=theta.device).split(max(1, PRODUCTS // (D * D))):
            X1 = self.rows.dense(index)  # (B, D + 1)
            part = slice(int(index[0]), int(index[-1]) + 1)
            products = (X1[:, :, None] * X1[:, None]).flatten(1)  # (B, (D + 1)²)
            scores = (theta.flatten(0, 1) @ X1.T).view(A, K, -1).transpose(0, 1)  # (K, A, B)
            for a, b, c in pairs(self.objective.loss, scores, self.rows.target(part)):
                block = ((c * self.views[:, part]) @ products).view(A, D, D)
                H[:, a, :, b] += block
                if a != b:
                    H[:, b, :, a] += block
        H /= self.total[:, None, None, None, None]
        add_penalty_(H, self.objective.loss, self._l2.expand(A, D - 1))
        return H
