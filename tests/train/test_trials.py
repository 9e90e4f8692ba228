from __future__ import annotations

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from linnet.config import Knobs
from linnet.errors import UsageError
from linnet.train.trials import LogUniform, Uniform, bagged, folded, grid, held_out, random, trials
from tests.support.blobs import make_blobs


def test_a_grid_has_every_combination() -> None:
    settings = grid({"lr": [0.1, 1.0], "optimizer": "adam", "seed": range(3)}, Knobs(l2=0.5))
    assert [(k.lr, k.seed) for k in settings] == [(lr, seed) for lr in (0.1, 1.0) for seed in range(3)]
    assert {(k.optimizer, k.l2) for k in settings} == {("adam", 0.5)}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate": [1]}, "unknown knob 'rate'"),
        ({"lr": []}, "lr needs at least one value"),
        ({"lr": [-1.0]}, "lr must be"),
        ({"optimizer": ["lbfgs"]}, "optimizer must be one of"),
        ({"momentum": [1.0]}, "momentum must lie"),
        ({"schedule": ["steep"]}, "schedule must be one of"),
        ({"seed": [-1]}, "seed must be"),
    ],
)
def test_a_grid_that_cannot_be(values: dict[str, list[object]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        grid(values, Knobs())


def test_random_settings_are_seeded_and_inside_their_ranges() -> None:
    values = {"lr": LogUniform(1e-3, 1.0), "l2": [0.0, 1e-4]}
    drawn = random(values, Knobs(), 300, 7)
    assert drawn == random(values, Knobs(), 300, 7) != random(values, Knobs(), 300, 8)
    rates = torch.tensor([k.lr for k in drawn])
    assert 1e-3 <= float(rates.min()) <= float(rates.max()) <= 1
    assert 0.4 < float((rates < 10**-1.5).double().mean()) < 0.6  # as many below the middle of the logarithm
    assert {k.l2 for k in drawn} == {0.0, 1e-4}
    with pytest.raises(UsageError, match="log-uniform"):
        LogUniform(0, 1)


@given(rows=st.integers(20, 200), folds=st.integers(2, 6), seed=st.integers(0, 99))
@example(rows=20, folds=2, seed=98)
def test_folds_share_out_the_rows_class_by_class(rows: int, folds: int, seed: int) -> None:
    dataset = make_blobs(rows, seed=seed)
    views = folded(dataset, folds, seed)
    judged = (dataset.y.bincount()[dataset.y] > 1).nonzero()[:, 0]  # the only row of a class judges nowhere
    assert torch.equal(torch.cat([v.validation for v in views]).sort().values, judged)
    for view in views:
        assert view.weights is not None
        assert torch.equal((view.weights == 0).nonzero()[:, 0], view.validation)
        for label in range(3):
            count = int((dataset.y[view.validation] == label).sum())
            assert abs(count - int((dataset.y == label).sum()) / folds) < 2


def test_a_share_is_held_out() -> None:
    dataset = make_blobs(100)
    (view,) = held_out(dataset, 0.2, 3)
    assert view.weights is not None
    assert len(view.validation) == 20
    assert torch.equal((view.weights == 0).nonzero()[:, 0], view.validation)
    with pytest.raises(UsageError, match="folds must lie"):
        folded(dataset, 1, 0)


def test_a_model_for_each_setting_and_view() -> None:
    made = trials([Knobs(lr=0.1), Knobs(lr=0.2)], 3)
    assert [(t.setting, t.view, t.knobs.lr) for t in made] == [
        (s, v, lr) for s, lr in ((0, 0.1), (1, 0.2)) for v in range(3)
    ]


def test_random_settings_come_from_every_start() -> None:
    drawn = random({"lr": LogUniform(1e-3, 1.0), "seed": range(3)}, Knobs(), 4, 0)
    assert len(drawn) == 12
    assert [k.seed for k in drawn] == [0, 1, 2] * 4
    assert len({k.lr for k in drawn}) == 4


def test_uniform_draws_stay_in_their_range_and_fill_it() -> None:
    drawn = [knobs.momentum for knobs in random({"momentum": Uniform(0.5, 0.9)}, Knobs(), 200, 1)]
    assert 0.5 <= min(drawn) < 0.52
    assert 0.88 < max(drawn) <= 0.9
    assert abs(sum(drawn) / len(drawn) - 0.7) < 0.02
    with pytest.raises(UsageError, match="uniform range needs"):
        Uniform(1.0, 0.5)


def test_bags_are_poisson_counts_judged_by_what_is_out() -> None:
    data = make_blobs(4000)
    views = bagged(data, 3, 5)
    for view in views:
        assert view.weights is not None
        assert float(view.weights.mean()) == pytest.approx(1, abs=0.06)
        assert float(view.weights.var()) == pytest.approx(1, abs=0.1)
        assert torch.equal((view.weights == 0).nonzero()[:, 0], view.validation)
        assert len(view.validation) / 4000 == pytest.approx(0.368, abs=0.03)
    assert views[0].weights is not None
    assert views[1].weights is not None
    assert not torch.equal(views[0].weights, views[1].weights)
    again = bagged(data, 3, 5)[0].weights
    assert again is not None
    assert torch.equal(again, views[0].weights)
    for wrong, rows in ((0, 100), (1, 1)):
        with pytest.raises(UsageError, match="bags"):
            bagged(data.rows(slice(0, rows)), wrong, 0)
