from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import linnet
from linnet.config import SCHEDULES as NAMES
from linnet.config import Hyperparameters
from linnet.core.bank import Bank
from linnet.core.losses import Logistic, Loss, SoftmaxCrossEntropy, SquaredError
from linnet.data.dataset import Dataset
from linnet.data.split import Fold
from linnet.errors import UsageError
from linnet.train.model_group import ModelGroup, Weighing
from linnet.train.plan import Plan, make_trials
from linnet.train.schedules import SCHEDULES, StepSchedule, factor
from tests.support.sweeps import train_together


def by_torch(scheduler: torch.optim.lr_scheduler.LRScheduler, total: int) -> list[float]:
    rates = []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step()
    return rates


def optimizer() -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


N, D, K = 12, 3, 3


LOSSES: list[Loss] = [SoftmaxCrossEntropy(), Logistic(), SquaredError()]


def rows(seed: int, loss: Loss) -> Dataset:
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(N, D, generator=source, dtype=torch.float64)
    weights = torch.rand(N, generator=source, dtype=torch.float64).pow(4)
    weights[:2] = 0
    if isinstance(loss, SquaredError):
        return Dataset(X, torch.randn(N, K, generator=source, dtype=torch.float64), weights=weights)
    y = torch.randint(0, K, (N,), generator=source)
    return Dataset(X, y, classes=("a", "b", "c"), weights=weights)


def moved(
    data: Dataset, loss: Loss, hyperparameters: Hyperparameters, start: Tensor, index: Tensor
) -> Tensor:
    """What one step on some rows changes θ by."""
    weighing = Weighing.of(loss, [hyperparameters], data, [data.weights])
    group = ModelGroup(Bank(start.clone()), loss, [hyperparameters], 1.0, StepSchedule(1, 1), weighing)
    X1 = torch.cat([data.X[index], torch.ones(len(index), 1)], 1).double()
    target = loss.encode(data.y[index], K, torch.float64)
    assert data.weights is not None
    out = torch.empty(K, len(index), dtype=torch.float64)
    group.step_(X1, target, data.weights[None, index], out, 0, 0)
    return group.bank.theta - start


# Nothing but a bias to learn, so its optimum is plain arithmetic: half of the 20 rows are of class 1 with
# weight 0.05, the log odds are log(0.05); a target of 0 or 1 has the weighted mean 0.5/10.5.
EMPTY = torch.zeros(20, 1, dtype=torch.float64)


HALF = torch.arange(20) % 2


LIGHT = torch.where(HALF == 1, 0.05, 1.0)


CLASSES = Dataset(EMPTY, HALF, classes=("0", "1"))


NUMBERS = Dataset(EMPTY, HALF[:, None].double())


LOG_ODDS, MEAN = torch.log(torch.tensor(0.05)).item(), 0.5 / 10.5


LONG: dict[str, Any] = {"schedule": "linear", "dtype": "float64", "show": False, "std": 0.0}


def log_odds(run: Any) -> float:
    b = run.bank.b.flatten()
    return float(b[1] - b[0])


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


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000), size=st.sampled_from([1, 2, 3, 4, 6, 12]), loss=st.sampled_from(LOSSES),
    class_weight=st.sampled_from(["none", "balanced", "1:0.001:5"]), smoothing=st.sampled_from([0.0, 0.2]),
)  # fmt: skip
def test_the_mean_step_of_all_minibatches_is_the_step_of_all_rows(
    seed: int, size: int, loss: Loss, class_weight: str, smoothing: float
) -> None:
    data = rows(seed, loss)
    if data.is_classification:
        hyperparameters = Hyperparameters(lr=0.1, class_weight=class_weight, label_smoothing=smoothing)
    else:
        hyperparameters = Hyperparameters(lr=0.1)
    start = torch.randn(K, D + 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    whole = moved(data, loss, hyperparameters, start, torch.arange(N))
    parts = [moved(data, loss, hyperparameters, start, index) for index in torch.arange(N).split(size)]
    torch.testing.assert_close(torch.stack(parts).mean(0), whole, rtol=1e-9, atol=1e-12)


def test_the_step_of_all_rows_is_that_of_the_weighted_mean() -> None:
    for loss in LOSSES:
        data = rows(0, loss)
        assert data.weights is not None
        theta = torch.randn(K, D + 1, dtype=torch.float64).requires_grad_()
        scores = theta[:, :-1] @ data.X.T + theta[:, -1:]
        target = loss.encode(data.y, K, torch.float64)
        mean = (data.weights * loss.value(scores, target)).sum() / data.weights.sum()
        (gradient,) = torch.autograd.grad(mean, theta)
        step = moved(data, loss, Hyperparameters(lr=0.1), theta.detach(), torch.arange(N))
        torch.testing.assert_close(step, -0.1 * gradient)


@pytest.mark.parametrize("size", [1, 2, 10, 20])
def test_a_fit_of_weighted_rows_ends_at_the_weighted_optimum_whatever_the_minibatch(size: int) -> None:
    long = {**LONG, "batch_size": size, "epochs": 20 + 6 * size}
    run = linnet.fit(NUMBERS, sample_weight=LIGHT, lr=0.1 * size**0.5, **long)
    assert float(run.bank.b) == pytest.approx(MEAN, abs=0.01)
    run = linnet.fit(CLASSES, sample_weight=LIGHT, lr=1.0, **{**long, "epochs": 20 + 10 * size})
    assert log_odds(run) == pytest.approx(LOG_ODDS, abs=0.2)
    run = linnet.fit(CLASSES, class_weight="1:0.05", lr=1.0, **{**long, "epochs": 20 + 10 * size})
    assert log_odds(run) == pytest.approx(LOG_ODDS, abs=0.2)


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e6, 1e30])
def test_the_scale_of_weights_does_not_matter(scale: float) -> None:
    short = {**LONG, "lr": 0.5, "batch_size": 3, "epochs": 2, "dtype": "float32"}
    plain, scaled = (linnet.fit(CLASSES, sample_weight=LIGHT.double() * s, **short) for s in (1.0, scale))
    torch.testing.assert_close(scaled.bank.theta, plain.bank.theta, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-45, 1e40])
