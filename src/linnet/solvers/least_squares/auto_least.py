"""`solve_least_squares`: a regression's exact optimum, by the method its shape and conditioning ask for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.device import limited_threads
from linnet.errors import CollinearWarning, PrecisionWarning, UsageError, warn
from linnet.model.history import History
from linnet.model.run import Run, card_of
from linnet.solvers.certificate.certify import ROUNDING
from linnet.solvers.least_squares import moments
from linnet.solvers.least_squares.least_squares import (
    QR,
    SVD,
    Cholesky,
    LeastSquares,
    describe,
    least_squares,
)
from linnet.solvers.least_squares.normal import SQUARED, Normal, factored, solve
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.solution import EXACT, STALLED, Certificate, Solution, Status

SMALL = 2**17
"""Numbers in X up to which QR with doubled residuals takes no noticeable time."""

FITS = 2**27
"""Numbers in X up to which copies in float64, 1 GiB each, are in order."""

NARROW = 1024
"""Features up to which a factorisation is too short to share among threads, which wait for each other."""

CANCELS = 1e-6
"""A loss below this share of the targets' mean square is summed from the rows, not from differences."""

Solver = QR | SVD | Cholesky

ADVICE = (
    "columns are collinear but for rounding: leave some out, give an l2, or trust no more digits of the "
    "weights than gradient and gap allow"
)


@dataclass(frozen=True, eq=False)
class _Answer:
    """What a method came to: theta (K, D + 1), the mean loss, the gradient (K, D + 1), and the rest."""

    theta: Tensor
    loss: float
    gradient: Tensor
    gap: float
    bound: str
    name: str
    is_settled: bool
    iterations: int
    passes: float


def solve_least_squares(
    dataset: Dataset,
    penalty: Penalty | None = None,
    solver: Solver | None = None,
    intercept: bool = True,
    names: Sequence[str] | None = None,
    statistics: Statistics | None = None,
) -> Solution:
    """The exact minimum of the weighted mean of ½ Σ_k (ŷ_k − y_k)² and of ½ l2 ‖W‖²; classes are one-hot.

    Without a solver: small data by QR with doubled residuals (by SVD where columns outnumber rows); many
    rows by one pass of sums and Cholesky, corrected by the rows. Where the normal equations' condition
    number is above 10¹² it goes on with QR, if the rows fit in memory.

    Args:
        dataset: rows.
        penalty: l2 only.
        solver: `QR`, `SVD` or `Cholesky`; chosen when None.
        intercept: whether there is a bias; it is 0 otherwise.
        names: of the columns, for warnings; the data set's own when None, else they are numbered from 0.
        statistics: of the rows, where they are known, as of another penalty; else gathered if needed.

    Returns:
        The model in float64, its status, and its certificate.

    Raises:
        UsageError: there is an l1, no row of positive weight, or numbers are NaN or infinite.

    Warns:
        CollinearWarning: columns are collinear; the weights are the shortest of the best.
        PrecisionWarning: so nearly collinear that digits are lost.
    """
    penalty = penalty or Penalty()
    if penalty.l1:
        raise UsageError("least squares takes no l1: solve by coordinate descent or proximal steps")
    if names is not None and len(names) != dataset.features:
        raise UsageError(f"got {len(names)} names for {dataset.features} columns")
    started = time.perf_counter()
    names = names or dataset.columns or None
    answer = _answered(dataset, penalty.l2, solver, intercept, names, statistics)
    return _solution(dataset, penalty, intercept, answer, time.perf_counter() - started)


def goes_by_sums(dataset: Dataset) -> bool:
    """Whether sums over the rows are gathered first where no solver was named."""
    rows, features = dataset.X.shape
    return rows > features and rows * features > SMALL


def _answered(
    dataset: Dataset,
    l2: float,
    solver: Solver | None,
    intercept: bool,
    names: Sequence[str] | None,
    statistics: Statistics | None,
) -> _Answer:
    rows, features = dataset.X.shape
    if isinstance(solver, Cholesky) or (solver is None and goes_by_sums(dataset)):
        refine = solver.refine if isinstance(solver, Cholesky) else True
        statistics = statistics or Statistics.of(dataset)
        with limited_threads(_few(features)):
            normal = factored(statistics, l2, intercept)
        if normal is not None and normal.condition <= SQUARED:
            return _by_sums(dataset, statistics, normal, l2, refine)
        if isinstance(solver, Cholesky) or rows * features > FITS:
            return _by_spectrum(dataset, statistics, l2, intercept)
    with limited_threads(1 if rows * features <= SMALL else torch.get_num_threads()):
        return _by_rows(dataset, l2, solver, intercept, names)


def _few(features: int) -> int:
    """The threads that matrices of so many features pay for."""
    return 1 if features <= NARROW else torch.get_num_threads()


def _by_sums(dataset: Dataset, statistics: Statistics, normal: Normal, l2: float, refine: bool) -> _Answer:
    """Cholesky's solution, corrected by residuals: of exact sums in doubled precision, else of the rows."""

    def gradient(theta: Tensor) -> Tensor:
        if statistics.is_exact:
            with limited_threads(_few(dataset.features)):
                return statistics.gradient(theta, l2)
        return rows_gradient(dataset, theta, l2)[0]

    theta, rounds = normal.start(), 0
    if refine:
        theta, rounds = normal.refined(theta, gradient)
    final = gradient(theta)
    final[:, -1] *= normal.intercept
    loss = float(statistics.loss(theta))
    passes = 0.5 + (0 if statistics.is_exact else rounds + 1)
    if not loss > CANCELS * float(statistics.sums.yy.sum()) / statistics.weight:
        loss, passes = rows_gradient(dataset, theta, l2)[1], passes + 1
    return _Answer(theta, loss, final, normal.gap(final), "curvature", "cholesky", True, rounds, passes)


