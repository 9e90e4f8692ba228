"""`Inference`: a table of estimates with standard errors, tests and intervals, goodness of fit, and notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from linnet.errors import UsageError
from linnet.inference.covariance import Covariance
from linnet.inference.goodness import Goodness, Test
from linnet.inference.notes import Done
from linnet.inference.remarks import Remark
from linnet.inference.summary_text import fit_lines, note_lines, table_lines

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Inference:
    """Estimates with their errors. `print` shows them.

    Args:
        table: a row a parameter: output, feature, estimate, standard_error, statistic (t of a regression, z
            of classes), p, low, high, note (why a figure of it is not defined, in a word or two; empty where
            all are) and reason (the same in a sentence). Figures that are not defined are NaN; an estimate
            may be infinite.
        goodness: how well each model fits; for most problems there is one.
        kind: "regression", "softmax" or "logistic".
        title: what was fitted.
        how: standard errors were got, and intervals.
        level: of the intervals.
        reference: the class that softmax's estimates are differences to; None elsewhere.
        l2: that estimates were shrunk by.
        bags: how many bootstraps count; 0 for none.
        weight_kind: what row weights were taken for; empty without weights.
        remarks: what must be known to read the table.
    """

    table: pd.DataFrame
    goodness: tuple[Goodness, ...]
    kind: str
    title: str
    how: Remark
    level: float
    reference: str | None
    l2: float
    bags: int
    weight_kind: str
    remarks: tuple[Remark, ...]
    _covariances: tuple[Covariance, ...]
    _features: tuple[tuple[str, int], ...]

    def covariance(self, output: str | None = None) -> pd.DataFrame:
        """The covariance of the estimates of one output.

        Args:
            output: which; may be left out where there is one.

        Raises:
            UsageError: no such output, or several and none was named.
        """
        import pandas as pd

        names = [name for covariance in self._covariances for name in covariance.outputs]
        if output is None and len(names) == 1:
            output = names[0]
        if output not in names:
            raise UsageError(f"expected one of the outputs {', '.join(names)}, got {output!r}")
        covariance = next(covariance for covariance in self._covariances if output in covariance.outputs)
        columns = [column for _, column in self._features]
        values = covariance.block(covariance.outputs.index(output))[columns][:, columns].numpy()
        labels = [name for name, _ in self._features]
        return pd.DataFrame(values, labels, labels)

    @property
    def method(self) -> str:
        """How standard errors were got, in words."""
        return str(self.how)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known to read the table."""
        return tuple(map(str, self.remarks))

    @property
    def fit(self) -> Goodness:
        """How well the only model fits.

        Raises:
            UsageError: there are several.
        """
        fit, *others = self.goodness
        if others:
            raise UsageError(
                f"there are {len(self.goodness)} models, one for each output: take .goodness, a tuple of them"
            )
        return fit

    def summary(self) -> dict[str, Any]:
        """Everything as plain JSON values, None where a figure is not defined, with a reason beside it."""
        return {
            "kind": self.kind, "title": self.title, "covariance": self.method,
            "how": self.how.as_dict(), "level": self.level,
            "reference": self.reference, "l2": self.l2, "bags": self.bags,
            "weight_kind": self.weight_kind or None,
            "notes": list(self.notes),
            "remarks": [each.as_dict() for each in self.remarks],
            "goodness": [
                {each.name: _plain(getattr(fit, each.name)) for each in fields(fit)}
                for fit in self.goodness
            ],
            "table": [{k: _plain(v) for k, v in row.items()} for row in self.table.to_dict("records")],
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [self.title, self.method, ""]
        letter = None if self.l2 else "t" if self.kind == "regression" else "z"
        for fit in self.goodness:
            for output in fit.outputs:
                name = output if self.reference is None else f"{output} against {self.reference}"
                rows = self.table.query("output == @output").to_dict("records")
                lines += [name, *table_lines(rows, letter)]
            lines += [*fit_lines(fit), ""]
        return "\n".join([*lines, *note_lines(self.notes)]).rstrip()


def _plain(value: Any) -> Any:
    if isinstance(value, Test):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value


def tabulate(
    models: Sequence[Done], columns: Sequence[tuple[str, int]], level: float, l2: float
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
        for j, output in enumerate(model.covariance.outputs):
            estimate = model.gamma[j, index].numpy()
            error = model.covariance.variances(j)[index].clamp_min(0).sqrt().numpy()
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
