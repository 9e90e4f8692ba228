"""The linear models of chapters 3 and 4 as `Module`s (D2L 1.0, 3.4, 3.5, 4.4 and 4.5)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from linnet.d2l.module import Classifier, Module
from linnet.d2l.training import linreg, squared_loss


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
