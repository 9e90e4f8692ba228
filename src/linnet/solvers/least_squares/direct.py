"""`Direct`: the exact optimum of a regression, by the method that its shape and conditioning ask for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.data.arguments import refuse_stream
from linnet.data.dataset import Dataset
from linnet.device import limit_threads
from linnet.errors import CollinearWarning, PrecisionWarning, UsageError, warn
from linnet.solvers.certificate.duality import UNIT
from linnet.solvers.least_squares import moments
from linnet.solvers.least_squares.dual import solve_dual
from linnet.solvers.least_squares.few import solve_squares
from linnet.solvers.least_squares.least_squares import LeastSquares, describe, least_squares
from linnet.solvers.least_squares.normal import SQUARED, Normal, factor, solve
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.passes.rows import PassRows
from linnet.solvers.problem.few import MOST
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.rows import DenseRows
from linnet.solvers.solution import EXACT, STALLED, Certificate, Minimum, Progress, SolverSpec, Status

FITS = 2**27
"""Numbers in X up to which copies in float64, 1 GiB each, are in order."""

NARROW = 1024
"""Features up to which a factorisation is too short to share among threads, which wait for each other."""

DIGITS = 2**12
"""Numbers in X up to which wide rows go by the SVD, whose double-double residuals then cost little."""

CANCELS = 1e-6
"""A loss below this share of the targets' mean square is summed from the rows, not from differences."""

ADVICE = (
    "columns are collinear but for rounding: leave some out, give an l2, or trust no more digits of the "
    "weights than gradient and gap allow"
)


@dataclass(frozen=True)
class Direct(SolverSpec):
    """Least squares by the method that suits: Σ w ½ ‖ŷ − y‖² / Σ w + ½ l2 ‖W‖²; classes are one-hot.

    Few numbers go by Cholesky with exact residuals, in numpy, and where that is too ill-conditioned by QR (by
    SVD where columns outnumber rows); many rows by one pass of sums and Cholesky, corrected by the rows.
    Where the normal equations' condition number is above 10¹² it goes on with QR, if the rows fit in memory.
    More columns than rows go by the products of the rows with each other ("dual"), unless these are few, or
    the condition number of that matrix is above 10⁶.

    Args:
        refine: whether to correct the solution until its backward error is at rounding.
    """

    refine: bool = True

    field = "squared errors"

    def suits(self, loss: Loss) -> bool:
        """See `SolverSpec.suits`."""
        return loss.is_quadratic

    def minimise(
        self,
        objective: Objective,
        start: Tensor | None = None,
        *,
        progress: Progress | None = None,
        statistics: Statistics | None = None,
    ) -> Minimum:
        """See `SolverSpec.minimise`; it takes no steps, so neither start nor progress is of use.

        Args:
            objective: of the squared error, dense rows and L2 only.
            start: left alone.
            progress: left alone.
            statistics: of the rows, where they are known, as of another penalty; else gathered if needed.

        Raises:
            UsageError: there is an l1, or numbers are NaN or infinite.

        Warns:
            CollinearWarning: columns are collinear; the weights are the shortest of the best.
            PrecisionWarning: so nearly collinear that digits are lost.
        """
        rows, began = objective.rows, time.perf_counter()
        self.check(objective)
        if not isinstance(rows, DenseRows):
            raise UsageError("least squares needs dense rows: take another solver for sparse ones")
        dataset = rows.dataset.to(moments.wide_device(rows.dataset))
        is_kept = objective.keeps_scores
        wide = (
            objective.replace(DenseRows(dataset, torch.float64))
            if is_kept
            else objective.with_dtype(torch.float64)
        )
        found = self._solve(dataset, wide, statistics)
        loss, gap, seconds = found.certificate.objective, found.certificate.gap, time.perf_counter() - began
        value = loss + objective.penalty_of(found.theta)
        gap += _rounding(wide, loss, value)
        certificate = replace(found.certificate, objective=value, gap=gap, seconds=seconds)
        trace = [{"epoch": 1, "train_loss": loss, "seconds": seconds}]
        return replace(found, certificate=certificate, trace=trace)

    def _solve(self, dataset: Dataset, objective: Objective, statistics: Statistics | None) -> Minimum:
        rows, features = objective.rows.everyone, dataset.features
        is_cholesky = isinstance(self, Cholesky)
        if type(self) is Direct and self.refine and (few := _solve_few(dataset, objective)) is not None:
            return few
        by_sums = goes_by_sums(dataset) if objective.keeps_scores else rows > features
        if is_cholesky or (type(self) is Direct and by_sums):
            statistics = statistics or _gather(dataset, objective)
            with limit_threads(_few(features)):
                normal = factor(statistics, objective.penalty.l2, objective.intercept)
            if normal is not None and normal.condition <= SQUARED:
                found = _solve_by_sums(objective, statistics, normal, self.refine)
                return replace(found, statistics=statistics)
            if is_cholesky or rows * features > FITS or not objective.keeps_scores:
                return replace(_solve_by_spectrum(objective, statistics), statistics=statistics)
        refuse_stream(dataset, "a solution by QR or SVD, or of more columns than rows,")
        if type(self) is Direct and rows < features and rows * features > DIGITS:
            found = _solve_by_dual(dataset, objective)
            if found is not None:
                return found
        with limit_threads(1 if rows * features <= MOST else torch.get_num_threads()):
            return self._solve_by_rows(dataset, objective)

    def _solve_by_rows(self, dataset: Dataset, objective: Objective) -> Minimum:
        """QR or SVD of the stored rows, whose scale is taken into the penalty and the weights."""
        Y, scale = moments.targets(dataset, slice(None)), dataset.scale
        l2, intercept = objective.penalty.l2 / scale**2, objective.intercept
        is_svd = None if type(self) is Direct else isinstance(self, SVD)
        found = least_squares(dataset.X, Y, dataset.weights, l2, intercept, is_svd=is_svd, refine=self.refine)
        _warn(found, dataset.columns, len(dataset) > dataset.features)
        theta, gradient = found.theta.clone(), found.gradient.clone()
        theta[:, :-1] /= scale
        gradient[:, :-1] *= scale
        loss = _look_at_rows(objective, theta)[1]
        return _minimum(
            theta, loss, gradient, found.gap, "svd" if found.is_svd else "qr", rounds=found.rounds,
            passes=found.rounds + 4, is_settled=found.is_settled,
        )  # fmt: skip


