"""Refusals of data and recipes that training cannot take."""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.config import FitRequest, Hyperparameters
from linnet.core.losses import LOSSES, by_name
from linnet.data.dataset import Dataset
from linnet.errors import ShapeError, UsageError
from linnet.train.inputs import InputOptions, check_inputs

EXTREME = 1e30
"""The largest weight that training takes, and the inverse of the least: float32 ends not far beyond."""


def check(train: Dataset, test: Dataset | None, request: FitRequest) -> None:
    """Refuse data that a recipe cannot train on.

    Raises:
        UsageError: there are no rows, no labels for the loss, or features that are no numbers.
        ShapeError: the test set is of another kind.
    """
    if not len(train):
        raise UsageError(f"{train.name} has no rows to train on")
    if not train.has_intercept:
        raise UsageError(
            "the formula leaves the bias out, which training always has: leave out 0 + or - 1, or take "
            "linnet solve (linnet.solve)"
        )
    check_knobs(train, request.hyperparameters, request.loss)
    for part in (train, test):
        if part is not None:
            by_name(request.loss).check_targets(part.y)
        if part is not None and not _is_finite(part.stored):
            raise UsageError(f"{part.name} has NaN or infinite features: fill in or leave out those rows")
        if part is not None and not _is_finite(part.y):
            raise UsageError(f"{part.name} has NaN or infinite targets: fill in or leave out those rows")
    largest = 1.0 if train.weights is None else float(train.weights.max())
    if largest and not 1 / EXTREME <= largest <= EXTREME:
        raise UsageError(
            f"the largest weight of a row is {largest:g}, beyond what training can hold: only the ratios "
            "of weights count, so divide them by their mean"
        )
    if test is not None:
        _check_alike(train, test)


def _is_finite(values: Tensor) -> bool:
    """Whether no number is NaN or infinite; a sum, which is quick, says so unless it is too large itself."""
    if not values.is_floating_point() or bool(values.sum(dtype=torch.float64).isfinite()):
        return True
    return bool(values.isfinite().all())


def _check_alike(train: Dataset, test: Dataset) -> None:
    """Refuse a test part that the model of the training part would misread."""
    if (test.features, test.outputs) != (train.features, train.outputs):
        raise ShapeError(
            f"train has {train.features} features and {train.outputs} outputs, "
            f"test has {test.features} and {test.outputs}"
        )
    if test.classes != train.classes:
        raise ShapeError(f"train has the classes {list(train.classes)}, test has {list(test.classes)}")
    if test.scale != train.scale:
        raise UsageError(
            f"train's features are multiplied by {train.scale:g}, test's by {test.scale:g}: store both alike"
        )


def check_counting(rows: Dataset, what: str) -> None:
    """Refuse rows of which none counts.

    Raises:
        UsageError: every weight is 0.
    """
    if rows.weights is not None and not bool((rows.weights > 0).any()):
        raise UsageError(f"every row {what} has weight 0: give some a positive weight")


def check_knobs(train: Dataset, hyperparameters: Hyperparameters, loss: str) -> None:
    """Refuse settings that do not suit the rows.

    Raises:
        UsageError: a loss or a hyperparameter is for classes, or for images, and the rows are not; or as many
            class weights as classes are needed.
    """
    if not train.is_classification:
        if LOSSES[loss].is_for_classes:
            others = ", ".join(name for name, kind in LOSSES.items() if not kind.is_for_classes)
            raise UsageError(f"the {loss} loss needs class labels: for a regression use {others}")
        if hyperparameters.label_smoothing or hyperparameters.class_weight != "none":
            name = "label_smoothing" if hyperparameters.label_smoothing else "class_weight"
            raise UsageError(f"{name} is for classes, and {train.name} is a regression")
    if hyperparameters.label_smoothing and not LOSSES[loss].is_for_classes:
        raise UsageError(f"label_smoothing goes with the softmax and logistic losses, not with {loss}")
    hyperparameters.weights_of_classes([1.0] * train.outputs)
    check_inputs(train, InputOptions.of(hyperparameters))
