from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from linnet.config import Knobs
from linnet.core.grids import expand_grid
from linnet.core.losses import SoftmaxCrossEntropy, SquaredError
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.data.split import Fold, hold_out, split_folds
from linnet.device import generator
from linnet.errors import UsageError
from linnet.train.callbacks import Callback, Each, State
from linnet.train.plan import WIDTH, Outcome, Plan, SuccessiveHalving, Trial, make_trials
from linnet.train.sweep import Sweep
from tests.support.blobs import make_blobs
from tests.support.sweeps import train_together

LOSS = SoftmaxCrossEntropy()


def mixed() -> list[Knobs]:
    """Forty models with other rates, rules, penalties, schedules and seeds."""
    settings = expand_grid(
        {"optimizer": ["sgd", "momentum", "nesterov", "adam"], "lr": [0.01, 0.1], "l2": [0.0, 1e-3]}, Knobs()
    )
    settings += expand_grid(
        {"schedule": ["step", "cosine", "linear", "onecycle"], "warmup": [0.0, 0.1]}, Knobs(lr=0.2)
    )
    settings += expand_grid({"l1": [1e-4, 1e-2], "clip": [None, 0.5], "seed": [1, 2]}, Knobs(lr=0.1))
    settings += expand_grid(
        {"weight_decay": [0.01, 0.1], "optimizer": ["sgd", "adam"], "std": [0.01, 0.1]}, Knobs(lr=0.05)
    )
    return settings


