"""Linear maps of the features that a linear model can take in afterwards.

A model is trained on mapped rows, `scores = θ' (apply(x), 1)`. As the map is linear (affine, to be exact),
the same scores come of plain rows, `θ (x, 1)` with `θ = absorb(θ')`: the model that is kept needs no map.

Maps take rows as they are stored, made floating: pixels from 0 to 255, not scaled.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from linnet.errors import UsageError

BLOCK = 1 << 18
"""How many numbers are made float64 at once: 2 MiB, well inside a CPU's last cache."""


@dataclass(frozen=True)
class Pool:
    """Smaller images: the mean over each block of pixels, as in average pooling (D2L 7.5).

    Where the size does not divide, the last blocks are smaller, and their mean is over the pixels they have.

    Args:
        shape: (height, width) of an image, D pixels.
        factor: the side of a block, in pixels.
    """

    shape: tuple[int, int]
    factor: int

    @property
    def small(self) -> tuple[int, int]:
        """(height, width) of a mapped image."""
        height, width = self.shape
        return -(-height // self.factor), -(-width // self.factor)

    @property
    def outputs(self) -> int:
        """D', the blocks of an image."""
        return self.small[0] * self.small[1]

    def apply(self, X: Tensor) -> Tensor:
        """The blocks' means, (B, D'), of images (B, D)."""
        kernel = (min(self.factor, self.shape[0]), min(self.factor, self.shape[1]))
        images = X.unflatten(1, (1, *self.shape))  # (B, 1, height, width)
        return functional.avg_pool2d(images, kernel, ceil_mode=True).flatten(1)

    def absorb(self, theta: Tensor) -> Tensor:
        """Weights and biases for plain rows: every pixel takes its part of its block's weight."""
        rows, columns = (torch.arange(side, device=theta.device) // self.factor for side in self.shape)
        blocks = (rows[:, None] * self.small[1] + columns).flatten()  # of each pixel, (D,)
        wide = theta.double()
        W = (wide[:, :-1] / blocks.bincount())[:, blocks]  # (R, D)
        return torch.cat([W, wide[:, -1:]], 1).to(theta.dtype)


@dataclass(frozen=True, eq=False)
class Standardize:
    """Columns of mean 0 and deviation 1: `(x − mean)/scale`.

    It makes any scaling before it irrelevant.

    Args:
        mean: (D,), float64.
        scale: (D,), float64, positive.
    """

    mean: Tensor
    scale: Tensor

    @classmethod
    def of(cls, X: Tensor, weights: Tensor | None = None, pool: Pool | None = None) -> Standardize:
        """The map that standardises given rows, by their mean and population standard deviation.

        Sums and blocks of rows are float64, never all rows. A column that never changes gets scale 1.

        Args:
            X: rows as they are stored, (N, D), any real dtype.
            weights: how much each row counts, (N,), not negative; None where all count alike.
            pool: the map that comes before this one.

        Raises:
            UsageError: no row counts, or a column's mean or deviation is not finite.
        """
        weights = (
            torch.ones(len(X), dtype=torch.float64, device=X.device) if weights is None else weights.double()
        )
        counting = weights.nonzero()[:, 0]
        if not len(counting):
            raise UsageError("standardising needs at least one row of positive weight")

        def read_rows(rows: slice) -> Tensor:
            return X[rows].double() if pool is None else pool.apply(X[rows].double())

        # Differences from a row that counts: a column that never changes is 0 to the last bit.
        first = int(counting[0])
        origin = read_rows(slice(first, first + 1))  # (1, D)
        total, mean, squares = weights.new_zeros(()), torch.zeros_like(origin[0]), torch.zeros_like(origin[0])
        height = max(1, BLOCK // max(1, X.shape[1]))
        for low in range(0, len(X), height):
            rows = slice(low, low + height)
            total, mean, squares = _merge(total, mean, squares, read_rows(rows) - origin, weights[rows])
        mean, scale = mean + origin[0], (squares / total).sqrt_()
        if not bool(mean.isfinite().all()):
            raise UsageError("every column's mean must be finite: remove rows with NaN or infinite features")
        if not bool(scale.isfinite().all()):
            raise UsageError("every column's scale must be finite: divide columns of very large numbers")
        return cls(mean, torch.where(scale == 0, 1.0, scale))

    @property
    def outputs(self) -> int:
        """D' = D."""
        return len(self.mean)

    def apply(self, X: Tensor) -> Tensor:
        """Standardised rows, (B, D)."""
        return (X - self.mean.to(X)).div_(self.scale.to(X))

    def absorb(self, theta: Tensor) -> Tensor:
        """Weights and biases for plain rows: divided by the scale, and less what the means add."""
        wide = theta.double()
        W = wide[:, :-1] / self.scale.to(theta.device)
        b = wide[:, -1] - W @ self.mean.to(theta.device)
        return torch.cat([W, b[:, None]], 1).to(theta.dtype)


LinearMap = Pool | Standardize


@dataclass(frozen=True, eq=False)
class Chain:
    """One map after another; with none, rows as they are.

    Args:
        features: D, of plain rows.
        maps: in the order in which they are applied.
    """

    features: int
    maps: tuple[LinearMap, ...] = ()

    @property
    def outputs(self) -> int:
        """D', the features of a mapped row."""
        return self.maps[-1].outputs if self.maps else self.features

    def apply(self, X: Tensor) -> Tensor:
        """Mapped rows, (B, D'), of plain ones, (B, D), floating; the dtype stays."""
        for each in self.maps:
            X = each.apply(X)
        return X

    def absorb(self, theta: Tensor) -> Tensor:
        """Weights and biases for plain rows, (R, D + 1), of those for mapped rows, (R, D' + 1).

        The last column is the bias. The arithmetic is float64, the dtype of the result that of `theta`.
        """
        wide = theta.double()
        for each in reversed(self.maps):
            wide = each.absorb(wide)
        return wide.to(theta.dtype)


def _merge(
    total: Tensor, mean: Tensor, squares: Tensor, X: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Weight, mean and squared differences with a block's added (Chan, Golub & LeVeque 1983)."""
    added = weights.sum()
    if not added:
        return total, mean, squares
    own = weights @ X / added  # (D,)
    own_squares = weights @ (X - own).square_()
    sum_, apart = total + added, own - mean
    mean = mean + apart * (added / sum_)
    return sum_, mean, squares + own_squares + apart.square() * (total * added / sum_)
