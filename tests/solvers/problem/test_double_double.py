from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from linnet.solvers.problem.double_double import DoubleDouble, cut, matmul, slice_bits
from linnet.solvers.problem.error_free import two_product, two_sum

numbers = st.floats(-1e60, 1e60, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-60)


def scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def exactly(value: DoubleDouble) -> Fraction:
    return Fraction(float(value.high)) + Fraction(float(value.low))


def rough(rows: int, columns: int, seed: int, spread: float = 20) -> Tensor:
    """Numbers of very different sizes."""
    source = torch.Generator().manual_seed(seed)
    values = torch.randn(rows, columns, generator=source, dtype=torch.float64)
    return values * torch.exp2(spread * torch.randn(rows, columns, generator=source, dtype=torch.float64))


@given(numbers, numbers)
def test_two_sum_and_two_product_lose_nothing(a: float, b: float) -> None:
    assert exactly(DoubleDouble(*two_sum(scalar(a), scalar(b)))) == Fraction(a) + Fraction(b)
    assert exactly(DoubleDouble(*two_product(scalar(a), scalar(b)))) == Fraction(a) * Fraction(b)


@given(numbers, numbers, numbers, numbers)
def test_doubled_sums_and_products_have_a_hundred_bits(a: float, b: float, c: float, d: float) -> None:
    x, y = (DoubleDouble(*two_sum(scalar(high), scalar(low * 1e-17))) for high, low in ((a, b), (c, d)))
    right = exactly(x) + exactly(y)
    assert abs(exactly(x + y) - right) <= (abs(exactly(x)) + abs(exactly(y))) * Fraction(2) ** -102
    product = exactly(x) * Fraction(c)
    assert abs(exactly(x.times(scalar(c))) - product) <= abs(product) * Fraction(2) ** -100


@pytest.mark.parametrize("terms", [1, 2, 784, 1024])
def test_slices_add_up_and_multiply_without_rounding(terms: int) -> None:
    values = rough(5, terms, 0)
    bits = slice_bits(terms)
    parts = cut(values, bits)
    for row in range(5):
        for column in range(min(terms, 9)):
            total = sum(Fraction(float(part[row, column])) for part in parts)
            assert total == Fraction(float(values[row, column]))
    for part in parts:
        products = part @ part.T
        for i in range(5):
            right = sum(
                Fraction(a) * Fraction(b) for a, b in zip(part[i].tolist(), part[0].tolist(), strict=True)
            )
            assert Fraction(float(products[i, 0])) == right


def test_matmul_is_right_to_doubled_precision_where_all_cancels() -> None:
    A, B = rough(4, 60, 1, 5), rough(60, 3, 2, 5)
    A = torch.cat([A, A], 1)
    B = torch.cat([B, -B * (1 + 2**-40)])  # the sum is 2^-40 of its terms
    found = matmul(A, B)
    for i in range(4):
        for k in range(3):
            terms = [Fraction(a) * Fraction(b) for a, b in zip(A[i].tolist(), B[:, k].tolist(), strict=True)]
            error = abs(Fraction(float(found.high[i, k])) + Fraction(float(found.low[i, k])) - sum(terms))
            assert error <= Fraction(2) ** -95 * 120 * Fraction(float(A.abs().max() * B.abs().max()))


def test_nothing_has_no_slices() -> None:
    assert cut(torch.zeros(3, 2, dtype=torch.float64), 20) == []
    assert cut(torch.zeros(0, 2, dtype=torch.float64), 20) == []
    assert torch.equal(
        matmul(torch.zeros(2, 0, dtype=torch.float64), torch.zeros(0, 3, dtype=torch.float64)).high,
        torch.zeros(2, 3, dtype=torch.float64),
    )
