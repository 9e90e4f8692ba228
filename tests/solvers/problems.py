"""Small problems that the solvers' tests share."""

from __future__ import annotations

import torch

from linnet.core.losses import Logistic, Loss, SoftmaxCrossEntropy
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.objective import Objective

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
