"""Linear least squares to the last digits: pivoted QR or SVD, refined with double-double residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.solvers.least_squares.design import (
    Design,
    Factor,
    check,
    factor_by_qr,
    factor_by_svd,
    find_collinear,
    is_graded,
    prepare,
    shorten,
)
from linnet.solvers.least_squares.shortest import factor_shortest
from linnet.solvers.problem.double_double import DoubleDouble

ROUNDS = 30
"""Corrections at most; each brings as many digits as the condition number leaves of sixteen."""

WORK = 2e10
"""Multiplications of a QR of rows and penalties up to which columns of very different lengths are given it:
some seconds."""

SETTLED = 2.0**-44
"""Corrections below this share of the targets are rounding."""


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The solution of a least-squares problem.

    Args:
        theta: weights and biases as in a bank, (K, D + 1), float64.
        is_svd: whether the singular value decomposition was used, not QR.
        rank: of the columns (centred, where there is a bias).
        condition: the condition number of the scaled columns; with a penalty, of the stacked matrix.
        backward_error: the columns may be changed by this much of their norm so that the solution is exact.
        collinear: groups of columns, one of which is a combination of the rest; one column alone is constant.
        gradient: of the mean loss and the penalty at theta, (K, D + 1).
        gap: the objective is this much above the optimum.
        rounds: corrections that were made.
        is_settled: whether the corrections came to an end at rounding.
    """

    theta: Tensor
    is_svd: bool
    rank: int
    condition: float
    backward_error: float
    collinear: tuple[tuple[int, ...], ...]
    gradient: Tensor
    gap: float
    rounds: int
    is_settled: bool


def least_squares(
    X: Tensor,
    Y: Tensor,
    weights: Tensor | None = None,
    l2: float = 0.0,
    intercept: bool = True,
    *,
    is_svd: bool | None = None,
    refine: bool = True,
) -> LeastSquares:
    """Minimise Σ_i w_i ½‖ŷ_i − y_i‖² / Σ_i w_i + ½ l2 ‖W‖² over W and, unpenalised, b.

    The residual and the solution are corrected together through the augmented system (Björck 1967; Demmel,
    Hida, Riedy and Li 2009), both being kept in double-double, so an ill-conditioned problem or a large
    residual costs corrections and not digits. Where columns are collinear the weights are the shortest.

    Args:
        X: rows, (N, D), any real dtype; they are copied as float64.
        Y: targets, (N, K).
        weights: of the rows, (N,); rows of weight 0 count as absent.
        l2: the penalty.
        intercept: whether there is a bias; it is 0 otherwise.
        is_svd: whether to take the singular value decomposition, not QR; as the shape asks when None. Of
            columns of very different lengths it is QR all the same.
        refine: whether to correct the solution until its backward error is at rounding.

    Raises:
        ShapeError, UsageError: X, Y, weights and l2 are no problem.
    """
    check(X, Y, weights, l2)
    X, Y, weights = X.cpu(), Y.cpu(), None if weights is None else weights.cpu()
    rows = len(X) if weights is None else int((weights > 0).sum())
    is_tall = rows > X.shape[1]
    is_svd = not is_tall if is_svd is None else is_svd
    design, factor, is_svd = _factor(X, Y, weights, l2, intercept, is_svd=is_svd, is_tall=is_tall)
    return _round(design, factor, _refine(design, factor, ROUNDS if refine else 1), is_svd)


def _factor(
    X: Tensor, Y: Tensor, weights: Tensor | None, l2: float, intercept: bool, *, is_svd: bool, is_tall: bool
) -> tuple[Design, Factor, bool]:
    """The problem made ready, its factor, and whether that is of singular values.

    The singular values are of columns of one scale, in whose metric the shortest weights are meant. Where no
    column is a combination of others there is but one solution, and each column may have a scale of its own:
    else a column of tiny numbers would be taken for rounding. So it is with a penalty, which the SVD takes of
    one scale alone, and where lengths are so different that rounding of some would hide others.
    """
    if is_svd and is_tall and not l2:
        design = prepare(X, Y, weights, l2, intercept)
        if (factor := factor_by_svd(design)).rank == X.shape[1]:
            return design, factor, True
    if is_svd:
        design = prepare(X, Y, weights, l2, intercept, uniform=True)
        if not _hides_columns(design, l2):
            return design, factor_by_svd(design), True
    design = prepare(X, Y, weights, l2, intercept)
    return design, factor_shortest(design) if is_svd and not l2 else factor_by_qr(design), False


def _hides_columns(design: Design, l2: float) -> bool:
    """Whether columns of one scale are so short beside others that rounding of these would hide them."""
    rows, features = design.A.shape
    is_long = bool(l2) and (rows + features) * features**2 > WORK
    return not is_long and is_graded(design.centre_rows().abs().amax(0))


@dataclass(frozen=True, eq=False)
class _Found:
    """Weights (D, K) and levels (1, K) in double-double, the corrections made, and how they ended."""

    z: DoubleDouble
    level: DoubleDouble
    rounds: int
    is_settled: bool