class QR(Direct):
    """QR with pivoted, scaled columns: for rows that fit in memory."""


class SVD(Direct):
    """The singular value decomposition: for more columns than rows, where it gives the shortest weights."""


class Cholesky(Direct):
    """Cholesky's factor of sums gathered in one pass over the data: for many rows and good conditioning."""


def _solve_few(dataset: Dataset, objective: Objective) -> Minimum | None:
    """So few numbers that torch's calls would take longer than their arithmetic; None where it is left."""
    if not objective.keeps_scores or dataset.X.numel() > MOST:
        return None
    scale, X, Y = dataset.scale, dataset.X.double().numpy(), moments.targets(dataset, slice(None)).numpy()
    weights = None if dataset.weights is None else dataset.weights.double().numpy()
    found = solve_squares(X, Y, weights, objective.penalty.l2 / scale**2, intercept=objective.intercept)
    if found is None:
        return None
    (gradient, gap), theta = found.prove(), torch.from_numpy(found.theta)
    theta[:, :-1] /= scale
    gradient[:, :-1] *= scale
    loss = _look_at_rows(objective, theta)[1]
    return _minimum(
        theta, loss, torch.from_numpy(gradient), gap, "cholesky", rounds=found.rounds, passes=found.rounds + 4
    )


def _minimum(
    theta: Tensor,
    loss: float,
    gradient: Tensor,
    gap: float,
    method: str,
    *,
    rounds: int = 0,
    passes: float,
    bound: str = "curvature",
    is_settled: bool = True,
) -> Minimum:
    """A solution whose certificate lacks the penalty, the rounding and the time."""
    certificate = Certificate(loss, float(gradient.norm()), gap, rounds, passes, 0.0, bound, gap)
    return Minimum(theta, Status(EXACT) if is_settled else Status(STALLED, ADVICE), certificate, [], method)


def goes_by_sums(dataset: Dataset) -> bool:
    """Whether sums over the rows are gathered first where no method was named."""
    rows, features = dataset.X.shape
    return rows > features and (rows * features > MOST or dataset.is_streamed)


def _few(features: int) -> int:
    """The threads that matrices of so many features pay for."""
    return 1 if features <= NARROW else torch.get_num_threads()


