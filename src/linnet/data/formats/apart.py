"""Reads files of statistics packages in a process of its own, as damaged ones end the one that reads them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linnet.errors import FormatError
from linnet.schema.cells import Frame

START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from linnet.data.formats.apart import serve; serve()"
)
REFUSED = 3
"""The exit code where a file is not what it says, with the reason as the last line of errors."""

PATIENCE = 60.0
"""Seconds that a file may take, and one more for each of `PACE` bytes."""
PACE = 1 << 20

LABELS = b"labels"


def read_apart(way: str, source: bytes | Path, options: Mapping[str, Any]) -> tuple[Frame, dict[str, Any]]:
    """The cells of a file, and the labels of codes, [code, label] each, by column.

    Args:
        way: the function of pyreadstat that reads it.
        source: the file, or what stands in it.
        options: of that function.

    Raises:
        FormatError: it cannot be read, with the reason.
    """
    import pyarrow as pa

    is_file = isinstance(source, Path)
    size = source.stat().st_size if is_file else len(source)
    told = json.dumps({"way": way, "path": str(source) if is_file else None, "options": dict(options)})
    try:
        done = subprocess.run(
            [sys.executable, "-c", START, json.dumps(sys.path), told], input=b"" if is_file else source,
            capture_output=True, timeout=PATIENCE + size / PACE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise FormatError("it does not end") from error
    if done.returncode == REFUSED:
        raise FormatError(done.stderr.decode(errors="replace").strip().splitlines()[-1])
    if done.returncode:
        raise FormatError("it is damaged")
    table = pa.ipc.open_stream(done.stdout).read_all()
    return table.to_pandas(), json.loads((table.schema.metadata or {})[LABELS])


def serve() -> None:
    """Read a file as `read_apart` tells by the arguments, and write it to the standard output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # where a library that prints does no harm
    try:
        content = _read(json.loads(sys.argv[2]))
    except Exception as error:  # of whichever kind: the reason is all that is told
        print(" ".join(f"{error}".split()) or type(error).__name__, file=sys.stderr)
        sys.exit(REFUSED)
    with out:
        out.write(content)


def _read(told: Mapping[str, Any]) -> bytes:
    """A file's cells as a stream of Arrow, with the labels in its metadata."""
    import pyarrow as pa
    import pyreadstat

    source = told["path"] or io.BytesIO(sys.stdin.buffer.read())
    frame, about = getattr(pyreadstat, told["way"])(source, dates_as_pandas_datetime=True, **told["options"])
    labels = {name: list(map(list, values.items())) for name, values in about.variable_value_labels.items()}
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), LABELS: json.dumps(labels).encode()}
    )
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()
