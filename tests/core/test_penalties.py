from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.core.penalties import Penalty, read_penalties, shrink
from linnet.errors import UsageError

WEIGHT = st.floats(0, 3)


@given(WEIGHT, WEIGHT, st.floats(0.01, 2), st.integers(0, 1000))
def test_the_proximal_map_is_the_least_of_what_it_minimises(
    l2: float, l1: float, step: float, seed: int
) -> None:
    penalty = Penalty(l2=l2, l1=l1)
    W = torch.randn(6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    V = shrink(W, step * l1) / (1 + step * l2)

    def cost(point: torch.Tensor) -> float:
        return float((point - W).square().sum() / (2 * step) + penalty.value(point))

    near = [V + shift * torch.eye(6, dtype=torch.float64)[i] for i in range(6) for shift in (-1e-3, 1e-3)]
    assert cost(V) <= min(map(cost, near)) + 1e-12


def test_shrink_gives_exact_zeros() -> None:
    assert shrink(torch.tensor([-3.0, -0.5, 0.0, 0.5, 3.0]), 1.0).tolist() == [-2.0, -0.0, 0.0, 0.0, 2.0]


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_cannot_be_is_refused(wrong: float) -> None:
    with pytest.raises(UsageError, match="l1"):
        Penalty(l1=wrong)


@pytest.mark.parametrize("kind", [int, np.int64, np.int32, np.uint8])
def test_how_many_penalties_is_a_whole_number_of_any_library(kind: Any) -> None:
    assert read_penalties(kind(4), "l1s") == 4
    assert isinstance(read_penalties(kind(4), "l1s"), int)


@pytest.mark.parametrize(
    "given",
    [[0.5, 2], (0.5, np.int64(2)), np.array([0.5, 2.0]), torch.tensor([0.5, 2.0]), [Fraction(1, 2), 2]],
)
def test_penalties_are_a_sequence_of_any_library(given: Any) -> None:
    assert read_penalties(given, "l1s") == [0.5, 2.0]


@pytest.mark.parametrize(
    "wrong",
    [
        True,
        np.True_,
        4.0,
        np.float32(4),
        "4",
        None,
        np.array(4),
        [],
        [[1.0]],
        [0.5, True],
        np.array([True]),
        ["4"],
        [None],
    ],
)
def test_what_is_neither_a_number_of_penalties_nor_some_is_refused_by_name(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"l1s must be a whole number .* or a list"):
        read_penalties(wrong, "l1s")
