"""Saying nothing where the model is unsure: accuracy against the share of rows it answers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.evaluate.forecast import Forecast


@dataclass(frozen=True, eq=False)
class AbstainCurve:
    """What a threshold of confidence comes to, from the strictest on (El-Yaniv and Wiener 2010).

    Args:
        thresholds: answer where the confidence is at least so much; falling, (T,), float64.
        coverage: the share of rows that are answered, rising to 1, (T,).
        accuracy: the share of those that are right, (T,).
    """

    thresholds: Tensor
    coverage: Tensor
    accuracy: Tensor

    @property
    def area(self) -> float:
        """The mean error over all coverages (AURC, less is better): each row the last to be answered once."""
        return float(((1 - self.accuracy) * self.coverage.diff(prepend=self.coverage.new_zeros(1))).sum())

    def threshold(self, accuracy: float) -> float:
        """The threshold that answers most rows with at least such an accuracy on these rows.

        Raises:
            UsageError: no threshold gives it.
        """
        enough = (self.accuracy >= accuracy).nonzero()[:, 0]
        if not len(enough):
            raise UsageError(
                f"no threshold gives an accuracy of {accuracy}: the best is {float(self.accuracy.max()):.4f}"
            )
        return float(self.thresholds[enough[-1]])


def abstain_curve(forecast: Forecast) -> AbstainCurve:
    """Accuracy and coverage at every threshold, rows of the same confidence being answered together."""
    confidence, order = forecast.confidence.sort(descending=True, stable=True)
    answered = torch.arange(1, len(order) + 1, dtype=torch.float64)
    right = forecast.hits[order].double().cumsum(0)
    ends = torch.cat([confidence[1:] != confidence[:-1], torch.ones(1, dtype=torch.bool)])
    return AbstainCurve(confidence[ends], answered[ends] / len(order), (right / answered)[ends])
