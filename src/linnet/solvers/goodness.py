"""How well a fitted model explains its rows: likelihoods, R² and the tests of all features."""

from __future__ import annotations

import math

import torch
from scipy import special
from torch import Tensor

from linnet.solvers.basis import Basis
from linnet.solvers.inferred import Goodness, Test
from linnet.solvers.likelihoods import Classes, Normal
from linnet.solvers.optimum import Fitted


def of_classes(
    outputs: tuple[str, ...], likelihood: Classes, fitted: Fitted, w: Tensor, parameters: float, basis: Basis,
    l2: float,
) -> Goodness:  # fmt: skip
    """Of classes against a reference.

    Args:
        outputs: their names.
        likelihood: of the rows.
        fitted: the optimum.
        w: how much each row counts, (N,).
        parameters: how many, or effectively so.
        basis: of the rows.
        l2: the penalty.
    """
    rows, log = float(w.sum()), likelihood.log(fitted.scores, w)
    null = likelihood.null(w, basis.intercept)
    count = parameters - len(outputs) * basis.intercept
    return Goodness(
        outputs, rows, parameters, rows - parameters, log, null, None if l2 else _ratio(log, null, count),
        2 * parameters - 2 * log, math.log(rows) * parameters - 2 * log, 1 - log / null if null else math.nan,
    )  # fmt: skip


def of_regression(
    outputs: tuple[str, ...], y: Tensor, scores: Tensor, w: Tensor, parameters: float, basis: Basis, l2: float
) -> Goodness:
    """Of one target of a regression, y (N,), the rest as in `of_classes`."""
    rows = float(w.sum())
    squares = float((residual(y, scores, basis, l2).square() * w).sum())
    centred = y - (w @ y) / rows if basis.intercept else y
    total = float((centred.square() * w).sum())
    left, count = rows - parameters, parameters - basis.intercept
    log, null = Normal.log(squares, rows), Normal.log(total, rows)
    r2 = 1 - squares / total if total else math.nan
    sigma2 = squares / left if left > 0 else math.nan
    is_plain = not l2 and count > 0 and left > 0
    return Goodness(
        outputs, rows, parameters, left, log, null, _ratio(log, null, count) if is_plain else None,
        2 * parameters - 2 * log, math.log(rows) * parameters - 2 * log, None, r2,
        1 - (1 - r2) * (rows - basis.intercept) / left if left > 0 else math.nan, sigma2,
        _f(total - squares, count, sigma2, left) if is_plain else None,
    )  # fmt: skip


def residual(y: Tensor, scores: Tensor, basis: Basis, l2: float) -> Tensor:
    """What the model leaves, (N,): orthogonal to all columns where nothing is penalised."""
    if l2:
        return y - scores
    root = basis.w.sqrt()
    Q = torch.linalg.qr(root[:, None] * basis.Z)[0]
    left = root * (y - (basis.w @ y) / basis.w.sum() if basis.intercept else y)
    for _ in range(2):  # twice is enough
        left = left - Q @ (Q.T @ left)
    return left / root


def _ratio(log: float, null: float, count: float) -> Test | None:
    """Twice the difference of log-likelihoods, χ² by Wilks's theorem."""
    if count <= 0:
        return None
    statistic = max(0.0, 2 * (log - null))
    return Test(statistic, (count,), float(special.chdtrc(count, statistic)))


def _f(explained: float, count: float, sigma2: float, left: float) -> Test:
    """The mean square that features explain, over that of the residuals."""
    statistic = explained / count / sigma2 if sigma2 else math.inf
    return Test(statistic, (count, left), float(special.fdtrc(count, left, statistic)))
