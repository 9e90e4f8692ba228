"""The exact contribution of each feature to each score of a linear model."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from linnet.data.pictures.shape import ImageShape
from linnet.data.row_fields import to_array
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.interval import Array
from linnet.lazy import is_tensor
from linnet.model.run import Run
from linnet.schema.schema import Schema


@dataclass(frozen=True, eq=False)
class Contributions:
    """The terms of a row's scores: `scores_k = Σ_d parts[k, d] + bias_k`, nothing being approximated.

    Args:
        parts: W_kd x_d, (K, D), float64; x is scaled as the model sees it.
        bias: b, (K,), float64.
    """

    parts: Array
    bias: Array

    @property
    def scores(self) -> Array:
        """Their sums, (K,): the model's scores before any calibration."""
        return self.parts.sum(1) + self.bias

    def between(self, k: int, other: int) -> Array:
        """What speaks for class k against another: the difference of their parts, (D,)."""
        return self.parts[k] - self.parts[other]

    def by_column(self, schema: Schema) -> Contributions:
        """The contributions of a table's own columns: the sums of what each was encoded as, (K, columns).

        Args:
            schema: of the model.

        Raises:
            UsageError: it has a formula, whose terms are of several columns at once.
        """
        if schema.terms:
            raise UsageError(
                "the terms of a formula are of several columns: their parts are those of features"
            )
        ends = np.cumsum([0, *(len(column.features) for column in schema.columns)])
        pairs = itertools.pairwise(ends.tolist())
        parts = [self.parts[:, low:high].sum(1) for low, high in pairs]
        return Contributions(np.stack(parts, 1), self.bias)

    def by_pixel(self, shape: ImageShape) -> Contributions:
        """The contributions of an image's pixels: the sums of their colours, (K, height · width).

        Args:
            shape: of the image; of a grey one they are what they were.
        """
        return Contributions(self.parts.reshape(len(self.parts), shape[0] * shape[1], -1).sum(2), self.bias)


def contributions(run: Run, x: ArrayLike) -> Contributions:
    """The contribution of each feature to each score of one row.

    Args:
        run: of a linear model.
        x: the row as stored, (D,).

    Raises:
        ShapeError: the row has another number of features.
        UsageError: the run trained a module.
    """
    model, x = run.predictor, np.asarray(to_array(x) if is_tensor(x) else x, np.float64)
    if x.shape != (model.features,):
        raise ShapeError(f"expected one row of {model.features} features, got shape {x.shape}")
    W, b = (parameter.astype(np.float64) for parameter in (model.W, model.b))
    return Contributions(W * (x * run.card.scale), b)
