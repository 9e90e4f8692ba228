"""Conformal rules as data: prediction sets of classes and intervals of numbers, applied in numpy alone.

A rule is learnt on rows that are exchangeable with those it is used on, and unseen in training. Then
P(target in set) ≥ 1 − α, over the draw of both (Vovk, Gammerman, Shafer 2005; Angelopoulos and Bates 2023):
of all rows together, not of each class or each region. `linnet.evaluate.confidence` learns and judges rules.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnet.draws import Draws
from linnet.errors import FormatError, UsageError

Array = NDArray[Any]

METHODS = ("lac", "aps")

SPREADS = ("constant", "root")
"""How far predictions of any size are taken to miss: alike, or as the root of the mean, as counts do."""


@dataclass(frozen=True, kw_only=True)
class ConformalRule:
    """What prediction sets and intervals have in common.

    Args:
        alpha: the share of rows whose set may lack their target, between 0 and 1.
        rows: how many it was learnt on.
        source: which rows those were, for people.
    """

    alpha: float
    rows: int
    source: str = ""

    def expected(self, rows: int, level: float = 0.95) -> tuple[float, float]:
        """Between which shares of so many other rows the coverage lies with a chance of `level`.

        It is the beta-binomial law of scores without ties, over the draw of both sets of rows. Ties, as the
        zeros of APS without randomisation, only raise the coverage.

        Args:
            rows: how many rows the coverage is measured on, exchangeable with those it was learnt on.
            level: between 0 and 1.
        """
        place = place_of(self.rows, self.alpha)
        if place > self.rows:
            return 1.0, 1.0
        cumulated = _beta_binomial(rows, place, self.rows + 1 - place)
        tails = [(1 - level) / 2, (1 + level) / 2]
        low, high = np.searchsorted(cumulated[:-1], tails)  # all rows at most, at last
        return float(low) / rows, float(high) / rows


def _beta_binomial(rows: int, a: float, b: float) -> NDArray[np.float64]:
    """The chance of at most k of so many rows, for k = 0…rows, of the beta-binomial law.

    scipy.stats has it, and takes most of a second to import.
    """
    from scipy.special import betaln

    k = np.arange(rows + 1)
    logs = betaln(k + a, rows - k + b) - betaln(a, b) - betaln(rows - k + 1, k + 1) - np.log(rows + 1)
    return np.cumsum(np.exp(logs))


@dataclass(frozen=True, kw_only=True)
class Conformal(ConformalRule):
    """A rule that gives each row a set of classes: those whose nonconformity is within the threshold.

    Args:
        method: "lac", 1 − p_k, with the smallest sets on average (Sadinle, Lei and Wasserman 2019); or
            "aps", the probability of all likelier classes, whose size tells hard rows from easy ones
            (Romano, Sesia and Candès 2020).
        threshold: of the score; infinite where the rows were too few for any guarantee.
        randomised: of APS, whether a share of the class itself, drawn from U(0, 1), is counted too, as in
            the paper. Coverage is then no more than asked, but a set may be empty; without it every set
            holds the likeliest class, so that coverage is never below the accuracy.
    """

    method: str
    threshold: float
    randomised: bool = False

    def sets(self, probabilities: ArrayLike, seed: int = 0) -> Array:
        """Which classes are in the set of each row, (N, K), bool.

        Args:
            probabilities: (N, K).
            seed: of the draws, where it is randomised.
        """
        return nonconformity(probabilities, self.method, self.randomised, seed, "sets") <= self.threshold


@dataclass(frozen=True, kw_only=True)
class ConformalInterval(ConformalRule):
    """A rule that gives each predicted number an interval: the prediction ± its half-width.

    Args:
        half_widths: of each of the K outputs, in the target's units; infinite where the rows were too few.
        spread: "constant", or "root" where the half-width of a mean μ is √μ times as much, and none is
            below 0, as of counts.
    """

    half_widths: tuple[float, ...]
    spread: str = "constant"

    def ends(self, predictions: ArrayLike) -> tuple[Array, Array]:
        """The lower and the upper end of each prediction's interval, (N, K) each, float64.

        Args:
            predictions: (N, K).
        """
        means = np.asarray(predictions, np.float64)
        reach = np.asarray(self.half_widths) * spread_of(means, self.spread)
        low = means - reach
        return (np.maximum(low, 0.0) if self.spread == "root" else low), means + reach


@dataclass(frozen=True, kw_only=True)
class Abstention:
    """A rule that says nothing of rows whose likeliest class is less probable than a threshold.

    Args:
        accuracy: that the answers were to have on the rows it was learnt on.
        threshold: of the probability.
        rows: how many rows those were.
        source: which rows, for people.
    """

    accuracy: float
    threshold: float
    rows: int
    source: str = ""

    def answered(self, probabilities: ArrayLike) -> Array:
        """Of which rows something is said, (N,), bool."""
        return np.asarray(probabilities).max(axis=1) >= self.threshold


@dataclass(frozen=True, kw_only=True)
class PredictionRules:
    """The rules that a model keeps, in its card, for the rows that it is to answer.

    Args:
        sets: of a classifier.
        intervals: of a regression.
        abstention: of a classifier.
    """

    sets: Conformal | None = None
    intervals: ConformalInterval | None = None
    abstention: Abstention | None = None

    TYPES: ClassVar[Mapping[str, type[Any]]] = {
        "sets": Conformal, "intervals": ConformalInterval, "abstention": Abstention,
    }  # fmt: skip

    def __post_init__(self) -> None:
        learnt = (self.sets and self.sets.threshold, *(self.intervals.half_widths if self.intervals else ()))
        if any(number is not None and not math.isfinite(number) for number in learnt):
            raise UsageError(
                "a rule that was learnt on too few rows promises nothing and cannot be kept: keep more rows "
                "from training (--validation), or let more of them be missed"
            )
        if self.abstention is not None and not 0 <= self.abstention.threshold <= 1:
            raise UsageError(f"the threshold of abstention is a probability, not {self.abstention.threshold}")
        if self.sets is not None and self.sets.randomised:
            raise UsageError("a rule that draws at random cannot be kept: leave out --randomised")

    def to_json(self) -> dict[str, Any]:
        """The rules as plain values."""
        found = ((name, getattr(self, name)) for name in self.TYPES)
        return {name: dataclasses.asdict(rule) for name, rule in found if rule is not None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PredictionRules:
        """The inverse of `to_json`.

        Raises:
            FormatError: these are no rules.
        """
        try:
            rules = cls(**{name: cls.TYPES[name](**_tuples(given)) for name, given in values.items()})
        except (AttributeError, KeyError, TypeError, UsageError) as error:
            raise FormatError(f"these are no rules of a model: {error!r}") from error
        if rules.sets is not None and rules.sets.method not in METHODS:
            raise FormatError(f"these are no rules of a model: the method {rules.sets.method!r}")
        if rules.intervals is not None and rules.intervals.spread not in SPREADS:
            raise FormatError(f"these are no rules of a model: the spread {rules.intervals.spread!r}")
        return rules


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def place_of(rows: int, alpha: float) -> int:
    """Which of the rising scores is the threshold, from 1; more than `rows` where they are too few."""
    return math.ceil((rows + 1) * (1 - alpha) - 1e-9)  # the tolerance is for 1 − α's own rounding


def fewest_rows(alpha: float) -> int:
    """How many rows it takes to guarantee an error of α."""
    return math.ceil(1 / alpha - 1 - 1e-9)


def thresholds_of(scores: Array, alphas: ArrayLike) -> Array:
    """The threshold of scores (N,) for each error α, infinite where the rows are too few.

    Raises:
        UsageError: an α is not between 0 and 1.
    """
    rows, alphas = len(scores), np.atleast_1d(np.asarray(alphas, np.float64))
    if not ((alphas > 0) & (alphas < 1)).all():
        raise UsageError(
            f"alpha, the share that may be missed, must lie between 0 and 1, not {alphas.tolist()}"
        )
    rising = np.append(np.sort(scores), math.inf)  # (N + 1,)
    return rising[[min(place_of(rows, alpha), rows + 1) - 1 for alpha in alphas.tolist()]]


def spread_of(means: Array, spread: str) -> Array:
    """What errors are measured in, of the shape of the means: 1, or √μ, the deviation of a Poisson count.

    Below a mean of 1 it is 1: √μ would measure the count 1 of a mean near 0 as infinitely far off.
    """
    if spread not in SPREADS:
        raise UsageError(f"a spread is one of {', '.join(SPREADS)}, not {spread!r}")
    return np.sqrt(np.maximum(means, 1.0)) if spread == "root" else np.ones_like(means)


def nonconformity(P: ArrayLike, method: str, randomised: bool, seed: int, stream: str) -> Array:
    """The nonconformity of each class for each row, (N, K), float64.

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
    P = np.asarray(P, np.float64)
    if method == "lac":
        return 1 - P
    order = np.argsort(-P, axis=1, kind="stable")
    ranked = np.take_along_axis(P, order, 1)
    mass = ranked.cumsum(1) - ranked + (1 - _left_out(len(P), randomised, seed, stream)) * ranked
    scores = np.empty_like(P)
    np.put_along_axis(scores, order, mass, 1)
    return scores


def _left_out(rows: int, randomised: bool, seed: int, stream: str) -> Array:
    """The share of a class that does not count, one draw a row, U in the paper, (N, 1); else all of it."""
    if not randomised:
        return np.ones((rows, 1))
    return Draws(seed, f"conformal {stream}").uniform(rows)[:, None]
