"""`Preparation`: rows weighed by class and standardised, and models of these as models of plain rows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.config.hyperparameters import Hyperparameters
from linnet.data.arguments import refuse_stream
from linnet.data.dataset import Dataset
from linnet.data.sparse import SparseFeatures
from linnet.data.transforms import Standardize
from linnet.errors import UsageError

MOST = 2**27
"""Numbers up to which standardised rows are held in float64, 1 GiB."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """What is done to rows before they are solved, which mean the same as in training.

    Args:
        factors: of the weights of each class's rows, (K,); None where all count alike.
        standard: brings columns to mean 0 and deviation 1; None leaves them as they stand.
    """

    factors: Tensor | None = None
    standard: Standardize | None = None

    @classmethod
    def of(cls, train: Dataset, class_weight: str, standardize: bool, *, intercept: bool) -> Preparation:
        """What the rows to solve on tell: how many are of each class, means and deviations.

        Args:
            train: the rows.
            class_weight: "none", "balanced", or a weight a class with colons between them.
            standardize: whether to standardise.
            intercept: whether there is a bias; without one columns are scaled, but not centred. Nor are
                sparse rows, which stay sparse: the bias makes up for it, and as it is not penalised the model
                is the same.

        Raises:
            UsageError: there are no classes to weigh, or too many numbers; or the rows are streamed.
        """
        factors = _factors(train, class_weight)
        if not standardize:
            return cls(factors)
        refuse_stream(train, "standardize=True in an exact solution")
        if not train.is_sparse and len(train) * train.features > MOST:
            raise UsageError(
                f"standardised rows are held in float64, and {len(train):,} of {train.features:,} columns "
                f"are more than {MOST:,} numbers: use fewer rows, or leave standardize out"
            )
        # Columns are standardised as in training, where models of several class weights share them.
        standard = Standardize.of(
            train.X, None if train.weights is None else train.weights.to(train.X.device)
        )
        if not intercept or train.is_sparse:
            standard = Standardize(torch.zeros_like(standard.mean), standard.scale)
        return cls(factors, standard)

    @property
    def is_plain(self) -> bool:
        """Whether rows stay as they are."""
        return self.factors is None and self.standard is None

    def weigh(self, rows: Dataset) -> Dataset:
        """Rows with their weights times those of their classes."""
        if self.factors is None:
            return rows
        own = self.factors.to(rows.y.device)[rows.y]
        return dataclasses.replace(rows, weights=own if rows.weights is None else own * rows.weights.double())

    def apply(self, rows: Dataset) -> Dataset:
        """Rows as they are solved."""
        return self.standardise(self.weigh(rows))

    def standardise(self, rows: Dataset) -> Dataset:
        """Rows as they judge a solution: by weights of their own alone, as a sweep's do."""
        rows = dataclasses.replace(rows, validation=None)
        if self.standard is None:
            return rows
        if isinstance(rows.X, SparseFeatures) and not bool(self.standard.mean.any()):
            X: Any = rows.X.times((1 / self.standard.scale).numpy())
        else:
            X = self.standard.apply(rows.X[:].double())
        return dataclasses.replace(rows, X=X, scale=1.0)

    def enter(self, theta: Tensor) -> Tensor:
        """Parameters of plain rows of scale 1, (R, D + 1), as those of prepared rows."""
        return theta if self.standard is None else self.standard.enter(theta)

    def absorb(self, theta: Tensor, scale: float) -> Tensor:
        """Parameters of plain rows times their scale, (R, D + 1), that give the same scores."""
        if self.standard is None:
            return theta
        plain = self.standard.absorb(theta)
        return torch.cat([plain[:, :-1] / scale, plain[:, -1:]], 1)


def _factors(train: Dataset, class_weight: str) -> Tensor | None:
    """How much each class counts, (K,)."""
    knob = Hyperparameters(class_weight=class_weight)
    if knob.class_weight == "none":
        return None
    if not train.is_classification or train.y.is_floating_point():
        what = "has soft labels" if train.is_classification else "is a regression"
        raise UsageError(f"class_weight is for classes, and {train.name} {what}")
    weights = None if train.weights is None else train.weights.double()
    counts = torch.bincount(train.y, weights, minlength=train.outputs).double()
    found = knob.weights_of_classes(counts.tolist())
    return None if found is None else torch.tensor(found, dtype=torch.float64)
