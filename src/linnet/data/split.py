"""Splits of rows in two, seeded and stratified by class; `Whole`: the rows of a file and its own parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.data.dataset import Dataset, Splits
from linnet.device import generator
from linnet.errors import FormatError, UsageError

TEST_FRACTION = 0.2
SPLIT_SEED = 0


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


@dataclass(frozen=True, eq=False)
class Whole:
    """All rows of a file, an archive or a folder.

    Args:
        rows: in the order in which they are stored.
        is_test: which the data themselves keep to test on, (N,), bool; None where they do not say.
        is_validation: which they set aside to validate on, (N,), bool; None where there are none.
    """

    rows: Dataset
    is_test: Tensor | None = None
    is_validation: Tensor | None = None

    def splits(self, *, hold_out: bool = True) -> Splits:
        """The parts that the data name, those to validate on within those to train on.

        Without such parts a fifth of the rows, of each class, is kept to test on.

        Args:
            hold_out: without it none is, where the data name no parts.

        Raises:
            UsageError: there are too few rows for two parts.
        """
        if self.is_test is None and not hold_out:
            return Splits(self.rows)
        if self.is_test is None:
            return Splits(*split(self.rows, TEST_FRACTION, SPLIT_SEED))
        test = self.rows.rows(self.is_test) if bool(self.is_test.any()) else None
        kept = self.is_validation
        if kept is None or not bool(kept.any()):
            return Splits(self.rows.rows(~self.is_test), test)
        train = self.rows.rows(~self.is_test & ~kept)
        return Splits(dataclasses.replace(train, validation=self.rows.rows(kept)), test)


def joined(train: Dataset, test: Dataset | None) -> Whole:
    """The rows of two parts, those of the first before those of the second."""
    if test is None:
        return Whole(train)
    weights = None
    if train.weights is not None and test.weights is not None:
        weights = torch.cat([train.weights, test.weights])
    X, y = torch.cat([train.X, test.X]), torch.cat([train.y, test.y])
    rows = dataclasses.replace(train, X=X, y=y, weights=weights)
    return Whole(rows, torch.arange(len(rows)) >= len(train))


def places(found: Sequence[str], known: Sequence[str], name: str) -> list[int]:
    """The number that each class has in a model.

    Args:
        found: classes of the data.
        known: classes of the model.
        name: of the data, for messages.

    Raises:
        FormatError: one is none of the model's.
    """
    if new := [text for text in found if text not in known]:
        shown = ", ".join(map(repr, new[:5])) + ", …" * (len(new) > 5)
        told = ", ".join(map(repr, known[:10])) + ", …" * (len(known) > 10)
        raise FormatError(
            f"{name} has rows of {shown}, which the model does not know: it tells {told} apart. Write the "
            "classes as they were in training, or leave those rows out"
        )
    return [known.index(text) for text in found]
