"""Log-likelihoods in score space: a normal error, counts, and classes against a reference."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SHARE = 1e-9
"""A share that is what others leave of 1 is rounding below this."""


class Likelihood(ABC):
    """A likelihood of scores, (…, J, N), whose rows are independent.

    Args:
        Y: targets, (J, N), float64.
    """

    is_quadratic = False
    """Whether the second derivative is the same at all scores."""

    def __init__(self, Y: Tensor) -> None:
        self.Y = Y

    @property
    def outputs(self) -> int:
        """J."""
        return len(self.Y)

    @abstractmethod
    def residual(self, scores: Tensor) -> Tensor:
        """The derivative of the negative log-likelihood by the scores, (…, J, N)."""

    @abstractmethod
    def curvature_product(self, scores: Tensor, direction: Tensor) -> Tensor:
        """Its second derivative times a direction, (…, J, N)."""

    @abstractmethod
    def curvature(self, scores: Tensor, j: int, k: int) -> Tensor:
        """Its second derivative by scores j and k, (N,)."""

    def information(self, scores: Tensor, Z: Tensor, w: Tensor) -> Tensor:
        """The second derivative over η of scores Z η, (J·r, J·r).

        Args:
            scores: (J, N).
            Z: (N, r).
            w: of the rows, (N,).
        """
        return sum_products(Z, self.outputs, lambda j, k: w * self.curvature(scores, j, k))


class Normal(Likelihood):
    """y = s + ε, ε normal with one variance; derivatives are of ½ (s − y)², so they lack 1/σ²."""

    is_quadratic = True

    def residual(self, scores: Tensor) -> Tensor:
        """See `Likelihood.residual`."""
        return scores - self.Y

    def curvature_product(self, scores: Tensor, direction: Tensor) -> Tensor:
        """See `Likelihood.curvature_product`."""
        return direction

    def curvature(self, scores: Tensor, j: int, k: int) -> Tensor:
        """See `Likelihood.curvature`."""
        return scores.new_full(scores[j].shape, float(j == k))

    @staticmethod
    def log(squares: float, count: float) -> float:
        """The log-likelihood of residuals with the most likely variance; infinite for none.

        Args:
            squares: the weighted sum of their squares.
            count: of the rows, or the sum of their weights.
        """
        if squares <= 0:
            return math.inf
        return -count / 2 * (math.log(2 * math.pi * squares / count) + 1)


class Counts(Likelihood):
    """P(y) = μ^y e^{−μ} / y! with μ = e^s: counts of one output, or rates y of counts that weigh by exposure.

    A count c = w y of the exposure w has the mean w μ: P(c) = (w μ)^c e^{−w μ} / c!.

    Args:
        Y: counts or rates, (J, N), float64.
        is_rate: whether they are rates, and the weights of their rows exposure.
    """

    def __init__(self, Y: Tensor, is_rate: bool = False) -> None:
        super().__init__(Y)
        self.is_rate = is_rate

    def residual(self, scores: Tensor) -> Tensor:
        """See `Likelihood.residual`."""
        return scores.exp() - self.Y

    def curvature_product(self, scores: Tensor, direction: Tensor) -> Tensor:
        """See `Likelihood.curvature_product`."""
        return scores.exp() * direction

    def curvature(self, scores: Tensor, j: int, k: int) -> Tensor:
        """See `Likelihood.curvature`."""
        return scores[j].exp() * float(j == k)

    def log(self, scores: Tensor, w: Tensor) -> float:
        """The log-likelihood at scores (J, N) of rows that count w, (N,)."""
        if self.is_rate:
            counts = self.Y * w
            values = counts.xlogy(w) + counts * scores - w * scores.exp() - (counts + 1).lgamma()
            return float(values.sum())
        values = self.Y * scores - scores.exp() - (self.Y + 1).lgamma()
        return float(values.sum(0) @ w)

    def null(self, w: Tensor, has_constant: bool) -> float:
        """The log-likelihood without features: of the mean count, or of means of 1 without a bias."""
        mean = (self.Y @ w) / w.sum() if has_constant else w.new_ones(self.outputs)
        scores = mean.where(mean > 0, 1.0).log()  # counts of nothing but 0 have no optimum
        return self.log(scores[:, None].expand_as(self.Y), w)

    def deviance(self, scores: Tensor, w: Tensor) -> float:
        """2 Σ w (y log(y/μ) − y + μ), of saturated means against these."""
        values = self.Y.xlogy(self.Y) - self.Y * scores - self.Y + scores.exp()
        return 2 * float(values.sum(0) @ w)

    def chi_squared(self, scores: Tensor, w: Tensor) -> float:
        """Pearson's Σ w (y − μ)²/μ."""
        means = scores.exp()
        return float(((self.Y - means).square() / means).sum(0) @ w)


