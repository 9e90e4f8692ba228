"""Several processes train as one: the same minibatches, the same trajectory, each row counted once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import linnet
from linnet.data.dataset import Dataset
from tests.support.blobs import make_blobs
from tests.support.processes import together
from tests.support.streamed import make_table, write

Case = Callable[[Path], dict[str, Any]]


def trained(dataset: Any, **options: Any) -> dict[str, Any]:
    """The weights of a fit and its figures."""
    run = linnet.fit(dataset, show=False, **{"epochs": 2, "batch_size": 32, "dtype": "float64"} | options)
    figures = [
        {name: value for name, value in record.items() if name != "seconds"} for record in run.history.records
    ]
    return {"theta": run.bank.theta.numpy(), "figures": figures, "baseline": run.baseline}


def swept(dataset: Any, **options: Any) -> dict[str, Any]:
    """The weights of all models of a sweep, and their curves."""
    result = linnet.sweep(
        dataset, show=False, **{"epochs": 3, "batch_size": 32, "dtype": "float64"} | options
    )
    curves = {name: values.numpy() for name, values in result.outcome.curves.items()}
    return {"theta": result.outcome.bank.theta.numpy(), "figures": curves, "status": result.outcome.status}


def table(count: int = 203) -> Dataset:
    """A regression over columns of very different size."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(count, 4)) * [1, 1000, 0.01, 5] + [0, 50, 1, 2]
    y = X @ [1, 0.002, 30, -1] + rng.normal(size=count)
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "d": X[:, 3], "y": y})
    return linnet.load(frame, target="y").train


def stream(folder: Path, suffix: str) -> Any:
    """Rows in a file of eleven sections, which `prepared` wrote."""
    return linnet.load(str(folder / f"rows{suffix}"), target="label", stream=True)


def prepared(folder: Path) -> Path:
    """A folder with the files of the streams."""
    for suffix in (".parquet", ".arrow"):
        write(make_table(1037), folder / f"rows{suffix}")
    return folder


GRID = {"lr": [0.02, 0.1, 0.3, 1.0], "momentum": [0.0, 0.9], "optimizer": ["momentum"]}

CASES: dict[str, Case] = {
    "plain": lambda _: trained(make_blobs(301), validation=0.2),
    "float32": lambda _: trained(make_blobs(301), dtype="float32"),
    "a last minibatch of one row": lambda _: trained(make_blobs(97), measure="after"),
    "its last minibatch dropped": lambda _: trained(make_blobs(100), drop_last=True, optimizer="momentum"),
    "adam": lambda _: trained(make_blobs(301), optimizer="adam", lr=0.01, accumulate=3, clip=0.5, l2=0.01),
    "averaged": lambda _: trained(
        make_blobs(301), optimizer="nesterov", average=0.5, l1=0.001, schedule="cosine"
    ),
    "weights": lambda _: trained(
        make_blobs(301), sample_weight=np.arange(301) % 4 / 2, class_weight="balanced", label_smoothing=0.1
    ),
    "images": lambda _: trained(make_blobs(301), augment="shift:1+rotate:10+noise:0.1", dropout=0.2),
    "table": lambda _: trained(table(), lr=0.03, l2=0.1, standardize=True),
    "patience": lambda _: trained(make_blobs(301), validation=0.2, patience=1, epochs=6, lr=3.0),
    "parquet": lambda folder: trained(stream(folder, ".parquet"), lr=0.01),
    "arrow": lambda folder: trained(stream(folder, ".arrow"), lr=0.01, optimizer="momentum"),
    "sweep of rows": lambda _: swept(make_blobs(301), grid=GRID, folds=3, parallel="rows"),
    "sweep of models": lambda _: swept(make_blobs(301), grid=GRID, folds=3, parallel="models"),
    "sweep with rungs": lambda _: swept(make_blobs(301), grid=GRID, halving=(1, 2), parallel="models"),
    "sweep with patience": lambda _: swept(make_blobs(301), grid=GRID, patience=1, parallel="rows"),
    "sweep of inputs": lambda _: swept(
        make_blobs(301), grid={"augment": ["none", "shift"], "lr": [0.1, 0.2]}, parallel="rows"
    ),
    "sweep of a stream": lambda folder: swept(
        stream(folder, ".parquet"), grid={"lr": [0.01, 0.1], "l2": [0, 0.1]}, parallel="rows"
    ),
}  # fmt: skip


def all_cases(folder: Path) -> dict[str, dict[str, Any]]:
    """What each case comes to in this process."""
    return {name: case(folder) for name, case in CASES.items()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What one process makes of the cases."""
    return all_cases(prepared(tmp_path_factory.mktemp("alone")))


@pytest.fixture(scope="module", params=[2, 4])
def several(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What each of several processes makes of the cases."""
    return together(all_cases, request.param, prepared(tmp_path_factory.mktemp("together")))


@pytest.mark.parametrize("name", CASES)
def test_processes_come_to_what_one_comes_to(name: str, alone: dict[str, Any], several: list[Any]) -> None:
    expected, tolerance = alone[name], 1e-6 if name == "float32" else 1e-12
    for found in several:
        theta = found[name]["theta"]
        assert np.array_equal(theta, several[0][name]["theta"], equal_nan=True)  # to the same bits in each
        scale = np.nanmax(np.abs(expected["theta"]))
        assert np.allclose(theta, expected["theta"], rtol=0, atol=tolerance * scale, equal_nan=True)
        compare(found[name]["figures"], expected["figures"], tolerance)
        assert found[name].get("status") == expected.get("status")


def compare(found: Any, expected: Any, tolerance: float) -> None:
    """Hold figures, a record an epoch or a curve a name, against others."""
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for own, other in zip(found, expected, strict=True):
            assert own == pytest.approx(other, rel=10 * tolerance)
        return
    for name, curve in expected.items():
        assert np.allclose(found[name], curve, rtol=100 * tolerance, atol=0, equal_nan=True), name


def module_weights(folder: Path) -> np.ndarray:
    """A module of one's own, begun alike in each process by the first's parameters."""
    torch.manual_seed(torch.distributed.get_rank() if torch.distributed.is_initialized() else 0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(make_blobs(3).features, 3)).double()
    linnet.fit(make_blobs(97), model=module, epochs=2, batch_size=16, lr=0.1, dtype="float64", show=False)
    return module.state_dict()["1.weight"].numpy()


def test_a_module_is_trained_by_processes_as_by_one(tmp_path: Path) -> None:
    expected = module_weights(tmp_path)
    for found in together(module_weights, 3, tmp_path):
        assert np.allclose(found, expected, rtol=0, atol=1e-12)
