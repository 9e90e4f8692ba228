"""Tables of numbers and of all kinds of columns as files, for tests of what stays in its files."""

from __future__ import annotations

import datetime
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from pyarrow import feather, parquet

from linnet.data.dataset import Dataset, Splits
from linnet.schema.schema import Schema


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


def make_mixed(rows: int, seed: int) -> pa.Table:
    """Columns of all kinds, with gaps, and a target of words or numbers that some rows lack."""
    rng = np.random.default_rng(seed)

    def gaps(cells: list[Any], share: float = 0.1) -> list[Any]:
        return [None if rng.random() < share else cell for cell in cells]

    words = np.array(["red", "green", "blue", "dark", "light", "old", "new", "fine", "large", "small"])
    days = [
        datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=int(h))
        for h in rng.integers(0, 90_000, rows)
    ]
    target = rng.choice(["yes", "no", "maybe"], rows, p=[0.5, 0.3, 0.2]).tolist()
    return pa.table({
        "id": pa.array(np.arange(rows)),
        "name": [f"no {k}" for k in range(rows)],
        "a": pa.array(gaps(rng.normal(size=rows).tolist()), pa.float64()),
        "b": rng.normal(size=rows).astype("float32"),
        "count": pa.array(gaps(rng.integers(0, 50, rows).tolist(), 0.02 * (seed % 3)), pa.int32()),
        "code": [f"{k:03d}" for k in rng.integers(0, 12, rows)],
        "colour": gaps(rng.choice(words[:6], rows).tolist(), 0.05 * (seed % 2)),
        "flag": pa.array(gaps(rng.integers(0, 2, rows).astype(bool).tolist())),
        "well": gaps(rng.choice(["yes", "no"], rows).tolist(), 0.03),
        "when": pa.array(gaps(days, 0.05), pa.timestamp("us")),
        "day": gaps([str(day.date()) for day in days], 0.05),
        "paid": [f"$ {k:,}.50" for k in rng.integers(1, 30000, rows)],
        "sentinel": rng.choice([-999.0, 1.0, 2.0, 3.5], rows),
        "text": [" ".join(rng.choice(words, 6)) for _ in range(rows)],
        "list": pa.array(rng.normal(size=(rows, 3)).astype("float32").tolist(), pa.list_(pa.float32(), 3)),
        "only": ["same"] * rows,
        "label": gaps(target, 0.03),
    })  # fmt: skip


def make_mixed_frame(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    """The mixed table without its list, and with texts that have line breaks and quotes."""
    frame = make_mixed(rows, seed).to_pandas().drop(columns=["list"])
    remarks = [f'say "{k}"\nand, more' if k % 3 else "none" for k in range(rows)]
    return frame.assign(note=[f"{text} {k % 50}" for k, text in enumerate(remarks)])


def write_text(frame: Any, name: str) -> str:
    """A frame as a file of CSV or of JSON lines, compressed where its name says so; the name."""
    text = (
        frame.to_csv(index=False)
        if ".csv" in name
        else frame.to_json(orient="records", lines=True, date_format="iso")
    )
    content = text.encode()
    Path(name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return name


def assert_same(own: Dataset | None, other: Dataset | None, *, is_exact: bool = True) -> None:
    """Rows and schemas are equal, what is said of the stream aside."""
    assert own is not None
    assert other is not None
    assert own.is_streamed
    assert known(own.schema) == known(other.schema)
    assert torch.equal(own.y, other.y)
    X = other.X[:] if other.is_sparse else other.X
    assert torch.equal(own.X[:].to(X.dtype), X)
    order = torch.randperm(len(own))[:50]
    assert torch.equal(own.X[order].to(X.dtype), X[order])


def assert_same_parts(here: Splits, memory: Splits) -> None:
    """That the parts of a stream of arrays, pictures or LIBSVM text are those of memory."""
    for own, other in zip(here, memory, strict=True):
        assert (own is None) == (other is None)
        if own is None or other is None:
            continue
        assert own.is_streamed
        assert torch.equal(own.X[:].double(), other.X[:].double())
        assert torch.equal(own.y, other.y)
        for name in ("classes", "columns", "target", "image_shape", "scale", "name"):
            assert getattr(own, name) == getattr(other, name), name


def known(schema: Schema | None) -> Schema:
    """A schema that is there."""
    assert schema is not None
    return schema
