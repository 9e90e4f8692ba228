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

Gradient = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Normal:
    """H = Σ w (x − m)(x − m)ᵀ / Σ w + l2, of scaled columns, as its Cholesky factor; m is 0 without a bias.

    Args:
        L: H = scale⁻¹ L Lᵀ scale⁻¹, (D, D), lower.
        scale: powers of two, (D,).
        mean: of the features that the model sees, (D,); zeros without a bias.
        level: of the targets, (K,); zeros without a bias.
        cross: Σ w (x − m)(y − level)ᵀ / Σ w, (D, K).
        condition: of the scaled matrix, in the 1-norm, times what taking the means away has lost.
        intercept: whether there is a bias.
    """

    L: Tensor
    scale: Tensor
    mean: Tensor
    level: Tensor
    cross: Tensor
    condition: float
    intercept: bool

    def apply(self, force: Tensor) -> Tensor:
        """H⁻¹ force, (D, K)."""
        return self.scale[:, None] * torch.cholesky_solve(self.scale[:, None] * force, self.L)

    def start(self) -> Tensor:
        """The model, (K, D + 1), by one solution."""
        W = self.apply(self.cross)  # (D, K)
        b = self.level - self.mean @ W if self.intercept else self.level
        return torch.cat([W, b[None]]).T.contiguous()

    def step(self, gradient: Tensor) -> Tensor:
        """Newton's step, which goes to the optimum but for rounding, (K, D + 1)."""
        push = gradient[:, -1:] if self.intercept else torch.zeros_like(gradient[:, -1:])  # (K, 1)
        force = gradient[:, :-1] - push * self.mean  # (K, D)
        W = self.apply(force.T).T
        return -torch.cat([W, push - (W @ self.mean)[:, None]], 1) if self.intercept else -_biasless(W)

    def gap(self, gradient: Tensor) -> float:
        """½ gᵀ H⁻¹ g over weights and bias: how far a quadratic with this gradient is above its optimum."""
        if not self.intercept:
            gradient = _biasless(gradient[:, :-1])
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


def _biasless(W: Tensor) -> Tensor:
    return torch.nn.functional.pad(W, (0, 1))


def covariance(statistics: Statistics, intercept: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Mean (D,), level (K,), and the second moments about them, (D, D) and (D, K), of features as seen.

    Without an intercept the moments are about zero.
    """
    s, scale = statistics.sums, statistics.scale
    if intercept:
        x, y = s.x / s.weight, s.y / s.weight
        xx = (s.xx / s.weight).sub_(torch.outer(x, x)).mul_(scale**2)
        xy = s.xy / s.weight - torch.outer(x, y)
        return (statistics.centre + x) * scale, statistics.middle + y, xx, xy * scale
    raw = statistics.about(torch.zeros_like(statistics.centre), torch.zeros_like(statistics.middle)).sums
    mean, level = torch.zeros_like(statistics.centre), torch.zeros_like(statistics.middle)
    return mean, level, raw.xx * (scale**2 / s.weight), raw.xy * (scale / s.weight)


def factor(statistics: Statistics, l2: float, intercept: bool) -> Normal | None:
    """The Cholesky factor; None where columns are collinear to rounding, or numbers overflow."""
    mean, level, xx, xy = covariance(statistics, intercept)
    H = xx.clone()
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
    return Normal(L, scale, mean, level, xy, _condition(H, L) * float(lost), intercept)


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
        mean: as in `Normal`.
        level: as in `Normal`.
        cross: Vᵀ Σ w (x − m)(y − level)ᵀ / Σ w, (D, K).
        intercept: whether there is a bias.
    """

    values: Tensor
    V: Tensor
    mean: Tensor
    level: Tensor
    cross: Tensor
    intercept: bool

    @classmethod
    def of(cls, statistics: Statistics, intercept: bool = True) -> Spectrum:
        """The decomposition for some statistics.

        Raises:
            UsageError: the features are too large to be squared.
        """
        mean, level, xx, xy = covariance(statistics, intercept)
        if not bool(xx.isfinite().all()):
            raise UsageError(TOO_LARGE)
        values, V = torch.linalg.eigh(xx)
        return cls(values.clamp(min=0), V, mean, level, V.T @ xy, intercept)

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
        shares = self._inverse(l2s)[:, None] * self.cross.T  # (P, K, D)
        W = shares @ self.V.T
        b = self.level - W @ self.mean if self.intercept else self.level.expand(W.shape[:2])
        return torch.cat([W, b[..., None]], -1)

    def _inverse(self, l2s: Sequence[float]) -> Tensor:
        """1/(values + l2), (P, D); 0 where that is rounding."""
        penalties = torch.tensor(l2s, dtype=torch.float64)
        if not bool((penalties.isfinite() & (penalties >= 0)).all()):
            raise UsageError(f"penalties must be finite numbers of at least 0, got {list(l2s)}")
        total = self.values + penalties[:, None]  # (P, D)
        return torch.where(total > self.floor, 1 / total, 0.0)

    def losses(self, others: Statistics, l2s: Sequence[float]) -> Tensor:
        """The mean losses of the penalties' models on other rows, (P,): `others.loss(path(l2s))`, quicker.

        With d = 1/(values + l2) the weights are V diag(d) cross, so their squares over all K outputs come
        to dᵀ (Vᵀ xx V ∘ cross crossᵀ) d: the cost does not grow with K, and no model is formed.

        Args:
            others: statistics of rows to be judged by.
            l2s: the penalties, P.
        """
        s = others.about(self.mean / others.scale, self.level).sums
        d = self._inverse(l2s)  # (P, D)
        square = (self.V.T @ (s.xx @ self.V)).mul_(self.cross @ self.cross.T).mul_(others.scale**2)
        line = (self.cross * (self.V.T @ s.xy)).sum(1) * others.scale
        total = ((d @ square) * d).sum(1) - 2 * d @ line + s.yy.sum()
        return total / (2 * s.weight)


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
    normal = factor(statistics, l2, intercept)
    if normal is not None and normal.condition <= SQUARED:
        return normal.refine(normal.start(), lambda theta: statistics.gradient(theta, l2))[0]
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
