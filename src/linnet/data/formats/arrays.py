"""People's own arrays: an .npz file of features and targets, such as embeddings."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from linnet.data.dataset import Dataset
from linnet.data.formats.array_names import Pair, find_pairs, is_known
from linnet.data.formats.pixels import PIXEL
from linnet.data.formats.stored_arrays import BROKEN, MAX_FEATURES, NAMED, read_array
from linnet.data.split import Whole, stack_rows
from linnet.errors import FormatError
from linnet.schema.classes import number_classes
from linnet.schema.target import FEW

Array = NDArray[Any]
Arrays = Mapping[str, Array]

MAX_CLASSES = 10_000

EXACT = 2**24
"""Whole numbers up to here are exact as float32."""


def read_arrays(
    file: Path | bytes,
    name: str,
    *,
    regressions: bool = True,
    classes: int = MAX_CLASSES,
    most: int | None = None,
    known: tuple[str, ...] | None = None,
) -> Whole:
    """All rows of an .npz file, as numpy.savez writes it, and which are to validate and to test on.

    Features stand under X, data, features, embeddings or images, alone or with a part (x_train, val_images):
    (N, D) numbers, or (N, H, W) images. The targets, under y, target or labels likewise, are classes where
    they are whole numbers, text, or true and false, and a regression's, (N,) or (N, K), where they are
    floating. Bytes (uint8) are brought to 0…1.
    `classes` may name the classes 0…K − 1, and `columns` the features.

    Args:
        file: its path or its bytes.
        name: what to call it, here and in messages.
        regressions: whether targets may be floating.
        classes: how many there may be.
        most: bytes that the arrays may have together; any number when None.
        known: the classes of a model whose rows these are, some of which may be missing here; empty where
            it predicts numbers; None where the targets are to be recognised.

    Raises:
        FormatError: it is no such file, larger than may be, its arrays do not fit each other, or a class is
            not known.
    """
    try:
        with zipfile.ZipFile(BytesIO(file) if isinstance(file, bytes) else file) as archive:
            arrays = _arrays(archive, name, most)
    except BROKEN as error:
        raise FormatError(f"{name} is no .npz file as numpy.savez writes it: {error}") from error
    return whole_of(arrays, name, regressions=regressions, classes=classes, known=known)


def whole_of(
    arrays: Mapping[str, Any],
    name: str,
    *,
    regressions: bool = True,
    classes: int = MAX_CLASSES,
    known: tuple[str, ...] | None = None,
) -> Whole:
    """The rows of arrays by their names; features may be sparse matrices. See `read_arrays`.

    Args:
        arrays: by their names in lower case.
        name: what to call them.
        regressions: whether targets may be floating.
        classes: how many there may be.
        known: those of a model.

    Raises:
        FormatError: the arrays do not fit each other, or a class is not known.
    """
    pairs = find_pairs(arrays, name)
    targets = pairs["train"].targets
    written = [arrays[pair.targets] for pair in pairs.values()]
    code = Code.of(written, arrays.get("classes"), known, classes, f"{name}: {targets}")
    if known is None and not code.names and not regressions:
        raise FormatError(
            f"{name}: {targets} holds floating numbers, which are a regression's: expected classes, as whole "
            "numbers or text"
        )
    columns = tuple(str(column) for column in arrays.get("columns", np.array([])).reshape(-1))
    for pair in pairs.values():
        if arrays[pair.features].shape[1:] != arrays[pairs["train"].features].shape[1:]:
            raise FormatError(
                f"{name}: the rows of {pair.features} are not of the same shape as those of "
                f"{pairs['train'].features}"
            )
        first, other = (arrays[one.features].dtype for one in (pairs["train"], pair))
        if (first == np.uint8) != (other == np.uint8):
            raise FormatError(
                f"{name}: {pairs['train'].features} holds {first} and {pair.features} {other}: as only bytes "
                "are brought to 0…1, save both as one type"
            )
    return _join({part: _dataset(arrays, pair, code, columns, name) for part, pair in pairs.items()})


def _join(parts: Mapping[str, Dataset]) -> Whole:
    """The rows of all parts, one after the other, and of which part each is."""
    own_types = {part.X.dtype for part in parts.values()}
    if len(own_types) > 1 and torch.float64 in own_types:  # which holds the numbers of all parts
        parts = {part: dataclasses.replace(rows, X=rows.X.double()) for part, rows in parts.items()}
    rows = parts["train"]
    for part, more in parts.items():
        rows = rows if part == "train" else stack_rows(rows, more)
    if len(parts) == 1:
        return Whole(rows)
    own = np.repeat(list(parts), [len(part) for part in parts.values()])
    return Whole(rows, own == "test", own == "validation")


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
    def of(
        cls, values: list[Array], names: Array | None, known: tuple[str, ...] | None, most: int, what: str
    ) -> Code:
        """The code of some targets.

        Args:
            values: those to train on, and those to test on where there are some; (N,) or (N, K) each.
            names: of the classes 0…K − 1; None where the targets name them.
            known: the classes of a model that is there already, empty where it predicts numbers; None where
                those of the targets to train on are to be found.
            most: classes that there may be.
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
        if not 2 <= len(found) <= most:
            raise FormatError(
                f"{what} has {len(found):,} different values: expected 2…{most:,} classes. The numbers of "
                "a regression have to be floating"
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
            return _floating(values.reshape(len(values), -1))
        flat = values.reshape(len(values), -1)
        if flat.shape[1] != 1:
            raise FormatError(f"{what} must hold a class a row, (N,), not {values.shape}")
        place = np.searchsorted(self.keys, flat[:, 0]).clip(max=len(self.keys) - 1)
        if (wrong := self.keys[place] != flat[:, 0]).any():
            raise FormatError(f"{what} holds {flat[:, 0][wrong].tolist()[0]!r}, which is none of the classes")
        return self.numbers[place].astype(np.int64)


def _texts(values: Array) -> list[str]:
    return [t.decode() if isinstance(t, bytes) else str(t) for t in values.tolist()]


def _arrays(archive: zipfile.ZipFile, name: str, most: int | None) -> dict[str, Array]:
    """The arrays of known names, in lower case; none is made before its size is known to be there."""
    entries = {Path(entry.filename).stem.lower(): entry for entry in archive.infolist()
               if entry.filename.endswith(".npy")}  # fmt: skip
    kept = {key: entry for key, entry in entries.items() if is_known(key)}
    if most is not None and (size := sum(entry.file_size for entry in kept.values())) > most:
        raise FormatError(f"{name} has {size >> 20:,} MiB of numbers, more than {most >> 20:,}")
    found: dict[str, Array] = {}
    for key, entry in kept.items():
        with archive.open(entry) as file:
            found[key] = read_array(file, entry.file_size, f"{name}: {key}")
    return found


def _dataset(
    arrays: Mapping[str, Any], pair: Pair, code: Code, columns: tuple[str, ...], name: str
) -> Dataset:
    X, y = arrays[pair[0]], code.read(arrays[pair[1]], f"{name}: {pair[1]}")
    if X.shape[0] != len(y):
        raise FormatError(f"{name}: {pair[0]} has {X.shape[0]:,} rows but {pair[1]} has {len(y):,}")
    if hasattr(X, "tocsr"):
        return _sparse(X, y, code, columns, f"{name}: {pair[0]}", name)
    if X.ndim == 4 and 1 in (X.shape[1], X.shape[3]):
        X = X.reshape(len(X), *(X.shape[1:3] if X.shape[3] == 1 else X.shape[2:]))  # one channel
    if X.ndim == 4 and X.size and 3 in (X.shape[1], X.shape[3]):
        raise FormatError(
            f"{name}: {pair[0]} holds colour images, {X.shape}, and linnet takes grey ones: give their mean "
            "over the colours, or a row of all numbers, X.reshape(len(X), -1)"
        )
    if X.ndim not in (2, 3) or not X.size or X.dtype.kind not in "biuf":
        raise FormatError(
            f"{name}: {pair[0]} must hold numbers, (N, D), or grey images, (N, H, W), not {X.dtype} {X.shape}"
        )
    shape = (X.shape[1], X.shape[2]) if X.ndim == 3 else None
    rows = np.ascontiguousarray(X.reshape(len(X), -1))
    is_bytes = rows.dtype == np.uint8
    rows = rows if is_bytes else _floating(rows)
    if not is_bytes and not np.isfinite(rows).all():
        row = int(np.isfinite(rows).all(1).argmin())
        raise FormatError(f"{name}: row {row} of {pair[0]}, counted from 0, has a number that is not finite")
    scale = 1 / PIXEL if is_bytes else 1.0
    own = () if shape else columns or tuple(f"x{place}" for place in range(rows.shape[1]))
    return Dataset(rows, y, name, code.names, shape, scale, name, columns=own)  # type: ignore[arg-type]


def _sparse(X: Any, y: Array, code: Code, columns: tuple[str, ...], what: str, name: str) -> Dataset:
    if X.dtype.kind not in "biuf" or X.ndim != 2 or not 0 < X.shape[1] <= MAX_FEATURES:
        raise FormatError(
            f"{what} must hold numbers, (N, D), D at most {MAX_FEATURES:,}, not {X.dtype} {X.shape}"
        )
    if not np.isfinite(X.data).all():
        raise FormatError(f"{what} has a number that is not finite")
    rows = X.astype(np.float32 if X.dtype == np.float32 else np.float64).tocsr()
    names = tuple(f"x{place}" for place in range(X.shape[1])) if X.shape[1] <= NAMED else ()
    return Dataset(rows, y, name, code.names, source=name, columns=columns or names)  # type: ignore[arg-type]


def _floating(values: Array) -> Array:
    """As float32 where that holds each number, and else as float64."""
    is_wide = values.dtype.itemsize > 4 if values.dtype.kind == "f" else _has_long(values)
    return np.ascontiguousarray(values, np.float64 if is_wide else np.float32)


def _has_long(values: Array) -> bool:
    """Whether there are whole numbers that float32 does not hold."""
    return values.size > 0 and (int(values.max()) > EXACT or int(values.min()) < -EXACT)
