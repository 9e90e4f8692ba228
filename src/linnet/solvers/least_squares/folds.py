"""Cross-validation without refitting: folds and single rows left out, from sums over rows alone."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.data.split import split_folds
from linnet.device import limit_threads
from linnet.errors import CollinearWarning, UsageError
from linnet.solvers.least_squares import moments
from linnet.solvers.least_squares.normal import Spectrum, solve
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.least_squares.tridiagonal import Judge
from linnet.solvers.problem.hessian import TOO_LARGE


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """The held-out losses of penalties.

    Args:
        l2s: the penalties, P.
        losses: mean squared-error losses ½ Σ_k (ŷ_k − y_k)² on the rows left out, (P, F), float64.
        whole: the statistics of all rows.
    """

    l2s: tuple[float, ...]
    losses: Tensor
    whole: Statistics

    @property
    def means(self) -> Tensor:
        """The mean loss of each penalty over the folds, (P,)."""
        return self.losses.mean(1)

    @property
    def errors(self) -> Tensor:
        """The standard errors of the means, (P,)."""
        return self.losses.std(1) / self.losses.shape[1] ** 0.5

    @property
    def best(self) -> float:
        """The penalty of the least mean loss, the larger of equals."""
        order = sorted(zip(self.means.tolist(), (-l2 for l2 in self.l2s), strict=True))
        return -order[0][1]


def fold_statistics(dataset: Dataset, folds: int, seed: int = 0) -> list[Statistics]:
    """The statistics of each fold's own rows, in one pass; the folds are those of a sweep.

    Args:
        dataset: rows.
        folds: F.
        seed: of the folds.

    Raises:
        UsageError: fewer than two folds, or fewer rows than folds.
    """
    parts = split_folds(dataset, folds, seed)
    first = Statistics.of(dataset, parts[0].validation)
    return [first, *(Statistics.of(dataset, part.validation, first) for part in parts[1:])]


def cross_validate(
    parts: Sequence[Statistics], l2s: Sequence[float], intercept: bool = True
) -> CrossValidation:
    """Every penalty on every fold, at the cost of one tridiagonal form a fold.

    Args:
        parts: the statistics of each fold's own rows.
        l2s: the penalties.
        intercept: whether there is a bias.

    Raises:
        UsageError: fewer than two folds, a fold of no weight, a penalty that cannot be, or features too
            large to be squared.
    """
    if not l2s or not all(math.isfinite(l2) and l2 >= 0 for l2 in l2s):
        raise UsageError(f"penalties must be finite numbers of at least 0, one or more, got {list(l2s)}")
    if len(parts) < 2 or not all(part.weight > 0 for part in parts):
        raise UsageError("cross-validation needs at least two folds, each with rows of positive weight")
    whole = reduce(add, parts)
    # A core takes whole decompositions: two share one badly. scipy's LAPACK has threads of its own.
    shares = min(torch.get_num_threads(), len(parts))
    alone = limit_threads(1), threadpool_limits(1, "blas")
    with alone[0], alone[1], ThreadPoolExecutor(shares, "linnet-folds") as pool:
        ready = [pool.submit(Judge.of, whole - part, part, min(l2s), intercept) for part in parts]
        # Then penalties in pieces, so that no core is without work while the last fold is judged.
        waiting = [_submit(pool, judge.result(), l2s) for judge in ready]
        found = [_join(pieces) for pieces in waiting]
        losses = [
            Spectrum.of(whole - part, intercept).losses(part, l2s) if one is None else one
            for part, one in zip(parts, found, strict=True)
        ]
    table = torch.stack(losses, 1)
    if not bool(table.isfinite().all()):
        raise UsageError(TOO_LARGE)
    return CrossValidation(tuple(l2s), table, whole)


def _submit(
    pool: ThreadPoolExecutor, judge: Judge | None, l2s: Sequence[float]
) -> list[Future[Tensor | None]]:
    """The losses of a fold in two pieces; none where the fold has no tridiagonal form."""
    if judge is None:
        return []
    cut = (len(l2s) + 1) // 2
    return [pool.submit(judge.losses, piece) for piece in (l2s[:cut], l2s[cut:]) if len(piece)]


def _join(pieces: list[Future[Tensor | None]]) -> Tensor | None:
    """The losses of all pieces, (P,), or None where one has none."""
    found = [losses for piece in pieces if (losses := piece.result()) is not None]
    return torch.cat(found) if found and len(found) == len(pieces) else None


def leave_one_out(
    statistics: Statistics, dataset: Dataset, l2: float = 0.0, intercept: bool = True
) -> Tensor:
    """Leave-one-out residuals, (N, K): each target less the prediction of a model trained without its row.

    y − ŷ without the row is (y − ŷ)/(1 − h), h being its leverage (Hastie, Tibshirani and Friedman, 7.10).
    The penalty keeps its weight against the sum of the losses: without row i, l2 is l2 Σw / (Σw − w_i). Where
    h is 1, which is a row that nothing else determines, the result is NaN.

    Args:
        statistics: of the data set.
        dataset: the rows.
        l2: the penalty.
        intercept: whether there is a bias.

    Raises:
        ShapeError: the data set has other features, outputs or scale.
    """
    statistics.check(dataset.features, dataset.outputs, dataset.scale)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollinearWarning)  # the predictions are what counts here
        theta = solve(statistics, l2, intercept)  # (K, D + 1)
    root, mean = _root(statistics, l2, intercept)
    base = 1 / statistics.weight if intercept else 0.0
    out = torch.empty(len(dataset), dataset.outputs, dtype=torch.float64)
    for rows in moments.blocks(dataset):
        X = dataset.X[rows].double().cpu() * dataset.scale  # (B, D)
        weights = 1.0 if dataset.weights is None else dataset.weights[rows].double().cpu()
        leverage = weights * (base + ((X - mean) @ root).square().sum(1) / statistics.weight)
        left = moments.targets(dataset, rows).cpu() - X @ theta[:, :-1].T - theta[:, -1]
        out[rows] = left / torch.where(1 - leverage > 1e-12, 1 - leverage, torch.nan)[:, None]
    return out


def _root(statistics: Statistics, l2: float, intercept: bool) -> tuple[Tensor, Tensor]:
    """R with R Rᵀ the (pseudo-)inverse of the second moments with the penalty, (D, r), and the mean (D,)."""
    spectrum = Spectrum.of(statistics, intercept)
    total = spectrum.values + l2
    kept = total > spectrum.floor
    return spectrum.V[:, kept] / total[kept].sqrt(), spectrum.about.mean
