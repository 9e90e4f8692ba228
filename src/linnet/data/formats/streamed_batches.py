"""Batches of a Python iterable as a data set of which some rows are held at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.data.coerce import describe, features_of
from linnet.data.dataset import Dataset, Splits
from linnet.data.features import ReadFeatures
from linnet.data.formats.array_targets import Code
from linnet.data.formats.image_arrays import as_rows
from linnet.data.formats.pixels import PIXEL
from linnet.data.formats.stream_parts import whole_of_parts
from linnet.data.pictures.shape import ImageShape
from linnet.data.row_fields import to_array
from linnet.data.split import TEST_FRACTION, Whole
from linnet.data.streams.arrow_rows import Columns
from linnet.data.streams.batch_rows import Batch, BatchRows, Counted, Source, iterate
from linnet.data.streams.mapped_arrays import stored_dtype
from linnet.data.streams.windows import find_sorted
from linnet.data.tensors import ArrayLike, array_of, dense, is_series, plain, values_of
from linnet.errors import FormatError, UsageError, warn
from linnet.lazy import is_tensor

NAME = "batches"

SAID = ("stream", "color", "split", "test_size")
"""What may be said of batches; the rest of `TableOptions` is of columns with names."""


def is_batches(given: Any) -> bool:
    """Whether something may give batches: a function, or what can be gone through, arrays and text aside."""
    if isinstance(given, str | bytes | dict) or is_tensor(given) or isinstance(given, ArrayLike):
        return False
    return callable(given) or isinstance(given, Iterable) or hasattr(given, "__getitem__")


def load_batches(source: Any, options: TableOptions, *, hold_out: bool = True, test: Any = None) -> Splits:
    """The data set of batches, which are gone through once to count them, and again for every pass.

    Args:
        source: of pairs (X, y): X as `Dataset` takes it, (B, D), or images; y as arrays in files have
            targets: whole numbers, text, or true and false are classes, floating numbers a regression's.
        options: what is said of them.
        hold_out: whether a share of the rows is kept to test on, where no others are given.
        test: of batches to test on.

    Raises:
        DataError: a later pass has other batches.
        FormatError: batches do not fit each other.
        UsageError: they can be gone through only once, or something else is said of them.
    """
    if said := next((one for one in options.table if one not in SAID), None):
        raise UsageError(f"{said} is of a table, and these are batches of numbers")
    if options.split not in (None, "none", "random"):
        raise UsageError(f"batches are split at random, or not at all (split='none'), not by {options.split}")
    if test is not None and (options.split is not None or options.test_size is not None):
        wrong = "split" if options.split is not None else "test_size"
        raise UsageError(f"the rows to test on come as batches of their own: leave out {wrong}")
    read = Read(source, options.color)
    whole = read.whole(None)
    _warn_if_sorted(whole.rows)
    if test is None:
        if options.split == "none":
            return Splits(whole.rows)
        size = TEST_FRACTION if options.test_size is None else options.test_size
        return dataclasses.replace(whole, test_size=size).splits(hold_out=hold_out)
    other = Read(test, options.color).whole(whole.rows.classes).rows
    if (other.features, other.image_shape, other.scale) != (
        whole.rows.features, whole.rows.image_shape, whole.rows.scale,
    ):  # fmt: skip
        raise FormatError("the batches to test on have rows of another shape or type than those to train on")
    return Splits(whole.rows, other)


class Read:
    """Batches as they are read.

    Args:
        source: gives them.
        color: whether they are images in colour.
    """

    def __init__(self, source: Source, color: bool | None) -> None:
        self.source, self.color = source, color
        self.shape: ImageShape | None = None

    def __call__(self) -> Iterator[Batch]:
        """A pass over the batches that have rows."""
        for number, pair in enumerate(iterate(self.source), 1):
            what = f"batch {number:,}"
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise UsageError(f"{what} is {_name(pair)}: each is a pair (X, y) of features and targets")
            X, y = _features(pair[0], f"X of {what}"), _targets(pair[1], f"y of {what}")
            if y.ndim == 0 or len(X) != len(y):
                raise FormatError(f"{what} has {len(X)} rows of features but y of the shape {y.shape}")
            if len(X):
                X, self.shape = as_rows(X, f"X of {what}", color=self.color)
                yield Batch(X, y)

    def whole(self, known: tuple[str, ...] | None) -> Whole:
        """All rows, of which the targets are held.

        Args:
            known: the classes of rows to train on, if these are to be tested on.
        """
        counted, y = self._count()
        code = Code.of([y], None, known, "y of the batches")
        rows, shape = BatchRows(NAME, self, counted), self.shape
        return whole_of_parts(
            {"train": [rows]}, code.read(y, "y of the batches"), NAME, classes=code.names, image_shape=shape,
            scale=1 / PIXEL if counted.columns.dtype == np.uint8 else 1.0,
            columns=() if shape else tuple(f"x{k}" for k in range(counted.columns.features)),
        )  # fmt: skip

    def _count(self) -> tuple[Counted, NDArray[Any]]:
        """The first pass."""
        rows, marks, targets, types, widths = list[int](), list[int](), list[Any](), set[Any](), set[Any]()
        for batch in self():
            rows.append(len(batch.X))
            marks.append(batch.mark)
            targets.append(np.array(batch.y))
            types.add(stored_dtype(batch.X.dtype))
            widths.add((batch.X.shape[1], self.shape, batch.y.shape[1:]))
            if len(widths) > 1 or (len(types) > 1 and np.dtype(np.uint8) in types):
                raise FormatError(
                    f"batch {len(rows):,} has rows of another shape or type than those before: "
                    f"{batch.X.dtype} {batch.X.shape}, y {batch.y.dtype} {batch.y.shape}"
                )
        if not rows:
            raise FormatError("there are no batches: the first pass gave none")
        features = next(iter(widths))[0]
        columns = Columns(("X",), (features,), np.result_type(*types))
        return Counted(rows, marks, columns), np.concatenate(targets)


def _features(given: Any, what: str) -> NDArray[Any]:
    X = features_of(given, what).X
    return X[:].numpy() if isinstance(X, ReadFeatures) else to_array(X)


def _targets(given: Any, what: str) -> NDArray[Any]:
    if is_tensor(given):
        return to_array(dense(given))
    array = values_of(given, what) if is_series(given) else array_of(given)
    if array is None:
        raise UsageError(f"{what} must be the targets of its rows, not {describe(given)}")
    return plain(array, what) if array.dtype.kind == "O" else array


def _name(given: Any) -> str:
    if isinstance(given, tuple | list):
        return f"a {type(given).__name__} of {len(given)}"
    return f"a {type(given).__name__}"


def _warn_if_sorted(rows: Dataset) -> None:
    """Warn where rows come by their classes, and are shuffled only within what is held."""
    X: Any = rows.arrays.X
    found = find_sorted(X.rows, rows.arrays.labels) if rows.is_classification else None
    if found is not None:
        warn(
            f"the batches come by their classes: of {len(rows.classes)} about {found.shown} are among the "
            f"{found.window:,} rows that are shuffled at a time. Training suffers: let them come mixed"
        )
