from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.core import bank as banks
from linnet.core.bank import Bank
from linnet.core.losses import AbsoluteError, Huber, Loss, SoftmaxCrossEntropy, SquaredError
from linnet.core.step import Step, fused_sgd_, reference_sgd_
from linnet.device import generator

LOSSES = [SoftmaxCrossEntropy(), SquaredError(), AbsoluteError(), Huber.torch(0.7)]


def trajectory(
    step: Step, loss: Loss, models: int, rows: int, dtype: torch.dtype, steps: int = 20
) -> tuple[Bank, torch.Tensor]:
    source = generator(5, "data")
    bank = banks.normal(models, 3, 7, [generator(m, "init") for m in range(models)], 0.1, dtype)
    lr = torch.linspace(0.05, 0.2, models, dtype=dtype).view(-1, 1, 1)
    out = torch.empty(models * 3, rows, dtype=dtype)
    for _ in range(steps):
        X1 = torch.randint(0, 256, (rows, 8), generator=source).to(dtype)
        X1[:, -1] = 255
        target = torch.zeros(3, rows, dtype=dtype)
        target[torch.randint(0, 3, (rows,), generator=source), torch.arange(rows)] = 1.0
        step(bank, X1, target, loss, lr, 1 / 255, out)
    return bank, out


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@settings(max_examples=10, deadline=None)
@given(models=st.integers(1, 4), rows=st.integers(1, 9))
def test_fused_equals_reference(
    loss: Loss, dtype: torch.dtype, tolerance: float, models: int, rows: int
) -> None:
    fused, fused_scores = trajectory(fused_sgd_, loss, models, rows, dtype)
    reference, reference_scores = trajectory(reference_sgd_, loss, models, rows, dtype)
    size = float(reference.W.abs().max())
    assert float((fused.W - reference.W).abs().max()) <= tolerance * size
    assert float((fused.b - reference.b).abs().max()) <= tolerance * max(size, float(reference.b.abs().max()))
    torch.testing.assert_close(fused_scores, reference_scores, rtol=10 * tolerance, atol=10 * tolerance)


def test_models_of_a_bank_do_not_touch_each_other() -> None:
    loss, dtype = SoftmaxCrossEntropy(), torch.float64
    together, _ = trajectory(fused_sgd_, loss, 2, 8, dtype)
    alone, _ = trajectory(fused_sgd_, loss, 1, 8, dtype)  # the first of two has the same rate and start
    torch.testing.assert_close(together.pick(0).W, alone.W, rtol=1e-12, atol=1e-15)
