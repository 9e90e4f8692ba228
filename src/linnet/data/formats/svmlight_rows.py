"""Reads rows of LIBSVM text as they stand in a file, all at once or some at a time."""

from __future__ import annotations

import contextlib
import io
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.formats.encoding import FAULTS, PACKED
from linnet.data.formats.stored_arrays import MAX_FEATURES
from linnet.data.formats.svmlight_lines import Lines
from linnet.errors import FormatError

MAX_BYTES = 1 << 40
"""Of a file, unpacked."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as they stand in a file.

    Args:
        name: of the file.
        matrix: their values by the indices that are written, (N, largest + 1), CSR.
        y: their labels, (N,).
        base: that a comment of scikit-learn's tells; None where none does.
    """

    name: str
    matrix: Any
    y: NDArray[np.float64]
    base: int | None

    @property
    def least(self) -> int:
        """The smallest index that is written; 1 where none is."""
        return int(self.matrix.indices.min(initial=MAX_FEATURES)) if self.matrix.nnz else 1

    @property
    def largest(self) -> int:
        """The largest index that is written; −1 where none is."""
        return int(self.matrix.indices.max(initial=-1))


def read_rows(source: Path | bytes, name: str, *, most: int = MAX_BYTES) -> Rows:
    """The rows of a file.

    Args:
        source: the file, or its bytes.
        name: of it, by whose suffix it is unpacked.
        most: bytes that there may be, unpacked.

    Raises:
        FormatError: a line is none of such text; naming it.
    """
    return next(iter_rows(source, name, most=most))


def iter_rows(
    source: Path | bytes, name: str, *, count: int | None = None, most: int = MAX_BYTES
) -> Iterator[Rows]:
    """The rows of a file, some at a time; see `read_rows` for the other arguments.

    Args:
        source: the file.
        name: of it.
        count: of rows at a time; all at once where None.
        most: bytes.

    Raises:
        FormatError: as `read_rows`.
    """
    with _opened(source, name) as file:
        lines, is_first = Lines(file, name, most), True
        while True:
            matrix, y = _load(lines, count)
            if not len(y) and is_first:
                raise FormatError(f"{name} has no rows")
            if len(y):
                yield _check(Rows(name, matrix, y, lines.base), lines)
            if count is None or len(y) < count:
                return
            is_first = False


def _load(lines: Lines, count: int | None) -> tuple[Any, NDArray[np.float64]]:
    """The next rows as they are written, and their labels."""
    from sklearn.datasets import load_svmlight_file

    taken: Any = lines.take(count)
    try:  # zero_based: the indices as they are written; qid is refused by `Lines`
        return load_svmlight_file(taken, zero_based=True)[:2]  # pyright: ignore[reportArgumentType]
    except (ValueError, OverflowError) as error:
        raise lines.fault() from error


def _check(rows: Rows, lines: Lines) -> Rows:
    _check_finite(rows.matrix, rows.y, lines.numbers, rows.name)
    if rows.largest > MAX_FEATURES:
        place = int(np.searchsorted(rows.matrix.indptr, rows.matrix.indices.argmax(), "right")) - 1
        raise FormatError(
            f"{rows.name}, line {lines.numbers[place]}: the index {rows.largest:,} is beyond {MAX_FEATURES:,}"
        )
    return rows


@contextlib.contextmanager
def _opened(source: Path | bytes, name: str) -> Iterator[Any]:
    """The bytes of a file, unpacked where its suffix says so."""
    unpack = PACKED.get(PurePath(name).suffix.lower())
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as raw:
        if unpack is None:
            yield raw
            return
        try:
            with unpack(raw) as file:
                yield file
        except FAULTS as error:
            raise FormatError(f"{name} is not packed as its suffix says: {error}") from error


def _check_finite(matrix: Any, y: NDArray[np.float64], numbers: array[int], name: str) -> None:
    wrong = ~np.isfinite(y)
    if not np.isfinite(matrix.data).all():
        place = int(np.isfinite(matrix.data).argmin())
        wrong[int(np.searchsorted(matrix.indptr, place, "right")) - 1] = True
    if wrong.any():
        raise FormatError(f"{name}, line {numbers[int(wrong.argmax())]}: a number is not finite")
