"""Rows of LIBSVM and svmlight text, `label index:value …`: features that stay sparse, and targets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.dataset import Dataset
from linnet.data.formats.stored_arrays import NAMED
from linnet.data.formats.svmlight_rows import Described, Rows, read_rows, shift
from linnet.data.formats.table_files import TableFiles
from linnet.data.origin import Origin
from linnet.data.split import TEST_FRACTION, Whole
from linnet.errors import FormatError, UsageError
from linnet.schema.schema import Target
from linnet.schema.target import read_target

OPTIONS = ("task", "index_base", "positive", "split", "test_size", "test", "references", "stream")
"""What may be said of such files; the rest of `TableOptions` is of columns with names."""

File = TypeVar("File", bound=Described)

LABEL = "y"
"""What is predicted is called so: a column called label would be classes, whatever it holds."""


def check_options(options: TableOptions, name: str) -> None:
    """Refuse what is said of a table with named columns.

    Raises:
        UsageError: naming it.
    """
    if said := next((one for one in options.table if one not in OPTIONS), None):
        raise UsageError(f"{said} is of a table with columns, and {name} is LIBSVM text, without names")
    if options.task == "counts":
        raise UsageError(f"{name} is LIBSVM text: counts are --task regression with --loss poisson there")
    if options.test is not None and (options.split is not None or options.test_size is not None):
        said = "split" if options.split is not None else "test_size"
        raise UsageError(f"the rows to test on are in a file of their own: leave out {said}")


def read_svmlight(
    files: TableFiles,
    name: str,
    *,
    options: TableOptions | None = None,
    known: tuple[str, ...] | None = None,
    features: int | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Whole:
    """All rows of some files: those to train on, to validate on, to test on.

    Args:
        files: of each part.
        name: what to call it.
        options: the task, and from which number indices count, if they are said.
        known: the classes of a model whose rows these are; empty where it predicts numbers; None where the
            labels are to be recognised.
        features: D of that model; None where the rows to train on tell.
        say: is told from which number indices count, and what is predicted.

    Raises:
        FormatError: a line is none of such text, or has an index beyond the features to train on.
        UsageError: something is said that is of other data.
    """
    options = options or TableOptions()
    check_options(options, name)
    parts = [[read_rows(path, path.name) for path in paths] for paths in files.parts]
    for note in files.notes:
        say(note)
    return whole_of(parts, name, options=options, known=known, features=features, say=say, stack=stack_rows)


def whole_of(
    parts: Sequence[Sequence[File]],
    name: str,
    *,
    options: TableOptions,
    known: tuple[str, ...] | None = None,
    features: int | None = None,
    say: Callable[[str], None] = lambda text: None,
    stack: Callable[[Sequence[File], int, int], Any],
) -> Whole:
    """The rows of files as a data set; see `read_svmlight` for the arguments.

    Args:
        parts: the files to train on, to validate on and to test on.
        name: what to call it.
        options: what was said.
        known: the classes of a model.
        features: D of that model.
        say: is told how it was read.
        stack: makes features of the files, the first index and the number of features.

    Raises:
        FormatError: as `read_svmlight`.
    """
    several = [rows for part in parts for rows in part]
    base, why = _find_base(several, options.index_base, features)
    width = features or max(rows.largest for rows in parts[0]) + 1 - base
    if width < 1:
        raise FormatError(f"{name} has no feature: no line to train on has an index")
    say(f"{name}: {width:,} features, whose indices count from {base}, {why}")
    target, y = _read_targets(parts, name, options, known)
    say(f"predicting the label ({target.why}): {_describe(target)}")
    for rows in several:
        _check_width(rows, base, width)
    dataset = Dataset(
        stack(several, base, width), y, name, target.classes, source=name,
        columns=tuple(f"x{place}" for place in range(base, base + width)) if width <= NAMED else (),
        target=LABEL, origin=Origin(name, table={"index_base": base}),
    )  # fmt: skip
    counts = [sum(len(rows.y) for rows in part) for part in parts]
    place = np.repeat(np.arange(len(parts)), counts)
    own = None if len(dataset) == counts[0] else (place == len(parts) - 1, place == 1)
    share = options.test_size or TEST_FRACTION
    return Whole(dataset, *(own or ()), test_size=None if options.split == "none" else share)


def _find_base(several: Sequence[Described], said: int | None, features: int | None) -> tuple[int, str]:
    """From which number indices count, and why.

    Raises:
        FormatError: an index is below it; or a model, which tells nothing of it, would fit either.
    """
    told = next((rows.base for rows in several if rows.base is not None), None)
    has_zero, largest = any(rows.least == 0 for rows in several), max(rows.largest for rows in several)
    if features is not None and said is not None and told not in (None, said):
        wrong = next(rows.name for rows in several if rows.base == told)
        raise FormatError(
            f"a comment in {wrong} says that indices count from {told}, and the model's rows are taken from "
            f"{said}: write the file from {said}, or take the comment out if it is wrong"
        )
    if said is not None:
        base, why = said, "as asked"
    elif told is not None:
        base, why = told, "as a comment says"
    elif has_zero:
        base, why = 0, "as an index is 0"
    elif features is not None and largest < features:
        raise FormatError(
            f"{several[0].name} has no index 0, and the model has {features:,} features, so that indices may "
            "count from 0 or from 1: write 0:0 into a line if they count from 0, else "
            f"{features}:0"
        )
    else:
        base, why = 1, "as none is 0; --index-base 0 (index_base=0) takes them from 0"
    if base == 1 and has_zero:
        wrong = next(rows.name for rows in several if rows.least == 0)
        raise FormatError(
            f"{wrong} has an index 0, and indices count from 1, {why}: --index-base 0 (in training)"
        )
    return base, why


def _check_width(rows: Described, base: int, width: int) -> None:
    """Refuse an index beyond the features to train on."""
    if rows.largest - base >= width:
        raise FormatError(
            f"{rows.name} has the index {rows.largest:,}, beyond the {width:,} features of the rows to train "
            f"on, whose indices are {base}…{base + width - 1:,}: leave it out, as nothing is learnt of "
            f"it, or train on a file with {rows.largest}:0 in a line"
        )


def stack_rows(several: Sequence[Rows], base: int, width: int) -> Any:
    """The values of all files by columns, (N, D), CSR."""
    from scipy.sparse import vstack

    matrices = [shift(rows, base, width) for rows in several]
    for matrix in matrices:
        matrix.eliminate_zeros()
    return matrices[0] if len(matrices) == 1 else vstack(matrices, format="csr")


def _read_targets(
    parts: Sequence[Sequence[Described]], name: str, options: TableOptions, known: tuple[str, ...] | None
) -> tuple[Target, Any]:
    """What the labels to train on hold, and the targets of all rows."""
    import pandas as pd

    if known is not None:
        options = dataclasses.replace(options, task="classification" if known else "regression")
    cells: list[Any] = [pd.Series(np.concatenate([rows.y for rows in part] or [[]])) for part in parts]
    try:
        target = read_target(cells[0], LABEL, "the first number of a line", options, known or ())
        target = target.with_positive(options.positive if known is None else None)
        read = target.labels if target.classes else target.numbers
        y = np.concatenate([read(part) for part in cells if len(part)])
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from error
    return target, y


def _describe(target: Target) -> str:
    return f"classification of {len(target.classes)} classes" if target.classes else "regression"
