from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.config import Recipe
from linnet.core import bank as banks
from linnet.core.bank import Bank
from linnet.core.losses import AbsoluteError, Huber, Loss, SoftmaxCrossEntropy, SquaredError
from linnet.core.step import Step, Trace, fused_sgd_, reference_sgd_
from linnet.data.sources import synthetic
from linnet.device import generator
from linnet.errors import DivergedError, UsageError
from linnet.train.fit import fit

LOSSES = [SoftmaxCrossEntropy(), SquaredError(), AbsoluteError(), Huber.torch(0.7)]


def trajectory(
    step: Step, loss: Loss, models: int, rows: int, dtype: torch.dtype, steps: int = 20
) -> tuple[Bank, torch.Tensor]:
    source = generator(5, "data")
    bank = banks.normal(3, 7, [generator(m, "init") for m in range(models)], 0.1, dtype)
    lr = torch.linspace(0.05, 0.2, models, dtype=dtype).view(-1, 1, 1)
    out = torch.empty(models * 3, rows, dtype=dtype)
    for _ in range(steps):
        X1 = torch.randint(0, 256, (rows, 8), generator=source).to(dtype)
        X1[:, -1] = 255
        target = torch.zeros(3, rows, dtype=dtype)
        target[torch.randint(0, 3, (rows,), generator=source), torch.arange(rows)] = 1.0
        step(bank, X1, target, loss, lr, 1 / 255, out)
    return bank, out


DATA = synthetic.linear(w=[2.0], b=1.0, rows=20, noise=0.1, dtype=torch.float64)


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


def test_it_keeps_every_point_of_the_same_run() -> None:
    recipe = Recipe(epochs=3, batch_size=8, lr=0.1, dtype="float64")
    trace = Trace()
    run, _ = fit(DATA, recipe, step=trace)
    assert len(trace.points) == 3 * 3 + 1
    plain, _ = fit(DATA, recipe)
    assert run.bank.theta.equal(plain.bank.theta)
    assert trace.points[-1].equal(run.bank.theta)
    one, _ = fit(DATA, Recipe(epochs=1, batch_size=8, lr=0.1, dtype="float64"))
    assert trace.points[3].equal(one.bank.theta)


def test_it_keeps_the_way_to_infinity() -> None:
    trace = Trace()
    with pytest.raises(DivergedError):
        fit(DATA, Recipe(epochs=400, batch_size=20, lr=50.0, dtype="float64"), step=trace)
    sizes = [float(point.norm()) for point in trace.points[:20]]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 1e6


def test_a_path_is_bounded() -> None:
    with pytest.raises(UsageError, match="more than 5 points"):
        fit(DATA, Recipe(epochs=2, batch_size=2, lr=0.1), step=Trace(most=5))
