"""The penalties of a path: as they were given, or spread from the largest that is worth trying."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from linnet.core.penalties import Penalty, read_penalties
from linnet.errors import UsageError
from linnet.solvers.certificate.duality import move_bias
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.standard import standardise

REACH = 1e-3
"""The smallest L1 penalty, as a share of the largest, where only their number is given."""

BEYOND = 10.0
"""How far L2 penalties go beyond both ends of these: they leave no weight at 0, and shrink all by degrees."""


def largest_l1(objective: Objective) -> float:
    """The smallest L1 penalty at which all weights are 0: the largest |∂F/∂W| there, at the best bias.

    At W = 0 the scores are the bias alone. The weights stay 0 if and only if no derivative of the mean loss
    is beyond l1 (Friedman, Hastie and Tibshirani, 2010, 2.5).

    Args:
        objective: of a smooth loss; its penalty is not looked at.
    """
    framed = standardise(objective.replace(penalty=Penalty()).with_dtype(torch.float64))
    inner = framed.objective
    slope = framed.gradient(move_bias(inner, inner.point(inner.zeros())).gradient)
    return float(slope[:, :-1].abs().max())


def spread_penalties(given: Sequence[float] | int, objective: Objective, penalty_name: str) -> list[float]:
    """The penalties, the largest first."""
    count = read_penalties(given, f"{penalty_name}s")
    if not isinstance(count, int):
        return sorted(count, reverse=True)
    if count < 2:
        raise UsageError(f"a path has 2 penalties at least, not {count}")
    top = largest_l1(objective) if objective.loss.is_smooth else 1.0
    top = (top or 1.0) * (BEYOND if penalty_name == "l2" else 1.0)
    return np.geomspace(top, top * (REACH / BEYOND**2 if penalty_name == "l2" else REACH), count).tolist()
