from __future__ import annotations

import numpy as np
import pytest

from linnet.data.streams.finite import are_finite


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_finite_numbers_are_told_by_their_bits(kind: str) -> None:
    info = np.finfo(kind)
    ends = [0.0, -0.0, info.max, info.min, info.smallest_subnormal, -info.smallest_subnormal, 1.0]
    rows = np.array([ends, ends], kind)
    assert are_finite(rows)
    assert are_finite(rows[:, ::2])
    assert are_finite(rows[:0])
    for wrong in (np.inf, -np.inf, np.nan, -np.nan, np.copysign(np.nan, -1)):
        for place in range(7):
            one = rows.copy()
            one[1, place] = wrong
            assert not are_finite(one)
