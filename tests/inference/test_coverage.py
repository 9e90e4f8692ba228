"""Intervals cover the truth as often as they say, in small simulations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.inference.infer import infer as typed_infer
from tests.support.solutions import solve_least_squares

infer: Any = typed_infer  # pandas has no types


def test_intervals_cover_as_often_as_they_say() -> None:
    truth, inside = torch.tensor([[1.0, -2.0]], dtype=torch.float64), []
    for seed in range(60):
        source = torch.Generator().manual_seed(seed)
        X = torch.randn(30, 2, generator=source, dtype=torch.float64)
        y = X @ truth.T + torch.randn(30, 1, generator=source, dtype=torch.float64)
        dataset = Dataset(X, y)
        found = infer(solve_least_squares(dataset), dataset, level=0.8).table[1:]
        inside.append((found["low"].to_numpy() < truth[0].numpy()) & (truth[0].numpy() < found["high"]))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)  # 120 draws: about three standard errors


def test_the_sandwich_covers_where_errors_are_unequal_and_the_hessian_does_not() -> None:
    inside = {"hessian": [], "hc3": []}
    for seed in range(80):
        source = torch.Generator().manual_seed(seed)
        X = torch.randn(60, 1, generator=source, dtype=torch.float64)
        y = X + X.square() * torch.randn(60, 1, generator=source, dtype=torch.float64)
        dataset = Dataset(X, y)
        solution = solve_least_squares(dataset)
        for name, hits in inside.items():
            row = infer(solution, dataset, covariance=name).table.iloc[1]
            hits.append(row["low"] < 1 < row["high"])
    assert np.mean(inside["hc3"]) > 0.87
    assert np.mean(inside["hessian"]) < 0.8
