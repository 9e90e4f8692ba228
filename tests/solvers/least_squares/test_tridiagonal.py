from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.data.dataset import Dataset
from linnet.device import generator
from linnet.solvers.least_squares.normal import Spectrum
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.least_squares.tridiagonal import Judge

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
    expected = Spectrum.of(first, intercept).losses(second, L2S)
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
    expected = Spectrum.of(first).losses(second, L2S)
    torch.testing.assert_close(judge.losses(L2S), expected, rtol=1e-8, atol=1e-12)
