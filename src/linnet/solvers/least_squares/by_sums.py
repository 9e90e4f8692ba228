"""`minimise_sums`: the optimum of squared errors by sums alone, whose rows are not at hand."""

from __future__ import annotations

import time

from torch import Tensor

from linnet.core.penalties import Penalty
from linnet.solvers.certificate.duality import UNIT
from linnet.solvers.least_squares.moments import ROWS
from linnet.solvers.least_squares.normal import SQUARED, factor, solve
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.solution import EXACT, STALLED, Certificate, Minimum, Status

DOUBT = "the columns are too nearly collinear for sums alone: solve with the rows, or give a larger l2"


def minimise_sums(statistics: Statistics, penalty: Penalty, *, intercept: bool) -> Minimum:
    """The optimum, with its distance from the objective's least: as near as the sums' own rounding can tell.

    Args:
        statistics: of all rows.
        penalty: L2 alone.
        intercept: whether there is a bias.

    Raises:
        UsageError: there are no rows.

    Warns:
        CollinearWarning, PrecisionWarning: as `normal.solve` does.
    """
    began, l2 = time.perf_counter(), penalty.l2
    normal = factor(statistics, l2, intercept)

    def gradient(theta: Tensor) -> Tensor:
        found = statistics.gradient(theta, l2)
        if not intercept:
            found[:, -1] = 0
        return found

    if normal is not None and normal.condition <= SQUARED:
        theta, rounds = normal.refine(normal.start(), gradient)
        final = gradient(theta)
        gap, status = normal.gap(final), Status(EXACT)
    else:
        theta, rounds, gap, status = solve(statistics, l2, intercept), 0, float("inf"), Status(STALLED, DOUBT)
        final = gradient(theta)
    loss = max(0.0, float(statistics.loss(theta)))
    value = loss + float(penalty.value(theta[:, :-1]))
    gap += _rounding(statistics, theta)
    seconds = time.perf_counter() - began
    certificate = Certificate(value, float(final.norm()), gap, rounds, 0.0, seconds, "curvature", gap)
    trace = [{"epoch": 1, "train_loss": loss, "seconds": seconds}]
    return Minimum(theta, status, certificate, trace, "cholesky", statistics)


def _rounding(statistics: Statistics, theta: Tensor) -> float:
    """The rounding of the loss: of its terms, and of the sums that they are of where these are not exact."""
    s, W = statistics.sums, theta[:, :-1] * statistics.scale
    terms = ((W @ s.xx) * W).sum() + s.yy.sum() + s.weight * (W @ statistics.centre).square().sum()
    steps = 1.0 if statistics.is_exact else s.rows / ROWS + ROWS
    return UNIT * steps * float(terms) / s.weight