def _by_spectrum(dataset: Dataset, statistics: Statistics, l2: float, intercept: bool) -> _Answer:
    """What sums alone give for ill-conditioned columns; `solve` warns."""
    theta = solve(statistics, l2, intercept)
    gradient, loss = rows_gradient(dataset, theta, l2)
    gradient[:, -1] *= intercept
    gap = float(gradient.square().sum()) / (2 * l2) if l2 and not intercept else float("inf")
    bound = "strong convexity" if l2 and not intercept else ""
    return _Answer(theta, loss, gradient, gap, bound, "cholesky", False, 0, 1.5)


def _by_rows(
    dataset: Dataset, l2: float, solver: QR | SVD | None, intercept: bool, names: Sequence[str] | None
) -> _Answer:
    """QR or SVD of the stored rows, whose scale is taken into the penalty and the weights."""
    Y, scale = moments.targets(dataset, slice(None)), dataset.scale
    found = least_squares(dataset.X, Y, dataset.weights, l2 / scale**2, intercept, solver)
    _warn(found, names, len(dataset) > dataset.features)
    theta, gradient = found.theta.clone(), found.gradient.clone()
    theta[:, :-1] /= scale
    gradient[:, :-1] *= scale
    loss = rows_gradient(dataset, theta, l2)[1]
    name = "svd" if isinstance(found.method, SVD) else "qr"
    return _Answer(
        theta, loss, gradient, found.gap, "curvature", name, found.is_settled, found.rounds, found.rounds + 4
    )


def _warn(found: LeastSquares, names: Sequence[str] | None, is_tall: bool) -> None:
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


def rows_gradient(dataset: Dataset, theta: Tensor, l2: float) -> tuple[Tensor, float]:
    """The gradient of the mean loss and the penalty, (K, D + 1), and the mean loss, from the rows in float64.

    Args:
        dataset: rows.
        theta: a model, (K, D + 1), float64.
        l2: the penalty.
    """

    def work(parts: Sequence[slice | Tensor]) -> Tensor:
        return _summed(dataset, theta, parts)

    total = sum(moments.shared(work, moments.blocks(dataset), dataset.X.device), torch.zeros(()))
    weight = float(total[0, -1])
    gradient = total[:, :-2] / weight
    gradient[:, :-1] += l2 * theta[:, :-1]
    return gradient, float(total[:, -2].sum()) / weight


def _summed(dataset: Dataset, theta: Tensor, parts: Sequence[slice | Tensor]) -> Tensor:
    """Gradients (K, D + 1), losses and weights (K, 1 each) summed over rows, side by side."""
    device = moments.wide_device(dataset)
    model = theta.to(device)
    W = model[:, :-1] * dataset.scale
    total = torch.zeros(len(theta), theta.shape[1] + 2, dtype=torch.float64, device=device)
    for rows in parts:
        X = moments.reals(dataset.X[rows], device)  # (B, D)
        residual = torch.addmm(model[:, -1:], W, X.T) - moments.targets(dataset, rows).T.to(device)  # (K, B)
        w = torch.ones(len(X), dtype=X.dtype, device=device)
        if dataset.weights is not None:
            w = moments.reals(dataset.weights[rows], device)
        force = residual * w
        total[:, :-3].addmm_(force, X, alpha=dataset.scale)
        total[:, -3] += force.sum(1)
        total[:, -2] += (force * residual).sum(1) / 2
        total[:, -1] += w.sum()
    return total.cpu()


def _solution(
    dataset: Dataset, penalty: Penalty, intercept: bool, answer: _Answer, seconds: float
) -> Solution:
    """The answer as a run with its certificate."""
    bank = Bank(answer.theta)
    card = card_of(dataset, SquaredError())
    status = Status(EXACT) if answer.is_settled else Status(STALLED, ADVICE)
    history = History([{"epoch": 1, "train_loss": answer.loss, "seconds": seconds}])
    asked = {
        "solver": answer.name, "loss": "squared", "l2": penalty.l2, "l1": 0.0, "intercept": intercept,
        "dtype": "float64",
    }  # fmt: skip
    run = Run(bank, history, "completed", card, asked, seconds=seconds, truth=dataset.truth)
    objective = answer.loss + float(penalty.value(bank.W))
    norm = float(answer.gradient.norm())
    gap = answer.gap + _rounding(dataset, answer.loss, objective)
    return Solution(
        run, status,
        Certificate(
            objective, norm, gap, answer.iterations, answer.passes, seconds, answer.bound, answer.gap
        ),
    )  # fmt: skip


def _rounding(dataset: Dataset, loss: float, objective: float) -> float:
    """How much of the objective rounding leaves open: residuals are differences of numbers as large as y.

    With r = ŷ − y that is units in the last place of Σ ω |r| |y|, by Cauchy and Schwarz, and of Σ ω y².
    """
    y = dataset.y.double() if dataset.y.is_floating_point() else torch.ones(1, 1, dtype=torch.float64)
    square = float(y.square().sum(1).mean())
    return ROUNDING * (objective + (2 * loss * square) ** 0.5 + ROUNDING * square)
