"""Tables of numbers as Parquet and Arrow files, for tests of what stays in its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import feather, parquet


def make_table(rows: int, features: int = 6, classes: int = 3, seed: int = 0, kind: str = "float32") -> Any:
    """A column of lists that tell the classes, each row with its number as the first of them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, rows)
    X = rng.normal(size=(rows, features)) + y[:, None]
    X[:, 0] = np.arange(rows) % 2048  # which float16 holds
    flat = pa.array(X.astype(kind).ravel())
    lists = pa.FixedSizeListArray.from_arrays(flat, features)
    return pa.table({"embedding": lists, "label": np.array([f"class {k}" for k in range(classes)])[y]})


def features_of(table: Any) -> np.ndarray:
    """The lists of `make_table`, (N, D)."""
    cells = table["embedding"].combine_chunks()
    return cells.flatten().to_numpy(zero_copy_only=False).reshape(len(table), -1)


def write(table: Any, path: Path, group: int = 100) -> Path:
    """The table as a file, by its suffix: Parquet, Arrow as it is (.arrow) or compressed (.feather)."""
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=group)
    else:
        how = "uncompressed" if path.suffix == ".arrow" else "lz4"
        feather.write_feather(table, path, compression=how, chunksize=group)
    return path
