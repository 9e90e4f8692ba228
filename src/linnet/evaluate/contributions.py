"""Why a linear model said what it said: the exact share of each feature in each score."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.errors import ShapeError
from linnet.model.run import Run


@dataclass(frozen=True, eq=False)
class Contributions:
    """The terms of a row's scores: `scores_k = Σ_d parts[k, d] + bias_k`, nothing being approximated.

    Args:
        parts: W_kd x_d, (K, D), float64; x is scaled as the model sees it.
        bias: b, (K,), float64.
    """

    parts: Tensor
    bias: Tensor

    @property
    def scores(self) -> Tensor:
        """Their sums, (K,): the model's scores before any calibration."""
        return self.parts.sum(1) + self.bias

    def between(self, k: int, other: int) -> Tensor:
        """What speaks for class k against another: the difference of their parts, (D,)."""
        return self.parts[k] - self.parts[other]


def contributions(run: Run, x: Tensor) -> Contributions:
    """The contribution of each feature to each score of one row.

    Args:
        run: of a linear model.
        x: the row as stored, (D,).

    Raises:
        ShapeError: the row has another number of features.
        UsageError: the run trained a module.
    """
    bank = run.bank
    if x.shape != (bank.features,):
        raise ShapeError(f"expected one row of {bank.features} features, got shape {tuple(x.shape)}")
    W = bank.pick(0).W.detach().double().cpu()
    parts = W * (x.double().cpu() * run.card.scale)  # (K, D)
    return Contributions(parts, torch.as_tensor(bank.pick(0).b).detach().double().cpu())
