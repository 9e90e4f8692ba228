"""The Hessian of the objective, its factor, Newton's step, and rows drawn to approximate it.

With S_i = ∂²l/∂o² of row i, (K, K), the Hessian of the mean loss is Σ_i ω_i S_i ⊗ x_i x_iᵀ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.device import generator, map_in_threads
from linnet.errors import UsageError
from linnet.solvers.problem.objective import Objective, Point

CHUNK = 4096
"""Rows whose share of the Hessian is added at once."""

UNIFORM = 0.1
"""The share of a sample that is drawn without regard to the rows' curvature."""

PAIRS = 64
"""Pairs of classes whose products are made at once."""

PRODUCTS = 2**23
"""Products of features, row by row, up to which all pairs of many classes share one: 64 MiB."""

TOO_LARGE = "the features are too large to be squared: scale them"


def pairs(
    loss: Loss, scores: Tensor, target: Tensor, stiffness: float = 1.0
) -> Iterator[tuple[int, int, Tensor]]:
    """The entries (a, b), a ≥ b, of S_i that are not zero, over the rows: (a, b, (B,))."""
    if not loss.couples_outputs:
        curvature = loss.output_curvature(scores, target, stiffness)
        yield from ((a, a, curvature[a]) for a in range(len(scores)))
        return
    p = torch.softmax(scores, 0)
    for a in range(len(p)):
        yield from ((a, b, p[a] * (float(a == b) - p[b])) for b in range(a + 1))


def gram(
    X: Tensor,
    loss: Loss,
    scores: Tensor,
    target: Tensor,
    weights: Tensor,
    threads: int = 1,
    stiffness: float = 1.0,
) -> Tensor:
    """Σ_i ω_i S_i ⊗ x_i x_iᵀ, (K, D, K, D).

    Args:
        X: x_i, (B, D), floating.
        loss: whose second derivative S_i is.
        scores: where, (K, B).
        target: as the loss takes it.
        weights: ω_i, (B,).
        threads: that share the pairs of classes; each computes alone, for threads that share a product wait
            for each other, which costs many times the product where other programs want the cores.
        stiffness: of straight parts, as of `Loss.output_curvature`.
    """
    outputs, features = len(scores), X.shape[1]
    H = X.new_zeros(outputs, features, outputs, features)
    # A row of softmax's S_i sums to 0, so that a class's own block is less the sum of those with others.
    is_bound = loss.couples_outputs and outputs > 1
    entries = [(a, b, c) for a, b, c in pairs(loss, scores, target, stiffness) if not is_bound or a != b]

    def fill(first: int) -> None:
        scaled = torch.empty_like(X)
        for a, b, c in entries[first::threads]:
            torch.mul(X, (c * weights)[:, None].to(X), out=scaled)
            H[a, :, b] = H[b, :, a] = X.T @ scaled

    if features**2 <= PRODUCTS // max(1, len(X)) and len(entries) > PAIRS:
        products = (X[:, :, None] * X[:, None]).flatten(1)  # (B, D²)
        sums = torch.stack([c * weights for _, _, c in entries]).to(X) @ products
        for (a, b, _), block in zip(entries, sums.view(-1, features, features), strict=True):
            H[a, :, b] = H[b, :, a] = block
    else:
        map_in_threads(fill, range(threads))
    for a in range(outputs if is_bound else 0):
        H[a, :, a] = -H[a].sum(1)
    return H


def factor(H: Tensor) -> Tensor:
    """The Cholesky factor of a positive semidefinite matrix, raised by as little as lets it succeed.

    Each diagonal entry is raised by a share of itself, so that features of tiny and of large numbers are
    treated alike, or of the mean, where that is much larger.

    Raises:
        UsageError: a number in it is not finite: the features are too large to be squared.
    """
    diagonal, lift = H.diagonal(), torch.finfo(H.dtype).eps
    mean = float(diagonal.mean())
    if not math.isfinite(mean):
        raise UsageError(TOO_LARGE)
    raised = H
    while lift < 100:
        L, failed = torch.linalg.cholesky_ex(raised)
        if not failed and bool(L.diagonal().isfinite().all()):
            return L
        lift *= 10
        raised = H + torch.diag(lift * diagonal.clamp(min=lift * (mean if mean > 0 else 1.0)))
    raise AssertionError("a Hessian of a convex loss")


