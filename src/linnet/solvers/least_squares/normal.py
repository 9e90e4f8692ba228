"""The normal equations of statistics: one Cholesky factor, or all penalties by one eigendecomposition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.errors import CollinearWarning, PrecisionWarning, UsageError, warn
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.problem.double_double import power
from linnet.solvers.problem.hessian import TOO_LARGE

EPSILON = 2.0**-52
ROUNDS = 10

SQUARED = 1e12
"""The largest condition number of normal equations that corrections can be trusted with."""

HIDDEN = 1e-11
"""Penalties below this share of the largest eigenvalue are not told by eigenvalues, for rounding is of it."""

Gradient = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Covariance:
    """The second moments of features as the model sees them, about their means, or about 0 without a bias.

    Args:
        mean: m, of the features, (D,); zeros without a bias.
        level: of the targets, (K,); zeros without a bias.
        xx: Σ w (x − m)(x − m)ᵀ / Σ w, (D, D).
        xy: Σ w (x − m)(y − level)ᵀ / Σ w, (D, K).
        intercept: whether there is a bias.
    """

    mean: Tensor
    level: Tensor
    xx: Tensor
    xy: Tensor
    intercept: bool

    @classmethod
    def of(cls, statistics: Statistics, intercept: bool) -> Covariance:
        """The moments of some statistics."""
        s, scale = statistics.sums, statistics.scale
        if not intercept:
            mean, level = torch.zeros_like(statistics.centre), torch.zeros_like(statistics.level)
            raw = statistics.about(mean, level).sums
            return cls(mean, level, raw.xx * (scale**2 / s.weight), raw.xy * (scale / s.weight), False)
        x, y = s.x / s.weight, s.y / s.weight
        xx = (s.xx / s.weight).sub_(torch.outer(x, x)).mul_(scale**2)
        xy = (s.xy / s.weight - torch.outer(x, y)) * scale
        return cls((statistics.centre + x) * scale, statistics.level + y, xx, xy, True)

    def model(self, W: Tensor) -> Tensor:
        """Weights (…, K, D) with the best bias for them, (…, K, D + 1)."""
        b = self.level - W @ self.mean  # (…, K)
        return torch.cat([W, b[..., None]], -1)


@dataclass(frozen=True, eq=False)
class Normal:
    """H = Σ w (x − m)(x − m)ᵀ / Σ w + l2, of scaled columns, as its Cholesky factor; m is 0 without a bias.

    Args:
        L: H = scale⁻¹ L Lᵀ scale⁻¹, (D, D), lower.
        scale: powers of two, (D,).
        about: the moments, without the penalty.
        condition: of the scaled matrix, in the 1-norm, times what taking the means away has lost.
    """

    L: Tensor
    scale: Tensor
    about: Covariance
    condition: float

    def apply(self, force: Tensor) -> Tensor:
        """H⁻¹ force, (D, K)."""
        return self.scale[:, None] * torch.cholesky_solve(self.scale[:, None] * force, self.L)

    def start(self) -> Tensor:
        """The model, (K, D + 1), by one solution."""
        return self.about.model(self.apply(self.about.xy).T).contiguous()

    def step(self, gradient: Tensor) -> Tensor:
        """Newton's step, which goes to the optimum but for rounding, (K, D + 1)."""
        push, mean = gradient[:, -1:] * self.about.intercept, self.about.mean  # (K, 1), (D,)
        W = self.apply((gradient[:, :-1] - push * mean).T).T  # (K, D)
        return -torch.cat([W, push - (W @ mean)[:, None]], 1)

    def gap(self, gradient: Tensor) -> float:
        """½ gᵀ H⁻¹ g over weights and bias: how far a quadratic with this gradient is above its optimum."""
        return max(0.0, -float((self.step(gradient) * gradient).sum()) / 2)

    def refine(self, theta: Tensor, gradient: Gradient) -> tuple[Tensor, int]:
        """A model corrected by Newton's steps until rounding allows no more, and the gradients it took."""
        before = float("inf")
        for done in range(1, ROUNDS + 1):
            step = self.step(gradient(theta))
            size = float((step[:, :-1] / self.scale).norm())
            if not size < before / 2:
                return theta, done
            theta, before = theta + step, size
            # What is left is about κε of this step.
            if size * min(1.0, 64 * EPSILON * self.condition) <= EPSILON * float(
                (theta[:, :-1] / self.scale).norm()
            ):
                return theta, done
        return theta, ROUNDS


def factor(statistics: Statistics, l2: float, intercept: bool) -> Normal | None:
    """The Cholesky factor; None where columns are collinear to rounding, or numbers overflow."""
    about = Covariance.of(statistics, intercept)
    H = about.xx.clone()
    H.diagonal().add_(l2)
    diagonal = H.diagonal()
    if not bool(H.isfinite().all()) or not bool((diagonal > 0).all()):
        return None
    scale = 1 / power(diagonal.sqrt())
    H = H * scale * scale[:, None]
    L, failed = torch.linalg.cholesky_ex(H)
    if int(failed):
        return None
    # Where the mean was large, the difference of squares has lost digits before any factor loses more.
    raw = statistics.sums.xx.diagonal() * (statistics.scale**2 / statistics.weight)
    lost = (raw / diagonal).amax().clamp(min=1) if len(H) else raw.new_ones(())
    return Normal(L, scale, about, _condition(H, L) * float(lost))


