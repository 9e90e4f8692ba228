"""The covariance of estimates over η: from the Hessian, the sandwich, or bootstraps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from linnet.errors import UsageError
from linnet.inference.likelihood import sum_products
from linnet.inference.remarks import FEW_BAGS, LEVERAGE, Remark, Undefined

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.inference.design import Basis, Problem
    from linnet.inference.newton_polish import Fitted

REGRESSION = ("hessian", "sandwich", "bootstrap", "hc0", "hc1", "hc2", "hc3", "cluster")
LEVERAGED = {"hc2": 0.5, "hc3": 1.0}
"""By which power of 1 − h a residual is divided, h being its row's leverage."""

CLASSES = ("hessian", "sandwich", "bootstrap", "hc0", "cluster")


ALONE = 1e-12
"""A row whose leverage is this near to 1 decides its own fit."""

DECIDES = 1e-14
"""The share of a parameter's variance that is of a row which decides it; less is rounding."""


@dataclass(frozen=True, eq=False)
class Covariance:
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


class CovarianceOptions(NamedTuple):
    """How the covariance is got: its name, bootstraps and their seed."""

    covariance: str
    bags: int
    seed: int


class EstimatedCovariance(NamedTuple):
    """The covariance V over η, (J·r, J·r).

    `bags` bootstraps count and `lost` ones were left out. Of the parameters `unknown`, (J, D + 1), it says
    nothing, because of `why`; it holds the rows `alone`, (N,), that decide their own fit.
    """

    V: Tensor
    bags: int = 0
    lost: int = 0
    unknown: Tensor | None = None
    why: Undefined = LEVERAGE
    alone: Tensor | None = None


def check_covariance(covariance: str, kind: str, bags: int) -> None:
    """Refuse a covariance that the kind of model does not have.

    Raises:
        UsageError: another name, or fewer than two bags.
    """
    known = REGRESSION if kind == "regression" else CLASSES
    if covariance not in known:
        raise UsageError(f"the covariance of a {kind} model is one of {', '.join(known)}, not {covariance!r}")
    if bags < 2:
        raise UsageError(f"a bootstrap needs at least 2 bags, not {bags}")


def estimate_covariance(
    of: Problem, fitted: Fitted, options: CovarianceOptions, unit: float
) -> EstimatedCovariance:
    """The covariance over η.

    Args:
        of: the rows, and what their weights mean.
        fitted: the optimum.
        options: how.
        unit: σ of a regression, else 1; 0 of an exact fit, whose covariance is 0.
    """
    inverse, basis = fitted.inverse, of.basis
    if options.covariance == "hessian" or not unit:
        return EstimatedCovariance(
            inverse * unit**2, options.bags if options.covariance == "bootstrap" else 0
        )
    leverages = _leverages(of, inverse) if fitted.likelihood.is_quadratic else basis.w * 0
    alone = leverages >= 1 - ALONE
    name = options.covariance
    if name == "sandwich":
        name = "hc3" if fitted.likelihood.is_quadratic else "hc0"
    unknown = _decided_parameters(basis, inverse, alone) if bool(alone.any()) else None
    if name == "bootstrap":
        found = _bootstrap(of, fitted, options, unit, alone)
        return found._replace(alone=alone, unknown=found.unknown if unknown is None else unknown)
    meat = _meat_of_groups(of, fitted) if name == "cluster" else _meat(of, fitted, name, leverages)
    V = inverse @ meat @ inverse
    if name not in LEVERAGED and unknown is not None:  # hc0 takes an error that cannot be seen for none
        unknown = unknown & (
            (basis.T @ V * basis.T).sum(1) <= DECIDES * (basis.T @ inverse * basis.T).sum(1) * unit**2
        )
    return EstimatedCovariance(V, unknown=unknown, alone=alone)


def _leverages(of: Problem, inverse: Tensor) -> Tensor:
    """How much each row decides its own fit, (N,); of a frequency, each of the rows it stands for."""
    h = (of.basis.Z @ inverse * of.basis.Z).sum(1)
    return h if of.weighting.is_counted else h * of.basis.w


def _decided_parameters(basis: Basis, inverse: Tensor, alone: Tensor) -> Tensor:
    """Parameters that rows alone decide, (1, D + 1): those of whose variance such a row has a share."""
    parts = (basis.T @ inverse @ basis.Z[alone].T).square() * basis.w[alone]  # (D + 1, n)
    whole = (basis.T @ inverse * basis.T).sum(1, keepdim=True)
    return (parts > DECIDES * whole).any(1)[None]


