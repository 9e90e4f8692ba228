"""What the figures of a regression's errors show, as `Drawing`s: worked out without matplotlib."""

from __future__ import annotations

import numpy as np

from linnet.core.conformal import fewest_rows
from linnet.errors import UsageError
from linnet.evaluate.confidence.prediction_intervals import (
    interval_coverage,
    interval_curve,
    learn_intervals,
)
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.leverage import find_leverage
from linnet.i18n import Language, say
from linnet.plot.drawing import Drawing

MOST = 1000
"""Rows whose intervals are drawn; of more, evenly spaced ones in the order of their predictions."""


def residuals(of: Evaluation, language: Language) -> Drawing:
    """Residuals by predicted value."""
    title = say("plot.residuals_title", language)
    return Drawing(
        "residuals:residuals_figure", (of.predicted.ravel(), -of.residuals.ravel(), title, language)
    )


def quantiles(of: Evaluation, language: Language) -> Drawing:
    """Residuals against normal quantiles.

    Raises:
        UsageError: they do not differ.
    """
    errors = -of.residuals.ravel()
    if not (deviation := float(errors.std())):
        raise UsageError("the residuals do not differ, so they have no quantiles to compare")
    title = say("plot.quantiles_title", language)
    return Drawing("residuals:quantiles_figure", (errors - errors.mean(), deviation, title, language))


def leverage(of: Evaluation, language: Language) -> Drawing:
    """Leverage of the training rows; see `find_leverage` for what it refuses."""
    return Drawing("residuals:leverage_figure", (find_leverage(Evaluation(of.run, of.train)), "", language))


def intervals(of: Evaluation, language: Language, alpha: float) -> Drawing:
    """Prediction intervals that were learnt on the calibration split; of several outputs rows of the first.

    Raises:
        UsageError: α cannot be, there are too few rows to learn on, or the model is a classifier.
    """
    kept = of.calibration_split
    if len(kept.rows) < (least := fewest_rows(alpha)):
        raise UsageError(
            f"{len(kept.rows):,} rows are too few to learn prediction intervals on: an error of "
            f"{alpha:g} takes {least:,}"
        )
    said = "plot.intervals_unseen" if kept.is_unseen else "plot.intervals_seen"
    title = say(said, language, n=f"{len(kept.rows):,}")
    seen = of.on_calibration_split
    curve, rule = interval_curve(seen, of), learn_intervals(seen, alpha)
    order = np.argsort(of.predicted[:, 0], kind="stable")
    order = order[np.linspace(0, len(order) - 1, min(MOST, len(order))).round().astype(int)]
    low, high = (ends[order, 0] for ends in rule.ends(of.predicted))
    rows = (of.predicted[order, 0], of.targets[order, 0], low, high)
    coverage = interval_coverage(rule, of).coverage.value
    return Drawing("intervals:intervals_figure", (curve, rows, coverage, alpha, title, language))
