from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.core import functional
from linnet.demos.softmax_forms import TypeLimits, forms
from linnet.errors import ShapeError, UsageError

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
rows = st.lists(st.floats(-3000, 3000), min_size=2, max_size=10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_limits_are_where_exp_leaves_the_type(dtype: torch.dtype) -> None:
    limits = TypeLimits.of(dtype)

    def exp(value: float) -> float:
        return float(torch.tensor(value, dtype=torch.float64).exp().to(dtype))

    assert math.isfinite(exp(limits.overflow_above - 1e-3))
    assert math.isinf(exp(limits.overflow_above + 0.01))
    assert exp(limits.underflow_below + 1e-3) > 0
    assert exp(limits.underflow_below - 1e-3) == 0


@given(rows, st.sampled_from(DTYPES), st.floats(0.5, 10), st.integers(0, 1))
def test_they_are_the_functions_of_core(
    row: list[float], dtype: torch.dtype, temperature: float, target: int
) -> None:
    found = forms(torch.tensor(row, dtype=torch.float64), target, dtype, temperature)
    held = (torch.tensor(row, dtype=torch.float64) / temperature).to(dtype)
    same = {"rtol": 0.0, "atol": 0.0, "equal_nan": True}
    torch.testing.assert_close(found.naive.softmax, functional.naive_softmax(held), **same)
    torch.testing.assert_close(found.stable.log_softmax, functional.log_softmax(held), **same)
    assert found.stable.cross_entropy == float(functional.cross_entropy(held[None], torch.tensor([target])))
    assert math.isfinite(found.stable.cross_entropy)
    assert not bool(found.stable.softmax.isnan().any())


@given(rows, st.sampled_from(DTYPES))
def test_a_cause_is_what_the_numbers_show(row: list[float], dtype: torch.dtype) -> None:
    found = forms(torch.tensor(row, dtype=torch.float64), 0, dtype).naive
    is_nan, is_cut = bool(found.softmax.isnan().any()), bool(found.log_softmax.isinf().any())
    assert is_nan == (found.cause in ("exp_overflow", "sum_underflow"))
    assert (not is_nan and is_cut) == (found.cause in ("sum_overflow", "log_of_zero"))
    assert math.isnan(found.error) == is_nan
    for power, strike in zip(found.exponentials.tolist(), found.strikes, strict=True):
        assert (power == math.inf) == (strike == "overflow")
        assert (power == 0) == (strike == "underflow")


@pytest.mark.parametrize(
    ("row", "dtype", "cause"),
    [
        ([1.0, 2.0], torch.float16, "fine"),
        ([12.0, 0.0], torch.float16, "exp_overflow"),
        ([12.0, 0.0], torch.float32, "fine"),
        ([11.0, 11.0], torch.float16, "sum_overflow"),
        ([-18.0, -19.0], torch.float16, "sum_underflow"),
        ([-800.0, -900.0], torch.float64, "sum_underflow"),
        ([0.0, -18.0], torch.float16, "log_of_zero"),
        ([5.0, -9.7], torch.float16, "small_lost"),
        ([-90.0, 5.0], torch.float32, "small_lost"),
        ([7e4, 0.0], torch.float16, "logit_overflow"),
    ],
)
def test_each_cause(row: list[float], dtype: torch.dtype, cause: str) -> None:
    assert forms(torch.tensor(row, dtype=torch.float64), 0, dtype).naive.cause == cause


def test_what_cannot_be() -> None:
    with pytest.raises(ShapeError, match="one row of floating logits"):
        forms(torch.zeros(2, 2), 0, torch.float32)
    with pytest.raises(UsageError, match="temperature"):
        forms(torch.zeros(2), 0, torch.float32, 0.0)
    with pytest.raises(UsageError, match="class indices"):
        forms(torch.zeros(2), 2, torch.float32)
