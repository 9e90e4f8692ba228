"""What a part of a table in a file of its own is checked for, and what is to be said of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.formats.row_columns import read_row_columns
from linnet.i18n import say, say_number
from linnet.schema.category import Category, as_text
from linnet.schema.cells import Frame
from linnet.schema.schema import Schema
from linnet.schema.target import check_counts

LISTED = 3
"""Groups or levels that a note names."""


def check_part(frame: Frame, schema: Schema) -> None:
    """Refuse counts that are none.

    Args:
        frame: the cells of the part.
        schema: of the rows to train on.

    Raises:
        FormatError: naming the column.
    """
    if schema.target.task == "counts":
        check_counts(schema.target.numbers(frame[schema.target.name]), schema.target.name)


def describe_part(
    frame: Frame, beside: dict[str, Any], train: Frame, schema: Schema, options: TableOptions
) -> list[str]:
    """What is to be said of a part: groups that training has, too, earlier rows, levels not seen.

    Args:
        frame: its cells.
        beside: weights, groups and times of its rows.
        train: the cells of the rows to train on.
        schema: of these.
        options: what was said of the table.
    """
    return [
        *_shared_groups(frame, train, options),
        *_earlier(beside, train, options),
        *_unseen(frame, schema),
    ]


def _shared_groups(frame: Frame, train: Frame, options: TableOptions) -> list[str]:
    name = options.groups
    if name is None or name not in frame.columns or name not in train.columns:
        return []
    groups = set(as_text(frame[name]))
    shared = sorted(groups & set(as_text(train[name])))
    if not shared:
        return []
    n, of = f"{len(shared):,}", f"{len(groups):,}"
    return [say("schema.note.shared_groups", "en", n=n, of=of, name=name, shown=_list(shared))]


def _earlier(beside: dict[str, Any], train: Frame, options: TableOptions) -> list[str]:
    if "times" not in beside or options.time not in train.columns:
        return []
    last = read_row_columns(train, TableOptions(time=options.time, date_order=options.date_order))["times"]
    early = int((beside["times"] < np.max(last)).sum())
    if not early:
        return []
    of = f"{len(beside['times']):,}"
    return [say("schema.note.earlier", "en", n=f"{early:,}", of=of, name=options.time)]


def _unseen(frame: Frame, schema: Schema) -> list[str]:
    found = list[str]()
    for column in schema.columns:
        if not isinstance(column, Category) or column.name not in frame.columns:
            continue
        cells = frame[column.name]
        if count := int((strange := column.find_strange(cells)).sum()):
            levels = sorted(set(as_text(cells[strange])))
            key = f"schema.note.unseen{'_rare' * column.has_other}"
            found.append(say_number(key, "en", count, name=column.name, levels=_list(levels)))
    return found


def _list(names: list[str]) -> str:
    return ", ".join(names[:LISTED]) + (", …" if len(names) > LISTED else "")
