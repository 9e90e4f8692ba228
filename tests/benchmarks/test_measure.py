"""What the benchmarks print, and in which order sides are timed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Module = Callable[[str], Any]


def test_the_column_of_memory_stands_where_something_has_it(module: Module) -> None:
    measure = module("measure")
    plain = [measure.Figure("a", 1.0, "{:.1f} s", "≤ 2", True)]
    assert measure.table(plain).splitlines()[-1] == "| a      | 1.0 s    | ≤ 2    | yes |"
    held = [*plain, measure.Figure("b", 2.0, "{:.1f} s", memory=3e6)]
    assert measure.table(held).splitlines()[-1] == "| b      | 2.0 s    | 3 MB        |        |     |"


def test_a_figure_that_is_none_is_null_in_the_file(module: Module, tmp_path: Path) -> None:
    measure, file = module("measure"), tmp_path / "figures.json"
    measure.finish([measure.Figure("a", float("nan"), "–"), measure.Figure("b", 1.5, "{:.1f}")], file)
    assert [one["measured"] for one in json.loads(file.read_text("utf-8"))["figures"]] == [None, 1.5]


def test_sides_alternate_and_the_median_of_each_counts(module: Module) -> None:
    times, order = iter([0.0, 1.0, 1.0, 11.0, 11.0, 14.0, 14.0, 34.0, 34.0, 36.0, 36.0, 66.0]), []
    sides = {"ours": lambda: order.append("ours"), "theirs": lambda: order.append("theirs")}
    found = module("measure").take_turns(sides, 3, lambda: next(times))
    assert order == ["ours", "theirs"] * 3
    assert found == {"ours": 2.0, "theirs": 20.0}


def test_two_rounds_do_where_they_agree(module: Module) -> None:
    ticks, calls = iter([0.0, 1.0, 1.0, 2.05, 2.05, 99.0]), []
    found = module("measure").take_turns({"ours": lambda: calls.append(1)}, 7, lambda: next(ticks), 0.1)
    assert len(calls) == 2
    assert found["ours"] == pytest.approx(1.025)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells the peak anew")
def test_the_peak_is_what_some_work_holds_beside_what_was_held(module: Module) -> None:
    held = module("measure").peak_of(lambda: np.ones(2**23).sum())
    if held is None:
        pytest.skip("the system does not tell")
    assert 2**26 * 0.9 < held < 2**26 * 2