def test_weights_beyond_what_training_can_hold_are_refused(scale: float) -> None:
    for entrance in (linnet.fit, linnet.sweep):
        with pytest.raises(UsageError, match="divide them by their mean"):
            entrance(CLASSES, sample_weight=LIGHT.double() * scale, show=False)


@pytest.mark.parametrize("size", [1, 4])
def test_so_do_the_models_of_a_sweep_with_folds_bags_and_minibatches_taken_together(size: int) -> None:
    data = dataclasses.replace(NUMBERS, weights=LIGHT)
    hyperparameters = [
        Hyperparameters(lr=0.05, schedule="linear", std=0.0, optimizer=rule) for rule in ("sgd", "nesterov")
    ]
    hyperparameters = [
        *hyperparameters[:1],
        dataclasses.replace(hyperparameters[1], momentum=0.5),
        dataclasses.replace(hyperparameters[0], accumulate=3),
    ]
    counts = torch.tensor([0.0, 1, 2, 3]).repeat(5)  # of a bag
    views = [
        Fold((torch.arange(20) < 15).float(), torch.arange(15, 20)),
        Fold(counts, (counts == 0).nonzero()[:, 0]),
    ]
    found = train_together(
        data,
        make_trials(hyperparameters, 2),
        views,
        SquaredError(),
        Plan(epochs=60, batch_size=size),
        torch.float64,
    )
    for model, trial in enumerate(make_trials(hyperparameters, 2)):
        view = views[trial.fold].weights
        assert view is not None
        w = (view * LIGHT).double()
        expected = float(w @ NUMBERS.y[:, 0] / w.sum())
        assert float(found.bank.b[model]) == pytest.approx(expected, abs=0.02)


def test_weights_and_smoothing_come_to_the_optimum_of_the_soft_labels_that_they_amount_to() -> None:
    source = torch.Generator().manual_seed(1)
    X = torch.randn(30, 2, generator=source, dtype=torch.float64)
    y, own = torch.arange(30) % 3, torch.rand(30, generator=source, dtype=torch.float64) + 0.1
    c, even = torch.tensor([1.0, 3.0, 0.5], dtype=torch.float64), 0.2 / 3
    terms = c * (0.8 * nn.functional.one_hot(y, 3) + even)  # (N, K)
    sums = terms.sum(1)
    soft = Dataset(X, terms / sums[:, None], classes=("a", "b", "c"), weights=own * sums)
    # training divides by Σ w c_y, the mean of the soft labels by Σ w Σ_k c_k t_k
    l2 = 0.1
    solved = linnet.solve(soft, l2=l2 * float((own * c[y]).sum() / (own * sums).sum())).value.bank
    hyperparameters = {
        "class_weight": "1:3:0.5",
        "label_smoothing": 0.2,
        "optimizer": "nesterov",
        "momentum": 0.8,
    }
    run = linnet.fit(
        Dataset(X, y, classes=("a", "b", "c")), sample_weight=own, l2=l2, lr=0.4, epochs=150, batch_size=30,
        dtype="float64", show=False, **hyperparameters,
    )  # fmt: skip
    torch.testing.assert_close(run.bank.W, solved.W, rtol=1e-4, atol=1e-6)
