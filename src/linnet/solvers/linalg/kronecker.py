"""Sums of small matrices of classes times features, which Hessians of linear models are made of.

With S_i = ∂²l/∂o² of row i, (K, K), the Hessian of the mean loss is Σ_i ω_i S_i ⊗ x_i x_iᵀ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.device import limited_threads
from linnet.errors import UsageError

SINGULAR = 1e-6
"""The share of a block's mean diagonal by which it is raised: softmax has a null direction in each."""

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
    entries = list(pairs(loss, scores, target, stiffness))

    if features**2 <= PRODUCTS // max(1, len(X)) and len(entries) > PAIRS:
        products = (X[:, :, None] * X[:, None]).flatten(1)  # (B, D²)
        sums = torch.stack([c * weights for _, _, c in entries]) @ products
        for (a, b, _), block in zip(entries, sums.view(-1, features, features), strict=True):
            H[a, :, b] = H[b, :, a] = block
        return H

    def fill(first: int) -> None:
        scaled = torch.empty_like(X)
        for a, b, c in entries[first::threads]:
            torch.mul(X, (c * weights)[:, None], out=scaled)
            H[a, :, b] = H[b, :, a] = X.T @ scaled

    if threads == 1:
        fill(0)
        return H
    with limited_threads(1), ThreadPoolExecutor(threads, "linnet-gram") as pool:
        list(pool.map(fill, range(threads)))
    return H


def blocks(squares: Tensor, index: list[tuple[int, int]], outputs: int) -> Tensor:
    """Symmetric blocks, (D, K, K), of what stands at each pair of classes, (J, D)."""
    T = squares.new_zeros(squares.shape[1], outputs, outputs)
    for row, (a, b) in zip(squares, index, strict=True):
        T[:, a, b] = T[:, b, a] = row
    return T


def inverted(T: Tensor, ridge: float | Tensor) -> Tensor:
    """(T_j + ridge)⁻¹ of positive semidefinite blocks, (D, K, K), float64, raised where they are singular.

    Args:
        T: (D, K, K).
        ridge: a number, or one a block, (D, 1).
    """
    T = T.double()
    diagonal = T.diagonal(dim1=1, dim2=2)
    diagonal += ridge + SINGULAR * diagonal.mean(1, keepdim=True) + torch.finfo(torch.float32).tiny
    return torch.linalg.inv(T)


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
