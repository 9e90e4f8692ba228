from __future__ import annotations

from pathlib import Path as Folder
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch

import linnet
from linnet.core.losses import Huber, SoftmaxCrossEntropy
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.errors import ShortfallWarning, UsageError
from linnet.evaluate.score import score
from linnet.model.run import Run
from linnet.plot.optimum import gap_figure
from linnet.solvers.problem import standard
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.solve import SOLVERS, solve
from tests.support.problems import diabetes, table
from tests.support.requested import optimum_of, solved_by

WAYS = [
    ({}, "Newton", "softmax"),
    ({"solver": "lbfgs", "dtype": "float32"}, "LBFGS", "softmax"),
    ({"solver": LBFGS(memory=3), "penalty": Penalty(0.1)}, "LBFGS", "softmax"),
    ({"solver": "staged", "penalty": 0.1}, "Staged", "softmax"),
    ({"l1": 0.01}, "ProximalNewton", "softmax"),
    ({"solver": "proximal", "l2": 0.1}, "ProximalNewton", "softmax"),
    ({"loss": "logistic", "l2": 0.1}, "Newton", "logistic"),
    ({"loss": "logistic", "l1": 0.1, "l2": 0.1}, "ProximalNewton", "logistic"),
    ({"loss": "squared"}, "cholesky", "squared"),
    ({"loss": "squared", "solver": "qr"}, "qr", "squared"),
    ({"loss": "squared", "solver": "cholesky"}, "cholesky", "squared"),
    ({"loss": "squared", "solver": "svd"}, "svd", "squared"),
    ({"loss": "squared", "l1": 0.1}, "ProximalNewton", "squared"),
    ({"loss": "huber", "l2": 0.1}, "ProximalNewton", "huber"),
    ({"loss": Huber(0.5)}, "ProximalNewton", "huber"),
    ({"loss": "absolute"}, "InteriorPoint", "absolute"),
]


@pytest.mark.parametrize(("asked", "solver", "loss"), WAYS, ids=str)
def test_every_way_gives_a_run_with_its_proof(
    asked: dict[str, object], solver: str, loss: str, tmp_path: Folder
) -> None:
    dataset = table(weighted=True)
    solution = linnet.solve(dataset, **(asked or {"l2": 1e-3}))  # type: ignore[arg-type]
    assert solution.status.is_good, str(solution.status)
    run = solution.value
    assert (optimum_of(run).solver, run.card.loss, run.status) == (solver, loss, "completed")
    assert optimum_of(run).certificate == solution.stats.as_dict()
    assert run.dataset_checksum == dataset.checksum
    given = asked.get("loss")
    its_loss = given if isinstance(given, Huber) else run.loss
    penalty = Penalty(solved_by(run).l2, solved_by(run).l1)
    problem = Objective.of(dataset, its_loss, penalty, dtype=torch.float64)
    assert solution.stats.objective == pytest.approx(problem.value(run.bank.theta), rel=1e-12)
    run.save(tmp_path / "run")
    again = Run.load(tmp_path / "run")
    assert torch.equal(again.bank.theta, run.bank.theta)
    assert score(again, dataset).rows == len(dataset)


def test_the_loss_goes_by_the_targets() -> None:
    assert solve(table(), l2=0.1).value.card.loss == "softmax"
    assert solve(diabetes()).value.card.loss == "squared"


def test_no_bias_where_none_is_asked_for() -> None:
    for asked in ({"l2": 0.1}, {"l1": 0.01}, {"loss": "squared"}, {"loss": "absolute"}, {"loss": "huber"}):
        assert not bool(solve(table(), intercept=False, **asked).value.bank.b.any())  # type: ignore[arg-type]


def test_tolerance_and_iterations_reach_the_solver() -> None:
    problems: list[Any] = [{"l1": 0.01}, {"l2": 0.01}]
    for asked in problems:
        with pytest.warns(ShortfallWarning, match="more than 1 iterations"):
            assert solve(table(), **asked, max_iter=1).status.name == "iteration limit"
    rough, fine = solve(table(), l1=0.01, tol=0.1), solve(table(), l1=0.01, tol=1e-9)
    assert rough.stats.iterations < fine.stats.iterations
    assert fine.stats.gap <= 1e-9 * fine.stats.objective


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"solver": "magic"}, ", ".join(SOLVERS)),
        ({"solver": "qr"}, "squared errors"),
        ({"solver": "newton", "l1": 1}, "no l1"),
        ({"solver": "interior"}, "does not solve"),
        ({"solver": "lbfgs", "loss": "absolute"}, "interior"),
        ({"loss": "absolute", "l1": 1}, "l2 only"),
        ({"penalty": 1, "l2": 1}, "not both"),
        ({"dtype": "float16"}, "float32 or float64"),
        ({"loss": "hinge"}, "unknown loss"),
        ({"l2": -1}, "at least 0"),
    ],
    ids=str,
)
def test_what_it_refuses(asked: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        solve(table(), **asked)  # type: ignore[arg-type]


def test_softmax_needs_classes() -> None:
    with pytest.raises(UsageError, match="class labels"):
        solve(diabetes(), "softmax")


def test_the_figure_of_the_gap() -> None:
    solution = solve(table(), SoftmaxCrossEntropy(), l1=0.01)
    figure = gap_figure(solution.value.history.records, solution.stats.gap, "gap")
    (axes,) = figure.axes
    distances = axes.lines[0].get_ydata()
    assert min(distances) > 0  # type: ignore[type-var]
    assert gap_figure([{"epoch": 0, "objective": 0.0}], None).axes


def test_the_books_huber_keeps_its_slope(tmp_path: Folder) -> None:
    data = Dataset(torch.arange(6.0)[:, None], torch.tensor([[0.0], [1], [2], [3], [4], [50]]), "outlier")
    solution = solve(data, Huber.book(0.5))
    solution.value.save(tmp_path)
    read = Run.load(tmp_path)
    assert solution.value.loss == read.loss == Huber.book(0.5)
    assert score(read, data).loss == pytest.approx(solution.stats.objective, rel=1e-6)


def test_sparse_rows_stay_in_their_columns_where_their_own_space_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = np.random.default_rng(0)
    X: Any = scipy.sparse.random_array((40, 120_000), density=5e-4, format="csr", rng=drawn)
    y = torch.from_numpy(drawn.integers(0, 3, 40))
    data = Dataset(X, y, "texts", ("a", "b", "c"))
    assert data.is_sparse
    turned = solve(data, l2=1e-3).value
    monkeypatch.setattr(standard, "LONG", 0)
    held = solve(data, l2=1e-3).value
    assert (optimum_of(turned).solver, optimum_of(held).solver) == ("Newton", "NewtonCG")
    torch.testing.assert_close(held.bank.W, turned.bank.W, rtol=1e-4, atol=1e-5)
