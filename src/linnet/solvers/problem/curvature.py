"""The Hessian on some coordinates of θ, as working sets need it, and second moments of some columns."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from linnet.solvers.problem.hessian import draw
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.rows import Rows

NUMBERS = 2**22
"""Of a block of rows as floats: 32 MiB in float64."""


class Grams:
    """Σ_i ω_i x_i x_iᵀ of the columns asked for so far: a square's curvature, whatever the point."""

    def __init__(self) -> None:
        self.features = torch.zeros(0, dtype=torch.int64)
        self.H = torch.zeros(0, 0, dtype=torch.float64)

    def of(self, rows: Rows, features: Tensor, shares: Tensor) -> Tensor:
        """Of some columns, (P, P); what is new among them costs a pass.

        Args:
            rows: the same at each call.
            features: which columns, (P,), in order; D is that of ones.
            shares: ω, (N,).
        """
        new = features[~torch.isin(features, self.features)]
        if len(new):
            self._add(rows, new, shares)
        at = torch.searchsorted(self.features, features)
        return self.H[at][:, at]

    def _add(self, rows: Rows, new: Tensor, shares: Tensor) -> None:
        every = torch.cat([self.features, new]).sort().values
        old, at = torch.searchsorted(every, self.features), torch.searchsorted(every, new)
        H = torch.zeros(len(every), len(every), dtype=torch.float64)
        H[old[:, None], old] = self.H
        fresh = torch.zeros(len(new), len(every), dtype=torch.float64)
        for X, part in _parts(rows, torch.arange(len(rows)), every, len(every)):
            fresh += (X[:, at].T * shares[part].to(X.dtype)) @ X
        H[at], H[:, at] = fresh, fresh.T
        self.features, self.H = every, H


def blocks(
    objective: Objective,
    point: Point,
    chosen: Tensor,
    sample: int,
    seed: int = 0,
    stiffness: float = 0.0,
    memory: Grams | None = None,
) -> list[tuple[Tensor, Tensor]]:
    """The Hessian of the mean loss and L2 on the chosen coordinates.

    Softmax couples all outputs: one block. The other losses have outputs that know nothing of each other: a
    block each.

    Args:
        objective: the loss and the rows, whose dtype the products have.
        point: where.
        chosen: (K, D + 1), bool.
        sample: rows to use; drawn in proportion to their curvature where there are more.
        seed: of the draw.
        stiffness: of Huber's straight parts, as of `Loss.output_curvature`.
        memory: of a square's Gram matrices, where there is one.

    Returns:
        For each part that stands apart: its coordinates, as positions in θ laid flat and in order, (P,), and
        the Hessian on them, (P, P), float64.
    """
    is_square = objective.loss.is_quadratic
    index, shares = draw(objective, point, len(objective.rows) if is_square else sample, seed)
    features = chosen.any(0).nonzero()[:, 0]
    columns = chosen.shape[1]
    if objective.loss.couples_outputs:
        groups = [(chosen.flatten().nonzero()[:, 0], _softmax(objective, point, chosen, index, shares))]
    else:
        groups = []
        if is_square:
            found = [(memory or Grams()).of(objective.rows, features, shares)]
        else:
            found = _separate(objective, point, features, index, shares, stiffness)
        for k, used in enumerate(chosen):
            at = torch.searchsorted(features, own := used.nonzero()[:, 0])
            groups.append((own + k * columns, found[min(k, len(found) - 1)][at][:, at]))
    l2 = objective.zeros()[0]  # (D + 1,), that of the bias 0
    l2[:-1] = objective.l2
    for where, H in groups:
        H.diagonal().add_(l2[where % columns])
    return groups


def _softmax(objective: Objective, point: Point, chosen: Tensor, index: Tensor, shares: Tensor) -> Tensor:
    """Σ_i ω_i (diag(p_i) − p_i p_iᵀ) ⊗ x_i x_iᵀ on the chosen coordinates: blocks of classes less U Uᵀ."""
    features = chosen.any(0).nonzero()[:, 0]
    kept = [torch.searchsorted(features, used.nonzero()[:, 0]) for used in chosen]
    bounds = torch.tensor([0, *(len(k) for k in kept)]).cumsum(0).tolist()
    spread = torch.cat(kept)
    of = torch.cat([torch.full_like(k, c) for c, k in enumerate(kept)])
    some = objective.rows.sparse_columns(index, features[spread])
    if some is None:
        H = torch.zeros(len(spread), len(spread), dtype=torch.float64)
        for X, part in _parts(objective.rows, index, features, len(spread)):
            p = torch.softmax(point.scores[:, index[part]], 0).to(X.dtype)  # (K, B)
            w = shares[part].to(X.dtype)
            U = X[:, spread] * p[of].T  # (B, P)
            H -= (U.T * w) @ U
            for c, k in enumerate(kept):
                here = slice(bounds[c], bounds[c + 1])
                H[here, here] += (U[:, here].T * w) @ X[:, k]
    else:
        p = torch.softmax(point.scores[:, index].double(), 0)
        H = torch.from_numpy(some.softmax_gram(p.numpy(), shares.double().numpy(), of.numpy()))
    ones = (features[spread] == objective.rows.features).nonzero()[:, 0]
    if (
        len(ones) == objective.rows.outputs
    ):  # softmax does not feel a shift of all biases: any curvature will do
        H[ones[:, None], ones] += float(H.diagonal()[ones].mean()) / len(ones)
    return H


def _separate(
    objective: Objective, point: Point, features: Tensor, index: Tensor, shares: Tensor, stiffness: float
) -> list[Tensor]:
    """Σ_i ω_i c_ik x_i x_iᵀ of each output k on some features."""
    rows = objective.rows
    curvature = objective.loss.output_curvature(point.scores[:, index], rows.target(index), stiffness)
    return list(grams(rows, features, curvature * shares, index))


def grams(rows: Rows, features: Tensor, weights: Tensor, index: Tensor | None = None) -> Tensor:
    """Σ_i c_ji x_i x_iᵀ for each j, (J, P, P), float64.

    Args:
        rows: x_i, with a last column of ones; the products have their dtype.
        features: which columns, (P,), in order; D is that of ones.
        weights: c, (J, B).
        index: which rows, (B,); all when None.
    """
    index = torch.arange(len(rows), device=rows.y.device) if index is None else index
    shape = len(weights), len(features), len(features)
    if (some := rows.sparse_columns(index, features)) is not None:
        return torch.stack([torch.from_numpy(some.gram(w.double().numpy())) for w in weights])
    sums = torch.zeros(shape, dtype=torch.float64, device=rows.y.device)
    for X, part in _parts(rows, index, features, len(features)):
        for total, w in zip(sums, weights[:, part].to(X.dtype), strict=True):
            total += (X.T * w) @ X
    return rows.join(sums)[0]


def _parts(rows: Rows, index: Tensor, features: Tensor, width: int) -> Iterator[tuple[Tensor, slice]]:
    """Some columns of some rows as floats, (B, P), block after block; column D is that of ones."""
    size = max(1, NUMBERS // max(len(features), width, 1))
    for first in range(0, len(index), size):
        part = slice(first, min(first + size, len(index)))
        yield rows.columns(index[part], features), part
