"""The optima of many bootstraps of the rows at once, from the optimum of all rows.

The bags are a bank: a row counts in bag m as often as a Poisson(1) number says (Oza and Russell 2001;
Chamandy and others 2012), and the scores of all bags are one product with the rows. Each bag goes from the
common optimum to its own by Newton's method, whose systems are solved by conjugate gradients with the Hessian
of all rows for a preconditioner (Nocedal and Wright 2006, 7.1). A bag's Hessian is nearly that of all rows,
so few products do.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from linnet.device import generator
from linnet.inference.design import Basis
from linnet.inference.likelihood import Classes
from linnet.inference.newton_polish import Fitted

SETTLED = 1e-6
"""A bag is done within so many standard errors of its optimum: far below what so many bags can tell."""

NEWTON, GRADIENTS = 30, 400
"""At most so many steps, and conjugate gradients a step."""

LONGEST = 3.0
"""No score moves by more in a step, as Newton's quadratic model is good for about 1."""

FLAT = 1e-11
"""Of the curvature of a common direction: one with less has no rows in a bag."""

MANY = 40
"""Rows that no Poisson bootstrap leaves out: the chance is e⁻⁴⁰."""

MOST = 2**36
"""Products up to which each bag's columns are looked at, some seconds."""

AT_ONCE = 2**24
"""Scores of bags held at once, 128 MiB."""


class BootstrapOptima(NamedTuple):
    """How far each bag's η is from that of all rows, (B, J·r), and which bags have an optimum, (B,)."""

    shifts: Tensor
    is_settled: Tensor


def draw_counts(
    rows: int, bag: int, seed: int, rates: Tensor | None = None, groups: Tensor | None = None
) -> Tensor:
    """How often each row counts in a bag, (N,), float64; the numbers of `linnet.data.split.draw_bags`.

    Args:
        rows: N.
        bag: which.
        seed: of the bags.
        rates: how often each row was seen, (N,): its count is the sum of so many; once when None.
        groups: of rows that count alike, (N,); then rates are factors of their count.
    """
    if groups is not None:
        of = groups.cpu().unique(return_inverse=True)[1]
        drawn = torch.poisson(torch.ones(int(of.max()) + 1), generator(seed, "bags", bag))[of].double()
        return drawn if rates is None else drawn * rates
    expected = torch.ones(rows) if rates is None else rates
    return torch.poisson(expected, generator(seed, "bags", bag)).double()