def mixed_inputs() -> list[Knobs]:
    """Forty models that see other inputs, take other minibatches together, and weigh rows otherwise."""
    settings = expand_grid(
        {"augment": ["none", "shift:1+flip", "rotate:20+noise:0.2"], "dropout": [0.0, 0.3]}, Knobs(lr=0.1)
    )
    settings += expand_grid(
        {"pool": [1, 2], "standardize": [False, True], "optimizer": ["sgd", "adam"]}, Knobs(lr=0.05)
    )
    settings += expand_grid(
        {"accumulate": [1, 2, 3], "optimizer": ["sgd", "momentum"], "schedule": ["constant", "cosine"]},
        Knobs(lr=0.1, l2=1e-3),
    )
    settings += expand_grid({"average": [0.5, 1.0], "accumulate": [1, 2], "l1": [0.0, 1e-3]}, Knobs(lr=0.1))
    settings += expand_grid(
        {"label_smoothing": [0.0, 0.2], "class_weight": ["balanced", "1:2:0.5", "none"]}, Knobs(lr=0.07)
    )
    return settings


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("width", [2048, 21])
@pytest.mark.parametrize("settings", [mixed(), mixed_inputs()], ids=["steps", "inputs"])
def test_each_of_forty_is_the_model_trained_alone(
    settings: list[Knobs], dtype: torch.dtype, tolerance: float, width: int
) -> None:
    assert len(settings) == 40
    data = make_blobs(200)
    views = split_folds(data, 3, 0)
    made = [Trial(number, knobs, number % 3) for number, knobs in enumerate(settings)]
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
    knobs = Knobs(lr=0.1, optimizer="nesterov", l2=1e-2, schedule="cosine", seed=3)
    plan = Plan(epochs=3, batch_size=16, seed=5)
    outcome = train_together(data, [Trial(0, knobs, 0)], views, LOSS, plan, torch.float64)

    from linnet.core.bank import normal
    from linnet.data.batches import Batches

    start = normal(1, 3, 16, [generator(3, "init")], 0.01, torch.float64)
    W, b = (p.clone().requires_grad_() for p in (start.W, start.b))
    groups = [{"params": [W], "weight_decay": 1e-2}, {"params": [b], "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
    assert view.weights is not None
    kept = data.rows(view.weights > 0)  # a share that is held out is in no minibatch
    batches = Batches(kept, 16, seed=5, dtype=torch.float64)
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


def noisy() -> Dataset:
    """Rows whose classes can hardly be told apart: to learn them is to learn by heart."""
    data = make_blobs(200)
    y = torch.randint(0, 3, (200,), generator=torch.Generator().manual_seed(5))
    return dataclasses.replace(data, y=torch.where(torch.arange(200) % 4 == 0, data.y, y))


def run(
    settings: list[Knobs], data: Dataset | None = None, epochs: int = 6, patience: int | None = None,
    rungs: tuple[int, ...] = (),
) -> Outcome:  # fmt: skip
    data = data or make_blobs(200)
    plan = Plan(epochs=epochs, batch_size=32, patience=patience, rungs=rungs)
    return train_together(data, make_trials(settings, 1), hold_out(data, 0.25, 0), LOSS, plan, torch.float64)


def test_a_model_that_diverges_harms_nobody() -> None:
    steady = [Knobs(lr=0.1), Knobs(lr=0.2, optimizer="adam")]
    wild = Knobs(lr=1e308)
    outcome = run([steady[0], wild, steady[1]])
    assert outcome.status == ["completed", "diverged in epoch 1", "completed"]
    assert bool(outcome.bank.pick(1).theta.isnan().all())
    alone = run(steady)
    for place, model in enumerate((0, 2)):
        torch.testing.assert_close(
            outcome.bank.pick(model).theta, alone.bank.pick(place).theta, rtol=1e-12, atol=1e-15
        )
    assert bool(outcome.curves["validation_loss"][1:, 1].isnan().all())


def test_patience_stops_and_keeps_the_best() -> None:
    data = noisy()
    outcome = run([Knobs(lr=1.0, seed=s) for s in range(6)], data, epochs=60, patience=2)
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


def test_halving_drops_the_worse_half() -> None:
    settings = [Knobs(lr=lr) for lr in (1e-5, 1e-4, 1e-2, 0.1)]
    outcome = run(settings, rungs=(1, 3))
    assert outcome.status == [
        "dropped after epoch 1",
        "dropped after epoch 1",
        "dropped after epoch 3",
        "completed",
    ]
    alone = run(settings[3:])
    torch.testing.assert_close(outcome.bank.pick(3).theta, alone.bank.theta, rtol=1e-12, atol=1e-15)


def test_a_regression_is_swept_too() -> None:
    data = synthetic.linear(seed=0)
    outcome = train_together(
        data, make_trials([Knobs(lr=0.03), Knobs(lr=0.003)], 2), split_folds(data, 2, 0), SquaredError(),
        Plan(epochs=3, batch_size=10), torch.float64,
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
        data, make_trials([Knobs()], 1), views, LOSS, Plan(epochs=3, batch_size=50), torch.float32, Teller()
    )
    assert told == [1, 2, 3]


def test_a_record_has_the_figures_of_the_model_that_was_best_in_its_epoch() -> None:
    seen: list[State] = []
    settings = make_trials([Knobs(lr=1e30), Knobs(lr=0.1), Knobs(lr=1e-4)], 1)
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
            make_blobs(100), make_trials([Knobs()], 1), [Fold(torch.ones(100), torch.arange(100))], LOSS,
            Plan(epochs=3, batch_size=50), torch.float32, Fails(),
        )  # fmt: skip
    assert heard == ["disk full in epoch 1"]


def test_no_models_are_an_error() -> None:
    with pytest.raises(UsageError, match="at least one model"):
        run([])
    assert WIDTH > 0


@pytest.mark.parametrize("width", [2048, 9])
def test_halving_is_over_all_tiles_and_folds(width: int) -> None:
    data = make_blobs(200)
    settings = [Knobs(lr=lr) for lr in (1e-4, 1e-2, 0.1, 1e-5)]
    plan = Plan(epochs=3, batch_size=32, rungs=(1, 2), width=width)
    outcome = train_together(
        data, make_trials(settings, 3), split_folds(data, 3, 0), LOSS, plan, torch.float64
    )
    said = [outcome.status[3 * n : 3 * n + 3] for n in range(4)]
    assert said == [["dropped after epoch 1"] * 3, ["dropped after epoch 2"] * 3, ["completed"] * 3,
                    ["dropped after epoch 1"] * 3]  # fmt: skip


def test_a_setting_with_a_diverged_fold_is_the_first_to_go() -> None:
    halving = SuccessiveHalving(make_trials([Knobs(lr=0.1), Knobs(lr=0.2)], 2), Plan(epochs=3, batch_size=1))
    nobody = torch.zeros(4, dtype=torch.bool)
    halving.note(torch.tensor([0.01, 0.1, 0.5, 0.5]), nobody)
    halving.note(torch.tensor([torch.nan, 0.1, 0.5, 0.5]), torch.tensor([True, False, False, False]))
    halving.note(torch.tensor([torch.nan, 0.1, 0.5, 0.5]), nobody)  # it stays so
    assert halving.losers() == {0}
    assert halving.losers() == set()


def test_no_model_left_at_a_rung_is_no_error() -> None:
    outcome = run([Knobs(lr=1e308), Knobs(lr=1.5e308)], rungs=(1, 2))
    assert {said.split(" in")[0] for said in outcome.status} == {"diverged"}


def test_halving_goes_by_the_metric() -> None:
    plan = Plan(epochs=3, batch_size=1, metric="validation_accuracy")
    halving = SuccessiveHalving(make_trials([Knobs(lr=0.1), Knobs(lr=0.2)], 1), plan)
    halving.note(torch.tensor([0.9, 0.8]), torch.zeros(2, dtype=torch.bool))
    assert halving.losers() == {1}


def odd_fold() -> tuple[Dataset, list[Fold]]:
    """Rows of which the second fold's own are of another kind: brighter, and of one class."""
    data = make_blobs(120)
    X = data.X.clone()
    X[:60] = X[:60] // 2
    y = data.y.clone()
    y[:60] = 0
    weights = torch.cat([torch.zeros(60), torch.ones(60)])
    own = [Fold(weights, torch.arange(60)), Fold(1 - weights, torch.arange(60, 120))]
    return dataclasses.replace(data, X=X, y=y), own


@pytest.mark.parametrize("knobs", [{"standardize": True}, {"class_weight": "balanced"}])
def test_rows_kept_from_training_do_not_shape_it(knobs: dict[str, object]) -> None:
    data, views = odd_fold()
    plan = Plan(epochs=2, batch_size=120)
    settings = [Knobs(lr=0.3, **knobs)]  # type: ignore[arg-type]
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


def test_a_fold_without_rows_that_count_is_named() -> None:
    data, views = odd_fold()
    weighted = dataclasses.replace(data, weights=1.0 - (torch.arange(120) < 60).float())
    with pytest.raises(UsageError, match="part 1 of 2 has no row of positive weight to be judged by"):
        train_together(
            weighted, make_trials([Knobs()], 2), views, LOSS, Plan(epochs=1, batch_size=20), torch.float32
        )
