"""The book's models, losses and training loops (D2L 3.2, 3.6, 3.7, 4.4).

They run as the book has them: a torch optimizer steps on the mean of a minibatch's losses, any other updater
is called with the batch size after backward on their sum. Softmax regression with a plain `nn.Linear` and SGD
takes linnet's closed-form step instead of autograd, which comes to the same within rounding (see `fast`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from linnet.d2l import fast
from linnet.d2l.animator import Animator
from linnet.d2l.figures import show_images
from linnet.d2l.loaders import get_fashion_mnist_labels
from linnet.d2l.losses import sum_of
from linnet.d2l.tools import Accumulator
from linnet.errors import UsageError, warn

Net = nn.Module | Callable[[Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
Updater = torch.optim.Optimizer | Callable[[int], object]
Loader = Iterable[Any]


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


def accuracy(y_hat: Tensor, y: Tensor) -> float:
    """How many rows are right (D2L 3.6.5).

    Args:
        y_hat: scores, (B, K) with K > 1; or predictions in the shape of y.
        y: class indices, (B,).
    """
    predicted = y_hat.argmax(1) if y_hat.ndim > 1 and y_hat.shape[1] > 1 else y_hat
    return float((predicted.to(y.dtype) == y).sum())


def evaluate_accuracy(net: Net | Loader, data_iter: Loader | Net) -> float:
    """The share of rows that a network gets right; a module is put in eval mode (D2L 3.6.5).

    The first edition has the minibatches before the network, which is taken as well.
    """
    if not callable(net):
        net, data_iter = data_iter, net
    assert callable(net) and not callable(data_iter), "a network and minibatches"  # noqa: PT018
    if isinstance(net, nn.Module):
        net.eval()
        if (share := fast.accuracy(net, data_iter)) is not None:
            return share
    metric = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            X, y = _moved(net, X, y)
            metric.add(accuracy(net(X), y), y.numel())
    return metric[0] / metric[1]


def evaluate_loss(net: Net, data_iter: Loader, loss: Loss) -> float:
    """The mean loss over all rows (D2L 4.4.4)."""
    metric = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            X, y = _moved(net, X, y)
            out = net(X)
            y = y.reshape(out.shape) if y.numel() == out.numel() else y
            values = loss(out, y)
            metric.add(sum_of(values, loss, out, y), values.numel() if values.ndim else y.numel())
    return metric[0] / metric[1]


def train_epoch_ch3(net: Net, train_iter: Loader, loss: Loss, updater: Updater) -> tuple[float, float]:
    """Train for one epoch (D2L 3.6.6).

    Args:
        net: a module, or a function of X.
        train_iter: minibatches (X, y).
        loss: `loss(y_hat, y)`, best one value a row (`reduction="none"`).
        updater: a torch optimizer, which steps on the mean of the losses; or a function of the batch size,
            called after backward on their sum.

    Returns:
        The mean loss a row and the share of rows that were right, each taken before the step on its
        minibatch.
    """
    if isinstance(net, nn.Module):
        net.train()
        if (figures := fast.train_epoch(net, train_iter, loss, updater)) is not None:
            return figures
    metric = Accumulator(3)
    for X, y in train_iter:
        metric.add(*_step(net, *_moved(net, X, y), loss, updater))
    return metric[0] / metric[2], metric[1] / metric[2]


def train_ch3(
    net: Net,
    train_iter: Loader,
    test_iter: Loader,
    loss: Loss,
    num_epochs: int,
    updater: Updater,
    strict: bool = False,
) -> None:
    """Train, with the book's figure growing epoch by epoch (D2L 3.6.6).

    Args:
        net: as in `train_epoch_ch3`.
        train_iter: minibatches to train on.
        test_iter: minibatches to test on, after each epoch.
        loss: as in `train_epoch_ch3`.
        num_epochs: how many times through the training minibatches.
        updater: as in `train_epoch_ch3`.
        strict: raise AssertionError, as the book does, where the result is not what the book expects; a
            warning otherwise.
    """
    animator = Animator(
        xlabel="epoch",
        xlim=(1, max(2, num_epochs)),
        ylim=(0.3, 0.9),
        legend=["train loss", "train acc", "test acc"],
    )
    train_loss = train_acc = test_acc = float("nan")
    for epoch in range(1, num_epochs + 1):
        train_loss, train_acc = train_epoch_ch3(net, train_iter, loss, updater)
        test_acc = evaluate_accuracy(net, test_iter)
        animator.add(epoch, (train_loss, train_acc, test_acc))
    animator.finish()
    if num_epochs > 0:
        _expect(train_loss < 0.5, f"the training loss ended at {train_loss:.4g}, not below 0.5", strict)
        _expect(
            0.7 < train_acc <= 1, f"the training accuracy ended at {train_acc:.4g}, not above 0.7", strict
        )
        _expect(0.7 < test_acc <= 1, f"the test accuracy ended at {test_acc:.4g}, not above 0.7", strict)


def predict_ch3(net: Net, test_iter: Loader, n: int = 6) -> None:
    """Show the first `n` images of a loader, each with its class and the predicted one (D2L 3.6.7)."""
    X, y = next(iter(test_iter))
    with torch.no_grad():
        predicted = net(_moved(net, X, y)[0]).argmax(1)
    n = min(n, len(y))
    pairs = zip(get_fashion_mnist_labels(y[:n]), get_fashion_mnist_labels(predicted[:n]), strict=True)
    show_images(X[:n].reshape(n, *X.shape[-2:]), 1, n, titles=[f"{true}\n{guess}" for true, guess in pairs])


def _step(net: Net, X: Tensor, y: Tensor, loss: Loss, updater: Updater) -> tuple[float, float, int]:
    """One step; the sum of the losses before it, how many rows were right, and how many elements y has."""
    y_hat = net(X)
    values = loss(y_hat, y)
    total = sum_of(values, loss, y_hat.detach(), y)
    if isinstance(updater, torch.optim.Optimizer):
        updater.zero_grad()
        values.mean().backward()
        updater.step()
    else:
        total.backward()
        updater(X.shape[0])
    return float(total.detach()), accuracy(y_hat.detach(), y), y.numel()


def _moved(net: Net, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """A minibatch on the device of the net's parameters."""
    parameter = next(net.parameters(), None) if isinstance(net, nn.Module) else None
    if parameter is None or parameter.device == X.device:
        return X, y
    return X.to(parameter.device, non_blocking=True), y.to(parameter.device, non_blocking=True)


def _expect(is_so: bool, otherwise: str, strict: bool) -> None:
    if is_so:
        return
    if strict:
        raise AssertionError(otherwise)
    warn(f"{otherwise}: train longer, or try another learning rate")
