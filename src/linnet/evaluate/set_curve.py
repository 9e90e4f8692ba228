"""How the coverage and the size of prediction sets go with what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.evaluate.conformal import Conformal, own_strangeness, strangeness, threshold_of
from linnet.evaluate.forecast import Forecast

ASKED = tuple(k / 100 for k in range(50, 100))
"""Coverages that are asked for, 1 − α."""


@dataclass(frozen=True, eq=False)
class SetCurve:
    """What the sets of a method come to for each coverage that is asked for.

    Args:
        method: "lac" or "aps".
        randomised: of APS.
        asked: 1 − α, rising, (T,), float64.
        coverage: the share of rows whose set holds their class, (T,).
        mean_size: the mean number of classes in a set, (T,).
        low: what 19 in 20 such coverages lie above and below by chance alone, (T,): see `Conformal.expected`.
        high: the upper end, (T,).
    """

    method: str
    randomised: bool
    asked: Tensor
    coverage: Tensor
    mean_size: Tensor
    low: Tensor
    high: Tensor


def set_curve(
    seen: Forecast,
    judged: Forecast,
    method: str = "lac",
    *,
    randomised: bool = False,
    asked: Sequence[float] = ASKED,
    seed: int = 0,
) -> SetCurve:
    """Learn a threshold for each coverage on some rows and measure its sets on others.

    It agrees with `learn_sets` and `coverage`, but sorts once for all.

    Args:
        seen: of the rows to learn on.
        judged: of the rows to measure on.
        method: "lac" or "aps".
        randomised: of APS only.
        asked: the coverages, between 0 and 1, rising.
        seed: of the draws, where it is randomised.

    Raises:
        UsageError: the method or a coverage cannot be.
    """
    if not asked or not all(0 < share < 1 for share in asked):
        raise UsageError(f"the coverages asked for must lie between 0 and 1, not {list(asked)}")
    learnt = own_strangeness(seen, method, randomised, seed, "learn").sort().values
    scores = strangeness(judged.probabilities, method, randomised, seed, "sets")  # (N, K)
    own = scores.gather(1, judged.labels[:, None])[:, 0]
    rules = [Conformal(method, 1 - a, threshold_of(learnt, 1 - a), randomised, len(seen)) for a in asked]
    thresholds = torch.tensor([rule.threshold for rule in rules], dtype=torch.float64)
    low, high = torch.tensor([rule.expected(len(judged)) for rule in rules], dtype=torch.float64).T
    held, sizes = (_within(values, thresholds) / len(judged) for values in (own, scores.flatten()))
    return SetCurve(method, randomised, torch.tensor(asked, dtype=torch.float64), held, sizes, low, high)


def _within(values: Tensor, thresholds: Tensor) -> Tensor:
    """How many values are at most each threshold, (T,), float64."""
    return torch.searchsorted(values.sort().values, thresholds, right=True).double()
