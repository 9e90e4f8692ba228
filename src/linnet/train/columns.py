"""`ColumnScaling`: tables are stepped on over columns and targets near 0 of about unit size.

    z = (x − μ) f,    o = c + s (W' z + b');    W = s W' f,    b = c + s b' − W μ

μ and f are float64, and so is z before it is rounded to what the step computes in; what was learned is
folded back in float64. A penalty stays on W, the weights of the columns as they stand, or with `standardize`
on those of columns of deviation 1: it is of u W' for a vector u. Only the path to the optimum is another.

f is 1/deviation, but a rare or far value would then be so far out that one row's step overshoots, and a row
of many columns so long that every step does. So no value is further than `FARTHEST`, and the mean squared
length of a row is at most `LONGEST`: a rate of 0.03 is safe for squared error, whatever the columns.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.config.ranges import Range
from linnet.core.bank import Bank
from linnet.core.losses import Loss, TargetUnits
from linnet.core.penalties import PenaltyUnits
from linnet.data.batches import Block
from linnet.data.dataset import Dataset
from linnet.data.moments import Moments
from linnet.dist.processes import ALONE, Processes

FARTHEST, LONGEST = 10.0, 16.0

PENALTIES = ("l2", "l1", "weight_decay")
"""The hyperparameters that are penalties."""


@dataclass(frozen=True, eq=False)
class ColumnScaling:
    """The change of columns and targets that a table's models are stepped under.

    Args:
        mean: μ of the stored columns, (D,), float64.
        factor: f, (D,), float64; 0 for a column that never changes, which then has no weight.
        deviation: of the stored columns, (D,), float64.
        targets: c and s, and the loss in those units.
        scale: of the rows: W is of stored numbers times this.
        standardize: whether a penalty is on the weights of columns of deviation 1.
    """

    mean: Tensor
    factor: Tensor
    deviation: Tensor
    targets: TargetUnits
    scale: float = 1.0
    standardize: bool = False

    @classmethod
    def of(
        cls, train: Dataset, loss: Loss, weights: Tensor | None = None, standardize: bool = False,
        processes: Processes = ALONE,
    ) -> ColumnScaling:  # fmt: skip
        """The scaling by the rows that a model is trained on.

        Args:
            train: the rows.
            loss: in score space.
            weights: of the rows, (N,); None where all count alike.
            standardize: whether a penalty is on the weights of columns of deviation 1.
            processes: that share the rows, which all of them have.

        Raises:
            UsageError: no row counts, or a column's mean or deviation is not finite.
        """
        found = Moments.of(train.X, weights, processes=processes)
        size = torch.maximum(found.deviation, found.reach / FARTHEST)
        changes = size > 0
        factor = torch.where(changes, 1 / torch.where(changes, size, 1.0), 0.0)
        length = (found.deviation * factor).square().sum()
        factor = factor / (length / LONGEST).clamp(min=1).sqrt()
        return cls(
            found.mean, factor, found.deviation, _targets(train, loss, weights), train.scale, standardize
        )

    @property
    def units(self) -> PenaltyUnits:
        """What W' is multiplied by to what is penalised."""
        size = self.deviation if self.standardize else 1 / self.scale
        return PenaltyUnits(self.targets.unit * self.factor * size, self.targets.worth)

    def enter(self, block: Block, dtype: torch.dtype) -> Block:
        """A block of minibatches over these columns and targets."""
        X = torch.sub(block.X, self.mean).mul_(self.factor).to(dtype)  # (n, D); float64 until here
        return dataclasses.replace(block, X=X, y=self.targets.enter(block.y))

    def absorb(self, bank: Bank) -> Bank:
        """Models over these columns as models of the rows as they are stored, in float64: the same scores."""
        theta, targets = bank.theta.double(), self.targets
        W = theta[:, :-1] * (targets.unit * self.factor)  # (M·K, D)
        level = targets.level.to(theta.device).repeat(bank.models)  # (M·K,)
        b = level + targets.unit * theta[:, -1] - W @ self.mean
        return Bank(torch.cat([W / self.scale, b[:, None]], 1), bank.models)


def _targets(train: Dataset, loss: Loss, weights: Tensor | None) -> TargetUnits:
    """The units of the targets: their means, and one deviation for all of them."""
    if train.is_classification:
        return TargetUnits(loss, torch.zeros(train.outputs, dtype=torch.float64, device=train.y.device))
    found = Moments.of(train.y, weights)
    deviation = float(found.deviation.square().mean().sqrt())
    return loss.in_units(found.mean, deviation or 1.0)


def describe_penalties(train: Dataset, values: Mapping[str, Any]) -> str:
    """What the weights that a penalty is on are of; empty where there is none, or rows are no table's.

    Args:
        train: the rows.
        values: of hyperparameters by their names: a value, several of them, or a range.
    """
    if not train.is_table or not any(any(_list(values.get(name))) for name in PENALTIES):
        return ""
    raw, standard = "the columns as they stand", "columns of deviation 1"
    found = set(map(bool, _list(values.get("standardize"))))
    if len(found) > 1:
        return f"the penalty is on the weights of {standard} with standardize yes, else of {raw}"
    if found == {True}:
        return f"the penalty is on the weights of {standard}"
    return f"the penalty is on the weights of {raw}; --standardize puts it on {standard}"


def _list(values: Any) -> list[Any]:
    """The values that are tried; a range, whose numbers are above 0, as true."""
    if isinstance(values, Range):
        return [True]
    return list(values) if isinstance(values, list | tuple | range) else [values]
