"""`standardise`: problems over columns that are centred and scaled, and in the rows' own space.

    x' = (x − m) f,    y' = y − c;    W = W' f,    b = b' + c − W m

The bias is free, so centring is exact, and f are powers of two, so scaling is too. The penalty stays on the
columns as they stood: it is of W' f. Without a bias m and c are 0. Steps, their number and the digits of the
scores are then those of columns near 0 of unit size, wherever the columns lie and whatever their units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.solvers.passes.rows import PassRows
from linnet.solvers.problem.centred_rows import CentredRows
from linnet.solvers.problem.double_double import DoubleDouble, add_up, power
from linnet.solvers.problem.error_free import two_product
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.rows import DenseRows, Rows
from linnet.solvers.problem.sparse_rows import CentredSparseRows, SparseRows
from linnet.solvers.problem.spread import Spread, find_spread

SAMPLE, FAR = 4096, 30.0
"""Pixels stay as they are, unless in so many rows some column lies so many deviations from 0."""

HEAVIEST = 1e150
"""The largest penalty of a scaled column: a column that is all but nothing is scaled up no further."""

LARGEST = 50_000_000
"""Numbers in the rows, N·D, up to which their own space is entered: they become dense in float64."""


LONG = 4e8
"""N²·D multiplications of the change to their own space, from which sparse rows stay as they are, for their
passes are short."""


@dataclass(frozen=True, eq=False)
class Framed:
    """An objective for solvers, and the change of columns and targets that leads to it.

    Args:
        objective: over the changed columns.
        centre: m over `scale`, (D,): of the columns as they are stored; None where nothing was changed.
        factor: f, powers of two, (D,).
        scale: what the model sees of a stored number is that times this.
        level: c, (K,).
        basis: V (D, N) of the rows' own space, in which the objective is; None where it is in the columns.
    """

    objective: Objective
    centre: Tensor | None = None
    factor: Tensor | float = 1.0
    scale: float = 1.0
    level: Tensor | float = 0.0
    basis: Tensor | None = None

    def enter(self, theta: Tensor) -> Tensor:
        """θ of the rows, (K, D + 1), as θ' of the objective; the bias is rounded once."""
        if self.centre is not None:
            W, b = theta[:, :-1], theta[:, -1]
            b = (self._lift(W, self.centre) + (b - self.level)).high if self.objective.intercept else b
            theta = torch.cat([W / self.factor, b[:, None]], 1)
        return theta if self.basis is None else _multiply(theta, self.basis)

    def leave(self, theta: Tensor) -> Tensor:
        """θ' of the objective as θ of the rows, (K, D + 1); the bias is rounded once."""
        theta = theta if self.basis is None else _multiply(theta, self.basis.T)
        if self.centre is None:
            return theta
        W, b = theta[:, :-1] * self.factor, theta[:, -1]
        if self.objective.intercept:
            b = (DoubleDouble.of(b) + torch.as_tensor(self.level) - self._lift(W, self.centre)).high
        return torch.cat([W, b[:, None]], 1)

    def gradient(self, gradient: Tensor) -> Tensor:
        """A derivative over θ', (K, D + 1), as that over W and the bias at the columns' centre."""
        return torch.cat([gradient[:, :-1] / self.factor, gradient[:, -1:]], 1)

    def _lift(self, W: Tensor, centre: Tensor) -> DoubleDouble:
        """W m, (K,), in double-double: it may be far larger than what it leaves of a score."""
        return add_up(DoubleDouble(*two_product(W, centre.expand_as(W))).times(W.new_tensor(self.scale)))


def _multiply(theta: Tensor, basis: Tensor) -> Tensor:
    """θ with its weights times a basis, the bias as it is."""
    return torch.cat([theta[:, :-1] @ basis, theta[:, -1:]], 1)


def stays_as_stored(objective: Objective) -> bool:
    """Whether rows are sparse, with columns so near 0 that sums over them lose nothing as they stand."""
    rows = objective.rows
    return isinstance(rows, SparseRows) and objective.units is None and rows.lies_near(objective.intercept)


def standardise(objective: Objective, l2: float = 0.0, *, is_uniform: bool = False) -> Framed:
    """The same problem over columns near 0 of about unit size.

    Args:
        objective: of any rows; one that has been through here comes back as it is.
        l2: a penalty that counts with a column's size, so that none is scaled up beyond what it holds down.
        is_uniform: one factor for all columns, which keeps the metric of the weights.
    """
    rows, intercept = objective.rows, objective.intercept
    if objective.units is not None or not rows.features or not rows.is_finite():
        return Framed(objective)
    if isinstance(rows, DenseRows) and not _is_worth_it(rows, intercept):
        return Framed(objective)
    is_passed = isinstance(rows, PassRows)
    spread = rows.survey.spreads[intercept] if is_passed else find_spread(rows, intercept)
    factor = _scale(objective, spread, l2, is_uniform)
    scale = rows.scale if isinstance(rows, DenseRows) else 1.0
    level = _level(rows, objective.loss, intercept)
    centred = _centre(rows, spread.centre, factor, level)
    return Framed(objective.replace(centred, units=factor), spread.centre, factor, scale, level)


