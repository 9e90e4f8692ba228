"""`cross_validate`: held-out losses of many penalties on many folds, from sums over rows alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from linnet.device import limit_threads
from linnet.errors import UsageError
from linnet.solvers.least_squares.normal import Spectrum
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.least_squares.tridiagonal import Judge
from linnet.solvers.problem.hessian import TOO_LARGE


def cross_validate(
    trained: Sequence[Statistics], judging: Sequence[Statistics], l2s: Sequence[float], intercept: bool = True
) -> Tensor:
    """Every penalty on every fold, at the cost of one tridiagonal form a fold and without a model.

    Args:
        trained: the statistics of the rows that each of F folds trains on.
        judging: of the rows that each is judged by.
        l2s: the penalties, P.
        intercept: whether there is a bias.

    Returns:
        The mean losses ½ Σ_k (ŷ_k − y_k)² on the rows that judge, (P, F), float64.

    Raises:
        UsageError: a penalty that cannot be, or features too large to be squared.
    """
    if not l2s or not all(math.isfinite(l2) and l2 >= 0 for l2 in l2s):
        raise UsageError(f"penalties must be finite numbers of at least 0, one or more, got {list(l2s)}")
    folds = list(zip(trained, judging, strict=True))
    # A core takes whole decompositions: two share one badly. scipy's LAPACK has threads of its own.
    shares = min(torch.get_num_threads(), len(folds))
    alone = limit_threads(1), threadpool_limits(1, "blas")
    with alone[0], alone[1], ThreadPoolExecutor(shares, "linnet-folds") as pool:
        ready = [pool.submit(Judge.of, rows, kept, min(l2s), intercept) for rows, kept in folds]
        # Then penalties in pieces, so that no core is without work while the last fold is judged.
        waiting = [_submit(pool, judge.result(), l2s) for judge in ready]
        found = [_join(pieces) for pieces in waiting]
        losses = [
            Spectrum.of(rows, intercept).losses(kept, l2s) if one is None else one
            for (rows, kept), one in zip(folds, found, strict=True)
        ]
    table = torch.stack(losses, 1)
    if not bool(table.isfinite().all()):
        raise UsageError(TOO_LARGE)
    return table


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
