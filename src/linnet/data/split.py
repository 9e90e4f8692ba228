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
            classes, so that the shares of the classes stay as they were (to the nearest row). The last row of
            a class stays in the first part: nothing can be learnt of a class without rows.
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
            f"{dataset.name}: {len(dataset)} rows cannot be split at {fraction}: one part would be empty, "
            "or the first would have no row of a class"
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
    most = [max(len(rows) - 1, 0) for rows in members]
    counts = _apportion([fraction * len(rows) for rows in members], round(fraction * len(dataset)), most)
    chosen = [
        rows[torch.randperm(len(rows), generator=source)[:count]]
        for rows, count in zip(members, counts, strict=True)
    ]
    return _marked(torch.cat(chosen), len(dataset))


def _apportion(quotas: list[float], total: int, most: list[int]) -> list[int]:
    """Whole numbers near the quotas, none above its most, of the given sum if that can be."""
    counts = [min(int(quota), limit) for quota, limit in zip(quotas, most, strict=True)]
    for k in sorted(range(len(quotas)), key=lambda k: int(quotas[k]) - quotas[k]):
        if sum(counts) < total and counts[k] < most[k]:
            counts[k] += 1
    return counts


def _marked(rows: Tensor, n: int) -> Tensor:
    mask = torch.zeros(n, dtype=torch.bool)
    mask[rows] = True
    return mask
