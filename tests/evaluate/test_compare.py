from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from linnet.errors import UsageError
from linnet.evaluate.compare import compare, mcnemar, paired_difference
from linnet.evaluate.evaluation import Evaluation
from tests.support.evaluations import make


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_the_binomial_test(b: int, c: int) -> None:
    exact, mid = mcnemar(b, c)
    assert exact == pytest.approx(binomtest(b, b + c).pvalue if b + c else 1.0)
    assert 0 <= mid <= exact <= 1
    assert mcnemar(c, b) == pytest.approx((exact, mid))


def test_mid_p_of_the_paper() -> None:
    """Fagerland et al. 2013, table 1 (Bentur et al.): 1 and 7 discordant pairs."""
    assert mcnemar(1, 7) == pytest.approx((0.0703, 0.0391), abs=1e-4)


def test_noise_is_called_noise_and_a_lead_a_lead() -> None:
    first = make(3000)
    source = torch.Generator().manual_seed(9)
    noise = torch.randn(first.logits.shape, generator=source, dtype=torch.float64).numpy()
    near = Evaluation.of_scores(first.logits + 0.01 * noise, first.targets, first.classes)
    worse = Evaluation.of_scores(first.logits + 3 * noise, first.targets, first.classes)
    said = compare(first, near)
    assert said.is_noise
    assert "within noise" in str(said)
    said = compare(first, worse)
    assert not said.is_noise
    assert not said.is_loss_noise
    assert said.accuracy.low > 0 > said.log_loss.high
    assert "beyond noise" in str(said)
    expected = first.hits.mean() - worse.hits.mean()
    assert said.accuracy.value == pytest.approx(expected)
    assert said.only_first - said.only_second == pytest.approx(3000 * expected)
    back = compare(worse, first)
    assert back.accuracy.value == pytest.approx(-expected)
    assert back.as_dict()["within_noise"] is False


def test_whether_a_difference_without_an_interval_is_noise_is_not_known() -> None:
    first = make(6)  # too few for an interval
    said = compare(first, Evaluation.of_scores(2 * first.logits, first.targets, first.classes))
    assert not said.log_loss.has_ends
    assert said.as_dict()["log_loss_within_noise"] is None
    assert str(said).count("noise or not: unknown") == 2  # of the log loss and of the Brier score


def test_the_same_model_twice_and_other_rows() -> None:
    made = make(20)
    said = compare(made, made)
    assert said.is_noise
    error = 1.959963985 * math.sqrt(2 / 22 / 22)  # by hand of b = c = 0: p = 1/22 each
    assert (said.accuracy.low, said.accuracy.high) == pytest.approx((-error, error))
    assert "log loss  +0.0000 [–]  within noise" in str(said)
    with pytest.raises(UsageError, match="same rows"):
        compare(made, make(20, seed=1))


def test_the_interval_of_a_difference_is_bonett_and_price_s() -> None:
    """By hand of b = 7, c = 2 of 50: p = 8/52 and 3/52, 5/52 ± 1.959964·√((11/52 − (5/52)²)/52)."""
    found = paired_difference(7, 2, 50)
    error = 1.959963985 * math.sqrt((11 / 52 - (5 / 52) ** 2) / 52)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 5 / 52 - error, 5 / 52 + error))


def test_differences_of_shares_are_covered_with_few_rows_too() -> None:
    source, held = np.random.default_rng(0), 0
    for b, c, _ in source.multinomial(30, [0.15, 0.05, 0.8], 500):
        found = paired_difference(int(b), int(c), 30)
        held += found.low <= 0.1 <= found.high
    assert held / 500 >= 0.93
