from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from linnet.config import Hyperparameters
from linnet.core.grids import expand_grid
from linnet.core.losses import SoftmaxCrossEntropy
from linnet.data.split import hold_out, split_folds
from linnet.device import generator
from linnet.train.plan import Plan, Trial, make_trials
from tests.support.blobs import make_blobs
from tests.support.sweeps import odd_fold, sweep_blobs, train_together

LOSS = SoftmaxCrossEntropy()


def mixed() -> list[Hyperparameters]:
    """Forty models with other rates, rules, penalties, schedules and seeds."""
    settings = expand_grid(
        {"optimizer": ["sgd", "momentum", "nesterov", "adam"], "lr": [0.01, 0.1], "l2": [0.0, 1e-3]},
        Hyperparameters(),
    )
    settings += expand_grid(
        {"schedule": ["step", "cosine", "linear", "onecycle"], "warmup": [0.0, 0.1]}, Hyperparameters(lr=0.2)
    )
    settings += expand_grid(
        {"l1": [1e-4, 1e-2], "clip": [None, 0.5], "seed": [1, 2]}, Hyperparameters(lr=0.1)
    )
    settings += expand_grid(
        {"weight_decay": [0.01, 0.1], "optimizer": ["sgd", "adam"], "std": [0.01, 0.1]},
        Hyperparameters(lr=0.05),
    )
    return settings


def mixed_inputs() -> list[Hyperparameters]:
    """Forty models that see other inputs, take other minibatches together, and weigh rows otherwise."""
    settings = expand_grid(
        {"augment": ["none", "shift:1+flip", "rotate:20+noise:0.2"], "dropout": [0.0, 0.3]},
        Hyperparameters(lr=0.1),
    )
    settings += expand_grid(
        {"pool": [1, 2], "standardize": [False, True], "optimizer": ["sgd", "adam"]}, Hyperparameters(lr=0.05)
    )
    settings += expand_grid(
        {"accumulate": [1, 2, 3], "optimizer": ["sgd", "momentum"], "schedule": ["constant", "cosine"]},
        Hyperparameters(lr=0.1, l2=1e-3),
    )
    settings += expand_grid(
        {"average": [0.5, 1.0], "accumulate": [1, 2], "l1": [0.0, 1e-3]}, Hyperparameters(lr=0.1)
    )
    settings += expand_grid(
        {"label_smoothing": [0.0, 0.2], "class_weight": ["balanced", "1:2:0.5", "none"]},
        Hyperparameters(lr=0.07),
    )
    return settings


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("width", [2048, 21])
@pytest.mark.parametrize("settings", [mixed(), mixed_inputs()], ids=["steps", "inputs"])
def test_each_of_forty_is_the_model_trained_alone(
    settings: list[Hyperparameters], dtype: torch.dtype, tolerance: float, width: int
) -> None:
    assert len(settings) == 40
    data = make_blobs(200)
    views = split_folds(data, 3, 0)
    made = [Trial(number, hyperparameters, number % 3) for number, hyperparameters in enumerate(settings)]
    plan = Plan(epochs=2, batch_size=32, width=width)
    together = train_together(data, made, views, LOSS, plan, dtype)
    assert together.status == ["completed"] * 40
    for number, trial in enumerate(made):
        alone = train_together(data, [trial], views, LOSS, Plan(epochs=2, batch_size=32), dtype)
        expected = alone.bank.theta
        got = together.bank.pick(number).theta
        assert float((got - expected).abs().max()) <= tolerance * float(expected.abs().max())
        for name, values in alone.curves.items():
            torch.testing.assert_close(
                together.curves[name][:, number], values[:, 0], rtol=10 * tolerance, atol=0
            )


def test_a_model_is_the_one_that_torch_trains() -> None:
    data = make_blobs(150)
    (view,) = views = hold_out(data, 0.2, 0)
    hyperparameters = Hyperparameters(lr=0.1, optimizer="nesterov", l2=1e-2, schedule="cosine", seed=3)
    plan = Plan(epochs=3, batch_size=16, seed=5)
    outcome = train_together(data, [Trial(0, hyperparameters, 0)], views, LOSS, plan, torch.float64)

    from linnet.core.bank import normal
    from linnet.data.batches import Batches

    start = normal(3, 16, [generator(3, "init")], 0.01, torch.float64)
    W, b = (p.clone().requires_grad_() for p in (start.W, start.b))
    groups = [{"params": [W], "weight_decay": 1e-2}, {"params": [b], "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
    assert view.weights is not None
    kept = data.rows(view.weights > 0)  # a share that is held out is in no minibatch
    batches = Batches(kept, 16, seed=5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 3 * len(batches))
    for epoch in range(3):
        order = batches.order(epoch)
        assert order is not None
        for rows in order.split(16):
            X = kept.X[rows].double() / 255
            optimizer.zero_grad()
            nn.functional.cross_entropy(X @ W.T + b, kept.y[rows]).backward()
            optimizer.step()
            schedule.step()
    torch.testing.assert_close(outcome.bank.W, W.detach(), rtol=1e-10, atol=1e-13)
    torch.testing.assert_close(outcome.bank.b, b.detach(), rtol=1e-10, atol=1e-13)
    X = data.X[view.validation].double() / 255
    expected = nn.functional.cross_entropy(X @ W.T + b, data.y[view.validation])
    assert float(outcome.curves["validation_loss"][-1, 0]) == pytest.approx(
        float(expected.detach()), rel=1e-9
    )


def test_a_model_that_diverges_harms_nobody() -> None:
    steady = [Hyperparameters(lr=0.1), Hyperparameters(lr=0.2, optimizer="adam")]
    wild = Hyperparameters(lr=1e308)
    outcome = sweep_blobs([steady[0], wild, steady[1]])
    assert outcome.status == ["completed", "diverged in epoch 1", "completed"]
    assert bool(outcome.bank.pick(1).theta.isnan().all())
    alone = sweep_blobs(steady)
    for place, model in enumerate((0, 2)):
        torch.testing.assert_close(
            outcome.bank.pick(model).theta, alone.bank.pick(place).theta, rtol=1e-12, atol=1e-15
        )
    assert bool(outcome.curves["validation_loss"][1:, 1].isnan().all())


@pytest.mark.parametrize("hyperparameters", [{"standardize": True}, {"class_weight": "balanced"}])
def test_rows_kept_from_training_do_not_shape_it(hyperparameters: dict[str, object]) -> None:
    data, views = odd_fold()
    plan = Plan(epochs=2, batch_size=120)
    settings = [Hyperparameters(lr=0.3, **hyperparameters)]  # type: ignore[arg-type]
    first = train_together(data, make_trials(settings, 2), views, LOSS, plan, torch.float64)
    other = data.X.clone()
    other[:60] = 255 - other[:60]
    labels = data.y.clone()
    labels[:60] = 2
    changed = dataclasses.replace(data, X=other, y=labels)
    second = train_together(changed, make_trials(settings, 2), views, LOSS, plan, torch.float64)
    # The first view trains on the rows that stayed as they were.
    torch.testing.assert_close(first.bank.pick(0).theta, second.bank.pick(0).theta, rtol=1e-9, atol=1e-12)
    assert not torch.allclose(first.bank.pick(1).theta, second.bank.pick(1).theta)
