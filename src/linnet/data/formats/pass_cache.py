"""What was counted of a table's rows, kept in the cache folder for as long as its files are the same."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

import linnet.files
from linnet.config.table import TableOptions
from linnet.data.formats.streamed_schema import Described
from linnet.data.streams.pieces import Rejected
from linnet.errors import FormatError
from linnet.schema.schema import Schema

FORMAT = 1
"""Of what is kept, and of how it is counted: what was kept of another is counted anew."""

ENDS, KEPT = 1 << 16, 64
"""Bytes at either end of a file that its fingerprint is of, and files of the cache that stay."""

FOLDER = "LINNET_CACHE"
"""The variable that says where the cache is kept."""


def cache_folder() -> Path:
    """Where what was counted is kept."""
    return Path(os.environ.get(FOLDER) or platformdirs.user_cache_dir("linnet")) / "streams"


def fingerprint(paths: Sequence[Path], options: TableOptions, *, is_split: bool) -> str:
    """SHA-256 of what tells files and options from others.

    These are the files' names, sizes and times of change, and their beginnings and ends, where Parquet and
    Arrow have what they say of all rows.

    Args:
        paths: of the files.
        options: what was said of the table.
        is_split: whether rows to test on are held out.
    """
    told = hashlib.sha256(f"{FORMAT} {is_split} {json.dumps(options.table, sort_keys=True)}".encode())
    for path in paths:
        found = path.stat()
        told.update(f"{path.resolve()} {found.st_size} {found.st_mtime_ns}".encode())
        with path.open("rb") as file:
            told.update(file.read(ENDS))
            file.seek(max(0, found.st_size - ENDS))
            told.update(file.read(ENDS))
    return told.hexdigest()


def load(key: str) -> tuple[Described, list[Any]] | None:
    """What was kept under a fingerprint, and what the files' readers know; None where nothing whole is."""
    if (arrays := load_arrays(key)) is None:
        return None
    try:
        values = json.loads(bytes(arrays["values"]))
        kept = np.unpackbits(arrays["kept"], count=values["rows"]).astype(bool)
        is_test = None
        if "is_test" in arrays:
            is_test = np.unpackbits(arrays["is_test"], count=int(kept.sum())).astype(bool)
        y = arrays["y"].astype(np.int64 if values["has_classes"] else np.float64)
        rejected = tuple(Rejected(*one) for one in values["rejected"])
        schema = Schema.from_json(values["schema"])
        return Described(schema, kept, y, is_test, values["has_gaps"], rejected), values["states"]
    except (ValueError, KeyError, TypeError, FormatError):  # it is made anew
        return None


def load_arrays(key: str) -> dict[str, NDArray[Any]] | None:
    """The arrays that were kept under a fingerprint; None where nothing whole is."""
    place = cache_folder() / key
    try:
        content = place.read_bytes()
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            return None
        with np.load(io.BytesIO(content[32:]), allow_pickle=False) as arrays:
            found = dict(arrays)
        with contextlib.suppress(OSError):
            os.utime(place)
        return found
    except (OSError, ValueError):
        return None


def save(key: str, found: Described, states: Sequence[Any]) -> None:
    """Keep what was counted; where the folder cannot be written, it is counted again next time.

    Args:
        key: a fingerprint.
        found: what was counted.
        states: what the files' readers know of them.
    """
    values = {
        "schema": found.schema.to_json(), "rows": len(found.kept), "has_gaps": found.has_gaps,
        "has_classes": bool(found.schema.target.classes), "states": list(states),
        "rejected": [[one.file, one.place, one.reason] for one in found.rejected],
    }  # fmt: skip
    y = found.y
    if found.schema.target.classes:
        y = y.astype(np.min_scalar_type(max(1, len(found.schema.target.classes) - 1)))
    arrays = {"values": np.frombuffer(json.dumps(values).encode(), np.uint8), "y": y}
    arrays["kept"] = np.packbits(found.kept)
    if found.is_test is not None:
        arrays["is_test"] = np.packbits(found.is_test)
    save_arrays(key, arrays)


def save_arrays(key: str, arrays: Mapping[str, Any]) -> None:
    """Keep arrays under a fingerprint, where the folder can be written."""
    out = io.BytesIO()
    np.savez(out, **arrays)
    content = out.getvalue()
    with contextlib.suppress(OSError):
        linnet.files.write(cache_folder() / key, hashlib.sha256(content).digest() + content)
        _sweep()


def _sweep() -> None:
    """Remove what was not used for longest, of more than `KEPT`."""
    found = sorted(cache_folder().iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[KEPT:]:
        path.unlink()
