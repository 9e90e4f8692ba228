"""`read_json_lines`: an object a row, with the digits of its numbers."""

from __future__ import annotations

import io
import json
from typing import Any

from linnet.data.formats.text_table import TextTable
from linnet.data.formats.whole_numbers import restore_long
from linnet.errors import FormatError
from linnet.schema.cells import Frame


def read_json_lines(content: bytes, name: str) -> TextTable:
    """JSON lines, an object a row.

    Args:
        content: of the file.
        name: what to call it.

    Raises:
        FormatError: it is something else.
    """
    import pandas as pd

    try:
        as_written: Any = {"dtype": False, "lines": True, "precise_float": True}
        if pd.__version__ < "3":  # later dtype=False leaves dates as they are
            as_written["convert_dates"] = False
        try:
            frame: Frame = pd.read_json(io.BytesIO(content), **as_written)
        except ValueError as error:
            if "Range error" not in str(error):
                raise
            frame = _read_by_line(content)
    except (ValueError, OverflowError) as error:
        raise FormatError(f"{name} is not JSON lines, an object a row: {error}") from error
    return TextTable(restore_long(frame, content))


def _read_by_line(content: bytes) -> Frame:
    """JSON lines by Python's reader, as that of pandas, if precise, refuses numbers below 2.3e-308."""
    import pandas as pd

    rows = [json.loads(line) for line in content.decode("utf-8-sig").split("\n") if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("a line is no object")
    return pd.DataFrame(rows)
