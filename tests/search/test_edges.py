"""A winner at the edge of what was tried is said to be there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import linnet
from linnet.config import Knobs
from linnet.evaluate.selection import Configuration
from linnet.report.sweep import Swept, choice
from linnet.search.edges import edges
from linnet.train.trials import LogUniform, Uniform
from tests.support.blobs import make_blobs


def found(losses: list[float], knob: str = "lr", values: list[Any] | None = None, **ranges: Any) -> list[str]:
    """What is said of a sweep of one knob; the values are 0.1, 1, 10 … with these losses."""
    several = values or [10.0 ** (k - 1) for k in range(len(losses))]
    ranked = sorted(zip(losses, several, strict=True), key=lambda pair: (pair[0] != pair[0], pair[0]))
    made = [Configuration(Knobs(lr=1.0), (0,), torch.tensor([float(loss)]), (0,)) for loss, _ in ranked]
    return [
        str(one) for one in edges(made, {knob: [value for _, value in ranked]}, ranges, "validation_loss")
    ]


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


def test_a_sweep_says_so_in_its_result_its_file_and_its_page(tmp_path: Path) -> None:
    grid = {"lr": [1e-5, 1e-4]}
    result = linnet.sweep(
        make_blobs(200), grid, metric="loss", epochs=1, show=False, out=tmp_path / "s", report=False
    )
    assert [(one.knob, one.widen) for one in result.edges] == [("lr", "upwards")]
    kept = json.loads((tmp_path / "s" / "sweep.json").read_text("utf-8"))["edges"]
    assert kept == [{"knob": "lr", "value": 1e-4, "widen": "upwards", "is_range": False}]
    said = "The best lr, 0.0001, is the largest that was tried: widen lr upwards."
    assert said in [block.text for block in choice(Swept(tmp_path / "s", "en"), None)]  # type: ignore[union-attr]
    chinese = [block.text for block in choice(Swept(tmp_path / "s", "zh"), None)]  # type: ignore[union-attr]
    assert "最佳的 lr（0.0001）是试过的最大值：请把 lr 向上放宽。" in chinese


def test_a_rate_at_the_end_of_what_find_lr_tried_is_said_to_be_there() -> None:
    curve = linnet.find_lr(make_blobs(200), low=1e-6, high=1e-5, count=3, steps=5)
    assert curve.edge == "the best lr, 1e-05, is the largest that was tried: widen lr upwards"
    assert curve.summary()["edge"] == "upwards"


@pytest.mark.parametrize("random", [None, 3])
def test_a_random_search_is_judged_by_its_range(random: int | None) -> None:
    grid = {"lr": LogUniform(1e-6, 1e-5)} if random else {"lr": [1e-6, 1e-5]}
    result = linnet.sweep(make_blobs(200), grid, random=random, epochs=1, show=False)
    assert all(one.is_range == bool(random) for one in result.edges)
