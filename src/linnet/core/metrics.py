"""Sums over rows that can be merged across batches: the loss and the hits of each model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.losses import Loss


@dataclass(frozen=True, eq=False)
class Tally:
    """What M models did on some rows.

    Args:
        loss: the sum of the rows' losses, (M,), float64.
        hits: rows whose highest score is the right class, (M,), int64; zeros for a regression.
        rows: how many rows.
    """

    loss: Tensor
    hits: Tensor
    rows: int

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.loss + other.loss, self.hits + other.hits, self.rows + other.rows)

    @property
    def mean_loss(self) -> Tensor:
        """The mean loss a row, (M,), float64; NaN over no rows."""
        return self.loss / self.rows if self.rows else torch.full_like(self.loss, torch.nan)

    @property
    def accuracy(self) -> Tensor:
        """The share of hits, (M,), float64; NaN over no rows."""
        hits = self.hits.double()
        return hits / self.rows if self.rows else torch.full_like(hits, torch.nan)


def empty(models: int, device: torch.device | str = "cpu") -> Tally:
    """A tally of no rows."""
    return Tally(
        torch.zeros(models, dtype=torch.float64, device=device),
        torch.zeros(models, dtype=torch.int64, device=device),
        0,
    )


def tally(scores: Tensor, target: Tensor, loss: Loss, labels: Tensor | None) -> Tally:
    """The tally of some rows.

    Args:
        scores: (M, K, B).
        target: what the loss takes: (B,) class indices or (K, B).
        loss: in score space.
        labels: class indices, (B,); None for a regression.
    """
    total = loss.value(scores, target).sum(-1, dtype=torch.float64)  # (M,)
    if labels is None:
        hits = torch.zeros(len(scores), dtype=torch.int64, device=scores.device)
    else:
        # max gives the first of equal scores, as argmax does, and is 10 times as fast across rows
        hits = (scores.max(-2).indices == labels).sum(-1)
    return Tally(total, hits, scores.shape[-1])
