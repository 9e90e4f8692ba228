from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression

from linnet.core.losses import AbsoluteError, Huber, Logistic, Loss, SoftmaxCrossEntropy, SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.sources import digits
from linnet.errors import ShapeError, UsageError
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.penalty_grid import largest_l1
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.sparse_rows import SparseRows
from tests.support.problems import binary, soft, table, wide


def reals(rows: int = 80, features: int = 12, *, weighted: bool = False, outputs: int = 1) -> Dataset:
    source = torch.Generator().manual_seed(2)
    X = torch.randn(rows, features, generator=source, dtype=torch.float64)
    X[:, 1] = X[:, 0] + 0.1 * X[:, 1]  # nearly the same column twice
    truth = torch.randn(features, outputs, generator=source, dtype=torch.float64)
    truth[3:] = 0
    y = X @ truth + torch.randn(rows, outputs, generator=source, dtype=torch.float64) + 5
    weights = torch.rand(rows, generator=source, dtype=torch.float64) if weighted else None
    return Dataset(X, y, "reals", weights=weights)


PROBLEMS: dict[str, tuple[Dataset, Loss, Penalty, bool]] = {
    "lasso": (reals(), SquaredError(), Penalty(0, 0.1), True),
    "elastic net": (reals(), SquaredError(), Penalty(0.1, 0.05), True),
    "two outputs, weighted": (reals(weighted=True, outputs=2), SquaredError(), Penalty(0, 0.1), True),
    "no intercept": (reals(), SquaredError(), Penalty(0, 0.1), False),
    "wide": (reals(20, 60), SquaredError(), Penalty(0, 0.1), True),
    "huber": (reals(weighted=True), Huber(0.5), Penalty(0, 0.05), True),
    "huber, l2": (reals(), Huber.torch(2.0), Penalty(0.1, 0.0), True),
    "huber far off": (reals(), Huber(1e-3), Penalty(0.0, 0.01), True),
    "softmax": (table(weighted=True), SoftmaxCrossEntropy(), Penalty(0, 0.02), True),
    "softmax, elastic net": (table(), SoftmaxCrossEntropy(), Penalty(0.01, 0.01), True),
    "softmax, soft labels": (soft(table()), SoftmaxCrossEntropy(), Penalty(0, 0.01), False),
    "softmax, wide": (wide(), SoftmaxCrossEntropy(), Penalty(0, 0.02), True),
    "logistic": (table(), Logistic(), Penalty(0, 0.02), True),
    "binary": (binary(), Logistic(), Penalty(0, 0.02), True),
}  # fmt: skip


def made(name: str, dtype: torch.dtype = torch.float64) -> Objective:
    dataset, loss, penalty, intercept = PROBLEMS[name]
    return Objective.of(dataset, loss, penalty, intercept=intercept, dtype=dtype)


def fista(problem: Objective, iterations: int = 2000) -> torch.Tensor:
    """Accelerated proximal gradient steps with restarts (Beck and Teboulle, 2009): slow, and plain to see.

    Columns are scaled to norm 1, which a diagonal step size is the same as.
    """
    rows, penalty = problem.rows, problem.penalty
    X1 = rows.dense(torch.arange(len(rows)))
    weights = torch.ones(len(X1)).double() if rows.weights is None else rows.weights
    curvature = 1.0
    if isinstance(problem.loss, Huber):
        curvature = problem.loss.slope / problem.loss.threshold
    norms = (X1.square().T @ weights / weights.sum()).sqrt()
    scaled = X1 / norms
    top = float(torch.linalg.eigvalsh((scaled.T * weights) @ scaled / weights.sum())[-1])
    step = 1 / (curvature * top * norms.square() + penalty.l2)  # (D + 1,)
    z = theta = problem.zeros()
    momentum = 1.0
    for _ in range(iterations):
        following = z - step * problem.point(z).gradient
        W = following[:, :-1]
        following[:, :-1] = torch.copysign((W.abs() - step[:-1] * penalty.l1).clamp(min=0), W)
        after = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        if float(((z - following) * (following - theta) / step).sum()) > 0:
            after, momentum = 1.0, 1.0
        z = following + (momentum - 1) / after * (following - theta)
        theta, momentum = following, after
    return theta


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_it_converges_and_proves_it(name: str, dtype: torch.dtype) -> None:
    solved = ProximalNewton(tol=1e-9).minimise(made(name, dtype))
    assert solved.status.name == "converged", str(solved.status)
    assert solved.certificate.gap <= 1e-9 * solved.certificate.objective
    value = made(name).value(solved.theta)
    assert solved.certificate.objective == pytest.approx(value, rel=1e-13)
    values = [record["objective"] for record in solved.trace]
    assert all(b <= a * (1 + 1e-6) for a, b in itertools.pairwise(values))


