"""`Whole`: all rows of a person's data in their own order, and which of them are kept to test on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.data.dataset import Dataset, Splits
from linnet.data.split import split
from linnet.errors import FormatError

TEST_FRACTION = 0.2
SPLIT_SEED = 0


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
