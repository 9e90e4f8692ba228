"""`Module` and `Classifier`: models that say how they are trained (D2L 1.0, 3.2.2 and 4.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from linnet.d2l.board import ProgressBoard
from linnet.d2l.hyperparameters import HyperParameters
from linnet.errors import UsageError


class Module(nn.Module, HyperParameters):
    """A model, its loss and its optimizer; `Trainer.fit` trains it.

    Subclasses have `forward`, or a `net`; a `loss`; and an `lr`, or `configure_optimizers` of their own.

    Args:
        plot_train_per_epoch: points a curve of training has each epoch.
        plot_valid_per_epoch: points a curve of validation has.
    """

    trainer: Any
    net: Any
    lr: float

    def __init__(self, plot_train_per_epoch: int = 2, plot_valid_per_epoch: int = 1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.board = ProgressBoard()

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """The mean loss of a minibatch."""
        raise NotImplementedError(f"{type(self).__name__} has no loss: give it one, loss(self, y_hat, y)")

    def forward(self, X: Tensor) -> Tensor:
        """What the model's `net` makes of a minibatch."""
        if getattr(self, "net", None) is None:
            raise UsageError(f"{type(self).__name__} has neither forward nor net: give it one of them")
        return self.net(X)

    def plot(self, key: str, value: Tensor | float, train: bool) -> None:
        """Draw a point of a curve, "train_KEY" or "val_KEY", over the epochs.

        Raises:
            UsageError: the model is not being trained.
        """
        if not hasattr(self, "trainer"):
            raise UsageError("there is nothing to plot before Trainer.fit has begun")
        self.board.xlabel = "epoch"
        trainer, often = self.trainer, self.plot_train_per_epoch if train else self.plot_valid_per_epoch
        x = trainer.train_batch_idx / trainer.num_train_batches if train else trainer.epoch + 1
        batches = trainer.num_train_batches if train else trainer.num_val_batches
        number = value.detach() if isinstance(value, Tensor) else value
        label = f"{'train' if train else 'val'}_{key}"
        self.board.draw(x, float(number), label, every_n=max(1, int(batches / often)))

    def training_step(self, batch: Sequence[Tensor]) -> Tensor:
        """The loss of a minibatch, the targets being its last part."""
        loss = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", loss, train=True)
        return loss

    def validation_step(self, batch: Sequence[Tensor]) -> None:
        """Plot what a minibatch is judged by."""
        self.plot("loss", self.loss(self(*batch[:-1]), batch[-1]), train=False)

    def configure_optimizers(self) -> Any:
        """What `Trainer` steps with: SGD at the rate `lr`."""
        return torch.optim.SGD(self.parameters(), lr=self.lr)

    def apply_init(self, inputs: Sequence[Tensor], init: Callable[[nn.Module], None] | None = None) -> None:
        """Let lazy layers take their sizes from some inputs, then apply `init` to all layers."""
        self.forward(*inputs)
        if init is not None:
            self.net.apply(init)


class Classifier(Module):
    """A model of classes, judged by its loss and its accuracy."""

    def validation_step(self, batch: Sequence[Tensor]) -> None:
        """Plot a minibatch's loss and accuracy."""
        Y_hat = self(*batch[:-1])
        self.plot("loss", self.loss(Y_hat, batch[-1]), train=False)
        self.plot("acc", self.accuracy(Y_hat, batch[-1]), train=False)

    def accuracy(self, Y_hat: Tensor, Y: Tensor, averaged: bool = True) -> Tensor:
        """Which rows are right, or their share when averaged.

        Args:
            Y_hat: scores, (…, K).
            Y: class indices.
            averaged: whether to give the mean.
        """
        guesses = Y_hat.reshape(-1, Y_hat.shape[-1]).argmax(1)
        hits = (guesses == Y.reshape(-1).to(guesses.device)).float()
        return hits.mean() if averaged else hits

    def loss(  # pyright: ignore[reportIncompatibleMethodOverride] (the book's names)
        self, Y_hat: Tensor, Y: Tensor, averaged: bool = True
    ) -> Tensor:
        """Cross-entropy of scores (…, K): its mean, or a value a row."""
        scores, classes = Y_hat.reshape(-1, Y_hat.shape[-1]), Y.reshape(-1)
        return nn.functional.cross_entropy(scores, classes, reduction="mean" if averaged else "none")

    def layer_summary(self, X_shape: Sequence[int]) -> None:
        """Print the shape that each layer gives for inputs of a shape."""
        X = torch.randn(*X_shape)
        for layer in self.net:
            X = layer(X)
            print(f"{type(layer).__name__:<20} output shape: {tuple(X.shape)}")
