"""`Code`: how the targets in arrays are written, as classes or as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.schema.classes import number_classes
from linnet.schema.target import FEW

Array = NDArray[Any]

EXACT = 2**24
"""Whole numbers up to here are exact as float32."""

MAX_CLASSES = 10_000


@dataclass(frozen=True, eq=False)
class Code:
    """How targets are written: as classes, or as a regression's numbers.

    Args:
        keys: what stands for each class, rising, (K,).
        names: of the classes; empty for a regression.
        numbers: the class of each key, (K,).
    """

    keys: Array
    names: tuple[str, ...]
    numbers: Array

    @classmethod
    def of(cls, values: list[Array], names: Array | None, known: tuple[str, ...] | None, what: str) -> Code:
        """The code of some targets.

        Args:
            values: those to train on, and those to test on where there are some; (N,) or (N, K) each.
            names: of the classes 0…K − 1; None where the targets name them.
            known: the classes of a model that is there already, empty where it predicts numbers; None where
                those of the targets to train on are to be found.
            what: to call them in messages.

        Raises:
            FormatError: they are neither, of too few or too many classes, or of one that is not known.
        """
        if known == () or (known is None and values[0].dtype.kind == "f"):
            return cls(np.array([]), (), np.array([]))
        if known is None and values[0].dtype.kind not in "iubUS":
            raise FormatError(
                f"{what} must hold whole numbers, text or floating numbers, not {values[0].dtype}"
            )
        seen = np.concatenate([each.reshape(-1) for each in (values if known else values[:1])])
        found = np.unique(seen) if names is None else np.arange(names.size)
        texts = _texts(found if names is None else names.reshape(-1))
        if known:
            return cls(found, known, number_classes(texts, known, what))
        if not 2 <= len(found) <= MAX_CLASSES:
            raise FormatError(
                f"{what} has {len(found):,} different values: expected 2…{MAX_CLASSES:,} classes. The "
                "numbers of a regression have to be floating"
            )
        if names is None and len(found) == len(seen) > FEW:
            raise FormatError(
                f"{what} has another value in each row: expected classes, of several rows each. The numbers "
                "of a regression have to be floating"
            )
        return cls(found, tuple(texts), np.arange(len(found)))

    def read(self, values: Array, what: str) -> Array:
        """Targets as a data set has them: class indices (N,), int64, or numbers (N, K).

        Raises:
            FormatError: they are no such targets.
        """
        if not self.names:
            if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
                raise FormatError(f"{what} must hold finite floating numbers")
            return floating(values.reshape(len(values), -1))
        flat = values.reshape(len(values), -1)
        if flat.shape[1] != 1:
            raise FormatError(f"{what} must hold a class a row, (N,), not {values.shape}")
        place = np.searchsorted(self.keys, flat[:, 0]).clip(max=len(self.keys) - 1)
        if (wrong := self.keys[place] != flat[:, 0]).any():
            raise FormatError(f"{what} holds {flat[:, 0][wrong].tolist()[0]!r}, which is none of the classes")
        return self.numbers[place].astype(np.int64)


def _texts(values: Array) -> list[str]:
    return [t.decode() if isinstance(t, bytes) else str(t) for t in values.tolist()]


def floating(values: Array) -> Array:
    """As float32 where that holds each number, and else as float64."""
    is_wide = values.dtype.itemsize > 4 if values.dtype.kind == "f" else _has_long(values)
    return np.ascontiguousarray(values, np.float64 if is_wide else np.float32)


def _has_long(values: Array) -> bool:
    """Whether there are whole numbers that float32 does not hold."""
    return values.size > 0 and (int(values.max()) > EXACT or int(values.min()) < -EXACT)
