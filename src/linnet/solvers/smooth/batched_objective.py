"""`BatchedObjective`: the objectives of many models on the same rows, each with its own weights and L2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from linnet.solvers.problem.hessian import add_penalty_, pairs
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.preconditioners import Inverse

PRODUCTS = 2**22
"""Products of features, row by row, that are made at once: 32 MiB."""


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
            value, residual = loss.value_and_residual(own, target)
            losses[part.start] = (value * count).double().sum(1)
            return residual.mul_(count[:, None]).flatten(0, 1)

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
        return self.objective.free_(self.level(steps))

    def level(self, theta: Tensor) -> Tensor:
        """θ (…, K, D + 1) with Σ_k θ_k = 0: softmax feels no shift, along which rounding would carry it."""
        return theta - theta.mean(-2, keepdim=True) if self.objective.loss.couples_outputs else theta

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