def _solve_by_sums(objective: Objective, statistics: Statistics, normal: Normal, refine: bool) -> Minimum:
    """Cholesky's solution, corrected by residuals: of exact sums in double-double, else of the rows."""

    def gradient(theta: Tensor) -> Tensor:
        if not statistics.is_exact:
            return _look_at_rows(objective, theta)[0]
        with limit_threads(_few(statistics.features)):
            return objective.free_(statistics.gradient(theta, objective.penalty.l2))

    theta, rounds = normal.start(), 0
    if refine:
        theta, rounds = normal.refine(theta, gradient)
    final, loss = gradient(theta), float(statistics.loss(theta))
    passes = 0.5 + (0 if statistics.is_exact else rounds + 1)
    if not loss > CANCELS * float(statistics.sums.yy.sum()) / statistics.weight:
        loss, passes = _look_at_rows(objective, theta)[1], passes + 1
    return _minimum(theta, loss, final, normal.gap(final), "cholesky", rounds=rounds, passes=passes)


def _solve_by_dual(dataset: Dataset, objective: Objective) -> Minimum | None:
    """The optimum by the products of rows with each other; None where it is left to the SVD."""
    X, Y = dataset.X.double().cpu() * dataset.scale, moments.targets(dataset, slice(None)).cpu()
    weights = None if dataset.weights is None else dataset.weights.double().cpu().numpy()
    l2, intercept = objective.penalty.l2, objective.intercept
    found = solve_dual(X.numpy(), Y.numpy(), weights, l2=l2, intercept=intercept)
    if found is None:
        return None
    theta = torch.from_numpy(found.theta)
    gradient, loss = _look_at_rows(objective, theta)
    passes = 3.5 + found.rounds
    if not l2:  # ½ gᵀH⁺g is the whole loss where rows are independent
        return _minimum(theta, loss, gradient, loss, "dual", rounds=found.rounds, passes=passes)
    bias = gradient[:, -1:]  # the curvature of a bias is 1
    slope = gradient[:, :-1] - bias * torch.from_numpy(found.means)
    gap = float(bias.square().sum()) / 2 + float((slope / (2 * l2) ** 0.5).square().sum())
    bound = "strong convexity"
    return _minimum(theta, loss, gradient, gap, "dual", rounds=found.rounds, passes=passes, bound=bound)


def _solve_by_spectrum(objective: Objective, statistics: Statistics) -> Minimum:
    """The solution of ill-conditioned columns by sums alone; `normal.solve` warns."""
    l2, intercept = objective.penalty.l2, objective.intercept
    theta = solve(statistics, l2, intercept)
    gradient, loss = _look_at_rows(objective, theta)
    gap, bound = float("inf"), ""
    if l2 and not intercept:
        gap, bound = float(gradient.square().sum()) / (2 * l2), "strong convexity"
    return _minimum(theta, loss, gradient, gap, "cholesky", passes=1.5, bound=bound, is_settled=False)


def _warn(found: LeastSquares, names: Sequence[str], is_tall: bool) -> None:
    features = found.theta.shape[1] - 1
    if found.collinear or (is_tall and found.rank < features):
        what = describe(found.collinear, names) or f"{features} columns have rank {found.rank}"
        warn(
            f"{what}: of all best fits this is the one with the shortest weights; leave columns out or give "
            "an l2 to choose another",
            CollinearWarning,
        )
    if not found.is_settled:
        warn(f"the condition number is about {found.condition:.1g}: {ADVICE}", PrecisionWarning)


def _look_at_rows(objective: Objective, theta: Tensor) -> tuple[Tensor, float]:
    """The gradient, (K, D + 1), and the mean loss at a model, from the rows in float64."""
    point = objective.point(theta.to(objective.rows.y.device))
    return point.gradient.cpu(), point.loss


def _gather(dataset: Dataset, objective: Objective) -> Statistics:
    """The sums over all rows, which several processes may share."""
    rows = objective.rows
    return (
        Statistics.of_all(dataset, rows.processes) if isinstance(rows, PassRows) else Statistics.of(dataset)
    )


def _rounding(objective: Objective, loss: float, value: float) -> float:
    """The rounding error of the objective: residuals are differences of numbers as large as y.

    With r = ŷ − y that is units in the last place of Σ ω |r| |y|, by Cauchy and Schwarz, and of Σ ω y².
    """
    square, rows = torch.ones(1, dtype=torch.float64), objective.rows
    if rows.y.is_floating_point():
        square = sum((y.square().sum() for y, _ in rows.targets()), torch.zeros(1, dtype=torch.float64))
        square = rows.join(square)[0] / rows.everyone
    return UNIT * (value + (2 * loss * float(square)) ** 0.5 + UNIT * float(square))
