from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.errors import UsageError
from linnet.evaluate.forecast import Forecast
from linnet.evaluate.reliability import reliability
from tests.evaluate.forecasts import forecasts, make


@given(forecasts, st.integers(1, 20), st.sampled_from(["width", "mass"]))
def test_ece_is_that_of_its_definition_and_a_share(made: Forecast, bins: int, binning: str) -> None:
    table = reliability(made, bins, binning)
    brute = 0.0
    for low, high in zip(table.edges[:-1].tolist(), table.edges[1:].tolist(), strict=True):
        is_first = low == float(table.edges[0])
        inside = (made.confidence > low if not is_first else made.confidence >= low) & (
            made.confidence <= high
        )
        if bool(inside.any()):
            gap = made.hits[inside].double().mean() - made.confidence[inside].mean()
            brute += float(inside.sum()) / len(made) * abs(float(gap))
    assert table.ece == pytest.approx(brute, abs=1e-12)
    assert 0 <= table.ece <= table.mce + 1e-12 <= 1 + 1e-12
    assert int(table.counts.sum()) == len(made)


def test_bins_of_equal_mass_have_as_many_rows() -> None:
    counts = reliability(make(1000), 10, "mass").counts
    assert counts.tolist() == [100] * 10


def test_a_calibrated_model_is_told_from_one_that_is_not() -> None:
    good, sure = make(4000), make(4000, sharpness=3)
    table = reliability(good)
    assert table.ece < 2 * table.expected_ece(good)
    table = reliability(sure)
    assert table.ece > 5 * table.expected_ece(sure)


def test_alike_rows_and_refusals() -> None:
    alike = Forecast(torch.zeros(5, 2), torch.tensor([0, 0, 0, 1, 1]), ("a", "b"))
    table = reliability(alike, 4, "mass")
    assert table.bins == 1
    assert table.ece == pytest.approx(0.1)
    assert reliability(alike).as_dict()["accuracy"].count(None) == 14
    with pytest.raises(UsageError, match="width or mass"):
        reliability(alike, binning="even")