def _condition(H: Tensor, L: Tensor) -> float:
    """The condition number of H = L Lᵀ in the 1-norm, estimated by a few solutions (LAPACK's pocon)."""
    import scipy.linalg

    if not len(H):
        return 1.0
    estimate: Any = scipy.linalg.lapack
    inverse, _ = estimate.dpocon(L.T.numpy(), float(H.abs().sum(0).amax()), uplo="U")
    return 1 / inverse if inverse else float("inf")


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The eigendecomposition V diag(values) Vᵀ of the features' second moments: every penalty is then cheap.

    Args:
        values: eigenvalues, (D,), not negative.
        V: eigenvectors in columns, (D, D).
        about: the moments.
        cross: Vᵀ Σ w (x − m)(y − level)ᵀ / Σ w, (D, K).
    """

    values: Tensor
    V: Tensor
    about: Covariance
    cross: Tensor

    @classmethod
    def of(cls, statistics: Statistics, intercept: bool = True) -> Spectrum:
        """The decomposition for some statistics.

        Raises:
            UsageError: the features are too large to be squared.
        """
        about = Covariance.of(statistics, intercept)
        if not bool(about.xx.isfinite().all()):
            raise UsageError(TOO_LARGE)
        values, V = torch.linalg.eigh(about.xx)
        return cls(values.clamp(min=0), V, about, V.T @ about.xy)

    @property
    def floor(self) -> float:
        """Eigenvalues below it are rounding."""
        return 8 * EPSILON * max(1, len(self.values)) * float(self.values[-1:].sum())

    @property
    def rank(self) -> int:
        """How many eigenvalues count."""
        return int((self.values > self.floor).sum())

    @property
    def condition(self) -> float:
        """The largest eigenvalue over the smallest that counts."""
        counting = self.values[self.values > self.floor]
        return float(counting[-1] / counting[0]) if len(counting) else 1.0

    def path(self, l2s: Sequence[float]) -> Tensor:
        """The models of penalties, (P, K, D + 1); at 0 the shortest weights of the best fit.

        Raises:
            UsageError: a penalty is negative or not finite.
        """
        penalties = torch.tensor(l2s, dtype=torch.float64)
        if not bool((penalties.isfinite() & (penalties >= 0)).all()):
            raise UsageError(f"penalties must be finite numbers of at least 0, got {list(l2s)}")
        total = self.values + penalties[:, None]  # (P, D)
        inverse = torch.where(total > self.floor, 1 / total, 0.0)
        shares = inverse[:, None] * self.cross.T  # (P, K, D)
        return self.about.model(shares @ self.V.T)


def solve(statistics: Statistics, l2: float = 0.0, intercept: bool = True) -> Tensor:
    """The least-squares model of statistics, (K, D + 1).

    Statistics know squares only: with a condition number κ of the columns they give about 16 − 2 log₁₀ κ
    digits. Where that leaves few, `least_squares` with the rows does better, and a warning says so.

    Args:
        statistics: of the rows.
        l2: the penalty.
        intercept: whether there is a bias.

    Raises:
        UsageError: no rows, or l2 is negative or not finite.

    Warns:
        CollinearWarning: columns are collinear to rounding; the weights are the shortest.
        PrecisionWarning: the squared condition number leaves few digits.
    """
    if not statistics.weight > 0:
        raise UsageError("statistics of no rows have no solution")
    if not 0 <= l2 < float("inf"):
        raise UsageError(f"l2 must be a finite number of at least 0, not {l2!r}")
    if (found := _solve_factored(statistics, l2, intercept)) is not None:
        return found
    spectrum = Spectrum.of(statistics, intercept)
    if spectrum.rank < statistics.features and not l2:
        warn(
            f"{statistics.features} columns have rank {spectrum.rank}: of all best fits this is the one with "
            "the shortest weights; give an l2, or leave collinear columns out",
            CollinearWarning,
        )
    else:
        warn(
            f"the squared condition number is about {spectrum.condition:.1g}, which leaves few digits: "
            "solve with the rows, by QR",
            PrecisionWarning,
        )
    return spectrum.path([l2])[0]


def solve_path(statistics: Statistics, l2s: Sequence[float], intercept: bool = True) -> Tensor:
    """The least-squares models of penalties, (P, K, D + 1), most of them by one eigendecomposition.

    Beside a column far longer than others the eigenvalues of these are rounding. A penalty that is no larger
    than that has a factor of its own, of columns of one length.

    Args:
        statistics: of the rows.
        l2s: the penalties, P.
        intercept: whether there is a bias.

    Raises:
        UsageError: a penalty is negative or not finite, or the features are too large to be squared.
    """
    spectrum = Spectrum.of(statistics, intercept)
    models, least = spectrum.path(l2s), HIDDEN * float(spectrum.values[-1:].sum())
    for place, l2 in enumerate(l2s):
        if l2 <= least and (found := _solve_factored(statistics, l2, intercept)) is not None:
            models[place] = found
    return models


def _solve_factored(statistics: Statistics, l2: float, intercept: bool) -> Tensor | None:
    """The model by Cholesky's factor, corrected; None where that is not to be relied on."""
    normal = factor(statistics, l2, intercept)
    if normal is None or normal.condition > SQUARED:
        return None
    return normal.refine(normal.start(), lambda theta: statistics.gradient(theta, l2))[0]
