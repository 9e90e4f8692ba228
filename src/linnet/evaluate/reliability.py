"""Whether a confidence of 0.8 is right four times in five: reliability and the expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.device import generator
from linnet.errors import UsageError
from linnet.evaluate.forecast import Forecast

BINS = 15
"""The number of bins of Guo et al. (2017)."""

MOST = 1000
"""Bins that are made at most."""

DRAWS = 100

ROUNDING = 2e-15
"""By what share a softmax may come out above a probability that lies on an edge."""


@dataclass(frozen=True, eq=False)
class Reliability:
    """Rows in bins by the probability of their likeliest class (Guo et al. 2017, section 2).

    Args:
        binning: "width", bins as wide as each other, or "mass", bins of as many rows.
        edges: of the bins, rising, (bins + 1,); a bin is (lower, upper], the first has its lower edge too,
            and a confidence of exactly 1 is in the last.
        counts: rows a bin, (bins,), int64.
        confidence: the mean probability in each bin, (bins,), float64; NaN in an empty one.
        accuracy: the share of hits in each bin, (bins,), float64; NaN in an empty one.
    """

    binning: str
    edges: Tensor
    counts: Tensor
    confidence: Tensor
    accuracy: Tensor

    @property
    def bins(self) -> int:
        """How many bins."""
        return len(self.counts)

    @property
    def ece(self) -> float:
        """Expected calibration error: Σ_bins (rows/N) |accuracy − confidence|, from 0 to 1."""
        gaps = (self.accuracy - self.confidence).abs().nan_to_num(0.0)
        return float(gaps @ self.counts.double() / self.counts.sum())

    @property
    def mce(self) -> float:
        """Maximum calibration error: the widest gap of a bin with rows."""
        return float((self.accuracy - self.confidence).abs().nan_to_num(0.0).max())

    def expected_ece(self, forecast: Forecast, draws: int = DRAWS, seed: int = 0) -> float:
        """The mean ECE in these bins were every probability true: hits drawn by the confidence of each row.

        An ECE near this says nothing against the model (Bröcker and Smith 2007, consistency resampling).

        Args:
            forecast: the one it was made of.
            draws: how often to draw.
            seed: of the draws.
        """
        source, chance = generator(seed, "reliability"), forecast.confidence
        total = 0.0
        for _ in range(draws):
            hits = torch.rand(len(chance), generator=source, dtype=torch.float64) < chance
            total += _filled(self.binning, self.edges, chance, hits).ece
        return total / draws

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        known = {name: [None if v != v else v for v in getattr(self, name).tolist()]
                 for name in ("edges", "counts", "confidence", "accuracy")}  # fmt: skip
        return {"binning": self.binning, "bins": self.bins, "ece": self.ece, "mce": self.mce, **known}


def reliability(forecast: Forecast, bins: int = BINS, binning: str = "width") -> Reliability:
    """The reliability of the likeliest class's probability.

    Args:
        forecast: of labelled rows.
        bins: how many. Bins of equal mass may be fewer where many rows have the same confidence.
        binning: "width" or "mass".

    Raises:
        UsageError: another binning, fewer than one bin, or more than 1,000.
    """
    if not 1 <= bins <= MOST or binning not in ("width", "mass"):
        raise UsageError(
            f"expected at least one bin, at most {MOST}, and binning width or mass, not {bins}, {binning!r}"
        )
    confidence = forecast.confidence
    edges = torch.arange(bins + 1, dtype=torch.float64) / bins  # k/bins to the last digit, as linspace is not
    if binning == "mass":
        edges = confidence.quantile(edges).unique()
        edges = edges if len(edges) > 1 else torch.stack([edges[0], edges[0]])
    return _filled(binning, edges, confidence, forecast.hits)


def _filled(binning: str, edges: Tensor, confidence: Tensor, hits: Tensor) -> Reliability:
    """The bins with rows in them."""
    bins = len(edges) - 1
    place = torch.bucketize(confidence * (1 - ROUNDING), edges[1:-1])  # (N,)
    counts = torch.bincount(place, minlength=bins)
    sums = (torch.bincount(place, weights, bins) for weights in (confidence, hits.double()))
    mean, share = (total / counts for total in sums)
    return Reliability(binning, edges, counts, mean, share)
