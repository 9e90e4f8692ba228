"""`score_hessian`: the second derivatives of a loss by the scores, summed over rows or times a direction."""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.core.losses import Loss


def score_hessian_product(loss: Loss, scores: Tensor, target: Tensor, direction: Tensor) -> Tensor:
    """∂²l/∂o² q of each row, (K, B): for softmax p ⊙ (q − pᵀq); else curvature ⊙ q.

    Args:
        loss: the loss l.
        scores: o, (K, B).
        target: as `Loss.value` takes it.
        direction: q, (K, B).
    """
    if loss.couples_outputs:
        p = torch.softmax(scores, -2)
        return p * (direction - (p * direction).sum(-2, keepdim=True))
    return loss.curvature(scores, target) * direction


def score_hessian(loss: Loss, scores: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    """Σ ω_i ∂²l_i/∂o², (K, K): for softmax diag(Σ ω p) − Σ ω p pᵀ; else the curvatures' sums on the diagonal.

    Args:
        loss: the loss l.
        scores: o, (K, N).
        target: as `Loss.value` takes it.
        weights: ω, (N,); all 1 when None.
    """
    curves = torch.softmax(scores, -2) if loss.couples_outputs else loss.curvature(scores, target)
    weighted = curves if weights is None else curves * weights
    H = weighted.sum(1).diag()
    return H - weighted @ curves.T if loss.couples_outputs else H
