from __future__ import annotations

from typing import Any

import pytest
import torch
from sklearn.linear_model import Lasso
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core import bank as banks
from linnet.core.bank import Bank
from linnet.core.losses import SoftmaxCrossEntropy, SquaredError
from linnet.core.optimizers import Update
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


def by_torch(rule: str, model: int, lr: float, steps: int, **given: float) -> tuple[Tensor, Tensor]:
    """The same model trained by torch's own optimizer, penalties being on the weights only."""
    bank = start(model + 1).pick(model)
    W, b = (p.clone().requires_grad_() for p in (bank.W, bank.b))
    l2, decay = given.get("l2", 0.0), given.get("weight_decay", 0.0)
    groups = [{"params": [W], "weight_decay": l2}, {"params": [b], "weight_decay": 0.0}]
    if rule == "adam":
        kind = torch.optim.AdamW if decay else torch.optim.Adam
        groups[0]["weight_decay"] = decay or l2
        optimizer: torch.optim.Optimizer = kind(groups, lr=lr, betas=(given.get("momentum", 0.9), 0.999))
    else:
        momentum = 0.0 if rule == "sgd" else given.get("momentum", 0.9)
        optimizer = torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=rule == "nesterov")
    for X, y in batches(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(X @ W.T + b, y).backward()
        if "clip" in given:
            torch.nn.utils.clip_grad_norm_([W, b], given["clip"])
        optimizer.step()
    return W.detach(), b.detach()


CASES: list[tuple[str, dict[str, float]]] = [
    ("sgd", {}),
    ("sgd", {"l2": 0.1}),
    ("sgd", {"clip": 0.05}),
    ("momentum", {"momentum": 0.8}),
    ("momentum", {"l2": 0.1, "momentum": 0.95}),
    ("nesterov", {"l2": 0.02}),
    ("nesterov", {"clip": 0.05}),
    ("momentum", {"clip": 0.05, "l2": 0.1}),
    ("adam", {}),
    ("adam", {"l2": 0.1, "momentum": 0.7}),
    ("adam", {"weight_decay": 0.1}),
]


@pytest.mark.parametrize(("rule", "given"), CASES)
def test_each_rule_is_torchs(rule: str, given: dict[str, float]) -> None:
    rates = torch.tensor([0.05, 0.2, 0.01], dtype=torch.float64)
    update = begin(start(3), settings((rule,) * 3, **given))
    for X, y in batches(12):
        step(update, X, y, rates)
    for model, lr in enumerate(rates.tolist()):
        W, b = by_torch(rule, model, lr, 12, **given)
        torch.testing.assert_close(update.bank.pick(model).W, W, rtol=1e-11, atol=1e-13)
        torch.testing.assert_close(update.bank.pick(model).b, b, rtol=1e-11, atol=1e-13)


def test_the_proximal_step_gives_exact_zeros_and_spares_the_bias() -> None:
    update = begin(start(1), settings(("sgd",), l1=0.5))
    for X, y in batches(30):
        step(update, X, y, torch.tensor([0.1], dtype=torch.float64))
    assert int((update.bank.W == 0).sum()) > K * D / 2
    assert bool((update.bank.b != 0).all())


@pytest.mark.parametrize("rule", ["sgd", "momentum", "nesterov", "adam"])
def test_every_rule_stays_at_the_optimum_of_the_lasso(rule: str) -> None:
    source = generator(5, "lasso")
    X, l1 = torch.randn(40, 4, generator=source, dtype=torch.float64), 0.3
    X -= X.mean(0)
    y = X @ torch.tensor([2.0, -1.0, 0.1, 0.0], dtype=torch.float64)
    w = Lasso(alpha=l1, fit_intercept=False, tol=1e-14).fit(X.numpy(), y.numpy()).coef_
    theta = torch.cat([torch.from_numpy(w), torch.zeros(1)])[None]
    update = begin(Bank(theta.clone()), settings((rule,), l1=l1))
    X1, loss = torch.cat([X, torch.ones(40, 1)], 1), SquaredError()
    for _ in range(500):
        G = loss.residual(update.bank.scores_into(torch.empty(1, 40, dtype=X.dtype), X1, 1.0), y[None])
        update.step_(G, X1, 1.0, torch.tensor([40.0]), torch.tensor([0.05], dtype=torch.float64))
    assert 0 < int((update.bank.W == 0).sum()) < 4
    torch.testing.assert_close(update.bank.theta, theta, rtol=1e-5, atol=1e-5)


def test_a_minibatch_without_rows_is_no_gradient() -> None:
    update = begin(start(1), settings(("sgd",)))
    before = update.bank.theta.clone()
    X, y = batches(1)[0]
    step(update, X, y, torch.ones(1, dtype=torch.float64), torch.zeros(1, B, dtype=torch.float64))
    assert torch.equal(update.bank.theta, before)


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
