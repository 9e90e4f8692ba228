from __future__ import annotations

import math
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.d2l import torch as d2l
from linnet.d2l.utilities import Accumulator, Timer
from linnet.errors import UsageError

numbers = st.floats(-1e6, 1e6)


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(numbers, min_size=n, max_size=n), max_size=8)))
def test_accumulator_is_a_sum_of_columns(rows: list[list[float]]) -> None:
    metric = Accumulator(len(rows[0]) if rows else 3)
    for row in rows:
        metric.add(*(torch.tensor(value, dtype=torch.float64) for value in row))
    expected = [math.fsum(column) for column in zip(*rows, strict=True)] if rows else [0.0] * 3
    assert metric.data == pytest.approx(expected, abs=1e-6)
    assert [metric[k] for k in range(len(expected))] == metric.data
    metric.reset()
    assert metric.data == [0.0] * len(expected)


@pytest.mark.parametrize("given_numbers", [(1,), (1, 2, 3)])
def test_accumulator_takes_as_many_numbers_as_it_has_sums(given_numbers: tuple[int, ...]) -> None:
    metric = Accumulator(2)
    with pytest.raises(UsageError, match=f"takes 2 numbers, got {len(given_numbers)}"):
        metric.add(*given_numbers)


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=20))
def test_timer_sums_what_it_measured(seconds: list[float]) -> None:
    timer = Timer()
    timer.times = list(seconds)
    assert timer.sum() == pytest.approx(math.fsum(seconds))
    assert timer.avg() == pytest.approx(math.fsum(seconds) / len(seconds))
    assert timer.cumsum() == pytest.approx([math.fsum(seconds[: k + 1]) for k in range(len(seconds))])


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=6))
def test_timer_measures_by_the_clock(steps: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        now = [100.0]
        patch.setattr(time, "perf_counter", lambda: now[0])
        timer = Timer()
        for step in steps:
            timer.start()
            now[0] += step
            assert timer.stop() == pytest.approx(step, abs=1e-9)
        assert timer.times == pytest.approx(steps, abs=1e-9)


def test_timer_starts_when_it_is_made() -> None:
    timer = Timer()
    time.sleep(0.01)
    assert timer.stop() >= 0.01


def test_a_timer_without_times_has_no_average() -> None:
    timer = Timer()
    assert (timer.sum(), timer.cumsum()) == (0, [])
    with pytest.raises(UsageError, match="stop"):
        timer.avg()


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(d2l.ProgressBoard, "_add", lambda board, label, x, y: points.append((label, x, y)))
    points.clear()


points: list[tuple[str, float, float]] = []


def test_a_board_draws_means_of_every_n_calls_for_each_name() -> None:
    board = d2l.ProgressBoard("x")
    for x in range(4):
        board.draw(x, x * x, "square", every_n=2)
    board.draw(5, 7, "other")
    assert points == [("square", 0.5, 0.5), ("square", 2.5, 6.5), ("other", 5, 7)]
    d2l.ProgressBoard(display=False).draw(1, 1, "none")
    assert len(points) == 3


def test_arguments_are_kept_and_methods_added_to_what_exists() -> None:
    class Kept(d2l.HyperParameters):
        def __init__(self, a: int, b: int, _c: int = 0) -> None:
            self.save_hyperparameters(ignore=["b"])

    kept = Kept(1, 2)
    assert kept.hparams == {"a": 1}

    @d2l.add_to_class(Kept)
    def twice(self: Kept) -> int:
        return 2 * self.a  # pyright: ignore[reportAttributeAccessIssue]

    assert kept.twice() == 2  # pyright: ignore[reportAttributeAccessIssue]


def test_devices_without_a_gpu() -> None:
    assert d2l.try_gpu(d2l.num_gpus() + 3) == d2l.cpu() == torch.device("cpu")
    assert d2l.gpu(1) == torch.device("cuda:1")
    assert len(d2l.try_all_gpus()) == max(1, d2l.num_gpus())
