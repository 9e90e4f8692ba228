"""`Column`, and the kinds that become one column each: numbers and truths, with their encoding."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.schema.cells import NO_NUMBER, Cells, NumberStyle, count_rows, is_missing, rows_of, to_numbers
from linnet.schema.coded import each

Block = Any
"""The encoded rows of a column: (N, d) float64, or a scipy matrix of texts."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen in a column that was encoded.

    Args:
        gaps: which cells have no value, (N,).
        strange: which have a level that training did not see, or too rarely, (N,); None where a column has no
            levels.
    """

    gaps: NDArray[np.bool_]
    strange: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, parts: Sequence[Seen]) -> Seen:
        """What was seen in the parts of a column, one after the other."""
        strange = [part.strange for part in parts if part.strange is not None]
        return cls(
            np.concatenate([part.gaps for part in parts]), np.concatenate(strange) if strange else None
        )

    @property
    def missing(self) -> int:
        """How many cells have no value."""
        return int(self.gaps.sum())

    @property
    def unseen(self) -> int:
        """How many have a level that training did not see, or too rarely."""
        return 0 if self.strange is None else int(self.strange.sum())


@dataclass(frozen=True)
class Column(ABC):
    """A column of a table and how it becomes numbers.

    Args:
        name: of the column.
    """

    kind: ClassVar[str]
    is_dense: ClassVar[bool] = True
    """Whether it becomes an array, not a sparse matrix."""

    name: str

    @property
    @abstractmethod
    def features(self) -> tuple[str, ...]:
        """The names of the d columns that it becomes."""

    @property
    def usual(self) -> tuple[str | bool, ...]:
        """Cells that come again and again."""
        return ()

    @property
    def had_gaps(self) -> bool:
        """Whether training had cells without a value, which have a column or a level of their own."""
        return False

    @property
    def takes_numbers(self) -> bool:
        """Whether a cell that is a number by its type stands for itself."""
        return False

    @property
    def fault(self) -> str:
        """What a cell has that is none of this column's, in words."""
        return "no value of its kind"

    def find_unreadable(self, cells: Cells) -> NDArray[np.bool_]:
        """Which cells have a value that is none of this column's, (N,)."""
        return np.zeros(len(cells), bool)

    @abstractmethod
    def encode(self, cells: Cells) -> tuple[Block, Seen]:
        """Cells (N,) as numbers (N, d), and what was seen.

        Raises:
            FormatError: a cell cannot be read.
        """

    def write(self, cells: Cells, out: NDArray[np.float64]) -> Seen:
        """Write cells (N,) as numbers to a part of a larger block, (N, d); see `encode`."""
        out[:], seen = self.encode(cells)
        return seen

    def to_json(self) -> dict[str, Any]:
        """The column as plain values: its kind, and what is not as usual."""
        values = {}
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            if value != one.default:
                values[one.name] = list(value) if isinstance(value, tuple) else value
        return {"kind": self.kind, **values}


def add_flag(block: NDArray[np.float64], gaps: NDArray[np.bool_], has_flag: bool) -> NDArray[np.float64]:
    """Columns and, where training had gaps, one that is 1 where there is one."""
    return np.column_stack([block, gaps.astype(np.float64)]) if has_flag else block


@dataclass(frozen=True)
class Number(Column):
    """Numbers as they stand; what is missing is the training rows' median.

    Args:
        fill: in place of what is missing.
        has_flag: whether a column more says where it was missing, as it was in training.
        decimal: the sign before decimals.
        thousands: between thousands.
        unit: that is taken off.
        low: the lowest of training; None where it is not known.
        high: the highest.
        parentheses: whether a number in parentheses is below 0.
    """

    kind: ClassVar[str] = "number"

    fill: float = 0.0
    has_flag: bool = False
    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    parentheses: bool = False

    @property
    def style(self) -> NumberStyle:
        """How its numbers are written."""
        return NumberStyle(self.decimal, self.thousands, self.unit, self.parentheses)

    @property
    def features(self) -> tuple[str, ...]:
        """See `Column.features`."""
        return (self.name, f"{self.name} missing") if self.has_flag else (self.name,)

    @property
    def had_gaps(self) -> bool:
        """See `Column.had_gaps`."""
        return self.has_flag

    @property
    def fault(self) -> str:
        """See `Column.fault`."""
        return self.style.fault

    @property
    def takes_numbers(self) -> bool:
        """See `Column.takes_numbers`."""
        return self.style.takes_numbers

    def find_unreadable(self, cells: Cells) -> NDArray[np.bool_]:
        """See `Column.find_unreadable`."""
        return ~np.isfinite(to_numbers(cells, self.style)) & ~is_missing(cells, NO_NUMBER)

    def encode(self, cells: Cells) -> tuple[Block, Seen]:
        """See `Column.encode`."""
        check_cells(self.find_unreadable(cells), cells, self)
        gaps = is_missing(cells, NO_NUMBER)
        values = np.where(gaps, self.fill, to_numbers(cells, self.style))
        return add_flag(values[:, None], gaps, self.has_flag), Seen(gaps)


@dataclass(frozen=True)
class Truth(Column):
    """Yes or no, as 1 and 0; what is missing is the likelier of the two.

    Args:
        true: the word for 1.
        false: the word for 0.
        fill: in place of what is missing.
        has_flag: as of a number.
    """

    kind: ClassVar[str] = "truth"

    true: str = "true"
    false: str = "false"
    fill: float = 0.0
    has_flag: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        """See `Column.features`."""
        return (self.name, f"{self.name} missing") if self.has_flag else (self.name,)

    @property
    def had_gaps(self) -> bool:
        """See `Column.had_gaps`."""
        return self.has_flag

    @property
    def fault(self) -> str:
        """See `Column.fault`."""
        return f"neither {self.true!r} nor {self.false!r}"

    @property
    def usual(self) -> tuple[str | bool, ...]:
        """See `Column.usual`."""
        return self.true, self.false, True, False

    def encode(self, cells: Cells) -> tuple[Block, Seen]:
        """See `Column.encode`."""
        true, _ = self.read(cells)
        check_cells(self.find_unreadable(cells), cells, self)
        gaps = is_missing(cells)
        values = np.where(gaps, self.fill, true.astype(np.float64))
        return add_flag(values[:, None], gaps, self.has_flag), Seen(gaps)

    def find_unreadable(self, cells: Cells) -> NDArray[np.bool_]:
        """See `Column.find_unreadable`."""
        true, false = self.read(cells)
        return ~(true | false | is_missing(cells))

    def read(self, cells: Cells) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which cells say yes, and which say no; 1 and 0 do, too."""

        def is_among(words: tuple[str, ...]) -> NDArray[np.bool_]:
            return each(cells, lambda c: c.astype(str).str.strip().str.lower().isin(words).to_numpy(bool))

        yes, no = self.words
        return is_among(yes), is_among(no)

    @property
    def likelier(self) -> str:
        """The likelier word in training, which stands for a missing one."""
        return self.true if self.fill else self.false

    @property
    def words(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The words for 1 and those for 0, in lower case."""
        return (self.true.lower(), "true", "1", "1.0"), (self.false.lower(), "false", "0", "0.0")


def check_cells(wrong: NDArray[np.bool_], cells: Cells, column: Column) -> None:
    """Refuse a column with cells that cannot be read.

    Args:
        wrong: which they are, (N,).
        cells: of the column, (N,).
        column: whose they are.

    Raises:
        FormatError: there are some.
    """
    if wrong.any():
        raise FormatError(
            f"the column {column.name} has {column.fault} in {count_rows(wrong)}: {rows_of(wrong, cells)}"
        )
