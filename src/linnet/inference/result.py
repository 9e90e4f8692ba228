"""What `infer` gives: a table of estimates with errors, how well the model fits, and a summary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from torch import Tensor

from linnet.errors import UsageError
from linnet.inference.remarks import Remark

if TYPE_CHECKING:
    import pandas as pd


CENTRED, UNCENTRED = "centred", "uncentred"


class Test(NamedTuple):
    """A statistic, its degrees of freedom and the p-value."""

    __test__ = False  # pytest takes what is called Test for tests

    statistic: float
    degrees_of_freedom: tuple[float, ...]
    p: float


@dataclass(frozen=True)
class Goodness:
    """How well one model fits. A regression has one for each target, one-vs-rest logistic one for each class.

    Args:
        outputs: whose parameters it has.
        rows: how many count, or the sum of their weights where these are frequencies.
        parameters: how many there are; effective ones where they are shrunk.
        degrees_of_freedom: rows − parameters.
        log_likelihood: at the estimates; a regression's error is normal with the likeliest variance.
        null_log_likelihood: of the bias alone; without one, of scores that are 0.
        likelihood_ratio: the test of all features against that.
        aic: 2·parameters − 2·log_likelihood; a regression's variance is not counted.
        bic: as aic, with log(rows) for 2.
        mcfadden_r2: 1 − log_likelihood / null_log_likelihood; None for a regression.
        r2: 1 − squared residuals / squared deviations, about the mean or about 0, see r2_kind; None for
            classes.
        adjusted_r2: the same of mean squares; None for classes.
        sigma2: squared residuals / degrees_of_freedom; None for classes.
        f_test: of all features, if errors have one variance; None for classes.
        r2_kind: "centred" about the mean where the model has a bias or its columns span the constant, else
            "uncentred" about 0; empty for classes.
        undefined: of each figure that is not defined, NaN or None then, the reason.
    """

    outputs: tuple[str, ...]
    rows: float
    parameters: float
    degrees_of_freedom: float
    log_likelihood: float
    null_log_likelihood: float
    likelihood_ratio: Test | None = None
    aic: float = math.nan
    bic: float = math.nan
    mcfadden_r2: float | None = None
    r2: float | None = None
    adjusted_r2: float | None = None
    sigma2: float | None = None
    f_test: Test | None = None
    r2_kind: str = ""
    undefined: Mapping[str, str] = field(default_factory=dict)

    def why_not(self, figure: str) -> str:
        """In a word or two why a figure is not defined; empty where it is, or has no place here."""
        return self.undefined.get(figure, "").partition(":")[0]


@dataclass(frozen=True, eq=False)
class Spread:
    """The covariance of one model's estimates, T V Tᵀ for each pair of outputs.

    Args:
        V: (J·r, J·r).
        T: (D + 1, r), the bias last.
        outputs: J names.
        known: which parameters are determined, (J, D + 1).
    """

    V: Tensor
    T: Tensor
    outputs: tuple[str, ...]
    known: Tensor

    def block(self, j: int) -> Tensor:
        """The covariance of the parameters of output j, (D + 1, D + 1), NaN where they are not determined."""
        r = self.T.shape[1]
        block = self.T @ self.V[j * r : (j + 1) * r, j * r : (j + 1) * r] @ self.T.T
        return block.masked_fill(~(self.known[j][:, None] & self.known[j]), math.nan)

    def variances(self, j: int) -> Tensor:
        """The diagonal of `block`, (D + 1,)."""
        r = self.T.shape[1]
        values = ((self.T @ self.V[j * r : (j + 1) * r, j * r : (j + 1) * r]) * self.T).sum(1)
        return values.masked_fill(~self.known[j], math.nan)


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
    _spreads: tuple[Spread, ...]
    _features: tuple[tuple[str, int], ...]

    def covariance(self, output: str | None = None) -> pd.DataFrame:
        """The covariance of the estimates of one output.

        Args:
            output: which; may be left out where there is one.

        Raises:
            UsageError: no such output, or several and none was named.
        """
        import pandas as pd

        names = [name for spread in self._spreads for name in spread.outputs]
        if output is None and len(names) == 1:
            output = names[0]
        if output not in names:
            raise UsageError(f"expected one of the outputs {', '.join(names)}, got {output!r}")
        spread = next(spread for spread in self._spreads if output in spread.outputs)
        columns = [column for _, column in self._features]
        values = spread.block(spread.outputs.index(output))[columns][:, columns].numpy()
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
    def _one(self) -> Goodness:
        fit, *others = self.goodness
        if others:
            raise UsageError(
                f"there are {len(self.goodness)} models, one for each output: take .goodness, a tuple of them"
            )
        return fit

    @property
    def degrees_of_freedom(self) -> float:
        """See `Goodness`; as the rest, of the only model."""
        return self._one.degrees_of_freedom

    @property
    def log_likelihood(self) -> float:
        """See `Goodness`."""
        return self._one.log_likelihood

    @property
    def null_log_likelihood(self) -> float:
        """See `Goodness`."""
        return self._one.null_log_likelihood

    @property
    def likelihood_ratio(self) -> Test | None:
        """See `Goodness`."""
        return self._one.likelihood_ratio

    @property
    def aic(self) -> float:
        """See `Goodness`."""
        return self._one.aic

    @property
    def bic(self) -> float:
        """See `Goodness`."""
        return self._one.bic

    @property
    def mcfadden_r2(self) -> float | None:
        """See `Goodness`."""
        return self._one.mcfadden_r2

    @property
    def r2(self) -> float | None:
        """See `Goodness`."""
        return self._one.r2

    @property
    def adjusted_r2(self) -> float | None:
        """See `Goodness`."""
        return self._one.adjusted_r2

    @property
    def sigma2(self) -> float | None:
        """See `Goodness`."""
        return self._one.sigma2

    @property
    def f_test(self) -> Test | None:
        """See `Goodness`."""
        return self._one.f_test

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
        from linnet.inference.summary_text import text

        return text(self)


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
