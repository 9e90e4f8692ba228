"""Sums and products as the rounded result and its exact error, of numpy's arrays and of tensors alike."""

from __future__ import annotations

from typing import Any, TypeAlias

Numbers: TypeAlias = Any
"""A tensor, an array of numpy or a number: the errors of sums and products are computed alike."""


def two_sum(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """A + b as the rounded sum and its exact error (Knuth, TAOCP 2, 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def halves(a: Numbers) -> tuple[Numbers, Numbers]:
    """`a` as two numbers of 26 bits (Veltkamp's splitting)."""
    spread = a * 134217729.0  # 2^27 + 1
    high = spread - (spread - a)
    return high, a - high


def two_product(
    a: Numbers, b: Numbers, of_a: tuple[Numbers, Numbers] | None = None
) -> tuple[Numbers, Numbers]:
    """A · b as the rounded product and its exact error (Dekker 1971), for numbers below 2^500.

    Args:
        a: numbers of any shape.
        b: others, broadcast.
        of_a: the halves of a, where they are known.
    """
    product = a * b
    a1, a2 = of_a or halves(a)
    b1, b2 = halves(b)
    return product, a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2)
