"""`unpenalised_gap`: the duality gap of a loss without a penalty, of rows that are read in passes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.solvers.certificate.duality import ROUNDING
from linnet.solvers.passes.objective import PassObjective
from linnet.solvers.problem.curvature import grams
from linnet.solvers.problem.objective import Point


def unpenalised_gap(objective: PassObjective, point: Point) -> float:
    """The gap as `duality.measure_gap` has it: the derivatives, at right angles to all columns, are dual.

    What is taken from them is linear in the rows, a_i = ∂l/∂o_i − S x_i, so that S is all that is kept: of
    two passes that make it, for the second takes off what rounding left, and of one that measures the gap.

    Args:
        objective: in float64, of a loss with a `dual_reach`.
        point: where.
    """
    rows = objective.rows
    features = torch.arange(rows.features + int(objective.intercept))
    H = grams(rows, features, rows.shares[None])[0]
    inverse = torch.linalg.pinv(H, hermitian=True, rtol=1e-13)

    def lean(G: Tensor) -> Tensor:
        step = torch.zeros_like(G)
        step[:, features] = G[:, features] @ inverse
        return step

    S = lean(point.gradient)
    S = S + lean(objective.free_(_look(objective, point, S, 1.0)[0]))
    _, _, largest = _look(objective, point, S, 1.0)
    limit = objective.loss.dual_reach
    scale = 1.0 if limit is None or math.isinf(limit) else min(1.0, limit / max(largest, 1e-300))
    G, rest, _ = _look(objective, point, S, scale)
    slack = 2 * float((objective.free_(G).abs() * point.theta.abs()).sum())
    return max(0.0, point.value + rest + slack + ROUNDING * (abs(point.value) + abs(rest)))


def _look(objective: PassObjective, point: Point, S: Tensor, scale: float) -> tuple[Tensor, float, float]:
    """Of a_i times a scale: Σ ω a x, (K, D + 1), Σ ω l*(a), and the largest size of an a_i."""
    rows, loss, largest = objective.rows, objective.loss, [0.0]

    def work(X1: Tensor, part: slice) -> tuple[Tensor, Tensor]:
        shares = rows.shares[part]
        y = Loss.encode(rows.y[part], rows.outputs, torch.float64)  # (K, B)
        a = scale * (loss.residual(point.theta @ X1.T, y) - S @ X1.T)
        if bool((shares > 0).any()):
            largest.append(float(a[:, shares > 0].abs().max()))
        return (a * shares) @ X1, loss.conjugate(a, y) @ shares

    G, rest = rows.fold(work)
    return G, float(rest), rows.most(max(largest))
