from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.core.functional import softmax
from linnet.core.sampling import gumbel_draws
from linnet.device import generator
from linnet.errors import ShapeError, UsageError


@given(st.lists(st.floats(-4, 4), min_size=2, max_size=6), st.integers(0, 100))
def test_the_counts_come_to_softmax(row: list[float], seed: int) -> None:
    logits, n = torch.tensor(row, dtype=torch.float64), 4000
    found = gumbel_draws(logits, n, generator(seed, "test"))
    p = softmax(logits)
    assert int(found.counts.sum()) == n
    # six standard deviations, and a little for classes of which a draw is expected
    assert bool(((found.frequencies - p).abs() <= 6 * (p * (1 - p) / n).sqrt() + 3 / n).all())
    last = float((found.frequencies - p).abs().sum() / 2)
    assert found.marks[-1] == n
    assert abs(float(found.distances[-1]) - last) < 1e-12


def test_a_seed_gives_the_same_draws_and_marks_grow() -> None:
    logits = torch.tensor([1.0, 0.0, -1.0])
    one, same = (gumbel_draws(logits, 100, generator(3, "test")) for _ in range(2))
    assert one.counts.equal(same.counts)
    assert one.distances.equal(same.distances)
    assert bool((one.marks.diff() > 0).all())
    assert int(one.marks[0]) == 1
    first = one.distances[0]  # of one draw: everything on one class
    assert bool(torch.isclose(first, 1 - softmax(logits).double(), atol=1e-6).any())


def test_what_cannot_be() -> None:
    with pytest.raises(UsageError, match="at least one draw"):
        gumbel_draws(torch.zeros(2), 0, generator(0, "test"))
    with pytest.raises(ShapeError, match="one row"):
        gumbel_draws(torch.zeros(2, 2), 1, generator(0, "test"))
