"""`are_complete`: what the footers of Parquet files tell of their columns without a row being read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from linnet.data.streams.arrow_rows import is_parquet, open_parquet


def are_complete(path: Any, names: Iterable[str]) -> bool:
    """Whether a file's footer says that columns hold whole numbers, none of them missing.

    Args:
        path: of the file.
        names: of the columns.
    """
    import pyarrow as pa

    wanted = set(names)
    if not isinstance(path, Path) or not path.is_file() or not is_parquet(path):
        return False
    with open_parquet(path) as file:
        schema, footer = file.schema_arrow, file.metadata
        if any(
            name not in schema.names or not pa.types.is_integer(schema.field(name).type) for name in wanted
        ):
            return False
        groups = (footer.row_group(number) for number in range(footer.num_row_groups))
        chunks = (group.column(place) for group in groups for place in range(group.num_columns))
        found = [one.statistics for one in chunks if one.path_in_schema in wanted]
    return all(one is not None and one.has_null_count and not one.null_count for one in found)
