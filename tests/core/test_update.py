"""A bank's rules against torch.optim, model by model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core import bank as banks
from linnet.core.bank import Bank
from linnet.core.losses import SoftmaxCrossEntropy
from linnet.core.update import Update
from linnet.device import generator

K, D, B, SCALE = 3, 6, 16, 0.5


def settings(rules: tuple[str, ...], **given: Any) -> list[Hyperparameters]:
    return [
        Hyperparameters(
            optimizer=rule,
            momentum=given.get("momentum", 0.9),
            **{k: v for k, v in given.items() if k != "momentum"},
        )
        for rule in rules
    ]


def begin(bank: Bank, hyperparameters: list[Hyperparameters]) -> Update:
    return Update(bank, hyperparameters, torch.full((bank.models,), torch.inf))


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
    return banks.normal(K, D, [generator(m, "init") for m in range(models)], 0.3, torch.float64)


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
    update = begin(start(5), settings(rules, l2=0.05, l1=0.001))
    for X, y in batches(8):
        step(update, X, y, rate)
    for model, rule in enumerate(rules):
        alone = begin(Bank(start(5).pick(model).theta.clone()), settings((rule,), l2=0.05, l1=0.001))
        for X, y in batches(8):
            step(alone, X, y, rate[:1])
        torch.testing.assert_close(update.bank.pick(model).theta, alone.bank.theta, rtol=1e-12, atol=1e-15)


def test_rows_of_weight_nothing_are_as_if_they_were_not_there() -> None:
    rate = torch.tensor([0.2, 0.2], dtype=torch.float64)
    masked, alone = (
        begin(start(2), settings(("momentum",) * 2)),
        begin(start(2), settings(("momentum",) * 2)),
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
    whole = begin(start(5), settings(rules))
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


def test_models_of_one_rule_stand_together() -> None:
    with pytest.raises(AssertionError, match="together"):
        begin(start(3), settings(("sgd", "adam", "sgd")))
