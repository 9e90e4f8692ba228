"""`Few`: so few rows that torch's calls would take longer than their arithmetic, in numpy and near 0.

As `standardise` does it: columns less their means, times powers of two, and the penalty that of the columns
as they stood. A mean that is rounded is as good as another, for the bias takes up any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.problem.error_free import two_product

Values = NDArray[np.float64]

MOST = 2**17
"""Numbers in X up to which rows are few: torch's calls are longer than their work, threads only wait."""

LARGEST, SMALLEST = 1e100, 1e-100
"""Between these numbers' squares and their sums are far from the ends of float64."""

RUN = 2**14
"""Numbers that are taken at once: what is made of more is memory that the system hands over page by page."""


@dataclass(frozen=True, eq=False)
class Few:
    """Rows for solvers of few numbers.

    Args:
        A: the columns near 0 and of about unit size, and ones where there is a bias, (P, N): a column's
            numbers stand side by side, for numpy's loops are long along rows.
        shares: of the rows in the mean, (N,), which sum to 1.
        centre: the columns' means, (D,); 0 where there is no bias.
        scale: the powers of two that columns were multiplied by, (D,).
    """

    A: Values
    shares: Values
    centre: Values
    scale: Values

    @classmethod
    def of(cls, X: Values, weights: Values | None, *, intercept: bool) -> Few | None:
        """Rows made ready.

        Args:
            X: rows, (N, D), finite.
            weights: of the rows, (N,), at least 0, not all 0; None for 1.
            intercept: whether there is a bias.

        Returns:
            The rows; None where their numbers are too large or too small for this.
        """
        if not X.size or max(X.max(), -X.min()) > LARGEST:
            return None
        if (shares := shares_of(weights, len(X))) is None:
            return None
        features = X.shape[1]
        centre = mean_of(X, shares) if intercept else np.zeros(features)
        A = np.empty((features + intercept, len(X)))
        A[features:] = 1
        Z = np.subtract(X.T, centre[:, None], out=A[:features])
        size = np.sqrt(np.array([shares @ np.square(column) for column in Z]))
        if ((size > 0) & (size < SMALLEST)).any():
            return None
        scale = np.where(size > 0, np.ldexp(1.0, -np.frexp(size)[1]), 1.0)
        Z *= scale[:, None]
        return cls(A, shares, centre, scale)

    def leave(self, theta: Values) -> Values:
        """θ of the rows as they stood, (K, D + 1), of parameters here, (K, P)."""
        W = theta[:, : len(self.scale)] * self.scale
        biases = theta[:, len(self.scale)].tolist() if len(self.A) > len(self.scale) else [0.0] * len(W)
        product, error = two_product(-W, self.centre)
        moved = [math.fsum((own, *high, *low)) for own, high, low in zip(biases, product, error, strict=True)]
        return np.column_stack([W, moved])


def shares_of(weights: Values | None, rows: int) -> Values | None:
    """The rows' shares of a mean, (N,); None where the sum of their weights is too large or too small."""
    if weights is None:
        return np.full(rows, 1 / rows)
    total = weights.sum()
    return weights / total if SMALLEST < total < LARGEST else None


def mean_of(X: Values, shares: Values) -> Values:
    """The mean of rows (N, D) by their shares, (D,).

    From the first row on that counts: of a column of one number it is that number then, not what rounding
    leaves of it, and rows that do not count, however far off, leave no rounding in it.
    """
    first, total = X[np.argmax(shares > 0)], np.zeros(X.shape[1])
    height = max(1, RUN // max(1, X.shape[1]))
    for low in range(0, len(X), height):
        part = slice(low, low + height)
        off, own = X[part] - first, shares[part]
        if not own.all():
            off[own == 0] = 0
        total += own @ off
    return first + total
