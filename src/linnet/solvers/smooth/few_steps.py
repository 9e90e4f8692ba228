"""Newton's steps, and L-BFGS from where all scores are the classes' shares, on `ClassRows`."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from linnet.solvers.problem.few import Values
from linnet.solvers.smooth.class_rows import ClassRows, Solve, invert_blocks, lapack, solve_factored

ROUNDS, HALVINGS = 30, 30
"""Newton steps, and how often one is halved."""

ARMIJO = 1e-4

MEMORY, LONGEST = 20, 200
"""Steps that L-BFGS remembers, and takes at most."""

SOON, FACTOR = 3, 12
"""Steps after which the pace is judged; and a Hessian takes as long as one pass, and one more for so many
parameters."""

ENOUGH = 3
"""Hessians of each class after which steps that are slow all the same are left to others."""

NEAR = 1e-6
"""The gain that is left, as a share of the objective, where a Hessian is made that lasts to the end."""

LASTING = 5
"""Steps after which it no longer tells the end by itself, and one of there is asked."""


class At(NamedTuple):
    """Where the steps are: the parameters, (K, P), the objective, ∂l/∂o, (K, N), and the gradient, (K, P)."""

    theta: Values
    value: float
    slope: Values
    gradient: Values

    @classmethod
    def of(cls, rows: ClassRows, theta: Values) -> At:
        """At some parameters."""
        value, slope = rows.look(theta)
        return cls(theta, value, slope, rows.gradient(theta, slope))


class Start(NamedTuple):
    """Where L-BFGS begins.

    Args:
        theta: the parameters, (K, P).
        solve: the inverse of a Hessian of there.
        memory: steps of rows that are much like these, which it does not change.
        is_near: whether the Hessian is of where rows that are much like these have their optimum.
    """

    theta: Values
    solve: Solve
    memory: Memory | None = None
    is_near: bool = False


class Reached(NamedTuple):
    """The parameters, (K, P), the steps to them, whether they are the optimum, and where others may begin."""

    theta: Values
    rounds: int
    is_settled: bool = True
    start: Start | None = None


def newton(rows: ClassRows, tol: float, start: Values | None = None) -> Reached | None:
    """The optimum by a Hessian a step, from a start or from 0; None where the steps do not come to an end."""
    theta = np.zeros((rows.outputs, len(rows.A))) if start is None else start
    at = At.of(rows, theta)
    for rounds in range(1, ROUNDS + 1):
        factor = rows.factor(at.slope)
        if factor is None:
            return None
        step = solve_factored(factor, at.gradient)
        if -float((step * at.gradient).sum()) <= 2 * tol * at.value:
            return Reached(at.theta + step, rounds)
        following = search(rows, at, step)
        if following is None:
            return None
        at = following
    return None


def approach(
    rows: ClassRows, tol: float, start: Start | None, *, can_factor: bool, gives_up: bool = True
) -> Reached | None:
    """The optimum by L-BFGS with a Hessian that is at hand.

    Where steps by it fall off, and near the optimum, another takes its place that is made where they are.

    Args:
        rows: more than a Hessian a step suits.
        tol: the gain that may be left, as a share of the objective.
        start: where it begins; None where there is nowhere to, and so no optimum.
        can_factor: whether a whole Hessian can be made on the way; if not, one of each class is.
        gives_up: whether steps end that are slow by all these too, and so are not the optimum.
    """
    if start is None:
        return None
    at, solve, is_last, made = At.of(rows, start.theta), start.solve, start.is_near, 0
    unknowns, rounds, since = rows.parameters if can_factor else len(rows.A), 0, 0
    memory, pace = Memory(rows.parameters, start.memory), Pace(tol, unknowns)
    for rounds in range(LONGEST):
        step = memory.direction(at.gradient, solve)
        left = -float((step * at.gradient).sum()) / 2
        is_there = left <= tol * at.value
        if is_there and ((is_last and since <= LASTING) or not can_factor):
            return Reached(at.theta, max(1, rounds), start=Start(at.theta, solve, memory, is_near=True))
        is_near = can_factor and (is_there or (not is_last and left <= NEAR * at.value))
        is_slow = pace.is_slow(left, at.value)
        if is_slow and gives_up and not can_factor and made == ENOUGH:
            break
        if is_near or is_slow:
            found = inverse_of(rows.factor(at.slope)) if can_factor else rows.invert_by_class(at.slope)
            solve, is_last, made = found or solve, is_last or is_near, made + 1
            memory, pace, since = Memory(rows.parameters), Pace(tol, unknowns), 0
            if is_there:
                continue
            step = -solve(at.gradient)
        following = search(rows, at, step)
        if following is None:
            break
        memory.keep((following.theta - at.theta).ravel(), (following.gradient - at.gradient).ravel())
        at, since = following, since + 1
    return Reached(at.theta, max(1, rounds), is_settled=False)


def begin(rows: ClassRows, has_bias: bool) -> Start | None:
    """Where all scores are the logarithms of the classes' shares, and the inverse of the exact Hessian there.

    There p is the same π for all rows, so that the Hessian is (diag(π) − ππᵀ) ⊗ Σ_i s_i x_i x_iᵀ: along each
    eigenvector of the first, over the classes, it is a multiple of the second.

    Args:
        rows: whose penalty is 0 of a bias alone.
        has_bias: whether the last column is of ones.

    Returns:
        None where there is none: a class has no rows that count, or columns are collinear.
    """
    K, P = rows.outputs, len(rows.A)
    share = np.bincount(rows.y, rows.shares, minlength=max(2, K))
    if not (share > 0).all():
        return None
    theta = np.zeros((K, P))
    share = share if has_bias else np.full(len(share), 1 / len(share))
    if K == 1:
        sizes, ways = np.array([share[0] * share[1]]), np.ones((1, 1))
    else:
        sizes, ways = np.linalg.eigh(np.diag(share) - np.outer(share, share))
        sizes[0] = 0.0  # of a shift of all classes
    if has_bias:
        # A shift of all classes changes nothing: the logarithms' mean is taken for 0.
        theta[:, -1] = math.log(share[1] / share[0]) if K == 1 else np.log(share) - np.log(share).mean()
    root = rows.A * np.sqrt(rows.shares)
    H = sizes[:, None, None] * (root @ root.T)  # (K, P, P)
    own = H.reshape(K, -1)[:, :: P + 1]
    own += rows.penalty
    if K > 1:  # of a shift a gradient holds rounding alone, for which an L2 far below it would go a long way
        own[0] += 1.0
    own[own == 0] = 1.0  # what nothing curves no gradient points along
    along = invert_blocks(H)
    return None if along is None else Start(theta, lambda gradient: ways @ along(ways.T @ gradient))


def search(rows: ClassRows, at: At, step: Values) -> At | None:
    """As much of the step as lowers the objective, by halves; None where none does."""
    slope, size = float((step * at.gradient).sum()), 1.0
    for _ in range(HALVINGS):
        theta = at.theta + size * step
        value, own = rows.look(theta)
        if value <= at.value + ARMIJO * size * slope:
            return At(theta, value, own, rows.gradient(theta, own))
        size /= 2
    return None


def inverse_of(factor: Values | None) -> Solve | None:
    """H⁻¹ by H's factor, where it has one."""
    return None if factor is None else lambda gradient: -solve_factored(factor, gradient)


