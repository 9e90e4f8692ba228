"""Linear maps of the features that a linear model can take in afterwards.

A model is trained on mapped rows, `scores = θ' (apply(x), 1)`. As the map is linear (affine, to be exact),
the same scores come of plain rows, `θ (x, 1)` with `θ = absorb(θ')`: the model that is kept needs no map.

Maps take rows as they are stored, made floating: pixels from 0 to 255, not scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from linnet.errors import ShapeError, UsageError

BLOCK = 1 << 18
"""How many numbers are made float64 at once: 2 MiB, well inside a CPU's last cache."""


class LinearMap(Protocol):
    """A map of D features to D' of them, `apply`, and of models the other way, `absorb`.

    The two belong together: `absorb(θ') (x, 1) = θ' (apply(x), 1)` for every row x.
    """

    @property
    def features(self) -> int:
        """D, the features of a plain row."""
        ...

    @property
    def outputs(self) -> int:
        """D', the features of a mapped row."""
        ...

    def apply(self, X: Tensor) -> Tensor:
        """Mapped rows, (B, D'), of plain ones, (B, D), floating; the dtype stays."""
        ...

    def absorb(self, theta: Tensor) -> Tensor:
        """Weights and biases for plain rows, (R, D + 1), of those for mapped rows, (R, D' + 1).

        The last column is the bias. The arithmetic is float64, the dtype of the result that of `theta`.

        Raises:
            ShapeError: theta is not of that shape.
        """
        ...


@dataclass(frozen=True)
class Identity:
    """Rows as they are.

    Args:
        features: D.
    """

    features: int

    @property
    def outputs(self) -> int:
        """D' = D."""
        return self.features

    def apply(self, X: Tensor) -> Tensor:
        """X itself."""
        return X

    def absorb(self, theta: Tensor) -> Tensor:
        """Theta itself; see `LinearMap.absorb`."""
        _check_theta(theta, self.outputs)
        return theta


