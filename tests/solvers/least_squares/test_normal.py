from __future__ import annotations

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.errors import CollinearWarning, PrecisionWarning, UsageError
from linnet.solvers.least_squares.normal import Spectrum, factor, solve
from linnet.solvers.least_squares.statistics import Statistics
from tests.support.blobs import make_blobs
from tests.support.problems import regression, right


def test_partial_fit_is_exact() -> None:
    data = make_blobs(500)
    first = Statistics.of(data.rows(slice(0, 100)))
    grown = first + Statistics.of(data.rows(slice(100, None)), like=first)
    assert torch.equal(solve(grown, 0.1), solve(Statistics.of(data), 0.1))


def test_collinear_columns_warn_and_give_the_shortest_weights() -> None:
    data = regression()
    X = torch.cat([data.X, data.X[:, :1]], 1)
    data = Dataset(X, data.y, weights=data.weights)
    with pytest.warns(CollinearWarning, match="5 columns have rank 4"):
        theta = solve(Statistics.of(data))
    torch.testing.assert_close(theta, right(data, 0), rtol=1e-8, atol=1e-9)


def test_a_bad_condition_number_is_not_squared_in_silence() -> None:
    data = regression()
    X = torch.cat([data.X, data.X[:, :1] + 3e-7 * torch.randn(60, 1, dtype=torch.float64)], 1)
    with pytest.warns(PrecisionWarning, match="QR"):
        solve(Statistics.of(Dataset(X, data.y)))


def test_what_cannot_be_solved_is_refused() -> None:
    data = regression()
    everything = Statistics.of(data)
    with pytest.raises(UsageError, match="no rows"):
        solve(everything - everything)
    with pytest.raises(UsageError, match="l2"):
        solve(everything, -1)
    with pytest.raises(UsageError, match="penalties"):
        Spectrum.of(everything).path([1, -1])


def test_the_condition_number_is_that_of_the_scaled_matrix() -> None:
    data = regression()
    normal = factor(Statistics.of(data), 0.0, True)
    assert normal is not None
    H = normal.L @ normal.L.T
    right = float(torch.linalg.cond(H, 1))
    assert right * 0.3 <= normal.condition <= right * 3
