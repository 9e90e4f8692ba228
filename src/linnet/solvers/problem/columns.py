"""`Columns`: dense columns about their means, without a copy; `Pool`: some of them and their products.

A product with all rows is a look at the stored numbers, and the means are taken off what it gives. That is as
good as a copy where a mean is not many times its column's deviation; else there is a copy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.problem.error_free import two_product
from linnet.solvers.problem.few import LARGEST, SMALLEST, Values, mean_of, shares_of

FAR = 30.0
"""Deviations from 0 beyond which a mean would cost two digits, and columns are copied."""

BLOCK = 2**18
"""Numbers of a block of rows, which stay in cache while they are summed and squared: 2 MiB."""

COPIED = 2**27
"""Numbers up to which columns are copied: 1 GiB."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Rows for solvers that look at few columns at a time.

    Args:
        X: the rows, (N, D), float64.
        shares: of the rows in the mean, (N,), which sum to 1.
        centre: what is taken off each column, (D,); 0 where there is no bias.
        taken: what has been taken off already, (D,).
    """

    X: Values
    shares: Values
    centre: Values
    taken: Values

    @classmethod
    def of(cls, X: Values, weights: Values | None, *, intercept: bool) -> Columns | None:
        """Rows made ready.

        Args:
            X: rows, (N, D), finite.
            weights: of the rows, (N,), at least 0, not all 0; None for 1.
            intercept: whether there is a bias.

        Returns:
            The rows; None where their numbers are too large or too small, or too many to be copied.
        """
        if not X.size:
            return None
        if (shares := shares_of(weights, len(X))) is None:
            return None
        zero = np.zeros(X.shape[1])
        mean, square = _moments(X, shares)
        if not math.isfinite(square.sum()):
            return None
        centre = mean if intercept else zero
        taken, far = zero, np.flatnonzero((square > 0) & (mean * mean > FAR**2 * (square - mean * mean)))
        if intercept and len(far):
            # A column of one number is 0 about it, and not what a rounded mean leaves of it.
            first = X[np.argmax(shares > 0), far]
            is_same = ((X[:, far] == first) | (shares == 0)[:, None]).all(0)
            centre[far[is_same]] = first[is_same]
            if not is_same.all():
                if X.size > COPIED:
                    return None
                taken = mean_of(X, shares)
                X, centre = X - taken, zero
                square = _moments(X, shares)[1]
        is_ordinary = (square == 0) | ((square > SMALLEST**2) & (square < LARGEST**2))
        return cls(X, shares, centre, taken) if is_ordinary.all() else None

    @property
    def is_wide(self) -> bool:
        """Whether features outnumber rows."""
        return self.X.shape[1] > len(self.X)

    def products(self, right: Values) -> Values:
        """Σ_i r_i x_i about the means, (D,), of r (N,)."""
        found = right @ self.X
        found -= right.sum() * self.centre
        return found

    def take(self, index: NDArray[np.intp]) -> Values:
        """Some columns about their means, (N, P)."""
        found = np.take(self.X, index, 1)
        found -= self.centre[index]
        return found

    def leave(self, W: Values, b: Values) -> Values:
        """θ of the rows as they stood, (K, D + 1), of weights (K, D) and biases (K,) here."""
        theta = np.column_stack([W, b])
        for row in theta:
            used = np.flatnonzero(row[:-1])
            offs = [two_product(-row[used], part[used]) for part in (self.taken, self.centre)]
            row[-1] = math.fsum((row[-1], *np.ravel(offs)))
        return theta


def _moments(X: Values, shares: Values) -> tuple[Values, Values]:
    """The means of the columns and of their squares, (D,) each, in one look."""
    mean, square = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    size = max(1, BLOCK // X.shape[1])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for first in range(0, len(X), size):
            part = slice(first, first + size)
            mean += shares[part] @ X[part]
            square += shares[part] @ np.square(X[part])
    return mean, square


class Pool:
    """The columns that were asked for so far and the products between them.

    Args:
        columns: of all rows.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns, self.held = columns, 0
        self.place = np.full(columns.X.shape[1], -1)
        """Of each column among those that are held, (D,); −1 where it is not."""
        self.blocks: list[tuple[NDArray[np.intp], Values]] = []
        self.H = np.zeros((0, 0))

    def products(self, chosen: NDArray[np.intp]) -> Values:
        """Σ_i ω_i x_i x_iᵀ of some columns, (P, P)."""
        new = chosen[self.place[chosen] < 0]
        if len(new):
            self._hold_(new)
        at = self.place[chosen]
        return self.H[np.ix_(at, at)]

    def scores(self, w: Values) -> Values:
        """What weights, (D,), none of others than held columns, make of the rows, (N,)."""
        found = np.zeros(len(self.columns.X))
        for index, Z in self.blocks:
            own = w[index]
            if own.any():
                found += Z @ own
        return found

    def _hold_(self, new: NDArray[np.intp]) -> None:
        Z = self.columns.take(new)
        scaled = Z * self.columns.shares[:, None]
        self.blocks.append((new, Z))
        cross = np.concatenate([block.T @ scaled for _, block in self.blocks])  # (held + P, P)
        H = np.empty((len(cross), len(cross)))
        H[: self.held, : self.held] = self.H
        H[:, self.held :], H[self.held :, : self.held] = cross, cross[: self.held].T
        self.place[new] = np.arange(self.held, len(cross))
        self.H, self.held = H, len(cross)
