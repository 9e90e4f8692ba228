"""Rows that are probably labelled wrongly: confident learning (Northcutt, Jiang and Chuang 2021).

In its simple form: class k is confident of a row when its probability reaches the mean that it has on rows
labelled k. A row with another confident class than its label is a suspect, the worse the further the
label's probability is below that class's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linnet.config import Recipe
from linnet.core.losses import by_name
from linnet.data.dataset import Dataset
from linnet.data.split import split_folds
from linnet.errors import DivergedError, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Array
from linnet.evaluate.score_rows import ROWS_AT_ONCE

FOLDS = 5


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """Suspects, the worst first.

    Args:
        rows: their numbers, (S,).
        labels: what they are labelled, (S,).
        suggested: what they probably are, (S,).
        margins: the label's probability less the suggestion's, (S,), rising.
        joint: rows labelled i of which class j is confident, (K, K), int64: the confident joint.
    """

    rows: Array
    labels: Array
    suggested: Array
    margins: Array
    joint: Array


def label_errors(evaluation: Evaluation) -> LabelErrors:
    """The rows of an evaluation whose labels are probably wrong.

    Args:
        evaluation: by models that were not trained on the rows they judge, as `out_of_fold` gives; rows of
            weight 0 are not judged.
    """
    P, y, K = evaluation.probabilities, evaluation.targets, len(evaluation.classes)
    own, is_judged = evaluation.of_targets(P), evaluation.row_weights > 0  # (N,)
    with np.errstate(invalid="ignore"):  # (K,), NaN without rows
        thresholds = np.bincount(y, own * is_judged, K) / np.bincount(y, is_judged, K)
    confident = np.where(thresholds <= P, P, -1.0)
    top, best = confident.max(1), confident.argmax(1)
    is_counted = is_judged & (top >= 0)
    joint = np.bincount(y[is_counted] * K + best[is_counted], minlength=K * K).reshape(K, K)
    suspects = np.flatnonzero(is_counted & (best != y))
    margins = (own - top)[suspects]
    order = np.argsort(margins, kind="stable")
    rows = suspects[order]
    return LabelErrors(rows, y[rows], best[rows], margins[order], joint)


def out_of_fold(train: Dataset, recipe: Recipe, folds: int = FOLDS) -> Evaluation:
    """What models say of rows that they were not trained on, every row in turn: a bank of one model a fold.

    The only row of a class is in no fold, as nothing could be said of its class without it: its weight is 0.

    Args:
        train: rows with classes.
        recipe: how each is trained; its validation and patience do not count.
        folds: how many models; each trains on all rows but its own.

    Raises:
        UsageError: a regression, or folds that cannot be.
        DivergedError: a model diverged.
    """
    import torch

    from linnet.train.plan import Plan, make_trials
    from linnet.train.sweep import Sweep

    if not train.is_classification:
        raise UsageError(f"{train.name} is a regression: label errors are for classes")
    asked = recipe.resolved(True)
    parts, loss = split_folds(train, folds, asked.seed), by_name(asked.loss, asked.huber)
    plan = Plan(epochs=asked.epochs, batch_size=asked.batch_size, seed=asked.seed, threads=asked.threads)
    sweep = Sweep(train, make_trials([asked.hyperparameters], folds), parts, loss, plan, torch.float32)
    sweep.run()
    bank = sweep.outcome().bank
    if not bool(bank.theta.isfinite().all()):
        raise DivergedError("a fold's model diverged: lower the learning rate")
    logits = torch.zeros(len(train), train.outputs, dtype=torch.float64)
    weights = torch.zeros(len(train), dtype=torch.float64)
    for number, fold in enumerate(parts):
        model = bank.pick(number)
        for rows in fold.validation.split(ROWS_AT_ONCE):
            scores = model.scores(train.X[rows].to(model.theta), train.scale)[0]  # (K, B)
            logits[rows] = loss.logits(scores).T.double()
            weights[rows] = 1.0
    is_whole = bool(weights.all())
    return Evaluation.of_scores(logits, train.labels, train.classes, None if is_whole else weights)