def _refine(design: Design, factor: Factor, rounds: int) -> _Found:
    """The optimum of the augmented system, from zero."""
    z = DoubleDouble.of(torch.zeros(design.A.shape[1], design.Y.shape[1], dtype=torch.float64))
    level, residual = (
        DoubleDouble.of(torch.zeros_like(design.Y[:1])),
        DoubleDouble.of(torch.zeros_like(design.Y)),
    )
    size = float((design.w.sqrt()[:, None] * design.Y).norm())
    before, done, is_small = float("inf"), 0, False
    while done < rounds and not is_small:
        done += 1
        dz, dlevel, dresidual, step = _correction(design, factor, z, level, residual)
        if not step < before / 2:  # rounding allows no more
            break
        z, level, residual, before = z + dz, level + dlevel, residual + dresidual, step
        is_small = _is_small(dz, z.high) and _is_small(dlevel, level.high)
    return _Found(z, level, done, rounds == 1 or before <= SETTLED * size)


def _is_small(change: Tensor, values: Tensor) -> bool:
    """Whether a change is below the last place of every value."""
    return bool((change.abs() <= 2.0**-58 * values.abs()).all())


def _correction(
    design: Design, factor: Factor, z: DoubleDouble, level: DoubleDouble, residual: DoubleDouble
) -> tuple[Tensor, Tensor, Tensor, float]:
    """One step for weights, levels and residual, and the norm of the step in what it predicts."""
    left, pull, lift = design.against(z, level, residual)
    root = design.w.sqrt()[:, None]  # (N, 1)
    f, across = root * left, factor.right.T @ pull  # (N, K), (r, K)
    along = factor.Q.T @ f + across
    total = design.total
    up = ((root * f).sum(0, keepdim=True) + lift) / total if design.intercept else torch.zeros_like(lift)
    rest = f - factor.Q @ along - root * up
    return factor.right @ along, up, rest / root, float(torch.hypot(along.norm(), up.norm() * total.sqrt()))


def _round(design: Design, factor: Factor, found: _Found, is_svd: bool) -> LeastSquares:
    """Rounded to float64, and measured there."""
    groups, z = find_collinear(factor), found.z
    backward = _backward(design, factor, z, found.level)
    if groups:
        z = DoubleDouble.of(shorten(z.high, factor.null, design.scale))
    b = design.offset(z, found.level)
    W = design.scale[:, None] * z.high  # (D, K), exact
    theta = torch.cat([W, b.high]).T / design.height[:, None]  # (K, D + 1)
    _, pull, lift = _forces(design, DoubleDouble.of(z.high), DoubleDouble.of(b.high))
    share = design.height * design.total  # (K,)
    along = (factor.right.T @ pull) / share
    gap = along.square().sum() * design.total / 2
    if design.intercept:
        gap = gap + (lift / share).square().sum() / 2
        pull = pull + design.centre[:, None] * lift
    gradient = -torch.cat([pull / design.scale[:, None], lift * design.intercept]) / share
    return LeastSquares(
        theta, is_svd, factor.rank, factor.condition, backward, tuple(groups), gradient.T, float(gap),
        found.rounds, found.is_settled,
    )  # fmt: skip


def _forces(design: Design, z: DoubleDouble, b: DoubleDouble) -> tuple[Tensor, Tensor, Tensor]:
    """The residual of weights z and biases b, and the negative gradients over z and the level, rounded."""
    level = b
    if design.intercept:
        level = b - design.offset(z, DoubleDouble.of(torch.zeros_like(b.high)))
    zero = DoubleDouble.of(torch.zeros_like(design.Y))
    residual = design.against(z, level, zero)[0]
    _, pull, lift = design.against(z, level, DoubleDouble.of(residual))
    return residual, pull, lift


def _backward(design: Design, factor: Factor, z: DoubleDouble, level: DoubleDouble) -> float:
    """A bound of the relative backward error, the worst target's (Stewart 1977; Higham 2002, 20.7).

    It is of the double-double solution; rounding to float64 changes each column by 2^-53 of itself.
    """
    residual, pull, _ = _forces(design, z, design.offset(z, level))
    size = (design.w.sqrt()[:, None] * residual).norm(dim=0)
    stacked = torch.hypot(size, (design.penalty.sqrt()[:, None] * z.high).norm(dim=0))
    across = (factor.right.T @ pull).norm(dim=0)  # of the columns that count, each about norm 1
    by_force, choose_by_size = across / stacked, stacked / (factor.norm * z.high.norm(dim=0))
    worst = torch.where(stacked > 0, torch.fmin(by_force, choose_by_size), 0.0)
    return float(worst.nan_to_num(0.0).max()) + 2.0**-53


def describe(groups: Sequence[tuple[int, ...]], names: Sequence[str] | None = None) -> str:
    """Collinear columns in words: "columns 1, 2 and 5 are collinear; column 3 is constant"."""

    def name_of(column: int) -> str:
        return names[column] if names else str(column)

    def sentence(group: tuple[int, ...]) -> str:
        if len(group) == 1:
            return f"column {name_of(group[0])} is constant"
        *first, last = map(name_of, group)
        return f"columns {', '.join(first)} and {last} are collinear"

    return "; ".join(sentence(group) for group in groups)
