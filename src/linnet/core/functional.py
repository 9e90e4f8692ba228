"""The stable family: logsumexp, softmax and what is built of them, and the naive forms the book warns of.

Classes are on `dim`, the last by default. Everything is differentiable and holds for logits of ±1e4 in
float32. A logit of −∞ has probability 0; a row of nothing but −∞ is the limit of equal logits: uniform.
Sources: D2L 3.4 (softmax, cross-entropy) and 3.7.2 (stability).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from linnet.errors import ShapeError, UsageError

Reduction = Literal["none", "mean", "sum"]


def logsumexp(logits: Tensor, dim: int = -1) -> Tensor:
    """Log Σ_k exp(o_k), by taking the largest logit out first.

    Args:
        logits: o, floating, any shape.
        dim: the classes.

    Returns:
        The shape of `logits` without `dim`.

    Raises:
        ShapeError: not floating, or nothing to sum.
    """
    _check(logits, dim)
    peak = _peak(logits, dim)
    shifted = (logits - peak).exp().sum(dim)
    empty = shifted == 0  # every logit is −∞
    log = torch.where(empty, 1.0, shifted).log() + peak.squeeze(dim)
    return torch.where(empty, -torch.inf, log)


def log_softmax(logits: Tensor, dim: int = -1) -> Tensor:
    """O − logsumexp(o): the logarithms of the probabilities; arguments as `logsumexp`."""
    _check(logits, dim)
    o = _without_empty_rows(logits, dim)
    shifted = o - _peak(o, dim)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


def softmax(logits: Tensor, dim: int = -1) -> Tensor:
    """exp(o_k) / Σ_j exp(o_j): probabilities; arguments as `logsumexp`."""
    _check(logits, dim)
    o = _without_empty_rows(logits, dim)
    exponentials = (o - _peak(o, dim)).exp()
    return exponentials / exponentials.sum(dim, keepdim=True)


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    reduction: Reduction = "mean",
    *,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """−Σ_k c_k t_k log softmax(o)_k with t = (1 − ε) y + ε/K, from the logits, never from probabilities.

    Each row is as torch.nn.CrossEntropyLoss has it, and so is the mean: with class weights it divides the sum
    by that of Σ_i c_{y_i} for class indices, by the number of rows for soft labels.

    Args:
        logits: o, (…, K).
        target: y, class indices (…), integer; or soft labels (…, K), floating.
        reduction: "none" (a value a row), "mean" or "sum".
        weight: c, how much each class counts, (K,); all alike when None.
        label_smoothing: ε, the share of each label that is spread evenly over the classes.

    Raises:
        ShapeError: the shapes do not fit, or there are no rows.
        UsageError: an index outside 0…K−1, an unknown reduction, or the mean of rows of which none counts.
    """
    _check(logits, -1)
    K = logits.shape[-1]
    c = logits.new_ones(K) if weight is None else weight.to(logits)
    if c.shape != (K,):
        raise ShapeError(f"expected a weight for each of {K} classes, got {tuple(c.shape)}")
    if target.is_floating_point():
        if target.shape != logits.shape:
            raise ShapeError(f"soft labels must be {tuple(logits.shape)}, got {tuple(target.shape)}")
        y, counts = target, torch.ones_like(target[..., 0])
    else:
        index = _indices(target, logits)
        y = torch.zeros_like(logits).scatter_(-1, index[..., None], 1.0)
        counts = c[index]
    terms = c * (y + label_smoothing * (1 / K - y))
    weighted = torch.where(terms == 0, 0.0, terms * log_softmax(logits))  # 0 · −∞ counts nothing
    return _reduce(-weighted.sum(-1), reduction, counts)


def gumbel_softmax(
    logits: Tensor,
    temperature: float = 1.0,
    *,
    hard: bool = False,
    generator: torch.Generator | None = None,
    dim: int = -1,
) -> Tensor:
    """A sample from the Gumbel-softmax distribution (Jang et al. 2017; Maddison et al. 2017).

    Args:
        logits: unnormalised log probabilities.
        temperature: near 0 the samples are one-hot; large, they are even.
        hard: give one-hot samples, whose gradient is that of the soft ones (straight through).
        generator: where the noise comes from.
        dim: the classes.

    Raises:
        UsageError: the temperature is not positive.
    """
    _check(logits, dim)
    if not (temperature > 0 and math.isfinite(temperature)):
        raise UsageError(f"temperature must be positive and finite, not {temperature}")
    smallest = torch.finfo(logits.dtype).tiny
    uniform = torch.rand(logits.shape, generator=generator, dtype=logits.dtype, device=logits.device)
    noise = -(-uniform.clamp_min(smallest).log()).clamp_min(smallest).log()  # Gumbel(0, 1)
    soft = softmax((logits + noise) / temperature, dim)
    if not hard:
        return soft
    one_hot = torch.zeros_like(soft).scatter_(dim, soft.argmax(dim, keepdim=True), 1.0)
    return one_hot + (soft - soft.detach())


def naive_softmax(logits: Tensor, dim: int = -1) -> Tensor:
    """exp(o) / Σ exp(o) as it is written: overflows to NaN for large logits. Only to show it (D2L 3.7.2)."""
    exponentials = logits.exp()
    return exponentials / exponentials.sum(dim, keepdim=True)


def naive_log_softmax(logits: Tensor, dim: int = -1) -> Tensor:
    """Log of a naive probability: −∞ where it underflowed, NaN where it overflowed. Only to show it."""
    return naive_softmax(logits, dim).log()


def naive_cross_entropy(logits: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
    """−log of a naive probability: ∞ where it underflowed, NaN where it overflowed. Only to show it."""
    probability = naive_softmax(logits).gather(-1, _indices(target, logits)[..., None]).squeeze(-1)
    return _reduce(-probability.log(), reduction, torch.ones_like(probability))


def _peak(logits: Tensor, dim: int) -> Tensor:
    """The largest logit, kept as a dimension and out of the gradient; 0 where it is not finite."""
    peak = logits.detach().amax(dim, keepdim=True)
    return torch.where(peak.isfinite(), peak, 0.0)


def _without_empty_rows(logits: Tensor, dim: int) -> Tensor:
    """Rows of nothing but −∞ as rows of zeros: equal logits either way."""
    return torch.where((logits == -torch.inf).all(dim, keepdim=True), 0.0, logits)


def _indices(target: Tensor, logits: Tensor) -> Tensor:
    classes = logits.shape[-1]
    if target.is_floating_point() or target.shape != logits.shape[:-1]:
        raise ShapeError(
            f"class indices for logits {tuple(logits.shape)} must be integers of shape "
            f"{tuple(logits.shape[:-1])}, got {target.dtype} {tuple(target.shape)}"
        )
    if not 0 <= int(target.min()) <= int(target.max()) < classes:
        raise UsageError(
            f"class indices must lie in 0…{classes - 1}, got {int(target.min())}…{int(target.max())}"
        )
    return target.long()


def _reduce(values: Tensor, reduction: Reduction, counts: Tensor) -> Tensor:
    """Values of rows as they are, their sum, or their mean by how much rows count."""
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    if reduction == "mean":
        if not bool(counts.sum() > 0):
            raise UsageError("there is no mean: the class of every row has weight 0")
        return values.sum() / counts.sum()
    raise UsageError(f"reduction must be none, mean or sum, not {reduction!r}")


def _check(x: Tensor, dim: int) -> None:
    if not x.is_floating_point():
        raise ShapeError(f"expected floating numbers, got {x.dtype}: convert with .float()")
    if x.ndim == 0 or x.numel() == 0:
        raise ShapeError(f"expected at least one row and one class on dim {dim}, got shape {tuple(x.shape)}")


@dataclass(frozen=True, eq=False)
class Draws:
    """Classes drawn from a row of logits.

    Args:
        counts: of each class, (K,), int64.
        marks: numbers of draws, growing, (S,), int64; the last is all of them.
        distances: the total variation distance ½ Σ_k |count_k/n − p_k| after so many draws, (S,), float64.
    """

    counts: Tensor
    marks: Tensor
    distances: Tensor

    @property
    def frequencies(self) -> Tensor:
        """The share of each class, (K,), float64."""
        return self.counts.double() / self.counts.sum()


def gumbel_draws(logits: Tensor, count: int, generator: torch.Generator, marks: int = 40) -> Draws:
    """Draw classes as argmax_k (o_k + g_k), g from Gumbel(0, 1): class k with probability softmax(o)_k.

    Args:
        logits: o, (K,), floating.
        count: how many classes to draw.
        generator: where the noise comes from.
        marks: at how many numbers of draws the distance is taken, evenly on a log scale.

    Raises:
        ShapeError: the logits are not one floating row.
        UsageError: nothing is to be drawn.
    """
    if logits.ndim != 1:
        raise ShapeError(f"expected one row of logits, (K,), got shape {tuple(logits.shape)}")
    if count < 1 or marks < 1:
        raise UsageError(f"expected at least one draw and one mark, not {count} and {marks}")
    o = logits.double()
    one_hot = gumbel_softmax(o.expand(count, -1), hard=True, generator=generator)  # (n, K)
    at = torch.logspace(0, torch.tensor(float(count)).log10(), marks, dtype=torch.float64)
    at = torch.unique(at.round().long().clamp(1, count))
    running = one_hot.round().cumsum(0)[at - 1]  # (S, K)
    distances = (running / at[:, None] - softmax(o)).abs().sum(1) / 2
    return Draws(running[-1].long(), at, distances)
