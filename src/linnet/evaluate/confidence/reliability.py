"""Reliability by bins of confidence, and the expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from linnet.draws import Draws
from linnet.errors import UsageError
from linnet.evaluate.interval import Array, known

if TYPE_CHECKING:  # what only draws a reliability imports no torch
    from linnet.evaluate.evaluation import Evaluation

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
    edges: Array
    counts: Array
    confidence: Array
    accuracy: Array

    @property
    def bins(self) -> int:
        """How many bins."""
        return len(self.counts)

    @property
    def ece(self) -> float:
        """Expected calibration error: Σ_bins (rows/N) |accuracy − confidence|, from 0 to 1."""
        return float(self._gaps @ self.counts / self.counts.sum())

    @property
    def mce(self) -> float:
        """Maximum calibration error: the widest gap of a bin with rows."""
        return float(self._gaps.max())

    @property
    def _gaps(self) -> Array:
        """|accuracy − confidence| of each bin, 0 in an empty one, (bins,)."""
        return np.nan_to_num(np.abs(self.accuracy - self.confidence))

    def expected_ece(self, evaluation: Evaluation, draws: int = DRAWS, seed: int = 0) -> float:
        """The mean ECE in these bins were every probability true: hits drawn by the confidence of each row.

        An ECE near this says nothing against the model (Bröcker and Smith 2007, consistency resampling).

        Args:
            evaluation: the one it was made of.
            draws: how often to draw.
            seed: of the draws.
        """
        source, chance = Draws(seed, "reliability"), evaluation.confidence
        place, total = _places(self.edges, chance), 0.0
        for _ in range(draws):
            hits = source.uniform(len(chance)) < chance
            share = _means(place, hits, self.counts)
            total += replace(self, accuracy=share).ece
        return total / draws

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        figures = {name: known(getattr(self, name)) for name in ("edges", "counts", "confidence", "accuracy")}
        return {"binning": self.binning, "bins": self.bins, "ece": self.ece, "mce": self.mce, **figures}


def reliability(evaluation: Evaluation, bins: int = BINS, binning: str = "width") -> Reliability:
    """The reliability of the likeliest class's probability.

    Args:
        evaluation: of a classifier.
        bins: how many. Bins of equal mass may be fewer where many rows have the same confidence.
        binning: "width" or "mass".

    Raises:
        UsageError: another binning, fewer than one bin, or more than 1,000.
    """
    if not 1 <= bins <= MOST or binning not in ("width", "mass"):
        raise UsageError(
            f"expected at least one bin, at most {MOST}, and binning width or mass, not {bins}, {binning!r}"
        )
    confidence = evaluation.confidence
    edges = np.arange(bins + 1) / bins  # k/bins to the last digit, as linspace is not
    if binning == "mass":
        edges = np.unique(np.quantile(confidence, edges))
        edges = edges if len(edges) > 1 else np.repeat(edges, 2)
    return _fill(binning, edges, confidence, evaluation.hits)


def _fill(binning: str, edges: Array, confidence: Array, hits: Array) -> Reliability:
    """The bins with rows in them."""
    place = _places(edges, confidence)
    counts = np.bincount(place, minlength=len(edges) - 1)
    return Reliability(binning, edges, counts, _means(place, confidence, counts), _means(place, hits, counts))


def _places(edges: Array, confidence: Array) -> Array:
    """The bin of each row, (N,)."""
    return np.searchsorted(edges[1:-1], confidence * (1 - ROUNDING))


def _means(place: Array, values: Array, counts: Array) -> Array:
    """The means of rows' values (N,) in each bin, NaN in an empty one."""
    with np.errstate(invalid="ignore"):
        return np.bincount(place, values, len(counts)) / counts
