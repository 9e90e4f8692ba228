"""Goodness of fit: likelihoods, R² and the tests of all features, and whether there is an error to judge by.

Numbers that are stored have rounding, so residuals of an exact fit are not 0: they are rounding, and tests
made of them are noise. Responses that never change and exact fits are told by their own bounds, what the
rounding of targets and features comes to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.inference.likelihood.basis import Basis
from linnet.inference.likelihood.families import Classes, Normal
from linnet.inference.likelihood.newton_polish import Fitted
from linnet.inference.remarks import (
    CONSTANT,
    EXACT,
    NO_FEATURES,
    ONE_CLASS,
    SAMPLED,
    SATURATED,
    SHRUNK,
    Undefined,
)
from linnet.inference.result import CENTRED, UNCENTRED, Goodness, Test
from linnet.inference.weighting import PRECISION, Weighting

ROUNDINGS = 4.0
"""Roundings of a sum of D + 1 terms add up to about this times √(D + 1), in the mean of squares."""


SMALLEST, LARGEST = 1e-140, 1e140
"""Targets whose squares, and those of residuals far smaller, are float64 numbers."""

TESTS = ("likelihood_ratio", "f_test")
LIKELIHOODS = ("log_likelihood", "likelihood_ratio", "aic", "bic")


@dataclass(frozen=True, eq=False)
class Problem:
    """What a model was fitted to.

    Args:
        dataset: its rows, with the weights that count.
        basis: their columns.
        weighting: what the weights mean.
        l2: the penalty.
    """

    dataset: Dataset
    basis: Basis
    weighting: Weighting
    l2: float

    @property
    def rows(self) -> float:
        """How many count: of frequencies their sum."""
        return float(self.basis.w.sum()) if self.weighting.is_counted else float(len(self.basis.w))


def of_classes(outputs: tuple[str, ...], of: Problem, fitted: Fitted, parameters: float) -> Goodness:
    """Of classes against a reference.

    Args:
        outputs: their names.
        of: the rows.
        fitted: the optimum, or that of the limit.
        parameters: how many, or effectively so.
    """
    likelihood, w = fitted.likelihood, of.basis.w
    assert isinstance(likelihood, Classes), "a model of classes"
    has_constant = spans_constant(of.dataset, of.basis)
    rows, log = of.rows, likelihood.log(fitted.scores, w)
    null = likelihood.null(w, has_constant)
    count = parameters - len(outputs) * has_constant
    is_one_class = not null
    is_short = rows < parameters and not of.l2  # as of frequencies that are none
    lacking = _lacking(of, count, ONE_CLASS if is_one_class else SATURATED if is_short else None)
    if is_one_class:
        lacking["mcfadden_r2"] = ONE_CLASS
    if is_short or is_one_class:
        lacking |= dict.fromkeys(("aic", "bic"), ONE_CLASS if is_one_class else SATURATED)
    figures = {
        "likelihood_ratio": _ratio(log, null, count), "aic": 2 * parameters - 2 * log,
        "bic": math.log(rows) * parameters - 2 * log, "mcfadden_r2": 1 - log / null if null else math.nan,
    }  # fmt: skip
    lacking.pop("f_test", None)
    return Goodness(
        outputs, rows, parameters, rows - parameters, log, null, **_known(figures, lacking),
        undefined={name: str(why) for name, why in lacking.items()},
    )  # fmt: skip


def of_regression(
    outputs: tuple[str, ...], of: Problem, fitted: Fitted, parameters: float, k: int
) -> Goodness:
    """Of target k of a regression, the rest as in `of_classes`."""
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
    extra = float(of.basis.w.log().sum()) / 2 if of.weighting.kind == PRECISION else 0.0
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


def check_squares(dataset: Dataset) -> None:
    """Refuse targets whose squares float64 cannot hold.

    Raises:
        UsageError: they are too large or too small.
    """
    for size in dataset.y.double().abs().amax(0).tolist():
        if size and not SMALLEST <= size <= LARGEST:
            raise UsageError(
                f"{dataset.target or 'the target'} has values up to {size:.3g}, whose squares are no float64 "
                f"numbers: give it in another unit, so that they lie within {SMALLEST:g}…{LARGEST:g}"
            )


def unit(values: Tensor) -> float:
    """The largest relative error of rounding to a tensor's dtype: 2⁻⁵³ for float64, as for whole numbers."""
    return torch.finfo(values.dtype).eps / 2 if values.is_floating_point() else 2.0**-53


def rounding_of(dataset: Dataset, basis: Basis, gamma: Tensor, k: int) -> float:
    """The weighted sum of squares that rounding alone may leave of target k.

    Args:
        dataset: the rows.
        basis: which of them count, and how much.
        gamma: weights and the bias, (D + 1,), float64.
        k: which target.
    """
    terms = _terms(dataset, basis, gamma, k)
    return ROUNDINGS**2 * (dataset.features + 1) * float(terms.square() @ basis.w)


def _terms(dataset: Dataset, basis: Basis, gamma: Tensor, k: int) -> Tensor:
    """The rounding of each row's target and of the terms of its prediction, (N,)."""
    y = dataset.y[:, k].cpu().double()[basis.kept].abs()
    X = dataset.X.cpu()[basis.kept].double().abs() * abs(dataset.scale)
    terms = X @ gamma[:-1].abs() + gamma[-1].abs()
    return unit(dataset.y) * y + max(unit(dataset.X), unit(dataset.y)) * terms


def is_constant(dataset: Dataset, basis: Basis, k: int) -> bool:
    """Whether target k is one number, up to rounding, in all rows that count."""
    return bool(never_changes(dataset.y[:, k : k + 1].cpu()[basis.kept].numpy()))


def never_changes(y: NDArray[Any]) -> NDArray[np.bool_]:
    """Which targets (N, K) are one number, up to rounding, in all rows, (K,)."""
    unit = np.finfo(y.dtype).eps / 2 if np.issubdtype(y.dtype, np.floating) else 2.0**-53
    size = np.abs(y.astype(np.float64)).max(0)
    return np.ptp(y, 0) <= 2 * ROUNDINGS * unit * size


def spans_constant(dataset: Dataset, basis: Basis) -> bool:
    """Whether some combination of the columns is 1 in all rows, so that the model has a bias of a kind."""
    if basis.intercept:
        return True
    one = basis.w.sqrt()
    Q = torch.linalg.qr(one[:, None] * basis.Z)[0]
    rest = one - Q @ (Q.T @ one)
    return float(rest.norm()) <= 32 * math.sqrt(dataset.features) * unit(dataset.X) * float(one.norm())
