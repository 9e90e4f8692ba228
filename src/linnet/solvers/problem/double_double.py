"""Matrix products and sums with twice the digits of float64, by float64 arithmetic alone.

A number of about 106 bits is the sum of two float64 left as it is, high + low (Dekker 1971). A matrix is cut
into slices of so few bits that BLAS multiplies two of them without any rounding; the exact products are then
added up in double-double (Ozaki, Ogita, Oishi and Rump 2012, "Error-free transformations of matrix
multiplication"). So residuals cost some twenty ordinary products, on any processor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.solvers.problem.error_free import two_product, two_sum

DIGITS = 53
"""Bits of a float64."""

LARGEST = 1000
"""Powers of two beyond this are left: 2^1000 and its inverse are float64 numbers."""

SLICES = 12
"""At most so many slices a matrix: numbers below 2^-200 of the largest count as nothing."""


def power(values: Tensor) -> Tensor:
    """A power of two for each value, such that value / power lies in ½…1; 1 where the value is 0."""
    exponent = torch.frexp(values)[1].clamp(-LARGEST, LARGEST)
    return torch.where(values > 0, torch.ldexp(torch.ones_like(values), exponent), torch.ones_like(values))


@dataclass(frozen=True, eq=False)
class DoubleDouble:
    """A tensor high + low of about 106 bits, |low| being at most half a unit in the last place of high.

    Args:
        high: the nearest float64.
        low: what is left, of the same shape.
    """

    high: Tensor
    low: Tensor

    @classmethod
    def of(cls, values: Tensor) -> DoubleDouble:
        """Float64 values, exactly."""
        return cls(values, torch.zeros_like(values))

    def __add__(self, other: DoubleDouble | Tensor) -> DoubleDouble:
        """The sum, to about 2^-104 of it and 2^-106 of the terms."""
        other = other if isinstance(other, DoubleDouble) else DoubleDouble.of(other)
        high, error = two_sum(self.high, other.high)
        low, rest = two_sum(self.low, other.low)
        high, error = two_sum(high, error + low)
        return DoubleDouble(*two_sum(high, error + rest))

    def __neg__(self) -> DoubleDouble:
        return DoubleDouble(-self.high, -self.low)

    def __sub__(self, other: DoubleDouble | Tensor) -> DoubleDouble:
        return self + (-other)

    def times(self, factor: Tensor) -> DoubleDouble:
        """The product with float64 numbers, broadcast."""
        high, error = two_product(self.high, factor)
        return DoubleDouble(*two_sum(high, error + self.low * factor))

    def __getitem__(self, index: slice | tuple[slice, ...]) -> DoubleDouble:
        return DoubleDouble(self.high[index], self.low[index])


def add_up(terms: DoubleDouble) -> DoubleDouble:
    """The sum over the last dimension, by halves; each addition is of double-double."""
    high, low = terms.high, terms.low
    while (count := high.shape[-1]) > 1:
        half = (count + 1) // 2
        left = DoubleDouble(high[..., :half], low[..., :half])
        pad = (0, 2 * half - count)
        right = (torch.nn.functional.pad(part[..., half:], pad) for part in (high, low))
        total = left + DoubleDouble(*right)
        high, low = total.high, total.low
    return DoubleDouble(high.sum(-1), low.sum(-1))


def slice_bits(terms: int) -> int:
    """The bits of a slice such that a sum of so many products of two slices has no rounding."""
    return (DIGITS - max(1, math.ceil(math.log2(max(2, terms))))) // 2 - 1


def cut(values: Tensor | DoubleDouble, bits: int) -> list[Tensor]:
    """Float64 tensors whose sum is `values`, each of multiples of a power of two and at most `bits` bits."""
    if isinstance(values, DoubleDouble):
        return [*cut(values.high, bits), *cut(values.low, bits)]
    parts, rest = [], values
    while len(parts) < SLICES and (largest := float(rest.abs().max()) if rest.numel() else 0.0) > 0:
        exponent = math.frexp(largest)[1]
        step = max(exponent - bits, -1022)
        # Adding 1.5·2^(52 + step) rounds to multiples of 2^step; taking it away again is exact.
        anchor = math.ldexp(1.5, DIGITS - 1 + step)
        part = (rest + anchor) - anchor
        parts.append(part)
        rest = rest - part
    return parts


def multiply(left: list[Tensor], right: list[Tensor], like: Tensor) -> DoubleDouble:
    """The sum of the products of all pairs of slices, (a, c) as `like`, for slices (a, b) and (b, c)."""
    total = DoubleDouble.of(torch.zeros_like(like))
    if not right:
        return total
    beside = torch.cat(right, 1)  # each left slice is read once
    for a in left:
        for part in (a @ beside).split(like.shape[1], 1):
            total = total + part
    return total


def matmul(A: Tensor, B: Tensor | DoubleDouble) -> DoubleDouble:
    """A @ B in double-double, relative to the largest entries of A and of B.

    Args:
        A: (a, b), float64.
        B: (b, c), float64 or double-double.
    """
    bits = slice_bits(A.shape[1])
    columns = (B.high if isinstance(B, DoubleDouble) else B).shape[1]
    return multiply(cut(A, bits), cut(B, bits), A.new_zeros(A.shape[0], columns))
