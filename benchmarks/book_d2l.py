"""The names of the book's library that chapters 3.6 to 4.6 use, by the book's own way: see `book`.

A chapter that imports this as `d2l` reads its images one at a time in four worker processes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import torch
from matplotlib import pyplot as plt
from torch import Tensor, nn

import book
from linnet.d2l.utilities import Timer
from linnet.data.sources import fashion_mnist

__all__ = [
    "Timer", "evaluate_accuracy", "evaluate_loss", "load_data_fashion_mnist", "plt", "sgd", "train_ch3",
    "use_svg_display",
]  # fmt: skip

WORKERS = 4

evaluate_accuracy = book.accuracy


def load_data_fashion_mnist(batch_size: int) -> tuple[book.Batches, book.Batches]:
    """Minibatches to train on, shuffled, and to test on, by worker processes."""
    warnings.filterwarnings("ignore", "This DataLoader will create")  # four workers, as in the book
    train, test = fashion_mnist.SOURCE.load()
    assert test is not None, "Fashion-MNIST has a test set"
    return (
        book.loader(train, batch_size, shuffle=True, workers=WORKERS),
        book.loader(test, batch_size, shuffle=False, workers=WORKERS),
    )


def sgd(params: Iterable[Tensor], lr: float, batch_size: int) -> None:
    """A step of minibatch SGD on gradients that are sums over the rows."""
    with torch.no_grad():
        for param in params:
            grad = param.grad
            assert grad is not None, "backward() comes first"
            param -= lr * grad / batch_size
            grad.zero_()


def evaluate_loss(net: book.Net, batches: book.Batches, loss: nn.Module) -> float:
    """The mean loss over all rows."""
    sums = book.Sums(2)
    with torch.no_grad():
        for X, y in batches:
            losses = loss(net(X), y)
            sums.add(float(losses.sum()), losses.numel())
    return sums.values[0] / sums.values[1]


def train_ch3(
    net: book.Net,
    train_iter: book.Batches,
    test_iter: book.Batches,
    loss: nn.Module,
    num_epochs: int,
    updater: torch.optim.Optimizer,
) -> None:
    """Train, and test after each epoch; no figure is drawn."""
    for _ in range(num_epochs):
        book.train_epoch(net, train_iter, loss, updater)
        evaluate_accuracy(net, test_iter)


def use_svg_display() -> None:
    return
