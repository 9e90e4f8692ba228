"""`Baseline`: the answers that know no features, and what they come to on rows.

Of classes these are the shares of the training rows, of numbers their mean and median.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.i18n import Language, say

LEAST = 1e-12
"""The least share of a class that a logarithm is taken of: one that training did not see."""


@dataclass(frozen=True)
class Baseline:
    """What training targets say by themselves.

    Args:
        shares: of the classes, (K,); empty for a regression.
        mean: of the targets, (K,); empty for classes.
        median: likewise.
    """

    shares: tuple[float, ...] = ()
    mean: tuple[float, ...] = ()
    median: tuple[float, ...] = ()

    @classmethod
    def of(cls, train: Dataset) -> Baseline:
        """That of training rows, by their weights."""
        w = _weights(train)
        if train.is_classification:
            return cls(shares=tuple(_shares(train).tolist()))
        y = train.arrays.y.astype(np.float64)
        middle = y[w > 0][:1]  # so that a large constant costs the mean no digits
        mean = middle + (w @ (y - middle)) / w.sum()
        return cls(mean=tuple(mean.ravel().tolist()), median=tuple(_median(one, w) for one in y.T))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Baseline:
        """The inverse of `dataclasses.asdict`, whatever else is beside it."""
        return cls(**{name: tuple(values.get(name, ())) for name in ("shares", "mean", "median")})

    def figures(self, rows: Dataset, loss: Loss) -> dict[str, float]:
        """Accuracy and loss of the answers, or RMSE of the mean, MAE of the median, and loss.

        Args:
            rows: of the same targets.
            loss: of which the mean is given.
        """
        if self.shares:
            # The losses of classes are linear in the target, so that of the mean target is the mean loss.
            target = _shares(rows)[:, None]  # (K, 1)
            value = float(loss.value(self._scores(loss), target)[0])
            w, hits = _weights(rows), rows.arrays.labels == int(np.argmax(self.shares))
            return {"accuracy": float(w @ hits / w.sum()), "loss": value}
        w = _weights(rows)
        y = rows.arrays.y.astype(np.float64)
        value = float(loss.value(self._scores(loss), y.T) @ (w / w.sum()))
        squares, errors = (y - np.array(self.mean)) ** 2, np.abs(y - np.array(self.median))
        rmse = float(np.sqrt(w @ squares / w.sum()).mean())
        return {"rmse": rmse, "mae": float((w @ errors / w.sum()).mean()), "loss": value}

    def _scores(self, loss: Loss) -> NDArray[np.float64]:
        """Constant scores of the least loss over the training rows, (K, 1); of Huber's about so."""
        if self.shares:
            p = np.clip(self.shares, LEAST, 1 - LEAST)[:, None]
            return np.log(p) if loss.couples_outputs else np.log(p) - np.log(1 - p)
        mean, median = (np.array(one, np.float64) for one in (self.mean, self.median))
        if not loss.is_of_differences:
            return loss.level(mean)[:, None]
        return (mean if loss.is_quadratic else median)[:, None]


def _weights(rows: Dataset) -> NDArray[np.float64]:
    weights = rows.arrays.weights
    return np.ones(len(rows)) if weights is None else weights


def find_baseline(
    train: Dataset, rows: Dataset | None, loss: Loss, *, is_test: bool = False
) -> dict[str, Any]:
    """The training rows' answers and what they come to, as plain values; see `linnet.Run.baseline`.

    Args:
        train: what the answers are taken from.
        rows: to test or to validate on; the training rows when None.
        loss: in score space.
        is_test: whether they are to test on.
    """
    part = "train" if rows is None else "test" if is_test else "validation"
    answers = Baseline.of(train)
    said = {name: list(values) for name, values in dataclasses.asdict(answers).items() if values}
    return {"part": part, **answers.figures(train if rows is None else rows, loss), **said}


def describe_baseline(found: Mapping[str, float], language: Language = "en") -> str:
    """A sentence of what the answers come to.

    Args:
        found: as `Baseline.figures` gives it.
        language: "en" or "zh".
    """
    loss = f"{found['loss']:.4g}"
    if "accuracy" in found:
        return say("report.baseline.classes", language, accuracy=f"{found['accuracy']:.4f}", loss=loss)
    errors = {name: f"{found[name]:.6g}" for name in ("rmse", "mae")}
    return say("report.baseline.numbers", language, loss=loss, **errors)


def judge_baseline(
    found: Mapping[str, float],
    loss: float,
    accuracy: float | None,
    language: Language = "en",
    *,
    is_solved: bool = False,
) -> str:
    """What to do about a model that is worse than the answers; empty where it is not.

    Args:
        found: as `Baseline.figures` gives it.
        loss: of the model on the same rows.
        accuracy: likewise; None of a regression.
        language: "en" or "zh".
        is_solved: whether it is at an optimum, for which there is no rate.
    """
    is_worse = accuracy is not None and accuracy < found.get("accuracy", 0.0)
    if not is_worse and loss <= found["loss"]:
        return ""
    return say("report.baseline.worse_optimum" if is_solved else "report.baseline.worse", language)


def baseline_lines(
    baseline: Mapping[str, Any], figures: Mapping[str, float], *, is_solved: bool = False
) -> list[str]:
    """The lines on a run's baseline that end a command; none where it is not known.

    Args:
        baseline: see `linnet.Run.baseline`.
        figures: of the model, "test_loss" and "test_accuracy" among them where the part is "test".
        is_solved: as of `judge_baseline`.
    """
    if not baseline:
        return []
    part = baseline["part"]
    loss, accuracy = (figures.get(f"{part}_{name}") for name in ("loss", "accuracy"))
    verdict = "" if loss is None else judge_baseline(baseline, loss, accuracy, is_solved=is_solved)
    return [f"{describe_baseline(baseline)} (baseline, {part} rows)", *([verdict] if verdict else [])]


def _shares(rows: Dataset) -> NDArray[np.float64]:
    """Of each class, (K,), of soft labels their mean."""
    w = _weights(rows)
    y = rows.arrays.y
    if y.dtype.kind == "f":
        return w @ y.astype(np.float64) / w.sum()
    return np.bincount(y, w, rows.outputs) / w.sum()


def _median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    if (weights == 1).all():  # many rows are sooner parted than sorted
        middle = sorted({(len(values) - 1) // 2, len(values) // 2})
        return float(np.partition(values, middle)[middle].mean())
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    low = values[order][np.searchsorted(total, total[-1] / 2)]
    high = values[order][min(np.searchsorted(total, total[-1] / 2, side="right"), len(order) - 1)]
    return float((low + high) / 2)
