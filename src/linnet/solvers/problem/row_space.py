"""Fewer coordinates for data of more features than rows: those of the rows' own space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.rows import DenseRows

LARGEST = 50_000_000
"""Numbers in the rows, N·D, up to which they are rotated: they become dense in float64."""


def is_worth_rotating(objective: Objective) -> bool:
    """Whether there are more features than rows, and an L2 penalty to keep the optimum in the rows' space."""
    rows = objective.rows
    small = len(rows) * rows.features <= LARGEST
    return len(rows) < rows.features and objective.penalty.l2 > 0 and objective.penalty.l1 == 0 and small


def rotated(objective: Objective) -> tuple[Objective, Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """The same problem in an orthonormal basis V of the rows' space, X = Z Vᵀ (Z and V by QR of Xᵀ).

    A part of W outside that space changes no score and only adds to ½ l2 ‖W‖², so the optimum has none
    (the representer theorem), and within it norms are the same.

    Returns:
        The objective over Z, (N, N); θ of it, (K, N + 1), to θ, (K, D + 1); and back.
    """
    rows = objective.rows.with_dtype(torch.float64)
    X1 = rows.dense(torch.arange(len(rows), device=objective.zeros().device))  # (N, D + 1)
    V, R = torch.linalg.qr(X1[:, :-1].T)  # (D, N), (N, N)
    unit = 1.0 if objective.units is None else float(objective.units[0])
    assert objective.units is None or bool((objective.units == unit).all()), "a rotation needs one unit"
    y = rows.y
    classes = () if y.is_floating_point() and y.ndim == 2 else tuple(map(str, range(rows.outputs)))
    Z = Dataset(R.T.contiguous(), y, "rotated", classes, weights=rows.weights)
    turned = Objective(
        DenseRows(Z, objective.rows.dtype),
        objective.loss,
        replace(objective.penalty, l2=objective.penalty.l2 * unit**2),
        intercept=objective.intercept,
        units=R.new_ones(len(R)),  # the rows' own space is no set of columns that could be scaled
        meter=objective.meter,
    )
    return turned, lambda theta: _times(theta, V.T), lambda theta: _times(theta, V)


def _times(theta: Tensor, basis: Tensor) -> Tensor:
    """θ with its weights times a basis, the bias as it is."""
    return torch.cat([theta[:, :-1] @ basis, theta[:, -1:]], 1)
