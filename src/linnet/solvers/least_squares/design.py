"""The design of a least-squares problem, weighted, centred and scaled by powers of two, and its factors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.errors import ShapeError, UsageError
from linnet.solvers.problem.double_double import DoubleDouble, cut, matmul, multiply, power, slice_bits

EPSILON = 2.0**-52

BLOCK = 1024
"""Rows that are cut into slices at once."""

GRADED = 1e-6
"""A column shorter than this share of the longest loses too many digits where both are mixed."""

HEAVIEST = 1e200
"""The largest penalty of a scaled column."""


@dataclass(frozen=True, eq=False)
class Design:
    """Minimise Σ_i w_i ½‖y_i − A_i z − b‖² + ½ Σ_j λ_j ‖z_j‖² over z (D, K) and b (K,).

    A is X with its columns multiplied by powers of two, so it has no rounding; θ = scale · z. The stacked
    matrix [√w (A − 1 centre); √λ] is what is factored, while residuals are of A itself. Y too is the
    targets multiplied by powers of two, `height`.

    Args:
        A: (N, D), float64.
        Y: (N, K), float64.
        w: the weights over a power of two, (N,), all positive.
        scale: of the columns, powers of two, (D,).
        height: of the targets, powers of two, (K,).
        centre: about the weighted means of A's columns, (D,); zeros without an intercept.
        penalty: λ, (D,).
        intercept: whether b is free; else it is 0.
    """

    A: Tensor
    Y: Tensor
    w: Tensor
    scale: Tensor
    height: Tensor
    centre: Tensor
    penalty: Tensor
    intercept: bool

    @property
    def total(self) -> Tensor:
        """The sum of the weights, a scalar."""
        return self.w.sum()

    def centre_rows(self) -> Tensor:
        """√w (A − 1 centre), (N, D), in memory of its own."""
        return (self.A - self.centre).mul_(self.w.sqrt()[:, None])

    def blocks(self) -> Iterator[slice]:
        """The rows, so many at a time that their slices stay small."""
        for low in range(0, len(self.A), BLOCK):
            yield slice(low, low + BLOCK)

    def offset(self, z: DoubleDouble, level: DoubleDouble) -> DoubleDouble:
        """B = level − centre z, (1, K), of the prediction at the centre."""
        return level - matmul(self.centre[None], z) if self.intercept else level

    def against(
        self, z: DoubleDouble, level: DoubleDouble, residual: DoubleDouble
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The residuals of the two equations of the optimum, in double-double, rounded at the end.

        Args:
            z: weights, (D, K).
            level: predictions at the centre, (1, K).
            residual: a guess at Y − A z − b, (N, K).

        Returns:
            Y − A z − b − residual, (N, K); the negative gradient that the guess gives over z, (D, K), and
            over the level, (1, K).
        """
        bits = slice_bits(max(BLOCK, self.A.shape[1]))
        weights, b = cut(z, bits), self.offset(z, level)
        left = torch.empty_like(self.Y)
        pull = DoubleDouble.of(torch.zeros_like(z.high))
        lift = DoubleDouble.of(torch.zeros_like(level.high))
        for rows in self.blocks():
            parts = cut(self.A[rows], bits)
            scores = multiply(parts, weights, self.Y[rows]) + b
            left[rows] = (DoubleDouble.of(self.Y[rows]) - scores - residual[rows]).high
            force = cut(residual[rows].times(self.w[rows, None]), bits)
            pull = pull + multiply([part.T for part in parts], force, pull.high)
            ones = torch.ones(1, len(self.Y[rows]), dtype=torch.float64)
            lift = lift + multiply([ones], force, lift.high)
        pull = pull - z.times(self.penalty[:, None])
        if self.intercept:
            pull = pull - lift.times(self.centre[:, None])  # (1, K) against (D, 1)
        return left, pull.high, lift.high


