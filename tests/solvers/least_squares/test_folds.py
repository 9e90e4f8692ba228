from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.data.split import split_folds
from linnet.errors import UsageError
from linnet.solvers.least_squares.folds import cross_validate
from linnet.solvers.least_squares.normal import solve
from linnet.solvers.least_squares.statistics import Statistics
from tests.support.blobs import make_blobs
from tests.support.problems import regression

CASES = [regression(), make_blobs(200)]


def judge(data: Dataset, l2s: list[float], folds: int = 3, seed: int = 0, intercept: bool = True) -> Tensor:
    parts = [Statistics.of(data, fold.validation) for fold in split_folds(data, folds, seed)]
    judging = [parts[0], *(part.about(parts[0].centre, parts[0].level) for part in parts[1:])]
    whole = sum(judging[1:], judging[0])
    return cross_validate([whole - part for part in judging], judging, l2s, intercept)


@pytest.mark.parametrize("data", CASES, ids=["regression", "pixels"])
@pytest.mark.parametrize("intercept", [True, False])
def test_folds_from_statistics_are_those_of_refits(data: Dataset, intercept: bool) -> None:
    l2s = [1e-3, 0.1, 3.0]
    found = judge(data, l2s, 4, 2, intercept)
    for fold, view in enumerate(split_folds(data, 4, 2)):
        assert view.weights is not None
        train, kept = Statistics.of(data.rows(view.weights > 0)), Statistics.of(data.rows(view.validation))
        for p, l2 in enumerate(l2s):
            loss = float(kept.loss(solve(train, l2, intercept)))
            assert float(found[p, fold]) == pytest.approx(loss, rel=1e-9)


@pytest.mark.parametrize("l2s", [[], [1.0, math.nan], [math.inf, 1.0], [-1.0]])
def test_penalties_that_cannot_be_are_refused(l2s: list[float]) -> None:
    with pytest.raises(UsageError, match="penalties must be finite"):
        judge(regression(), l2s)


@pytest.mark.parametrize("size", [1e150, 1e200])
def test_features_too_large_to_be_squared_are_refused(size: float) -> None:
    data = regression()
    with pytest.raises(UsageError, match="too large to be squared"):
        judge(replace(data, X=data.X * size), [1.0])


def test_targets_that_do_not_differ_have_no_loss() -> None:
    data = regression()
    found = judge(replace(data, y=torch.full_like(data.y, 3.0)), [0.1, 1.0])
    torch.testing.assert_close(found, torch.zeros_like(found))
