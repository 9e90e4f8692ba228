"""`JsonBlocks`: JSON lines some rows at a time, whose columns are what all rows show them to be."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.formats.blocks import Kind
from linnet.data.formats.json_lines import read_json_lines
from linnet.data.formats.line_blocks import LineBlocks
from linnet.data.formats.plain import plain_frame
from linnet.data.streams.pieces import Rejected
from linnet.errors import FormatError
from linnet.schema.cells import Cells, Frame


class JsonBlocks(LineBlocks):
    """JSON lines, an object a row.

    Args:
        path: of the file, which may be packed: then it is one section.
        options: what was said of the table.
        known: as `LineBlocks` takes it.
    """

    def __init__(self, path: Path, options: TableOptions, known: Any = None) -> None:
        is_lenient = options.errors in ("skip", "quarantine")
        super().__init__(path, 0, known, is_lenient=is_lenient, has_quotes=False)
        self.kinds = {}
        if known is not None:
            self.kinds = dict(known["kinds"])
            return
        self._found = dict[str, set[Kind]]()
        self.scan_(0)
        self.kinds = {
            name: "number" if kinds <= {"number"} else "cells" for name, kinds in self._found.items()
        }

    @property
    def state(self) -> dict[str, Any]:
        """See `TableBlocks.state`."""
        return {**super().state, "kinds": dict(self.kinds)}

    def take_as_cells_(self, name: str) -> None:
        """See `TableBlocks.take_as_cells_`."""
        self.kinds = {**self.kinds, name: "cells"}

    def count(self, piece: bytes, row: int, line: int, rejected: list[Rejected]) -> int:
        """See `LineBlocks.count`."""
        kept, wrong = _objects(piece)
        if wrong and not self.is_lenient:
            at, reason = next(iter(wrong.items()))
            raise FormatError(
                f"{self.path} is not JSON lines, an object a row: line {line + at + 1:,} {reason}"
            )
        places = [(f"line {line + at + 1:,}", reason) for at, reason in wrong.items()]
        rejected += [Rejected(str(self.path), place, reason) for place, reason in places]
        frame = self._frame(kept)
        for name, cells in frame.items():
            known = self._found.setdefault(str(name), set())
            if not cells.isna().all():
                known.add(_kind(cells))
        return len(frame)

    def _frame(self, content: bytes) -> Frame:
        import pandas as pd

        if not content.strip():
            return pd.DataFrame()
        return plain_frame(read_json_lines(content, str(self.path)).frame, str(self.path))

    def parse(self, piece: bytes, wanted: Collection[str]) -> tuple[Frame, dict[int, str]]:
        """See `LineBlocks.parse`."""
        import pandas as pd

        frame = self._frame(_objects(piece)[0] if self.rejected else piece)
        columns = dict[str, Cells]()
        for name in wanted:
            cells = frame[name] if name in frame else pd.Series([None] * len(frame), dtype=object)
            if self.kinds[name] == "number":
                cells = pd.Series(cells.to_numpy(np.float64, na_value=np.nan))
            elif _kind(cells) == "number":  # here alone
                cells = cells.astype(object).where(cells.notna(), None)
            columns[name] = cells
        return pd.DataFrame(columns, index=range(len(frame)), copy=False), {}


def _kind(cells: Cells) -> Kind:
    return "number" if cells.dtype.kind in "iuf" or str(cells.dtype) == "Int64" else "cells"


def _objects(piece: bytes) -> tuple[bytes, dict[int, str]]:
    """The lines of a piece that are objects, and why others are none, by their places."""
    kept, wrong = list[bytes](), dict[int, str]()
    for at, line in enumerate(piece.split(b"\n")):
        if not line.strip():
            continue
        try:
            found = json.loads(line.decode("utf-8-sig"))
        except (ValueError, UnicodeDecodeError) as error:
            wrong[at] = f"cannot be read: {error}"
            continue
        if isinstance(found, dict):
            kept.append(line)
        else:
            wrong[at] = "is no object"
    return b"\n".join(kept), wrong