def hessian(objective: Objective, point: Point, stiffness: float = 1.0) -> Tensor:
    """The Hessian, (K, D + 1, K, D + 1), float64; straight parts are given curvature by the stiffness.

    Args:
        objective: the loss, the rows, in whose dtype products are, and L2.
        point: where.
        stiffness: as of `Loss.output_curvature`.
    """
    rows = objective.rows
    K, D = point.theta.shape
    H = torch.zeros(1, K, D, K, D, dtype=torch.float64, device=point.theta.device)
    weights = rows.counts.to(rows.dtype)
    for index in torch.arange(len(rows), device=H.device).split(CHUNK):
        X1 = rows.dense(index)
        scores, target = objective.scores_of(point, X1, index), rows.target(index)
        H += gram(X1, objective.loss, scores, target, weights[index], stiffness=stiffness)
    H = rows.join(H)[0] / rows.total
    l2 = torch.as_tensor(objective.l2, dtype=H.dtype, device=H.device)
    add_penalty_(H, objective.loss, l2.expand(1, D - 1))
    return H[0]


def add_penalty_(H: Tensor, loss: Loss, l2: Tensor) -> None:
    """Add L2 to the Hessians of A models, and curvature where softmax has none.

    Softmax does not feel a shift of all classes' parameters, and its gradient has no part along such shifts
    of what is not penalised. So any curvature will do there: the mean of a feature's own, for another's may
    be so much larger that it would swallow it.

    Args:
        H: (A, K, D + 1, K, D + 1), of the mean loss.
        loss: in score space.
        l2: of each model and column, (A, D).
    """
    diagonal = H.diagonal(dim1=1, dim2=3).diagonal(dim1=1, dim2=2)  # (A, K, D + 1)
    K, means = H.shape[1], diagonal.mean(1)  # (A, D + 1)
    diagonal[..., :-1] += l2[:, None]
    if loss.couples_outputs:
        is_loose = torch.nn.functional.pad(l2 == 0, (0, 1), value=True)
        shift = torch.where(is_loose, torch.where(means > 0, means, 1.0) / K, 0.0)
        H.diagonal(dim1=2, dim2=4).add_(shift[:, None, None])


def newton_directions(H: Tensor, gradient: Tensor, intercept: bool) -> Tensor:
    """−H⁻¹ g of A models, (A, K, D + 1); the bias stays where there is none.

    Args:
        H: (A, K, D + 1, K, D + 1).
        gradient: (A, K, D + 1).
        intercept: whether there is a bias.
    """
    models, K, width = gradient.shape
    free = width if intercept else width - 1
    g = gradient[..., :free].reshape(models, -1, 1)
    H = H[:, :, :free, :, :free].reshape(models, K * free, K * free)
    steps = [-torch.cholesky_solve(own, factor(matrix)) for own, matrix in zip(g, H, strict=True)]
    return torch.nn.functional.pad(torch.stack(steps).view(models, K, free), (0, width - free))


def newton_direction(objective: Objective, point: Point, stiffness: float = 1.0) -> Tensor:
    """−H⁻¹ g, (K, D + 1)."""
    H = hessian(objective, point, stiffness)
    return newton_directions(H[None], point.gradient[None], objective.intercept)[0]


def draw(objective: Objective, point: Point, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Rows drawn by their curvature, and how much each stands for.

    Args:
        objective: whose rows.
        point: where.
        count: how many; all rows, each once, where there are not more.
        seed: of the draw.

    Returns:
        Row numbers, (B,), and weights ω, (B,), so that Σ ω f is near the weighted mean of f over all rows.
    """
    rows, share = objective.rows, objective.rows.shares
    if count >= len(rows):
        return torch.arange(len(rows), device=share.device), share.to(rows.dtype)
    curvature = objective.loss.curvature(point.scores, rows.target()).sum(0).double()
    weight = share * (curvature + 1e-12)
    chance = UNIFORM * share + (1 - UNIFORM) * weight / weight.sum()  # sums to 1
    # One draw a stratum of equal chance: less scatter than independent draws.
    draws = torch.rand(count, generator=generator(seed, "curvature"), dtype=torch.float64)
    places = torch.arange(count, dtype=torch.float64) + draws
    index = torch.searchsorted(chance.cumsum(0) * count, places.to(share.device)).clamp_(max=len(rows) - 1)
    return index, (share[index] / (chance[index] * count)).to(rows.dtype)
