"""Losses in other units of targets and scores."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.core.losses import LOSSES, by_name


@pytest.mark.parametrize("name", [name for name, kind in LOSSES.items() if not kind.is_for_classes])
@given(seed=st.integers(0, 20), deviation=st.sampled_from([1e-4, 0.7, 30.0, 1e6]))
def test_a_loss_is_that_in_other_units_times_its_worth(name: str, seed: int, deviation: float) -> None:
    source = torch.Generator().manual_seed(seed)
    loss = by_name(name, 2.5)
    y = 5 * torch.rand(20, 2, generator=source, dtype=torch.float64)
    scores = torch.randn(2, 20, generator=source, dtype=torch.float64)
    units = loss.in_units(y.mean(0), deviation)
    expected = loss.value(units.level[:, None] + units.unit * scores, y.T)
    torch.testing.assert_close(units.worth * units.loss.value(scores, units.enter(y).T), expected)


@pytest.mark.parametrize("name", ["softmax", "logistic"])
def test_classes_stay_as_they_are(name: str) -> None:
    units, y = by_name(name).in_units(torch.zeros(3), 1.0), torch.tensor([0, 2])
    assert units.enter(y) is y
    assert (units.unit, units.worth, units.level.tolist()) == (1.0, 1.0, [0, 0, 0])
