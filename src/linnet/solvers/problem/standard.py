"""`standardised`: columns centred and scaled, and targets shifted, as solvers that take steps see them.

    x' = (x − m) f,    y' = y − c;    W = W' f,    b = b' + c − W m

The bias is free, so centring is exact, and f are powers of two, so scaling is too. The penalty stays on the
columns as they stood: it is of W' f. Without a bias m and c are 0. Steps, their number and the digits of the
scores are then those of columns near 0 of unit size, wherever the columns lie and whatever their units.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.solvers.least_squares.design import power
from linnet.solvers.problem.centred_rows import Standard, centred_rows
from linnet.solvers.problem.column_spread import Spread, spread_of
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.rows import DenseRows, Rows

SAMPLE, FAR = 4096, 30.0
"""Pixels stay as they are, unless in so many rows some column lies so many deviations from 0."""

HEAVIEST = 1e150
"""The largest penalty of a scaled column: a column that is all but nothing is scaled up no further."""


class Framed(NamedTuple):
    """An objective for solvers, and how it comes from the one that was asked; None where it is that one."""

    objective: Objective
    standard: Standard | None

    def enter(self, theta: Tensor) -> Tensor:
        """See `Standard.enter`."""
        return theta if self.standard is None else self.standard.enter(theta)

    def leave(self, theta: Tensor) -> Tensor:
        """See `Standard.leave`."""
        return theta if self.standard is None else self.standard.leave(theta)

    def gradient(self, gradient: Tensor) -> Tensor:
        """See `Standard.gradient`."""
        return gradient if self.standard is None else self.standard.gradient(gradient)


def standardised(objective: Objective, l2: float = 0.0, *, is_uniform: bool = False) -> Framed:
    """The same problem over columns near 0 of about unit size.

    Args:
        objective: of any rows; one that has been through here comes back as it is.
        l2: a penalty that counts with a column's size, so that none is scaled up beyond what it holds down.
        is_uniform: one factor for all columns, which keeps the metric of the weights.
    """
    rows, intercept = objective.rows, objective.intercept
    if objective.units is not None or not rows.features or not rows.is_finite():
        return Framed(objective, None)
    if isinstance(rows, DenseRows) and not _is_worth(rows, intercept):
        return Framed(objective, None)
    spread = spread_of(rows, intercept)
    factor = _factor(objective, spread, l2, is_uniform)
    middle = _middle(rows, objective.loss, intercept)
    scale = rows.scale if isinstance(rows, DenseRows) else 1.0
    standard = Standard(spread.centre, scale, factor, middle, intercept)
    inner = Objective(
        centred_rows(rows, standard), objective.loss, objective.penalty, intercept=intercept, units=factor,
        meter=objective.meter,
    )  # fmt: skip
    return Framed(inner, standard)


def _is_worth(rows: DenseRows, intercept: bool) -> bool:
    """Whether rows are not pixels, which share one unit, or are pixels far from 0."""
    if rows.X.dtype != torch.uint8:
        return True
    every = max(1, len(rows) // SAMPLE)
    X = rows.X[::every].double()
    mean, size = X.mean(0), X.std(0, correction=0)
    return intercept and bool(((mean > FAR * size) & (size > 0)).any())


def _factor(objective: Objective, spread: Spread, l2: float, is_uniform: bool) -> Tensor:
    """Powers of two that bring the columns to unit size."""
    scale = objective.rows.scale if isinstance(objective.rows, DenseRows) else 1.0
    size = spread.size * scale
    size = size.amax().expand_as(size) if is_uniform else size
    size = torch.where(size > 0, torch.hypot(size, size.new_tensor(l2**0.5)), 0.0)
    least = max((objective.penalty.l2 / HEAVIEST) ** 0.5, objective.penalty.l1 / HEAVIEST)
    return 1 / power(torch.where(size > 0, size.clamp(min=least), 0.0))


def _middle(rows: Rows, loss: Loss, intercept: bool) -> Tensor:
    """A number amid each regression's targets, (K,); 0 for classes."""
    zero = torch.zeros(rows.outputs, dtype=torch.float64, device=rows.y.device)
    is_shifted = loss.is_of_differences and rows.y.is_floating_point()
    if not intercept or not is_shifted:
        return zero
    y = rows.y.double()
    return (y[0] + (y - y[0]).mean(0)).nan_to_num(0.0, 0.0, 0.0)