@pytest.mark.parametrize("name", ["lasso", "elastic net", "two outputs, weighted", "no intercept", "softmax",
                                  "huber", "logistic", "binary", "softmax, elastic net"])  # fmt: skip
def test_the_optimum_is_that_of_proximal_gradient(name: str) -> None:
    problem = made(name)
    reference = problem.value(fista(problem))
    solved = ProximalNewton(tol=1e-10).minimise(problem).certificate
    assert solved.objective <= reference + 1e-12
    assert solved.objective == pytest.approx(reference, rel=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ratio", [1.0, 0.3])
def test_squares_are_those_of_scikit_learn(ratio: float, weighted: bool) -> None:
    X, y = load_diabetes(return_X_y=True)
    X = X * 20
    w = np.random.default_rng(0).random(len(X)) if weighted else None
    alpha = 2.0
    theirs = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-12, max_iter=100_000) if ratio < 1 else Lasso(
        alpha=alpha, tol=1e-12, max_iter=100_000
    )  # fmt: skip
    theirs.fit(X, y, sample_weight=w)
    dataset = Dataset(
        torch.tensor(X), torch.tensor(y)[:, None], weights=None if w is None else torch.tensor(w)
    )
    penalty = Penalty(alpha * (1 - ratio), alpha * ratio)
    solved = ProximalNewton(tol=1e-12).minimise(
        Objective.of(dataset, SquaredError(), penalty, dtype=torch.float64)
    )
    assert solved.theta[0, :-1].numpy() == pytest.approx(theirs.coef_, rel=1e-6, abs=1e-6)
    assert float(solved.theta[0, -1]) == pytest.approx(theirs.intercept_)
    assert ((solved.theta[0, :-1] == 0).numpy() == (theirs.coef_ == 0)).all()


def test_softmax_is_that_of_scikit_learn() -> None:
    dataset = digits.load().train.rows(slice(0, 200))
    problem = Objective.of(dataset, SoftmaxCrossEntropy(), Penalty(0, 0.02), dtype=torch.float64)
    theirs = LogisticRegression(
        C=1 / (0.02 * len(dataset)), l1_ratio=1.0, solver="saga", tol=1e-6, max_iter=20_000
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.fit(dataset.X.double().numpy() * dataset.scale, dataset.y.numpy())
    value = problem.value(torch.tensor(np.c_[theirs.coef_, theirs.intercept_]))
    solved = ProximalNewton(tol=1e-10).minimise(problem)
    assert solved.certificate.objective <= value
    assert solved.certificate.objective == pytest.approx(value, rel=1e-6)


def test_binary_is_that_of_liblinear() -> None:
    dataset = binary()
    y = dataset.y[:, 0].numpy().astype(int)
    assert dataset.weights is not None
    problem = Objective.of(dataset, Logistic(), Penalty(0, 0.02), intercept=False, dtype=torch.float64)
    total = float(dataset.weights.sum())
    theirs = LogisticRegression(
        C=1 / (0.02 * total),
        l1_ratio=1.0,
        solver="liblinear",
        tol=1e-10,
        max_iter=10_000,
        fit_intercept=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.fit(dataset.X.numpy(), y, sample_weight=dataset.weights.numpy())
    solved = ProximalNewton(tol=1e-11).minimise(problem)
    assert solved.theta[0, :-1].numpy() == pytest.approx(theirs.coef_[0], abs=1e-5)


@pytest.mark.parametrize("name", ["lasso", "huber", "softmax", "logistic", "two outputs, weighted"])
def test_all_weights_are_0_from_the_largest_l1_on_and_not_below(name: str) -> None:
    dataset, loss, _, intercept = PROBLEMS[name]
    top = largest_l1(Objective.of(dataset, loss, intercept=intercept, dtype=torch.float64))

    def weights(l1: float) -> torch.Tensor:
        problem = Objective.of(dataset, loss, Penalty(0, l1), intercept=intercept, dtype=torch.float64)
        return ProximalNewton(tol=1e-13).minimise(problem).theta[:, :-1]

    assert not bool(weights(top).any())
    assert not bool(weights(1.5 * top).any())
    assert bool(weights(0.99 * top).any())


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), Logistic()], ids=["softmax", "logistic"])
def test_weights_are_repetition(loss: Loss) -> None:
    base = table()
    counts = torch.randint(0, 4, (len(base),), generator=torch.Generator().manual_seed(0))
    repeated = base.rows(torch.arange(len(base)).repeat_interleave(counts))
    weighted = Dataset(base.X, base.y, "weighted", base.classes, weights=counts.double())
    one, other = (
        ProximalNewton(tol=1e-12)
        .minimise(Objective.of(data, loss, Penalty(0, 0.02), dtype=torch.float64))
        .theta
        for data in (repeated, weighted)
    )
    assert torch.allclose(one[:, :-1], other[:, :-1], atol=1e-7)


