"""Least squares of rows that stay in their files, by sums: those of memory, and of whole numbers exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

import linnet
from linnet.data.dataset import Dataset
from linnet.errors import CollinearWarning, UsageError
from linnet.solvers.least_squares.statistics import Statistics
from tests.support.commands import call
from tests.support.streamed import write

ROWS, FEATURES = 30_000, 5


def table() -> pa.Table:
    """Whole numbers below 100, and a target made of them."""
    rng = np.random.default_rng(0)
    X = rng.integers(-99, 100, (ROWS, FEATURES))
    y = X @ np.arange(FEATURES) + rng.integers(-3, 4, ROWS)
    columns = {f"x{place}": X[:, place].astype(np.float64) for place in range(FEATURES)}
    return pa.table({**columns, "y": y.astype(np.float64)})


@pytest.fixture(params=["parquet", "arrow", "feather"])
def pair(request: pytest.FixtureRequest) -> tuple[Dataset, Dataset]:
    name = str(write(table(), Path(f"t.{request.param}"), group=7000))
    options: Any = {"target": "y", "task": "regression", "split": "none"}
    return linnet.load(name, stream=True, **options).train, linnet.load(name, **options).train


def test_sums_of_whole_numbers_are_exact(pair: tuple[Dataset, Dataset]) -> None:
    here, _ = pair
    X = np.stack([table()[f"x{place}"].to_numpy() for place in range(FEATURES)], 1).astype(np.int64)
    zero = torch.zeros(FEATURES, dtype=torch.float64)
    found = Statistics.of(here).about(zero, torch.zeros(1, dtype=torch.float64)).sums
    assert np.array_equal(found.xx.numpy(), (X.T @ X).astype(np.float64))
    assert np.array_equal(found.x.numpy(), X.sum(0).astype(np.float64))
    halves = [here.rows(slice(0, 11_000)), here.rows(slice(11_000, ROWS))]
    first = Statistics.of(halves[0])
    both = first + Statistics.of(halves[1], like=first)
    both = both.about(zero, torch.zeros(1, dtype=torch.float64)).sums
    assert torch.equal(both.xx, found.xx), "a day's file that is added costs that file alone"


@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("intercept", [True, False])
def test_solutions_are_those_of_memory(pair: tuple[Dataset, Dataset], l2: float, intercept: bool) -> None:
    here, memory = (one.rows(np.arange(ROWS) % 3 > 0) for one in pair)
    own, other = (linnet.solve(one, l2=l2, intercept=intercept) for one in (here, memory))
    assert torch.allclose(own.value.bank.theta, other.value.bank.theta, rtol=1e-9, atol=1e-10)


def test_weights_count(pair: tuple[Dataset, Dataset]) -> None:
    weights = torch.arange(ROWS).remainder(4).double()
    own, other = (linnet.solve(one.replace(weights=weights), l2=0.1) for one in pair)
    assert torch.allclose(own.value.bank.theta, other.value.bank.theta, rtol=1e-9)


def test_collinear_columns_are_solved_by_the_sums_alone() -> None:
    own = table()
    more = own.append_column("twice", pa.array(2 * own["x1"].to_numpy()))
    more = more.append_column("seven", pa.array(np.full(ROWS, 7.0)))
    name = str(write(more, Path("t.arrow")))
    rows = linnet.load(name, stream=True, target="y", task="regression", split="none").train
    with pytest.warns(CollinearWarning, match="7 columns have rank 5"):
        found = linnet.solve(rows)
    W = dict(zip(rows.columns, found.value.bank.W[0].tolist(), strict=True))
    assert W["x1"] + 2 * W["twice"] == pytest.approx(1, rel=1e-3)
    assert W["x4"] == pytest.approx(4, rel=1e-3)


def test_more_columns_than_rows_are_refused() -> None:
    name = str(write(table().slice(0, 4), Path("t.arrow")))
    rows = linnet.load(name, stream=True, target="y", task="regression", split="none").train
    with pytest.raises(UsageError, match="takes rows in memory"):
        linnet.solve(rows, l2=0.1)


def test_the_command_line_solves_a_stream() -> None:
    write(table(), Path("t.parquet"), group=7000)
    how = ("--target", "y", "--task", "regression", "--l2", 0.1, "--out", "run", "--quiet")
    assert call("solve", "--data", "t.parquet", "--stream", *how) == 0
    assert Path("run/model.safetensors").is_file()
