"""Prediction sets that hold the right class as often as was asked, whatever the model (split conformal).

The rows that a threshold is learnt on must be exchangeable with those it is used on, and unseen in training.
Then P(class in set) ≥ 1 − α, over the draw of both (Vovk, Gammerman and Shafer 2005; Angelopoulos and Bates
2023). The promise is for all rows together, not for each class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.device import generator
from linnet.errors import UsageError
from linnet.evaluate.forecast import Forecast
from linnet.evaluate.interval import NO_ROWS, Interval
from linnet.evaluate.proportions import Tally, proportion

METHODS = ("lac", "aps")


@dataclass(frozen=True)
class Conformal:
    """A rule that gives each row a set of classes: those whose score of strangeness is within the threshold.

    Args:
        method: "lac", 1 − p_k, with the smallest sets on average (Sadinle, Lei and Wasserman 2019); or
            "aps", the probability of all likelier classes, whose size tells hard rows from easy ones
            (Romano, Sesia and Candès 2020).
        alpha: the share of rows whose set may lack their class.
        threshold: of the score; infinite where there were too few rows to promise anything.
        randomised: of APS, whether a share of the class itself, drawn from U(0, 1), is counted too, as in
            the paper. Coverage is then no more than asked, but a set may be empty; without it every set
            holds the likeliest class, so that coverage is never below the accuracy.
        rows: how many it was learnt on.
    """

    method: str
    alpha: float
    threshold: float
    randomised: bool
    rows: int

    def sets(self, probabilities: Tensor, seed: int = 0) -> Tensor:
        """Which classes are in the set of each row, (N, K), bool.

        Args:
            probabilities: (N, K).
            seed: of the draws, where it is randomised.
        """
        return strangeness(probabilities, self.method, self.randomised, seed, "sets") <= self.threshold

    def expected(self, rows: int, level: float = 0.95) -> tuple[float, float]:
        """Between which shares of so many other rows the coverage lies with a chance of `level`.

        It is the beta-binomial law of scores without ties, over the draw of both sets of rows. Ties, as the
        zeros of APS without randomisation, only raise the coverage.

        Args:
            rows: how many rows the coverage is measured on, exchangeable with those it was learnt on.
            level: between 0 and 1.
        """
        from scipy.stats import betabinom

        place = _place(self.rows, self.alpha)
        if place > self.rows:
            return 1.0, 1.0
        law = betabinom(rows, place, self.rows + 1 - place)
        low, high = (float(law.ppf(tail)) / rows for tail in ((1 - level) / 2, (1 + level) / 2))
        return low, high


@dataclass(frozen=True, eq=False)
class Coverage:
    """What prediction sets came to on labelled rows.

    Args:
        asked: 1 − α.
        coverage: the share of rows whose set holds their class.
        by_class: the same of each class's rows, (K,), float64; NaN for a class without rows.
        sizes: rows with a set of 0, 1, … K classes, (K + 1,), int64.
        interval: the coverage with its interval.
        class_intervals: those of the classes.
    """

    asked: float
    coverage: float
    by_class: Tensor
    sizes: Tensor
    interval: Interval
    class_intervals: tuple[Interval, ...]

    @property
    def mean_size(self) -> float:
        """The mean number of classes in a set."""
        return float(self.sizes @ torch.arange(len(self.sizes)) / self.sizes.sum())

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        by_class = [None if v != v else v for v in self.by_class.tolist()]
        return {
            "asked": self.asked, "coverage": self.coverage, "interval": self.interval.as_dict(),
            "mean_size": self.mean_size, "by_class": by_class,
            "class_intervals": [one.as_dict() for one in self.class_intervals], "sizes": self.sizes.tolist(),
        }  # fmt: skip


def learn_sets(
    forecast: Forecast, alpha: float, method: str = "lac", *, randomised: bool = False, seed: int = 0
) -> Conformal:
    """The rule of prediction sets for an error of α, learnt on rows kept from training.

    Args:
        forecast: of those rows.
        alpha: between 0 and 1.
        method: "lac" or "aps".
        randomised: of APS only.
        seed: of the draws, where it is randomised.

    Raises:
        UsageError: α or the method cannot be, or LAC is to be randomised.
    """
    if not 0 < alpha < 1:
        raise UsageError(f"alpha, the share of sets that may miss, must lie between 0 and 1, not {alpha}")
    own = own_strangeness(forecast, method, randomised, seed, "learn").sort().values  # (N,)
    return Conformal(method, alpha, threshold_of(own, alpha), randomised, len(own))


def threshold_of(own: Tensor, alpha: float) -> float:
    """The threshold for an error of α; infinite where the rows are too few.

    Args:
        own: the strangeness of each row's own class, rising, (N,).
        alpha: between 0 and 1.
    """
    place = _place(len(own), alpha)
    return float(own[place - 1]) if place <= len(own) else math.inf


def fewest_rows(alpha: float) -> int:
    """How many rows it takes to promise an error of α."""
    return math.ceil(1 / alpha - 1 - 1e-9)


def coverage(rule: Conformal, forecast: Forecast, seed: int = 0) -> Coverage:
    """What a rule's sets come to on other labelled rows."""
    sets = rule.sets(forecast.probabilities, seed)
    held = sets.gather(1, forecast.labels[:, None])[:, 0].double()
    K = len(forecast.classes)
    own = torch.bincount(forecast.labels, held, K)
    there = torch.bincount(forecast.labels, minlength=K).double()
    each = tuple(Tally(own, there, own, there).intervals([NO_ROWS] * K))
    sizes = torch.bincount(sets.sum(1), minlength=K + 1)
    whole = proportion(held > 0)
    return Coverage(1 - rule.alpha, whole.value, own / there, sizes, whole, each)


def own_strangeness(forecast: Forecast, method: str, randomised: bool, seed: int, stream: str) -> Tensor:
    """The strangeness of each row's own class, (N,)."""
    scores = strangeness(forecast.probabilities, method, randomised, seed, stream)
    return scores.gather(1, forecast.labels[:, None])[:, 0]


def strangeness(P: Tensor, method: str, randomised: bool, seed: int, stream: str) -> Tensor:
    """How strange each class would be for each row, (N, K), float64.

    Args:
        P: probabilities, (N, K).
        method: "lac" or "aps".
        randomised: of APS only.
        seed: of the draws, where it is randomised.
        stream: what they are for: those that a threshold is learnt with must be others than those it is used
            with.

    Raises:
        UsageError: the method cannot be, or LAC is to be randomised.
    """
    if method not in METHODS or (randomised and method != "aps"):
        raise UsageError(f"the method is lac or aps, and only aps is randomised, not {method!r}")
    P = P.double()
    if method == "lac":
        return 1 - P
    ranked, order = P.sort(dim=1, descending=True, stable=True)
    left_out = torch.ones(len(P), 1, dtype=torch.float64)
    if randomised:
        source = generator(seed, f"conformal {stream}")
        left_out = torch.rand(len(P), 1, generator=source, dtype=torch.float64)
    mass = ranked.cumsum(1) - ranked + (1 - left_out) * ranked  # one draw a row, U in the paper
    return torch.empty_like(P).scatter_(1, order, mass)


def _place(rows: int, alpha: float) -> int:
    """Which of the rising scores is the threshold, from 1; more than `rows` where they are too few."""
    return math.ceil((rows + 1) * (1 - alpha) - 1e-9)  # the tolerance is for 1 − α's own rounding
