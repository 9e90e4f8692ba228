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

Rate = float | Tensor
"""η: a number, which costs nothing as it enters the products' alpha, or (M, 1, 1)."""


class Step(Protocol):
    """What both steps are: change the bank by one step of SGD and return the scores from before it."""

    def __call__(
        self, bank: Bank, X: Tensor, target: Tensor, loss: Loss, lr: Rate, scale: float, out: Tensor
    ) -> None:
        """Step the bank in place.

        Args:
            bank: changed in place.
            X: floating rows, (B, D); the features are `X * scale`.
            target: dense targets, (K, B).
            loss: in score space.
            lr: one learning rate for all models, or one a model, (M, 1, 1).
            scale: multiplies X.
            out: filled with the scores from before the step, (M·K, B).
        """
        ...


def fused_sgd_(
    bank: Bank, X: Tensor, target: Tensor, loss: Loss, lr: Rate, scale: float, out: Tensor
) -> None:
    """The closed-form step: see `Step`."""
    scores = bank.scores(X, scale, out)  # (M, K, B)
    G = loss.residual(scores, target)  # (M, K, B)
    if not isinstance(lr, float):
        G, lr = G.mul_(lr), 1.0
    G, rate = G.view(out.shape), lr / X.shape[0]  # (M·K, B)
    bank.b.sub_(G.sum(1), alpha=rate)
    bank.W.addmm_(G, X, alpha=-rate * scale)


def reference_sgd_(
    bank: Bank, X: Tensor, target: Tensor, loss: Loss, lr: Rate, scale: float, out: Tensor
) -> None:
    """The step by autograd, as one would write it in the book: see `Step`."""
    with torch.inference_mode(False), torch.enable_grad():
        leaf = Bank(bank.W.clone().requires_grad_(), bank.b.clone().requires_grad_(), bank.models)
        scores = leaf.scores(X * scale)  # (M, K, B)
        objective = loss.value(scores, target.clone()).mean(-1).sum()  # each model's own mean
        dW, db = torch.autograd.grad(objective, [leaf.W, leaf.b])
    rates = torch.as_tensor(lr, dtype=bank.W.dtype, device=bank.W.device)
    rate = rates.expand(bank.models, bank.outputs, 1).reshape(-1, 1)  # (M·K, 1)
    out.copy_(scores.detach().view(out.shape))
    bank.W.sub_(rate * dW)
    bank.b.sub_(rate[:, 0] * db)
