"""The order of models in a bank: those of one optimizer rule stand together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, groupby, pairwise

from linnet.config import OPTIMIZERS, Hyperparameters


def split_by_rule(hyperparameters: Sequence[Hyperparameters]) -> list[slice]:
    """Where models of one rule, and of one number of minibatches a step, stand: all such together."""
    kinds = [(k.optimizer, k.accumulate) for k in hyperparameters]
    ends = accumulate(len(list(run)) for _, run in groupby(kinds))
    runs = [slice(low, high) for low, high in pairwise([0, *ends])]
    assert len(runs) == len(set(kinds)), f"models of one rule stand together, got {kinds}"
    return runs


def order_by_rule(hyperparameters: Sequence[Hyperparameters]) -> list[int]:
    """The order of models in which those of one rule stand together, as `Update` wants them."""
    kinds = [(OPTIMIZERS.index(k.optimizer), k.accumulate) for k in hyperparameters]
    return sorted(range(len(kinds)), key=kinds.__getitem__)
