from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from linnet.errors import UsageError
from linnet.evaluate.compare import compare, mcnemar
from linnet.evaluate.forecast import Forecast
from tests.evaluate.forecasts import make


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
    noise = torch.randn(first.logits.shape, generator=source, dtype=torch.float64)
    near = Forecast(first.logits + 0.01 * noise, first.labels, first.classes)
    worse = Forecast(first.logits + 3 * noise, first.labels, first.classes)
    said = compare(first, near, resamples=200)
    assert said.is_noise
    assert "within noise" in str(said)
    said = compare(first, worse, resamples=200)
    assert not said.is_noise
    assert not said.is_loss_noise
    assert said.accuracy.low > 0 > said.log_loss.high
    assert "beyond noise" in str(said)
    expected = np.mean(first.hits.numpy()) - np.mean(worse.hits.numpy())
    assert said.accuracy.value == pytest.approx(expected)
    assert said.only_first - said.only_second == pytest.approx(3000 * expected)
    back = compare(worse, first, resamples=200)
    assert back.accuracy.value == pytest.approx(-expected)
    assert back.as_dict()["within_noise"] is False


def test_the_same_model_twice_and_other_rows() -> None:
    made = make(20)
    assert compare(made, made, resamples=20).is_noise
    with pytest.raises(UsageError, match="same rows"):
        compare(made, make(20, seed=1))
