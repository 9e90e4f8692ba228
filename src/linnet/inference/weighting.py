"""What row weights mean in an inference: how often a row was seen, how exactly, or for how many it stands.

The best weights of a model are the same for all three; their standard errors are not.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.inference.remarks import Remark

FREQUENCY, PRECISION, IMPORTANCE = "frequency", "precision", "importance"

WEIGHT_KINDS = {
    FREQUENCY: "2 is the same row twice",
    PRECISION: "the inverse of a variance, up to one factor",
    IMPORTANCE: "for how many a sampled row stands, up to one factor",
}

SAID = {
    FREQUENCY: "frequencies", PRECISION: "precisions", IMPORTANCE: "importances (sampling weights)",
}  # fmt: skip


OTHER = "; if they are no counts, say weight_kind precision or importance"

TOO_FEW = (
    "taken for frequencies, the weights say that {rows} rows are {total} observations, no more than the "
    "{parameters} parameters" + OTHER
)
NONE_WHOLE = (
    "taken for frequencies, the weights say that {rows} rows are {total} observations, and none of them a "
    "whole one" + OTHER
)


@dataclass(frozen=True, eq=False)
class Weighting:
    """The weights of a data set's rows, and what they mean.

    Args:
        kind: "frequency", "precision" or "importance"; empty where rows have no weights.
        w: of the rows, (N,), float64: of frequencies as they are, else with the mean 1 over rows that count.
    """

    kind: str
    w: Tensor

    @property
    def is_counted(self) -> bool:
        """Whether a weight is a number of rows."""
        return self.kind == FREQUENCY

    @property
    def is_sampled(self) -> bool:
        """Whether the rows are a sample of unequal chances."""
        return self.kind == IMPORTANCE

    def of(self, dataset: Dataset) -> Dataset:
        """The data set with these weights."""
        return dataclasses.replace(dataset, weights=self.w) if self.kind else dataset

    def doubts(self, parameters: int) -> list[Remark]:
        """Why these can hardly be what they are taken for; empty where nothing speaks against it."""
        if not self.is_counted:
            return []
        rows, total, largest = int((self.w > 0).sum()), float(self.w.sum()), float(self.w.max())
        values = {"rows": f"{rows:,}", "total": f"{total:.6g}", "parameters": f"{parameters:,}"}
        if total <= parameters and total != rows:
            return [Remark(TOO_FEW, values)]
        return [Remark(NONE_WHOLE, values)] if largest < 1 else []


def weighting_of(dataset: Dataset, weight_kind: str | None, covariance: str | None, kind: str) -> Weighting:
    """What a data set's weights mean.

    Args:
        dataset: the rows.
        weight_kind: as it was asked for; where None, frequencies with the Hessian and importances with the
            sandwich and the bootstrap.
        covariance: as it was asked for.
        kind: of the model.

    Raises:
        UsageError: there is no such kind, or it does not go with the model or the covariance.
    """
    if weight_kind is not None and weight_kind not in WEIGHT_KINDS:
        known = "; ".join(f"{name}: {said}" for name, said in WEIGHT_KINDS.items())
        raise UsageError(f"weight_kind must be one of these, not {weight_kind!r}: {known}")
    if dataset.weights is None:
        return Weighting("", torch.ones(len(dataset), dtype=torch.float64))
    if weight_kind is None:
        weight_kind = FREQUENCY if covariance in (None, "hessian") else IMPORTANCE
    if weight_kind == PRECISION and kind != "regression":
        raise UsageError(
            "precision weights say how exactly a number was measured, and a class is no number: give "
            "weight_kind frequency (counts of rows) or importance (of sampling)"
        )
    if weight_kind == IMPORTANCE and covariance == "hessian":
        raise UsageError(
            "under importance weights the inverse Hessian is not the covariance of the estimates: leave "
            "covariance out, which gives the sandwich, or take bootstrap"
        )
    w = dataset.weights.double().cpu()
    if weight_kind == FREQUENCY or not bool((w > 0).any()):
        return Weighting(weight_kind, w)
    return Weighting(weight_kind, w * (int((w > 0).sum()) / math.fsum(w.tolist())))


def covariance_of(covariance: str | None, weight_kind: str | None, dataset: Dataset) -> str:
    """The covariance that was asked for; else the Hessian's, or under importance weights the sandwich's."""
    if covariance is not None:
        return covariance
    return "sandwich" if weight_kind == IMPORTANCE and dataset.weights is not None else "hessian"
