"""Softmax cross-entropy: the negative log likelihood of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from linnet.core.losses.base import Loss, dense, is_floating, ratio
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor

VECTOR = 64
"""Rows that a vectorised loop takes without a rest, whatever the processor."""


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """l(o, y) = −Σ_k y_k log softmax(o)_k = logsumexp(o) − Σ_k y_k o_k, for Σ_k y_k = 1 (D2L 3.4.6).

    The residual is softmax(o) − y, the curvature p (1 − p) with p = softmax(o). With smoothed labels t and
    weights c of the classes a row's loss is −Σ_k c_k t_k log softmax(o)_k, as torch.nn.CrossEntropyLoss has
    it: smoothed class by class, and then each class's term is weighed.
    """

    name: ClassVar[str] = "softmax"
    is_for_classes: ClassVar[bool] = True
    couples_outputs: ClassVar[bool] = True
    is_self_concordant: ClassVar[bool] = True
    curvature_bound: ClassVar[float | None] = 1 / 2

    def value(self, scores: Any, target: Any) -> Any:
        """See `Loss.value`."""
        if not is_tensor(scores):
            return _value_of_arrays(scores, target)
        rows = scores.shape[-1]
        # Whole vectors of rows, without a tail computed another way: a row's loss is the same in any batch.
        whole = scores if rows % VECTOR == 0 else torch.nn.functional.pad(scores, (0, -rows % VECTOR))
        log_p = torch.log_softmax(whole, -2)[..., :rows]  # (…, K, B)
        if target.is_floating_point():
            return -torch.where(target == 0, 0.0, target * log_p).sum(-2)  # 0 · −∞ counts nothing
        index = target.expand(*scores.shape[:-2], 1, -1)
        return -log_p.gather(-2, index).squeeze(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return torch.softmax(scores, -2).sub_(dense(scores, target))

    def value_and_residual(self, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """See `Loss.value_and_residual`: of indices one exponential a score, and no dense targets."""
        if target.is_floating_point():
            return super().value_and_residual(scores, target)
        top, index = scores.amax(-2, keepdim=True), target.expand(*scores.shape[:-2], 1, -1)
        p = (scores - top).exp_()  # (…, K, B)
        total = p.sum(-2, keepdim=True)
        value = total.log().add_(top).sub_(scores.gather(-2, index)).squeeze(-2)
        return value, p.div_(total).scatter_add_(-2, index, p.new_full((), -1.0).expand(index.shape))

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        p = torch.softmax(scores, -2)
        return p * (1 - p)

    def conjugate(self, a: Tensor, y: Tensor) -> Tensor:
        """See `Loss.conjugate`: Σ_k q_k log q_k with q = a + y."""
        return torch.special.xlogy(q := (a + y).clamp(min=0), q).sum(0)

    def balance(self, a: Tensor, y: Tensor, shares: Tensor) -> Tensor:
        """See `Loss.balance`: each class's mass is made that of its labels, row by row."""
        q = (a + y).clamp(min=0)
        wanted, mass = y @ shares, q @ shares  # (K,)
        wanted = wanted * (mass.sum() / wanted.sum())  # labels whose sum is 1 but for rounding
        lacking = (wanted - mass).clamp(min=0)
        kept = q * ratio(wanted, mass).clamp(max=1)[:, None]
        taken = (q - kept).sum(0)  # (B,)
        return kept + ratio(lacking, lacking.sum())[:, None] * taken - y

    def least(self, y: Tensor) -> Tensor:
        """See `Loss.least`: the entropy of soft labels."""
        return torch.special.entr(y.double()).sum(1) if y.is_floating_point() else super().least(y)

    def weigh_residual(
        self, residual: Tensor, target: Tensor, smoothing: Tensor | None, weight: Tensor | None
    ) -> Tensor:
        """See `Loss.weigh_residual`; here s softmax(o) − c ⊙ t with s = Σ_k c_k t_k."""
        G = super().weigh_residual(residual, target, smoothing, None)  # softmax(o) − t
        if weight is None:
            return G
        even = self.middle(target.shape[0])
        t = target if smoothing is None else target - smoothing * (target - even)  # (K, B) or (M, K, B)
        terms = weight[..., None] * t  # (M, K, B)
        s = terms.sum(-2, keepdim=True)
        return G.mul_(s).add_((s * t).sub_(terms))

    def divides_by_classes(self, target: Tensor) -> bool:
        """See `Loss.divides_by_classes`: not for soft labels, as torch's mean does not."""
        return not target.is_floating_point()

    def margins(self, scores: Tensor, y: Tensor) -> Tensor | None:
        """See `Loss.margins`: the score of the row's class above all others; None for soft labels."""
        if not bool(((y == 0) | (y == 1)).all()):
            return None
        own = y.bool()
        return scores.masked_fill(~own, torch.inf).amin(0) - scores.masked_fill(own, -torch.inf).amax(0)


def _value_of_arrays(scores: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The loss of each row, (…, B), of arrays."""
    shifted = scores - scores.max(-2, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-2, keepdims=True))  # (…, K, B)
    if is_floating(target):
        return -np.multiply(target, log_p, where=target != 0, out=np.zeros_like(log_p)).sum(-2)
    index = np.broadcast_to(target, (*scores.shape[:-2], 1, scores.shape[-1]))
    return -np.take_along_axis(log_p, index, -2).squeeze(-2)
