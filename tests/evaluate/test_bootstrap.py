from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings

from linnet.errors import UsageError
from linnet.evaluate.assess import assess
from linnet.evaluate.bootstrap import bootstrap, draws
from linnet.evaluate.forecast import Forecast
from tests.support.forecasts import forecasts, make


@settings(max_examples=6, deadline=None)
@given(forecasts)
def test_intervals_hold_the_figure(made: Forecast) -> None:
    result = assess(made, intervals=True, resamples=4)
    assert result.whole["accuracy"].value == pytest.approx(float(made.hits.double().mean()))
    figures = [*result.whole.values(), *(f for several in result.classes.values() for f in several.values())]
    for interval in figures:
        assert interval.reason or interval.low <= interval.value <= interval.high


def test_a_class_that_one_resample_alone_has_leaves_the_means_an_interval() -> None:
    result = assess(make(7, 4), intervals=True, resamples=4)
    macro = result.whole["macro_f1"]
    assert 0 <= macro.low < macro.value < macro.high <= 1


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = torch.randn(2000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (interval,) = bootstrap(lambda counts: (counts @ values / counts.sum())[None], 2000, resamples=2000)
    error = 1.96 * float(values.std()) / 2000**0.5
    assert interval.value == pytest.approx(float(values.mean()))
    assert interval.low == pytest.approx(interval.value - error, abs=0.15 * error)
    assert interval.high == pytest.approx(interval.value + error, abs=0.15 * error)


def test_draws_repeat_and_have_as_many_rows() -> None:
    first, again, other = (list(draws(7, 5, seed)) for seed in (0, 0, 1))
    assert all(float(counts.sum()) == 7 for counts in first)
    assert all(map(torch.equal, first, again))
    assert not all(map(torch.equal, first, other))
    with pytest.raises(UsageError, match="at least 2 resamples"):
        bootstrap(lambda counts: counts, 3, resamples=1)
