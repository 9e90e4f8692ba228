from __future__ import annotations

import numpy as np
import pytest
import torch

import linnet
from linnet.data.dataset import Dataset
from linnet.data.sources import digits
from linnet.errors import GridEdgeWarning, ShapeError, ShortfallWarning, UsageError
from linnet.evaluate.score import score
from linnet.plot.optimum import path_figure
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.path import regularization_path
from linnet.solvers.solve import solve
from tests.support.blobs import make_blobs
from tests.support.problems import diabetes, table
from tests.support.requested import solved_by

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
    assert penalties[-1] == pytest.approx(penalties[0] * (1e-3 if knob == "l1s" else 1e-5))
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
    figure = path_figure(found.table, found.weights.numpy(), found.penalty_name, "path")
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


@pytest.mark.filterwarnings("ignore::linnet.errors.GridEdgeWarning")
def test_each_fold_is_told_of_before_its_turn() -> None:
    train, rows, said = linnet.load("digits").train, list[object](), list[object]()

    def tell(number: int, count: int) -> None:
        said.append((number, count, len(rows)))

    some = train.rows(slice(0, 300))
    linnet.regularization_path(
        some, l1s=[0.1, 0.05], folds=3, tol=1e-3, progress=rows.append, fold_progress=tell
    )
    assert said == [(1, 3, 2), (2, 3, 2), (3, 3, 2)]


def test_a_run_of_a_path_says_how_it_was_solved() -> None:
    train = linnet.load("digits").train
    path = regularization_path(train, l1s=[0.1, 0.01], l2=0.3, intercept=False)
    run = path.run(1)
    request = solved_by(run)
    assert (request.l1, request.l2, request.intercept, request.solver) == (0.01, 0.3, False, None)
    assert (run.has_intercept, run.origin, run.dataset_checksum) == (False, train.origin, train.checksum)


def test_what_a_path_refuses() -> None:
    for asked in ({}, {"l1s": 3, "l2s": 3}, {"l1s": 1}, {"l1s": [-1.0]}, {"l1s": []}, {"l1s": 4.0}):
        with pytest.raises(UsageError):
            regularization_path(table(), **asked)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="held out"):
        _ = regularization_path(table(), l1s=[0.1]).best
    with pytest.raises(ShapeError):
        regularization_path(table(), l1s=[0.1], validation=table(features=3))


def test_how_many_penalties_and_folds_may_be_numpys_numbers() -> None:
    own = regularization_path(table(), l1s=4, folds=2)
    found = regularization_path(table(), l1s=np.int64(4), folds=np.int64(2))  # type: ignore[arg-type]
    assert found.table["validation_loss"].tolist() == own.table["validation_loss"].tolist()
    with pytest.raises(UsageError, match=r"folds must lie in .* not 2\.5"):
        regularization_path(table(), l1s=4, folds=2.5)  # type: ignore[arg-type]


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
