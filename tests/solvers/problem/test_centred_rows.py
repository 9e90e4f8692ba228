from __future__ import annotations

import torch

from linnet.data.dataset import Dataset
from linnet.solvers.problem.centred_rows import CentredRows


def test_centred_rows_that_are_kept_are_those_that_are_worked_out() -> None:
    source = torch.Generator().manual_seed(0)
    X = 1e6 + torch.randn(1300, 5, generator=source, dtype=torch.float64)
    data = Dataset(X, torch.zeros(1300, 2, dtype=torch.float64), "far")
    centre, factor = X.mean(0), torch.tensor([1.0, 2.0, 0.5, 4.0, 1.0], dtype=torch.float64)
    theta = torch.randn(2, 6, generator=source, dtype=torch.float64)
    for dtype in (torch.float32, torch.float64):
        rows = CentredRows(data, data.y, centre, factor, dtype)
        first, second, third = (rows.sweep(theta, lambda scores, _: scores.square()) for _ in range(3))
        for one in (second, third):  # worked out once more to be kept, and as they are kept
            assert torch.equal(one[0], first[0])
            assert torch.equal(one[1], first[1])
        assert rows.kept[dtype] is not None
        index = torch.tensor([7, 1200, 3])
        some = rows.sample(index)
        for _ in range(2):
            torch.testing.assert_close(some.scores(theta), first[0][:, index])
        again = rows.squares(torch.ones(1, len(rows), dtype=dtype))
        assert torch.equal(again, rows.squares(torch.ones(1, len(rows), dtype=dtype)))
        assert torch.equal(rows.scores(theta), first[0])


def test_float64_near_zero_is_multiplied_as_it_is_stored() -> None:
    source = torch.Generator().manual_seed(0)
    X = torch.randn(1300, 5, generator=source, dtype=torch.float64)
    centre, factor = X.mean(0) + 0.5, torch.tensor([1.0, 2.0, 0.5, 4.0, 1.0], dtype=torch.float64)
    theta = torch.randn(2, 6, generator=source, dtype=torch.float64)
    data = Dataset(X, torch.zeros(1300, 2, dtype=torch.float64), "near")
    rows = CentredRows(data, data.y, centre, factor, torch.float64)
    X1 = rows.dense(torch.arange(1300))
    scores, sums = rows.sweep(theta, lambda scores, _: scores.square())
    torch.testing.assert_close(scores, theta @ X1.T, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(sums, scores.square() @ X1, rtol=1e-12, atol=1e-11)
    torch.testing.assert_close(rows.gradient_of(scores), scores @ X1, rtol=1e-12, atol=1e-11)
    assert rows.kept == {}
