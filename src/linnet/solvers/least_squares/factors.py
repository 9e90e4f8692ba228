"""Factors of a prepared design: what turns residuals into corrections, and what tells its rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.solvers.least_squares.design import Design

EPSILON = 2.0**-52


@dataclass(frozen=True, eq=False)
class Factor:
    """The stacked matrix [√w (A − 1 centre); √λ] as Q M, M right = 1, Q having orthonormal columns.

    Args:
        Q: the upper rows of Q, (N, r).
        right: a right inverse of M, (D, r).
        null: directions that the matrix sends to 0, (D, D − r).
        free: the columns whose directions `null` stands for, one each, (D − r,).
        norm: the largest singular value.
        condition: the largest singular value over the smallest that counts.
    """

    Q: Tensor
    right: Tensor
    null: Tensor
    free: Tensor
    norm: float
    condition: float

    @property
    def rank(self) -> int:
        """r, how many singular values count."""
        return self.right.shape[1]


def tolerance(features: int) -> float:
    """Below this share of the largest, a diagonal entry or singular value is rounding."""
    return 8 * EPSILON * max(1, features)


def by_qr(design: Design) -> Factor:
    """Householder's QR with the columns pivoted (Golub and Van Loan, 5.4.2); λ are more rows."""
    import scipy.linalg

    stacked = design.centred()
    rows, features = stacked.shape
    if bool((design.penalty > 0).any()):
        stacked = torch.cat([stacked, torch.diag(design.penalty.sqrt())])
    found: Any = scipy.linalg.qr(stacked.numpy(), mode="economic", pivoting=True)
    Q, R, order = (torch.from_numpy(part) for part in found)
    order = order.long()
    diagonal = R.diagonal().abs()
    rank = int((diagonal > tolerance(features) * diagonal[0]).sum()) if features else 0
    right = torch.zeros(features, rank, dtype=torch.float64)
    one = torch.eye(rank, dtype=torch.float64)
    right[order[:rank]] = torch.linalg.solve_triangular(R[:rank, :rank], one, upper=True)
    null = torch.zeros(features, features - rank, dtype=torch.float64)
    null[order[:rank]] = -torch.linalg.solve_triangular(R[:rank, :rank], R[:rank, rank:], upper=True)
    null[order[rank:]] = torch.eye(features - rank, dtype=torch.float64)
    values = torch.linalg.svdvals(R[:rank, :rank])
    return _factor(Q[:rows, :rank], right, null, order[rank:], values)


def by_svd(design: Design) -> Factor:
    """The singular value decomposition; λ, the same for all columns or none, only shrinks it."""
    centred = design.centred()
    U, values, Vt = torch.linalg.svd(centred, full_matrices=False)
    ridge = design.penalty[0] if len(design.penalty) else values.new_zeros(())
    rank = int((values > tolerance(min(centred.shape)) * values[:1]).sum())
    stretched = torch.hypot(values[:rank], ridge.sqrt())
    right = Vt[:rank].T / stretched
    null, free = Vt[rank:].T[:, :0], torch.empty(0, dtype=torch.long)
    return _factor(U[:, :rank] * (values[:rank] / stretched), right, null, free, stretched)


def _factor(Q: Tensor, right: Tensor, null: Tensor, free: Tensor, values: Tensor) -> Factor:
    norm = float(values[0]) if len(values) else 0.0
    return Factor(Q, right, null, free, norm, norm / float(values[-1]) if len(values) else 1.0)


def shortest(values: Tensor, null: Tensor, scale: Tensor) -> Tensor:
    """The weights with the least norm among those that differ by null directions.

    Args:
        values: weights of the scaled columns, (D, K).
        null: directions in the scaled columns, (D, n).
        scale: of the columns, (D,); the norm is that of scale · values.
    """
    if not null.shape[1]:
        return values
    largest = (scale[:, None] * null).abs().amax(0)
    Q, _ = torch.linalg.qr(scale[:, None] * null / largest)
    weights = scale[:, None] * values
    return (weights - Q @ (Q.T @ weights)) / scale[:, None]


def collinear(factor: Factor) -> list[tuple[int, ...]]:
    """Groups of columns of which one is a combination of the rest; a constant column is a group of one."""
    groups = []
    for column, direction in zip(factor.free.tolist(), factor.null.T, strict=True):
        others = (direction.abs() > 1e-6).nonzero().flatten().tolist()
        groups.append(tuple(sorted({column, *others})))
    return sorted(groups)