def _meat(of: Problem, fitted: Fitted, name: str, leverages: Tensor) -> Tensor:
    """Σ_i s_i s_iᵀ of the rows' scores, (J·r, J·r), corrected as its name says."""
    basis = of.basis
    forces, times = fitted.likelihood.residual(fitted.scores), basis.w  # (J, N), (N,)
    if not of.weighting.is_counted:
        forces, times = forces * basis.w, basis.w.new_ones(len(basis.w))
    if name in LEVERAGED:  # rows that decide their own fit leave no residual
        free = (1 - leverages).clamp_min(ALONE)
        forces = (forces / free ** LEVERAGED[name]).where(leverages < 1 - ALONE, 0.0)
    meat = sum_products(basis.Z, len(forces), lambda j, k: forces[j] * forces[k] * times)
    rows, r = float(times.sum()), basis.rank
    return meat * (rows / (rows - r) if name == "hc1" and rows > r else 1.0)


def groups_of(of: Problem) -> Tensor:
    """The group of each row that counts, numbered from 0, (N,), int64.

    Raises:
        UsageError: the rows have no groups, or only one.
    """
    groups = of.dataset.groups
    if groups is None:
        raise UsageError(
            "the covariance cluster is by groups of rows, and these have none: say --groups COLUMN (groups=)"
        )
    found = groups.cpu()[of.basis.kept].unique(return_inverse=True)[1]
    if int(found.max()) == 0:
        raise UsageError("the covariance cluster needs at least 2 groups, and all rows are of one")
    return found


def _meat_of_groups(of: Problem, fitted: Fitted) -> Tensor:
    """Σ_g s_g s_gᵀ of the groups' sums of scores, (J·r, J·r), times G/(G − 1) · (N − 1)/(N − J·r).

    Source: Liang and Zeger 1986; the correction is Stata's for regressions and statsmodels' for all models.
    """
    group, basis = groups_of(of), of.basis
    forces = fitted.likelihood.residual(fitted.scores) * basis.w  # (J, N)
    G, size = int(group.max()) + 1, len(forces) * basis.rank
    sums = basis.Z.new_zeros(G, size)
    for j, force in enumerate(forces):
        sums[:, j * basis.rank : (j + 1) * basis.rank].index_add_(0, group, basis.Z * force[:, None])
    N = of.rows
    return sums.T @ sums * (G / (G - 1) * ((N - 1) / (N - size) if size < N else 1.0))


def _bootstrap(
    of: Problem, fitted: Fitted, options: CovarianceOptions, unit: float, alone: Tensor
) -> EstimatedCovariance:
    """Of bootstraps; rows that decide their own fit are in each once, which moves no other parameter."""
    import torch

    from linnet.inference.poisson_bootstrap import bootstrap_optima

    rates = of.weighting.w if of.weighting.is_counted else None
    found = bootstrap_optima(
        fitted, of.basis, unit, len(of.dataset), options.bags, options.seed, rates=rates, fixed=alone,
        groups=of.dataset.groups,
    )  # fmt: skip
    shifts = found.shifts[found.is_settled]
    lost = options.bags - len(shifts)
    if len(shifts) < 2:
        all_of = torch.ones(fitted.gamma.shape, dtype=torch.bool)
        return EstimatedCovariance(torch.zeros_like(fitted.factor), len(shifts), lost, all_of, FEW_BAGS)
    return EstimatedCovariance(torch.cov(shifts.T).view_as(fitted.factor), len(shifts), lost)


def describe_method(
    covariance: str, kind: str, level: float, l2: float, bags: int, weights: str = ""
) -> Remark:
    """How standard errors and intervals were got, in words."""
    errors = {
        "hessian": "the Hessian and the penalty" if l2 else "the Hessian",
        "sandwich": "the sandwich (HC3)" if kind == "regression" else "the sandwich",
        "cluster": "the sandwich of groups (cluster-robust)",
    }.get(covariance, f"the sandwich ({covariance.upper()})")
    values = {
        "level": f"{100 * level:g}",
        "interval": "credible" if l2 and covariance == "hessian" else "confidence",
        "by": "Student's t" if kind == "regression" else "the normal distribution",
        **({"weights": weights} if weights else {}),
    }
    if covariance == "bootstrap":
        key = "inference.bagged_weighted" if weights else "inference.bagged"
        return Remark(key, {"bags": str(bags), **values})
    key = "inference.method_weighted" if weights else "inference.method"
    return Remark(key, {"errors": errors, **values})
