"""`ByClass`: a preconditioner of a Hessian a class, for embeddings and many classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.device import limit_threads
from linnet.solvers.problem.hessian import draw
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.preconditioners import (
    SINGULAR,
    Basis,
    Blocks,
    Inverse,
    Preconditioner,
    count_passes,
    has_blocks,
    keep_shift_apart,
    ridge_of,
)

MOST = 500
"""Rows that a class's Hessian is made of: those that curve it most, which are few where classes lie apart."""


@dataclass(frozen=True)
class ByClass(Preconditioner):
    """The Hessian of each class's weights, whole on the features' leading eigenvectors, nothing between.

    On the other eigenvectors it is a number each. Of K classes it is of K·head² numbers where `Spectral` has
    (K·head)², and makes some hundred classes cheap. Costs O(rows·D² + K·head²·(500 + head) + D³).

    Args:
        head: eigenvectors of XᵀX on which a class's Hessian is whole.
        rows: how many are drawn, in proportion to their curvature.
        seed: of the draw.
        basis: where the first build leaves its eigenbasis for later ones; each makes its own when None.
    """

    head: int = 128
    rows: int = 4000
    seed: int = 0
    basis: Basis | None = None

    def build(self, objective: Objective, point: Point) -> Inverse:
        """See `Preconditioner.build`; for more than 2000 features or 100 classes as `Blocks` does."""
        objective, point = objective.near(point)
        basis = self.basis or Basis()
        with limit_threads(1):
            basis.latest = self._build(objective, point, basis)
        return basis.latest

    def _build(self, objective: Objective, point: Point, basis: Basis) -> Inverse:
        if has_blocks(objective.rows):
            return Blocks(self.rows, self.seed).build(objective, point)
        rows = objective.rows
        index, weights = draw(objective, point, self.rows, self.seed)
        X1 = rows.dense(index)  # (B, D + 1)
        U = basis.of(X1, weights)
        Z, head = X1 @ U, min(self.head, U.shape[1])
        scores, target = point.scores[:, index], rows.target(index)
        curvature = objective.loss.curvature(scores, target) * weights  # (K, B)
        ridge = ridge_of(objective, 1e-9 * float(Z.square().mean())).to(U)  # (D + 1,)
        tail = curvature @ Z[:, head:].square() + ridge @ U[:, head:].square()  # (K, D + 1 − head)
        H = torch.stack([_gram(Z[:, :head], own) for own in curvature])  # (K, head, head)
        H += (U[:, :head].T * ridge) @ U[:, :head]
        return keep_shift_apart(_ClassInverse(U, H, tail), objective)

    def work(self, objective: Objective) -> float:
        """See `Preconditioner.work`."""
        rows = objective.rows
        if has_blocks(rows):
            return Blocks(self.rows, self.seed).work(objective)
        D, drawn = rows.features + 1, min(self.rows, len(rows))
        head = min(self.head, D)
        classes = rows.outputs * head**2 * (min(MOST, drawn) + head)
        return count_passes(objective, drawn * D**2 + classes + 5 * D**3)


def _gram(Z: Tensor, weights: Tensor) -> Tensor:
    """Σ_i ω_i z_i z_iᵀ of rows Z (B, head), of the heaviest in the place of all."""
    heaviest, index = weights.topk(min(MOST, len(weights)))
    share = weights.sum() / heaviest.sum().clamp(min=torch.finfo(weights.dtype).tiny)
    chosen = Z[index]
    return chosen.T @ (chosen * (heaviest * share)[:, None])


class _ClassInverse:
    """U H⁻¹ Uᵀ class by class: whole for the first eigenvectors, by a number for each of the others."""

    def __init__(self, U: Tensor, H: Tensor, tail: Tensor) -> None:
        diagonal = H.diagonal(dim1=1, dim2=2)  # (K, head)
        diagonal += SINGULAR * diagonal.mean(1, keepdim=True) + torch.finfo(torch.float32).tiny
        L, _ = torch.linalg.cholesky_ex(H)
        is_sound = L.isfinite().all(-1).all(-1) & (L.diagonal(dim1=1, dim2=2) > 0).all(1)  # (K,)
        L = torch.where(is_sound[:, None, None], L, diagonal.sqrt().diag_embed())
        self.U, self.head = U, torch.cholesky_inverse(L)
        self.tail = tail + SINGULAR * tail.mean() + torch.finfo(torch.float32).tiny

    def __call__(self, gradient: Tensor) -> Tensor:
        """See `Inverse`; on one thread, for a second gains nothing and spins where others want its core."""
        with limit_threads(1):
            g, size = gradient.to(self.U) @ self.U, self.head.shape[-1]  # (…, K, D + 1)
            head = torch.einsum("kab,...kb->...ka", self.head, g[..., :size])
            return (torch.cat([head, g[..., size:] / self.tail], -1) @ self.U.T).double()
