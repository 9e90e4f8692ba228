from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.core.losses import Huber, Logistic, Loss, SoftmaxCrossEntropy, SquaredError
from linnet.core.losses.poisson import Poisson
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.l1.sparse import steps_sparse, suits_sparse
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.solution import CONVERGED, STALLED
from linnet.solvers.solve import choose

LOSSES = [SoftmaxCrossEntropy(), Logistic(), Poisson(), SquaredError()]


def problem(
    loss: Loss, seed: int = 0, l1: float = 0.01, l2: float = 0.0, *, weighted: bool = False,
    intercept: bool = True, features: int = 40,
) -> tuple[Objective, Objective]:  # fmt: skip
    """The same few numbers among many zeros, as sparse rows and as dense ones."""
    source = np.random.default_rng(seed)
    X = scipy.sparse.random(90, features, 0.15, "csr", rng=source)
    scores = torch.from_numpy(X @ source.standard_normal((features, 3)) * 2)
    classes = ("a", "b", "c") if loss.is_for_classes else ()
    noise = torch.from_numpy(source.standard_normal((90, 3)))
    if loss.couples_outputs:
        y = (scores + noise).argmax(1)
    elif loss.is_for_classes:
        y, classes = (scores + noise > 0).double(), ()
    else:
        y = (scores + noise).clamp(0).round()
    weights = torch.from_numpy(source.uniform(0, 2, 90)) if weighted else None
    penalty = Penalty(l2, l1)
    thin = Objective(SparseRows(X, y, 3, weights, torch.float64), loss, penalty, intercept=intercept)
    rows = Dataset(torch.from_numpy(X.toarray()), y, "dense", classes, weights=weights)
    return thin, Objective.of(rows, loss, penalty, intercept=intercept, dtype=torch.float64)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.floats(-3, -1), st.sampled_from([0.0, 0.01]), st.booleans(), st.booleans())
def test_sparse_steps_end_where_those_of_dense_rows_do(
    loss: Loss, seed: int, exponent: float, l2: float, weighted: bool, intercept: bool
) -> None:
    thin, dense = problem(loss, seed, 10**exponent, l2, weighted=weighted, intercept=intercept)
    assert suits_sparse(thin)
    *_, last = steps_sparse(thin, None, 1e-9, 200)
    assert last.status is not None
    assert last.status.name in (CONVERGED, STALLED)
    best = ProximalNewton(tol=1e-11).minimise(dense)
    size = abs(best.certificate.objective)
    assert last.point.value - best.certificate.objective <= 1e-8 * size
    if last.status.name == CONVERGED:
        assert last.point.value - best.certificate.objective <= last.gap + 1e-12 * size
        assert last.gap <= 1e-9 * size
    assert intercept or not last.point.theta[:, -1].any()


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_steps_are_newtons_own_and_few(loss: Loss) -> None:
    thin, _ = problem(loss)
    *steps, last = steps_sparse(thin, None, 1e-9, 200)
    assert last.status is not None
    assert last.status.name == CONVERGED
    assert len(steps) < 15
    again = list(steps_sparse(thin, last.point.theta, 1e-9, 200))
    assert len(again) == 1
    assert again[0].status == last.status


def test_a_solution_of_sparse_rows_has_a_record_a_step_and_a_certificate() -> None:
    thin, dense = problem(SoftmaxCrossEntropy())
    seen = list[dict[str, float]]()
    found = ProximalNewton(tol=1e-9).minimise(thin, progress=seen.append)
    best = ProximalNewton(tol=1e-12).minimise(dense).certificate.objective
    assert seen == found.trace
    assert [record["epoch"] for record in seen] == list(range(len(seen)))
    assert seen[-1]["nonzeros"] == int((found.theta[:, :-1] != 0).sum())
    at = found.certificate
    assert best <= at.objective <= best + at.gap
    assert at.gap <= 1e-9 * best
    assert at.gradient_norm < 1e-5


def test_a_limit_of_steps_is_told() -> None:
    thin, _ = problem(Logistic())
    *_, last = steps_sparse(thin, None, 1e-12, 1)
    assert last.status is not None
    assert last.status.name == "iteration limit"


def test_what_rounding_hides_is_left_to_scaled_columns() -> None:
    thin, dense = problem(Logistic())
    *steps, last = steps_sparse(thin, None, 0.0, 200)
    assert last.status is not None
    assert last.status.name == STALLED
    found, best = ProximalNewton(tol=0.0).minimise(thin), ProximalNewton(tol=0.0).minimise(dense)
    assert found.status == best.status
    assert found.certificate.objective == pytest.approx(best.certificate.objective, rel=1e-14)
    assert [record["epoch"] for record in found.trace] == list(range(len(found.trace)))
    assert len(found.trace) > len(steps)


@pytest.mark.parametrize("loss", [Huber()])
def test_losses_of_straight_parts_do_not_suit(loss: Loss) -> None:
    assert not suits_sparse(problem(loss)[0])


@pytest.mark.parametrize(("shift", "near"), [(1.0, True), (1e3, False)])
def test_a_full_column_far_from_0_does_not_suit_with_a_bias(shift: float, near: bool) -> None:
    thin, _ = problem(Logistic())
    assert isinstance(thin.rows, SparseRows)
    X = thin.rows.X.toarray()
    X[:, 0] = shift + np.linspace(0, 1, len(X))
    full = thin.replace(SparseRows(scipy.sparse.csr_matrix(X), thin.rows.y, 3, dtype=torch.float64))
    assert suits_sparse(full) is near
    assert suits_sparse(Objective(full.rows, full.loss, full.penalty, intercept=False))
    assert ProximalNewton(tol=1e-9).minimise(full).status.name == CONVERGED


@pytest.mark.parametrize("size", [1e-120, 1e120])
def test_numbers_whose_squares_are_beyond_float64_do_not_suit(size: float) -> None:
    thin, _ = problem(Logistic())
    assert isinstance(thin.rows, SparseRows)
    rows = SparseRows(thin.rows.X * size, thin.rows.y, 3, dtype=torch.float64)
    assert not suits_sparse(thin.replace(rows))


def test_a_penalty_so_small_that_classes_are_apart_is_left_to_hessians() -> None:
    thin, dense = problem(SoftmaxCrossEntropy(), l1=1e-8)
    found, best = ProximalNewton().minimise(thin), ProximalNewton().minimise(dense)
    assert found.status.name == best.status.name == CONVERGED
    assert found.certificate.objective == pytest.approx(best.certificate.objective, rel=1e-7)


@pytest.mark.parametrize("penalty", [Penalty(0, 0.01), Penalty(0.01)])
def test_rows_of_zeros_alone_have_the_classes_shares(penalty: Penalty) -> None:
    thin, _ = problem(Logistic())
    y = thin.rows.y
    rows = SparseRows(scipy.sparse.csr_matrix((len(y), 40)), y, 3, dtype=torch.float64)
    objective = Objective(rows, Logistic(), penalty)
    found = choose(objective).minimise(objective)
    assert found.status.name == CONVERGED
    torch.testing.assert_close(torch.sigmoid(found.theta[:, -1]), y.mean(0))


def test_another_penalty_needs_no_l1() -> None:
    thin, _ = problem(Logistic())
    assert not suits_sparse(thin.replace(penalty=replace(thin.penalty, l1=0.0)))
