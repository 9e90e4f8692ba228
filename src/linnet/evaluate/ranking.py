"""How well a class's probability puts its rows before the others: ROC and precision-recall.

One class against the rest. The area under the ROC curve is the chance that a row of the class is given a
higher probability than one that is not (Fawcett 2006); average precision is the area under the
precision-recall curve in steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from linnet.evaluate.forecast import Forecast
from linnet.evaluate.proportions import LEVEL

EDGE = 1e-12
"""Areas nearer than this to 0 or 1 are at it."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of one class against the rest.

    Args:
        x: false positive rates, or recalls.
        y: true positive rates, or precisions.
        area: under it: ROC AUC, or average precision; NaN for a class of no rows or of all.
    """

    x: np.ndarray
    y: np.ndarray
    area: float


def roc(forecast: Forecast, k: int) -> Curve:
    """The ROC curve of class k against the rest."""
    from sklearn.metrics import auc, roc_curve

    truth, scores = _one(forecast, k)
    if not 0 < truth.sum() < len(truth):
        return Curve(np.array([0.0, 1.0]), np.array([np.nan, np.nan]), np.nan)
    x, y, _ = roc_curve(truth, scores)
    return Curve(x, y, float(auc(x, y)))


def precision_recall(forecast: Forecast, k: int) -> Curve:
    """The precision-recall curve of class k against the rest, recall rising."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    truth, scores = _one(forecast, k)
    if not truth.sum():
        return Curve(np.array([0.0, 1.0]), np.array([np.nan, np.nan]), np.nan)
    precision, recall, _ = precision_recall_curve(truth, scores)
    return Curve(recall[::-1], precision[::-1], float(average_precision_score(truth, scores)))


class Areas:
    """ROC AUC and average precision of each class, for rows that count differently often.

    It sorts once, so that a bootstrap of a thousand resamples costs a thousand cumulative sums.

    Args:
        forecast: of N rows.
    """

    def __init__(self, forecast: Forecast) -> None:
        P = forecast.probabilities.T  # (K, N)
        self.order = P.argsort(1, descending=True)  # (K, N)
        ranked = P.gather(1, self.order)
        self.is_own = (forecast.labels[self.order] == torch.arange(len(P))[:, None]).double()  # (K, N)
        self.ends = [torch.cat([row[1:] != row[:-1], torch.ones(1, dtype=torch.bool)]) for row in ranked]

    def __call__(self, counts: Tensor) -> Tensor:
        """The ROC AUCs and then the average precisions of the classes, (2K,); NaN where not defined.

        Args:
            counts: how often each row counts, (N,).
        """
        pairs = [self._class(k, counts) for k in range(len(self.order))]
        return torch.stack([*(a for a, _ in pairs), *(p for _, p in pairs)])

    def _class(self, k: int, counts: Tensor) -> tuple[Tensor, Tensor]:
        weights = counts[self.order[k]]  # (N,)
        own = (weights * self.is_own[k]).cumsum(0)[self.ends[k]]  # at each threshold, (U,)
        seen = weights.cumsum(0)[self.ends[k]]
        rest = seen - own
        zero = own.new_zeros(1)
        area = torch.trapezoid(torch.cat([zero, own]), torch.cat([zero, rest])) / (own[-1] * rest[-1])
        precision = torch.where(seen > 0, own / seen, 0.0)
        return area, (precision * own.diff(prepend=zero)).sum() / own[-1]


def _one(forecast: Forecast, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are of class k, and its probabilities."""
    return (forecast.labels == k).numpy(), forecast.probabilities[:, k].numpy()


def auc_interval(area: float, own: float, rest: float, level: float = LEVEL) -> tuple[float, float]:
    """The interval of an area under a ROC curve, Newcombe's fifth (2006), which holds up at 0 and 1.

    Its ends θ solve |θ − area| = z·√V(θ) with Hanley and McNeil's variance
    V(θ) = θ(1 − θ)·[1 + n·(1 − θ)/(2 − θ) + n·θ/(1 + θ)]/(own·rest), n = (own + rest)/2 − 1.

    Args:
        area: from 0 to 1.
        own: how many rows are of the class.
        rest: how many are not.
        level: of the interval.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    z, n = float(norm.ppf((1 + level) / 2)), (own + rest) / 2 - 1

    def beyond(theta: float) -> float:
        spread = 1 + n * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        variance = theta * (1 - theta) * max(spread, 1.0) / (own * rest)
        return abs(theta - area) - z * math.sqrt(variance)

    near, far = min(area, 1 - EDGE), max(area, EDGE)
    low = 0.0 if area <= EDGE else np.asarray(brentq(beyond, 0.0, near)).item()
    high = 1.0 if area >= 1 - EDGE else np.asarray(brentq(beyond, far, 1.0)).item()
    return low, high
