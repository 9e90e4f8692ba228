"""One step of minibatch SGD on a bank: the readable reference, and the fused one that runs.

With the mean loss of a minibatch `L = (1/B) Σ_i l(o_i, y_i)`, scores `o = W x + b` and the loss's residual
`r = ∂l/∂o`, the gradients are `∂L/∂W = (1/B) r X` and `∂L/∂b = (1/B) Σ_i r_i` (D2L 3.4.6). With a last
feature of 1 in X1, the bias is one more weight in θ, and a step is two matrix products around an
elementwise residual:

    scores = θ X1^T              (M·K, B)
    θ ← θ − (η/B) residual X1    (M·K, D + 1)

Features may come unscaled (raw pixels as floats): `scale` enters both products as their alpha, which costs
nothing, where scaling X itself would be one more pass over the largest array.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.errors import UsageError

Rate = float | Tensor
"""η: a number, which costs nothing as it enters the products' alpha, or (M, 1, 1)."""


class Step(Protocol):
    """What both steps are: change the bank by one step of SGD and return the scores from before it."""

    def __call__(
        self, bank: Bank, X1: Tensor, target: Tensor, loss: Loss, lr: Rate, scale: float, out: Tensor
    ) -> None:
        """Step the bank in place.

        Args:
            bank: changed in place.
            X1: floating rows with a last column of 1/scale, (B, D + 1); the features are `X1 * scale`.
            target: dense targets, (K, B).
            loss: in score space.
            lr: one learning rate for all models, or one a model, (M, 1, 1).
            scale: multiplies X1.
            out: filled with the scores from before the step, (M·K, B).
        """
        ...


def fused_sgd_(
    bank: Bank, X1: Tensor, target: Tensor, loss: Loss, lr: Rate, scale: float, out: Tensor
) -> None:
    """The closed-form step: see `Step`."""
    scores = bank.scores_into(out, X1, scale)  # (M, K, B)
    G = loss.residual(scores, target)  # (M, K, B)
    if not isinstance(lr, float):
        G, lr = G.mul_(lr), 1.0
    bank.theta.addmm_(G.view(out.shape), X1, alpha=-lr * scale / X1.shape[0])


def summed_gradient(bank: Bank, X1: Tensor, target: Tensor, loss: Loss, scale: float, out: Tensor) -> Tensor:
    """Σ_i r_i x_i over rows that are here, (M·K, D + 1): see `Step`, whose mean gradient it is times B."""
    scores = bank.scores_into(out, X1, scale)  # (M, K, B)
    return loss.residual(scores, target).view(out.shape).mm(X1).mul_(scale)


def reference_sgd_(
    bank: Bank, X1: Tensor, target: Tensor, loss: Loss, lr: Rate, scale: float, out: Tensor
) -> None:
    """The step by autograd, as one would write it in the book: see `Step`."""
    X = X1[:, :-1] * scale  # (B, D)
    with torch.inference_mode(False), torch.enable_grad():
        W, b = bank.W.clone().requires_grad_(), bank.b.clone().requires_grad_()
        scores = (W @ X.clone().T + b[:, None]).view(bank.models, bank.outputs, -1)  # (M, K, B)
        objective = loss.value(scores, target.clone()).mean(-1).sum()  # each model's own mean
        dW, db = torch.autograd.grad(objective, [W, b])
    rates = torch.as_tensor(lr, dtype=W.dtype, device=W.device)
    rate = rates.expand(bank.models, bank.outputs, 1).reshape(-1, 1)  # (M·K, 1)
    out.copy_(scores.detach().view(out.shape))
    bank.W.sub_(rate * dW)
    bank.b.sub_(rate[:, 0] * db)


class Trace:
    """A `Step` that keeps θ before the first step and after each.

    It is given to `fit(..., step=Trace())` and read when the run has ended, also where it diverged. It is for
    small models: θ is copied at every minibatch.

    Args:
        step: that is taken.
        most: points that may be kept.
    """

    def __init__(self, step: Step = fused_sgd_, most: int = 100_000) -> None:
        self.step, self.most = step, most
        self.points: list[Tensor] = []
        """θ, (M·K, D + 1) each."""

    def __call__(
        self, bank: Bank, X1: Tensor, target: Tensor, loss: Loss, lr: Rate, scale: float, out: Tensor
    ) -> None:
        """Take the step and keep where it led: see `Step`.

        Raises:
            UsageError: there would be too many points.
        """
        if not self.points:
            self.points.append(bank.theta.clone())
        if len(self.points) >= self.most:
            raise UsageError(f"a path of more than {self.most:,} points: ask fewer epochs or larger batches")
        self.step(bank, X1, target, loss, lr, scale, out)
        self.points.append(bank.theta.clone())
