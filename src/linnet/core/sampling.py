"""Drawing classes by the Gumbel-max trick, and how the counts come to the probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.functional import gumbel_softmax, softmax
from linnet.errors import ShapeError, UsageError


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
