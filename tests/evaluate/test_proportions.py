"""Intervals of shares, against values of statsmodels 0.15 and exact arithmetic, and what they cover."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from linnet.evaluate.proportions import clopper_pearson, proportion


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
    k = torch.arange(rows + 1, dtype=torch.float64)
    low, high = clopper_pearson(k / rows, torch.full_like(k, rows))
    shares = np.linspace(0.001, 0.999, 499)[:, None]
    held = (low <= shares) & (shares <= high)
    assert (binom.pmf(k.numpy(), rows, shares) * held).sum(1).min() >= 0.95 - 1e-12


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
