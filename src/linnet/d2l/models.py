"""Linear models: from scratch as functions, and as modules (D2L 1.0, 3.4, 3.5, 4.3 to 4.5)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from linnet.d2l.utilities import HyperParameters, ProgressBoard
from linnet.errors import UsageError


def linreg(X: Tensor, w: Tensor, b: Tensor | float) -> Tensor:
    """Linear regression, `Xw + b` (D2L 3.2.4): X (B, D), w (D, 1) or (D,)."""
    return torch.matmul(X, w) + b


def squared_loss(y_hat: Tensor, y: Tensor) -> Tensor:
    """½(ŷ − y)² for each element, in the shape of `y_hat` (D2L 3.2.5)."""
    return (y_hat - y.reshape(y_hat.shape)).square() / 2


def sgd(params: Iterable[Tensor], lr: float, batch_size: int) -> None:
    """A step of minibatch SGD (D2L 3.2.6) on gradients that are sums over `batch_size` rows, then set to 0.

    Raises:
        UsageError: a parameter has no gradient.
    """
    with torch.no_grad():
        for param in params:
            if param.grad is None:
                raise UsageError(
                    "a parameter has no gradient: give it requires_grad=True and call backward() first"
                )
            param.sub_(lr * param.grad / batch_size)
            param.grad.zero_()


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
        """The outputs of the model's `net` for a minibatch."""
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
        """The optimizer that `Trainer` steps with: SGD at the rate `lr`."""
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
        predictions = Y_hat.reshape(-1, Y_hat.shape[-1]).argmax(1)
        hits = (predictions == Y.reshape(-1).to(predictions.device)).float()
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


class SGD:
    """Minibatch stochastic gradient descent.

    Args:
        params: tensors with gradients.
        lr: the learning rate.
    """

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        self.params, self.lr = list(params), lr

    def step(self) -> None:
        """Change the parameters by their gradients."""
        with torch.no_grad():
            for param in self.params:
                if param.grad is not None:
                    param.sub_(self.lr * param.grad)

    def zero_grad(self) -> None:
        """Set the gradients to 0."""
        for param in self.params:
            if param.grad is not None:
                param.grad.zero_()


class FlattenLayer(nn.Module):
    """A minibatch's rows flattened, (B, …) to (B, D) (first edition, 3.7.2)."""

    def forward(self, x: Tensor) -> Tensor:
        """Flatten them."""
        return x.reshape(len(x), -1)


class LinearRegressionScratch(Module):
    """Linear regression, its weights drawn from N(0, sigma²).

    Args:
        num_inputs: features.
        lr: the learning rate.
        sigma: the deviation of the weights at the start.
    """

    def __init__(self, num_inputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.w = torch.normal(0, sigma, (num_inputs, 1), requires_grad=True)
        self.b = torch.zeros(1, requires_grad=True)

    def forward(self, X: Tensor) -> Tensor:
        """`Xw + b`."""
        return linreg(X, self.w, self.b)

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """The mean of ½(ŷ − y)²."""
        return squared_loss(y_hat, y).mean()

    def configure_optimizers(self) -> Any:
        """SGD on the weights and the bias."""
        return SGD([self.w, self.b], self.lr)


class _Small(nn.LazyLinear):
    """A layer that starts at weights from N(0, 0.01²) once it knows its inputs, by the first minibatch."""

    def reset_parameters(self) -> None:
        """Draw the weights, where there are some; PyTorch's own start would take their place."""
        if self.in_features:
            nn.init.normal_(self.weight, std=0.01)
            nn.init.zeros_(self.bias)


class LinearRegression(Module):
    """Linear regression by a layer of PyTorch's, trained on the mean squared error.

    Args:
        lr: the learning rate.
    """

    net: nn.Linear

    def __init__(self, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that lazy layers are new
            self.net = _Small(1)

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """The mean of (ŷ − y)²."""
        return nn.functional.mse_loss(y_hat, y)

    def get_w_b(self) -> tuple[Tensor, Tensor]:
        """The weights, (1, D), and the bias, (1,)."""
        return self.net.weight.data, self.net.bias.data


class SoftmaxRegressionScratch(Classifier):
    """Softmax regression that gives probabilities, its weights drawn from N(0, sigma²).

    Args:
        num_inputs: features.
        num_outputs: classes.
        lr: the learning rate.
        sigma: the deviation of the weights at the start.
    """

    def __init__(self, num_inputs: int, num_outputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.W = torch.normal(0, sigma, (num_inputs, num_outputs), requires_grad=True)
        self.b = torch.zeros(num_outputs, requires_grad=True)

    def parameters(self, recurse: bool = True) -> Any:
        """The weights and the biases."""
        return [self.W, self.b]

    def forward(self, X: Tensor) -> Tensor:
        """Probabilities, (B, K)."""
        return torch.softmax(linreg(X.reshape(-1, len(self.W)), self.W, self.b), 1)

    def loss(self, Y_hat: Tensor, Y: Tensor, averaged: bool = True) -> Tensor:
        """Cross-entropy of probabilities: its mean, or a value a row."""
        values = -Y_hat[torch.arange(len(Y_hat)), Y].log()
        return values.mean() if averaged else values


class SoftmaxRegression(Classifier):
    """Softmax regression by a layer of PyTorch's, which gives scores.

    Args:
        num_outputs: classes.
        lr: the learning rate.
    """

    def __init__(self, num_outputs: int, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))

    def forward(self, X: Tensor) -> Tensor:
        """Scores, (B, K)."""
        return self.net(X)
