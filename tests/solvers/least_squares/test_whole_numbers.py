"""Sums of small whole numbers in files, bit for bit those of int64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

import linnet
from linnet.data.dataset import Dataset
from linnet.solvers.least_squares import whole_numbers
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.least_squares.whole_numbers import gather_bytes
from tests.support.streamed import write

ROWS = 40_000


def rows_of(X: np.ndarray, y: np.ndarray, suffix: str) -> Dataset:
    columns = {f"x{place}": column for place, column in enumerate(X.T)}
    name = str(write(pa.table({**columns, "y": y}), Path(f"t.{suffix}"), group=9000))
    return linnet.load(name, stream=True, target="y", task="regression", split="none").train


def bytes_of(kind: str, rows: int = ROWS) -> np.ndarray:
    low, high = (0, 256) if kind == "uint8" else (-128, 128)
    return np.random.default_rng(0).integers(low, high, (rows, 4)).astype(kind)


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "feather"])
@pytest.mark.parametrize("kind", ["int8", "uint8", "int64"])
@pytest.mark.parametrize("most", [100, 30_000, 600_000])
def test_sums_are_those_of_int64(kind: str, most: int, suffix: str) -> None:
    X, y = bytes_of(kind), np.random.default_rng(1).integers(-most, most + 1, ROWS)
    found = gather_bytes(rows_of(X, y, suffix))
    assert found is not None
    moments, middle = found
    U, y = X.astype(np.int64) - middle.numpy().astype(np.int64), y.astype(np.int64)
    assert np.array_equal(moments.xx.numpy().astype(np.int64), U.T @ U)
    assert np.array_equal(moments.xy[:, 0].numpy().astype(np.int64), U.T @ y)
    assert np.array_equal(moments.x.numpy().astype(np.int64), U.sum(0))
    assert (int(moments.y), int(moments.yy), moments.rows) == (y.sum(), (y * y).sum(), ROWS)


def test_products_without_bytes_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(bytes_of("int8"), np.arange(ROWS) % 1000, "parquet")
    found = gather_bytes(rows)
    monkeypatch.setattr(whole_numbers, "bytes_are_quicker", lambda: False)
    other = gather_bytes(rows)
    assert found is not None
    assert other is not None
    assert torch.equal(found[0].xx, other[0].xx)
    assert torch.equal(found[0].xy, other[0].xy)


@pytest.mark.parametrize("what", ["fractions", "too large a feature", "too large a target", "weights"])
def test_other_numbers_are_left_to_floats(what: str) -> None:
    X, y = bytes_of("int64"), np.arange(ROWS).astype(float)
    if what == "fractions":
        y[ROWS - 1] += 0.5
    elif what == "too large a feature":
        X[ROWS - 1, 2] = 128
    elif what == "too large a target":
        y[5] = 2.0**23
    rows = rows_of(X, y, "parquet")
    rows = rows.replace(weights=torch.ones(ROWS)) if what == "weights" else rows
    assert gather_bytes(rows) is None
    assert Statistics.of(rows).rows == ROWS


def test_rows_of_a_split_are_summed_alone() -> None:
    X, y, kept = bytes_of("int8"), np.arange(ROWS) % 77, np.arange(ROWS) % 3 > 0
    found = gather_bytes(rows_of(X, y, "parquet").rows(kept))
    assert found is not None
    own = X[kept].astype(np.int64)
    assert np.array_equal(found[0].xx.numpy().astype(np.int64), own.T @ own)
    assert found[0].rows == kept.sum()


def test_a_ridge_of_them_reads_the_rows_once() -> None:
    X = bytes_of("int8")
    y = X.astype(int) @ [1, -2, 3, 4] + np.random.default_rng(2).integers(-99, 100, ROWS)
    found = linnet.solve(rows_of(X, y, "parquet"), l2=0.5)
    U, v = X - X.mean(0), y - y.mean()
    right = np.linalg.solve(U.T @ U / ROWS + 0.5 * np.eye(4), U.T @ v / ROWS)
    assert np.allclose(found.value.bank.W.numpy(), right, rtol=1e-12)
    assert found.stats.passes == 0.5
