"""Training loops and metrics of the first and the second edition (D2L 3.2, 3.6, 3.7, 4.4).

They run as the book has them: a torch optimizer steps on the mean of a minibatch's losses, any other updater
is called with the batch size after backward on their sum. Softmax regression with a plain `nn.Linear` and SGD
takes linnet's closed-form step instead of autograd, which comes to the same within rounding (see `fast`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from linnet.d2l import fast
from linnet.d2l.animator import Animator
from linnet.d2l.figures import show_images
from linnet.d2l.loaders import get_fashion_mnist_labels
from linnet.d2l.models import SGD, sgd
from linnet.d2l.utilities import Accumulator
from linnet.errors import UsageError, warn

Net = nn.Module | Callable[[Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
Updater = torch.optim.Optimizer | Callable[[int], object]
Loader = Iterable[Any]
Step = Callable[[Tensor, Tensor, int], object]
"""Changes the parameters, given what the loss gave, the sum of the losses, and the number of rows."""

MEAN = (
    "the loss is the mean of its minibatch (reduction='mean'); the book's loops add up the rows' losses, "
    "so they would report it too small by the batch size. linnet multiplies it back. "
    "Use reduction='none', as the book does, to be rid of this warning"
)


class MeanLossWarning(UserWarning):
    """A loss that gives the mean of its minibatch where the book expects a value a row."""


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
            X, y = _move(net, X, y)
            metric.add(accuracy(net(X), y), y.numel())
    return metric[0] / metric[1]


def evaluate_loss(net: Net, data_iter: Loader, loss: Loss) -> float:
    """The mean loss over all rows (D2L 4.4.4)."""
    metric = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            X, y = _move(net, X, y)
            out = net(X)
            y = y.reshape(out.shape) if y.numel() == out.numel() else y
            values = loss(out, y)
            metric.add(_sum_losses(values, loss, out, y), values.numel() if values.ndim else y.numel())
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

    def step(values: Tensor, total: Tensor, rows: int) -> None:
        if isinstance(updater, torch.optim.Optimizer):
            updater.zero_grad()
            values.mean().backward()
            updater.step()
        else:
            total.backward()
            updater(rows)

    return _run_epoch(net, train_iter, loss, step)


def train_ch3(
    net: Net,
    train_iter: Loader,
    test_iter: Loader,
    loss: Loss,
    num_epochs: int,
    updater: Updater | int,
    params: Sequence[Tensor] | None = None,
    lr: float | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    strict: bool = False,
) -> None:
    """Train, by the arguments of either edition (D2L 3.6.6).

    The second edition gives an updater, and its figure grows epoch by epoch. The first gives the batch size,
    and then parameters and a rate, or an optimizer:

        train_ch3(net, train_iter, test_iter, loss, num_epochs, batch_size, params, lr)
        train_ch3(net, train_iter, test_iter, loss, num_epochs, batch_size, None, None, optimizer)

    It steps on the sum of what the loss gives, as it stands, and prints a line an epoch.

    Args:
        net: a module, or a function of X.
        train_iter: minibatches to train on.
        test_iter: minibatches to test on, after each epoch.
        loss: `loss(y_hat, y)`.
        num_epochs: how many times through the training minibatches.
        updater: as in `train_epoch_ch3`; or the batch size.
        params: with a batch size: what `sgd` changes.
        lr: its rate.
        optimizer: with a batch size: steps in place of `sgd`.
        strict: of the second edition: raise AssertionError, as the book does, where the result is not what
            the book expects; a warning otherwise.

    Raises:
        UsageError: a batch size with neither an optimizer nor parameters and a rate.
    """
    if isinstance(updater, int):
        step = _first_edition_step(updater, params, lr, optimizer)
        _train_and_print(net, train_iter, test_iter, loss, num_epochs, step)
    else:
        _train_and_draw(net, train_iter, test_iter, loss, num_epochs, updater, strict)


def predict_ch3(net: Net, test_iter: Loader, n: int = 6) -> None:
    """Show the first `n` images of a loader, each with its class and the predicted one (D2L 3.6.7)."""
    X, y = next(iter(test_iter))
    with torch.no_grad():
        predicted = net(_move(net, X, y)[0]).argmax(1)
    n = min(n, len(y))
    pairs = zip(get_fashion_mnist_labels(y[:n]), get_fashion_mnist_labels(predicted[:n]), strict=True)
    show_images(X[:n].reshape(n, *X.shape[-2:]), 1, n, titles=[f"{true}\n{guess}" for true, guess in pairs])


def _run_epoch(
    net: Net, batches: Loader, loss: Loss, step: Step, *, warns: bool = True
) -> tuple[float, float]:
    """Step on each minibatch; the mean loss a row and the share of right rows, taken before the steps."""
    metric = Accumulator(3)
    for X, y in batches:
        X, y = _move(net, X, y)
        y_hat = net(X)
        values = loss(y_hat, y)
        total = _sum_losses(values, loss, y_hat.detach(), y, warns=warns)
        step(values, total, len(X))
        metric.add(total.detach(), accuracy(y_hat.detach(), y), y.numel())
    return metric[0] / metric[2], metric[1] / metric[2]


def _train_and_draw(
    net: Net, train_iter: Loader, test_iter: Loader, loss: Loss, epochs: int, updater: Updater, strict: bool
) -> None:
    names = ["train loss", "train acc", "test acc"]
    animator = Animator(xlabel="epoch", xlim=(1, max(2, epochs)), ylim=(0.3, 0.9), legend=names)
    ended = None
    for epoch in range(1, epochs + 1):
        trained = train_epoch_ch3(net, train_iter, loss, updater)
        ended = (*trained, evaluate_accuracy(net, test_iter))
        animator.add(epoch, ended)
    animator.finish()
    if ended is not None:
        _check_result(*ended, strict)


def _check_result(loss: float, train_acc: float, test_acc: float, strict: bool) -> None:
    """Warn, or raise when strict, of figures that the book does not expect."""
    accuracies = {"training": train_acc, "test": test_acc}
    problems = [] if loss < 0.5 else [f"the training loss ended at {loss:.4g}, not below 0.5"]
    problems += [
        f"the {part} accuracy ended at {figure:.4g}, not above 0.7"
        for part, figure in accuracies.items()
        if not 0.7 < figure <= 1
    ]
    for problem in problems:
        if strict:
            raise AssertionError(problem)
        warn(f"{problem}: train longer, or try another learning rate")


def _first_edition_step(
    batch_size: int,
    params: Sequence[Tensor] | None,
    lr: float | None,
    optimizer: torch.optim.Optimizer | None,
) -> Step:
    """A step on the sum of what the loss gave, be that a mean already."""
    if optimizer is not None:  # to zero, not to None, as when the edition was written
        clear, change = partial(optimizer.zero_grad, set_to_none=False), optimizer.step
    elif params is not None and lr is not None:
        clear, change = SGD(params, lr).zero_grad, partial(sgd, params, lr, batch_size)
    else:
        raise UsageError(
            "train_ch3 with a batch size, as in the first edition, needs params and lr, too, or an optimizer"
        )

    def step(values: Tensor, total: Tensor, rows: int) -> None:
        clear()
        values.sum().backward()
        change()

    return step


def _train_and_print(
    net: Net, train_iter: Loader, test_iter: Loader, loss: Loss, epochs: int, step: Step
) -> None:
    for epoch in range(1, epochs + 1):
        if isinstance(net, nn.Module):
            net.train()
        mean, right = _run_epoch(net, train_iter, loss, step, warns=False)
        tested = evaluate_accuracy(net, test_iter)
        print(f"epoch {epoch}, loss {mean:.4f}, train acc {right:.3f}, test acc {tested:.3f}")


def _sum_losses(
    values: Tensor, loss: Callable[..., Any], y_hat: Tensor, y: Tensor, *, warns: bool = True
) -> Tensor:
    """The sum of a minibatch's losses.

    The book adds up `loss(…).sum()` and divides by the number of rows, which is right for one value a row. Of
    a mean it makes a figure that is too small by the batch size, without a word: here it is multiplied back,
    with a warning.
    """
    if values.ndim or y.numel() < 2:
        return values.sum()
    if not _is_mean(loss, values, y_hat, y):
        return values
    if warns:
        warn(MEAN, MeanLossWarning)
    return values * (y.numel() if y.numel() == y_hat.numel() else len(y))


def _is_mean(loss: Callable[..., Any], values: Tensor, y_hat: Tensor, y: Tensor) -> bool:
    """Whether a loss that gave a scalar came to it by the mean, not by the sum.

    A function that does not say is asked for the same rows twice over: a mean stays, a sum doubles.
    """
    stated = getattr(loss, "reduction", None)
    if stated in ("mean", "sum"):
        return stated == "mean"
    with torch.no_grad():
        twice = loss(torch.cat([y_hat, y_hat]), torch.cat([y, y]))
    return bool(torch.isclose(twice, values.detach(), rtol=1e-3, atol=0))


def _move(net: Net, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """A minibatch on the device of the net's parameters."""
    parameter = next(net.parameters(), None) if isinstance(net, nn.Module) else None
    if parameter is None or parameter.device == X.device:
        return X, y
    return X.to(parameter.device, non_blocking=True), y.to(parameter.device, non_blocking=True)
