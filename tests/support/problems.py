"""Small problems that the solvers' tests share."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_diabetes
from torch import Tensor

from linnet.core.losses import Logistic, Loss, SoftmaxCrossEntropy
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.least_squares.least_squares import least_squares
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.score_hessian import score_hessian_product

SOFTMAX, LOGISTIC = SoftmaxCrossEntropy(), Logistic()


def table(
    rows: int = 60, features: int = 5, classes: int = 3, seed: int = 0, *, weighted: bool = False
) -> Dataset:
    """Classes that overlap, in floats of unlike scale."""
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, features, generator=source, dtype=torch.float64)
    truth = torch.randn(classes, features, generator=source, dtype=torch.float64)
    y = (X @ truth.T + torch.randn(rows, classes, generator=source, dtype=torch.float64) * 2).argmax(1)
    weights = torch.rand(rows, generator=source, dtype=torch.float64) + 0.1 if weighted else None
    X = X * torch.logspace(-1, 1, features, dtype=torch.float64) + 1
    return Dataset(X, y, "table", tuple(f"class {k}" for k in range(classes)), weights=weights)


def soft(dataset: Dataset, seed: int = 1) -> Dataset:
    """The same rows with soft labels."""
    source = torch.Generator().manual_seed(seed)
    shares = torch.rand(len(dataset), dataset.outputs, generator=source, dtype=torch.float64)
    return Dataset(dataset.X, shares / shares.sum(1, keepdim=True), "soft", dataset.classes)


def objective(
    dataset: Dataset, loss: Loss = SOFTMAX, l2: float = 1e-2, *, intercept: bool = True,
    dtype: torch.dtype = torch.float64,
) -> Objective:  # fmt: skip
    return Objective.of(dataset, loss, Penalty(l2), intercept=intercept, dtype=dtype)


def random_theta(problem: Objective, seed: int = 0, std: float = 0.3) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    theta = problem.zeros()
    theta += torch.randn(theta.shape, generator=source, dtype=torch.float64) * std
    return problem.free_(theta)


def wide() -> Dataset:
    """More features than rows."""
    return table(20, 40)


def binary() -> Dataset:
    """One output, 0 or 1."""
    base = table(weighted=True)
    return Dataset(base.X, (base.y == 0).double()[:, None], "binary", weights=base.weights)


def exact(problem: Objective, start: torch.Tensor | None = None, iterations: int = 60) -> torch.Tensor:
    """The optimum of a small problem by Newton's method with autograd's Hessian: slow, and plain to see."""
    rows = problem.rows
    X1 = rows.dense(torch.arange(len(rows))).double()
    target = rows.target(slice(0, len(rows)))
    weights = torch.ones(len(rows)).double() if rows.weights is None else rows.weights
    free = torch.ones(rows.outputs, rows.features + 1, dtype=torch.bool)
    free[:, -1] = problem.intercept

    def value(parameters: torch.Tensor) -> torch.Tensor:
        theta = torch.zeros(free.shape, dtype=torch.float64).masked_scatter(free, parameters)
        losses = problem.loss.value(theta @ X1.T, target)
        return losses @ weights / weights.sum() + problem.penalty.l2 / 2 * theta[:, :-1].square().sum()

    x = (problem.zeros() if start is None else start)[free]
    for _ in range(iterations):
        g = torch.autograd.functional.jacobian(value, x)
        H = torch.autograd.functional.hessian(value, x)
        assert isinstance(g, torch.Tensor)
        assert isinstance(H, torch.Tensor)
        step = torch.linalg.lstsq(H, g[:, None], driver="gelsd").solution[:, 0]
        size = 1.0
        while value(x - size * step) > value(x) and size > 1e-9:
            size /= 2
        x = x - size * step if size > 1e-9 else x
    return torch.zeros(free.shape, dtype=torch.float64).masked_scatter(free, x)


def right(data: Dataset, l2: float, intercept: bool = True) -> torch.Tensor:
    y = torch.eye(data.outputs, dtype=torch.float64)[data.y] if data.is_classification else data.y
    X = data.X.double() * data.scale
    return least_squares(X, y, data.weights, l2, intercept).theta


def diabetes(*, weighted: bool = False) -> Dataset:
    X, y = load_diabetes(return_X_y=True)
    w = torch.rand(len(X), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    w[::7] = 0
    return Dataset(
        torch.tensor(X) * 20, torch.tensor(y)[:, None], "diabetes", weights=w if weighted else None
    )


def regression(rows: int = 60, features: int = 4, seed: int = 0, whole: bool = False) -> Dataset:
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, features, generator=source, dtype=torch.float64) + 5
    y = torch.randn(rows, 2, generator=source, dtype=torch.float64)
    weights = torch.rand(rows, generator=source, dtype=torch.float64)
    if whole:
        return Dataset((X * 100).round(), (y * 100).round(), weights=(weights * 4).round())
    return Dataset(X, y, weights=weights, scale=0.5)


def hessian_product(problem: Objective, point: Point, V: Tensor) -> Tensor:
    """∇²F V, (K, D + 1), at a point along a direction V (K, D + 1): the reference of Hessians."""
    rows = problem.rows
    curved = score_hessian_product(problem.loss, point.scores, rows.target(), rows.scores(V))
    product = rows.gradient_of(curved * rows.shares)
    product[:, :-1] += problem.l2 * V[:, :-1]
    return problem.free_(product)


def columns_of_any_unit(classes: int, seed: int, rows: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, classes of which each has some, and weights."""
    source = np.random.default_rng(seed)
    X = source.normal(size=(rows, 3)) * [1.0, 1e-3, 1e4] + [0.0, 5.0, -1e6]
    y = np.append(np.arange(classes), source.integers(0, classes, rows - classes))
    return X, y, source.integers(0, 3, rows) + source.integers(0, 2, rows) * 0.5 + 1e-9
