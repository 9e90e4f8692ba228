"""`Live`: the rows that a page looks at while a model trains, and what the model says of them."""

from __future__ import annotations

from torch import Tensor

from linnet.config import FitRequest, Recipe
from linnet.config.table import Task
from linnet.core.bank import Bank
from linnet.data.batches import shuffle_rows
from linnet.data.dataset import Dataset, Splits
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.score import Score, regression_figures
from linnet.lab.jobs import Frame
from linnet.lab.schemas import pack
from linnet.model.card import Card
from linnet.model.history import History
from linnet.model.run import Run

SHOWN = 10_000
"""Test rows that live figures are of: all of Fashion-MNIST's."""

SAMPLES = 12
"""Of these, those whose predictions are shown."""


def task_of(data: Dataset) -> Task:
    """What a data set's targets are."""
    return "classification" if data.is_classification else "counts" if data.is_counts else "regression"


def targets_of(data: Dataset) -> Tensor:
    """The places of rows among the classes, or the numbers to predict, (N,)."""
    return data.labels if data.is_classification else data.y[:, 0]


def resolve(recipe: Recipe, data: Dataset) -> FitRequest:
    """The recipe with the usual values of a data set's task."""
    return recipe.resolved(data.is_classification, data.is_counts, data.table_rows)


class Live:
    """The rows of a data set that are looked at meanwhile, the same each time.

    They are test rows, or training rows where there are none, in `rows`; `numbers`, (n,), are their places
    in that part, of which `is_whole` says that they are all; `samples`, (SAMPLES,), are those shown alone.

    Args:
        splits: the data set.
    """

    def __init__(self, splits: Splits) -> None:
        whole = splits.train if splits.test is None else splits.test
        self.numbers = shuffle_rows(len(whole), 0)[:SHOWN].sort().values
        self.is_whole = len(self.numbers) == len(whole)
        self.rows = whole if self.is_whole else whole.rows(self.numbers)
        self.samples = shuffle_rows(len(self.rows), 1)[:SAMPLES]

    def opening(self, train: Dataset, recipe: Recipe) -> Frame:
        """The first frame: what stays the same."""
        has_classes = train.is_classification
        return {
            "kind": "start", "task": task_of(train), "target": train.target, "classes": train.classes,
            "image_shape": train.image_shape, "epochs": resolve(recipe, train).epochs,
            "features": train.features, "rows": len(train), "test_rows": len(self.rows),
            "numbers": None if self.is_whole else pack(self.numbers, "<i4"),
            "labels": pack(targets_of(self.rows), "u1" if has_classes else "<f4"),
            "samples": self.samples.tolist(),
        }  # fmt: skip

    def frame(self, bank: Bank, card: Card) -> Frame:
        """The model as it is now: its weights, and what it says of the rows."""
        said = Evaluation(Run(bank, History(), "running", card), self.rows)
        weights = {"W": pack(bank.W), "b": pack(bank.b)}
        return {**weights, **(self._classes(said) if said.classes else self._numbers(said))}

    def _classes(self, said: Evaluation) -> Frame:
        return {
            "live": {"loss": float(said.log_losses.mean()), "accuracy": float(said.hits.mean())},
            "confusion": said.confusion.tolist(), "guesses": pack(said.predictions, "u1"),
            "chances": pack(said.probabilities[self.samples.numpy()]),
        }  # fmt: skip

    def _numbers(self, said: Evaluation) -> Frame:
        figures = {name: found.value for name, found in regression_figures(said).items()}
        predictions = (said.residuals + said.targets)[:, 0]
        return {"live": {"loss": Score.of(said).loss, **figures}, "guesses": pack(predictions)}
