"""Remarks on an inference, the reasons why a figure of it is undefined, and how they are told from rounding.

Numbers that are stored have rounding, so residuals of an exact fit are not 0: they are rounding, and tests
made of them are noise. Responses that never change and exact fits are told by bounds of their own, what the
rounding of targets and features comes to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.errors import UsageError
from linnet.i18n import say

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.data.dataset import Dataset
    from linnet.inference.design import Basis

ROUNDINGS = 4.0
"""Roundings of a sum of D + 1 terms add up to about this times √(D + 1), in the mean of squares."""


SMALLEST, LARGEST = 1e-140, 1e140
"""Targets whose squares, and those of residuals far smaller, are float64 numbers."""


@dataclass(frozen=True)
class Remark:
    """A sentence for people, in English where it is turned into a string.

    Args:
        key: of its text in the catalogues.
        values: of the blanks, in English.
    """

    key: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return say(self.key, "en", **self.values)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"key": self.key, "text": str(self), "values": dict(self.values)}


class Undefined(NamedTuple):
    """A reason.

    Args:
        name: in a word or two.
        reason: in a sentence's words.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


COLLINEAR = Undefined(
    "collinear", "the rows do not determine it: the estimate is one choice of many that fit alike"
)
RISES = Undefined("separated", "the likeliest value is +∞, as classes are told apart without error")
FALLS = Undefined("separated", "the likeliest value is −∞, as classes are told apart without error")
ENDLESS = Undefined(
    "separated", "classes are told apart without error, whatever it is: the likeliest values have no end"
)
CONSTANT = Undefined("constant response", "it never changes, so there is nothing to explain or to test")
ONE_CLASS = Undefined("constant response", "every row is of one class, so there is nothing to explain")
EXACT = Undefined("exact fit", "residuals are the rounding of the data, so there is no error to judge by")
SATURATED = Undefined(
    "no degrees of freedom", "there are no more rows than parameters, so no residuals to judge by"
)
LEVERAGE = Undefined("leverage 1", "a single row decides it, whose residual is 0 whatever its error")
SHRUNK = Undefined("shrunk", "an estimate under L2 is drawn towards 0, so a test against 0 does not hold")
SAMPLED = Undefined("importance weights", "rows of unequal chances make no likelihood to compare models by")
NO_FEATURES = Undefined("no features", "there is nothing beside the constant to test")
FEW_BAGS = Undefined("no bootstraps", "fewer than two bootstraps have an optimum of their own")


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
    import torch

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
    return bool(never_changes(dataset.y[:, k : k + 1].cpu()[basis.kept].numpy()))


def never_changes(y: NDArray[Any]) -> NDArray[np.bool_]:
    """Which targets (N, K) are one number, up to rounding, in all rows, (K,)."""
    unit = np.finfo(y.dtype).eps / 2 if np.issubdtype(y.dtype, np.floating) else 2.0**-53
    size = np.abs(y.astype(np.float64)).max(0)
    return np.ptp(y, 0) <= 2 * ROUNDINGS * unit * size


def spans_constant(dataset: Dataset, basis: Basis) -> bool:
    """Whether some combination of the columns is 1 in all rows, so that the model has a bias of a kind."""
    import torch

    if basis.intercept:
        return True
    one = basis.w.sqrt()
    Q = torch.linalg.qr(one[:, None] * basis.Z)[0]
    rest = one - Q @ (Q.T @ one)
    return float(rest.norm()) <= 32 * math.sqrt(dataset.features) * unit(dataset.X) * float(one.norm())
