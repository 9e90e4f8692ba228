from __future__ import annotations

import numpy as np
import torch

from linnet.solvers.l1.side_by_side import find_patterns


def test_rows_of_one_pattern_have_the_same_multipliers_in_every_model() -> None:
    multipliers = torch.tensor([[1.0, 1, 2, 1, 2], [1, 0, 1, 0, 1]], dtype=torch.float64)
    which, patterns = find_patterns(multipliers)
    np.testing.assert_array_equal(patterns[:, which], multipliers.numpy())
    assert patterns.shape == (2, 3)
