"""Sums over rows that can be merged across batches: the loss and the hits of each model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from linnet.core.losses import Loss


@dataclass(frozen=True, eq=False)
class Tally:
    """What M models did on some rows.

    Args:
        loss: the sum of the rows' losses, (M,), float64.
        hits: rows whose highest score is the right class, (M,), int64; zeros for a regression. Float64 where
            rows have weights.
        rows: how many rows, or the sum of their weights.
    """

    loss: Tensor
    hits: Tensor
    rows: float

    def with_rows(self, values: Tensor, hits: Tensor, batch: int, weights: Tensor | None = None) -> Tally:
        """The tally with more rows.

        Sums are taken minibatch by minibatch and added one after another: an epoch comes to the same bits
        however it was cut into blocks, as by an interruption.

        Args:
            values: the loss of each row, (M, n).
            hits: of these rows, (M,); with weights of each row, (M, n).
            batch: rows a minibatch; the last may be short.
            weights: how much each row counts, (n,), float64; None where all count alike.
        """
        if weights is None:
            return Tally(_added(self.loss, values, batch), self.hits + hits, self.rows + values.shape[-1])
        # A row that counts nothing may have a loss that is not finite.
        loss = _added(self.loss, torch.where(weights > 0, values * weights, 0.0), batch)
        good = _added(self.hits.double(), hits * weights, batch)
        rows = _added(torch.tensor([self.rows], dtype=torch.float64), weights[None].cpu(), batch)
        return Tally(loss, good, float(rows))

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


def tally(
    before: Tally, scores: Tensor, target: Tensor, loss: Loss, labels: Tensor | None, batch: int,
    weights: Tensor | None = None,
) -> Tally:  # fmt: skip
    """A tally with more rows, from their scores.

    Args:
        before: the tally without them.
        scores: (M, K, n).
        target: what the loss takes: (n,) class indices or (K, n).
        loss: in score space.
        labels: class indices, (n,); None for a regression.
        batch: rows a minibatch, see `Tally.with_rows`.
        weights: how much each row counts, (n,); None where all count alike.
    """
    values = loss.value(scores, target)  # (M, n)
    if weights is not None:
        good = torch.zeros_like(values) if labels is None else right(scores, labels)
        return before.with_rows(values, good, batch, weights.double())
    if labels is None:
        return before.with_rows(values, torch.zeros_like(before.hits), batch)
    return before.with_rows(values, hits(scores, labels), batch)


def _added(total: Tensor, values: Tensor, batch: int) -> Tensor:
    """A total, (M,), with the sums of values, (M, n), over each minibatch, one after another, in float64."""
    n = values.shape[-1]
    whole = values if n % batch == 0 else nn.functional.pad(values, (0, -n % batch))
    for summed in whole.view(len(total), -1, batch).sum(-1, dtype=torch.float64).unbind(1):
        total = total + summed
    return total


def hits(scores: Tensor, labels: Tensor) -> Tensor:
    """How many rows have their highest score, or the first of equal ones, at their label: (M,), int64."""
    return right(scores, labels).sum(-1)


def right(scores: Tensor, labels: Tensor) -> Tensor:
    """Which rows have their highest score, or the first of equal ones, at their label: (M, n), bool.

    Across rows this is 8 times as fast on a CPU as argmax, which it equals, and twice as max's indices.

    Args:
        scores: (M, K, n).
        labels: class indices, (n,).
    """
    K, top = scores.shape[-2], scores.amax(-2, keepdim=True)
    if bool(top.isnan().any()):
        return scores.argmax(-2) == labels  # NaN counts as the highest, but equals nothing
    rank = torch.arange(K, 0, -1, dtype=torch.int32, device=scores.device)[:, None]  # (K, 1)
    first = ((scores == top) * rank).amax(-2)  # (M, n), K − argmax
    return first == K - labels
