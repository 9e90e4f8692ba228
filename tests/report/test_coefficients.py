from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch
from numpy.typing import NDArray

import linnet
from linnet.data.dataset import Dataset
from linnet.report.blocks import Table, Text
from linnet.report.coefficients import LISTED, coefficients, column_deviations
from linnet.report.subject import Rows, Subject
from tests.support.reading import Seen

SIZES = np.logspace(-3, 3, 60)


def wide(outputs: int = 1) -> Dataset:
    """Rows of 60 columns of very different sizes, of which each but every third says something."""
    source = np.random.default_rng(0)
    X = source.normal(5.0, SIZES, (300, 60))
    w = source.normal(size=(60, outputs)) / SIZES[:, None] * (np.arange(60) % 3 > 0)[:, None]
    return Dataset(X, X @ w, columns=tuple(f"c{d}" for d in range(60)))  # type: ignore[arg-type]


def blocks_of(data: Dataset, rows: Dataset | None, l1: float = 0.0) -> tuple[linnet.Run, str, Table]:
    run = linnet.solve(data, l1=l1, standardize=True).value
    said, table = coefficients(Subject(run, Rows(rows, None), "en"))
    assert isinstance(said, Text)
    assert isinstance(table, Table)
    return run, said.text, table


def test_of_many_columns_the_largest_by_deviation_are_listed() -> None:
    data = wide()
    run, said, table = blocks_of(data, data)
    W = run.predictor.W[0].astype(float)
    scaled = W * np.std(np.asarray(data.arrays.X), axis=0)
    expected = np.argsort(-abs(scaled))[:LISTED]
    assert said.startswith(
        "Of 60 columns 60 have a weight other than 0. Listed are the 40 of the largest weights"
    )
    assert "model.safetensors" in said
    assert [row[0] for row in table.rows] == [*(f"c{d}" for d in expected), "b"]
    assert table.rows[0][1:] == (f"{W[expected[0]]:.6g}", f"{scaled[expected[0]]:.6g}")


def test_of_an_l1_model_those_that_are_0_are_counted_and_not_listed() -> None:
    data = wide()
    run, said, table = blocks_of(data, data, l1=0.5)
    used = int((run.predictor.W != 0).sum())
    assert 0 < used < LISTED
    assert f"Of 60 columns {used} have a weight other than 0" in said
    assert len(table.rows) == used + 1


def test_without_the_rows_weights_are_ordered_as_they_stand() -> None:
    run, said, table = blocks_of(wide(), None)
    largest = np.argsort(-abs(run.predictor.W[0]))[:LISTED]
    assert "as they stand" in said
    assert [row[0] for row in table.rows[:-1]] == [f"c{d}" for d in largest]
    assert len(table.heads) == 2


def test_of_several_outputs_the_largest_of_each_column_counts() -> None:
    data = wide(outputs=3)
    run, _, table = blocks_of(data, data)
    sizes = abs(run.predictor.W * np.std(np.asarray(data.arrays.X), axis=0)).max(0)
    assert [row[0] for row in table.rows[:-1]] == [f"c{d}" for d in np.argsort(-sizes)[:LISTED]]
    assert len(table.heads) == 1 + 3


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_deviations_are_numpys(is_weighted: bool, is_sparse: bool) -> None:
    source = np.random.default_rng(1)
    X = source.normal(size=(3000, 2000)) * (source.random((3000, 2000)) < 0.1) + (0.0 if is_sparse else 1e6)
    counts = source.integers(0, 3, 3000) if is_weighted else np.ones(3000, int)
    rows = scipy.sparse.csr_array(X) if is_sparse else X
    data = Dataset(rows, torch.zeros(3000, 1), weights=torch.from_numpy(counts.astype(float)))  # type: ignore[arg-type]
    found = column_deviations(data)
    np.testing.assert_allclose(found, np.repeat(X, counts, axis=0).std(0), rtol=1e-6)


def test_a_page_says_it_in_its_language(tmp_path: Path) -> None:
    linnet.solve(wide(), l1=0.5, standardize=True, out=tmp_path / "run", language="zh")
    assert "60 列中有" in Seen(tmp_path / "run" / "report.html").sections["classes"]


def far() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns far from 0, the first row another and of no weight; and weights of rows, whole numbers."""
    source = np.random.default_rng(1)
    X = source.normal(size=(3000, 5)) * [1.0, 1e-3, 0.0, 1e200, 0.0] + [1e9, -5e6, 1e9, 0.0, 0.1]
    weights = source.integers(1, 4, 3000).astype(float)
    X[0], weights[0] = -1e6, 0.0
    return X, weights


@pytest.mark.parametrize("is_sparse", [False, True])
def test_deviations_keep_their_digits_wherever_columns_lie(is_sparse: bool) -> None:
    X, weights = far()
    rows: Any = np.hstack([X, np.zeros((3000, 1500))])
    data = Dataset(scipy.sparse.csr_array(rows) if is_sparse else rows, np.zeros(3000), weights=weights)  # type: ignore[arg-type]
    assert data.is_sparse == is_sparse
    found = column_deviations(data)
    size = np.array([1.0, 1.0, 1.0, 1e200, 1.0])  # of which numpy's own square would overflow
    each = np.repeat((X - X[1]) / size, weights.astype(int), axis=0)
    np.testing.assert_allclose(found[:5], each.std(0) * size, rtol=1e-9, atol=0)
    assert not found[[2, 4]].any()
    assert not found[5:].any()
