"""Many penalties on many folds, solved as one bank.

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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.solvers.certificate.unattained import unheld
from linnet.solvers.linalg.kronecker import factor
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.row_space import is_worth_rotating, rotated
from linnet.solvers.problem.standard import standardised
from linnet.solvers.smooth.batched_objective import Part, Values
from linnet.solvers.smooth.lbfgs import LBFGS, SINGLE
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.preconditioners import Basis, Inverse, Preconditioner, Spectral
from linnet.solvers.smooth.smooth import approach
from linnet.solvers.smooth.steps import ARMIJO, NOISE, SHORTEST
from linnet.solvers.solution import CONVERGED, LIMIT, STALLED, UNATTAINED, Status

SCORES = 2**25
"""Scores that a bank has at once; more models than that are solved one part after another."""

PARAMETERS = 2**24
"""Parameters that a bank remembers at once, in float64: 128 MiB."""


class Together(NamedTuple):
    """The models, fold by fold and in each penalty by penalty, (F·P·K, D + 1), and how each ended."""

    bank: Bank
    statuses: list[Status]


def solve_folds(
    objective: Objective, views: Tensor, l2s: Sequence[float], solver: Newton | LBFGS
) -> Together:
    """The optimum of every penalty on every fold.

    Args:
        objective: of all rows, softmax or logistic; its own l2 is left out of account.
        views: how much each row counts in each fold, (F, N), the rows' own weights included.
        l2s: P penalties, all positive.
        solver: of the path and of the folds; the preconditioner is `Spectral` whatever it says.
    """
    wide = objective.with_penalty(replace(objective.penalty, l2=min(l2s)))
    is_wide = is_worth_rotating(wide)
    framed = standardised(wide, min(l2s), is_uniform=is_wide)
    if not is_wide:
        return _left(framed.leave, _solved(framed.objective, views, l2s, solver))
    inner, forth, _ = rotated(framed.objective)
    unit = inner.penalty.l2 / min(l2s)
    found = _solved(inner, views, [unit * l2 for l2 in l2s], solver)
    return _left(lambda theta: framed.leave(forth(theta)), found)


def _left(leave: Callable[[Tensor], Tensor], found: Together) -> Together:
    """Models of the solver's columns as models of the rows."""
    outputs = found.bank.outputs
    parts = [leave(theta) for theta in found.bank.theta.split(outputs)]
    return found._replace(bank=Bank(torch.cat(parts), found.bank.models))


def _solved(objective: Objective, views: Tensor, l2s: Sequence[float], solver: Newton | LBFGS) -> Together:
    """`solve_folds` of columns as they are."""
    starts, inverses = _path(objective, l2s, solver)
    models = [(fold, place) for fold in range(len(views)) for place in range(len(l2s))]
    width = _width(len(objective.rows) * len(starts[0]), starts[0].numel(), solver)
    thetas, statuses = [], []
    for low in range(0, len(models), width):
        some = models[low : low + width]
        part = Part(
            objective, torch.stack([views[fold] for fold, _ in some]),
            torch.tensor([l2s[place] for _, place in some], dtype=torch.float64, device=views.device),
            [inverses[place] for _, place in some],
        )  # fmt: skip
        theta, ended = _minimised(part, torch.stack([starts[place] for _, place in some]), solver)
        thetas.append(theta.flatten(0, 1))
        statuses += ended
    ends = [unheld(objective, view > 0) for view in views]
    statuses = [
        Status(UNATTAINED, ends[fold]) if ends[fold] else status
        for (fold, _), status in zip(models, statuses, strict=True)
    ]
    return Together(Bank(torch.cat(thetas), len(models)), statuses)