def test_sparse_rows_are_dense_rows() -> None:
    base = table(80, 30)
    X = torch.where(torch.rand(base.X.shape, generator=torch.Generator().manual_seed(1)) < 0.7, 0, base.X)
    dense = Dataset(X, base.y, "dense", base.classes)
    penalty = Penalty(0, 0.01)
    rows = SparseRows(scipy.sparse.csr_matrix(X.numpy()), base.y, 3, dtype=torch.float64)
    one = ProximalNewton(tol=1e-11).minimise(Objective(rows, SoftmaxCrossEntropy(), penalty))
    other = ProximalNewton(tol=1e-11).minimise(
        Objective.of(dense, SoftmaxCrossEntropy(), penalty, dtype=torch.float64)
    )
    assert torch.allclose(one.theta[:, :-1], other.theta[:, :-1], atol=1e-6)
    assert one.certificate.objective == pytest.approx(other.certificate.objective, rel=1e-11)


def test_pixels_stay_as_they_are_stored() -> None:
    part = digits.load().train.rows(slice(0, 300))
    wide = Dataset(part.X.double() * part.scale, part.y, "floats", part.classes)
    one, other = (
        ProximalNewton().minimise(
            Objective.of(data, SoftmaxCrossEntropy(), Penalty(0, 0.01), dtype=torch.float64)
        )
        for data in (part, wide)
    )
    assert one.certificate.objective == pytest.approx(other.certificate.objective, rel=1e-9)


def test_small_working_sets_and_samples_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    part = digits.load().train
    problem = Objective.of(part, SoftmaxCrossEntropy(), Penalty(0, 0.005), dtype=torch.float64)
    best = ProximalNewton().minimise(problem).certificate.objective
    narrow = ProximalNewton(1e-6, 500, largest=60).minimise(problem)
    monkeypatch.setattr("linnet.solvers.l1.proximal.WORK", 1.0)
    monkeypatch.setattr("linnet.solvers.l1.proximal.MANY", 1000)
    sampled = ProximalNewton(1e-6, 500).minimise(problem)
    for found in (narrow, sampled):
        assert found.status.is_good, str(found.status)
        assert found.certificate.objective == pytest.approx(best, rel=1e-6)


def test_it_says_when_iterations_run_out_and_stops_at_ctrl_c() -> None:
    solved = ProximalNewton(tol=1e-12, max_iter=1).minimise(made("softmax"))
    assert (solved.status.name, len(solved.trace)) == ("iteration limit", 2)
    assert "max_iter" in solved.status.advice
    assert (
        solved.certificate.gap
        >= solved.certificate.objective - ProximalNewton().minimise(made("softmax")).certificate.objective
    )

    def interrupt(record: dict[str, float]) -> None:
        if record["epoch"] == 1:
            raise KeyboardInterrupt

    assert ProximalNewton().minimise(made("softmax"), progress=interrupt).status.name == "interrupted"


def test_a_start_near_the_optimum_takes_fewer_iterations() -> None:
    cold = ProximalNewton().minimise(made("softmax"))
    warm = ProximalNewton().minimise(made("softmax"), cold.theta)
    assert warm.certificate.iterations < cold.certificate.iterations


def test_what_it_refuses() -> None:
    with pytest.raises(UsageError, match="huber"):
        ProximalNewton().minimise(Objective.of(reals(), AbsoluteError(), Penalty(0, 1)))
    with pytest.raises(ShapeError, match="start"):
        ProximalNewton().minimise(made("lasso"), torch.zeros(2, 2))
    broken = reals()
    broken.X[0, 0] = torch.nan
    with pytest.raises(UsageError, match="finite"):
        ProximalNewton().minimise(Objective.of(broken, SquaredError(), Penalty(0, 1)))


@pytest.mark.parametrize("x", [1.0, 3.0, 237.0, 1e4, 7e-5])
def test_a_line_through_two_points_has_no_more_to_gain(x: float) -> None:
    X, y = torch.tensor([[0.0], [x]], dtype=torch.float64), torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    found = ProximalNewton().minimise(Objective.of(Dataset(X, y, "points"), Huber(1.0), dtype=torch.float64))
    assert found.status.is_good, found.status
    assert found.theta.tolist()[0] == pytest.approx([1 / x, 0.0], abs=1e-9)
