"""People's own arrays: an .npz file of features and targets, such as embeddings."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.dataset import Dataset
from linnet.data.formats.array_names import Pair, find_pairs, is_known
from linnet.data.formats.array_targets import Code, floating
from linnet.data.formats.image_arrays import as_rows
from linnet.data.formats.pixels import PIXEL
from linnet.data.formats.stored_arrays import BROKEN, MAX_FEATURES, NAMED, read_array
from linnet.data.sparse import SparseFeatures
from linnet.data.split import Whole, stack_rows
from linnet.errors import FormatError

Array = NDArray[Any]
Arrays = Mapping[str, Array]


def read_arrays(
    file: Path | bytes,
    name: str,
    *,
    most: int | None = None,
    known: tuple[str, ...] | None = None,
    color: bool | None = None,
) -> Whole:
    """All rows of an .npz file, as numpy.savez writes it, and which are to validate and to test on.

    Features stand under X, data, features, embeddings or images, alone or with a part (x_train, val_images):
    (N, D) numbers, or (N, H, W) images, in colour (N, H, W, 3). The targets, under y, target or labels
    likewise, are classes where they are whole numbers, text, or true and false, and a regression's, (N,) or
    (N, K), where they are floating. Bytes (uint8) are brought to 0…1.
    `classes` may name the classes 0…K − 1, and `columns` the features.

    Args:
        file: its path or its bytes.
        name: what to call it, here and in messages.
        most: bytes that the arrays may have together; any number when None.
        known: the classes of a model whose rows these are, some of which may be missing here; empty where
            it predicts numbers; None where the targets are to be recognised.
        color: whether features are images in colour.

    Raises:
        FormatError: it is no such file, larger than may be, its arrays do not fit each other, or a class is
            not known.
    """
    try:
        with zipfile.ZipFile(BytesIO(file) if isinstance(file, bytes) else file) as archive:
            arrays = _arrays(archive, name, most)
    except BROKEN as error:
        raise FormatError(f"{name} is no .npz file as numpy.savez writes it: {error}") from error
    return whole_of(arrays, name, known=known, color=color)


def whole_of(
    arrays: Mapping[str, Any],
    name: str,
    *,
    known: tuple[str, ...] | None = None,
    color: bool | None = None,
) -> Whole:
    """The rows of arrays by their names; features may be sparse matrices. See `read_arrays`.

    Args:
        arrays: by their names in lower case.
        name: what to call them.
        known: those of a model.
        color: whether features are images in colour.

    Raises:
        FormatError: the arrays do not fit each other, or a class is not known.
    """
    pairs = find_pairs(arrays, name)
    targets = pairs["train"].targets
    written = [arrays[pair.targets] for pair in pairs.values()]
    code = Code.of(written, arrays.get("classes"), known, f"{name}: {targets}")
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
    read = Reading(code, columns, name, color, known is not None)
    return _join({part: read.dataset(arrays, pair) for part, pair in pairs.items()})


def _join(parts: Mapping[str, Dataset]) -> Whole:
    """The rows of all parts, one after the other, and of which part each is."""
    own_types = {part.dtype for part in parts.values()}
    if len(own_types) > 1 and "float64" in own_types:  # which holds the numbers of all parts
        parts = {part: rows.replace(X=_double(rows.arrays.X)) for part, rows in parts.items()}
    rows = parts["train"]
    for part, more in parts.items():
        rows = rows if part == "train" else stack_rows(rows, more)
    if len(parts) == 1:
        return Whole(rows)
    own = np.repeat(list(parts), [len(part) for part in parts.values()])
    return Whole(rows, own == "test", own == "validation")


def _double(X: Any) -> Any:
    return X.astype(np.float64) if isinstance(X, np.ndarray) else SparseFeatures(X.matrix.astype(np.float64))


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


@dataclass(frozen=True, eq=False)
class Reading:
    """How the arrays of a file are read as data sets.

    Args:
        code: how targets are written.
        columns: the names of the features; empty where they have none.
        name: what to call the data.
        color: whether features are images in colour.
        is_known: whether the rows are for a model that is there.
    """

    code: Code
    columns: tuple[str, ...]
    name: str
    color: bool | None
    is_known: bool

    def dataset(self, arrays: Mapping[str, Any], pair: Pair) -> Dataset:
        """The rows of one part.

        Raises:
            FormatError: its features and targets do not fit each other, or are none.
        """
        what = f"{self.name}: {pair.features}"
        X, y = arrays[pair.features], self.code.read(arrays[pair.targets], f"{self.name}: {pair.targets}")
        if X.shape[0] != len(y):
            raise FormatError(f"{what} has {X.shape[0]:,} rows but {pair.targets} has {len(y):,}")
        if hasattr(X, "tocsr"):
            return self._sparse(X, y, what)
        rows, shape = as_rows(X, what, color=self.color, is_known=self.is_known)
        is_bytes = rows.dtype == np.uint8
        rows = rows if is_bytes else floating(rows)
        if not is_bytes and not np.isfinite(rows).all():
            row = int(np.isfinite(rows).all(1).argmin())
            raise FormatError(
                f"{self.name}: row {row} of {pair.features}, counted from 0, has a number that is not finite"
            )
        scale = 1 / PIXEL if is_bytes else 1.0
        own = () if shape else self.columns or tuple(f"x{place}" for place in range(rows.shape[1]))
        return Dataset(rows, y, self.name, self.code.names, shape, scale, self.name, columns=own)  # type: ignore[arg-type]

    def _sparse(self, X: Any, y: Array, what: str) -> Dataset:
        if self.color:
            raise FormatError(
                f"{what}: --color (color=True) is of images in colour, and it is a sparse matrix"
            )
        if X.dtype.kind not in "biuf" or X.ndim != 2 or not 0 < X.shape[1] <= MAX_FEATURES:
            raise FormatError(
                f"{what} must hold numbers, (N, D), D at most {MAX_FEATURES:,}, not {X.dtype} {X.shape}"
            )
        if not np.isfinite(X.data).all():
            raise FormatError(f"{what} has a number that is not finite")
        rows = X.astype(np.float32 if X.dtype == np.float32 else np.float64).tocsr()
        names = tuple(f"x{place}" for place in range(X.shape[1])) if X.shape[1] <= NAMED else ()
        return Dataset(rows, y, self.name, self.code.names, source=self.name, columns=self.columns or names)  # type: ignore[arg-type]
