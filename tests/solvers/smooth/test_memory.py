"""What L-BFGS remembers of several models, taken apart and joined again."""

from __future__ import annotations

import torch

from linnet.solvers.smooth.memory import Memory


def remember(seed: int, steps: int, models: int = 1) -> Memory:
    """Random steps of models on a bowl whose curvature differs from one weight to the next."""
    drawn = torch.Generator().manual_seed(seed)
    memory, curvature = Memory(5), torch.arange(1.0, 7.0, dtype=torch.float64).view(2, 3)
    for _ in range(steps):
        s = torch.randn(models, 2, 3, generator=drawn, dtype=torch.float64)
        memory.keep(s, curvature * s)
    return memory


def test_models_that_are_joined_go_where_each_would_go_alone() -> None:
    """One remembers fewer steps than the other."""
    alone, gradient = [remember(0, 2), remember(1, 4)], torch.ones(2, 2, 3, dtype=torch.float64)
    joined = Memory.join([memory.of(0) for memory in alone], 5)
    expected = [memory.direction(gradient[:1], torch.Tensor.clone) for memory in alone]
    torch.testing.assert_close(joined.direction(gradient, torch.Tensor.clone), torch.cat(expected))


def test_a_model_taken_out_of_several_remembers_its_own_steps() -> None:
    several, gradient = remember(2, 3, models=3), torch.ones(3, 2, 3, dtype=torch.float64)
    own = several.of(1).direction(gradient[1], torch.Tensor.clone)
    torch.testing.assert_close(own, several.direction(gradient, torch.Tensor.clone)[1])
