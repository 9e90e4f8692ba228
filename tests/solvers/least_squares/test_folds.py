from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.data.split import split_folds
from linnet.device import generator
from linnet.errors import UsageError
from linnet.solvers.least_squares.folds import (
    Judge,
    Matrix,
    apply_reflectors,
    cross_validate,
    multiply_lower,
    solve_tridiagonal,
    tridiagonalise,
)
from linnet.solvers.least_squares.normal import Spectrum, solve
from linnet.solvers.least_squares.statistics import Statistics
from tests.support.blobs import make_blobs
from tests.support.problems import regression

L2S = [1e-4, 0.01, 1.0, 100.0]


def parts(rows: int, features: int, outputs: int, seed: int) -> tuple[Statistics, Statistics]:
    source = generator(seed, "parts")
    X = torch.randn(rows, features, generator=source, dtype=torch.float64) + 3
    y = torch.randn(rows, outputs, generator=source, dtype=torch.float64) + X[:, :1]
    cut = rows // 2
    data = Dataset(X, y, scale=0.5)
    return Statistics.of(data.rows(slice(0, cut))), Statistics.of(data.rows(slice(cut, rows)))


@pytest.mark.parametrize("intercept", [True, False])
@given(
    rows=st.integers(4, 60), features=st.integers(2, 12), outputs=st.integers(1, 4), seed=st.integers(0, 99)
)
def test_it_is_the_spectrums_losses(
    intercept: bool, rows: int, features: int, outputs: int, seed: int
) -> None:
    first, second = parts(rows, features, outputs, seed)
    judge = Judge.of(first, second, min(L2S), intercept)
    assert judge is not None
    got = judge.losses(L2S)
    assert got is not None
    expected = second.loss(Spectrum.of(first, intercept).path(L2S))
    torch.testing.assert_close(got, expected, rtol=1e-8, atol=1e-10)


def test_where_rounding_decides_it_is_left_to_the_spectrum() -> None:
    first, second = parts(20, 5, 2, 0)
    assert Judge.of(first, second, 0.0, True) is None
    assert Judge.of(first, second, 1e-18, True) is None
    assert Judge.of(*parts(20, 1, 1, 0), 1.0, True) is None


def test_outputs_that_say_nothing_new_are_left_out() -> None:
    source = generator(0, "parts")
    X = torch.randn(60, 5, generator=source, dtype=torch.float64)
    y = torch.nn.functional.one_hot((X[:, 0] > 0).long() + (X[:, 1] > 0).long(), 3).double()
    data = Dataset(X, y)
    first, second = Statistics.of(data.rows(slice(0, 30))), Statistics.of(data.rows(slice(30, 60)))
    judge = Judge.of(first, second, min(L2S), True)
    assert judge is not None
    assert judge.C.shape == (5, 2)
    expected = second.loss(Spectrum.of(first).path(L2S))
    torch.testing.assert_close(judge.losses(L2S), expected, rtol=1e-8, atol=1e-12)


def matrices(size: int, columns: int, seed: int) -> tuple[Matrix, Matrix]:
    """A symmetric positive definite matrix, and some columns."""
    source = np.random.default_rng(seed)
    root = source.normal(size=(size, size))
    return root @ root.T + np.eye(size), source.normal(size=(size, columns))


@given(size=st.integers(2, 90), columns=st.integers(1, 70), seed=st.integers(0, 99))
def test_the_form_and_its_turn_give_the_matrix_back(size: int, columns: int, seed: int) -> None:
    H, M = matrices(size, columns, seed)
    before = H.copy()
    packed, diagonal, beside, tau = tridiagonalise(H)
    assert np.array_equal(H, before)
    T = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    Q = apply_reflectors(packed, tau, np.eye(size), "N")
    assert_allclose(Q @ T @ Q.T, H, atol=1e-11 * np.abs(H).max())
    assert_allclose(apply_reflectors(packed, tau, M, "N"), Q @ M, atol=1e-12 * size)
    assert_allclose(apply_reflectors(packed, tau, M, "T"), Q.T @ M, atol=1e-12 * size)


@given(size=st.integers(2, 40), columns=st.integers(1, 5), seed=st.integers(0, 99))
def test_tridiagonal_systems(size: int, columns: int, seed: int) -> None:
    source = np.random.default_rng(seed)
    beside, C = source.normal(size=size - 1), source.normal(size=(size, columns))
    diagonal = np.full(size, 2 * np.abs(beside).max() + 1)
    T = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    found = solve_tridiagonal(diagonal, beside, C)
    assert found is not None
    assert_allclose(T @ found, C, atol=1e-10)


def test_a_form_that_is_not_positive_definite_has_no_solution() -> None:
    assert solve_tridiagonal(np.array([1.0, -1.0]), np.array([0.0]), np.ones((2, 1))) is None


def test_a_triangles_product_does_not_see_the_rest() -> None:
    L, M = matrices(7, 3, 0)
    assert_allclose(multiply_lower(np.asfortranarray(L), M), np.tril(L) @ M)


def test_what_lapack_refuses_is_told() -> None:
    with pytest.raises(UsageError, match="dormqr refuses its argument 2"):
        apply_reflectors(np.eye(3, order="F"), np.ones(2), np.eye(3), "X")


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


@pytest.mark.parametrize("size", [1e155, 1e200])
def test_features_too_large_to_be_squared_are_refused(size: float) -> None:
    data = regression()
    with pytest.raises(UsageError, match="too large to be squared"):
        judge(replace(data, X=data.X * size), [1.0])


def test_targets_that_do_not_differ_have_no_loss() -> None:
    data = regression()
    found = judge(replace(data, y=torch.full_like(data.y, 3.0)), [0.1, 1.0])
    torch.testing.assert_close(found, torch.zeros_like(found))
