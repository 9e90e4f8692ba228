"""LAPACK's routines, against numpy's matrices written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from linnet.errors import UsageError
from linnet.solvers.linalg import lapack


def matrices(size: int, columns: int, seed: int) -> tuple[lapack.Matrix, lapack.Matrix]:
    """A symmetric positive definite matrix, and some columns."""
    source = np.random.default_rng(seed)
    root = source.normal(size=(size, size))
    return root @ root.T + np.eye(size), source.normal(size=(size, columns))


@given(size=st.integers(2, 90), columns=st.integers(1, 70), seed=st.integers(0, 99))
def test_the_form_and_its_turn_give_the_matrix_back(size: int, columns: int, seed: int) -> None:
    H, M = matrices(size, columns, seed)
    before = H.copy()
    packed, diagonal, beside, tau = lapack.tridiagonal(H)
    assert np.array_equal(H, before)
    T = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    Q = lapack.turned(packed, tau, np.eye(size), "N")
    assert_allclose(Q @ T @ Q.T, H, atol=1e-11 * np.abs(H).max())
    assert_allclose(lapack.turned(packed, tau, M, "N"), Q @ M, atol=1e-12 * size)
    assert_allclose(lapack.turned(packed, tau, M, "T"), Q.T @ M, atol=1e-12 * size)


@given(size=st.integers(2, 40), columns=st.integers(1, 5), seed=st.integers(0, 99))
def test_tridiagonal_systems(size: int, columns: int, seed: int) -> None:
    source = np.random.default_rng(seed)
    beside, C = source.normal(size=size - 1), source.normal(size=(size, columns))
    diagonal = np.full(size, 2 * np.abs(beside).max() + 1)
    T = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    found = lapack.solved(diagonal, beside, C)
    assert found is not None
    assert_allclose(T @ found, C, atol=1e-10)


def test_a_form_that_is_not_positive_definite_has_no_solution() -> None:
    assert lapack.solved(np.array([1.0, -1.0]), np.array([0.0]), np.ones((2, 1))) is None


def test_a_triangles_product_does_not_see_the_rest() -> None:
    L, M = matrices(7, 3, 0)
    assert_allclose(lapack.lower_product(np.asfortranarray(L), M), np.tril(L) @ M)


def test_what_lapack_refuses_is_told() -> None:
    with pytest.raises(UsageError, match="dormqr refuses its argument 2"):
        lapack.turned(np.eye(3, order="F"), np.ones(2), np.eye(3), "X")