def standardise_rows(objective: Objective) -> Framed:
    """The same problem over columns near 0, and in the rows' own space where the features outnumber the rows.

    In an orthonormal basis V of that space, X = Z Vᵀ (Z and V by QR of Xᵀ), norms are the same. A part of W
    outside it changes no score and only adds to ½ l2 ‖W‖², so the optimum has none (the representer theorem).
    """
    is_wide = enters_row_space(objective)
    framed = standardise(objective, objective.penalty.l2, is_uniform=is_wide)
    return enter_row_space(framed) if is_wide else framed


def enters_row_space(objective: Objective) -> bool:
    """Whether features outnumber rows, a penalty of L2 alone holds them, and the rows are few enough.

    Sparse rows of numbers to predict, and not of classes, enter it however long that takes: squared errors
    have no other quick way there, and counts are predicted to more digits.
    """
    rows, penalty = objective.rows, objective.penalty
    is_small = len(rows) * rows.features <= LARGEST
    if isinstance(rows, SparseRows) and objective.loss.is_for_classes:
        is_small = is_small and len(rows) ** 2 * rows.features <= LONG
    is_passed = isinstance(rows, PassRows)
    return not is_passed and len(rows) < rows.features and penalty.l2 > 0 and not penalty.l1 and is_small


def enter_row_space(framed: Framed) -> Framed:
    """A problem whose columns have one unit, in the rows' own space: θ is (K, N + 1)."""
    objective = framed.objective
    rows, dtype = objective.rows.with_dtype(torch.float64), objective.rows.dtype
    X1 = rows.dense(torch.arange(len(rows), device=rows.y.device))  # (N, D + 1)
    Z, V = find_row_space(X1[:, :-1])
    unit = 1.0 if objective.units is None else float(objective.units[0])
    assert objective.units is None or bool((objective.units == unit).all()), "the rows' space needs one unit"
    classes = () if rows.y.is_floating_point() and rows.y.ndim == 2 else tuple(map(str, range(rows.outputs)))
    data = Dataset(Z, rows.y, "row space", classes, weights=rows.weights)
    turned = objective.replace(DenseRows(data, dtype), units=Z.new_full((len(Z),), unit))
    return replace(framed, objective=turned, basis=V)


def find_row_space(X: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (N, D) fewer than columns as X = Z Vᵀ: Z, (N, N), and the orthonormal V, (D, N)."""
    V, R = torch.linalg.qr(X.T)
    return R.T.contiguous(), V


def _centre(rows: Rows, centre: Tensor, factor: Tensor, level: Tensor) -> Rows:
    """Rows as (x − m) f with targets y − c, dense or sparse as they were."""
    y = rows.y.double() - level if bool(level.any()) else rows.y
    if isinstance(rows, SparseRows):
        return CentredSparseRows(rows, y, centre, factor)
    assert isinstance(rows, DenseRows), "rows are dense or sparse"
    if isinstance(rows, PassRows):
        return rows.centred(centre, factor * rows.scale, y)
    centred = CentredRows(rows.dataset, y, centre, factor * rows.scale, rows.dtype)
    centred.outputs = rows.outputs  # of two classes one may be enough
    return centred


def _is_worth_it(rows: DenseRows, intercept: bool) -> bool:
    """Whether rows are not pixels, which share one unit, or are pixels far from 0."""
    if rows.X.dtype != torch.uint8 or isinstance(rows, PassRows):
        return True
    every = max(1, len(rows) // SAMPLE)
    X = rows.X[::every].double()
    mean, size = X.mean(0), X.std(0, correction=0)
    return intercept and bool(((mean > FAR * size) & (size > 0)).any())


def _scale(objective: Objective, spread: Spread, l2: float, is_uniform: bool) -> Tensor:
    """Powers of two that bring the columns to unit size."""
    scale = objective.rows.scale if isinstance(objective.rows, DenseRows) else 1.0
    size = spread.size * scale
    size = size.amax().expand_as(size) if is_uniform else size
    size = torch.where(size > 0, torch.hypot(size, size.new_tensor(l2**0.5)), 0.0)
    least = max((objective.penalty.l2 / HEAVIEST) ** 0.5, objective.penalty.l1 / HEAVIEST)
    return 1 / power(torch.where(size > 0, size.clamp(min=least), 0.0))


def _level(rows: Rows, loss: Loss, intercept: bool) -> Tensor:
    """A number amid each regression's targets, (K,); 0 for classes."""
    if not (intercept and loss.is_of_differences and rows.y.is_floating_point()):
        return torch.zeros(rows.outputs, dtype=torch.float64, device=rows.y.device)
    if isinstance(rows, PassRows):  # the same in every process
        return rows.survey.sample.y.double().mean(0)
    y = rows.y.double()
    return (y[0] + (y - y[0]).mean(0)).nan_to_num(0.0, 0.0, 0.0)
