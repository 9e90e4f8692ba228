"""What one look at rows tells of them."""

from __future__ import annotations

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.dist.processes import ALONE
from linnet.errors import UsageError
from linnet.solvers.passes.survey import FEWEST, Surveyor


def columns(rows: int = 20_000) -> torch.Tensor:
    """A constant, columns far from 0, of tiny and of huge numbers, and one whose first row lies far off."""
    source = torch.Generator().manual_seed(0)
    X = torch.randn(rows, 5, generator=source, dtype=torch.float64)
    X = X * torch.tensor([0.0, 1.0, 1e-200, 1e200, 1.0], dtype=torch.float64) + torch.tensor(
        [7.0, 1e8, 0.0, 0.0, 0.0]
    )
    X[0, 4] = 1e12
    return X


@pytest.mark.parametrize("is_weighted", [False, True])
def test_means_and_sizes_are_of_rows_that_count(is_weighted: bool) -> None:
    X = columns()
    weights = torch.arange(len(X)).remainder(3).double() if is_weighted else None
    surveyor = Surveyor(Dataset(X, torch.zeros(len(X), 1), weights=weights), ALONE)
    w = torch.ones(len(X)).double() if weights is None else weights
    unit = X.abs().amax(0)
    mean = (w @ (X / unit)) / w.sum() * unit
    size = ((w @ ((X - mean) / unit).square()) / w.sum()).sqrt() * unit
    spread = surveyor.survey.spreads[True]
    torch.testing.assert_close(spread.centre, mean, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(spread.size, size, rtol=1e-6, atol=0)
    assert spread.centre[0] == 7
    assert spread.size[0] == 0
    about = surveyor.survey.spreads[False]
    right = ((w @ (X / unit).square()) / w.sum()).sqrt() * unit
    assert not about.centre.any()
    torch.testing.assert_close(about.size, right, rtol=1e-9, atol=0)


def test_a_sample_is_from_all_over_the_rows() -> None:
    rows = 100 * FEWEST
    X = torch.arange(rows).double()[:, None].expand(-1, 3)
    sample = Surveyor(Dataset(X, X[:, :1].clone()), ALONE).survey.sample
    assert torch.equal(sample.X[:, 0], sample.y[:, 0])
    assert bool((sample.X[:, 0].diff() > 0).all())
    assert float(sample.X[:, 0].diff().max()) <= 2 * rows / len(sample)


def test_rows_of_which_none_counts_are_refused() -> None:
    with pytest.raises(UsageError, match="no rows that count"):
        Surveyor(Dataset(torch.zeros(3, 2), torch.zeros(3, 1), weights=torch.zeros(3)), ALONE)
