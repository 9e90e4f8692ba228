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

from linnet.data.moments import Moments
from linnet.data.pictures.shape import ImageShape, size_of, to_channels_first
from linnet.dist.processes import ALONE, Processes


@dataclass(frozen=True)
class Pool:
    """Smaller images: the mean over each block of pixels, as in average pooling (D2L 7.5).

    Where the size does not divide, the last blocks are smaller, and their mean is over the pixels they have.

    Args:
        shape: (height, width) of an image, in colour (height, width, 3); each colour has a mean of its own.
        factor: the side of a block, in pixels.
    """

    shape: ImageShape
    factor: int

    @property
    def small(self) -> tuple[int, int]:
        """(height, width) of a mapped image."""
        height, width = self.shape[:2]
        return -(-height // self.factor), -(-width // self.factor)

    @property
    def outputs(self) -> int:
        """D', the blocks of an image, of each colour."""
        return self.small[0] * self.small[1] * self.channels

    @property
    def channels(self) -> int:
        """Numbers of a pixel."""
        return size_of(self.shape) // (self.shape[0] * self.shape[1])

    def apply(self, X: Tensor) -> Tensor:
        """The blocks' means, (B, D'), of images (B, D)."""
        kernel = (min(self.factor, self.shape[0]), min(self.factor, self.shape[1]))
        images = to_channels_first(X, self.shape)  # (B, channels, height, width)
        means = functional.avg_pool2d(images, kernel, ceil_mode=True)
        return means.movedim(1, 3).flatten(1)

    def absorb(self, theta: Tensor) -> Tensor:
        """Weights and biases for plain rows: every pixel takes its part of its block's weight."""
        places = [torch.arange(side, device=theta.device) // self.factor for side in self.shape[:2]]
        blocks = places[0][:, None] * self.small[1] + places[1]  # of each pixel
        colors = torch.arange(self.channels, device=theta.device)
        blocks = (blocks[..., None] * self.channels + colors).flatten()  # of each feature, (D,)
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
    def of(
        cls, X: Tensor, weights: Tensor | None = None, pool: Pool | None = None, processes: Processes = ALONE
    ) -> Standardize:
        """The map that standardises given rows, by their mean and population standard deviation.

        Sums and blocks of rows are float64, never all rows. A column that never changes gets scale 1.

        Args:
            X: rows as they are stored, (N, D), any real dtype.
            weights: how much each row counts, (N,), not negative; None where all count alike.
            pool: the map that comes before this one.
            processes: that share the rows, which all of them have.

        Raises:
            UsageError: no row counts, or a column's mean or deviation is not finite.
        """
        found = Moments.of(X, weights, None if pool is None else pool.apply, processes)
        return cls(found.mean, torch.where(found.deviation == 0, 1.0, found.deviation))

    @property
    def outputs(self) -> int:
        """D' = D."""
        return len(self.mean)

    def apply(self, X: Tensor) -> Tensor:
        """Standardised rows, (B, D)."""
        return (X - self.mean.to(X)).div_(self.scale.to(X))

    def enter(self, theta: Tensor) -> Tensor:
        """Weights and biases for standardised rows, of those for plain rows: what `absorb` undoes."""
        wide = theta.double()
        b = wide[:, -1] + wide[:, :-1] @ self.mean.to(theta.device)
        return torch.cat([wide[:, :-1] * self.scale.to(theta.device), b[:, None]], 1).to(theta.dtype)

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
