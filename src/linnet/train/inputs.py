"""What models see of a minibatch: its rows as floats, changed as the knobs say.

An image may be changed at random (augmentation), then features may be pooled and standardised, which is
linear and is folded into the weights in the end, and then left out at random (dropout, Srivastava et al.
2014, scaled by 1/(1 − p) so that nothing changes when the model is used). Random numbers come of a generator
made from the seed, the epoch and the minibatch alone: a model sees the same alone as beside others, and after
an interruption.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.config import Augmentation, Knobs
from linnet.core.bank import Bank
from linnet.data.augment import augment_
from linnet.data.dataset import Dataset
from linnet.data.transforms import Chain, Identity, LinearMap, Pool, Standardize
from linnet.device import generator
from linnet.errors import UsageError


class Padded:
    """Minibatches in a bank's dtype with a last column of 1/scale.

    They stand in a buffer, one a length, that is used again and so stays in the cache.

    Args:
        theta: of the bank, whose dtype and device the rows take.
        scale: of the features.
    """

    def __init__(self, theta: Tensor, scale: float) -> None:
        self.theta, self.scale = theta, scale
        self._rows: dict[int, tuple[Tensor, Tensor]] = {}

    def room(self, rows: int) -> tuple[Tensor, Tensor]:
        """A buffer (B, D + 1) and the part of it that features go to, (B, D)."""
        if rows not in self._rows:
            X1 = self.theta.new_full((rows, self.theta.shape[1]), 1 / self.scale)
            self._rows[rows] = X1, X1[:, :-1]
        return self._rows[rows]

    def fill(self, X: Tensor) -> Tensor:
        """Stored rows (B, D) as (B, D + 1)."""
        X1, place = self.room(X.shape[0])  # len(X) takes a microsecond more
        place.copy_(X)
        return X1


@dataclass(frozen=True)
class Look:
    """The knobs that change the inputs: models for which they are equal see the same.

    Args:
        augment, dropout, pool, standardize: see `linnet.config.Knobs`.
        view: whose rows the mean and deviation are of; None where nothing depends on it.
    """

    augment: str
    dropout: float
    pool: int
    standardize: bool
    view: int | None = None

    @classmethod
    def of(cls, knobs: Knobs, view: int = 0) -> Look:
        """The part of the knobs that changes the inputs."""
        own = view if knobs.standardize else None
        return cls(knobs.augment, knobs.dropout, knobs.pool, knobs.standardize, own)

    @property
    def is_plain(self) -> bool:
        """Whether models see the rows as they are."""
        return self == Look("none", 0.0, 1, False)


class Inputs:
    """What models of one look see.

    Args:
        train: the rows that they are trained on.
        look: how they see them.
        seed: of augmentation and dropout.
        weights: of the rows, (N,), for means and deviations; None where all count alike.

    Raises:
        UsageError: the look is for images, and the rows are none.
    """

    def __init__(self, train: Dataset, look: Look, seed: int, weights: Tensor | None = None) -> None:
        self.look, self.seed, self.raw_scale = look, seed, train.scale
        self.how = Augmentation.parse(look.augment)
        self.shape = train.image_shape or (1, train.features)
        check_look(train, look)
        self.transform = _transform(train, look, weights)
        self.scale = 1.0 if look.standardize else train.scale
        self._padded: Padded | None = None

    @property
    def features(self) -> int:
        """D of the models that see this."""
        return self.transform.outputs

    def rows(self, X: Tensor, theta: Tensor, epoch: int, batch: int) -> Tensor:
        """A minibatch as models see it, with a last column of 1/scale, (B, D + 1).

        Args:
            X: stored rows, (B, D).
            theta: of a bank that is to see them, for dtype and device.
            epoch: which the minibatch is in, from 0.
            batch: its number in the epoch.
        """
        if self._padded is None:
            self._padded = Padded(theta, self.scale)
        if self.look.is_plain:
            return self._padded.fill(X)
        index = (epoch << 32) + batch
        seen = X.to(theta.dtype, copy=True)
        if not self.how.is_identity:
            source = generator(self.seed, "augment", index)
            seen = augment_(seen, self.shape, self.how, source, 1 / self.raw_scale)
        X1, place = self._padded.room(len(X))
        place.copy_(self.transform.apply(seen))
        if self.look.dropout:
            source = generator(self.seed, "dropout", index, X.device)
            chance = torch.rand(place.shape, generator=source, device=X.device)
            place.mul_((chance >= self.look.dropout).to(place.dtype).div_(1 - self.look.dropout))
        return X1

    def plain(self, bank: Bank) -> Bank:
        """Models of these inputs as models of the rows as they are stored: the same scores."""
        if isinstance(self.transform, Identity):
            return bank
        theta = self.transform.absorb(bank.theta)  # (M·K, D + 1)
        theta[:, :-1] *= self.scale / self.raw_scale
        return Bank(theta, bank.models)


def check_look(train: Dataset, look: Look) -> None:
    """Refuse what is for images where rows are none.

    Raises:
        UsageError: naming the knob.
    """
    if train.image_shape is not None:
        return
    if look.pool > 1:
        raise UsageError(f"pool is for images, and the rows of {train.name} are none")
    if Augmentation.parse(look.augment) != Augmentation(noise=Augmentation.parse(look.augment).noise):
        raise UsageError(
            f"augment={look.augment} is for images, and the rows of {train.name} are none: only noise suits "
            "any features"
        )


def _transform(train: Dataset, look: Look, weights: Tensor | None) -> LinearMap:
    pooled: LinearMap = Identity(train.features)
    if look.pool > 1:
        assert train.image_shape is not None
        pooled = Pool(train.image_shape, look.pool)
    if not look.standardize:
        return pooled
    standard = Standardize.of(train.X, weights, pooled)
    return standard if look.pool == 1 else Chain(pooled, standard)
