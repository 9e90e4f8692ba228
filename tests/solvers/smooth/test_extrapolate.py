from __future__ import annotations

import math

import torch

from linnet.solvers.smooth.extrapolate import Extrapolation


def test_it_goes_on_along_the_line_through_the_last_two_in_log_l2() -> None:
    path, slope = Extrapolation(), torch.tensor([[1.0, -2.0]])
    assert path.at(1.0) is None
    path.keep(100.0, torch.full((1, 2), 7.0))
    assert torch.equal(path.at(1.0), torch.full((1, 2), 7.0))  # type: ignore[arg-type]
    for l2 in (10.0, 2.0):
        path.keep(l2, math.log(l2) * slope)
    torch.testing.assert_close(path.at(0.3), math.log(0.3) * slope)
