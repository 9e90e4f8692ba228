from __future__ import annotations

import dataclasses

import pytest
import torch

from linnet.config import Hyperparameters
from linnet.core.losses import SoftmaxCrossEntropy
from linnet.errors import UsageError
from linnet.train.plan import Plan, SuccessiveHalving, make_trials
from tests.support.sweeps import odd_fold, sweep_blobs, train_together

LOSS = SoftmaxCrossEntropy()


def test_a_model_for_each_setting_and_view() -> None:
    made = make_trials([Hyperparameters(lr=0.1), Hyperparameters(lr=0.2)], 3)
    assert [(t.setting, t.fold, t.hyperparameters.lr) for t in made] == [
        (s, v, lr) for s, lr in ((0, 0.1), (1, 0.2)) for v in range(3)
    ]


def test_halving_drops_the_worse_half() -> None:
    settings = [Hyperparameters(lr=lr) for lr in (1e-5, 1e-4, 1e-2, 0.1)]
    outcome = sweep_blobs(settings, rungs=(1, 3))
    assert outcome.status == [
        "dropped after epoch 1",
        "dropped after epoch 1",
        "dropped after epoch 3",
        "completed",
    ]
    alone = sweep_blobs(settings[3:])
    torch.testing.assert_close(outcome.bank.pick(3).theta, alone.bank.theta, rtol=1e-12, atol=1e-15)


def test_halving_goes_by_the_metric() -> None:
    plan = Plan(epochs=3, batch_size=1, metric="validation_accuracy")
    halving = SuccessiveHalving(make_trials([Hyperparameters(lr=0.1), Hyperparameters(lr=0.2)], 1), plan)
    halving.note(torch.tensor([0.9, 0.8]), torch.zeros(2, dtype=torch.bool))
    assert halving.losers() == {1}


def test_a_fold_without_rows_that_count_is_named() -> None:
    data, views = odd_fold()
    weighted = dataclasses.replace(data, weights=1.0 - (torch.arange(120) < 60).float())
    with pytest.raises(UsageError, match="part 1 of 2 has no row of positive weight to be judged by"):
        train_together(
            weighted,
            make_trials([Hyperparameters()], 2),
            views,
            LOSS,
            Plan(epochs=1, batch_size=20),
            torch.float32,
        )
