"""Intervals of means over rows: what they cover, and where there is none."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import t

from linnet.evaluate.means import mean


def test_values_without_skewness_have_student_s_interval() -> None:
    values = torch.tensor([-3.0, -1, -1, 0, 0, 0, 0, 1, 1, 3], dtype=torch.float64) + 7
    found = mean(values)
    error = float(t.ppf(0.975, 9)) * float(values.std()) / math.sqrt(10)
    assert (found.value, found.low, found.high) == pytest.approx((7, 7 - error, 7 + error))


@pytest.mark.parametrize("rows", [15, 30, 100])
def test_skewed_losses_are_covered_where_student_s_interval_misses(rows: int) -> None:
    """Exponential losses of mean 1, which Student's t covers less often, and percentiles less still."""
    source = torch.Generator().manual_seed(rows)
    draws = -torch.rand(800, rows, generator=source, dtype=torch.float64).log()
    held = [one.low <= 1 <= one.high for one in map(mean, draws)]
    assert sum(held) / len(held) >= 0.93


def test_a_row_that_counts_twice_moves_the_mean_as_two_rows_do() -> None:
    values = torch.arange(20.0, dtype=torch.float64) ** 2
    counts = torch.tensor([1, 2]).repeat(10)
    found = mean(values, counts.double())
    assert found.value == pytest.approx(float(values.repeat_interleave(counts).mean()))
    assert found.low < found.value < found.high
    heavier = mean(values, 1000 * counts.double())
    assert (heavier.low, heavier.high) == pytest.approx((found.low, found.high))


def test_few_rows_and_rows_that_are_alike_have_no_interval() -> None:
    few = mean(torch.arange(9.0, dtype=torch.float64))
    assert (few.value, few.has_ends, few.reason) == (4.0, False, "fewer than 10 rows that count")
    assert few.text() == "4.0000 [–]"
    alike = mean(torch.full((50,), 0.1, dtype=torch.float64))
    assert (alike.value, alike.reason) == (pytest.approx(0.1), "all rows are alike")
    assert alike.as_dict() == {"value": alike.value, "low": None, "high": None, "reason": alike.reason}


def test_ends_stay_within_what_can_be() -> None:
    values = torch.tensor([0.0] * 30 + [1.0], dtype=torch.float64)
    found = mean(values, bounds=(0.0, 1.0))
    assert 0 <= found.low < 1 / 31 < found.high <= 1
