"""How far a fitted regression is from the parameters its data were made with (D2L 3.2.7)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from linnet.core.bank import Bank
from linnet.data.dataset import LinearTruth


@dataclass(frozen=True, eq=False)
class ParameterErrors:
    """True minus fitted parameters.

    Args:
        w: of the weights, (D,).
        b: of the bias.
    """

    w: Tensor
    b: float


def parameter_errors(bank: Bank, truth: LinearTruth) -> ParameterErrors:
    """The errors of a bank of one with one output."""
    return ParameterErrors(truth.w - bank.W[0].cpu().double(), truth.b - float(bank.b[0]))
