"""The selected setting of a sweep, by rows kept from training, and whether its margin is significant.

Settings that differ in the seed only are one configuration; its figures are the mean over folds and seeds,
with the standard error of that mean. The margin of the best is within noise when a paired t-test cannot tell
it from the next: over the folds, each the mean of its seeds, as seeds on the same rows say nothing of other
rows.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from linnet.config import Hyperparameters
from linnet.errors import DivergedError
from linnet.evaluate.interval import Array

if TYPE_CHECKING:
    import pandas as pd

    from linnet.train.plan import Outcome, Trial

SURE = 0.05
"""The probability of chance below which a lead is not called noise."""


@dataclass(frozen=True, eq=False)
class Configuration:
    """Models that differ in fold and seed only.

    Args:
        hyperparameters: their settings, with the first of their seeds.
        members: their numbers in the sweep.
        scores: the chosen metric of each, in the order of members; NaN for one that diverged.
        folds: the fold of each.
        is_dropped: whether it lost a round of halving, so that its scores are of an earlier epoch.
    """

    hyperparameters: Hyperparameters
    members: tuple[int, ...]
    scores: Array
    folds: tuple[int, ...]
    is_dropped: bool = False

    @property
    def mean(self) -> float:
        """The mean score; NaN when a member diverged."""
        return float(self.scores.mean())

    @property
    def samples(self) -> Array:
        """What it is compared by: a mean a fold, or the scores of the seeds where there is one fold."""
        return self.by_fold(self.scores)

    def by_fold(self, values: Array) -> Array:
        """Figures of its members, (m,), as means over each fold; as they are where there is one fold."""
        own = np.array(self.folds)
        folds = np.unique(own)
        return values if len(folds) == 1 else np.array([values[own == f].mean() for f in folds])


@dataclass(frozen=True)
class Margin:
    """The margin of the best configuration over the next, and whether it is significant.

    Args:
        difference: of the mean scores, the best's less the next's; NaN without a next.
        error: the standard error of that difference over folds and seeds; NaN with a single pair.
        p: the probability of such a difference by chance, by a paired t-test; NaN with a single pair, or
            where all pairs differ alike.
    """

    difference: float
    error: float
    p: float

    @property
    def is_noise(self) -> bool:
        """Whether the next could as well be the best."""
        return not self.p < SURE

    def as_dict(self) -> dict[str, float | bool | None]:
        """As plain JSON values, None where a figure is not known."""
        known = {name: None if math.isnan(v) else v for name, v in dataclasses.asdict(self).items()}
        return {**known, "within_noise": None if math.isnan(self.p) else self.is_noise}

    def __str__(self) -> str:
        if math.isnan(self.difference):
            return "there is no other to compare with"
        if math.isnan(self.p):
            return f"it leads by {abs(self.difference):.4g}; whether that is noise is unknown: use more folds"
        said = "within noise" if self.is_noise else "beyond noise"
        return f"it leads by {abs(self.difference):.4g} ± {self.error:.2g} ({said}, p = {self.p:.2g})"


def configurations(outcome: Outcome, trials: Sequence[Trial], metric: str) -> list[Configuration]:
    """The configurations of a sweep, the best first, diverged ones last.

    Args:
        outcome: of the trials.
        trials: in the sweep's order.
        metric: "validation_accuracy", of which more is better, or "validation_loss".
    """
    finals = final(outcome, metric)
    groups: dict[Hyperparameters, list[int]] = {}
    for number, trial in enumerate(trials):
        groups.setdefault(dataclasses.replace(trial.hyperparameters, seed=0), []).append(number)
    found = [
        Configuration(
            trials[members[0]].hyperparameters,
            tuple(members),
            finals[members],
            tuple(trials[m].fold for m in members),
            any(outcome.status[m].startswith("dropped") for m in members),
        )
        for members in groups.values()
    ]
    sign = -1.0 if metric.endswith("accuracy") else 1.0

    def place(configuration: Configuration) -> tuple[bool, bool, float]:
        """Diverged ones last, before them those that lost a round of halving, whatever their figures."""
        mean = configuration.mean
        return math.isnan(mean), configuration.is_dropped, math.inf if math.isnan(mean) else sign * mean

    return sorted(found, key=place)


def final(outcome: Outcome, name: str) -> Array:
    """A figure of each model where its weights are from, (M,): its best epoch or last; NaN if it diverged."""
    curve, judged = (outcome.curves[each].numpy(force=True) for each in (name, "validation_loss"))  # (E, M)
    best = np.where(np.isnan(judged), np.inf, judged).argmin(0)
    last = (np.isfinite(judged).sum(0) - 1).clip(min=0)
    values = curve[best if outcome.keeps_best else last, np.arange(curve.shape[1])]
    is_diverged = [status.startswith("diverged") for status in outcome.status]
    return np.where(is_diverged, np.nan, values)


def best(found: Sequence[Configuration]) -> Configuration:
    """The first configuration.

    Raises:
        DivergedError: all of them diverged.
    """
    if math.isnan(found[0].mean):
        raise DivergedError("every model of the sweep diverged: lower the learning rates")
    return found[0]


def margin(found: Sequence[Configuration]) -> Margin:
    """The margin of the best configuration over the next, by the folds and seeds that both have.

    Those that halving dropped are no match: their scores are of an earlier epoch.
    """
    from scipy.special import stdtr  # Student's, as scipy.stats has it, which takes a second to import

    if len(found) < 2 or found[1].is_dropped or math.isnan(found[1].mean):
        return Margin(math.nan, math.nan, math.nan)
    first, second = found[0].samples, found[1].samples
    difference = float(first.mean() - second.mean())
    if len(first) != len(second) or len(first) < 2:
        return Margin(difference, math.nan, math.nan)
    error = _error(first - second)
    alike = error <= 1e-9 * abs(difference)
    p = math.nan if alike else 2 * float(stdtr(len(first) - 1, -abs(difference) / error))
    return Margin(difference, error, p)


def table(
    outcome: Outcome, found: Sequence[Configuration], varied: Sequence[str],
    shown: Callable[[Hyperparameters, str], Any] = getattr,
) -> pd.DataFrame:  # fmt: skip
    """A row a configuration, the best first: its hyperparameters, and each figure's mean and standard error.

    Args:
        outcome: of the sweep.
        found: its configurations.
        varied: the hyperparameters to show.
        shown: the value of a hyperparameter in some settings.
    """
    import pandas as pd

    finals = {name: final(outcome, name) for name in outcome.curves}
    rows: list[dict[str, Any]] = []
    for configuration in found:
        members, hyperparameters = list(configuration.members), configuration.hyperparameters
        settings = {name: shown(hyperparameters, name) for name in varied}
        row = {name: "none" if value is None else value for name, value in settings.items()}
        for name, values in finals.items():
            row |= {
                name: values[members].mean(),
                f"{name}_se": _error(configuration.by_fold(values[members])),
            }
        status = ", ".join(sorted({outcome.status[member] for member in members}))
        rows.append({**row, "models": len(members), "status": status})
    return pd.DataFrame(rows)


def _error(samples: Array) -> float:
    """The standard error of their mean; NaN of a single one."""
    return float(samples.std(ddof=1) / math.sqrt(len(samples))) if len(samples) > 1 else math.nan
