from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.config import SCHEDULES as NAMES
from linnet.errors import UsageError
from linnet.train.model_group import SCHEDULES, factor


def by_torch(scheduler: torch.optim.lr_scheduler.LRScheduler, total: int) -> list[float]:
    rates = []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step()
    return rates


def optimizer() -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


@pytest.mark.parametrize("total", [1, 4, 37, 100])
def test_they_are_torchs(total: int) -> None:
    schedulers = torch.optim.lr_scheduler
    ours = {name: [factor(name, step, total) for step in range(total)] for name in SCHEDULES}
    assert ours["constant"] == [1.0] * total
    assert ours["cosine"] == pytest.approx(by_torch(schedulers.CosineAnnealingLR(optimizer(), total), total))
    linear = schedulers.LinearLR(optimizer(), 1.0, 0.0, total)
    assert ours["linear"] == pytest.approx(by_torch(linear, total))
    if total == 100:
        stepped = schedulers.MultiStepLR(optimizer(), [50, 75], 0.1)
        assert ours["step"] == pytest.approx(by_torch(stepped, total))


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(1, 300), st.floats(0, 0.9), st.data())
def test_a_factor_is_a_share(name: str, total: int, warmup: float, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, total - 1))
    assert 0 <= factor(name, step, total, warmup) <= 1


def test_warming_up_rises_to_the_schedule() -> None:
    rates = [factor("cosine", step, 100, 0.2) for step in range(100)]
    assert rates[:20] == sorted(rates[:20])
    assert rates[20] == 1.0
    assert rates[20:] == sorted(rates[20:], reverse=True)
    peak = [factor("onecycle", step, 100) for step in range(100)]
    assert (peak[0], max(peak), peak.index(max(peak))) == (1 / 25, 1.0, 30)


def test_names() -> None:
    assert tuple(SCHEDULES) == NAMES
    with pytest.raises(UsageError, match="unknown schedule"):
        factor("steep", 0, 1)
