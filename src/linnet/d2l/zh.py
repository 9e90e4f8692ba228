"""Names that the first edition alone has, as its port to PyTorch (`d2lzh_pytorch`) gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from linnet.d2l import training
from linnet.d2l.figures import Size, plot, show_images
from linnet.d2l.losses import sum_of
from linnet.d2l.training import Loader, Loss, Net, Updater, accuracy, evaluate_accuracy, sgd
from linnet.errors import UsageError


class FlattenLayer(nn.Module):
    """A minibatch's rows flattened, (B, …) to (B, D) (first edition, 3.7.2)."""

    def forward(self, x: Tensor) -> Tensor:
        """Flatten them."""
        return x.reshape(len(x), -1)


def data_iter(batch_size: int, features: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Minibatches of rows in a random order, once through (first edition, 3.2.2)."""
    for rows in torch.randperm(len(features)).split(batch_size):
        yield features[rows], labels[rows]


def show_fashion_mnist(images: Iterable[Tensor], labels: Sequence[str]) -> None:
    """Show images in a row, each under its name (first edition, 3.5.1)."""
    pictures = [image.reshape(image.shape[-2:]) for image in images]
    show_images(pictures, 1, len(pictures), titles=labels)


def semilogy(
    x_vals: Sequence[float],
    y_vals: Sequence[float],
    x_label: str,
    y_label: str,
    x2_vals: Sequence[float] | None = None,
    y2_vals: Sequence[float] | None = None,
    legend: Sequence[str] | None = None,
    figsize: Size = (3.5, 2.5),
) -> None:
    """Plot one curve or two over a logarithmic axis (first edition, 3.11.4).

    Args:
        x_vals: the abscissae.
        y_vals: the ordinates.
        x_label: under the axes.
        y_label: beside them.
        x2_vals: the second curve's abscissae; no second curve when None.
        y2_vals: its ordinates.
        legend: a name a curve.
        figsize: in inches.
    """
    X, Y = [list(x_vals)], [list(y_vals)]
    if x2_vals is not None and y2_vals is not None:
        X, Y = [*X, list(x2_vals)], [*Y, list(y2_vals)]
    plot(X, Y, x_label, y_label, legend, yscale="log", fmts=("-", ":"), figsize=figsize)


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
    """Train, by the arguments of either edition.

    The second edition gives an updater (see `linnet.d2l.training.train_ch3`). The first gives the batch size,
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
        updater: an optimizer or a function of the batch size; or the batch size.
        params: with a batch size: what `sgd` changes.
        lr: its rate.
        optimizer: with a batch size: steps in place of `sgd`.
        strict: of the second edition: see there.

    Raises:
        UsageError: a batch size with neither an optimizer nor parameters and a rate.
    """
    if not isinstance(updater, int):
        training.train_ch3(net, train_iter, test_iter, loss, num_epochs, updater, strict)
        return
    if optimizer is None and (params is None or lr is None):
        raise UsageError(
            "train_ch3 with a batch size, as in the first edition, needs params and lr, too, or an optimizer"
        )
    for epoch in range(1, num_epochs + 1):
        lost, hits, rows = 0.0, 0.0, 0
        if isinstance(net, nn.Module):
            net.train()
        for X, y in train_iter:
            y_hat = net(X)
            values = loss(y_hat, y)
            lost += float(sum_of(values.detach(), loss, y_hat.detach(), y, is_told=True))
            hits, rows = hits + accuracy(y_hat.detach(), y), rows + len(y)
            _zero(params if optimizer is None else _of(optimizer))
            values.sum().backward()
            optimizer.step() if optimizer is not None else sgd(params or (), lr or 0.0, updater)
        tested = evaluate_accuracy(net, test_iter)
        print(f"epoch {epoch}, loss {lost / rows:.4f}, train acc {hits / rows:.3f}, test acc {tested:.3f}")


def _of(optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
    return (param for group in optimizer.param_groups for param in group["params"])


def _zero(params: Iterable[Tensor] | None) -> None:
    for param in params or ():
        if param.grad is not None:
            param.grad.zero_()
