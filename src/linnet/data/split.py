"""Splits, folds and bootstraps of rows: stratified, by groups or time; `Whole`, a file's rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnet.data.dataset import OF_ROWS, Dataset, Splits
from linnet.data.grouping import TRAINED, deal, latest, number_windows, strata
from linnet.data.sparse import stack
from linnet.device import generator
from linnet.draws import Draws
from linnet.errors import UsageError
from linnet.lazy import held, torch
from linnet.schema.cells import count_of

if TYPE_CHECKING:
    from torch import Tensor

TEST_FRACTION = 0.2
SPLIT_SEED = 0


def split(dataset: Dataset, fraction: float, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Two data sets of a data set's rows, each in its original order.

    Rows of one group are in one part. Rows with times are not drawn: the second part is the latest of them.

    Args:
        dataset: the rows.
        fraction: the share of rows in the second part, between 0 and 1; of each class when there are
            classes, so that the shares of the classes stay as they were (to the nearest row). The last row of
            a class stays in the first part: nothing can be learnt of a class without rows.
        seed: of the choice.

    Raises:
        UsageError: the fraction is not inside (0, 1), or a part would be empty.
    """
    second = choose_rows(dataset, fraction, seed)
    return dataset.rows(~second), dataset.rows(second)


def keep_apart(dataset: Dataset, fraction: float | None, seed: int = 0) -> tuple[Dataset, Dataset | None]:
    """The rows to train on and those to validate on: the data set's own such part, or else a share.

    Args:
        dataset: all rows to learn from.
        fraction: the share to validate on where the data set has no such part; None keeps none.
        seed: of the choice.

    Raises:
        UsageError: as `split`.
    """
    if (own := dataset.validation) is not None:
        return dataset.replace(validation=None), own
    return (dataset, None) if fraction is None else split(dataset, fraction, seed)


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to train on, with weights, and rows to be judged by.

    Args:
        weights: how often each row counts in training, (N,).
        validation: the numbers of the rows that judge, (n,).
    """

    weights: Tensor
    validation: Tensor


def hold_out(dataset: Dataset, fraction: float, seed: int) -> list[Fold]:
    """One fold: a share of the rows, as `split` chooses them, is kept from training.

    Raises:
        UsageError: as `split`.
    """
    kept = choose_rows(dataset, fraction, seed)
    return [_fold_of(~kept, kept)]


def _fold_of(trained: NDArray[np.bool_], judged: NDArray[np.bool_]) -> Fold:
    """The fold of rows to train on and rows to judge by, (N,)."""
    return Fold(torch.from_numpy(trained).float(), torch.from_numpy(np.flatnonzero(judged)))


def set_aside(train: Dataset, validation: Dataset) -> tuple[Dataset, list[Fold]]:
    """Rows to train on and rows to validate on as one data set, and the fold that keeps them apart."""
    if train.weights is not None and validation.weights is None:
        validation = dataclasses.replace(validation, weights=torch.ones(len(validation)))
    whole = dataclasses.replace(stack_rows(train, validation), validation=None)
    rows = torch.arange(len(whole))
    return whole, [Fold((rows < len(train)).float(), rows[len(train) :])]


def split_folds(dataset: Dataset, count: int, seed: int) -> list[Fold]:
    """K folds, each of which keeps another k-th of the rows from training, stratified by class.

    Each class is trained on in every fold. The only row of a class is always trained on, and judges nowhere.
    Rows of one group are in one fold; the only group of a class is always trained on. With times the folds
    are expanding windows, each judged by the rows that follow its own; the earliest judge nowhere.

    Raises:
        UsageError: fewer than two folds, or fewer rows, groups or times to judge by than folds.
    """
    if not isinstance(count, Integral) or not 2 <= count <= len(dataset):
        raise UsageError(f"folds must lie in 2…{len(dataset)}, the number of rows, not {count}")
    arrays = dataset.arrays
    if arrays.times is not None:
        window = number_windows(dataset, arrays.times, count)
        return [_fold_of(window < fold, window == fold) for fold in range(1, count + 1)]
    if arrays.groups is not None:
        return _folds_of(deal(dataset, arrays.groups, [1 / count] * count, seed, "folds"), count)
    order = Draws(seed, "folds").permutation(len(dataset))
    if dataset.is_classification:  # dealt out class by class, so that each fold has its share
        labels = strata(dataset)
        order = order[np.argsort(labels[order], kind="stable")]
        order = order[(np.bincount(labels) > 1)[labels[order]]]
    if len(order) < count:
        raise UsageError(
            f"{count} folds need as many rows of classes with more than one row, and {dataset.name} has "
            f"{len(order)}: use fewer folds, or more rows a class"
        )
    number = np.full(len(dataset), TRAINED)
    number[order] = np.arange(len(order)) % count
    return _folds_of(number, count)


def _folds_of(number: NDArray[np.int64], count: int) -> list[Fold]:
    """A fold for each number, judged by the rows that have it and trained on all others."""
    return [_fold_of(number != fold, number == fold) for fold in range(count)]


def draw_bags(dataset: Dataset, count: int, seed: int) -> list[Fold]:
    """Bootstraps: each row counts as often as a Poisson(1) number says, and those of 0 judge.

    So many draws with replacement are nearly this for many rows (Oza and Russell 2001). About 37 % of the
    rows are out of each bag. The counts of a class that would be left out of a bag are drawn again. All rows
    of a group count alike.

    Raises:
        UsageError: no bag, or so few rows that a bag is empty or nothing is left to judge by; or the rows
            have times.
    """
    if count < 1:
        raise UsageError(f"bags must be at least 1, not {count}")
    if dataset.times is not None:
        raise UsageError("bags would judge earlier rows by models of later ones: with times use folds")
    classes = [torch.from_numpy(rows) for rows in _members(dataset)] if dataset.is_classification else []
    groups = torch.arange(len(dataset)) if dataset.groups is None else dataset.groups.cpu()
    drawn = groups.unique(return_inverse=True)[1]
    bags = []
    for bag in range(count):
        source = generator(seed, "bags", bag)
        chances = torch.poisson(torch.ones(int(drawn.max()) + 1), source)
        for rows in classes:
            while len(rows) and not chances[drawn[rows]].any():
                own = drawn[rows].unique()
                chances[own] = torch.poisson(torch.ones(len(own)), source)
        counts = chances[drawn]
        out = (counts == 0).nonzero()[:, 0]
        if not 0 < len(out) < len(dataset):
            raise UsageError(f"{len(dataset)} rows are too few for bags")
        bags.append(Fold(counts, out))
    return bags


def unjudged_classes(dataset: Dataset, folds: Sequence[Fold]) -> tuple[str, ...]:
    """The classes with rows, none of which is kept from training in any fold, so that no score is of them.

    Args:
        dataset: the rows; those it sets aside to validate on follow them in the folds' numbers (`set_aside`).
        folds: of a sweep.
    """
    if not dataset.is_classification:
        return ()
    parts = [dataset] if dataset.validation is None else [dataset, dataset.validation]
    labels = torch.cat([part.labels.cpu() for part in parts])
    judged = labels[torch.cat([fold.validation.cpu() for fold in folds])]
    trained = labels[: len(dataset)]
    there, seen = (torch.bincount(rows, minlength=dataset.outputs) for rows in (trained, judged))
    return tuple(dataset.classes[k] for k in ((there > 0) & (seen == 0)).nonzero()[:, 0].tolist())


def choose_rows(dataset: Dataset, fraction: float, seed: int) -> NDArray[np.bool_]:
    """Which rows go to the second of two parts, (N,), bool, as `split` says."""
    if not 0 < fraction < 1:
        raise UsageError(f"fraction must lie between 0 and 1, not {fraction}")
    times, groups = dataset.arrays.times, dataset.arrays.groups
    if times is not None:
        return latest(dataset, times, fraction)
    if groups is not None:
        return deal(dataset, groups, [1 - fraction, fraction], seed, "parts") == 1
    return _choose_by_class(dataset, fraction, seed)


def _choose_by_class(dataset: Dataset, fraction: float, seed: int) -> NDArray[np.bool_]:
    """The share of each class, in a random choice; the remainders go to the classes rounded down most."""
    source, second = Draws(seed, "split"), np.zeros(len(dataset), bool)
    members = _members(dataset)
    most = [max(len(rows) - dataset.is_classification, 0) for rows in members]
    counts = _apportion([fraction * len(rows) for rows in members], round(fraction * len(dataset)), most)
    for rows, count in zip(members, counts, strict=True):
        second[rows[source.permutation(len(rows))[:count]]] = True
    if not second.any() or second.all():
        raise UsageError(
            f"{dataset.name}: {count_of(dataset, 'row')} cannot be split at {fraction}: one part would be "
            "empty, or the first would have no row of a class"
        )
    return second


def _members(dataset: Dataset) -> list[NDArray[np.int64]]:
    """The numbers of each class's rows; of all rows for a regression."""
    if not dataset.is_classification:
        return [np.arange(len(dataset))]
    labels = strata(dataset)
    return [np.flatnonzero(labels == k) for k in range(dataset.outputs)]


