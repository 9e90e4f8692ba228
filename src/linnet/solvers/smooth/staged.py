"""The way to the optimum for many rows: a sample first, then L-BFGS on all with ever better Hessians."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.device import generator
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.preconditioners import Basis, Spectral
from linnet.solvers.smooth.steps import Solver, Step

SAMPLE = 8000
"""Rows of the first stage."""


@dataclass(frozen=True)
class Staged(Solver):
    """L-BFGS in three stages.

    1. From zero on 8000 rows, preconditioned by blocks in the features' eigenbasis, until the gain left is
       1 %: by then the sample's optimum and that of all rows differ by more. Left out below 32,000 rows, and
       where the start is not zero.
    2. On all rows, with `Spectral(head=100)` made where stage 1 ended, until the gain left is 0.3 %.
    3. With `Spectral(head=200)` made where stage 2 ended, which is near enough for its Hessian to last.

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
        """See `Solver.steps`."""
        basis = Basis()
        point = objective.point(self._warm(objective, start, basis))
        coarse = LBFGS(max(self.tol, 3e-3), self.memory, self.max_iter, Spectral(100, 5000, self.seed, basis))
        done = 0
        for step in coarse.go_on(objective, point, self.max_iter):
            point, done = step.point, done + 1
            if step.status is None:
                yield step
        fine = LBFGS(self.tol, self.memory, self.max_iter, Spectral(200, 10_000, self.seed, basis))
        yield from fine.go_on(objective, point, max(0, self.max_iter - done + 1))

    def _warm(self, objective: Objective, start: Tensor, basis: Basis) -> Tensor:
        """Where a sample of the rows leads to."""
        rows = objective.rows
        counted = torch.arange(len(rows)) if rows.weights is None else rows.weights.nonzero()[:, 0].cpu()
        if len(counted) < 4 * SAMPLE or bool(start.any()):
            return start
        order = torch.randperm(len(counted), generator=generator(self.seed, "warm"))
        sample = objective.sample(counted[order[:SAMPLE]].to(start.device))
        solver = LBFGS(1e-2, self.memory, 30, Spectral(0, SAMPLE // 2, self.seed, basis))
        return _last(solver.steps(sample, start)).theta


def _last(steps: Iterator[Step]) -> Point:
    step = next(steps)
    for step in steps:  # noqa: B007 (the last is wanted)
        pass
    return step.point
