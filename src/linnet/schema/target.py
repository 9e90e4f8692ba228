"""Tells which column of a table is predicted, and whether it holds classes, numbers or counts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TASKS, TableOptions, Task
from linnet.errors import FormatError
from linnet.i18n import say, say_number
from linnet.schema.cells import (
    NO_NUMBER,
    Cells,
    Frame,
    NumberStyle,
    count_rows,
    is_missing,
    number_style,
    rows_of,
    to_numbers,
)
from linnet.schema.classes import NONE, class_names, gap_words, in_order
from linnet.schema.coded import are_numbers, each
from linnet.schema.named_rows import keep_rows
from linnet.schema.schema import Target
from linnet.schema.units import check_units

CLASSES = ("label", "labels", "class")
"""The names that make a column the classes, whatever it holds."""

NUMBERS = ("response",)
"""The names that make a column the numbers to predict."""

TARGETS = (*CLASSES, *NUMBERS, "target")
"""The names that say of a column that it is predicted; `y` does so where no x stands beside it."""

MAX_CLASSES = 100
FEW_CLASSES = 20
"""Different whole numbers up to which they are classes, whichever they are."""

FEW = 9
"""Rows up to which each may be of a class or a level of its own."""


def pick_target(frame: Frame, options: TableOptions) -> tuple[str, str]:
    """The column that is predicted, and why it is this one.

    Raises:
        FormatError: there is none, or several could be.
    """
    if options.target is not None:
        return options.target, "named by --target"
    named = find_candidates(frame, options)
    if len(named) > 1:
        raise FormatError(which_target(named))
    if named:
        return named[0], "by its name"
    if not (names := _names(frame, options)):
        raise FormatError("no column is left to predict")
    return names[-1], "the last column, as none is called target (--target says otherwise)"


def which_target(candidates: Sequence[str]) -> str:
    """The question which of several columns is predicted, with the flag that answers it."""
    names = ", ".join(candidates[:20])
    return say("schema.problem.target", "en", names=names, last=candidates[-1])


def _names(frame: Frame, options: TableOptions) -> list[str]:
    """The columns that have no other use."""
    others = (*options.ignore, options.sample_weight, options.groups, options.time, options.exposure)
    return [str(name) for name in frame.columns if str(name) not in others]


def find_candidates(frame: Frame, options: TableOptions) -> list[str]:
    """The columns whose names say that they are predicted, or all where x and y stand beside another."""
    names = _names(frame, options)
    named = [name for name in names if name.strip().lower() in TARGETS]
    lower = [name.strip().lower() for name in names]
    has_y = "y" in lower
    is_place = has_y and "x" in lower and lower[-1] != "y"  # of a point, beside which another is predicted
    if has_y and not is_place:
        named.append(names[lower.index("y")])
    return names if not named and is_place else named


def drop_unlabelled(
    frame: Frame, name: str, options: TableOptions, classes: Sequence[str] = ()
) -> tuple[Frame, list[str]]:
    """The rows whose target is known, and what is to be said of the others.

    Args:
        frame: cells of a table.
        name: of the target.
        options: what was said of the table.
        classes: that are known, of which one may be called as gaps are: NA may be Namibia.

    Raises:
        FormatError: half of the rows or more have no target.
    """
    cells = frame[name].reset_index(drop=True)
    gaps, marks = is_missing(cells, gap_words(classes)), list[str]()
    if not gaps.all() and style_of(cells[~gaps], name, options) is not None:
        gaps = is_missing(cells, NO_NUMBER)
    else:
        marks = _say_marks(cells[gaps & ~is_missing(cells, NONE)], name)
    if not gaps.any():
        return frame, []
    if 2 * int(gaps.sum()) >= len(frame):
        of, n = f"{len(frame):,}", int(gaps.sum())
        raise FormatError(say_number("schema.problem.target_empty", "en", n, name=name, of=of))
    keep_rows(~gaps)
    note = say_number("schema.note.unlabelled", "en", int(gaps.sum()), name=name)
    return frame[~gaps].reset_index(drop=True), [note, *marks]


def _say_marks(cells: Cells, name: str) -> list[str]:
    """That words in a target of words are taken for gaps, which could be classes."""
    words = sorted(set(strip(cells)))
    cell = " and ".join(words)
    return [say("schema.note.gap_marks", "en", name=name, cell=cell, n=f"{len(cells):,}")] if words else []


def read_target(
    cells: Cells, name: str, why: str, options: TableOptions, known: tuple[str, ...] = ()
) -> Target:
    """The task, with the classes or the style of the numbers.

    Args:
        cells: of the column, each with a value, (N,).
        name: of it.
        why: it is predicted.
        options: what was said of the table.
        known: the classes of a model whose rows these are.

    Raises:
        FormatError: it has neither classes nor numbers.
    """
    style = style_of(cells, name, options)
    if style is None and options.task != "classification":
        check_finite(numbers_among(cells), cells, name)
    if style is None and options.task != "classification" and cells.dtype.kind == "O":
        different = cells.drop_duplicates()
        check_units(different[~is_missing(different, NO_NUMBER)], name)
    task, said = _task(cells, name, style)
    for one in TASKS:
        if options.task == one:
            task, said = one, "as asked"
    if options.exposure is not None:
        task, said = "counts", "as it has an exposure"
    if task == "classification":
        classes = known or _classes(cells, name, is_asked=options.task is not None)
        return Target(name, task, classes, f"{why}; {said}")
    target = Target(name, task, (), f"{why}; {said}", style or NumberStyle(), options.exposure or "")
    values = target.numbers(cells)
    if task == "counts":
        check_counts(values, name)
    return target


def check_counts(values: NDArray[np.float64], name: str) -> None:
    """Refuse numbers that are no counts.

    Raises:
        FormatError: one is negative or has decimals.
    """
    if bool(((values < 0) | (values != np.floor(values))).any()):
        raise FormatError(
            f"the counts of {name} must be whole numbers of at least 0: predict them by --task regression"
        )


def style_of(cells: Cells, name: str, options: TableOptions) -> NumberStyle | None:
    """How the numbers of a column are written; None where it has none, or other cells."""
    if cells.dtype.kind in "iuf" or str(cells.dtype) in ("Int64", "Float64", "UInt8"):
        return NumberStyle()
    if cells.dtype.kind in "bM" or str(cells.dtype) == "boolean":
        return None
    known = cells.drop_duplicates()  # which keep the numbers of their rows
    known = known[~is_missing(known, NO_NUMBER)]
    own = are_numbers(known)
    if own.all():
        return NumberStyle() if len(known) else None
    return number_style(known[~own].astype(str), name, decimal=options.decimal)


def _task(cells: Cells, name: str, style: NumberStyle | None) -> tuple[Task, str]:
    """The task that the target's cells tell, and why."""
    lower = name.strip().lower()
    if lower in CLASSES:
        return "classification", say("schema.why.holds_classes", "en", name=name)
    if lower in NUMBERS:
        return "regression", say("schema.why.holds_numbers", "en", name=name)
    if style is None:
        return "classification", "its values are no numbers"
    values = to_numbers(cells, style)
    known = values[np.isfinite(values)]
    different = len(np.unique(known))
    if bool((known != np.floor(known)).any()):
        return "regression", "its values are numbers with decimals"
    is_row = different == np.ptp(known) + 1  # numbers that follow each other, as places among classes do
    if different > (MAX_CLASSES if is_row else FEW_CLASSES):
        return "regression", say("schema.why.many", "en", n=f"{different:,}")
    if different == len(known) > FEW:
        return "regression", "each row has a number of its own"
    return "classification", say("schema.why.whole", "en", n=different)


