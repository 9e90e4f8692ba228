"""`Forecast`: what a model says of labelled rows, of which every figure of probabilities is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.named import taken
from linnet.model.run import Run

ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a model says of N labelled rows.

    Args:
        logits: of which the softmax are the probabilities, (N, K); kept as float64.
        labels: the classes that the rows are of, (N,), int64.
        classes: the K names.
        weights: how much each row counts in the figures of `assess`, (N,); None where all count alike. What
            counts rows (bins, prediction sets, thresholds, McNemar's test) counts each once.

    Raises:
        ShapeError: the parts do not fit each other.
        UsageError: there are no rows, or a label is no class.
    """

    logits: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    weights: Tensor | None = None

    def __post_init__(self) -> None:
        if self.logits.ndim != 2 or self.logits.shape != (len(self.labels), len(self.classes)):
            raise ShapeError(
                f"expected logits (N, K) with N = {len(self.labels)} labels and K = {len(self.classes)} "
                f"classes, got {tuple(self.logits.shape)}"
            )
        if self.weights is not None and self.weights.shape != (len(self.labels),):
            raise ShapeError(f"expected a weight for each of {len(self.labels)} rows")
        if not len(self.labels):
            raise UsageError("a forecast needs at least one row")
        if not 0 <= int(self.labels.min()) <= int(self.labels.max()) < len(self.classes):
            raise UsageError(f"labels must lie in 0…{len(self.classes) - 1}")
        object.__setattr__(self, "logits", self.logits.double().cpu())
        object.__setattr__(self, "labels", self.labels.long().cpu())

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def probabilities(self) -> Tensor:
        """The probability of each class, (N, K), float64."""
        return torch.softmax(self.logits, 1)

    @cached_property
    def guesses(self) -> Tensor:
        """The likeliest class of each row, the first of equal ones, (N,)."""
        return self.logits.argmax(1)

    @property
    def hits(self) -> Tensor:
        """Which rows are of their likeliest class, (N,), bool."""
        return self.guesses == self.labels

    @cached_property
    def confusion(self) -> Tensor:
        """Rows of class i whose likeliest class is j, (K, K), int64."""
        K = len(self.classes)
        return torch.bincount(self.labels * K + self.guesses, minlength=K * K).view(K, K)

    @property
    def confidence(self) -> Tensor:
        """The probability of each row's likeliest class, (N,)."""
        return self.probabilities.amax(1)

    @cached_property
    def log_losses(self) -> Tensor:
        """−log p of each row's own class, in nats, (N,)."""
        return -torch.log_softmax(self.logits, 1).gather(1, self.labels[:, None])[:, 0]

    @cached_property
    def briers(self) -> Tensor:
        """Σ_k (p_k − y_k)² of each row, (N,), from 0 to 2 (Brier 1950); of two classes half of it, (p − y)².

        The mean over rows is scikit-learn's `brier_score_loss`.
        """
        sums = (self.probabilities - torch.eye(len(self.classes)).double()[self.labels]).square().sum(1)
        return sums / 2 if len(self.classes) == 2 else sums

    def worst(self, count: int) -> Tensor:
        """The numbers of the rows with the highest log loss, the worst first, (count,)."""
        return self.log_losses.argsort(descending=True, stable=True)[:count]

    def in_top(self, count: int) -> Tensor:
        """Which rows have their class among the `count` likeliest, the first of equal ones, (N,), bool.

        Raises:
            UsageError: the count is not within 1…K.
        """
        if not 1 <= count <= len(self.classes):
            raise UsageError(f"top-k takes k in 1…{len(self.classes)}, the number of classes, not {count}")
        order = self.logits.argsort(dim=1, descending=True, stable=True)
        return (order[:, :count] == self.labels[:, None]).any(1)


def forecast(run: Run, dataset: Dataset | Path | str) -> Forecast:
    """What a run's model says of a data set, with its calibration if it has one.

    Args:
        run: of a linear model for classes.
        dataset: rows of the same features and classes, or the path of a file, all of whose rows count; of
            soft labels the likeliest class counts.

    Raises:
        ShapeError: the data set is not one the model was made for.
        UsageError: the model is a regression, or there are no rows.
    """
    if not run.card.classes:
        raise UsageError(f"a regression such as that of {run.card.dataset} has no class probabilities")
    dataset = taken(run, dataset)
    if not len(dataset):
        raise UsageError(f"{dataset.name} has no rows to score")
    logits = [run.logits(X).double().cpu() for X in dataset.X.split(ROWS_AT_ONCE)]
    return Forecast(torch.cat(logits), dataset.labels, dataset.classes, dataset.weights)
