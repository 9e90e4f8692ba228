"""Weighted least squares with L2, and the shortest weights of all that fit, in fractions: no rounding."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
NONE = Fraction(0)


def solve_exactly(X: Values, y: Values, w: Values | None, l2: float, *, intercept: bool) -> list[float]:
    """The normal equations in fractions, by elimination, rounded at the end."""
    rows = [[Fraction(float(v)) for v in row] + [Fraction(1)] * intercept for row in X]
    weights = [Fraction(1) if w is None else Fraction(float(w[i])) for i in range(len(X))]
    size, targets = len(rows[0]), [Fraction(float(v)) for v in y]
    system = [
        [sum((v * row[a] * row[b] for v, row in zip(weights, rows, strict=True)), NONE) for b in range(size)]
        + [sum((v * row[a] * t for v, row, t in zip(weights, rows, targets, strict=True)), NONE)]
        for a in range(size)
    ]
    for place in range(X.shape[1]):
        system[place][place] += Fraction(l2) * sum(weights, NONE)
    return [float(value) for value in _eliminate(system)]


def solve_shortest(X: Values, y: Values, *, intercept: bool) -> list[float]:
    """The shortest weights and the bias, (D + 1,), that fit rows of which none is a combination of others.

    With a bias these are rows less the first, and the shortest weights do not depend on which that is.
    """
    rows, targets = [[Fraction(float(v)) for v in row] for row in X], [Fraction(float(v)) for v in y]
    first, level = (rows[0], targets[0]) if intercept else ([NONE] * X.shape[1], NONE)
    A = [[v - m for v, m in zip(row, first, strict=True)] for row in rows[intercept:]]
    system = [
        [_dot(row, other) for other in A] + [target - level]
        for row, target in zip(A, targets[intercept:], strict=True)
    ]
    alpha = _eliminate(system)
    W = [_dot(alpha, column) for column in zip(*A, strict=True)]
    return [*map(float, W), float(level - _dot(W, first))]


def _dot(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), NONE)


def _eliminate(system: list[list[Fraction]]) -> list[Fraction]:
    """The solution of equations whose right side is the last column."""
    size = len(system)
    for place in range(size):
        pivot = next(row for row in range(place, size) if system[row][place])
        system[place], system[pivot] = system[pivot], system[place]
        for other in range(size):
            if other != place:
                factor = system[other][place] / system[place][place]
                system[other] = [a - factor * b for a, b in zip(system[other], system[place], strict=True)]
    return [system[place][size] / system[place][place] for place in range(size)]
