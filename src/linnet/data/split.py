"""Splitting rows in two: seeded, and stratified where there are classes."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.device import generator
from linnet.errors import UsageError


def split(dataset: Dataset, fraction: float, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Two data sets of a data set's rows, each in its original order.

    Args:
        dataset: the rows.
        fraction: the share of rows in the second part, between 0 and 1; of each class when there are
            classes, so that the shares of the classes stay as they were (to the nearest row).
        seed: of the choice.

    Raises:
        UsageError: the fraction is not inside (0, 1), or a part would be empty.
    """
    if not 0 < fraction < 1:
        raise UsageError(f"fraction must lie between 0 and 1, not {fraction}")
    second = (
        _stratified(dataset, fraction, seed) if dataset.is_classification else _plain(dataset, fraction, seed)
    )
    if not second.any() or second.all():
        raise UsageError(
            f"{dataset.name}: {len(dataset)} rows cannot be split at {fraction}: one part would be empty"
        )
    return dataset.rows(~second), dataset.rows(second)


def kept_apart(dataset: Dataset, fraction: float | None, seed: int = 0) -> tuple[Dataset, Dataset | None]:
    """The rows to train on and those to validate on: the data set's own such part, or else a share.

    Args:
        dataset: all rows to learn from.
        fraction: the share to validate on where the data set has no such part; None keeps none.
        seed: of the choice.

    Raises:
        UsageError: as `split`.
    """
    if (own := dataset.validation) is not None:
        return dataclasses.replace(dataset, validation=None), own
    return (dataset, None) if fraction is None else split(dataset, fraction, seed)


def _plain(dataset: Dataset, fraction: float, seed: int) -> Tensor:
    """Which rows go to the second part, (N,), bool."""
    order = torch.randperm(len(dataset), generator=generator(seed, "split"))
    return _marked(order[: round(fraction * len(dataset))], len(dataset))


def _stratified(dataset: Dataset, fraction: float, seed: int) -> Tensor:
    """As `_plain`, class by class, the remainders going to the classes that were rounded down most."""
    source = generator(seed, "split")
    labels = dataset.labels.cpu()
    members = [(labels == k).nonzero()[:, 0] for k in range(dataset.outputs)]
    counts = _apportion([fraction * len(rows) for rows in members], round(fraction * len(dataset)))
    chosen = [
        rows[torch.randperm(len(rows), generator=source)[:count]]
        for rows, count in zip(members, counts, strict=True)
    ]
    return _marked(torch.cat(chosen), len(dataset))


def _apportion(quotas: list[float], total: int) -> list[int]:
    """Whole numbers near the quotas that sum to the total (largest remainders)."""
    counts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda k: counts[k] - quotas[k])
    for k in by_remainder[: total - sum(counts)]:
        counts[k] += 1
    return counts


def _marked(rows: Tensor, n: int) -> Tensor:
    mask = torch.zeros(n, dtype=torch.bool)
    mask[rows] = True
    return mask