class Classes(Likelihood):
    """P(k) = e^{s_k} / (1 + Σ_j e^{s_j}): J classes against a reference, whose score is 0.

    With J = 1 it is binary logistic regression.

    Args:
        Y: the shares of the J classes, (J, N), float64.
        allowed: the classes that each row may have, the reference first, (J + 1, N), bool; all when None.
            Others have the probability 0, as in the limit of infinite weights.
    """

    def __init__(self, Y: Tensor, allowed: Tensor | None = None) -> None:
        super().__init__(Y)
        self.allowed = allowed

    def shares(self) -> Tensor:
        """Of all classes, the reference first, (J + 1, N)."""
        rest = 1 - self.Y.sum(0, keepdim=True)
        return prepend(rest.where(rest > SHARE, 0.0), self.Y)

    def residual(self, scores: Tensor) -> Tensor:
        """See `Likelihood.residual`."""
        return self.probabilities(scores) - self.Y

    def curvature_product(self, scores: Tensor, direction: Tensor) -> Tensor:
        """See `Likelihood.curvature_product`."""
        p = self.probabilities(scores)
        return p * (direction - (p * direction).sum(-2, keepdim=True))

    def curvature(self, scores: Tensor, j: int, k: int) -> Tensor:
        """See `Likelihood.curvature`."""
        full = self.full(scores)
        p = full.softmax(-2)[1:]
        if j != k:
            return -p[j] * p[k]
        others = full[[c for c in range(len(full)) if c != j + 1]]
        return p[j] * (others.logsumexp(0) - full.logsumexp(0)).exp()  # 1 − p without cancelling

    def probabilities(self, scores: Tensor) -> Tensor:
        """Of the J classes, (…, J, N)."""
        return self.full(scores).softmax(-2)[..., 1:, :]

    def log(self, scores: Tensor, w: Tensor) -> float:
        """The log-likelihood at scores (J, N) of rows that count w, (N,)."""
        values = (self.Y * scores).sum(0) - self.full(scores).logsumexp(0)
        return float(values @ w)

    def null(self, w: Tensor, has_constant: bool) -> float:
        """The log-likelihood without features: of the classes' shares, or of equal chances without a bias."""
        if not has_constant:
            return -float(w.sum()) * math.log(self.outputs + 1)
        own = (self.Y @ w)[:, None]
        counts = prepend(own, (w.sum() - own.sum()).clamp_min(0).reshape(1, 1))
        return float(counts.xlogy(counts / w.sum()).sum())

    def full(self, scores: Tensor) -> Tensor:
        """Scores with those of the reference, zeros, before them, (…, J + 1, N); −∞ where not allowed."""
        full = prepend(scores.new_zeros(scores[..., :1, :].shape), scores)
        return full if self.allowed is None else full.masked_fill(~self.allowed, -math.inf)


def sum_products(Z: Tensor, outputs: int, weigh: Callable[[int, int], Tensor]) -> Tensor:
    """Σ_i c_ijk z_i z_iᵀ of all pairs of outputs j and k, (J·r, J·r).

    Args:
        Z: (N, r).
        outputs: J.
        weigh: the c of a pair, j ≥ k, (N,); the same for (k, j).
    """
    r = Z.shape[1]
    sums = Z.new_zeros(outputs, r, outputs, r)
    for j in range(outputs):
        for k in range(j + 1):
            block = Z.T @ (Z * weigh(j, k)[:, None])
            sums[j, :, k], sums[k, :, j] = block, block.T
    return sums.view(outputs * r, outputs * r)


def prepend(first: Tensor, others: Tensor) -> Tensor:
    """Values of some outputs, and those of others after them, (…, J, N)."""
    import torch

    return torch.cat([first, others], -2)