class Pace:
    """How fast the gain that is left falls, to tell when a Hessian of here takes less than the steps without.

    Args:
        tol: the share of the objective to which it is to fall.
        parameters: of the Hessian.
    """

    def __init__(self, tol: float, parameters: int) -> None:
        self.tol, self.cost = tol, 1 + parameters / FACTOR
        self.first, self.steps = math.nan, 0

    def is_slow(self, left: float, value: float) -> bool:
        """Whether it is, of the gain that is left at a step and of the objective."""
        self.first = left if not self.steps else self.first
        self.steps += 1
        target = max(self.tol * value, 1e-300)
        if self.steps <= SOON or left <= target:
            return False
        fallen = math.log(self.first / left) / (self.steps - 1)
        return math.log(left / target) > fallen * (SOON + self.cost)


class Memory:
    """The latest steps and changes of the gradient as the rows of two matrices, as `memory.Memory` has them.

    Args:
        parameters: K·P.
        before: what is remembered to begin with.
    """

    def __init__(self, parameters: int, before: Memory | None = None) -> None:
        if before is None:
            self.S, self.Y = np.empty((MEMORY, parameters)), np.empty((MEMORY, parameters))
            self.SY, self.count = np.zeros((MEMORY, MEMORY)), 0
        else:
            self.S, self.Y, self.SY, self.count = (
                before.S.copy(), before.Y.copy(), before.SY.copy(), before.count
            )  # fmt: skip

    def with_penalty(self, more: Values) -> Memory:
        """What it would remember had the penalty of each column, (P,), been so much more."""
        other = Memory(self.S.shape[1], self)
        kept = slice(self.count)
        S = self.S[kept].reshape(self.count, -1, len(more))
        other.Y[kept] += (S * more).reshape(self.count, -1)
        other.SY[kept, kept] = np.triu(other.S[kept] @ other.Y[kept].T)
        if (other.SY[kept, kept].diagonal() <= 0).any():  # of a penalty that is less
            other.count = 0
        return other

    def keep(self, s: Values, y: Values) -> None:
        """Remember a step, (K·P,), unless rounding has made its curvature nonsense."""
        if not s @ y > 1e-14 * math.sqrt((s @ s) * (y @ y)):
            return
        if self.count == MEMORY:
            self.count -= 1
            self.S[:-1], self.Y[:-1], self.SY[:-1, :-1] = self.S[1:], self.Y[1:], self.SY[1:, 1:].copy()
        self.S[self.count], self.Y[self.count] = s, y
        self.count += 1
        self.SY[: self.count, self.count - 1] = self.S[: self.count] @ y

    def direction(self, gradient: Values, solve: Solve) -> Values:
        """−H⁻¹ g, (K, P), as the two-loop recursion gives it."""
        if not self.count:
            return -solve(gradient)
        kept = slice(self.count)
        S, Y, R = self.S[kept], self.Y[kept], self.SY[kept, kept]
        share, _ = lapack().dtrtrs(R, S @ gradient.ravel())
        q = solve(gradient - (share @ Y).reshape(gradient.shape))
        back, _ = lapack().dtrtrs(R, R.diagonal() * share - Y @ q.ravel(), trans=1)
        return -(q + (back @ S).reshape(gradient.shape))
