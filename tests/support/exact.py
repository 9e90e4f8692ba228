"""`solve_exactly`: weighted least squares with L2 in fractions, which have no rounding."""

from __future__ import annotations

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
    for place in range(size):
        pivot = next(row for row in range(place, size) if system[row][place])
        system[place], system[pivot] = system[pivot], system[place]
        for other in range(size):
            if other != place:
                factor = system[other][place] / system[place][place]
                system[other] = [a - factor * b for a, b in zip(system[other], system[place], strict=True)]
    return [float(system[place][size] / system[place][place]) for place in range(size)]
