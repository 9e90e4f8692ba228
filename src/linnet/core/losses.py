"""Losses in score space: the value a row, its derivative, its second derivative.

Scores are (…, K, B): outputs on the last dimension but one, the rows of a batch last. A target is class
indices (B,), or dense (K, B): one-hot or soft labels for classes, the targets of a regression. The mean over
rows, the features and the penalty are added by whoever uses a loss.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from linnet.errors import UsageError

VECTOR = 64
"""Rows that a vectorised loop takes without a rest, whatever the processor."""


class Loss(ABC):
    """A loss of scores against targets."""

    @abstractmethod
    def value(self, scores: Tensor, target: Tensor) -> Tensor:
        """The loss of each row, (…, B), of scores (…, K, B)."""

    @abstractmethod
    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """∂value/∂scores, (…, K, B), in memory of its own."""

    @abstractmethod
    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """The diagonal of ∂²value/∂scores², (…, K, B)."""

    def logits(self, scores: Tensor) -> Tensor:
        """What the class probabilities are the softmax of, (…, K, B); the scores themselves for most."""
        return scores

    def probabilities(self, scores: Tensor) -> Tensor:
        """The class probabilities that go with scores (…, K, B), summing to 1 over K."""
        return torch.softmax(self.logits(scores), -2)

    def middle(self, outputs: int) -> float:
        """The target of a class that says nothing, to which label smoothing moves all: 1/K."""
        return 1 / outputs

    def weighed_residual(
        self, scores: Tensor, target: Tensor, smoothing: Tensor | None, weight: Tensor | None
    ) -> Tensor:
        """The residual with smoothed labels and weighed classes, (M, K, B), in memory of its own.

        A label is smoothed to t = (1 − ε) y + ε m, m being `middle`. Here a row counts by the weight of its
        class as it was before smoothing, Σ_k c_k y_k, as a whole.

        Args:
            scores: (M, K, B).
            target: y, dense, (K, B).
            smoothing: ε of each model, (M, 1, 1); None for none.
            weight: c, how much each class counts, (M, K); None where all count alike.
        """
        G = self.residual(scores, target)
        if smoothing is not None:  # the residual is linear in the target
            G.add_(smoothing * (target - self.middle(target.shape[0])))
        return G if weight is None else G.mul_((weight @ target)[:, None])

    def divides_by_classes(self, target: Tensor) -> bool:
        """Whether the mean over rows divides by their classes' weights; target as a data set stores it."""
        return True

    @staticmethod
    def encode(target: Tensor, outputs: int, dtype: torch.dtype) -> Tensor:
        """A batch's stored targets as dense (K, B).

        Args:
            target: class indices (B,), which become one-hot, or regression targets (B, K).
            outputs: K.
            dtype: of the result.
        """
        if target.is_floating_point():
            return target.T.to(dtype)
        dense = torch.zeros(outputs, len(target), dtype=dtype, device=target.device)
        return dense.scatter_(0, target[None], 1.0)


