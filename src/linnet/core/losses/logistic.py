"""Logistic loss: K binary problems side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from linnet.core.losses.base import Loss, Numbers, dense, namespace
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Logistic(Loss):
    """l(o, y) = Σ_k log(1 + e^{o_k}) − y_k o_k: K binary problems side by side, one class against the rest.

    The residual is σ(o) − y with σ(o) = 1/(1 + e^{−o}), the curvature σ(o) (1 − σ(o)). Probabilities are
    σ(o_k) divided by their sum.
    """

    name: ClassVar[str] = "logistic"
    is_for_classes: ClassVar[bool] = True
    is_self_concordant: ClassVar[bool] = True
    curvature_bound: ClassVar[float | None] = 1 / 4

    def value(self, scores: Numbers, target: Numbers) -> Numbers:
        """See `Loss.value`."""
        own = namespace(scores)
        softplus = own.logaddexp(scores, own.zeros_like(scores[..., :1, :1]))  # torch's softplus ends at 20
        return (softplus - dense(scores, target) * scores).sum(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return torch.sigmoid(scores).sub_(dense(scores, target))

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        p = torch.sigmoid(scores)
        return p * (1 - p)

    def conjugate(self, a: Tensor, y: Tensor) -> Tensor:
        """See `Loss.conjugate`: the negative entropy of q = a + y, output by output."""
        q = (a + y).clamp(0, 1)
        return (torch.special.xlogy(q, q) + torch.special.xlogy(1 - q, 1 - q)).sum(0)

    def balance(self, a: Tensor, y: Tensor, shares: Tensor) -> Tensor:
        """See `Loss.balance`: the probabilities of which there is too much mass are scaled down."""
        q, wanted = (a + y).clamp(0, 1), (y @ shares)[:, None]
        mass = (q @ shares)[:, None]
        less = q * (wanted / mass).clamp(max=1)
        more = 1 - (1 - q) * ((1 - wanted) / (1 - mass)).clamp(max=1)
        return torch.where(mass > wanted, less, torch.where(mass < wanted, more, q)) - y

    def logits(self, scores: Tensor) -> Tensor:
        """See `Loss.logits`; log σ(o), as small probabilities would become 0/0 without the logarithm."""
        return torch.nn.functional.logsigmoid(scores)

    def middle(self, outputs: int) -> float:
        """See `Loss.middle`: a half, whatever K."""
        return 0.5

    def margins(self, scores: Tensor, y: Tensor) -> Tensor | None:
        """See `Loss.margins`: each score on its own side of 0; None for soft labels."""
        if not bool(((y == 0) | (y == 1)).all()):
            return None
        return torch.where(y.bool(), scores, -scores).amin(0)
