"""Goodness of fit: likelihoods, R² and the tests of all features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from linnet.inference.likelihood import Classes, Counts, Normal
from linnet.inference.remarks import (
    CONSTANT,
    EXACT,
    NO_FEATURES,
    ONE_CLASS,
    SAMPLED,
    SATURATED,
    SHRUNK,
    Undefined,
    is_constant,
    rounding_of,
    spans_constant,
)

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.inference.design import Basis, Problem
    from linnet.inference.newton_polish import Fitted

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
        deviance: of counts, twice what the log-likelihood of a mean a row exceeds it by; else None.
        dispersion: Pearson's χ² / degrees_of_freedom of counts, 1 where they are Poisson's; else None.
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
    deviance: float | None = None
    dispersion: float | None = None
    f_test: Test | None = None
    r2_kind: str = ""
    undefined: Mapping[str, str] = field(default_factory=dict)

    def why_not(self, figure: str) -> str:
        """In a word or two why a figure is not defined; empty where it is, or has no place here."""
        return self.undefined.get(figure, "").partition(":")[0]


TESTS = ("likelihood_ratio", "f_test")
LIKELIHOODS = ("log_likelihood", "likelihood_ratio", "aic", "bic")


def goodness_by_likelihood(
    outputs: tuple[str, ...], of: Problem, fitted: Fitted, parameters: float
) -> Goodness:
    """Of classes against a reference, or of counts.

    Args:
        outputs: their names.
        of: the rows.
        fitted: the optimum, or that of the limit.
        parameters: how many, or effectively so.
    """
    likelihood, w = fitted.likelihood, of.basis.w
    assert isinstance(likelihood, Classes | Counts), "a model of classes or counts"
    has_constant = spans_constant(of.dataset, of.basis)
    rows, log = of.rows, likelihood.log(fitted.scores, w)
    null = likelihood.null(w, has_constant)
    count = parameters - len(outputs) * has_constant
    is_one_class = isinstance(likelihood, Classes) and not null
    is_short = rows < parameters and not of.l2  # as of frequencies that are none
    why = ONE_CLASS if is_one_class else SATURATED if is_short else None
    lacking = _lacking(of, count, why)
    lacking |= dict.fromkeys(("aic", "bic"), why) if why else {}
    lacking |= {"mcfadden_r2": ONE_CLASS} if is_one_class else {}
    figures = {
        "likelihood_ratio": _ratio(log, null, count), "aic": 2 * parameters - 2 * log,
        "bic": math.log(rows) * parameters - 2 * log, "mcfadden_r2": 1 - log / null if null else math.nan,
    }  # fmt: skip
    lacking.pop("f_test", None)
    if isinstance(likelihood, Counts):
        left = rows - parameters
        figures["deviance"] = likelihood.deviance(fitted.scores, w)
        figures["dispersion"] = likelihood.chi_squared(fitted.scores, w) / left if left > 0 else math.nan
        lacking |= {} if left > 0 else {"dispersion": SATURATED}
    return Goodness(
        outputs, rows, parameters, rows - parameters, log, null, **_known(figures, lacking),
        undefined={name: str(why) for name, why in lacking.items()},
    )  # fmt: skip


def goodness_of_regression(
    outputs: tuple[str, ...], of: Problem, fitted: Fitted, parameters: float, k: int
) -> Goodness:
    """Of target k of a regression, the rest as in `goodness_by_likelihood`."""
    basis, y = of.basis, fitted.likelihood.Y[0]
    w, rows = basis.w, of.rows
    has_constant = spans_constant(of.dataset, basis)
    squares = float((residual(y, fitted.scores[0], basis, of.l2).square() * w).sum())
    is_still = bool(has_constant and is_constant(of.dataset, basis, k)) or not bool(y.any())
    is_exact = is_still or squares <= rounding_of(of.dataset, basis, fitted.gamma[0], k)
    squares = 0.0 if is_exact else squares
    centred = y - (w @ y) / rows if has_constant else y
    total = 0.0 if is_still else float((centred.square() * w).sum())
    left, count = rows - parameters, parameters - has_constant
    why = CONSTANT if is_still else SATURATED if left <= 0 else EXACT if is_exact else None
    log, null = _log(squares, of, rows), _log(total, of, rows)
    r2 = 1 - squares / total if total else math.nan
    sigma2 = squares / left if left > 0 else math.nan
    lacking = _lacking(of, count, why)
    lacking |= {name: why for name in LIKELIHOODS if why}
    lacking |= {name: CONSTANT for name in ("r2", "adjusted_r2", "null_log_likelihood") if is_still}
    lacking |= {name: SATURATED for name in ("adjusted_r2", "sigma2") if left <= 0 and not is_still}
    figures = {
        "log_likelihood": log, "null_log_likelihood": null, "likelihood_ratio": _ratio(log, null, count),
        "aic": 2 * parameters - 2 * log, "bic": math.log(rows) * parameters - 2 * log, "r2": r2,
        "adjusted_r2": 1 - (1 - r2) * (rows - has_constant) / left if left > 0 else math.nan,
        "sigma2": sigma2, "f_test": _f(total - squares, count, sigma2, left),
    }  # fmt: skip
    return Goodness(
        outputs, rows, parameters, left, **_known(figures, lacking),
        r2_kind=CENTRED if has_constant else UNCENTRED,
        undefined={name: str(why) for name, why in lacking.items()},
    )  # fmt: skip


def _lacking(of: Problem, count: float, why: Undefined | None) -> dict[str, Undefined]:
    """Why figures are not defined; a test's for one reason, the first that holds."""
    lacking: dict[str, Undefined] = {}
    if of.weighting.is_sampled:
        lacking = dict.fromkeys(("aic", "bic"), SAMPLED)
    reasons = (
        why, SHRUNK if of.l2 else None, NO_FEATURES if count <= 0 else None,
        SAMPLED if of.weighting.is_sampled else None,
    )  # fmt: skip
    first = next((each for each in reasons if each), None)
    return lacking | dict.fromkeys(TESTS, first) if first else lacking


