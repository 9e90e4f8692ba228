"""The figures of a model on a data set: `Score`, and the errors of a regression with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linnet.config.losses import name_loss
from linnet.data.dataset import Dataset, LinearTruth
from linnet.data.row_fields import to_array
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import (
    ALIKE,
    CONSTANT,
    LEVEL,
    NEITHER,
    NEVER_PREDICTED,
    NO_ROWS,
    Array,
    Interval,
    about,
    known,
    mean,
    undefined,
)
from linnet.evaluate.one_vs_rest import SHARES, shares
from linnet.evaluate.score_rows import ROWS_AT_ONCE
from linnet.inference.goodness import CENTRED
from linnet.inference.remarks import never_changes
from linnet.model.card import Card
from linnet.model.run import Run

if TYPE_CHECKING:
    from linnet.model.predictor import Predictor

REASONS = dict(zip(SHARES, (NEVER_PREDICTED, NO_ROWS, NEITHER), strict=True))
"""Why a figure of a class is not defined."""


@dataclass(frozen=True, eq=False)
class Score:
    """Loss, accuracy, confusion and R². Rows with weights count by them, as in training.

    Args:
        rows: how many rows.
        loss: their mean loss, of the scores as they were trained, whatever the calibration.
        classes: class names; empty for a regression.
        confusion: rows of class i taken for class j, (K, K), int64, or the sums of their weights, float64;
            empty for a regression.
        r2: the share of each output's variance that is explained, (K,), float64; NaN of a target that never
            differs; empty for a classification.
        d2: of counts, the share of each output's Poisson deviance that is explained, likewise; empty for
            other models.
    """

    rows: int
    loss: float
    classes: tuple[str, ...]
    confusion: Array
    r2: Array
    d2: Array = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(cls, evaluation: Evaluation) -> Score:
        """The score of an evaluation; of a stream of which it has some rows, loss and counts of them all."""
        w, rows = evaluation.row_weights, len(evaluation)  # which reads the rows where that was put off
        if "whole" in vars(evaluation) and evaluation.rows is not evaluation.whole:
            return cls._of_all(evaluation)
        loss = float(evaluation.losses @ w / w.sum())
        if not evaluation.classes:
            parts = _parts(evaluation).items()
            explained = {name: 1 - _unexplained(evaluation, *part) for name, part in parts}
            return cls(rows, loss, (), np.empty((0, 0), np.int64), **explained)
        is_counted = evaluation.weights is None
        pairs = evaluation.confusion if is_counted else evaluation.count_pairs(w)
        return cls(rows, loss, evaluation.classes, pairs, np.empty(0))

    @classmethod
    def _of_all(cls, evaluation: Evaluation) -> Score:
        """The score of all rows of a stream, some at a time; R² and D² are of those that are evaluated."""
        total, weight, pairs = 0.0, 0.0, np.zeros((len(evaluation.classes),) * 2)
        for part in evaluation.whole.dense_parts(ROWS_AT_ONCE):
            own = float(len(part)) if part.weights is None else float(part.weights.double().sum())
            if not own:
                continue
            some = cls.of(Evaluation(evaluation.run, part))
            total, weight, pairs = total + own * some.loss, weight + own, pairs + some.confusion
        is_counted = evaluation.whole.weights is None
        found = pairs.astype(np.int64) if is_counted and evaluation.classes else pairs
        explained = {} if evaluation.classes else {
            name: 1 - _unexplained(evaluation, *part) for name, part in _parts(evaluation).items()
        }  # fmt: skip
        return cls(
            len(evaluation.whole), total / weight, evaluation.classes, found,
            **({"r2": np.empty(0)} | explained),
        )  # fmt: skip

    @property
    def accuracy(self) -> float:
        """The share of rows, or of their weights, taken for their own class."""
        return float(self.confusion.trace() / self.confusion.sum())

    @property
    def precision(self) -> Array:
        """Of the rows taken for a class, the share that is of it, (K,); NaN for a class never given."""
        return shares(self.confusion)[0]

    @property
    def recall(self) -> Array:
        """Of the rows of a class, the share taken for it, (K,); NaN for a class without rows."""
        return shares(self.confusion)[1]

    @property
    def f1(self) -> Array:
        """The harmonic mean of precision and recall, (K,), as 2·TP/(2·TP + FP + FN)."""
        return shares(self.confusion)[2]

    def record(self, part: str) -> dict[str, float]:
        """Loss and accuracy as an epoch's record names them, such as test_loss of the part "test"."""
        accuracy = {f"{part}_accuracy": self.accuracy} if self.classes else {}
        return {f"{part}_loss": self.loss, **accuracy}

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        if not self.classes:
            found = {"r2": known(self.r2), **({"d2": known(self.d2)} if len(self.d2) else {})}
            why = {f"{name}_reason": CONSTANT for name, values in found.items() if None in values}
            return {"rows": self.rows, "loss": self.loss, **found, "r2_kind": CENTRED, **why}
        figures = [dict(zip(SHARES, known(each), strict=True)) for each in shares(self.confusion).T]
        reasons = [
            {f"{n}_reason": REASONS[n] for n, value in each.items() if value is None} for each in figures
        ]
        return {
            "rows": self.rows,
            "loss": self.loss,
            "accuracy": self.accuracy,
            "classes": {
                name: {**each, **why} for name, each, why in zip(self.classes, figures, reasons, strict=True)
            },
            "confusion": self.confusion.tolist(),
        }