def bootstrap_optima(
    fitted: Fitted, basis: Basis, unit: float, rows: int, bags: int, seed: int, *,
    rates: Tensor | None = None, fixed: Tensor | None = None, groups: Tensor | None = None,
) -> BootstrapOptima:  # fmt: skip
    """The optima of bags.

    Args:
        fitted: the optimum of all rows.
        basis: of the rows that count.
        unit: what a standard error of 1 is in the Hessian's units: σ for a regression, else 1.
        rows: of the data set.
        bags: how many.
        seed: of the bags.
        rates: how often each row of the data set was seen, (rows,); `basis.w` has the same of those kept.
        fixed: rows kept that are in each bag as often as they were seen, (N,).
        groups: of rows that are drawn together, (rows,).
    """
    width = max(1, AT_ONCE // fitted.scores.numel())
    parts = []
    for low in range(0, bags, width):
        some = [
            draw_counts(rows, bag, seed, rates, groups)[basis.kept]
            for bag in range(low, min(low + width, bags))
        ]
        times = torch.stack(some) if rates is None else torch.stack(some) / rates[basis.kept]
        if fixed is not None:
            times[:, fixed] = 1.0
        parts.append(_Bank(fitted, basis, unit, times).solve())
    return BootstrapOptima(
        torch.cat([part.shifts for part in parts]), torch.cat([part.is_settled for part in parts])
    )


class _Bank:
    """Some bags, whose rows count `times`, (B, N)."""

    def __init__(self, fitted: Fitted, basis: Basis, unit: float, times: Tensor) -> None:
        self.start, self.Z, self.rows_w, self.unit, self.w = fitted, basis.Z, basis.w, unit, times * basis.w
        self.share = self.w.sum(1, keepdim=True) / basis.w.sum()  # of the penalty, (B, 1)
        force = fitted.likelihood.residual(fitted.scores) * basis.w
        self.pull = -(force @ basis.Z).flatten()  # of the penalty at the optimum, which balances the rows'
        self.is_full = self.w.sum(1) > 0
        if not fitted.ridge.any():
            self.is_full &= self._spans()

    def solve(self) -> BootstrapOptima:
        """Newton's method for all bags until each is settled or has had its steps."""
        shifts = self.Z.new_zeros(len(self.w), len(self.start.factor))
        scores = self.start.scores.expand(len(self.w), -1, -1)
        left = torch.full((len(self.w),), torch.inf, dtype=shifts.dtype)
        for _ in range(NEWTON):
            gradient = self._gradient(scores, shifts)
            left = self._size(gradient)
            if bool((left <= SETTLED)[self.is_full].all()):
                break
            step = self._direction(scores, gradient, left)
            moved = self._scores(step)
            short = self._short(moved)
            shifts, scores = shifts + step * short[:, None], scores + moved * short[:, None, None]
        return BootstrapOptima(shifts, (left <= SETTLED) & self.is_full)

    def _spans(self) -> Tensor:
        """Which bags have rows enough that differ, (B,): a column that is 0 in all of them has no weight.

        A direction that no row has a large share of has many rows, which no bag leaves out altogether.
        """
        Z, w, has = self.Z, self.rows_w, self.w > 0
        is_full = has.sum(1) >= Z.shape[1]
        shares = w * Z.square().sum(1)
        scale = float(shares.sum()) / Z.shape[1]
        if float(shares.max()) * MANY < scale or has.numel() * Z.shape[1] ** 2 > MOST:
            return is_full
        for bag in is_full.nonzero().flatten().tolist():
            least = torch.linalg.eigvalsh(self._curvature(has[bag] * w, scale))[0]
            is_full[bag] = least > FLAT * scale
        return is_full

    def _curvature(self, w: Tensor, scale: float) -> Tensor:
        """How rows of weights (N,) bend directions, whatever the scores; those without an end are bent."""
        limit = self.start.limit
        if limit is None:
            return self.Z.T @ (self.Z * w[:, None])
        even = Classes(torch.zeros_like(self.start.scores), limit.allowed)
        return even.information(even.Y, self.Z, w) + scale * limit.null @ limit.null.T

    def _short(self, moved: Tensor) -> Tensor:
        """The share of its step that each bag takes, (B,)."""
        if self.start.likelihood.is_quadratic:
            return torch.ones(len(moved), dtype=moved.dtype)
        return LONGEST / moved.abs().amax((1, 2)).clamp_min(LONGEST)

    def _scores(self, shifts: Tensor) -> Tensor:
        """Z η of all bags, (B, J, N), in one product."""
        J, r = len(self.start.scores), self.Z.shape[1]
        return (shifts.reshape(-1, r) @ self.Z.T).view(len(shifts), J, -1)

    def _back(self, forces: Tensor) -> Tensor:
        """Forces (B, J, N) times Z, (B, J·r), in one product."""
        return ((forces * self.w[:, None]).flatten(0, 1) @ self.Z).view(len(forces), -1)

    def _gradient(self, scores: Tensor, shifts: Tensor) -> Tensor:
        """Of each bag's negative log-likelihood and penalty, (B, J·r)."""
        penalty = self.share * (self.pull + shifts @ self.start.ridge)
        return self._back(self.start.likelihood.residual(scores)) + penalty

    def _hessian(self, scores: Tensor, direction: Tensor) -> Tensor:
        """Each bag's Hessian times its direction, (B, J·r)."""
        bent = self.start.likelihood.curvature_product(scores, self._scores(direction))
        return self._back(bent) + self.share * (direction @ self.start.ridge)

    def _precondition(self, vectors: Tensor) -> Tensor:
        return torch.cholesky_solve(vectors.T, self.start.factor).T

    def _size(self, gradient: Tensor) -> Tensor:
        """How many standard errors a gradient tells of, (B,)."""
        return (gradient * self._precondition(gradient)).sum(1).clamp_min(0).sqrt() / self.unit

    def _direction(self, scores: Tensor, gradient: Tensor, left: Tensor) -> Tensor:
        """−H⁻¹ g of each bag by conjugate gradients, as exactly as the distance that is left makes sense."""
        goal = torch.clamp(left * torch.clamp(left, max=0.1), min=SETTLED / 2)
        if self.start.likelihood.is_quadratic:
            goal = torch.full_like(left, SETTLED / 2)
        step, rest = torch.zeros_like(gradient), -gradient
        ready = self._precondition(rest)
        direction, strength = ready, (rest * ready).sum(1)
        for _ in range(min(GRADIENTS, 2 * gradient.shape[1] + 20)):
            is_open = (strength.clamp_min(0).sqrt() / self.unit > goal) & self.is_full
            if not bool(is_open.any()):
                break
            product = self._hessian(scores, direction)
            bend = (direction * product).sum(1)
            length = torch.where(is_open & (bend > 0), strength / bend.clamp_min(1e-300), 0.0)
            step, rest = step + length[:, None] * direction, rest - length[:, None] * product
            ready = self._precondition(rest)
            following = (rest * ready).sum(1)
            direction = ready + (following / strength.clamp_min(1e-300))[:, None] * direction
            strength = following
        return step
