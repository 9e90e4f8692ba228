"""`Staged`: L-BFGS on a sample of the rows first, then on all, by Hessians that are made where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.device import generator
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.by_class import ByClass
from linnet.solvers.smooth.lbfgs import LBFGS, Pace, coarsen
from linnet.solvers.smooth.preconditioners import Basis, Preconditioner, Spectral
from linnet.solvers.smooth.smooth import SmoothSolver, Step

SAMPLE, FEWEST = 8000, 500
"""Rows of the first stage of `Staged`, and below which there is none."""

DEAR, CHEAP = 60, 8
"""Passes over the rows: Hessians that take longer are put off, and blocks that take longer left out."""


@dataclass(frozen=True)
class Staged(SmoothSolver):
    """L-BFGS in stages: from a sample of the rows on, by Hessians that are made where the stage before ended.

    1. From zero on 8000 rows, or a fifth of few, until the gain left is 1 %: by then the sample's optimum and
       that of all rows differ by more. Left out of very few, and where the start is not zero.
    2. On all rows, with `Spectral(head=100)` made where stage 1 ended, until the gain left is 0.3 %.
    3. With `Spectral(head=200)` made where stage 2 ended, which is near enough for its Hessian to last.

    These Hessians pay for pixels, which are so correlated that L-BFGS alone takes many hundreds of passes. Of
    embeddings it takes some dozens, and many classes make the Hessians dear: where they would take as long as
    60 passes, `ByClass` is tried first, until the pace tells that it would take more than 90 steps.

    docs/solvers.md has the figures of this and of the ways that were slower.

    Args:
        tol: as of `LBFGS`.
        memory: as of `LBFGS`.
        max_iter: iterations over all rows.
        seed: of the samples.
    """

    tol: float = 1e-9
    memory: int = 20
    max_iter: int = 500
    seed: int = 0

    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """See `SmoothSolver.steps`."""
        objective = coarsen(objective)
        basis = Basis()
        coarse, fine = Spectral(100, 5000, self.seed, basis), Spectral(200, 10_000, self.seed, basis)
        light, flat = (ByClass(head, SAMPLE // 2, self.seed, basis) for head in (128, 0))
        is_dear = coarse.work(objective) + fine.work(objective) > DEAR
        light = light if light.work(objective) <= CHEAP else None
        first = flat if is_dear else Spectral(0, SAMPLE // 2, self.seed, basis)
        at, done = Step(objective, objective.point(self._warm(objective, start, first, few=is_dear))), 0
        ways: list[tuple[Preconditioner | None, float]] = [(coarse, max(self.tol, 3e-3)), (fine, self.tol)]
        for preconditioner, tol in [(light, self.tol), *ways] if is_dear else ways:
            is_light, pace = preconditioner is light, Pace(self.tol)
            solver = LBFGS(tol, self.memory, self.max_iter, preconditioner)
            for step in solver.go_on(at.objective, at.point, max(0, self.max_iter - done)):
                at, done = step, done + (step.status is None)
                is_end = step.status is not None and preconditioner is not coarse
                if step.status is None or is_end:
                    yield step
                if is_end:
                    return
                if is_light and pace.is_slow(step):
                    break

    def _warm(
        self, objective: Objective, start: Tensor, preconditioner: Preconditioner | None, *, few: bool
    ) -> Tensor:
        """Where a sample of the rows leads to: 8000 of four times as many, or a fifth of few."""
        rows = objective.rows
        if not objective.keeps_scores:
            return self._settle(objective.near_rows, start, preconditioner)
        counted = torch.arange(len(rows)) if rows.weights is None else rows.weights.nonzero()[:, 0].cpu()
        size = min(SAMPLE, len(counted) // 5) if few else SAMPLE
        if len(counted) < 4 * size or size < FEWEST or bool(start.any()):
            return start
        order = torch.randperm(len(counted), generator=generator(self.seed, "warm"))
        return self._settle(objective.sample(counted[order[:size]].to(start.device)), start, preconditioner)

    def _settle(self, sample: Objective, start: Tensor, preconditioner: Preconditioner | None) -> Tensor:
        """About the optimum of a sample."""
        *_, last = LBFGS(1e-2, self.memory, 30, preconditioner).steps(sample, start)
        return last.point.theta