def _apportion(quotas: list[float], total: int, most: list[int]) -> list[int]:
    """Whole numbers near the quotas, none above its most, of the given sum if that can be."""
    counts = [min(int(quota), limit) for quota, limit in zip(quotas, most, strict=True)]
    for k in sorted(range(len(quotas)), key=lambda k: int(quotas[k]) - quotas[k]):
        if sum(counts) < total and counts[k] < most[k]:
            counts[k] += 1
    return counts


@dataclass(frozen=True, eq=False)
class Whole:
    """All rows of a file, an archive or a folder.

    Args:
        rows: in the order in which they are stored.
        is_test: which the data themselves keep to test on, (N,), bool; None where they do not say.
        is_validation: which they set aside to validate on, (N,), bool; None where there are none.
        test_size: the share that is kept to test on where the data do not say; None for none.
    """

    rows: Dataset
    is_test: NDArray[np.bool_] | None = None
    is_validation: NDArray[np.bool_] | None = None
    test_size: float | None = TEST_FRACTION

    def splits(self, *, hold_out: bool = True) -> Splits:
        """The parts that the data name, those to validate on within those to train on.

        Without such parts a share of the rows, of each class, is kept to test on.

        Args:
            hold_out: without it none is, where the data name no parts.

        Raises:
            UsageError: there are too few rows for two parts.
        """
        if self.is_test is None and (not hold_out or self.test_size is None):
            return Splits(self.rows)
        if self.is_test is None:
            return Splits(*split(self.rows, self.test_size or TEST_FRACTION, SPLIT_SEED))
        test = self.rows.rows(self.is_test) if self.is_test.any() else None
        kept = self.is_validation
        if kept is None or not kept.any():
            return Splits(self.rows.rows(~self.is_test), test)
        train = self.rows.rows(~self.is_test & ~kept)
        return Splits(train.replace(validation=self.rows.rows(kept)), test)


def stack_rows(first: Dataset, second: Dataset) -> Dataset:
    """The rows of two parts of a data set as one; without weights, groups or times that only one has."""
    pairs = {name: (held(first, name), held(second, name)) for name in ("X", "y", *OF_ROWS)}
    return first.replace(**{
        name: None if a is None or b is None else stack([a, b]) for name, (a, b) in pairs.items()
    })  # fmt: skip


def join(train: Dataset, test: Dataset | None) -> Whole:
    """The rows of two parts, those of the first before those of the second."""
    if test is None:
        return Whole(train)
    rows = stack_rows(train, test)
    return Whole(rows, np.arange(len(rows)) >= len(train))
