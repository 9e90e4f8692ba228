"""`Evaluation`: a model, labelled rows and what it says of them, each computed at its first use and kept.

Metrics, pages and figures all take it. Arrays are numpy's; sums over rows are of float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.checks import check_scores, check_weights
from linnet.evaluate.interval import Array
from linnet.evaluate.rows import CalibrationSplit, Part, calibration_split, named_rows, splits_of, take_rows
from linnet.evaluate.sampling import sample_rows
from linnet.evaluate.score_rows import score_rows
from linnet.model.pipeline import run_of
from linnet.model.predictor import logits_of
from linnet.model.run import Run


class Evaluation:
    """What a run's model says of labelled rows.

    Rows with weights count by them in losses, shares and errors; what counts rows (bins, prediction sets,
    thresholds, McNemar's test) counts each once.

    Args:
        run: of a linear model, or a fitted pipeline (see `linnet.run_of`).
        rows: of the model's features and targets: a data set, a frame of its raw columns, the path of a file
            (all of whose rows count), or a function that reads them at their first use. Of soft labels the
            likeliest class counts.
        train: all rows that the run was trained on, to learn calibrations on those that it kept; a data set,
            or a function that reads it. None where they are not at hand.
        part: which rows of the data those are.
        holds_training: whether the run was trained on some of the rows; None where that is not known.

    Raises:
        ShapeError: the rows are not ones that the model was made for.
        UsageError: there are no rows.
    """

    def __init__(
        self,
        run: Run | Any,
        rows: Any,
        train: Dataset | Callable[[], Dataset] | None = None,
        *,
        part: Part = "all",
        holds_training: bool | None = None,
    ) -> None:
        self.run, self.holds_training = run_of(run), holds_training
        self.part: Part = part
        self._rows, self._train = rows, train
        if not callable(rows):
            self.rows  # noqa: B018  # refused here, not at the first use

    @classmethod
    def named(
        cls,
        run: Run,
        name: Path | str | None = None,
        *,
        part: Part | None = None,
        data_dir: Path | str | None = None,
    ) -> Evaluation:
        """The evaluation on rows by their name, as `linnet.evaluate.rows.named_rows` finds them.

        Args:
            run: of a linear model.
            name: of a data set, or a path; None for the run's own data.
            part: "all", "train", "validation" or "test"; all rows of a path, or the test rows, when None.
            data_dir: where the files are.
        """
        own = cache(lambda: splits_of(run, None, data_dir))
        rows, part, holds_training = named_rows(run, name, part=part, data_dir=data_dir, read=own)
        return cls(run, rows, lambda: own().train, part=part, holds_training=holds_training)

    @classmethod
    def of_scores(
        cls,
        scores: ArrayLike,
        targets: ArrayLike,
        classes: Sequence[str] = (),
        weights: ArrayLike | None = None,
    ) -> Evaluation:
        """The evaluation of scores from elsewhere, without a run.

        Args:
            scores: (N, K); with classes, the probabilities are their softmax.
            targets: the classes that the rows are of, (N,), whole numbers; or the numbers to predict, (N, K).
            classes: the K names; none for a regression.
            weights: how much each row counts, (N,).

        Raises:
            ShapeError: the parts do not fit each other.
            UsageError: there are no rows, or a target is no class.
        """
        scores, targets = np.asarray(scores, np.float64), np.asarray(targets)
        weights = None if weights is None else np.asarray(weights, np.float64)
        check_scores(scores, targets, len(classes), weights)
        made = cls.__new__(cls)
        kept = {"scores": scores, "targets": targets, "classes": tuple(classes), "weights": weights}
        vars(made).update(kept, **({"logits": scores} if classes else {}))  # as cached_property keeps them
        return made

    def with_run(self, run: Run) -> Evaluation:
        """The evaluation of another run of the same data on the same rows."""
        return Evaluation(run, self.whole, self._train, part=self.part, holds_training=self.holds_training)

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def rows(self) -> Dataset:
        """The rows, in the units that the model takes; of a long stream some, see `sample_rows`."""
        return sample_rows(self.whole, self.run.predictor.outputs)

    @cached_property
    def whole(self) -> Dataset:
        """All rows, in the units that the model takes."""
        rows = take_rows(self.run, self._rows() if callable(self._rows) else self._rows)
        if not len(rows):
            raise UsageError(f"{rows.name} has no rows to score")
        return rows

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The K names; none for a regression."""
        return self.run.card.classes

    @cached_property
    def scores(self) -> Array:
        """The model's scores before any calibration, or the numbers it predicts, (N, K)."""
        return score_rows(self.run.predictor, self.rows)

    @cached_property
    def targets(self) -> Array:
        """The classes that the rows are of, (N,), or the numbers to predict, (N, K), as they are stored."""
        return self.rows.arrays.labels if self.classes else self.rows.arrays.y

    @cached_property
    def weights(self) -> Array | None:
        """How much each row counts, (N,), float64; None where all count alike.

        Raises:
            UsageError: no row counts.
        """
        weights = self.rows.arrays.weights
        return None if weights is None else check_weights(weights)

    @property
    def row_weights(self) -> Array:
        """How much each row counts, (N,): 1 where all count alike."""
        return np.ones(len(self)) if self.weights is None else self.weights

    @cached_property
    def losses(self) -> Array:
        """The loss of each row by which the model was trained, whatever the calibration, (N,)."""
        y, scores = self.rows.arrays.y, self.scores.astype(np.float64)
        target = y.T.astype(np.float64) if y.dtype.kind == "f" else y
        with np.errstate(over="ignore", invalid="ignore"):  # of a model that has diverged
            return self.run.loss.value(scores.T, target)

    @cached_property
    def logits(self) -> Array:
        """What the class probabilities are the softmax of, calibrated if the run is, (N, K).

        Raises:
            UsageError: the model is a regression.
        """
        self.check_classes()
        return logits_of(self.scores, self.run.card).astype(np.float64)

    def check_classes(self) -> None:
        """Refuse a regression.

        Raises:
            UsageError: the model is one.
        """
        if not self.classes:
            name = self.run.card.dataset if "run" in vars(self) else "these scores"
            raise UsageError(f"a regression such as that of {name} has no class probabilities")

    @cached_property
    def probabilities(self) -> Array:
        """The probability of each class, (N, K)."""
        powers = np.exp(self.logits - self.logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    @cached_property
    def predictions(self) -> Array:
        """The likeliest class of each row, the first of equal ones, (N,).

        Raises:
            UsageError: the model is a regression.
        """
        self.check_classes()
        is_plain = "run" not in vars(self) or self.run.card.calibration is None
        return (self.scores if is_plain else self.logits).argmax(1)

    @cached_property
    def hits(self) -> Array:
        """Which rows are of their likeliest class, (N,), bool."""
        return self.predictions == self.targets

    @cached_property
    def confidence(self) -> Array:
        """The probability of each row's likeliest class, (N,)."""
        return self.probabilities.max(1)

    @cached_property
    def log_losses(self) -> Array:
        """−log p of each row's own class, in nats, (N,)."""
        z = self.logits - self.logits.max(1, keepdims=True)
        return np.log(np.exp(z).sum(1)) - self.of_targets(z)

    @cached_property
    def briers(self) -> Array:
        """Σ_k (p_k − y_k)² of rows, (N,) (Brier 1950), of two classes half: scikit-learn's Brier score."""
        sums = ((self.probabilities - np.eye(len(self.classes))[self.targets]) ** 2).sum(1)
        return sums / 2 if len(self.classes) == 2 else sums

    @property
    def is_of_counts(self) -> bool:
        """Whether the model predicts counts, whose scores are logarithms of means."""
        return "run" in vars(self) and self.run.card.link == "log"

    @property
    def rows_have_exposure(self) -> bool:
        """Whether the rows are rates of counts over an exposure."""
        return "run" in vars(self) and self.rows.has_exposure

    @cached_property
    def predicted(self) -> Array:
        """The numbers that are predicted, of counts their means, (N, K), float64.

        Raises:
            UsageError: the rows have classes.
        """
        if self.classes:
            raise UsageError("rows of classes have no errors that are differences of numbers")
        return (np.exp if self.is_of_counts else np.asarray)(self.scores.astype(np.float64))

    @cached_property
    def residuals(self) -> Array:
        """Predictions less targets, (N, K), float64.

        Raises:
            UsageError: the rows have classes.
        """
        return self.predicted - self.targets.astype(np.float64)

    @cached_property
    def confusion(self) -> Array:
        """Rows of class i whose likeliest class is j, (K, K), int64."""
        return self.count_pairs().astype(np.int64)

    def count_pairs(self, weights: Array | None = None) -> Array:
        """The sums of weights (N,), or the numbers, of rows of class i taken for class j, (K, K), float64."""
        K = len(self.classes)
        counts = np.bincount(self.targets * K + self.predictions, weights, K * K)
        return counts.reshape(K, K).astype(np.float64)

    def of_targets(self, values: Array) -> Array:
        """Of values of each class, (N, K), those of the rows' own classes, (N,)."""
        return np.take_along_axis(values, self.targets[:, None], 1)[:, 0]

    def worst(self, count: int) -> Array:
        """The numbers of the rows with the highest log loss, the worst first, (count,)."""
        return np.argsort(-self.log_losses, kind="stable")[:count]

    @cached_property
    def train(self) -> Dataset:
        """All rows that the run was trained on.

        Raises:
            UsageError: they are not at hand.
        """
        train = self._train() if callable(self._train) else self._train
        if train is None:
            raise UsageError("the rows that the run was trained on are not at hand: give train=")
        return train

    @cached_property
    def calibration_split(self) -> CalibrationSplit:
        """The run's rows to learn a calibration, prediction sets or a threshold on."""
        return calibration_split(self.run, self.train)

    @cached_property
    def on_calibration_split(self) -> Evaluation:
        """What the model says of those."""
        return Evaluation(self.run, self.calibration_split.rows)
