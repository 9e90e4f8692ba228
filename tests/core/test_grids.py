from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from linnet.config import Hyperparameters
from linnet.config.ranges import LogUniform, Uniform
from linnet.core.grids import draw_settings, edge_of, edges, expand_grid
from linnet.errors import UsageError


@pytest.mark.parametrize(
    ("values", "losses", "best", "said"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 1.0, "widen lr downwards"),
        ([3.0, 2.0, 1.0], [1.0, 2.0, 3.0], 3.0, "widen lr upwards"),
        ([1.0, 2.0, 3.0], [2.0, 1.0, 3.0], 2.0, ""),
        ([1.0, 2.0, 3.0], [2.0, 1.0, 1.0], 3.0, ""),  # as good within: the loss has levelled off
        ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], 0.0, ""),  # nothing lies below 0
        ([0.0, 1.0, 2.0], [3.0, 2.0, 1.0], 2.0, "widen lr upwards"),
        ([2.0], [1.0], 2.0, ""),
        ([1.0, 2.0], [1.0, 2.0], 1.0, ""),  # no value lies within
        ([1.0, 2.0, 3.0, 4.0], [float("nan"), 1.0, 2.0, 3.0], 2.0, "widen lr downwards"),
    ],
)
def test_the_side_on_which_nothing_was_tried_is_said(
    values: list[float], losses: list[float], best: float, said: str
) -> None:
    found = str(edge_of("lr", values, losses, best) or "")
    assert found.endswith(said)
    assert bool(found) == bool(said)


DECADES = [1e-6, 1e-5, 1e-4, 1e-3]


@pytest.mark.parametrize(
    ("loss_at", "error", "is_edge"),
    [
        (lambda l2: 5 + 1e3 * l2, 1.0, False),  # 0 would gain 0.001, a thousandth of the error
        (lambda l2: 5 + 1e3 * l2, 1e-3, True),
        (lambda l2: 5 + 1e3 * l2, float("nan"), True),  # as the error is not known
        (lambda l2: 5 - 1 / (1 + l2 / 1e-9), 1.0, True),  # levels off upwards: far below 1e-6 it falls by 1
        (lambda l2: 5 + (1e3 * l2) ** 2, 1.0, False),
    ],
)
def test_a_smallest_penalty_that_is_as_good_as_none_lies_at_no_edge(
    loss_at: Callable[[float], float], error: float, is_edge: bool
) -> None:
    losses = [loss_at(l2) for l2 in DECADES]
    for values, their in ((DECADES, losses), (DECADES[::-1], losses[::-1]), (DECADES * 2, losses * 2)):
        assert bool(edge_of("l2", values, their, 1e-6, error=error)) == is_edge


def test_a_grid_has_every_combination() -> None:
    settings = expand_grid({"lr": [0.1, 1.0], "optimizer": "adam", "seed": range(3)}, Hyperparameters(l2=0.5))
    assert [(k.lr, k.seed) for k in settings] == [(lr, seed) for lr in (0.1, 1.0) for seed in range(3)]
    assert {(k.optimizer, k.l2) for k in settings} == {("adam", 0.5)}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate": [1]}, "unknown hyperparameter 'rate'"),
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
        expand_grid(values, Hyperparameters())


def test_random_settings_are_seeded_and_inside_their_ranges() -> None:
    values = {"lr": LogUniform(1e-3, 1.0), "l2": [0.0, 1e-4]}
    drawn = draw_settings(values, Hyperparameters(), 300, 7)
    assert (
        drawn
        == draw_settings(values, Hyperparameters(), 300, 7)
        != draw_settings(values, Hyperparameters(), 300, 8)
    )
    rates = torch.tensor([k.lr for k in drawn])
    assert 1e-3 <= float(rates.min()) <= float(rates.max()) <= 1
    assert 0.4 < float((rates < 10**-1.5).double().mean()) < 0.6  # as many below the middle of the logarithm
    assert {k.l2 for k in drawn} == {0.0, 1e-4}
    with pytest.raises(UsageError, match="log-uniform"):
        LogUniform(0, 1)


def test_random_settings_come_from_every_start() -> None:
    drawn = draw_settings({"lr": LogUniform(1e-3, 1.0), "seed": range(3)}, Hyperparameters(), 4, 0)
    assert len(drawn) == 12
    assert [k.seed for k in drawn] == [0, 1, 2] * 4
    assert len({k.lr for k in drawn}) == 4


def test_uniform_draws_stay_in_their_range_and_fill_it() -> None:
    drawn = [
        hyperparameters.momentum
        for hyperparameters in draw_settings({"momentum": Uniform(0.5, 0.9)}, Hyperparameters(), 200, 1)
    ]
    assert 0.5 <= min(drawn) < 0.52
    assert 0.88 < max(drawn) <= 0.9
    assert abs(sum(drawn) / len(drawn) - 0.7) < 0.02
    with pytest.raises(UsageError, match="uniform range needs"):
        Uniform(1.0, 0.5)


def found(losses: list[float], knob: str = "lr", values: list[Any] | None = None, **ranges: Any) -> list[str]:
    """What is said of a sweep of one knob; the values are 0.1, 1, 10 … with these losses."""
    several = values or [10.0 ** (k - 1) for k in range(len(losses))]
    ranked = sorted(zip(losses, several, strict=True), key=lambda pair: (pair[0] != pair[0], pair[0]))
    lost = [math.inf if loss != loss else float(loss) for loss, _ in ranked]
    return [str(one) for one in edges({knob: [value for _, value in ranked]}, lost, ranges)]


def test_the_largest_and_the_smallest_of_a_grid_are_edges_and_the_middle_is_none() -> None:
    assert found([3, 2, 1]) == ["the best lr, 10, is the largest that was tried: widen lr upwards"]
    assert found([1, 2, 3]) == ["the best lr, 0.1, is the smallest that was tried: widen lr downwards"]
    assert found([2, 1, 3]) == found([1]) == []


def test_a_larger_rate_that_diverged_was_tried() -> None:
    assert found([3, 2, 1, float("nan")]) == []


def test_where_no_value_can_lie_beyond_there_is_no_edge() -> None:
    assert found([1, 2], "l2", [0.0, 0.1]) == []
    assert found([1, 2], "pool", [1, 2]) == []
    assert found([1, 2], "average", [1.0, 0.5]) == []
    assert found([1, 2], "clip", [None, 0.5]) == []
    assert found([1, 2], "optimizer", ["adam", "sgd"]) == []
    assert found([1, 2], "standardize", [True, False]) == []
    assert found([1, 2], "l2", [0.1, 0.0]) == [
        "the best l2, 0.1, is the largest that was tried: widen l2 upwards"
    ]


def test_the_outermost_twentieth_of_a_range_is_its_edge() -> None:
    said = ["the best lr, 9, lies near the largest of its range: widen lr upwards"]
    assert found([1, 2], values=[9.0, 1.0], lr=LogUniform(0.001, 10)) == said
    assert found([1, 2], values=[1.0, 0.1], lr=LogUniform(0.001, 10)) == []
    assert found([1, 2], "momentum", [0.01, 0.5], momentum=Uniform(0, 0.9)) == []
    assert "widen momentum upwards" in found([1, 2], "momentum", [0.89, 0.5], momentum=Uniform(0, 0.9))[0]
