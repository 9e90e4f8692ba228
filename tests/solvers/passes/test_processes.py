"""Two processes that share the rows come to the model and the proof of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

import linnet
from linnet.data.dataset import Dataset
from linnet.dist.processes import Processes
from linnet.errors import UsageError
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.passes.objective import PassObjective, is_read_in_passes
from linnet.solvers.passes.rows import PassRows
from tests.support.problems import SOFTMAX, table
from tests.support.processes import together
from tests.support.streamed import write

ROWS = 30_001


def classes() -> Dataset:
    """So many rows in memory that processes share them, weighted, the last of them with no weight."""
    rows = table(ROWS, 6, weighted=True)
    assert rows.weights is not None
    weights = rows.weights.clone()
    weights[-ROWS // 3 :] = 0
    return rows.replace(weights=weights)


def numbers() -> Dataset:
    rows = table(ROWS, 6)
    y = rows.X @ torch.arange(6).double() + torch.arange(ROWS).remainder(7)
    return Dataset(rows.X, y[:, None])


def stream(folder: Path) -> Dataset:
    return linnet.load(
        str(folder / "t.parquet"), stream=True, target="y", task="regression", split="none"
    ).train


def leave(folder: Path) -> np.ndarray:
    """Whole numbers as a file."""
    X = np.random.default_rng(0).integers(-99, 100, (ROWS, 5)).astype(np.int8)
    y = X.astype(int) @ [1, -2, 3, 0, 5] + np.random.default_rng(1).integers(-9, 10, ROWS)
    columns = {f"x{place}": column for place, column in enumerate(X.T)}
    write(pa.table({**columns, "y": y}), folder / "t.parquet", group=4000)
    return np.column_stack([X, y]).astype(np.int64)


PROBLEMS: dict[str, Any] = {
    "softmax": {"l2": 1e-3},
    "softmax without a penalty": {},
    "softmax by L-BFGS": {"l2": 1e-2, "solver": "lbfgs"},
    "huber": {"loss": "huber", "l2": 1e-2},
    "least squares": {"l2": 1e-3},
    "a stream": {"l2": 1e-3},
    "a stream by steps": {"l2": 1e-3, "loss": "huber"},
}


def solve_all(folder: Path) -> dict[str, Any]:
    """Each problem's model and certificate."""
    found = {}
    for name, how in PROBLEMS.items():
        is_stream, is_class = name.startswith("a stream"), name.startswith("softmax")
        rows = stream(folder) if is_stream else classes() if is_class else numbers()
        solution = linnet.solve(rows, **how)
        stats = solution.stats
        found[name] = (
            solution.value.bank.theta.numpy(),
            stats.objective,
            stats.gap,
            stats.bound,
            stats.passes,
        )
    sums = Statistics.of_all(_own(stream(folder)), _rows(stream(folder)).processes)
    zero = torch.zeros(5, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    return found | {
        "sums": sums.about(*zero).sums.xx.numpy(),
        "rows": sums.rows,
        "own": len(_own(stream(folder))),
    }


def _rows(dataset: Dataset) -> PassRows:
    return PassObjective.read(dataset, SOFTMAX).rows


def _own(dataset: Dataset) -> Dataset:
    return _rows(dataset).dataset


def test_models_and_certificates_are_those_of_one_process(tmp_path: Path) -> None:
    whole = leave(tmp_path)
    first, second = together(solve_all, 2, tmp_path)
    right = solve_all(tmp_path)
    assert first["own"] + second["own"] == right["own"] == ROWS
    assert first["rows"] == ROWS
    for found in (first, second):
        assert np.array_equal(found["sums"].astype(np.int64), whole[:, :5].T @ whole[:, :5])
    for name in PROBLEMS:
        theta, objective, gap, bound, _ = first[name]
        assert np.array_equal(theta, second[name][0]), name
        assert bound == right[name][3], name
        assert objective == pytest.approx(right[name][1], rel=1e-12), name
        assert gap <= max(1.001 * right[name][2], 1e-9 * objective), name
        tol = 1e-12 if name.startswith("a stream") else 1e-6  # which goes the same way in one process
        np.testing.assert_allclose(theta, right[name][0], rtol=tol, atol=tol, err_msg=name)


def test_what_few_numbers_or_other_sums_ask_for_each_process_solves_alone() -> None:
    few = table()
    assert not is_read_in_passes(few, SOFTMAX, linnet.Penalty())
    assert not is_read_in_passes(classes(), SOFTMAX, linnet.Penalty()), "of one process"


def test_processes_that_were_given_other_problems_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Two(Processes):
        size = 2

        def gather(self, value: Any) -> list[Any]:
            return [value, {**value, "penalty": "Penalty(l2=9)"}]

    monkeypatch.setattr("linnet.solvers.passes.objective.current", Two)
    with pytest.raises(UsageError, match="process 1 has another penalty than process 0"):
        PassObjective.read(classes(), SOFTMAX)
