"""Rows of tables, file after file, some at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from linnet.config.table import TableOptions
from linnet.data.formats.frames import iter_frames
from linnet.data.streams.pieces import Piece

STANDARD_INPUT = "the standard input"


def iter_tables(
    files: Mapping[str, Path | io.BytesIO], options: TableOptions, columns: Sequence[str]
) -> Iterator[Piece]:
    """The rows of some tables; of a table without rows one piece without.

    Args:
        files: by what they are called, in order; CSV in memory may be one.
        options: what they do not tell by themselves.
        columns: that are wanted of each.

    Raises:
        FormatError: one is no table.
    """
    for name, source in files.items():
        before = 0
        for frame in iter_frames(source, options, columns):
            yield Piece(name, frame, before)
            before += len(frame)
