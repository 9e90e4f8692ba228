from __future__ import annotations

import pytest

from linnet.core.grids import edge_of


@pytest.mark.parametrize(
    ("values", "losses", "best", "said"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 1.0, "widen lr downwards"),
        ([3.0, 2.0, 1.0], [1.0, 2.0, 3.0], 3.0, "widen lr upwards"),
        ([1.0, 2.0, 3.0], [2.0, 1.0, 3.0], 2.0, ""),
        ([1.0, 2.0, 3.0], [2.0, 1.0, 1.0], 3.0, ""),  # as good within: the loss has levelled off
        ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], 0.0, ""),  # nothing lies below 0
        ([0.0, 1.0, 2.0], [3.0, 2.0, 1.0], 2.0, "widen lr upwards"),
        ([2.0], [1.0], 2.0, ""),
        ([1.0, 2.0], [1.0, 2.0], 1.0, ""),  # no value lies within
        ([1.0, 2.0, 3.0, 4.0], [float("nan"), 1.0, 2.0, 3.0], 2.0, "widen lr downwards"),
    ],
)
def test_the_side_on_which_nothing_was_tried_is_said(
    values: list[float], losses: list[float], best: float, said: str
) -> None:
    found = edge_of("lr", values, losses, best)
    assert found.endswith(said)
    assert bool(found) == bool(said)
