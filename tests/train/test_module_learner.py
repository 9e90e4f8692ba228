from __future__ import annotations

import pytest
import torch
from torch import nn

from linnet.config import Recipe
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.errors import UsageError
from linnet.train.fit import fit, fit_module
from tests.support.colors import arrays, dataset


def test_a_module_learns_what_the_bank_learns(blobs: Dataset) -> None:
    recipe = Recipe(epochs=2, batch_size=32, dtype="float64", std=0.0)
    bank, _ = fit(blobs, recipe, test=blobs)
    linear = nn.Linear(16, 3)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    module = nn.Sequential(nn.Flatten(), linear)
    run = fit_module(module, blobs, recipe, test=blobs)
    torch.testing.assert_close(linear.weight.detach(), bank.bank.W, rtol=1e-10, atol=1e-12)
    for key in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
        assert run.history[key] == pytest.approx(bank.history[key], rel=1e-10)
    torch.testing.assert_close(run.probabilities(blobs.X), bank.probabilities(blobs.X), rtol=1e-8, atol=1e-12)


def test_any_module_loss_and_optimizer(blobs: Dataset) -> None:
    net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.1), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    run = fit_module(
        net,
        blobs,
        Recipe(epochs=15, batch_size=16),
        loss=nn.CrossEntropyLoss(),
        optimizer=optimizer,
        test=blobs,
    )
    assert run.history.last["test_accuracy"] > 0.9
    assert run.module is net
    with pytest.raises(UsageError, match="a module of yours"):
        _ = run.bank


def test_a_module_for_regression() -> None:
    run = fit_module(nn.Linear(2, 1), synthetic.linear(), Recipe(lr=0.03, batch_size=10))
    assert run.history.last["train_loss"] < 1e-3


def test_pictures_in_colour_reach_a_module_with_their_colours_first() -> None:
    (X, _), data = arrays(), dataset()
    net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    optimizer = torch.optim.Adam(net.parameters(), lr=0.3)
    run = fit_module(net, data, Recipe(epochs=30, batch_size=16), optimizer=optimizer)
    assert run.history.last["train_accuracy"] == 1.0
    expected = net(torch.from_numpy(X).movedim(3, 1).float() / 255)
    torch.testing.assert_close(run.scores(data.X), expected.detach())
