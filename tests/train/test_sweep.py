from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from linnet.config import Hyperparameters
from linnet.core.losses import SoftmaxCrossEntropy, SquaredError
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.data.split import Fold, hold_out, split_folds
from linnet.errors import UsageError
from linnet.train.callbacks import Callback, Each, State
from linnet.train.plan import WIDTH, Plan, SuccessiveHalving, make_trials
from linnet.train.sweep import Sweep
from tests.support.blobs import make_blobs
from tests.support.sweeps import sweep_blobs, train_together

LOSS = SoftmaxCrossEntropy()


def noisy() -> Dataset:
    """Rows whose classes can hardly be told apart: to learn them is to learn by heart."""
    data = make_blobs(200)
    y = torch.randint(0, 3, (200,), generator=torch.Generator().manual_seed(5))
    return dataclasses.replace(data, y=torch.where(torch.arange(200) % 4 == 0, data.y, y))


def test_patience_stops_and_keeps_the_best() -> None:
    data = noisy()
    outcome = sweep_blobs([Hyperparameters(lr=1.0, seed=s) for s in range(6)], data, epochs=60, patience=2)
    stopped = [m for m, said in enumerate(outcome.status) if said.startswith("stopped")]
    assert stopped
    (view,) = hold_out(data, 0.25, 0)
    X, y = data.X[view.validation].double() / 255, data.y[view.validation]
    for m in range(6):
        curve = outcome.curves["validation_loss"][:, m]
        last = int(curve.isfinite().sum())
        best = float(curve[:last].min())
        kept = outcome.bank.pick(m)
        assert float(nn.functional.cross_entropy(X @ kept.W.T + kept.b, y)) == pytest.approx(best, rel=1e-9)
        if m in stopped:
            assert outcome.status[m] == f"stopped in epoch {last}"
            assert last == int(curve[:last].argmin()) + 1 + 2


def test_a_regression_is_swept_too() -> None:
    data = synthetic.linear(seed=0)
    outcome = train_together(
        data, make_trials([Hyperparameters(lr=0.03), Hyperparameters(lr=0.003)], 2),
        split_folds(data, 2, 0), SquaredError(), Plan(epochs=3, batch_size=10), torch.float64,
    )  # fmt: skip
    assert set(outcome.curves) == {"train_loss", "validation_loss"}
    assert float(outcome.curves["validation_loss"][-1, 0]) < 1e-3
    assert data.truth is not None
    torch.testing.assert_close(outcome.bank.pick(0).W[0], data.truth.w.double(), atol=0.01, rtol=0)


def test_progress_tells_of_each_epoch() -> None:
    told: list[int] = []
    data = make_blobs(100)
    views = [Fold(torch.ones(100), torch.arange(100))]

    class Teller(Callback):
        def epoch_end(self, state: State) -> None:
            told.append(state.epoch)

    train_together(
        data,
        make_trials([Hyperparameters()], 1),
        views,
        LOSS,
        Plan(epochs=3, batch_size=50),
        torch.float32,
        Teller(),
    )
    assert told == [1, 2, 3]


def test_a_record_has_the_figures_of_the_model_that_was_best_in_its_epoch() -> None:
    seen: list[State] = []
    settings = make_trials([Hyperparameters(lr=1e30), Hyperparameters(lr=0.1), Hyperparameters(lr=1e-4)], 1)
    sweep = Sweep(
        make_blobs(100), settings, [Fold(torch.ones(100), torch.arange(100))], LOSS,
        Plan(epochs=2, batch_size=50), torch.float32,
    )  # fmt: skip
    sweep.run(Each(seen.append))
    (state, _) = seen
    losses = sweep.outcome().curves["validation_loss"]
    assert [record["epoch"] for record in state.history.records] == [1, 2]
    assert state.history["validation_loss"] == [float(epoch[epoch.isfinite()].min()) for epoch in losses]
    assert torch.equal(state.figures["validation_loss"].nan_to_num(7), losses[1].nan_to_num(7))
    assert torch.equal(state.current.theta.nan_to_num(7), state.model.theta.nan_to_num(7))  # type: ignore[union-attr]


def test_a_callback_hears_of_an_exception() -> None:
    heard: list[str] = []

    class Fails(Callback):
        def epoch_end(self, state: State) -> None:
            raise ValueError("disk full")

        def failed(self, state: State, error: BaseException) -> None:
            heard.append(f"{error} in epoch {state.epoch}")

    with pytest.raises(ValueError, match="disk full"):
        train_together(
            make_blobs(100), make_trials([Hyperparameters()], 1),
            [Fold(torch.ones(100), torch.arange(100))], LOSS,
            Plan(epochs=3, batch_size=50), torch.float32, Fails(),
        )  # fmt: skip
    assert heard == ["disk full in epoch 1"]


def test_no_models_are_an_error() -> None:
    with pytest.raises(UsageError, match="at least one model"):
        sweep_blobs([])
    assert WIDTH > 0


@pytest.mark.parametrize("width", [2048, 9])
def test_halving_is_over_all_tiles_and_folds(width: int) -> None:
    data = make_blobs(200)
    settings = [Hyperparameters(lr=lr) for lr in (1e-4, 1e-2, 0.1, 1e-5)]
    plan = Plan(epochs=3, batch_size=32, rungs=(1, 2), width=width)
    outcome = train_together(
        data, make_trials(settings, 3), split_folds(data, 3, 0), LOSS, plan, torch.float64
    )
    said = [outcome.status[3 * n : 3 * n + 3] for n in range(4)]
    assert said == [["dropped after epoch 1"] * 3, ["dropped after epoch 2"] * 3, ["completed"] * 3,
                    ["dropped after epoch 1"] * 3]  # fmt: skip


def test_a_setting_with_a_diverged_fold_is_the_first_to_go() -> None:
    halving = SuccessiveHalving(
        make_trials([Hyperparameters(lr=0.1), Hyperparameters(lr=0.2)], 2), Plan(epochs=3, batch_size=1)
    )
    nobody = torch.zeros(4, dtype=torch.bool)
    halving.note(torch.tensor([0.01, 0.1, 0.5, 0.5]), nobody)
    halving.note(torch.tensor([torch.nan, 0.1, 0.5, 0.5]), torch.tensor([True, False, False, False]))
    halving.note(torch.tensor([torch.nan, 0.1, 0.5, 0.5]), nobody)  # it stays so
    assert halving.losers() == {0}
    assert halving.losers() == set()


def test_no_model_left_at_a_rung_is_no_error() -> None:
    outcome = sweep_blobs([Hyperparameters(lr=1e308), Hyperparameters(lr=1.5e308)], rungs=(1, 2))
    assert {said.split(" in")[0] for said in outcome.status} == {"diverged"}
