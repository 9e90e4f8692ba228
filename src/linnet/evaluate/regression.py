"""Errors of a regression with intervals, and whether two regressions differ beyond noise."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate import means
from linnet.evaluate.interval import ALIKE, CONSTANT, Interval, undefined, widened
from linnet.evaluate.named import taken
from linnet.evaluate.proportions import LEVEL
from linnet.evaluate.score import never_differs, row_weights
from linnet.model.run import Run

ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Errors:
    """Predictions of N rows less their targets.

    Args:
        residuals: (N, K), float64.
        y: the targets, less any constant, (N, K), float64.
        weights: how much each row counts, (N,); None where all count alike.

    Raises:
        UsageError: there are no rows.
    """

    residuals: Tensor
    y: Tensor
    weights: Tensor | None = None

    def __post_init__(self) -> None:
        if not len(self.y):
            raise UsageError("errors need at least one row")

    def figures(self, *, level: float = LEVEL) -> dict[str, Interval]:
        """The root mean square error, the mean absolute error and R², each the mean over the outputs.

        They are scikit-learn's root_mean_squared_error, mean_absolute_error and r2_score. R² of an output is
        1 − Σ(ŷ − y)²/Σ(y − ȳ)²; where a target never differs there is none.

        Args:
            level: of the intervals.
        """
        return {
            "rmse": self._rmse(level),
            "mae": means.mean(self.residuals.abs().mean(1), self.weights, level=level),
            "r2": self._r2(level),
        }

    def less(self, other: Errors, *, level: float = LEVEL) -> dict[str, Interval]:
        """By how much root mean square and mean absolute error are larger than another model's.

        Args:
            other: errors on the same rows in the same order.
            level: of the intervals.

        Raises:
            UsageError: they are on other rows.
        """
        if self.y.shape != other.y.shape or not bool((self.y == other.y).all()):
            raise UsageError("two models are compared on the same rows, and these have other targets")
        w, everywhere = self._w, (-math.inf, math.inf)
        gaps = self.residuals.abs().mean(1) - other.residuals.abs().mean(1)
        (ours, near), (theirs, far) = self._roots(), other._roots()
        ends = means.spread((near - far) * w / w.sum(), w, ours + theirs, level)
        value = ours - theirs
        rmse = (
            Interval(value, reason=ends)
            if isinstance(ends, str)
            else widened(value, (value + ends[0], value + ends[1]), means.METHOD)
        )
        return {"rmse": rmse, "mae": means.mean(gaps, self.weights, everywhere, level)}

    @property
    def _w(self) -> Tensor:
        return torch.ones(len(self.y), dtype=torch.float64) if self.weights is None else self.weights.double()

    def _roots(self) -> tuple[float, Tensor]:
        """The mean over the outputs of the root mean square, and what each row adds to it, (N,)."""
        w, squares = self._w, self.residuals.square()
        roots = (w @ squares / w.sum()).sqrt()  # (K,)
        return float(roots.mean()), ((squares - roots.square()) / (2 * roots)).nan_to_num(0.0).mean(1)

    def _rmse(self, level: float) -> Interval:
        w, squares = self._w, self.residuals.square()
        roots = (w @ squares / w.sum()).sqrt()  # (K,)
        value = float(roots.mean())
        if not value:
            return Interval(value, reason=ALIKE)
        shares = (squares / roots).nan_to_num(0.0).mean(1) / value  # (N,), of mean 1
        found = means.mean(shares, self.weights, level=level)
        return replace(
            found, value=value, low=value * math.sqrt(max(found.low, 0.0)), high=value * math.sqrt(found.high)
        ) if found.has_ends else replace(found, value=value)  # fmt: skip

    def _r2(self, level: float) -> Interval:
        w = self._w
        squares, around = self.residuals.square(), (self.y - w @ self.y / w.sum()).square()
        spread = w @ around  # (K,)
        if bool(never_differs(self.y, w).any()):
            return undefined(CONSTANT)
        unexplained = w @ squares / spread  # (K,)
        value = float(1 - unexplained.mean())
        influence = ((squares - unexplained * around) / spread).mean(1) * w
        ends = means.spread(influence, w, 1.0, level)
        if isinstance(ends, str):
            return Interval(value, reason=ends)
        return widened(value, (value - ends[1], min(value - ends[0], 1.0)), means.METHOD)


def errors_of(run: Run, dataset: Dataset | Path | str) -> Errors:
    """What a run's model gets wrong on a data set, whose rows count by their weights.

    Args:
        run: of a linear regression.
        dataset: rows of the same features and targets, or the path of a file, all of whose rows count.

    Raises:
        ShapeError: the data set is not one the model was made for.
        UsageError: it has no rows, none that counts, or classes.
    """
    dataset = taken(run, dataset)
    if dataset.classes:
        raise UsageError(f"{dataset.name} has classes: its errors are no differences of numbers")
    parts = [run.scores(rows).cpu().double() for rows in dataset.X.split(ROWS_AT_ONCE)]
    scores = torch.cat(parts) if parts else torch.empty(0, dataset.outputs)
    y = dataset.y.cpu().double()
    weights = None if dataset.weights is None else row_weights(dataset)
    if not len(y):
        return Errors(scores - y, y, weights)
    still = never_differs(dataset.y.cpu(), row_weights(dataset))  # whose deviations are rounding
    return Errors(scores - y, (y - y.mean(0)).masked_fill(still, 0.0), weights)
