from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.solvers.certificate.duality import subgradient
from linnet.solvers.l1.quadratic import minimise_quadratic
from tests.support.gate import gate


def problem(size: int, rank: int, decay: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(rank, size, generator=source, dtype=torch.float64) * torch.logspace(0, -decay, size)
    turn = torch.linalg.qr(torch.randn(size, size, generator=source, dtype=torch.float64))[0]
    X = X @ turn
    y = torch.randn(rank, generator=source, dtype=torch.float64)
    return X.T @ X / rank, X.T @ y / rank


def minimised(H: torch.Tensor, c: torch.Tensor, l1: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(minimise_quadratic(H.numpy(), c.numpy(), l1.numpy(), start.numpy()))


def settled(H: torch.Tensor, c: torch.Tensor, l1: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    """Called again until nothing changes, as `proximal` does."""
    z = start
    for _ in range(20):
        z = minimised(H, c, l1, z)
    return z


@pytest.mark.parametrize(("share", "decay"), gate(product([0.5, 0.03, 1e-4], [0.0, 2.0, 3.0]), *range(7)))
def test_it_ends_where_the_subgradient_is_0(decay: float, share: float) -> None:
    H, c = problem(60, 100, decay, 0)
    l1 = torch.full_like(c, share * float(c.abs().max()))
    l1[-1] = 0  # a bias
    z = settled(H, c, l1, torch.zeros_like(c))
    assert float(subgradient(z, H @ z - c, l1).abs().max()) <= 1e-11 * float(c.abs().max())


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(1, 20), st.floats(0, 1.2), st.integers(0, 10**6))
def test_no_proximal_step_lowers_it(size: int, rank: int, share: float, seed: int) -> None:
    H, c = problem(size, rank, 1.0, seed)
    l1 = torch.full_like(c, share * float(c.abs().max()) + 1e-9)
    z = settled(H, c, l1, torch.ones_like(c))
    step = 1 / float(torch.linalg.eigvalsh(H)[-1])
    moved = z - step * (H @ z - c)
    moved = torch.copysign((moved.abs() - step * l1).clamp(min=0), moved)

    def value(z: torch.Tensor) -> float:
        return float(z @ H @ z / 2 - c @ z + l1 @ z.abs())

    sizes = z.abs()  # of the terms, which may be far larger than what they come to
    rounding = torch.finfo(z.dtype).eps * float(sizes @ H.abs() @ sizes + c.abs() @ sizes + l1 @ sizes)
    assert value(moved) >= value(z) - 1e-12 * (1 + abs(value(z))) - 4 * rounding


def test_all_is_0_beyond_the_largest_force() -> None:
    H, c = problem(20, 30, 1.0, 3)
    z = minimised(H, c, torch.full_like(c, float(c.abs().max())), torch.ones_like(c))
    z = settled(H, c, torch.full_like(c, float(c.abs().max())), z)
    assert not bool(z.any())