def score(run: Run, rows: Dataset | Path | str) -> Score:
    """Score a run's model on a data set.

    Args:
        run: of a linear model.
        rows: of the same features and classes, or the path of a file, all of whose rows count.

    Raises:
        ShapeError: the data set is not one the model was made for.
        UsageError: the data set has no rows, or none that counts.
    """
    return Score.of(Evaluation(run, rows))


def loss_name(card: Card) -> str:
    """What the mean loss of a model is of; losses of other names are not compared."""
    named = name_loss(card.loss)
    return f"{named}, threshold {card.huber:g}" if card.loss == "huber" else named


def regression_figures(evaluation: Evaluation, *, level: float | None = LEVEL) -> dict[str, Interval]:
    """The root mean square error, the mean absolute error, R² and, of counts, D²: means over the outputs.

    They are scikit-learn's root_mean_squared_error, mean_absolute_error, r2_score and d2_tweedie_score of
    power 1. R² of an output is 1 − Σ(ŷ − y)²/Σ(y − ȳ)², and D² has Poisson deviances in place of squares;
    where a target never differs there is neither.

    Args:
        evaluation: of a regression.
        level: of the intervals; None for the figures alone.

    Raises:
        UsageError: the rows have classes.
    """
    return {
        "rmse": _rmse(evaluation, level),
        "mae": mean(np.abs(evaluation.residuals).mean(1), evaluation.weights, level=level),
        **{name: _explain(evaluation, *part, level) for name, part in _parts(evaluation).items()},
    }


def _rmse(evaluation: Evaluation, level: float | None) -> Interval:
    w, squares = evaluation.row_weights, evaluation.residuals**2
    roots = np.sqrt(w @ squares / w.sum())  # (K,)
    value = float(roots.mean())
    if not value:
        return Interval(value, reason=ALIKE)
    with np.errstate(invalid="ignore"):
        parts = np.nan_to_num(squares / roots).mean(1) / value  # (N,), of mean 1
    found = mean(parts, evaluation.weights, level=level)
    low, high = (value * math.sqrt(max(end, 0.0)) if end == end else end for end in (found.low, found.high))
    return replace(found, value=value, low=low, high=high)


def _explain(evaluation: Evaluation, left: Array, around: Array, level: float | None) -> Interval:
    """The share of what is around the mean that a model explains, the mean over the outputs.

    Args:
        evaluation: of the rows.
        left: what the model leaves of each row, (N, K).
        around: what the mean leaves, (N, K); the mean is where its sum is least, so it adds no influence.
        level: of the interval.
    """
    w, unexplained = evaluation.row_weights, _unexplained(evaluation, left, around)
    if np.isnan(unexplained).any():
        return undefined(CONSTANT)
    influence = ((unexplained * around - left) / (w @ around)).mean(1) * w
    return about(float(1 - unexplained.mean()), influence, w, 1.0, (-math.inf, 1.0), level)


def _unexplained(evaluation: Evaluation, left: Array, around: Array) -> Array:
    """Σ left/Σ around of each output, (K,); NaN of a target that never differs."""
    w = evaluation.row_weights
    rest, total = w @ left, w @ around
    is_constant = never_changes(evaluation.targets[w > 0]) | (total <= 0)
    return np.divide(rest, total, out=np.full(len(total), np.nan), where=~is_constant)


def _parts(evaluation: Evaluation) -> dict[str, tuple[Array, Array]]:
    """What the model leaves of each row and what there is about the mean, (N, K), for R² and D² of counts."""
    deviances = {"d2": _deviances(evaluation)} if evaluation.is_of_counts else {}
    return {"r2": _squares(evaluation), **deviances}


def _squares(evaluation: Evaluation) -> tuple[Array, Array]:
    """(ŷ − y)² and (y − ȳ)², (N, K), float64."""
    w, y = evaluation.row_weights, evaluation.targets.astype(np.float64)
    y = y - y.mean(0)  # a large constant would cost digits of the next mean
    return evaluation.residuals**2, (y - w @ y / w.sum()) ** 2


def _deviances(evaluation: Evaluation) -> tuple[Array, Array]:
    """Poisson deviances 2(y log(y/μ) − y + μ) of the model's means and of the mean count, (N, K), float64."""
    from scipy.special import xlogy

    w, y = evaluation.row_weights, evaluation.targets.astype(np.float64)
    scores, mean = evaluation.scores.astype(np.float64), w @ y / w.sum()
    level = np.log(np.where(mean > 0, mean, 1.0))  # counts of nothing but 0 never differ
    logs = xlogy(y, y) - y
    return 2 * (logs - y * scores + np.exp(scores)), 2 * (logs - y * level + mean)


@dataclass(frozen=True, eq=False)
class ParameterErrors:
    """True less fitted parameters of a regression (D2L 3.2.7).

    Args:
        w: of the weights, (D,).
        b: of the bias.
    """

    w: Array
    b: float


def parameter_errors(model: Predictor, truth: LinearTruth) -> ParameterErrors:
    """How far a model with one output is from the parameters that its data were made with."""
    w = to_array(truth.w) - model.W[0].astype(np.float64)
    return ParameterErrors(w, truth.b - float(model.b[0]))
