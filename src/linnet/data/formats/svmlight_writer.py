"""`write_svmlight`: the rows of any data set as LIBSVM text, whose numbers come back the same."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from linnet.data.dataset import OF_ROWS, Dataset
from linnet.data.features import CELLS
from linnet.data.formats.encoding import PACKED
from linnet.data.formats.svmlight_lines import SUFFIXES, is_svmlight
from linnet.data.sparse import SparseFeatures
from linnet.errors import UsageError
from linnet.files import check_free, replacing

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
"""Names of classes that are labels as they stand."""

LISTED = 20
"""Classes that a sentence lists."""


def write_svmlight(
    dataset: Dataset,
    path: Path | str,
    *,
    index_base: int = 1,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Write rows as LIBSVM text, `label index:value …`.

    Features are written as a model sees them, X times scale, and every number so that it comes back the same.
    The first row has a zero at the last feature (and at the first, if indices count from 0) where it has
    nothing there, so that readers that tell the base and the number of features by the file tell them right.

    Args:
        dataset: classes, or one number a row.
        path: the file, .svm, .libsvm or .svmlight, packed if .gz, .bz2 or .xz follows.
        index_base: from which number indices count, 1 as LIBSVM has it, or 0.
        say: is told what the file does not keep.

    Raises:
        UsageError: there is something at the path, or its suffix is another; targets of soft labels or of
            several numbers; a number is not finite.
    """
    path = Path(path)
    _check(dataset, path, index_base)
    with replacing(path) as raw:
        with _packing(path, raw) as file:
            for line in _lines(dataset, _labels(dataset, say), index_base):
                file.write(line)
        check_free(path)  # again: somebody may have put a file there while this one was written
    if left := [name for name in OF_ROWS if getattr(dataset, name) is not None]:
        say(f"not in the file: {', '.join(left)} of the rows")


def _check(dataset: Dataset, path: Path, index_base: int) -> None:
    if not is_svmlight(path.name):
        raise UsageError(f"{path} is no name of LIBSVM text: expected {', '.join(SUFFIXES)}")
    check_free(path)
    if index_base not in (0, 1):
        raise UsageError(f"index_base must be 0 or 1, not {index_base!r}")
    if not len(dataset):
        raise UsageError(f"{dataset.name} has no rows to write")
    if dataset.y.ndim == 2 and (dataset.is_classification or dataset.outputs > 1):
        what = "soft labels" if dataset.is_classification else f"{dataset.outputs} numbers a row"
        raise UsageError(f"LIBSVM text has one label a row, and {dataset.name} has {what}")
    if not (bool(dataset.stored.isfinite().all()) and bool(dataset.y.isfinite().all())):
        raise UsageError(f"{dataset.name} has numbers that are not finite, which readers refuse")


@contextlib.contextmanager
def _packing(path: Path, raw: Any) -> Iterator[Any]:
    pack = PACKED.get(path.suffix.lower())
    if pack is None:
        yield raw
        return
    with pack(raw, "wb") as file:
        yield file


def _labels(dataset: Dataset, say: Callable[[str], None]) -> list[str]:
    """The label of each row: a class by its name where all are numbers, else by its place."""
    if not dataset.is_classification:
        say("the labels are numbers: --task regression (task=) reads them so, however few differ")
        return [repr(value) for value in dataset.y[:, 0].double().tolist()]
    names = list(dataset.classes)
    is_number = all(NUMBER.fullmatch(name) and math.isfinite(float(name)) for name in names)
    if not is_number or len(set(map(float, names))) < len(names):
        shown = ", ".join(f"{place} {name}" for place, name in enumerate(names[:LISTED]))
        say(f"the classes are written as numbers: {shown}{', …' * (len(names) > LISTED)}")
        names = list(map(str, range(len(names))))
    return [names[place] for place in dataset.y.tolist()]


def _lines(dataset: Dataset, labels: list[str], base: int) -> Iterator[bytes]:
    height = max(1, CELLS // max(1, dataset.features))
    ends = {dataset.features - 1, *(() if base else (0,))}
    for low in range(0, len(dataset), height):
        matrix = _matrix(dataset, low, low + height)
        starts, places, values = (each.tolist() for each in (matrix.indptr, matrix.indices, matrix.data))
        for row, label in enumerate(labels[low : low + height]):
            own = slice(starts[row], starts[row + 1])
            found = dict(zip(places[own], values[own], strict=True))
            if low + row == 0:
                found = dict(sorted({**dict.fromkeys(ends, 0), **found}.items()))
            pairs = (f" {place + base}:{value!r}" for place, value in found.items())
            yield f"{label}{''.join(pairs)}\n".encode()


def _matrix(dataset: Dataset, low: int, high: int) -> Any:
    """Some rows as a model sees them, CSR with rising columns, float64."""
    from scipy.sparse import csr_array

    if isinstance(dataset.X, SparseFeatures):
        matrix = dataset.X.matrix[low:high].astype(np.float64) * dataset.scale
        matrix.sort_indices()
        return matrix
    return csr_array(dataset.X[low:high].cpu().double().numpy() * dataset.scale)
