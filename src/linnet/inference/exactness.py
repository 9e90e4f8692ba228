"""Regressions without anything to estimate an error by: a response that never changes, and exact fits.

Numbers that are stored have rounding, so residuals of an exact fit are not 0: they are rounding, and tests
made of them are noise. Each is told by its own bound, what the rounding of targets and features comes to.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.inference.basis import Basis

ROUNDINGS = 4.0
"""Roundings of a sum of D + 1 terms add up to about this times √(D + 1), in the mean of squares."""


SMALLEST, LARGEST = 1e-140, 1e140
"""Targets whose squares, and those of residuals far smaller, are float64 numbers."""


def check_squares(dataset: Dataset) -> None:
    """Refuse targets whose squares float64 cannot hold.

    Raises:
        UsageError: they are too large or too small.
    """
    for size in dataset.y.double().abs().amax(0).tolist():
        if size and not SMALLEST <= size <= LARGEST:
            raise UsageError(
                f"{dataset.target or 'the target'} has values up to {size:.3g}, whose squares are no float64 "
                f"numbers: give it in another unit, so that they lie within {SMALLEST:g}…{LARGEST:g}"
            )


def unit(values: Tensor) -> float:
    """The largest relative error of rounding to a tensor's dtype: 2⁻⁵³ for float64, as for whole numbers."""
    return torch.finfo(values.dtype).eps / 2 if values.is_floating_point() else 2.0**-53


def rounding_of(dataset: Dataset, basis: Basis, gamma: Tensor, k: int) -> float:
    """The weighted sum of squares that rounding alone may leave of target k.

    Args:
        dataset: the rows.
        basis: which of them count, and how much.
        gamma: weights and the bias, (D + 1,), float64.
        k: which target.
    """
    terms = _terms(dataset, basis, gamma, k)
    return ROUNDINGS**2 * (dataset.features + 1) * float(terms.square() @ basis.w)


def _terms(dataset: Dataset, basis: Basis, gamma: Tensor, k: int) -> Tensor:
    """The rounding of each row's target and of the terms of its prediction, (N,)."""
    y = dataset.y[:, k].cpu().double()[basis.kept].abs()
    X = dataset.X.cpu()[basis.kept].double().abs() * abs(dataset.scale)
    terms = X @ gamma[:-1].abs() + gamma[-1].abs()
    return unit(dataset.y) * y + max(unit(dataset.X), unit(dataset.y)) * terms


def is_constant(dataset: Dataset, basis: Basis, k: int) -> bool:
    """Whether target k is one number, up to rounding, in all rows that count."""
    return bool(never_changes(dataset.y[:, k : k + 1].cpu()[basis.kept]))


def never_changes(y: Tensor) -> Tensor:
    """Which targets (N, K) are one number, up to rounding, in all rows, (K,), bool."""
    size = y.double().abs().amax(0)
    return (y.amax(0) - y.amin(0)).double() <= 2 * ROUNDINGS * unit(y) * size


def spans_constant(dataset: Dataset, basis: Basis) -> bool:
    """Whether some combination of the columns is 1 in all rows, so that the model has a bias of a kind."""
    if basis.intercept:
        return True
    one = basis.w.sqrt()
    Q = torch.linalg.qr(one[:, None] * basis.Z)[0]
    rest = one - Q @ (Q.T @ one)
    return float(rest.norm()) <= 32 * math.sqrt(dataset.features) * unit(dataset.X) * float(one.norm())
