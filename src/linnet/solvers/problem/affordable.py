"""`is_affordable`, `is_small`: which Hessians are made whole, and which again and again."""

from __future__ import annotations

PARAMETERS, WORK = 1000, 2e10
"""Parameters, and N·parameters² operations, up to which a Hessian is made to prove or refute an optimum."""

FEW, LITTLE = 300, 1e10
"""The same, up to which it costs so little that steps make one after another."""


def is_affordable(
    outputs: int, features: int, rows: int, parameters: int = PARAMETERS, work: float = WORK
) -> bool:
    """Whether a whole Hessian of so many outputs, features and rows is within parameters and operations."""
    count = outputs * (features + 1)
    return count <= parameters and rows * count**2 <= work


def is_small(outputs: int, features: int, rows: int) -> bool:
    """Whether a whole Hessian of so many outputs, features and rows costs little."""
    return is_affordable(outputs, features, rows, FEW, LITTLE)