def _width(scores: int, parameters: int, solver: Newton | LBFGS) -> int:
    """How many models are solved at once, of so many scores and parameters each."""
    remembered = parameters**2 if isinstance(solver, Newton) else 2 * solver.memory * parameters
    return max(1, min(SCORES // scores, PARAMETERS // remembered))


def _path(
    objective: Objective, l2s: Sequence[float], solver: Newton | LBFGS
) -> tuple[list[Tensor], list[Inverse | None]]:
    """θ over all rows, and for L-BFGS an approximate inverse of the Hessian near there, of each penalty."""
    theta, kept = None, _Kept(Spectral(basis=Basis()), [])
    inner = solver if isinstance(solver, Newton) else replace(solver, preconditioner=kept)
    found: dict[int, tuple[Tensor, Inverse | None]] = {}
    for place in sorted(range(len(l2s)), key=lambda place: -l2s[place]):
        one = objective.with_penalty(replace(objective.penalty, l2=l2s[place]))
        theta = approach(one, theta, inner).theta
        found[place] = theta, kept.made[-1] if kept.made else None
    return [found[place][0] for place in range(len(l2s))], [found[place][1] for place in range(len(l2s))]


@dataclass(frozen=True)
class _Kept(Preconditioner):
    """Another preconditioner, whose results are kept."""

    inner: Preconditioner
    made: list[Inverse]

    def build(self, objective: Objective, point: Point) -> Inverse:
        """See `Preconditioner.build`."""
        self.made.append(self.inner.build(objective, point))
        return self.made[-1]


class _Way(Protocol):
    """How A models get a direction."""

    def direction(self, at: Tensor, gradient: Tensor, part: Part) -> Tensor:
        """Downhill from θ, (A, K, D + 1)."""
        ...

    def keep(self, s: Tensor, y: Tensor) -> None:
        """Remember a step of each model and the change of its gradient, both (A, K, D + 1)."""
        ...

    def some_(self, index: Tensor) -> None:
        """Go on with some of the models."""
        ...


class _Newton:
    """Newton's method: each model by its own Hessian, with nothing to remember."""

    def direction(self, at: Tensor, gradient: Tensor, part: Part) -> Tensor:
        """−H⁻¹ g of each model, (A, K, D + 1)."""
        steps = [
            torch.cholesky_solve(g.reshape(-1, 1), factor(H))
            for g, H in zip(gradient, part.hessians(at), strict=True)
        ]
        return -torch.stack(steps).view_as(gradient)

    def keep(self, s: Tensor, y: Tensor) -> None:
        """See `_Way.keep`."""

    def some_(self, index: Tensor) -> None:
        """See `_Way.some_`."""


class _Memory:
    """L-BFGS: the latest steps s and changes y of the gradient of A models; nonsense counts 0."""

    def __init__(self, size: int) -> None:
        self.size, self.kept = size, list[tuple[Tensor, Tensor, Tensor]]()

    def keep(self, s: Tensor, y: Tensor) -> None:
        """Remember a step of each model."""
        curvature = _dot(s, y)
        is_sound = curvature > 1e-14 * s.flatten(1).norm(dim=1) * y.flatten(1).norm(dim=1)
        rho = torch.where(is_sound, 1 / torch.where(is_sound, curvature, 1.0), 0.0)
        self.kept = [*self.kept, (s, y, rho)][-self.size :]

    def some_(self, index: Tensor) -> None:
        """Go on with some of the models."""
        self.kept = [(s[index], y[index], rho[index]) for s, y, rho in self.kept]

    def direction(self, at: Tensor, gradient: Tensor, part: Part) -> Tensor:
        """−H⁻¹ g of each model by the two-loop recursion, (A, K, D + 1)."""
        q, shares = gradient.clone(), []
        for s, y, rho in reversed(self.kept):
            shares.append(rho * _dot(s, q))
            q -= shares[-1][:, None, None] * y
        q = part.precondition(q)
        for (s, y, rho), share in zip(self.kept, reversed(shares), strict=True):
            q += (share - rho * _dot(y, q))[:, None, None] * s
        return -q


def _minimised(part: Part, start: Tensor, solver: Newton | LBFGS) -> tuple[Tensor, list[Status]]:
    """The optimum of each model from its start, (A, K, D + 1), and how each ended."""
    theta, statuses = start.clone(), [Status(STALLED)] * len(start)
    everyone = torch.arange(len(start), device=start.device)
    if part.rows.dtype == torch.float32 and isinstance(solver, LBFGS):  # as far as float32 can tell
        _Descent(part, theta, statuses, everyone, solver).run_(max(solver.tol, SINGLE))
    if part.rows.dtype == torch.float64 or solver.tol < SINGLE or isinstance(solver, Newton):
        wide = part.with_rows(part.rows.with_dtype(torch.float64))
        _Descent(wide, theta, statuses, everyone, solver).run_(solver.tol)
    return theta, statuses


class _Descent:
    """Models on their way; each leaves when it is there.

    Args:
        part: the objectives of all, A of them.
        theta: (A, K, D + 1), where they start and, as each leaves, where it ended.
        statuses: A, filled in likewise.
        places: which of those this is about, all to begin with.
        solver: Newton's method or L-BFGS.
    """

    def __init__(
        self, part: Part, theta: Tensor, statuses: list[Status], places: Tensor, solver: Newton | LBFGS
    ) -> None:
        self.part, self.theta, self.statuses, self.places, self.solver = part, theta, statuses, places, solver
        self.at, self.now = theta.clone(), part.at(theta)
        self.way: _Way = _Memory(solver.memory) if isinstance(solver, LBFGS) else _Newton()

    def run_(self, tol: float) -> None:
        """Go on until each model's gain ½ gᵀH⁻¹g is at most `tol` of its objective, or it cannot."""
        for iteration in range(self.solver.max_iter + 1):
            direction = self.way.direction(self.at, self.now.gradient, self.part)
            gain = -_dot(direction, self.now.gradient) / 2
            going = self._leave_(gain <= tol * self.now.value.abs(), Status(CONVERGED))
            direction, gain = direction[going], gain[going]
            if iteration == self.solver.max_iter:
                advice = f"allow more than {iteration} iterations (max_iter), or a larger tol"
                self._leave_(torch.ones(len(self.places), dtype=torch.bool), Status(LIMIT, advice))
            if not len(self.places):
                return  # all are there, or out of iterations
            at, now, is_stuck = _searched(self.part, self.at, self.now, direction)
            self.way.keep(at - self.at, now.gradient - self.now.gradient)
            self.at, self.now = at, now
            is_fine = (
                gain <= max(tol, NOISE[self.part.rows.dtype]) * self.now.value.abs()
            )  # what rounding hides
            going = self._leave_(is_stuck & is_fine, Status(CONVERGED))
            is_stuck = is_stuck[going]
            if not len(self.places):
                return
            self._leave_(
                is_stuck, Status(STALLED, "rounding allows no lower objective: ask for a larger tol")
            )
            if not len(self.places):
                return

    def _leave_(self, is_done: Tensor, status: Status) -> Tensor:
        """Put down the models that are done, and go on with the others, whose numbers are returned."""
        self.theta[self.places[is_done]] = self.at[is_done]
        for place in self.places[is_done].tolist():
            self.statuses[place] = status
        going = (~is_done).nonzero()[:, 0]
        if bool(is_done.any()):
            self.places, self.at = self.places[going], self.at[going]
            self.part, self.now = self.part.some(going), Values(*(values[going] for values in self.now))
            self.way.some_(going)
        return going


def _searched(part: Part, at: Tensor, now: Values, direction: Tensor) -> tuple[Tensor, Values, Tensor]:
    """For each model a point along its direction that is low enough, as `steps.search` has it for one.

    Returns:
        θ (A, K, D + 1), the objectives there, and which models found none and stay, (A,).
    """
    slope = _dot(direction, now.gradient)
    size = torch.ones_like(slope)
    found, values = at.clone(), Values(now.value.clone(), now.gradient.clone())
    open_ = torch.arange(len(at), device=at.device)
    while len(open_):
        tried = at[open_] + size[open_][:, None, None] * direction[open_]
        there = part.some(open_).at(tried)
        before, down = now.value[open_], size[open_] * slope[open_]
        end = _dot(there.gradient, direction[open_])
        is_level = there.value <= before + NOISE[part.rows.dtype] * before.abs()
        is_low = (there.value < before + ARMIJO * down) | (is_level & (end.abs() <= 0.9 * slope[open_].abs()))
        taken = open_[is_low]
        found[taken], values.value[taken] = tried[is_low], there.value[is_low]
        values.gradient[taken] = there.gradient[is_low]
        bend = there.value - before - down  # to the lowest point of the parabola through both ends
        shrink = torch.where(bend > 0, -down / (2 * bend.clamp(min=1e-300)), 0.5).clamp(0.1, 0.5)
        size[open_] *= shrink
        open_ = open_[~is_low & (size[open_] > SHORTEST)]
    return found, values, (found == at).flatten(1).all(1)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Of each model, (A,), of (A, K, D + 1)."""
    return (a * b).sum((1, 2))
