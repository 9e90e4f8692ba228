"""Runs that nothing was trained for."""

from __future__ import annotations

import torch

from linnet.core.bank import Bank
from linnet.model.card import Card
from linnet.model.history import History
from linnet.model.run import Run

NAMES = ("T-shirt/top", 'l\'été "x" \\n ??/', "裙子")


def make_run(loss: str, dtype: torch.dtype = torch.float32, size: float = 3.0, features: int = 12) -> Run:
    """A run of three outputs over twelve pixels, with names that need escaping."""
    source = torch.Generator().manual_seed(1)
    W = torch.randn(3, features, generator=source, dtype=torch.float64) * size
    b = torch.randn(3, generator=source, dtype=torch.float64)
    classes = () if loss == "squared" else NAMES
    card = Card('data "set" */ \'', classes, (3, 4) if features == 12 else None, 1 / 255, loss)
    return Run(Bank.of(W.to(dtype), b.to(dtype)), History(), "completed", card)
