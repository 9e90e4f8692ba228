"""Parses JSON bodies of rows by column name: objects, and the forms of MLflow's scoring server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from linnet.serve.parse import LONG, kind_of
from linnet.web.refusal import Refusal

Columns = Sequence[Sequence[Any]]
"""The cells of a schema's columns, in its order, N each."""

EXTRA = 1000
"""Keys of a row beside the model's columns, at most."""

WANTED = 'expected {"rows": [{"COLUMN": VALUE, …}, …]} and no other key'

TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
"""A string of JSON."""


def check_marks(content: bytes, columns: int, most: int) -> None:
    """Refuse a long text of more lists, objects or cells than rows may have, before they are made.

    Args:
        content: the body.
        columns: that a row has, raw or encoded.
        most: rows.

    Raises:
        Refusal: 422.
    """
    if len(content) < LONG:
        return
    if max(content.count(b"["), content.count(b"{")) > most + 3:
        content = TEXT.sub(b"", content)  # a text may have such marks within
    is_bomb = max(content.count(b"["), content.count(b"{")) > most + 3
    if is_bomb or content.count(b",") > (most + 1) * (columns + EXTRA):
        raise Refusal(422, f"expected 1 to {most:,} rows of {columns:,} columns, got more than that")


def columns_of(said: Any, names: Sequence[str], most: int) -> Columns | None:
    """The cells of rows by column name; None of a body that does not give rows so.

    Args:
        said: the body, as it was parsed.
        names: of the schema's columns.
        most: rows.

    Raises:
        Refusal: 422, it has no such rows, too many of them, or lacks a column.
    """
    if not isinstance(said, dict):
        return None
    form = next((form for form in FORMS if form in said), None)
    if form is None:
        return None
    found = said[form]
    if form == "rows" and not (isinstance(found, list) and found and isinstance(found[0], dict)):
        return None
    if others := [key for key in said if key != form]:
        raise Refusal(422, f"{WANTED}, got {others[0][:40]!r} beside {form}: leave it out")
    return FORMS[form](found, names, most)


def _of_records(rows: Any, names: Sequence[str], most: int) -> Columns:
    """The cells of [{"a": 1, "b": "x"}, …]."""
    if not isinstance(rows, list):
        raise Refusal(422, f"expected a list of objects, got {kind_of(rows)}")
    _check_count(len(rows), most)
    try:
        columns = [[row[name] for row in rows] for name in names]
    except (KeyError, TypeError, IndexError):
        raise Refusal(422, _fault(rows, names)) from None
    if max(map(len, rows)) > len(names) + EXTRA:
        raise Refusal(422, f"a row has at most {EXTRA:,} keys beside the model's {len(names):,} columns")
    return columns


def _fault(rows: list[Any], names: Sequence[str]) -> str:
    """Which row is no object of all columns."""
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            return f"row {place} is {kind_of(row)}, expected an object, as row 0 is one"
        if lacking := [name for name in names if name not in row]:
            near = {key.strip().casefold(): key for key in row}.get(lacking[0].strip().casefold())
            hint = f"; it has {near[:40]!r}" if near is not None else ""
            return (
                f"row {place} lacks the column {lacking[0]!r}{hint}: a cell without a value is sent as null"
            )
    raise AssertionError("rows that have all columns are taken")


def _of_split(split: Any, names: Sequence[str], most: int) -> Columns:
    """The cells of {"columns": ["a", "b"], "data": [[1, "x"], …]}."""
    if not isinstance(split, dict) or not {"columns", "data"} <= set(split) <= {"columns", "data", "index"}:
        raise Refusal(422, 'expected {"dataframe_split": {"columns": [NAME, …], "data": [[…], …]}}')
    given, rows = split["columns"], split["data"]
    if not (isinstance(given, list) and all(isinstance(name, str) for name in given)):
        raise Refusal(422, "the columns of dataframe_split are a list of names")
    if not isinstance(rows, list):
        raise Refusal(422, f"the data of dataframe_split are a list of lists, not {kind_of(rows)}")
    _check_count(len(rows), most)
    if len(given) > len(names) + EXTRA:
        raise Refusal(422, f"expected at most {EXTRA:,} columns beside the model's {len(names):,}")
    _check_names(given, names)
    for place, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(given):
            got = f"{len(row)} cells" if isinstance(row, list) else kind_of(row)
            raise Refusal(422, f"row {place} is {got}, expected a list of {len(given)} cells")
    places = [given.index(name) for name in names]
    return [[row[place] for row in rows] for place in places]


def _of_columns(columns: Any, names: Sequence[str], most: int) -> Columns:
    """The cells of {"a": [1, …], "b": ["x", …]}; a list is one of records, as MLflow takes it."""
    if isinstance(columns, list):
        return _of_records(columns, names, most)
    if not isinstance(columns, dict):
        raise Refusal(422, f"expected an object of lists by column, got {kind_of(columns)}")
    _check_names(list(columns), names)
    for name in names:
        if not isinstance(columns[name], list):
            raise Refusal(422, f"the column {name!r} is {kind_of(columns[name])}, expected a list of cells")
    lengths = {name: len(columns[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise Refusal(422, f"the columns have different numbers of cells: {str(lengths)[1:-1]:.200}")
    _check_count(lengths[names[0]], most)
    return [columns[name] for name in names]


FORMS: Mapping[str, Callable[[Any, Sequence[str], int], Columns]] = {
    "rows": _of_records, "dataframe_records": _of_records, "dataframe_split": _of_split,
    "inputs": _of_columns, "instances": _of_records,
}  # fmt: skip
"""What may hold rows by column name; all but the first as MLflow calls it."""


def _check_count(rows: int, most: int) -> None:
    if not 0 < rows <= most:
        raise Refusal(422, f"expected 1 to {most:,} rows, got {rows:,}")


def _check_names(given: list[str], names: Sequence[str]) -> None:
    if lacking := [name for name in names if name not in given]:
        raise Refusal(
            422, f"the rows lack the column {lacking[0]!r}: the model takes {', '.join(names):.400}"
        )
    if twice := [name for name in names if given.count(name) > 1]:
        raise Refusal(422, f"the column {twice[0]!r} is given twice")


def check_keys(content: bytes, said: Any) -> None:
    """Refuse a body in which an object has a key twice, of which orjson keeps the last.

    The quotes of the text are counted; where there are more than those of the keys and strings that were
    kept, or some that cannot be told from quotes within a string, it is read again with care.

    Raises:
        Refusal: 422, naming the key.
    """
    quotes = content.count(b'"')
    if b"\\" in content:
        quotes = -1 if b"\\\\" in content else quotes - content.count(b'\\"')
    try:
        if quotes != 2 * _count_texts(said):
            json.loads(content, object_pairs_hook=_check_pairs, parse_int=str, parse_float=str)
    except RecursionError:
        raise Refusal(422, "the body is nested too deep: a cell is one value") from None


def _check_pairs(pairs: list[tuple[str, Any]]) -> None:
    keys = set[str]()
    for key, _ in pairs:
        if key in keys:
            raise Refusal(422, f"an object has the key {key[:60]!r} twice: which is meant?")
        keys.add(key)


def _count_texts(said: Any) -> int:
    """The keys and strings of a value, level by level."""
    level, count = [said], 0
    while level:
        types = [*map(type, level)]
        count += types.count(str)
        objects = [cell for cell in level if type(cell) is dict] if dict in types else []
        lists = [cell for cell in level if type(cell) is list] if list in types else []
        count += sum(map(len, objects))
        level = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(lists)]
    return count
