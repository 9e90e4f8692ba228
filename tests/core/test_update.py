"""A bank's rules against torch.optim, model by model."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from linnet.core import bank as banks
from linnet.core.bank import Bank
from linnet.core.losses import SoftmaxCrossEntropy
from linnet.core.optimizers import Settings
from linnet.core.update import Update
from linnet.device import generator
from linnet.errors import UsageError

K, D, B, SCALE = 3, 6, 16, 0.5


def settings(rules: tuple[str, ...], **given: float) -> Settings:
    accumulate = (int(given.pop("accumulate", 1)),) * len(rules)
    names = {"momentum": 0.9, "l2": 0.0, "l1": 0.0, "weight_decay": 0.0, "clip": torch.inf}
    names = {**names, "averages_from": torch.inf} | given
    vectors = (torch.full((len(rules),), names[name], dtype=torch.float64) for name in names)
    return Settings(rules, accumulate, *vectors)


def batches(steps: int) -> list[tuple[Tensor, Tensor]]:
    source = generator(3, "data")
    return [
        (
            torch.randn(B, D, generator=source, dtype=torch.float64),
            torch.randint(0, K, (B,), generator=source),
        )
        for _ in range(steps)
    ]


def start(models: int) -> Bank:
    return banks.normal(models, K, D, [generator(m, "init") for m in range(models)], 0.3, torch.float64)


def step(update: Update, X: Tensor, y: Tensor, rate: Tensor, weight: Tensor | None = None) -> None:
    bank, loss = update.bank, SoftmaxCrossEntropy()
    X1 = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], 1) / SCALE
    scores = torch.empty(len(bank.theta), len(X), dtype=X.dtype)
    G = loss.residual(bank.scores_into(scores, X1, SCALE), loss.encode(y, K, X.dtype))
    if weight is not None:
        G.mul_(weight[:, None])
    sums = torch.full((bank.models,), float(len(X)), dtype=torch.float64) if weight is None else weight.sum(1)
    update.step_(G, X1, SCALE, sums, rate)


def test_rules_side_by_side_do_not_touch_each_other() -> None:
    rules = ("sgd", "sgd", "momentum", "nesterov", "adam")
    rate = torch.full((5,), 0.1, dtype=torch.float64)
    update = Update(start(5), settings(rules, l2=0.05, l1=0.001))
    for X, y in batches(8):
        step(update, X, y, rate)
    for model, rule in enumerate(rules):
        alone = Update(Bank(start(5).pick(model).theta.clone()), settings((rule,), l2=0.05, l1=0.001))
        for X, y in batches(8):
            step(alone, X, y, rate[:1])
        torch.testing.assert_close(update.bank.pick(model).theta, alone.bank.theta, rtol=1e-12, atol=1e-15)


def test_rows_of_weight_nothing_are_as_if_they_were_not_there() -> None:
    rate = torch.tensor([0.2, 0.2], dtype=torch.float64)
    masked, alone = (
        Update(start(2), settings(("momentum",) * 2)),
        Update(start(2), settings(("momentum",) * 2)),
    )
    for X, y in batches(6):
        weight = torch.ones(2, B, dtype=torch.float64)
        weight[1, B // 2 :] = 0
        step(masked, X, y, rate, weight)
        step(alone, X[: B // 2], y[: B // 2], rate)
    torch.testing.assert_close(masked.bank.pick(1).theta, alone.bank.pick(1).theta, rtol=1e-12, atol=1e-15)
    assert not torch.allclose(masked.bank.pick(0).theta, alone.bank.pick(0).theta)


def test_what_is_kept_goes_on_as_it_was() -> None:
    rules = ("sgd", "momentum", "momentum", "adam", "adam")
    rate = torch.linspace(0.01, 0.1, 5, dtype=torch.float64)
    whole = Update(start(5), settings(rules))
    data = batches(10)
    for X, y in data[:5]:
        step(whole, X, y, rate)
    chosen = torch.tensor([0, 2, 3])
    part = whole.keep(chosen)
    for X, y in data[5:]:
        step(whole, X, y, rate)
        step(part, X, y, rate[chosen])
    for place, model in enumerate(chosen.tolist()):
        torch.testing.assert_close(
            part.bank.pick(place).theta, whole.bank.pick(model).theta, rtol=1e-12, atol=1e-15
        )


def test_settings_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="unknown optimizer 'lbfgs'"):
        settings(("lbfgs",))
    with pytest.raises(UsageError, match="together"):
        settings(("sgd", "adam", "sgd"))
