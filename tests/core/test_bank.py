from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from linnet.core import bank as banks
from linnet.core.bank import Bank
from linnet.device import generator
from linnet.errors import ShapeError, UsageError

sizes = st.integers(1, 5)


def make(models: int, outputs: int, features: int) -> Bank:
    sources = [generator(m, "init") for m in range(models)]
    return banks.normal(outputs, features, sources, std=1.0, dtype=torch.float64)


@given(sizes, sizes, sizes, sizes)
def test_scores_are_each_models_own(models: int, outputs: int, features: int, rows: int) -> None:
    bank = make(models, outputs, features)
    bank.b.copy_(torch.arange(len(bank.b)))
    X = torch.randn(rows, features, dtype=torch.float64, generator=generator(9, "X"))
    scores = bank.scores(X, scale=0.5)
    assert scores.shape == (models, outputs, rows)
    for m in range(models):
        one = bank.pick(m)
        torch.testing.assert_close(scores[m], one.W @ (X * 0.5).T + one.b[:, None])
        torch.testing.assert_close(scores[m].T, bank.to_module(m)(X * 0.5).detach())
    X1 = torch.cat([X, torch.full((rows, 1), 2.0, dtype=torch.float64)], 1)
    out = torch.full((models * outputs, rows), torch.nan, dtype=torch.float64)
    torch.testing.assert_close(bank.scores_into(out, X1, 0.5), scores)


@given(sizes, sizes, sizes)
def test_pick_and_stack_are_inverse(models: int, outputs: int, features: int) -> None:
    bank = make(models, outputs, features)
    again = banks.stack([bank.pick(m) for m in range(models)])
    assert torch.equal(again.W, bank.W)
    assert torch.equal(again.b, bank.b)
    assert again.models == models


def test_module_and_back() -> None:
    bank = make(3, 2, 6)
    module = bank.to_module(1)
    assert [type(layer) for layer in module] == [nn.Flatten, nn.Linear]
    assert module(torch.zeros(4, 1, 2, 3, dtype=torch.float64)).shape == (4, 2)
    back = banks.from_module(module)
    assert torch.equal(back.W, bank.pick(1).W)
    bank.W.zero_()
    assert back.W.abs().sum() > 0


def test_a_model_starts_alike_alone_and_in_a_bank() -> None:
    together = make(4, 3, 5)
    alone = banks.normal(3, 5, [generator(2, "init")], std=1.0, dtype=torch.float64)
    assert torch.equal(together.pick(2).W, alone.W)


def test_the_start_is_normal() -> None:
    bank = banks.normal(10, 5000, [generator(0, "init")])
    assert abs(float(bank.W.std()) - 0.01) < 1e-4
    assert abs(float(bank.W.mean())) < 1e-4
    assert not bank.b.any()


def test_what_does_not_fit() -> None:
    with pytest.raises(ShapeError, match="expected W"):
        Bank.of(torch.zeros(2, 3), torch.zeros(3))
    with pytest.raises(ShapeError, match="shared by 3"):
        Bank(torch.zeros(4, 3), 3)
    with pytest.raises(ShapeError, match=r"theta \(M·K, D \+ 1\)"):
        Bank(torch.zeros(4))
    with pytest.raises(UsageError, match=r"0…1"):
        make(2, 1, 1).pick(2)
    with pytest.raises(UsageError, match="at least one"):
        banks.stack([])
    with pytest.raises(ShapeError, match="stacked"):
        banks.stack([make(1, 1, 2), make(1, 1, 3)])
    with pytest.raises(UsageError, match=r"one nn\.Linear"):
        banks.from_module(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)))


def test_models_are_taken_in_the_order_asked_for() -> None:
    bank = banks.normal(2, 3, [generator(m, "init") for m in range(4)])
    taken = bank.take(torch.tensor([3, 1]))
    assert taken.models == 2
    for place, model in enumerate((3, 1)):
        assert torch.equal(taken.pick(place).theta, bank.pick(model).theta)
    taken.theta.zero_()
    assert bool(bank.theta.any())  # its memory is its own
    assert bank.rows_of(torch.tensor([2, 0])).tolist() == [4, 5, 0, 1]
