"""The table of estimates: standard errors, tests against 0 and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from torch import Tensor

from linnet.inference.remarks import Undefined
from linnet.inference.result import Spread

if TYPE_CHECKING:
    import pandas as pd


class Estimated(Protocol):
    """One model with its errors: parameters (J, D + 1), their spread, and why figures are not defined.

    `freedom` is of Student's t, infinite for the normal distribution; `reasons` are of parameters without
    standard errors, by output and column; `general` is of the tests and intervals of all.
    """

    @property
    def gamma(self) -> Tensor: ...  # noqa: D102
    @property
    def spread(self) -> Spread: ...  # noqa: D102
    @property
    def freedom(self) -> float: ...  # noqa: D102
    @property
    def reasons(self) -> Mapping[tuple[int, int], Undefined]: ...  # noqa: D102
    @property
    def general(self) -> Undefined | None: ...  # noqa: D102


def table_of(
    models: Sequence[Estimated], columns: Sequence[tuple[str, int]], level: float, l2: float
) -> pd.DataFrame:
    """A row a parameter.

    Args:
        models: in order.
        columns: names and columns of the parameters.
        level: of the intervals.
        l2: with one there are no tests.
    """
    import pandas as pd

    index = [column for _, column in columns]
    parts = []
    for model in models:
        for j, output in enumerate(model.spread.outputs):
            estimate = model.gamma[j, index].numpy()
            error = model.spread.variances(j)[index].clamp_min(0).sqrt().numpy()
            reasons = [model.reasons.get((j, column), model.general) for column in index]
            is_known = np.array([why is None for why in reasons], dtype=bool)
            statistic, p = _tests(estimate, error, model.freedom, bool(l2))
            reach = quantile((1 + level) / 2, model.freedom) * error
            values = {
                "output": output, "feature": [name for name, _ in columns], "estimate": estimate,
                "standard_error": error, "statistic": np.where(is_known, statistic, np.nan),
                "p": np.where(is_known, p, np.nan), "low": np.where(is_known, estimate - reach, np.nan),
                "high": np.where(is_known, estimate + reach, np.nan),
                "note": [why.name if why else "" for why in reasons],
                "reason": [str(why) if why else "" for why in reasons],
            }  # fmt: skip
            parts.append(pd.DataFrame(values))
    return pd.concat(parts, ignore_index=True)


def quantile(share: float, freedom: float) -> float:
    """Student's, or the normal distribution's for infinite degrees of freedom; NaN for none."""
    from scipy import special

    if freedom == float("inf"):
        return float(special.ndtri(share))
    return float(special.stdtrit(freedom, share)) if freedom > 0 else float("nan")


def _tests(
    estimate: np.ndarray, error: np.ndarray, freedom: float, is_shrunk: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Estimates over standard errors, and two-sided p-values."""
    from scipy import special

    if is_shrunk:
        return np.full_like(estimate, np.nan), np.full_like(estimate, np.nan)
    with np.errstate(all="ignore"):
        statistic = estimate / error
    tail = -np.abs(statistic)
    p = special.ndtr(tail) if freedom == float("inf") else special.stdtr(freedom, tail)
    return statistic, 2 * p
