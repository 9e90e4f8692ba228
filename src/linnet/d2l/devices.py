"""The book's names for devices (D2L 1.0, 6.7; first edition, 5.6)."""

from __future__ import annotations

import torch

from linnet.errors import UsageError


def cpu() -> torch.device:
    """The processor."""
    return torch.device("cpu")


def gpu(i: int = 0) -> torch.device:
    """The i-th GPU, whether or not it is there."""
    if i < 0:
        raise UsageError(f"GPUs are numbered from 0, not {i}")
    return torch.device(f"cuda:{i}")


def num_gpus() -> int:
    """How many GPUs there are."""
    return torch.cuda.device_count()


def try_gpu(i: int = 0) -> torch.device:
    """The i-th GPU where there is one, else the processor."""
    return gpu(i) if num_gpus() > i else cpu()


def try_all_gpus() -> list[torch.device]:
    """All GPUs; the processor where there is none."""
    return [gpu(i) for i in range(num_gpus())] or [cpu()]
