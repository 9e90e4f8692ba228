"""A winner at the edge of what was tried is said to be there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import linnet
from linnet.config.ranges import LogUniform
from linnet.report.sweep import Swept, choice
from tests.support.blobs import make_blobs


def test_a_sweep_says_so_in_its_result_its_file_and_its_page(tmp_path: Path) -> None:
    grid = {"lr": [1e-5, 1e-4]}
    result = linnet.sweep(
        make_blobs(200), grid, metric="loss", epochs=1, show=False, out=tmp_path / "s", report=False
    )
    assert [(one.hyperparameter, one.widen) for one in result.edges] == [("lr", "upwards")]
    kept = json.loads((tmp_path / "s" / "sweep.json").read_text("utf-8"))["edges"]
    assert kept == [{"hyperparameter": "lr", "value": 1e-4, "widen": "upwards", "is_range": False}]
    said = "The best lr, 0.0001, is the largest that was tried: widen lr upwards."
    assert said in [block.text for block in choice(Swept(tmp_path / "s", "en"), None)]  # type: ignore[union-attr]
    chinese = [block.text for block in choice(Swept(tmp_path / "s", "zh"), None)]  # type: ignore[union-attr]
    assert "最佳的 lr（0.0001）是试过的最大值：请把 lr 向上放宽。" in chinese


def test_a_rate_at_the_end_of_what_find_lr_tried_is_said_to_be_there() -> None:
    curve = linnet.find_lr(make_blobs(200), low=1e-6, high=1e-5, count=3, steps=5)
    assert str(curve.edge) == "the best lr, 1e-05, is the largest that was tried: widen lr upwards"
    assert curve.summary()["edge"] == "upwards"


@pytest.mark.parametrize("random", [None, 3])
def test_a_random_search_is_judged_by_its_range(random: int | None) -> None:
    grid = {"lr": LogUniform(1e-6, 1e-5)} if random else {"lr": [1e-6, 1e-5]}
    result = linnet.sweep(make_blobs(200), grid, random=random, epochs=1, show=False)
    assert all(one.is_range == bool(random) for one in result.edges)
