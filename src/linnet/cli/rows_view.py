"""`RowsView`: rows of numbers without names, as of LIBSVM text, in a few lines and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from linnet.data.dataset import Dataset, Splits
from linnet.data.sparse import SparseFeatures
from linnet.lazy import torch
from linnet.schema.profile import short_number

SHOWN = 10
"""Classes that are counted in words; the others are summed up."""


@dataclass(frozen=True)
class RowsView:
    """Rows of numbers at a glance.

    Args:
        rows: of each part, by its name.
        features: of a row.
        share: of the numbers that are not 0.
        target: what is predicted, as far as it has a name.
        task: classification or regression.
        classes: how many rows each has, by its name; empty of a regression.
        ends: the lowest and the highest number of a regression; None of classes.
    """

    rows: Mapping[str, int]
    features: int
    share: float
    target: str
    task: str
    classes: Mapping[str, int]
    ends: tuple[float, float] | None

    @classmethod
    def of(cls, splits: Splits) -> RowsView:
        """The rows of all parts."""
        train, test = splits
        named = {"train": train, "validation": train.validation, "test": test}
        parts = {name: part for name, part in named.items() if part is not None}
        rows = {name: len(part) for name, part in parts.items()}
        total, filled = sum(rows.values()), sum(map(_filled, parts.values()))
        y = torch.cat([part.labels if train.is_classification else part.y for part in parts.values()])
        counts = torch.bincount(y, minlength=train.outputs).tolist() if train.is_classification else []
        return cls(
            rows, train.features, filled / (total * train.features), train.target,
            "classification" if counts else "regression", dict(zip(train.classes, counts, strict=True)),
            None if counts else (float(y.min()), float(y.max())),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The view as plain values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The features, the rows of each part, and what is predicted."""
        parts = ", ".join(f"{rows:,} to {WORDS[name]} on" for name, rows in self.rows.items())
        return [
            f"features  {self.features:,}, {self.share:.1%} of their numbers not 0",
            f"rows      {sum(self.rows.values()):,}: {parts}",
            f"target    {self.target or 'without a name'}: {self._targets()}",
        ]

    def _targets(self) -> str:
        """The rows of each class, or the lowest and the highest number."""
        if self.ends is not None:
            low, high = map(short_number, self.ends)
            return f"numbers from {low} to {high}"
        shown = list(self.classes.items())[:SHOWN]
        total, others = sum(self.classes.values()), len(self.classes) - len(shown)
        parts = [f"{name} {rows:,} ({rows / total:.1%})" for name, rows in shown]
        rest = total - sum(rows for _, rows in shown)
        parts += [f"{others:,} others {rest:,} ({rest / total:.1%})"] if others else []
        return f"{len(self.classes):,} classes, {', '.join(parts)}"


AT_ONCE = 1 << 14
"""Rows that are looked at at a time."""

WORDS = {"train": "train", "validation": "validate", "test": "test"}
"""What rows of each part are for."""


def _filled(rows: Dataset) -> int:
    """How many of its numbers are not 0."""
    X: Any = rows.X
    if isinstance(X, SparseFeatures):
        return int(X.matrix.count_nonzero())
    return sum(int(torch.count_nonzero(part)) for part in X.split(AT_ONCE))
