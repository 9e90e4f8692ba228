"""Intervals of shares, against statsmodels 0.15 and exact arithmetic, and of means: what they cover."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, t

from linnet.evaluate.interval import clopper_pearson, mean, proportion


def of(right: int, rows: int) -> tuple[float, float, float]:
    found = proportion(torch.arange(rows) < right)
    return found.value, found.low, found.high


def test_a_model_that_makes_no_mistake_on_69_rows_may_make_some_on_others() -> None:
    assert of(69, 69) == pytest.approx((1.0, 0.025 ** (1 / 69), 1.0))  # p^69 = 0.025: 0.9479


def test_no_row_found_of_13_is_no_proof_that_none_ever_will_be() -> None:
    assert of(0, 13) == pytest.approx((0.0, 0.0, 1 - 0.025 ** (1 / 13)))  # (1 − p)^13 = 0.025: 0.2470


def test_ends_equal_those_of_statsmodels() -> None:
    """proportion_confint(…, method="beta") of (1, 5), (7, 69) and (812, 1000)."""
    assert of(1, 5)[1:] == pytest.approx((0.00505076338, 0.71641793612))
    assert of(7, 69)[1:] == pytest.approx((0.04177087818, 0.19791848235))
    assert of(812, 1000)[1:] == pytest.approx((0.78637845984, 0.83576927660))


@pytest.mark.parametrize("rows", [1, 2, 5, 13, 69, 200])
def test_intervals_cover_every_share_at_least_as_often_as_is_said(rows: int) -> None:
    """Summed over all outcomes of the binomial law: no simulation, no luck."""
    k = np.arange(rows + 1.0)
    low, high = clopper_pearson(k / rows, np.full_like(k, rows))
    shares = np.linspace(0.001, 0.999, 499)[:, None]
    held = (low <= shares) & (shares <= high)
    assert (binom.pmf(k, rows, shares) * held).sum(1).min() >= 0.95 - 1e-12


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0.01, 100))
def test_weights_that_are_all_alike_change_nothing(right: int, rows: int, weight: float) -> None:
    hits = torch.arange(rows) < right
    plain, weighted = proportion(hits), proportion(hits, torch.full((rows,), weight))
    assert (weighted.low, weighted.high) == pytest.approx((plain.low, plain.high), abs=1e-9)


def test_rows_with_weights_cover_too() -> None:
    source = np.random.default_rng(0)
    held = []
    for _ in range(300):
        heavy = source.random(80) < 0.3
        weights = torch.from_numpy(np.where(heavy, 5.0, 1.0))
        right = torch.from_numpy(source.random(80) < np.where(heavy, 0.95, 0.7))
        found = proportion(right, weights)
        truth = (0.3 * 5 * 0.95 + 0.7 * 0.7) / (0.3 * 5 + 0.7)
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.92  # 0.95 less two standard errors of 300 draws


def test_one_heavy_row_is_one_row() -> None:
    weights = torch.tensor([1000.0, *[1.0] * 9])
    found = proportion(torch.ones(10, dtype=torch.bool), weights)
    assert found.low == pytest.approx(0.025, abs=0.002)  # as of a single row


def test_no_rows_have_no_share() -> None:
    found = proportion(torch.zeros(0, dtype=torch.bool), reason="no rows of oak")
    assert found.as_dict() == {"value": None, "low": None, "high": None, "reason": "no rows of oak"}
    assert str(found) == "–"


def test_more_rows_say_more() -> None:
    widths = [of(n, 2 * n)[2] - of(n, 2 * n)[1] for n in (1, 4, 16, 64)]
    assert all(first > second for first, second in pairwise(widths))


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
