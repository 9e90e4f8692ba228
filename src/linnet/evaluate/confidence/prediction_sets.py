"""Prediction sets that hold the right class as often as was asked, whatever the model (split conformal).

The rows that a threshold is learnt on must be exchangeable with those it is used on, and unseen in training.
Then P(class in set) ≥ 1 − α, over the draw of both (Vovk, Gammerman and Shafer 2005; Angelopoulos and Bates
2023). The guarantee is for all rows together, not for each class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from linnet.errors import UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import NO_ROWS, Array, Interval, Tally, known, proportion

METHODS = ("lac", "aps")

ASKED = tuple(k / 100 for k in range(50, 100))
"""Coverages that a curve is made for, 1 − α."""


@dataclass(frozen=True)
class Conformal:
    """A rule that gives each row a set of classes: those whose nonconformity is within the threshold.

    Args:
        method: "lac", 1 − p_k, with the smallest sets on average (Sadinle, Lei and Wasserman 2019); or
            "aps", the probability of all likelier classes, whose size tells hard rows from easy ones
            (Romano, Sesia and Candès 2020).
        alpha: the share of rows whose set may lack their class.
        threshold: of the score; infinite where the rows were too few for any guarantee.
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

    def sets(self, probabilities: ArrayLike, seed: int = 0) -> Array:
        """Which classes are in the set of each row, (N, K), bool.

        Args:
            probabilities: (N, K).
            seed: of the draws, where it is randomised.
        """
        return nonconformity(probabilities, self.method, self.randomised, seed, "sets") <= self.threshold

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
    """Coverage and size of prediction sets on labelled rows.

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
    by_class: Array
    sizes: Array
    interval: Interval
    class_intervals: tuple[Interval, ...]

    @property
    def mean_size(self) -> float:
        """The mean number of classes in a set."""
        return float(self.sizes @ np.arange(len(self.sizes)) / self.sizes.sum())

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "asked": self.asked, "coverage": self.coverage, "interval": self.interval.as_dict(),
            "mean_size": self.mean_size, "by_class": known(self.by_class),
            "class_intervals": [one.as_dict() for one in self.class_intervals], "sizes": self.sizes.tolist(),
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class SetCurve:
    """Coverage and size of the sets of a method for each coverage that is asked for.

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
    asked: Array
    coverage: Array
    mean_size: Array
    low: Array
    high: Array


def learn_sets(
    evaluation: Evaluation, alpha: float, method: str = "lac", *, randomised: bool = False, seed: int = 0
) -> Conformal:
    """The rule of prediction sets for an error of α, learnt on rows kept from training.

    Args:
        evaluation: on those rows.
        alpha: between 0 and 1.
        method: "lac" or "aps".
        randomised: of APS only.
        seed: of the draws, where it is randomised.

    Raises:
        UsageError: α or the method cannot be, or LAC is to be randomised.
    """
    (rule,) = _learn(evaluation, [alpha], method, randomised, seed)
    return rule


def coverage(rule: Conformal, evaluation: Evaluation, seed: int = 0) -> Coverage:
    """Coverage and size of a rule's sets on other labelled rows."""
    sets = rule.sets(evaluation.probabilities, seed)
    held, K = evaluation.of_targets(sets), len(evaluation.classes)
    own = np.bincount(evaluation.targets, held, K)
    there = np.bincount(evaluation.targets, minlength=K).astype(np.float64)
    each = Tally(own, there, own, there)
    sizes, whole = np.bincount(sets.sum(1), minlength=K + 1), proportion(held)
    intervals = tuple(each.intervals(NO_ROWS))
    return Coverage(1 - rule.alpha, whole.value, each.share, sizes, whole, intervals)


def set_curve(
    seen: Evaluation,
    judged: Evaluation,
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
    rules = _learn(seen, [1 - share for share in asked], method, randomised, seed)
    scores = nonconformity(judged.probabilities, method, randomised, seed, "sets")  # (N, K)
    thresholds = [rule.threshold for rule in rules]
    low, high = np.array([rule.expected(len(judged)) for rule in rules]).T
    held, sizes = (
        np.searchsorted(np.sort(values), thresholds, "right") / len(judged)
        for values in (judged.of_targets(scores), scores.ravel())
    )
    return SetCurve(method, randomised, np.array(asked), held, sizes, low, high)


def fewest_rows(alpha: float) -> int:
    """How many rows it takes to guarantee an error of α."""
    return math.ceil(1 / alpha - 1 - 1e-9)


def _learn(
    evaluation: Evaluation, alphas: Sequence[float], method: str, randomised: bool, seed: int
) -> list[Conformal]:
    """A rule for each error; a threshold is infinite where the rows are too few."""
    scores = nonconformity(evaluation.probabilities, method, randomised, seed, "learn")
    own = np.append(np.sort(evaluation.of_targets(scores)), math.inf)  # (N + 1,)
    for alpha in alphas:
        if not 0 < alpha < 1:
            raise UsageError(f"alpha, the share of sets that may miss, must lie between 0 and 1, not {alpha}")
    rows = len(evaluation)
    places = [min(_place(rows, alpha), rows + 1) for alpha in alphas]
    return [
        Conformal(method, alpha, float(own[place - 1]), randomised, rows)
        for alpha, place in zip(alphas, places, strict=True)
    ]


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
    import torch

    from linnet.device import generator

    source = generator(seed, f"conformal {stream}")
    return torch.rand(rows, 1, generator=source, dtype=torch.float64).numpy()


def _place(rows: int, alpha: float) -> int:
    """Which of the rising scores is the threshold, from 1; more than `rows` where they are too few."""
    return math.ceil((rows + 1) * (1 - alpha) - 1e-9)  # the tolerance is for 1 − α's own rounding
