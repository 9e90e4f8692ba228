"""Smooth losses of rows that stay in their files: the optima of memory, scikit-learn and statsmodels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
import torch
from sklearn.linear_model import LogisticRegression

import linnet
from linnet.data.dataset import Dataset
from linnet.errors import ShortfallWarning, UsageError
from linnet.solvers.problem.objective import Objective
from tests.support.commands import call
from tests.support.streamed import make_table, write

ROWS, FEATURES = 6000, 4
SCALES = np.array([0.01, 1.0, 30.0, 1.0])


def features() -> np.ndarray:
    """Columns of unlike units, one of them far from 0."""
    return np.random.default_rng(0).normal(size=(ROWS, FEATURES)) * SCALES + [0, 5, -7, 1e4]


def targets(kind: str) -> np.ndarray:
    """Classes, a pair of them or counts, which go with the features."""
    rng = np.random.default_rng(1)
    Z = (features() - [0, 5, -7, 1e4]) / SCALES
    if kind == "poisson":
        return rng.poisson(np.exp(Z @ [0.3, -0.2, 0.1, 0.2])).astype(float)
    scores = Z @ rng.normal(size=(FEATURES, 3)) + rng.gumbel(size=(ROWS, 3))
    classes = 2 if kind == "logistic" else 3
    return np.array(["a", "b", "c"])[scores[:, :classes].argmax(1)]


def load(kind: str, *, stream: bool, suffix: str = "parquet") -> Dataset:
    columns = {f"x{place}": column for place, column in enumerate(features().T)}
    path = Path(f"{kind}.{suffix}")
    if not path.exists():
        write(pa.table({**columns, "y": targets(kind)}), path, group=1000)
    how: dict[str, Any] = {"task": "regression"} if kind == "poisson" else {}
    return linnet.load(str(path), target="y", split="none", stream=stream, **how).train


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize("l2", [0.0, 1e-2])
@pytest.mark.parametrize("kind", ["softmax", "logistic", "poisson"])
def test_the_optimum_is_that_of_memory_within_the_certificate(kind: str, l2: float, suffix: str) -> None:
    here, memory = (load(kind, stream=stream, suffix=suffix) for stream in (True, False))
    own, other = (linnet.solve(one, kind, l2=l2) for one in (here, memory))
    assert own.status.is_good
    assert own.stats.bound == other.stats.bound
    assert own.stats.objective <= other.stats.objective + own.stats.gap
    assert own.stats.gap <= 1e-9
    assert torch.allclose(own.value.bank.theta, other.value.bank.theta, rtol=1e-4, atol=1e-6)


def test_softmax_is_that_of_scikit_learn() -> None:
    X, y, l2 = (features() - [0, 5, -7, 1e4]) / SCALES, targets("softmax"), 1e-2
    columns = {f"x{place}": column for place, column in enumerate(X.T)}
    write(pa.table({**columns, "y": y}), Path("t.parquet"), group=1000)
    found = linnet.solve(linnet.load("t.parquet", target="y", split="none", stream=True).train, l2=l2)
    right = LogisticRegression(C=1 / (l2 * ROWS), tol=1e-10, max_iter=1000).fit(X, y)
    assert np.allclose(found.value.bank.W.numpy(), right.coef_, rtol=1e-5, atol=1e-7)


def test_poisson_without_a_penalty_is_that_of_statsmodels() -> None:
    found = linnet.solve(load("poisson", stream=True), "poisson")
    Z = (features() - [0, 5, -7, 1e4]) / SCALES
    right = sm.GLM(targets("poisson"), sm.add_constant(Z), family=sm.families.Poisson()).fit(tol=1e-12)
    assert np.allclose(found.value.bank.W[0].numpy() * SCALES, right.params[1:], rtol=1e-7)


@pytest.mark.parametrize("l2", [0.0, 1e-2])
def test_weights_count(l2: float) -> None:
    weights = torch.arange(ROWS).remainder(4).double()
    here, memory = (load("softmax", stream=stream).replace(weights=weights) for stream in (True, False))
    own, other = (linnet.solve(one, l2=l2, class_weight="balanced") for one in (here, memory))
    assert own.stats.objective == pytest.approx(other.stats.objective, rel=1e-12)
    assert torch.allclose(own.value.bank.theta, other.value.bank.theta, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("l2", [0.0, 1e-2])
def test_huber_is_that_of_memory(l2: float) -> None:
    here, memory = (load("poisson", stream=stream) for stream in (True, False))
    own, other = (linnet.solve(one, "huber", l2=l2) for one in (here, memory))
    assert own.status.is_good
    assert own.stats.objective <= other.stats.objective + own.stats.gap
    assert own.stats.gap <= 1e-8


def test_many_parameters_go_by_lbfgs() -> None:
    write(make_table(4000, 60, 6, kind="float32"), Path("t.parquet"), group=700)
    here, memory = (linnet.load("t.parquet", split="none", stream=stream).train for stream in (True, False))
    own, other = (linnet.solve(one, l2=1e-2, tol=1e-13) for one in (here, memory))
    assert own.value.optimum is not None
    assert own.value.optimum.solver == "Staged"
    assert own.stats.gap < 1e-8  # where rounding ends it hangs on the threads; the objective does not
    assert own.stats.objective <= other.stats.objective + own.stats.gap
    assert own.stats.objective == pytest.approx(other.stats.objective, rel=1e-12)


def test_rows_of_a_split_are_solved_without_the_others() -> None:
    keep = np.arange(ROWS) % 3 > 0
    here, memory = (load("softmax", stream=stream).rows(keep) for stream in (True, False))
    own, other = (linnet.solve(one, l2=1e-3) for one in (here, memory))
    assert own.stats.objective == pytest.approx(other.stats.objective, rel=1e-12)


def test_classes_that_lie_apart_have_no_optimum() -> None:
    own = features()
    columns = {f"x{place}": column for place, column in enumerate(own.T)}
    write(pa.table({**columns, "y": np.where(own[:, 1] > 5, "a", "b")}), Path("t.arrow"))
    rows = linnet.load("t.arrow", target="y", split="none", stream=True).train
    with pytest.warns(ShortfallWarning, match="told apart without error"):
        linnet.solve(rows)


def test_a_column_that_tells_some_rows_apart_is_found() -> None:
    own, y = features(), targets("logistic")
    own[:, 0] = (np.arange(ROWS) < 50) & (y == "a")
    columns = {f"x{place}": column for place, column in enumerate(own.T)}
    write(pa.table({**columns, "y": y}), Path("t.arrow"))
    rows = linnet.load("t.arrow", target="y", split="none", stream=True).train
    with pytest.warns(ShortfallWarning, match="some rows can be told apart"):
        linnet.solve(rows)


@pytest.mark.parametrize(
    "how",
    [{"l1": 0.1}, {"standardize": True}, {"solver": "newton-cg", "l2": 0.1}, {"loss": "logistic", "l1": 1}],
)
def test_what_needs_all_rows_at_once_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="smooth losses without L1 are solved as a stream"):
        linnet.solve(load("softmax", stream=True), **how)


def test_progress_says_how_often_the_rows_were_read() -> None:
    records: list[Any] = []
    found = linnet.solve(load("softmax", stream=True), l2=1e-2, progress=records.append)
    passes = [record["passes"] for record in records]
    assert passes == sorted(passes)
    assert 1 <= passes[0] <= passes[-1] <= found.stats.passes


def test_the_certificate_is_of_the_model_as_it_is_stored() -> None:
    found = linnet.solve(load("softmax", stream=True), l2=1e-2)
    memory = Objective.of(
        load("softmax", stream=False), found.value.loss, linnet.Penalty(1e-2), dtype=torch.float64
    )
    value = memory.value(found.value.bank.theta)
    assert value == pytest.approx(found.stats.objective, rel=1e-11)


def test_the_command_line_solves_softmax_as_a_stream() -> None:
    load("softmax", stream=True)
    how = ("--target", "y", "--l2", 0.01, "--out", "run", "--quiet")
    assert call("solve", "--data", "softmax.parquet", "--stream", *how) == 0
    assert Path("run/model.safetensors").is_file()
