"""Rows of rare classes in cross-validation by log loss: those that a fold can score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring, log_loss, make_scorer

from linnet.errors import warn
from linnet.estimators.arrays import as_numpy
from linnet.estimators.paths import Split

LOG_LOSS = "neg_log_loss"
"""scikit-learn's name of the score."""


def scorer_of(model: Any, scoring: Any) -> Any:
    """The scorer; log loss by its name knows all classes of the model, whichever a fold's rows are of.

    Args:
        model: a classifier that knows its classes, or a regressor.
        scoring: a scorer, or the name of one.
    """
    if scoring == LOG_LOSS and hasattr(model, "classes_"):
        labels = as_numpy(model.classes_)  # which may be on a device
        return make_scorer(log_loss, response_method="predict_proba", greater_is_better=False, labels=labels)
    return check_scoring(model, scoring=scoring)


def judged(labels: NDArray[Any], splits: Sequence[Split]) -> list[Split]:
    """Folds that are judged by rows of classes they learn alone: of others the log loss would have no bound.

    Args:
        labels: of all rows, (N,).
        splits: the rows that each fold trains on, and those that judge it.

    Warns:
        UserWarning: rows are left out, and of which classes.

    Raises:
        ValueError: a fold has no row left.
    """
    return [(trained, _known(labels, trained, kept, fold)) for fold, (trained, kept) in enumerate(splits, 1)]


def _known(labels: NDArray[Any], trained: NDArray[Any], kept: NDArray[Any], fold: int) -> NDArray[Any]:
    known = np.isin(labels[kept], labels[trained])
    if known.all():
        return kept
    missing = np.unique(labels[kept][~known]).tolist()
    what = f"fold {fold} is judged by rows of {missing}, of which it is trained on none"
    if not known.any():
        raise ValueError(f"{what}, and by no others: shuffle the rows, or use a stratified splitter")
    warn(
        f"{what}: its log loss is over the other {int(known.sum())} rows. Use fewer folds, a stratified "
        "splitter or more rows of these classes"
    )  # fmt: skip
    return kept[known]
