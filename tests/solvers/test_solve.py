from __future__ import annotations

from pathlib import Path as Folder
from typing import Any

import pytest
import torch

import linnet
from linnet.core.losses import Huber, SoftmaxCrossEntropy
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.sources import digits
from linnet.errors import GridEdgeWarning, ShapeError, ShortfallWarning, UsageError
from linnet.evaluate.score import score
from linnet.model.run import Run
from linnet.plot.optimum import gap_figure, path_figure
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.path import regularization_path
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.newton import LBFGS
from linnet.solvers.solve import SOLVERS, solve
from tests.support.blobs import make_blobs
from tests.support.problems import diabetes, table

WAYS = [
    ({}, "Newton", "softmax"),
    ({"solver": "lbfgs", "dtype": "float32"}, "LBFGS", "softmax"),
    ({"solver": LBFGS(memory=3), "penalty": Penalty(0.1)}, "LBFGS", "softmax"),
    ({"solver": "staged", "penalty": 0.1}, "Staged", "softmax"),
    ({"l1": 0.01}, "ProximalNewton", "softmax"),
    ({"solver": "proximal", "l2": 0.1}, "ProximalNewton", "softmax"),
    ({"loss": "logistic", "l2": 0.1}, "Newton", "logistic"),
    ({"loss": "logistic", "l1": 0.1, "l2": 0.1}, "ProximalNewton", "logistic"),
    ({"loss": "squared"}, "qr", "squared"),
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
    assert (run.asked["solver"], run.card.loss, run.status) == (solver, loss, "completed")
    assert run.asked["certificate"] == solution.stats.as_dict()
    assert run.dataset_checksum == dataset.checksum
    given = asked.get("loss")
    its_loss = given if isinstance(given, Huber) else run.loss
    penalty = Penalty(run.asked["l2"], run.asked["l1"])
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


KINDS = [
    (table(weighted=True), None, "l1s"), (table(), "logistic", "l1s"), (diabetes(), None, "l1s"),
    (diabetes(), "huber", "l1s"), (table(), None, "l2s"), (diabetes(), None, "l2s"),
    (diabetes(), "absolute", "l2s"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::linnet.errors.GridEdgeWarning")
@pytest.mark.parametrize(("dataset", "loss", "knob"), KINDS, ids=range(len(KINDS)))
def test_a_path_is_its_solutions_one_by_one(dataset: Dataset, loss: str | None, knob: str) -> None:
    found = regularization_path(dataset, loss, **{knob: 4}, validation=dataset, tol=1e-9)  # type: ignore[arg-type]
    penalties = found.table["penalty"].tolist()
    assert penalties == sorted(penalties, reverse=True)
    assert penalties[-1] == pytest.approx(penalties[0] * 1e-3)
    assert tuple(found.bank.theta.shape) == (4 * dataset.outputs, dataset.features + 1)
    for row, penalty in enumerate(penalties):
        alone = solve(dataset, loss, **{knob[:2]: penalty}, tol=1e-9)
        assert found.table["objective"].tolist()[row] == pytest.approx(alone.stats.objective, rel=1e-7)
        ours = found.run(row)
        assert score(ours, dataset).loss == pytest.approx(score(alone.value, dataset).loss, rel=1e-3)
    if dataset.weights is None:
        assert found.table["validation_loss"].to_numpy() == pytest.approx(
            found.table["train_loss"].to_numpy(), rel=1e-12
        )
    if knob == "l1s":
        assert found.table["nonzeros"].tolist()[0] == 0
        assert found.table["nonzeros"].tolist()[-1] > 0
    figure = path_figure(found.table, found.weights.numpy(), found.knob, "path")
    assert len(figure.axes) == 2


@pytest.mark.filterwarnings("ignore::linnet.errors.GridEdgeWarning")
def test_penalties_of_ones_own_and_the_best() -> None:
    train, test = digits.load()
    assert test is not None
    said: list[dict[str, float]] = []
    found = linnet.regularization_path(
        train.rows(slice(0, 300)), l1s=[0.01, 0.1], l2=0.001, validation=test, progress=said.append, tol=1e-4
    )
    assert found.table["penalty"].tolist() == [0.1, 0.01]
    assert len(said) == 2
    assert found.best == 1
    assert found.run(-1).card.classes == train.classes


def test_what_a_path_refuses() -> None:
    for asked in ({}, {"l1s": 3, "l2s": 3}, {"l1s": 1}, {"l1s": [-1.0]}, {"l1s": []}):
        with pytest.raises(UsageError):
            regularization_path(table(), **asked)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="held out"):
        _ = regularization_path(table(), l1s=[0.1]).best
    with pytest.raises(ShapeError):
        regularization_path(table(), l1s=[0.1], validation=table(features=3))


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


def test_a_path_of_ridges_gathers_its_sums_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data, calls, of = make_blobs(2**16), list[int](), Statistics.of
    monkeypatch.setattr(Statistics, "of", lambda *args: calls.append(1) or of(*args))
    found = regularization_path(data, "squared", l2s=[1.0, 0.1, 0.01])
    assert len(calls) == 1
    assert str(found) == found.table.to_string()
    for model, l2 in enumerate([1.0, 0.1, 0.01]):
        right = solve(data, "squared", l2=l2).value.bank.theta
        torch.testing.assert_close(found.run(model).bank.theta, right, rtol=1e-12, atol=1e-12)


def test_the_best_penalty_at_the_edge_of_a_path_is_said() -> None:
    """Rows that lie on a plane but for little want no penalty, so the smallest is the best."""
    source = torch.Generator().manual_seed(0)
    X = torch.randn(60, 3, generator=source, dtype=torch.float64)
    data = Dataset(
        X, X.sum(1, keepdim=True) + 0.01 * torch.randn(60, 1, generator=source, dtype=torch.float64)
    )
    fitted, kept = data.rows(slice(0, 40)), data.rows(slice(40, 60))
    for knob in ("l1", "l2"):
        with pytest.warns(GridEdgeWarning, match=f"is the smallest that was tried: widen {knob} downwards"):
            found = regularization_path(fitted, **{f"{knob}s": [1.0, 0.5, 0.1]}, validation=kept)  # type: ignore[arg-type]
        assert found.edge in str(found)
    assert regularization_path(fitted, l1s=[1.0, 0.1]).edge == ""  # nothing was chosen


def test_a_path_of_models_that_are_no_optima_says_so() -> None:
    X = torch.linspace(-1, 1, 20, dtype=torch.float64)[:, None]
    apart = Dataset(X, (X[:, 0] > 0).long(), "apart", ("a", "b"))
    with pytest.warns(
        ShortfallWarning, match="1 of 2 models of the path: no optimum: the classes can be told"
    ):
        regularization_path(apart, l2s=[0.1, 0.0])
