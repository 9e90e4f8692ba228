"""Regressions to infer on, and what statsmodels says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import statsmodels.api as sm
import torch

from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.inference.infer import infer as typed_infer
from tests.support.solutions import solve_least_squares, solve_smooth

infer: Any = typed_infer  # pandas has no types


def line(rows: int = 80, features: int = 4, seed: int = 0, *, weighted: bool = False) -> Dataset:
    """A regression whose errors grow with the first feature."""
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, features, generator=source, dtype=torch.float64)
    noise = torch.randn(rows, generator=source, dtype=torch.float64) * (0.5 + X[:, 0].abs())
    y = X @ torch.linspace(-1, 2, features, dtype=torch.float64) + 3 + noise
    weights = torch.randint(1, 5, (rows,), generator=source).double() if weighted else None
    scale = torch.logspace(-1, 2, features, dtype=torch.float64)
    return Dataset(X * scale + 5, y[:, None], "line", weights=weights)


def design(dataset: Dataset) -> Any:
    return sm.add_constant(dataset.X.numpy() * dataset.scale)


def solved(dataset: Dataset, loss: Loss | None = None, l2: float = 0.0, **options: Any) -> Any:
    if loss is None:
        return infer(solve_least_squares(dataset, Penalty(l2)), dataset, **options)
    return infer(solve_smooth(dataset, loss, Penalty(l2)), dataset, **options)


def agree(found: Any, reference: Any, tolerance: float = 1e-8, output: str | None = None) -> None:
    """Estimates, errors, tests and intervals are statsmodels'."""
    rows = found.table if output is None else found.table[found.table["output"] == output]
    limits = reference.conf_int(0.05)
    right = {
        "estimate": reference.params, "standard_error": reference.bse, "statistic": reference.tvalues,
        "low": limits[..., 0], "high": limits[..., 1],
    }  # fmt: skip
    for name, values in right.items():
        values = np.asarray(values)
        expected = values.T.ravel() if name not in ("low", "high") else values.ravel()
        np.testing.assert_allclose(rows[name], expected, rtol=tolerance, atol=tolerance * 1e-3, err_msg=name)
    np.testing.assert_allclose(rows["p"], np.asarray(reference.pvalues).T.ravel(), rtol=1e-6, atol=1e-12)
