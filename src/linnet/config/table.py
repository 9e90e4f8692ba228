"""`TableOptions`: what a table does not tell by itself, such as the column that is predicted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from linnet.errors import UsageError

Task = Literal["classification", "regression", "counts"]
TASKS: tuple[Task, ...] = ("classification", "regression", "counts")

KINDS = ("number", "truth", "category", "date", "text")
"""The kinds of columns, each with a field that names the columns to take as such."""


@dataclass(frozen=True, kw_only=True)
class TableChoices:
    """What a table of one's own does not tell by itself.

    Args:
        target: the column that is predicted; by its name, or the last one, when not given.
        task: classification, regression or counts; by what stands in the target's column when not given.
        ignore: columns to leave out.
        category: columns to take as categories, also where they hold numbers.
        references: whether the first level of each category has no column, so that the others are
            differences to it; where a model is solved without a penalty when not given, else each has one.
        decimal: the sign before decimals, . or ,; by whole columns when not given.
        date_order: dmy or mdy; by whole columns when not given.
        header: whether the first line names the columns; by what stands in it when not given.
        encoding: of the text; UTF-8, UTF-16 by its mark, or GB18030 where that alone fits when not given.
        sheet: of a workbook; the first when not given.
        schema: a TOML file, as linnet data schema prints it, by which the table is read as it says.
        number: columns to take as numbers, also where they would be left out or taken as categories.
        truth: columns to take as yes and no, of a pair such as yes and no, or of 1 and 0.
        date: columns to take as dates, also such as 20240131 or a year alone.
        text: columns to take as texts, by the words in them.

    Raises:
        UsageError: a value that cannot be.
    """

    target: str | None = None
    task: str | None = None
    ignore: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    references: bool | None = None
    decimal: str | None = None
    date_order: str | None = None
    header: bool | None = None
    encoding: str | None = None
    sheet: str | None = None
    schema: str | None = None
    number: tuple[str, ...] = ()
    truth: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    text: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        choices = {"task": TASKS, "decimal": (".", ","), "date_order": ("dmy", "mdy")}
        for name, known in choices.items():
            if (value := getattr(self, name)) is not None and value not in known:
                raise UsageError(f"{name} must be one of {' '.join(known)}, not {value!r}")
        if self.target is not None:
            object.__setattr__(self, "target", str(self.target).strip())
        for name in ("ignore", *KINDS):
            names = getattr(self, name)
            several = (names,) if isinstance(names, str) else names
            object.__setattr__(self, name, tuple(str(one).strip() for one in several))
        said = [column for name in ("ignore", *KINDS) for column in getattr(self, name)]
        if twice := next((column for column in said if said.count(column) > 1), None):
            how = [name for name in ("ignore", *KINDS) if twice in getattr(self, name)]
            raise UsageError(f"the column {twice} is named twice, as {' and as '.join(how)}: say one")

    @property
    def kinds(self) -> dict[str, str]:
        """The kinds of columns that were named, by column."""
        return {column: kind for kind in KINDS for column in getattr(self, kind)}

    @property
    def table(self) -> dict[str, Any]:
        """What was said of a table, as plain values that `linnet.load` takes."""
        values = ((one.name, getattr(self, one.name)) for one in dataclasses.fields(TableChoices))
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values if v not in (None, ())}


@dataclass(frozen=True, kw_only=True)
class TableOptions(TableChoices):
    """How a table is read; see `TableChoices` for the fields not listed here.

    Args:
        sample_weight: the column with the rows' weights.
    """

    sample_weight: str | None = None

    @property
    def table(self) -> dict[str, Any]:
        """See `TableChoices.table`."""
        weights = {} if self.sample_weight is None else {"sample_weight": self.sample_weight}
        return {**super().table, **weights}
