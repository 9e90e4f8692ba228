"""Rows of a stream that cannot be read: left out, or written aside, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linnet import files
from linnet.config.table import TableOptions
from linnet.data.streams.pieces import Rejected
from linnet.dist.processes import job
from linnet.errors import UsageError, warn

REJECTS = "rejected.csv"
"""The end of the name of a file that takes rows which cannot be read."""


def set_apart(rejected: Sequence[Rejected], name: str, options: TableOptions) -> None:
    """Say how many rows were left out, and write them aside where that was asked.

    Args:
        rejected: the rows.
        name: of the data.
        options: what was said of them.

    Raises:
        UsageError: another file stands where they are to be written.
    """
    if not rejected:
        return
    first, n = rejected[0], f"{len(rejected):,} row{'s' * (len(rejected) != 1)}"
    where = ""
    if options.errors == "quarantine":
        out = rejects_of(name)
        if job().is_first:
            _write(rejected, out)
        where = f" and {'is' if len(rejected) == 1 else 'are'} in {out}"
    warn(
        f"{n} of {name} could not be read{where}: the first is {first.place} of {first.file}, which "
        f"{first.reason}"
    )


def rejects_of(name: str) -> Path:
    """The file that takes the rows of some data which cannot be read, in the working folder."""
    path = Path(name)
    magic = next((at for at, part in enumerate(path.parts) if set(part) & set("*?[")), len(path.parts))
    stem = Path(*path.parts[:magic]).resolve().name if magic else "data"
    return Path(f"{stem}.{REJECTS}")


def _write(rejected: Sequence[Rejected], out: Path) -> None:
    """Write rows as `linnet predict` does those that are no cells of a table: file, place, reason."""
    import pandas as pd

    rows = pd.DataFrame(
        [(one.file, one.place, one.reason) for one in rejected], columns=["file", "place", "reason"]
    )
    content = rows.to_csv(index=False, lineterminator="\n").encode()
    if out.exists() and not out.read_bytes().startswith(b"file,place,reason\n"):
        raise UsageError(
            f"there is a file {out} already, where rejected rows are to be written: move it away"
        )
    files.write(out, content)
