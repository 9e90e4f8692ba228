"""Sums and products as the rounded result and its exact error, and arrays as slices of few bits."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

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


def above(values: Values) -> float:
    """A power of two above the size of all."""
    return math.ldexp(1.0, math.frexp(max(float(values.max()), -float(values.min())))[1])


def cut(values: Values, largest: Any, bits: int) -> Values:
    """Numbers (n,) as the sum of three, (3, n): see `cut_`."""
    parts = np.empty((3, len(values)))
    parts[2] = values
    cut_(parts, largest, bits)
    return parts


def cut_(parts: Values, largest: Any, bits: int) -> None:
    """Cut the last of three into the sum of them: two that are multiples of powers of two, and the rest.

    Args:
        parts: (3, …), of which the first two are written over.
        largest: powers of two that the numbers are not above.
        bits: of the first two.
    """
    anchor = largest * (1.5 * 2.0 ** (52 - bits))
    for part in parts[:2]:
        np.add(parts[2], anchor, out=part)
        part -= anchor
        parts[2] -= part
        anchor = anchor * 2.0**-bits