def check(X: Tensor, Y: Tensor, weights: Tensor | None, l2: float) -> None:
    """Refuse rows that are no problem.

    Raises:
        ShapeError: X, Y and the weights do not fit.
        UsageError: numbers are NaN or infinite, weights negative, l2 negative, or no row counts.
    """
    if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y):
        raise ShapeError(f"expected X (N, D) and Y (N, K), got {tuple(X.shape)} and {tuple(Y.shape)}")
    if weights is not None and weights.shape != (len(X),):
        raise ShapeError(f"expected weights ({len(X)},), one a row, got {tuple(weights.shape)}")
    if not l2 >= 0 or l2 == float("inf"):
        raise UsageError(f"l2 must be a finite number of at least 0, not {l2!r}")
    if weights is not None and not bool((weights.isfinite() & (weights >= 0)).all()):
        raise UsageError("weights must be finite numbers of at least 0")
    if not len(X) or (weights is not None and not bool((weights > 0).any())):
        raise UsageError("least squares needs at least one row of positive weight")
    if not bool(X.isfinite().all() and Y.isfinite().all()):
        raise UsageError("X or Y has NaN or infinite numbers: fill in or leave out those rows")


def prepare(
    X: Tensor, Y: Tensor, weights: Tensor | None, l2: float, intercept: bool, uniform: bool = False
) -> Design:
    """A problem made ready; rows of weight 0 are left out.

    Args:
        X: (N, D), any real dtype.
        Y: (N, K).
        weights: (N,); None for ones.
        l2: of the mean loss, in the units of X.
        intercept: whether a bias is free.
        uniform: one scale for all columns, which keeps the metric of a minimum-norm solution.
    """
    w = torch.ones(len(X), dtype=torch.float64) if weights is None else weights.double()
    if weights is not None:
        kept = w > 0
        X, Y, w = X[kept], Y[kept], w[kept]
    w = w / power(w.max())
    A, Y = X.double(), Y.double()
    height = 1 / power(Y.abs().amax(0))
    largest = A.abs().amax(0)
    scale = 1 / power(largest.max().expand_as(largest) if uniform and len(largest) else largest)
    if l2:  # a column that is all but nothing is scaled up no further than its penalty bears
        scale = scale.clamp(max=float(power(torch.tensor(HEAVIEST / l2, dtype=torch.float64).sqrt())))
    A = A * scale
    centre = _centre(A, w) if intercept else torch.zeros_like(scale)
    if not uniform:
        again = 1 / power(((A - centre).square() * w[:, None]).sum(0).sqrt())
        again = again.clamp(max=2.0**100) if l2 else again
        # With its penalty a column has length 1: beside far longer ones others would be taken for rounding.
        heavy = (l2 * w.sum()) ** 0.5 * scale * again
        again = again / power(heavy.clamp(min=0.5))
        A, centre, scale = A * again, centre * again, scale * again
    penalty = l2 * w.sum() * scale.square() if l2 else torch.zeros_like(scale)
    return Design(A, Y * height, w, scale, height, centre, penalty, intercept)


def _centre(A: Tensor, w: Tensor) -> Tensor:
    """The weighted means of the columns, exactly the value where a column is constant."""
    mean = (w @ A) / w.sum()
    return torch.where(A.amax(0) == A.amin(0), A[0], mean)


@dataclass(frozen=True, eq=False)
class Factor:
    """The stacked matrix [√w (A − 1 centre); √λ] as Q M, M right = 1, Q having orthonormal columns.

    Args:
        Q: the upper rows of Q, (N, r).
        right: a right inverse of M, (D, r).
        null: directions that the matrix sends to 0, (D, D − r).
        free: the columns whose directions `null` stands for, one each, (D − r,).
        norm: the largest singular value.
        condition: the largest singular value over the smallest that counts.
    """

    Q: Tensor
    right: Tensor
    null: Tensor
    free: Tensor
    norm: float
    condition: float

    @property
    def rank(self) -> int:
        """r, how many singular values count."""
        return self.right.shape[1]