def _dense(scores: Tensor, target: Tensor) -> Tensor:
    """The target as (K, B), whatever it came as."""
    return target if target.is_floating_point() else Loss.encode(target, scores.shape[-2], scores.dtype)


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """l(o, y) = −Σ_k y_k log softmax(o)_k = logsumexp(o) − Σ_k y_k o_k, for Σ_k y_k = 1 (D2L 3.4.6).

    The residual is softmax(o) − y, the curvature p (1 − p) with p = softmax(o). With smoothed labels t and
    weights c of the classes a row's loss is −Σ_k c_k t_k log softmax(o)_k, as torch.nn.CrossEntropyLoss has
    it: smoothed class by class, and then each class's term is weighed.
    """

    def value(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.value`."""
        rows = scores.shape[-1]
        # Whole vectors of rows, without a tail computed another way: a row's loss is the same in any batch.
        whole = scores if rows % VECTOR == 0 else nn.functional.pad(scores, (0, -rows % VECTOR))
        log_p = torch.log_softmax(whole, -2)[..., :rows]  # (…, K, B)
        if target.is_floating_point():
            return -torch.where(target == 0, 0.0, target * log_p).sum(-2)  # 0 · −∞ counts nothing
        index = target.expand(*scores.shape[:-2], 1, -1)
        return -log_p.gather(-2, index).squeeze(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return torch.softmax(scores, -2).sub_(_dense(scores, target))

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        p = torch.softmax(scores, -2)
        return p * (1 - p)

    def weighed_residual(
        self, scores: Tensor, target: Tensor, smoothing: Tensor | None, weight: Tensor | None
    ) -> Tensor:
        """See `Loss.weighed_residual`; here s softmax(o) − c ⊙ t with s = Σ_k c_k t_k."""
        G = super().weighed_residual(scores, target, smoothing, None)  # softmax(o) − t
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


@dataclass(frozen=True)
class Logistic(Loss):
    """l(o, y) = Σ_k log(1 + e^{o_k}) − y_k o_k: K binary problems side by side, one class against the rest.

    The residual is σ(o) − y with σ(o) = 1/(1 + e^{−o}), the curvature σ(o) (1 − σ(o)). Probabilities are
    σ(o_k) divided by their sum.
    """

    def value(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.value`."""
        softplus = torch.logaddexp(scores, scores.new_zeros(()))  # nn.functional's is cut off at 20
        return (softplus - _dense(scores, target) * scores).sum(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return torch.sigmoid(scores).sub_(_dense(scores, target))

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        p = torch.sigmoid(scores)
        return p * (1 - p)

    def logits(self, scores: Tensor) -> Tensor:
        """See `Loss.logits`; log σ(o), as small probabilities would become 0/0 without the logarithm."""
        return nn.functional.logsigmoid(scores)

    def middle(self, outputs: int) -> float:
        """See `Loss.middle`: a half, whatever K."""
        return 0.5


@dataclass(frozen=True)
class SquaredError(Loss):
    """l(ŷ, y) = ½ Σ_k (ŷ_k − y_k)² (D2L 3.1.5); residual ŷ − y, curvature 1."""

    def value(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.value`."""
        return (scores - _dense(scores, target)).square().sum(-2) / 2

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return scores - _dense(scores, target)

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        return torch.ones_like(scores)


@dataclass(frozen=True)
class AbsoluteError(Loss):
    """l(ŷ, y) = Σ_k |ŷ_k − y_k|; residual sign(ŷ − y), which is 0 at the kink; curvature 0."""

    def value(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.value`."""
        return (scores - _dense(scores, target)).abs().sum(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return (scores - _dense(scores, target)).sign()

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        return torch.zeros_like(scores)


@dataclass(frozen=True)
class Huber(Loss):
    """A square within a threshold and a straight line beyond.

    With r = ŷ − y, threshold t and slope s, summed over outputs:

        l = s/(2t) r²          where |r| ≤ t
        l = s (|r| − t/2)      beyond

    `Huber.book(σ)` has s = 1, t = σ: the book's 1/(2σ) r² and |r| − σ/2 (D2L 3.3, exercise 2), which
    PyTorch calls SmoothL1Loss. `Huber.torch(δ)` has s = t = δ: ½ r² and δ (|r| − δ/2), PyTorch's HuberLoss.

    Args:
        threshold: t, where the square part ends.
        slope: s, the derivative beyond.

    Raises:
        UsageError: either is not positive.
    """

    threshold: float = 1.0
    slope: float = 1.0

    def __post_init__(self) -> None:
        if not (self.threshold > 0 and self.slope > 0):
            raise UsageError(
                f"Huber's threshold and slope must be positive, not {self.threshold}, {self.slope}"
            )

    @classmethod
    def book(cls, sigma: float) -> Huber:
        """The book's form: slope 1 beyond σ."""
        return cls(sigma, 1.0)

    @classmethod
    def torch(cls, delta: float) -> Huber:
        """PyTorch's HuberLoss: curvature 1 within δ."""
        return cls(delta, delta)

    def value(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.value`."""
        r = (scores - _dense(scores, target)).abs()
        inside = r.square() * (self.slope / (2 * self.threshold))
        return torch.where(r <= self.threshold, inside, self.slope * (r - self.threshold / 2)).sum(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        r = scores - _dense(scores, target)
        return r.clamp(-self.threshold, self.threshold) * (self.slope / self.threshold)

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        r = (scores - _dense(scores, target)).abs()
        return (r <= self.threshold).to(scores.dtype) * (self.slope / self.threshold)


def name_of(loss: Loss) -> tuple[str, float]:
    """The name of a loss that `by_name` takes, and Huber's threshold, 1 for others.

    Raises:
        UsageError: the loss has no name.
    """
    names: dict[type[Loss], str] = {
        SoftmaxCrossEntropy: "softmax", Logistic: "logistic", SquaredError: "squared",
        AbsoluteError: "absolute", Huber: "huber",
    }  # fmt: skip
    if type(loss) not in names:
        raise UsageError(
            f"the loss {type(loss).__name__} has no name here: take one of {', '.join(names.values())}"
        )
    return names[type(loss)], loss.threshold if isinstance(loss, Huber) else 1.0


def by_name(name: str, huber: float = 1.0, slope: float | None = None) -> Loss:
    """The loss called "softmax", "logistic", "squared", "absolute" or "huber".

    Args:
        name: of the loss.
        huber: Huber's threshold.
        slope: Huber's slope beyond it; the threshold when None, as PyTorch has it.

    Raises:
        UsageError: any other name.
    """
    if name == "huber":
        return Huber(huber, huber if slope is None else slope)
    losses: dict[str, Loss] = {
        "softmax": SoftmaxCrossEntropy(),
        "logistic": Logistic(),
        "squared": SquaredError(),
        "absolute": AbsoluteError(),
    }
    if name not in losses:
        raise UsageError(f"unknown loss {name!r}: expected huber, {', '.join(losses)}")
    return losses[name]