@dataclass(frozen=True)
class Pool:
    """Smaller images: the mean over each block of pixels, as in average pooling (D2L 7.5).

    Where the size does not divide, the last blocks are smaller, and their mean is over the pixels they have.

    Args:
        shape: (height, width) of an image.
        factor: the side of a block, in pixels.

    Raises:
        UsageError: the factor or a side is below 1.
    """

    shape: tuple[int, int]
    factor: int

    def __post_init__(self) -> None:
        if self.factor < 1:
            raise UsageError(f"factor must be a whole number of at least 1, not {self.factor}")
        if min(self.shape) < 1:
            raise UsageError(f"shape must be a height and a width of at least 1, not {self.shape}")

    @property
    def features(self) -> int:
        """D, the pixels of an image."""
        return self.shape[0] * self.shape[1]

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
        """Every pixel takes its part of its block's weight; see `LinearMap.absorb`."""
        _check_theta(theta, self.outputs)
        blocks = self._blocks().to(theta.device)
        wide = theta.double()
        W = (wide[:, :-1] / blocks.bincount())[:, blocks]  # (R, D)
        return torch.cat([W, wide[:, -1:]], 1).to(theta.dtype)

    def _blocks(self) -> Tensor:
        """The block of each pixel, (D,)."""
        rows, columns = (torch.arange(side) // self.factor for side in self.shape)
        return (rows[:, None] * self.small[1] + columns).flatten()


@dataclass(frozen=True, eq=False)
class Standardize:
    """Columns of mean 0 and deviation 1: `(x − mean)/scale`.

    It makes any scaling before it irrelevant.

    Args:
        mean: (D,), floating; kept as float64.
        scale: (D,), floating, positive; kept as float64.

    Raises:
        ShapeError: they are not two vectors of one length.
        UsageError: a mean is not finite, or a scale not finite and positive.
    """

    mean: Tensor
    scale: Tensor

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.scale.shape:
            raise ShapeError(
                f"expected a mean and a scale of shape (D,), got {tuple(self.mean.shape)} "
                f"and {tuple(self.scale.shape)}"
            )
        for name in ("mean", "scale"):
            object.__setattr__(self, name, getattr(self, name).double())
        if not bool(self.mean.isfinite().all()):
            raise UsageError("every column's mean must be finite: remove rows with NaN or infinite features")
        if not bool((self.scale.isfinite() & (self.scale > 0)).all()):
            raise UsageError("every column's scale must be finite and positive: 1 leaves a column as it is")

    @classmethod
    def of(cls, X: Tensor, weights: Tensor | None = None, transform: LinearMap | None = None) -> Standardize:
        """The map that standardises given rows, by their mean and population standard deviation.

        Sums and blocks of rows are float64, never all rows. A column that never changes gets scale 1.

        Args:
            X: rows as they are stored, (N, D), any real dtype.
            weights: how much each row counts, (N,), not negative; None where all count alike.
            transform: a map that comes before this one.

        Raises:
            ShapeError: X is no matrix, or the weights are not one a row.
            UsageError: no row counts, or a column's mean is not finite.
        """
        weights = _row_weights(X, weights)
        counting = weights.nonzero()[:, 0]
        if not len(counting):
            raise UsageError("standardising needs at least one row of positive weight")

        def mapped(rows: slice) -> Tensor:
            return X[rows].double() if transform is None else transform.apply(X[rows].double())

        # Differences from a row that counts: a column that never changes is 0 to the last bit.
        first = int(counting[0])
        origin = mapped(slice(first, first + 1))  # (1, D)
        total, mean, squares = weights.new_zeros(()), torch.zeros_like(origin[0]), torch.zeros_like(origin[0])
        height = max(1, BLOCK // max(1, X.shape[1]))
        for low in range(0, len(X), height):
            rows = slice(low, low + height)
            total, mean, squares = _merge(total, mean, squares, mapped(rows) - origin, weights[rows])
        scale = (squares / total).sqrt_()
        return cls(mean + origin[0], torch.where(scale == 0, 1.0, scale))

    @property
    def features(self) -> int:
        """D."""
        return len(self.mean)

    @property
    def outputs(self) -> int:
        """D' = D."""
        return len(self.mean)

    def apply(self, X: Tensor) -> Tensor:
        """Standardised rows, (B, D)."""
        return (X - self.mean.to(X)).div_(self.scale.to(X))

    def absorb(self, theta: Tensor) -> Tensor:
        """Weights divided by the scale, the bias less what the means add; see `LinearMap.absorb`."""
        _check_theta(theta, self.outputs)
        wide = theta.double()
        W = wide[:, :-1] / self.scale.to(theta.device)
        b = wide[:, -1] - W @ self.mean.to(theta.device)
        return torch.cat([W, b[:, None]], 1).to(theta.dtype)


@dataclass(frozen=True, eq=False)
class Chain:
    """One map after another.

    Args:
        first: is applied to plain rows.
        second: is applied to what the first gives.

    Raises:
        ShapeError: the second does not take what the first gives.
    """

    first: LinearMap
    second: LinearMap

    def __post_init__(self) -> None:
        if self.first.outputs != self.second.features:
            raise ShapeError(
                f"the first map gives {self.first.outputs} features, "
                f"but the second takes {self.second.features}"
            )

    @property
    def features(self) -> int:
        """D of the first."""
        return self.first.features

    @property
    def outputs(self) -> int:
        """D' of the second."""
        return self.second.outputs

    def apply(self, X: Tensor) -> Tensor:
        """Rows mapped by both, (B, D')."""
        return self.second.apply(self.first.apply(X))

    def absorb(self, theta: Tensor) -> Tensor:
        """Absorbed by the second and then by the first; see `LinearMap.absorb`."""
        return self.first.absorb(self.second.absorb(theta.double())).to(theta.dtype)


def _check_theta(theta: Tensor, outputs: int) -> None:
    if theta.ndim != 2 or theta.shape[1] != outputs + 1:
        raise ShapeError(f"expected theta (R, {outputs + 1}), the bias last, got {tuple(theta.shape)}")


def _row_weights(X: Tensor, weights: Tensor | None) -> Tensor:
    """How much each row counts, (N,), float64."""
    if X.ndim != 2:
        raise ShapeError(f"expected rows (N, D), got {tuple(X.shape)}")
    if weights is None:
        return torch.ones(len(X), dtype=torch.float64, device=X.device)
    if weights.shape != (len(X),):
        raise ShapeError(f"expected {len(X)} weights, one a row, got {tuple(weights.shape)}")
    return weights.double()


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