def tolerance(features: int) -> float:
    """Below this share of the largest, a diagonal entry or singular value is rounding."""
    return 8 * EPSILON * max(1, features)


def factor_by_qr(design: Design) -> Factor:
    """Householder's QR with the columns pivoted (Golub and Van Loan, 5.4.2); λ are more rows."""
    import scipy.linalg

    stacked = design.centre_rows()
    rows, features = stacked.shape
    if bool((design.penalty > 0).any()):
        stacked = torch.cat([stacked, torch.diag(design.penalty.sqrt())])
    found: Any = scipy.linalg.qr(stacked.numpy(), mode="economic", pivoting=True)
    Q, R, order = (torch.from_numpy(part) for part in found)
    order = order.long()
    diagonal = R.diagonal().abs()
    rank = int((diagonal > tolerance(features) * diagonal[0]).sum()) if features else 0
    right = torch.zeros(features, rank, dtype=torch.float64)
    one = torch.eye(rank, dtype=torch.float64)
    right[order[:rank]] = torch.linalg.solve_triangular(R[:rank, :rank], one, upper=True)
    null = torch.zeros(features, features - rank, dtype=torch.float64)
    null[order[:rank]] = -torch.linalg.solve_triangular(R[:rank, :rank], R[:rank, rank:], upper=True)
    null[order[rank:]] = torch.eye(features - rank, dtype=torch.float64)
    values = torch.linalg.svdvals(R[:rank, :rank])
    return factor_of(Q[:rows, :rank], right, null, order[rank:], values)


def factor_by_svd(design: Design) -> Factor:
    """The singular value decomposition; λ, the same for all columns or none, only shrinks it."""
    centred = design.centre_rows()
    U, values, Vt = torch.linalg.svd(centred, full_matrices=False)
    ridge = design.penalty[0] if len(design.penalty) else values.new_zeros(())
    rank = int((values > tolerance(min(centred.shape)) * values[:1]).sum())
    stretched = torch.hypot(values[:rank], ridge.sqrt())
    right = Vt[:rank].T / stretched
    null, free = Vt[rank:].T[:, :0], torch.empty(0, dtype=torch.long)
    return factor_of(U[:, :rank] * (values[:rank] / stretched), right, null, free, stretched)


def factor_of(Q: Tensor, right: Tensor, null: Tensor, free: Tensor, values: Tensor) -> Factor:
    """A factor by its parts and the singular values that count, the largest first."""
    norm = float(values[0]) if len(values) else 0.0
    return Factor(Q, right, null, free, norm, norm / float(values[-1]) if len(values) else 1.0)


def is_graded(sizes: Tensor) -> bool:
    """Whether columns of such lengths, (D,), hide some of them in rounding of others; those of 0 aside."""
    sizes = sizes[sizes > 0]
    return len(sizes) > 0 and float(sizes.min()) < GRADED * float(sizes.max())


def shorten(values: Tensor, null: Tensor, scale: Tensor) -> Tensor:
    """The weights with the least norm among those that differ by null directions.

    Args:
        values: weights of the scaled columns, (D, K).
        null: directions in the scaled columns, (D, n).
        scale: of the columns, (D,); the norm is that of scale · values.
    """
    if not null.shape[1]:
        return values
    largest = (scale[:, None] * null).abs().amax(0)
    Q, _ = torch.linalg.qr(scale[:, None] * null / largest)
    weights = scale[:, None] * values
    return (weights - Q @ (Q.T @ weights)) / scale[:, None]


def find_collinear(factor: Factor) -> list[tuple[int, ...]]:
    """Groups of columns of which one is a combination of the rest; a constant column is a group of one."""
    groups = []
    for column, direction in zip(factor.free.tolist(), factor.null.T, strict=True):
        others = (direction.abs() > 1e-6).nonzero().flatten().tolist()
        groups.append(tuple(sorted({column, *others})))
    return sorted(groups)
