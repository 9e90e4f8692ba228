"""Several models as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linnet.core.bank import Bank
from linnet.core.losses import by_name
from linnet.data.coerce import features_of
from linnet.data.dataset import Dataset
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.lazy import torch
from linnet.model.card import Card

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Several models as one: the mean of their probabilities, or of their predictions.

    Args:
        bank: the models.
        card: what they predict.
    """

    bank: Bank
    card: Card

    def probabilities(self, X: Tensor) -> Tensor:
        """The mean over the models of the class probabilities, or of the predictions: (B, K).

        Args:
            X: stored rows, (B, D): a tensor, an array, or a frame.

        Raises:
            UsageError, ShapeError: they are no such rows.
        """
        X = torch.as_tensor(features_of(X).X)
        if X.ndim != 2 or X.shape[1] != self.bank.features:
            raise ShapeError(f"expected rows of {self.bank.features} features, got shape {tuple(X.shape)}")
        scores = self.bank.scores(X.to(self.bank.theta), self.card.scale)  # (M, K, B)
        if self.card.classes:
            each = by_name(self.card.loss).probabilities(scores)
        else:
            each = scores.exp() if self.card.link == "log" else scores
        return each.mean(0).T.contiguous()

    def accuracy(self, dataset: Dataset, rows: int = 4096) -> float:
        """The share of rows, or of their weights, that it takes for their own class.

        Args:
            dataset: rows with classes.
            rows: at once.

        Raises:
            UsageError: the models are of a regression, or no row counts.
        """
        if not self.card.classes:
            raise UsageError("a regression has no accuracy")
        if not len(dataset):
            raise UsageError(f"{dataset.name} has no rows to score")
        scores = np.concatenate([self.probabilities(X).numpy(force=True) for X in dataset.X.split(rows)])
        evaluation = Evaluation.of_scores(scores, dataset.labels, self.card.classes, dataset.weights)
        return float(evaluation.hits @ evaluation.row_weights / evaluation.row_weights.sum())
