"""Leverage of the rows that a regression was trained on; how much each moves the fit (Cook's distance)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from linnet.errors import UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Array

MOST = 1 << 26
"""Numbers of a design that is factored, which takes a gigabyte and some seconds."""

ALONE = 1e-10
"""How near to 1 the leverage of a row is that decides its own fit, whose residual then says nothing."""


@dataclass(frozen=True, eq=False)
class Leverage:
    """Leverages and residuals of rows; figures of rows of leverage 1 are NaN.

    Args:
        leverage: h_i of the hat matrix of the columns, and of the bias where the model has one, between 0 and
            1, (N,), float64.
        standardised: e_i/(s √(1 − h_i)), the residuals in units of their own deviations, (N,).
        cook: Cook's distance e_i² h_i/(p s² (1 − h_i)²), (N,) (Cook 1977).
        rank: p, the parameters that rows can tell apart.
    """

    leverage: Array
    standardised: Array
    cook: Array
    rank: int

    @property
    def worst(self) -> Array:
        """The numbers of the rows by Cook's distance, the largest first, those without one last, (N,)."""
        return np.argsort(-np.nan_to_num(self.cook, nan=-1.0), kind="stable")


def find_leverage(evaluation: Evaluation) -> Leverage:
    """The leverage of each row in the design of these rows, and what the model's residuals come to by it.

    The hat matrix is that of least squares without a penalty, whatever the model was trained by: it says
    which rows stand apart from the others by their columns.

    Args:
        evaluation: of a regression of one output on the rows that it was trained on.

    Raises:
        UsageError: it is of several outputs or of classes, or too large; or no residual is left to judge by.
    """
    if evaluation.residuals.shape[1] != 1:
        raise UsageError(f"leverage is drawn of one output, not of {evaluation.residuals.shape[1]}")
    N, D = len(evaluation), evaluation.rows.features
    if N * (D + 1) > MOST:
        raise UsageError(f"leverage of {N:,} rows of {D:,} columns takes too much memory: give fewer rows")
    roots = np.sqrt(evaluation.row_weights)
    design = _design(evaluation) * roots[:, None]  # (N, D + 1), or (N, D)
    basis, rank = _orthonormal(design)
    leverage = np.minimum((basis**2).sum(1), 1.0)
    errors = -evaluation.residuals[:, 0] * roots
    free = int((evaluation.row_weights > 0).sum()) - rank
    s = float(np.sqrt((errors**2).sum() / free)) if free > 0 else 0.0
    if s == 0:
        raise UsageError("the model goes through every row: no residual is left to judge rows by")
    left = np.where(leverage < 1 - ALONE, 1 - leverage, np.nan)
    standardised = errors / (s * np.sqrt(left))
    return Leverage(leverage, standardised, standardised**2 * leverage / (left * rank), rank)


def _design(evaluation: Evaluation) -> Array:
    """The bias, if there is one, and the columns in float64, of a size that no leverage depends on."""
    X = evaluation.rows.arrays.dense().astype(np.float64)
    if not evaluation.run.has_intercept:  # columns may be scaled, but not centred
        return X / np.where((size := np.abs(X).max(0)) > 0, size, 1.0)
    centred = X - X.mean(0)
    return np.column_stack([np.ones(len(X)), centred / np.where((size := centred.std(0)) > 0, size, 1.0)])


def _orthonormal(design: Array) -> tuple[Array, int]:
    """A basis of the columns, (N, p), and p."""
    from scipy.linalg import qr

    factors: Any = qr(design, mode="economic", pivoting=True)  # whose stubs know no third part
    Q, R = factors[:2]
    sizes = np.abs(np.diag(R))
    rank = int((sizes > sizes[0] * max(design.shape) * np.finfo(np.float64).eps).sum())
    return Q[:, :rank], rank
