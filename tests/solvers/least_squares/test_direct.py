from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import pytest
import torch

from linnet.core.losses import SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.errors import CollinearWarning, UsageError
from linnet.model.run import Run
from linnet.solvers.least_squares import direct
from linnet.solvers.least_squares.direct import QR, SVD, Cholesky, Direct
from tests.support.blobs import make_blobs
from tests.support.nist import AT_LEAST, NAMES, coefficients, digits, read
from tests.support.problems import objective, regression, right
from tests.support.requested import optimum_of, solved_by
from tests.support.solutions import solve_least_squares

SOLVERS: list[Direct] = [Direct(), QR(), SVD(), Cholesky(), Cholesky(refine=False)]


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
@pytest.mark.parametrize("data", [regression(), make_blobs(300)], ids=["regression", "pixels"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("l2", [0.0, 1e-2])
def test_every_solver_comes_to_the_same_certified_model(
    solver: Direct, data: Dataset, intercept: bool, l2: float
) -> None:
    found = solve_least_squares(data, Penalty(l2), solver, intercept)
    theta = found.value.bank.theta
    torch.testing.assert_close(theta, right(data, l2, intercept), rtol=1e-9, atol=1e-10)
    point = objective(data, SquaredError(), l2, intercept=intercept).point(theta)
    gradient, loss = point.gradient, point.loss
    assert found.status.is_good
    assert found.stats.objective == pytest.approx(
        loss + l2 / 2 * float(theta[:, :-1].square().sum()), rel=1e-12
    )
    assert abs(found.stats.gradient_norm - float(gradient.norm())) < 1e-12
    assert 0 <= found.stats.gain < 1e-20
    assert 2.0**-53 * found.stats.objective <= found.stats.gap <= 1e-14  # never finer than float64 can tell
    assert found.value.history.last["train_loss"] == pytest.approx(loss, rel=1e-12)


def test_few_numbers_and_many_rows_go_by_cholesky_and_more_columns_by_svd() -> None:
    few, wide = regression(100), regression(20, 50)
    many = Dataset(torch.randn(20000, 8), torch.randn(20000, 1))
    asked = [optimum_of(solve_least_squares(data).value).solver for data in (few, wide, many)]
    assert asked == ["cholesky", "svd", "cholesky"]


@pytest.mark.parametrize("limit", [direct.FITS, 0], ids=["fits", "too many"])
def test_ill_conditioned_rows_go_on_with_qr_where_they_fit(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    data = regression()
    X = torch.cat([data.X, data.X[:, :1]], 1)
    monkeypatch.setattr(direct, "MOST", 0)
    monkeypatch.setattr(direct, "FITS", limit)
    with pytest.warns(CollinearWarning, match="columns 0 and 4 are collinear" if limit else "rank 4"):
        found = solve_least_squares(Dataset(X, data.y))
    assert found.status.is_good == bool(limit)
    assert optimum_of(found.value).solver == ("qr" if limit else "cholesky")
    torch.testing.assert_close(found.value.bank.theta, right(Dataset(X, data.y), 0), rtol=1e-7, atol=1e-8)


def test_a_warning_names_columns_by_their_names() -> None:
    data = dataclasses.replace(regression(), columns=("a", "b", "height", "d"))
    data.X[:, 2] = 1
    with pytest.warns(CollinearWarning, match="column height is constant"):
        solve_least_squares(data)


def test_rows_of_no_weight_are_absent_and_infinite_sums_go_by_qr() -> None:
    data = regression(40000, 4)
    assert data.weights is not None
    data.weights[::2] = 0
    data.X[:, 1] *= 1e200
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = solve_least_squares(data)
        half = solve_least_squares(data.rows(slice(1, None, 2)), solver=QR())
    assert optimum_of(found.value).solver == "qr"
    torch.testing.assert_close(found.value.bank.theta, half.value.bank.theta, rtol=1e-13, atol=0)


def test_one_row_and_one_column() -> None:
    one = Dataset(torch.tensor([[3.0, 4.0]]), torch.tensor([[5.0]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollinearWarning)
        assert solve_least_squares(one).value.bank.theta.tolist() == [[0, 0, 5]]
        theta = solve_least_squares(one, intercept=False).value.bank.theta
    torch.testing.assert_close(theta, torch.tensor([[0.6, 0.8, 0]], dtype=torch.float64))


def test_the_run_can_be_kept_and_predicts(tmp_path: Path) -> None:
    data = make_blobs(300)
    run = solve_least_squares(data, Penalty(1e-3)).value
    again = Run.load(run.save(tmp_path / "run"))
    assert torch.equal(again.bank.theta, run.bank.theta)
    assert float((again.scores(data.X).argmax(1) == data.y).double().mean()) > 0.9
    assert solved_by(again).l2 == 1e-3


def test_what_it_does_not_solve_is_refused() -> None:
    with pytest.raises(UsageError, match="l1"):
        solve_least_squares(regression(), Penalty(l1=1.0))


@pytest.mark.parametrize("name", NAMES)
def test_nist_by_default(nist_folder: Path, name: str) -> None:
    case = read(nist_folder, name)
    found = solve_least_squares(Dataset(case.X, case.Y), intercept=case.intercept)
    ours = coefficients(found.value.bank.theta, case.intercept)
    assert digits(ours, case.coefficients) >= AT_LEAST.get(name, 13)


def test_svd_tells_the_rank() -> None:
    data = regression()
    data.X[:, 2] = data.X[:, 1]
    with pytest.warns(CollinearWarning, match="4 columns have rank 3"):
        solve_least_squares(data, solver=SVD())
