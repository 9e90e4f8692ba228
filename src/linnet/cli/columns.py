"""`TableView`: the columns of a table as lines with a small figure each, and as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from linnet.cli.console import pad
from linnet.schema.dates import day_text
from linnet.schema.overview import ColumnView, Figure
from linnet.schema.profile import short_number
from linnet.schema.schema import Schema
from linnet.schema.target import which_target

if TYPE_CHECKING:
    from linnet.config import TableChoices, TableOptions

BARS = "▁▂▃▄▅▆▇█"
"""Of which the lowest stands for a bin without a value."""

WIDTH = 28
"""Cells of a terminal that a name takes, of which a Chinese character takes two."""

SHOWN = 3
"""Levels of a category: the most frequent."""

HEAD = ("column", "kind", "missing", "different", "becomes", "values")


@dataclass(frozen=True)
class TableView:
    """The columns of a table at a glance.

    Args:
        rows: of it.
        columns: in its order.
        schema: by which it was read.
        candidates: columns that could be the target, where that is not clear; all are then read as they would
            be to predict by.
    """

    rows: int
    columns: Sequence[ColumnView]
    schema: Schema
    candidates: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """The view as plain values; the ends of dates as text."""
        target, columns = self.schema.target, [asdict(one) for one in self.columns]
        for values, one in zip(columns, self.columns, strict=True):
            if one.figure is not None and one.figure.ends is not None and one.kind == "date":
                values["figure"]["ends"] = _written(one.figure.ends, one.kind)
        task = {"target": target.name, "task": target.task, "classes": list(target.classes)}
        if self.candidates:
            task = {"target": None, "task": None, "classes": [], "candidates": list(self.candidates)}
        return {"rows": self.rows, **task, "columns": columns, "notes": list(self.schema.notes)}

    def lines(self) -> list[str]:
        """A line a column, below what their parts are called."""
        rows = [HEAD, *(self._parts(one) for one in self.columns)]
        widths = [max(cell_len(row[place]) for row in rows) for place in range(len(HEAD))]
        said = [which_target(self.candidates), *self.schema.notes] if self.candidates else []
        return said + [
            "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]

    def _parts(self, one: ColumnView) -> tuple[str, ...]:
        gaps = round(one.missing * self.rows)
        missing = (f"{gaps:,} ({one.missing:.1%})" if gaps else "0") + (f" → {one.fill}" if one.fill else "")
        becomes = self.schema.target.task if one.becomes is None else f"{one.becomes:,}"
        return _cut(one.name), one.kind, _plain(missing), f"{one.different:,}", becomes, _plain(_values(one))


def _values(one: ColumnView) -> str:
    """How the values of a column are spread, or why it is left out, or some of them."""
    if one.why:
        return one.why
    if one.figure is None:
        return f"such as {', '.join(one.examples)}" if one.examples else ""
    if one.figure.ends is None:
        return _shares(one.figure, one.different)
    low, high = _written(one.figure.ends, one.kind)
    return f"{low} {draw(one.figure.counts)} {high}" if low != high else f"always {low}"


def _written(ends: tuple[float, float], kind: str) -> list[str]:
    """The lowest and the highest value, as people write them."""
    return [day_text(end) if kind == "date" else f"{short_number(end)}" for end in ends]


def draw(counts: Sequence[int]) -> str:
    """Counts as bars of one character each, of which the highest is of the largest count."""
    most, steps = max(counts), len(BARS) - 2
    return "".join(BARS[1 + count * steps // most] if count else BARS[0] for count in counts)


def _shares(figure: Figure, different: int) -> str:
    """The most frequent levels and their shares of the cells that have a value."""
    cells = sum(figure.counts) + figure.others
    shown = list(zip(figure.levels, figure.counts, strict=True))[:SHOWN]
    parts = [f"{level} {count / cells:.1%}" for level, count in shown]
    rest = cells - sum(count for _, count in shown)
    return ", ".join([*parts, *([f"{different - len(shown):,} others {rest / cells:.1%}"] if rest else [])])


def _plain(text: str) -> str:
    """A text in one line, without signs that a terminal obeys."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _cut(name: str) -> str:
    name = _plain(name)
    return name if cell_len(name) <= WIDTH else set_cell_size(name, WIDTH - 1).rstrip() + "…"


def look_at(data: str, data_dir: Path | None, schema: Schema, table: TableChoices | None) -> TableView:
    """The columns of a table, as it was read."""
    from linnet.schema.overview import overview

    frame, _ = _cells(data, data_dir, table)
    return TableView(len(frame), overview(frame, schema), schema)


def look_at_undecided(data: str, data_dir: Path | None, table: TableChoices | None) -> TableView | None:
    """The columns of a table of which several could be the target; None where they could not.

    Raises:
        FormatError: the table, or one of its columns, cannot be read.
    """
    from linnet.data.locate import find_tables
    from linnet.schema.outline import fit_columns
    from linnet.schema.overview import overview
    from linnet.schema.target import find_candidates

    is_said = table is not None and (table.target or table.formula or table.schema)
    files = find_tables(data, data_dir)
    if is_said or files is None or files.is_svmlight:
        return None
    frame, options = _cells(data, data_dir, table)
    if len(candidates := find_candidates(frame, options)) < 2:
        return None
    schema = fit_columns(frame, options, " or ".join(candidates))
    return TableView(len(frame), overview(frame, schema), schema, candidates)


def _cells(data: str, data_dir: Path | None, table: TableChoices | None) -> tuple[Any, TableOptions]:
    """The cells of a table, and what was said of it."""
    from linnet.config import TableOptions
    from linnet.data.formats.table_files import read_files
    from linnet.data.locate import find_tables

    files = find_tables(data, data_dir)
    assert files is not None, "they have been found"
    options = TableOptions() if table is None else TableOptions(**table.table)
    return read_files(files.train, options).frame, options