def _classes(cells: Cells, name: str, *, is_asked: bool) -> tuple[str, ...]:
    """The classes in order: by number where all are numbers, else by text."""
    found = in_order(set(class_names(cells.drop_duplicates()).tolist()))
    most = len(cells) if is_asked else MAX_CLASSES
    if not 2 <= len(found) <= max(most, 2):
        which, rows = "one_class" if len(found) == 1 else "classes", len(cells)
        said = {"name": name, "values": f"{len(found):,}", "cell": found[0], "most": MAX_CLASSES}
        raise FormatError(say_number(f"schema.problem.{which}", "en", rows, **said))
    if len(found) == len(cells) > FEW:
        raise FormatError(
            f"each row of {name} has a value of its own, such as {found[0]!r}: expected classes of several "
            "rows each, or numbers to predict"
        )
    if not strip(cells.drop_duplicates()).str.fullmatch("[0-9]+").all():
        _check_spellings(found, name)  # of numbers; digits alone may be codes, such as 007 beside 7
    return tuple(found)


def _check_spellings(classes: Sequence[str], name: str) -> None:
    """Refuse classes, in order, of which two are one number."""
    try:
        values = [float(name) for name in classes]
    except ValueError:
        return
    for place, (low, high) in enumerate(itertools.pairwise(values)):
        if low == high:
            one, other = classes[place : place + 2]
            raise FormatError(
                f"the classes of {name} write one number in several ways, {one!r} and {other!r}: write it in "
                "one, or --task regression for numbers"
            )


def read_exposure(cells: Cells, name: str) -> NDArray[np.float64]:
    """How long, or over how many, the counts of rows were made, (N,).

    Raises:
        FormatError: a cell is no finite number above 0.
    """
    exposure = to_numbers(cells, NumberStyle())
    wrong = ~(np.isfinite(exposure) & (exposure > 0))
    if wrong.any():
        raise FormatError(
            f"the exposure {name} is no finite number above 0 in {count_rows(wrong)}: {rows_of(wrong, cells)}"
        )
    return exposure


def strip(cells: Cells) -> Cells:
    """Cells as texts without space around them."""
    return cells.astype(str).str.strip()


def numbers_among(cells: Cells) -> NDArray[np.float64]:
    """The numbers among cells of any kind, (N,); NaN elsewhere."""
    import pandas as pd

    def read(values: Cells) -> NDArray[np.float64]:
        numbers: Cells = pd.to_numeric(strip(values), errors="coerce")
        return np.where(is_missing(values), np.nan, numbers.to_numpy(np.float64, na_value=np.nan))

    return each(cells, read)


def check_finite(numbers: NDArray[np.float64], cells: Cells, name: str) -> None:
    """Refuse a column of which some cells are infinite.

    Raises:
        FormatError: naming their rows.
    """
    if (infinite := np.isinf(numbers)).any():
        raise FormatError(
            f"the column {name} is infinite in {count_rows(infinite)}: {rows_of(infinite, cells)}. Leave the "
            "cells empty, or leave out the rows"
        )
