"""Reads rows of LIBSVM text as they stand in a file."""

from __future__ import annotations

import contextlib
import io
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from linnet.data.formats.encoding import FAULTS, PACKED
from linnet.data.formats.stored_arrays import MAX_FEATURES
from linnet.data.formats.svmlight_lines import Lines, Taken
from linnet.errors import FormatError

MAX_BYTES = 1 << 40
"""Of a file, unpacked."""


class Described(Protocol):
    """What rows of a file tell, whether they are held or not; see `Rows`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def y(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def base(self) -> int | None: ...  # noqa: D102
    @property
    def least(self) -> int: ...  # noqa: D102
    @property
    def largest(self) -> int: ...  # noqa: D102


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
    with open_lines(source, name, most) as lines:
        rows = parse(lines, name)
    if not len(rows.y):
        raise FormatError(f"{name} has no rows")
    return rows


def parse(lines: Lines, name: str) -> Rows:
    """The rows of some lines of a file.

    Raises:
        FormatError: a line is none of such text; naming it.
    """
    taken = Taken(lines)
    try:
        matrix, y = load(taken)
    except (ValueError, OverflowError) as error:
        raise taken.fault(name) from error
    _check_finite(matrix, y, taken.numbers, name)
    rows = Rows(name, matrix, y, lines.base)
    if rows.largest > MAX_FEATURES:
        place = int(np.searchsorted(matrix.indptr, matrix.indices.argmax(), "right")) - 1
        raise FormatError(
            f"{name}, line {taken.numbers[place]}: the index {rows.largest:,} is beyond {MAX_FEATURES:,}"
        )
    return rows


def shift(rows: Rows, base: int, width: int) -> Any:
    """The values by columns, (N, D), CSR."""
    from scipy.sparse import csr_array

    whole = rows.matrix
    return csr_array((whole.data, whole.indices - base, whole.indptr), shape=(len(rows.y), width))


def load(taken: Taken) -> tuple[Any, NDArray[np.float64]]:
    """Lines by the indices that are written, (N, largest + 1), CSR, and their labels, (N,).

    Raises:
        ValueError, OverflowError: one is no row, as `Taken.fault` tells.
    """
    from sklearn.datasets import load_svmlight_file

    file: Any = taken  # zero_based: the indices as they are written
    return load_svmlight_file(file, zero_based=True)[:2]  # pyright: ignore[reportArgumentType]


def base_of(columns: Sequence[str]) -> int | None:
    """From which number a model's features count that are called by their indices; None where that is open.

    Columns without names are x0, x1, … in arrays, too: of those nothing is told.
    """
    return 1 if columns and columns[0] == "x1" else None


@contextlib.contextmanager
def open_lines(source: Path | bytes, name: str, most: int = MAX_BYTES) -> Iterator[Lines]:
    """The lines of a file or its bytes, unpacked where the suffix of its name says so; see `read_rows`."""
    unpack = PACKED.get(PurePath(name).suffix.lower())
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as raw:
        if unpack is None:
            yield Lines(raw, name, most)
            return
        try:
            with unpack(raw) as file:
                yield Lines(file, name, most)
        except FAULTS as error:
            raise FormatError(f"{name} is not packed as its suffix says: {error}") from error


def _check_finite(matrix: Any, y: NDArray[np.float64], numbers: array[int], name: str) -> None:
    wrong = ~np.isfinite(y)
    if not np.isfinite(matrix.data).all():
        place = int(np.isfinite(matrix.data).argmin())
        wrong[int(np.searchsorted(matrix.indptr, place, "right")) - 1] = True
    if wrong.any():
        raise FormatError(f"{name}, line {numbers[int(wrong.argmax())]}: a number is not finite")
