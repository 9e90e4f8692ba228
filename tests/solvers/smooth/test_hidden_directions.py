"""Columns that are all but collinear hide nothing from a proof."""

from __future__ import annotations

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.solve import solve


@pytest.mark.filterwarnings("ignore::linnet.errors.ShortfallWarning")
def test_a_bound_holds_where_all_that_tells_classes_is_a_tiny_difference_of_two_columns() -> None:
    source = torch.Generator().manual_seed(1)
    x, z, noise = torch.randn(3, 200, generator=source, dtype=torch.float64)
    y = (z + 0.5 * noise > 0).long()
    hidden = Dataset(torch.stack([x, x + 1e-8 * z], 1), y, classes=("no", "yes"))
    plain = Dataset(torch.stack([x, z], 1), y, classes=("no", "yes"))

    best = solve(plain, "softmax").stats.objective  # the same models, but for the rounding of x + 1e-8 z
    found = solve(hidden, "softmax", solver=LBFGS(max_iter=5)).stats

    assert found.objective - found.gap <= best + 1e-6