def _known(figures: dict[str, float | Test | None], lacking: dict[str, Undefined]) -> dict:
    """Figures with NaN, or None for a test, where they are not defined."""
    nothing = {name: None if name in TESTS else math.nan for name in lacking}
    return figures | {name: value for name, value in nothing.items() if name in figures}


def residual(y: Tensor, scores: Tensor, basis: Basis, l2: float) -> Tensor:
    """What the model leaves, (N,): orthogonal to all columns where nothing is penalised."""
    import torch

    if l2:
        return y - scores
    root = basis.w.sqrt()
    Q = torch.linalg.qr(root[:, None] * basis.Z)[0]
    left = root * (y - (basis.w @ y) / basis.w.sum() if basis.intercept else y)
    for _ in range(2):  # twice is enough
        left = left - Q @ (Q.T @ left)
    return left / root


def _log(squares: float, of: Problem, rows: float) -> float:
    """The log-likelihood of a sum of squared residuals; NaN for none."""
    if squares <= 0:
        return math.nan
    # A precision w says that the variance is σ²/w, whose density has a factor √w.
    extra = float(of.basis.w.log().sum()) / 2 if of.weighting.is_precise else 0.0
    return Normal.log(squares, rows) + extra


def _ratio(log: float, null: float, count: float) -> Test | None:
    """Twice the difference of log-likelihoods, χ² by Wilks's theorem."""
    from scipy import special

    if count <= 0 or math.isnan(log + null):
        return None
    statistic = max(0.0, 2 * (log - null))
    return Test(statistic, (count,), float(special.chdtrc(count, statistic)))


def _f(explained: float, count: float, sigma2: float, left: float) -> Test | None:
    """The mean square that features explain, over that of the residuals."""
    from scipy import special

    if count <= 0 or not sigma2 > 0:
        return None
    statistic = explained / count / sigma2
    return Test(statistic, (count, left), float(special.fdtrc(count, left, statistic)))
