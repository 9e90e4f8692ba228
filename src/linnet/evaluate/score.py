"""The figures of a model on a data set: loss, accuracy, confusion matrix and its per-class shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.interval import CONSTANT, NEITHER, NEVER_SAID, NO_ROWS
from linnet.evaluate.named import taken
from linnet.inference.goodness import never_changes
from linnet.inference.result import CENTRED
from linnet.model.run import Run

ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Score:
    """What a model scored. Where the rows have weights, each counts by its weight, as in training.

    Args:
        rows: how many rows.
        loss: their mean loss, of the scores as they were trained, whatever the calibration.
        classes: class names; empty for a regression.
        confusion: rows of class i taken for class j, (K, K), int64, or the sums of their weights, float64;
            empty for a regression.
        squared: per output, the sums of squared errors and of squared deviations from the mean,
            (2, K), float64; empty for a classification.
    """

    rows: int
    loss: float
    classes: tuple[str, ...]
    confusion: Tensor
    squared: Tensor

    @property
    def accuracy(self) -> float:
        """The share of rows, or of their weights, taken for their own class."""
        return float(self.confusion.diag().sum()) / float(self.confusion.sum())

    @property
    def precision(self) -> Tensor:
        """Of the rows taken for a class, the share that is of it, (K,); NaN for a class never given."""
        return self.confusion.diag().double() / self.confusion.sum(0)

    @property
    def recall(self) -> Tensor:
        """Of the rows of a class, the share taken for it, (K,); NaN for a class without rows."""
        return self.confusion.diag().double() / self.confusion.sum(1)

    @property
    def f1(self) -> Tensor:
        """The harmonic mean of precision and recall, (K,), as 2·TP/(2·TP + FP + FN)."""
        both = self.confusion.sum(0) + self.confusion.sum(1)
        return 2 * self.confusion.diag().double() / both

    @property
    def r2(self) -> Tensor:
        """The share of each output's variance that is explained, (K,); NaN of a target that never differs."""
        return torch.where(self.squared[1] > 0, 1 - self.squared[0] / self.squared[1], torch.nan)

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        if not self.classes:
            r2 = [_known(value) for value in self.r2.tolist()]
            why = _because(None in r2, "r2", CONSTANT)
            return {"rows": self.rows, "loss": self.loss, "r2": r2, "r2_kind": CENTRED, **why}
        shares = zip(self.precision.tolist(), self.recall.tolist(), self.f1.tolist(), strict=True)
        return {
            "rows": self.rows,
            "loss": self.loss,
            "accuracy": self.accuracy,
            "classes": {
                name: {
                    "precision": _known(p),
                    "recall": _known(r),
                    "f1": _known(f),
                    **_because(p != p, "precision", NEVER_SAID),
                    **_because(r != r, "recall", NO_ROWS),
                    **_because(f != f, "f1", NEITHER),
                }
                for name, (p, r, f) in zip(self.classes, shares, strict=True)
            },
            "confusion": self.confusion.tolist(),
        }


def score(run: Run, dataset: Dataset | Path | str) -> Score:
    """Score a run's model on a data set.

    Args:
        run: of a linear model.
        dataset: rows of the same features and classes, or the path of a file, all of whose rows count.

    Raises:
        ShapeError: the data set is not one the model was made for.
        UsageError: the data set has no rows, or none that counts.
    """
    dataset = taken(run, dataset)
    if not len(dataset):
        raise UsageError(f"{dataset.name} has no rows to score")
    weights = row_weights(dataset)
    total = torch.zeros((), dtype=torch.float64)
    pairs = torch.zeros(dataset.outputs**2, dtype=torch.float64)
    errors = torch.zeros(dataset.outputs, dtype=torch.float64)
    for low in range(0, len(dataset), ROWS_AT_ONCE):
        here = slice(low, low + ROWS_AT_ONCE)
        rows, weight = dataset.rows(here), weights[here]
        scores = run.scores(rows.X).cpu()  # (B, K)
        target = rows.y.T.to(scores) if rows.y.is_floating_point() else rows.y
        total += run.loss.value(scores.T, target).double() @ weight
        if dataset.classes:
            pairs += _pairs(run, rows, scores, weight)
        else:
            errors += weight @ (scores - rows.y).double().square()
    loss = float(total / weights.sum())
    if dataset.classes:
        confusion = pairs.view(dataset.outputs, -1)
        counted = confusion.long() if dataset.weights is None else confusion
        return Score(len(dataset), loss, dataset.classes, counted, torch.empty(2, 0))
    y = dataset.y.double()
    middle = weights @ y / weights.sum()
    around = (weights @ (y - middle).square()).masked_fill(never_differs(dataset.y.cpu(), weights), 0.0)
    squared = torch.stack([errors, around])
    return Score(len(dataset), loss, (), torch.empty(0, 0, dtype=torch.int64), squared)


def row_weights(dataset: Dataset) -> Tensor:
    """How much each row counts, (N,), float64, on the CPU: its weight, or 1.

    Raises:
        UsageError: no row counts.
    """
    if dataset.weights is None:
        return torch.ones(len(dataset), dtype=torch.float64)
    if not bool((dataset.weights > 0).any()):
        raise UsageError(f"every row of {dataset.name} has the weight 0: there is nothing to score")
    return dataset.weights.double().cpu()


def never_differs(y: Tensor, weights: Tensor) -> Tensor:
    """Which targets are the same in all rows that count, up to rounding, (K,), bool.

    Args:
        y: targets, (N, K).
        weights: of the rows, (N,).
    """
    return never_changes(y[weights > 0])


def _pairs(run: Run, rows: Dataset, scores: Tensor, weights: Tensor) -> Tensor:
    """The weights of rows of class i taken for class j, at i·K + j, (K²,)."""
    calibration = run.card.calibration  # of a class a number, it may change which is the likeliest
    guesses = scores.argmax(1) if calibration is None else run.logits(rows.X).cpu().argmax(1)
    return torch.bincount(rows.labels.cpu() * rows.outputs + guesses, weights, rows.outputs**2)


def _because(is_undefined: bool, name: str, reason: str) -> dict[str, str]:
    """Why a figure is null, under a key beside it."""
    return {f"{name}_reason": reason} if is_undefined else {}


def _known(value: float) -> float | None:
    return None if value != value else value
