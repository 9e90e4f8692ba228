"""The covariance of estimates over η: from the Hessian, the sandwich, or bootstraps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.solvers.bags import Optimum, bagged
from linnet.solvers.basis import Basis
from linnet.solvers.likelihoods import Likelihood
from linnet.solvers.optimum import Fitted

REGRESSION = ("hessian", "sandwich", "bootstrap", "hc0", "hc1", "hc2", "hc3")
LEVERAGED = {"hc2": 0.5, "hc3": 1.0}
"""By which power of 1 − h a residual is divided, h being its row's leverage."""

CLASSES = ("hessian", "sandwich", "bootstrap", "hc0")


class Asked(NamedTuple):
    """How the covariance is got: its name, bootstraps and their seed, and the rows of the data set."""

    covariance: str
    bags: int
    seed: int
    rows: int


class Found(NamedTuple):
    """The covariance V over η, (J·r, J·r), and how many bootstraps count and how many were left out."""

    V: Tensor
    bags: int = 0
    lost: int = 0


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


def spread_of(likelihood: Likelihood, basis: Basis, fitted: Fitted, asked: Asked, unit: float) -> Found:
    """The covariance over η.

    Args:
        likelihood: of the rows.
        basis: their columns.
        fitted: the optimum.
        asked: how.
        unit: σ of a regression, else 1.
    """
    if asked.covariance == "bootstrap":
        return _bootstrap(likelihood, basis, fitted, asked, unit)
    inverse = torch.cholesky_inverse(fitted.factor)
    if asked.covariance == "hessian":
        return Found(inverse * unit**2)
    name = asked.covariance
    if name == "sandwich":
        name = "hc3" if likelihood.is_quadratic else "hc0"
    return Found(inverse @ _meat(likelihood, basis, fitted, name) @ inverse)


def _meat(likelihood: Likelihood, basis: Basis, fitted: Fitted, name: str) -> Tensor:
    """Σ_i s_i s_iᵀ of the rows' scores, (J·r, J·r), corrected as its name says."""
    forces = likelihood.residual(fitted.scores) * basis.w  # (J, N)
    if name in LEVERAGED:
        forces = _jackknifed(forces, basis, fitted, LEVERAGED[name])
    J, r = len(forces), basis.rank
    meat = forces.new_zeros(J, r, J, r)
    for j in range(J):
        for k in range(j + 1):
            block = basis.Z.T @ (basis.Z * (forces[j] * forces[k])[:, None])
            meat[j, :, k], meat[k, :, j] = block, block.T
    rows = len(basis.w)
    return meat.view(J * r, J * r) * (rows / max(rows - r, 1) if name == "hc1" else 1.0)


def _jackknifed(forces: Tensor, basis: Basis, fitted: Fitted, power: float) -> Tensor:
    """Forces over (1 − h)^power, h the rows' leverages; a row that decides its own fit has none (1, N)."""
    solved = torch.cholesky_solve(basis.Z.T, fitted.factor)  # (r, N)
    free = 1 - basis.w * (basis.Z.T * solved).sum(0)
    return torch.where(free > 1e-10, forces / free.clamp_min(1e-10) ** power, 0.0)


def _bootstrap(likelihood: Likelihood, basis: Basis, fitted: Fitted, asked: Asked, unit: float) -> Found:
    start = Optimum(
        likelihood, basis.Z, basis.w, fitted.scores, fitted.factor, fitted.ridge, unit if unit > 0 else 1.0
    )
    found = bagged(start, basis.kept, asked.rows, asked.bags, asked.seed)
    shifts = found.shifts[found.is_settled]
    if len(shifts) < 2:
        nothing = torch.full_like(fitted.factor, torch.nan)
        return Found(nothing, len(shifts), asked.bags - len(shifts))
    return Found(torch.cov(shifts.T).view_as(fitted.factor), len(shifts), asked.bags - len(shifts))


def method_of(covariance: str, kind: str, level: float, l2: float, bags: int) -> str:
    """How standard errors and intervals were got, in words."""
    errors = {
        "hessian": "the Hessian" + (" and the penalty" if l2 else ""),
        "sandwich": "the sandwich" + (" (HC3)" if kind == "regression" else ""),
        "bootstrap": f"{bags} bootstraps",
    }.get(covariance, f"the sandwich ({covariance.upper()})")
    by = "Student's t" if kind == "regression" else "the normal distribution"
    is_credible = l2 and covariance == "hessian"
    interval = "credible" if is_credible else "confidence"
    return f"Standard errors from {errors}; {100 * level:g} % {interval} intervals by {by}"
