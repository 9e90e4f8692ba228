"""The input pipeline: rows of a minibatch as floats, scaled, augmented, pooled, standardised, with dropout.

An image may be changed at random (augmentation), then features may be pooled and standardised, which is
linear and is folded into the weights in the end, and then left out at random (dropout, Srivastava et al.
2014, scaled by 1/(1 − p) so that nothing changes when the model is used). Random numbers come of a generator
made from the seed, the epoch and the minibatch alone: a model sees the same alone as beside others, and after
an interruption.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.config import Augmentation, Hyperparameters
from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.core.penalties import PenaltyUnits
from linnet.data.augment import Part, augment_
from linnet.data.batches import Block
from linnet.data.dataset import Dataset
from linnet.data.transforms import Chain, Pool, Standardize
from linnet.device import generator
from linnet.dist.processes import ALONE, Processes
from linnet.errors import UsageError
from linnet.train.columns import ColumnScaling


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
class InputOptions:
    """The hyperparameters that change the inputs: models for which they are equal see the same.

    Args:
        augment, dropout, pool, standardize: see `linnet.config.Hyperparameters`.
        is_scaled: whether columns are brought to about unit size, see `train.columns`.
        fold: whose rows the mean and deviation are of; None where nothing depends on it.
    """

    augment: str
    dropout: float
    pool: int
    standardize: bool
    is_scaled: bool = False
    fold: int | None = None

    @classmethod
    def of(cls, hyperparameters: Hyperparameters, is_table: bool = False, fold: int = 0) -> InputOptions:
        """Those of a model, of a table's rows or of others."""
        is_scaled = is_table and (hyperparameters.standardize or not hyperparameters.raw_columns)
        return cls(
            hyperparameters.augment,
            hyperparameters.dropout,
            hyperparameters.pool,
            hyperparameters.standardize,
            is_scaled,
            fold if hyperparameters.standardize or is_scaled else None,
        )


class InputPipeline:
    """Makes of minibatches what models see.

    Args:
        train: the rows that they are trained on.
        options: how models see them.
        seed: of augmentation and dropout.
        loss: in score space.
        weights: of the rows, (N,), for means and deviations; None where all count alike.
        processes: that share the reading of the rows for these.

    Raises:
        UsageError: an option is for images, and the rows are none.
    """

    def __init__(
        self, train: Dataset, options: InputOptions, seed: int, loss: Loss, weights: Tensor | None = None,
        processes: Processes = ALONE,
    ) -> None:  # fmt: skip
        self.options, self.seed, self.raw_scale = options, seed, train.scale
        self.how = Augmentation.parse(options.augment)
        self.shape = train.image_shape or (1, train.features)
        check_inputs(train, options)
        self.columns: ColumnScaling | None = None
        if options.is_scaled:
            self.columns = ColumnScaling.of(train, loss, weights, options.standardize, processes)
        self.loss = loss if self.columns is None else self.columns.targets.loss
        self.transform = _make_transform(train, options, weights, processes)
        is_mapped = options.standardize or options.is_scaled
        self.scale = 1.0 if is_mapped else train.scale
        self.is_plain = self.how.is_identity and not options.dropout and not self.transform.maps
        self._own = threading.local()  # a buffer for each thread that makes rows

    @property
    def units(self) -> PenaltyUnits | None:
        """What penalties are of; None where they are of the weights as they are trained."""
        return None if self.columns is None else self.columns.units

    @property
    def features(self) -> int:
        """D of the models that see this."""
        return self.transform.outputs

    def enter(self, block: Block, dtype: torch.dtype) -> Block:
        """A block of stored rows and targets over scaled columns and targets; itself where none are."""
        return block if self.columns is None else self.columns.enter(block, dtype)

    def rows(self, X: Tensor, theta: Tensor, epoch: int, batch: int, part: Part | None = None) -> Tensor:
        """A minibatch as models see it, with a last column of 1/scale, (B, D + 1).

        Args:
            X: rows of an entered block, (B, D).
            theta: of a bank that is to see them, for dtype and device.
            epoch: which the minibatch is in, from 0.
            batch: its number in the epoch.
            part: of the minibatch these are, each seen as it would be among all.
        """
        padded: Padded | None = getattr(self._own, "padded", None)
        if padded is None:
            padded = self._own.padded = Padded(theta, self.scale)
        if self.is_plain:
            return padded.fill(X)
        index = (epoch << 32) + batch
        X1, place = padded.room(len(X))
        is_mapped = bool(self.transform.maps)
        seen = X.to(theta.dtype, copy=True) if is_mapped else place.copy_(X)
        if not self.how.is_identity:
            source = generator(self.seed, "augment", index)
            unit = 1 / (self.raw_scale if self.columns is None else self.scale)
            seen = augment_(seen, self.shape, self.how, source, unit, part)
        if is_mapped:
            place.copy_(self.transform.apply(seen))
        if self.options.dropout:
            source = generator(self.seed, "dropout", index, X.device)
            drawn = (len(X) if part is None else part[0], place.shape[1])
            chance = torch.rand(drawn, generator=source, device=X.device)
            chance = chance if part is None else chance[part[1].to(X.device)]
            place.mul_((chance >= self.options.dropout).to(place.dtype).div_(1 - self.options.dropout))
        return X1

    def absorb(self, bank: Bank) -> Bank:
        """Models of these inputs as models of the rows as they are stored: the same scores."""
        if self.columns is not None:
            return self.columns.absorb(bank)
        if not self.transform.maps:
            return bank
        theta = self.transform.absorb(bank.theta)  # (M·K, D + 1)
        theta[:, :-1] *= self.scale / self.raw_scale
        return Bank(theta, bank.models)


def check_inputs(train: Dataset, options: InputOptions) -> None:
    """Refuse what is for images where rows are none.

    Raises:
        UsageError: naming the hyperparameter.
    """
    if train.image_shape is not None:
        return
    if options.pool > 1:
        raise UsageError(f"pool is for images, and the rows of {train.name} are none")
    how = Augmentation.parse(options.augment)
    if how != Augmentation(noise=how.noise):
        raise UsageError(
            f"augment={options.augment} is for images, and the rows of {train.name} are none: only noise "
            "suits any features"
        )


def _make_transform(
    train: Dataset, options: InputOptions, weights: Tensor | None, processes: Processes
) -> Chain:
    """Pooling and standardising, as far as they are asked for; of a table `ColumnScaling` does it."""
    if options.is_scaled:
        return Chain(train.features)
    pool = Pool(train.image_shape, options.pool) if options.pool > 1 and train.image_shape else None
    standard = Standardize.of(train.X, weights, pool, processes) if options.standardize else None
    return Chain(train.features, tuple(each for each in (pool, standard) if each is not None))
