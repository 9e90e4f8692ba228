"""`open_blocks`: the files of a table as blocks of cells, by the formats that can be streamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.formats.arrow_blocks import ArrowBlocks, ParquetBlocks
from linnet.data.formats.blocks import TableBlocks
from linnet.data.formats.encoding import PACKED
from linnet.data.formats.json_blocks import JsonBlocks
from linnet.data.formats.text_blocks import TextBlocks
from linnet.data.streams.arrow_rows import check_types
from linnet.errors import FormatError

TEXT = (".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".data")
JSON = (".jsonl", ".ndjson")

Opener = Callable[[Path, TableOptions, Any], TableBlocks]
"""Opens a file, by what was said of it, and by what was known of it after it was read before."""

OPENERS: Mapping[str, Opener] = {
    **dict.fromkeys((".parquet", ".pq"), lambda path, options, known: ParquetBlocks(path)),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), lambda path, options, known: ArrowBlocks(path)),
    **{f"{suffix}{packed}": TextBlocks for suffix in TEXT for packed in ("", *PACKED)},
    **{f"{suffix}{packed}": JsonBlocks for suffix in JSON for packed in ("", *PACKED)},
}
"""By the suffix of a file, that of a packed one with the one before."""


def suffix_of(path: Path) -> str:
    """A file's suffix; of one that is packed the one before, too."""
    last = path.suffix.lower()
    return path.with_suffix("").suffix.lower() + last if last in PACKED else last


def open_blocks(
    paths: Sequence[Path], options: TableOptions, states: Sequence[Any] | None = None
) -> list[TableBlocks]:
    """The files of a table, whose columns are alike.

    Args:
        paths: of the files.
        options: what they do not tell by themselves.
        states: what was known of each after it was read before; None where nothing was.

    Raises:
        FormatError: a file cannot be read, or its columns are not those of the first.
    """
    known = states or [None] * len(paths)
    files = [OPENERS[suffix_of(path)](path, options, one) for path, one in zip(paths, known, strict=True)]
    for file in files[1:]:
        _check_alike(file, files[0])
    # A column of numbers in one file may have words in another: then it is of cells in all.
    for name in files[0].kinds:
        if len({file.kinds[name] for file in files}) > 1:
            for file in files:
                if file.kinds[name] == "number":
                    file.take_as_cells_(name)
    return files


def _check_alike(file: TableBlocks, first: TableBlocks) -> None:
    if file.schema is not None and first.schema is not None:
        check_types(file.path, file.schema, first.path, first.schema)
    for name in first.kinds:
        if name not in file.kinds:
            raise FormatError(f"{file.path} has no column {name}, as {first.path} has")
        if file.widths.get(name, 0) != first.widths.get(name, 0):
            raise FormatError(
                f"the lists of {name} have {file.widths.get(name)} numbers in {file.path} and "
                f"{first.widths.get(name)} in {first.path}"
            )
    if strange := next((name for name in file.kinds if name not in first.kinds), None):
        raise FormatError(f"{file.path} has a column {strange}, which {first.path} has not")
