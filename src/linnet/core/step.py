"""One step of minibatch SGD on a bank: the readable reference, and the fused one that runs.

With the mean loss of a minibatch `L = (1/B) Σ_i l(o_i, y_i)`, scores `o = W x + b` and the loss's residual
`r = ∂l/∂o`, the gradients are `∂L/∂W = (1/B) r X` and `∂L/∂b = (1/B) Σ_i r_i` (D2L 3.4.6), so a step is two
matrix products around an elementwise residual:

    scores = W X^T + b           (M·K, B)
    W ← W − (η/B) residual X     (M·K, D)

Features may come unscaled (raw pixels as floats): `scale` enters both products as their alpha, which costs
nothing, where scaling X itself would be one more pass over the largest array.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss


class Step(Protocol):
    """What both steps are: change the bank by one step of SGD and return the scores from before it."""

    def __call__(
        self, bank: Bank, X: Tensor, target: Tensor, loss: Loss, lr: Tensor, scale: float, out: Tensor
    ) -> None:
        """Step the bank in place.

        Args:
            bank: changed in place.
            X: floating rows, (B, D); the features are `X * scale`.
            target: dense targets, (K, B).
            loss: in score space.
            lr: one learning rate a model, (M, 1, 1).
            scale: multiplies X.
            out: filled with the scores from before the step, (M·K, B).
        """
        ...


def fused_sgd_(
    bank: Bank, X: Tensor, target: Tensor, loss: Loss, lr: Tensor, scale: float, out: Tensor
) -> None:
    """The closed-form step: see `Step`."""
    torch.addmm(bank.b[:, None], bank.W, X.T, alpha=scale, out=out)  # (M·K, B)
    scores = out.view(bank.models, bank.outputs, -1)  # (M, K, B)
    G = loss.residual(scores, target).mul_(lr).view(out.shape)  # (M·K, B)
    bank.b.sub_(G.sum(1), alpha=1 / len(X))
    bank.W.addmm_(G, X, alpha=-scale / len(X))


def reference_sgd_(
    bank: Bank, X: Tensor, target: Tensor, loss: Loss, lr: Tensor, scale: float, out: Tensor
) -> None:
    """The step by autograd, as one would write it in the book: see `Step`."""
    leaf = Bank(bank.W.clone().requires_grad_(), bank.b.clone().requires_grad_(), bank.models)
    with torch.enable_grad():
        scores = leaf.scores(X * scale)  # (M, K, B)
        objective = loss.value(scores, target).mean(-1).sum()  # each model's own mean
        dW, db = torch.autograd.grad(objective, [leaf.W, leaf.b])
    rate = lr.expand(-1, bank.outputs, 1).reshape(-1, 1)  # (M·K, 1)
    out.copy_(scores.detach().view(out.shape))
    bank.W.sub_(rate * dW)
    bank.b.sub_(rate[:, 0] * db)
