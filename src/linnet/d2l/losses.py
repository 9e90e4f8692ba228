"""What a minibatch's loss sums to, whichever way the loss function reduces it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor

from linnet.errors import warn

MEAN = (
    "the loss is the mean of its minibatch (reduction='mean'); the book's loops add up the rows' losses, "
    "so they would report it too small by the batch size. linnet multiplies it back. "
    "Use reduction='none', as the book does, to be rid of this warning"
)
Reduction = Literal["none", "mean", "sum"]


def sum_of(
    values: Tensor, loss: Callable[..., Any], y_hat: Tensor, y: Tensor, *, is_told: bool = False
) -> Tensor:
    """The sum of a minibatch's losses.

    The book adds up `loss(…).sum()` and divides by the number of rows, which is right for one value a row. Of
    a mean it makes a figure that is too small by the batch size, without a word: here it is multiplied back,
    with a warning.

    Args:
        values: what the loss gave: a value a row or element, or a scalar.
        loss: the function, asked for its `reduction`; tried out when it has none.
        y_hat: what it was given.
        y: likewise.
        is_told: whether it is known that a mean is multiplied back, so that nothing is warned of.
    """
    if values.ndim or y.numel() < 2:
        return values.sum()
    if reduction(loss, values, y_hat, y) == "sum":
        return values
    if not is_told:
        warn(MEAN, MeanLossWarning)
    return values * (y.numel() if y.numel() == y_hat.numel() else len(y))


class MeanLossWarning(UserWarning):
    """A loss that gives the mean of its minibatch where the book expects a value a row."""


def reduction(loss: Callable[..., Any], values: Tensor, y_hat: Tensor, y: Tensor) -> Reduction:
    """How a loss that gave a scalar came to it: by the sum, or by the mean.

    A function that does not say is asked for the same rows twice over: a mean stays, a sum doubles.
    """
    stated = getattr(loss, "reduction", None)
    if stated in ("mean", "sum"):
        return stated
    with torch.no_grad():
        twice = loss(torch.cat([y_hat, y_hat]), torch.cat([y, y]))
    return "mean" if torch.isclose(twice, values.detach(), rtol=1e-3, atol=0) else "sum"
