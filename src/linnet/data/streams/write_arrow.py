"""Tables as Arrow files without compression, the form that streams fastest: all in one, or one for each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from linnet.data.streams.arrow_rows import batches_of, check_types, open_arrow
from linnet.data.streams.arrow_sources import ArrowSource, open_sources
from linnet.errors import FormatError, UsageError
from linnet.files import check_free, hexdigest, replacing

SUFFIXES = (".arrow", ".feather", ".ipc")

Progress = Callable[[int, int], object]


def is_arrow(path: Path) -> bool:
    """Whether a file's suffix is Arrow's."""
    return path.suffix.lower() in SUFFIXES


def write_arrow(paths: Sequence[Path], out: Path, progress: Progress = lambda done, total: None) -> int:
    """Write the rows of some files, all their columns, into one; how many there are.

    Columns of dictionaries become columns of their values, as an Arrow file has one dictionary a column. Of
    text and JSON lines columns of numbers are float64, others text.

    Args:
        paths: tables that can be streamed, of the same columns.
        out: the file, which is there when it is whole.
        progress: called with the bytes of the files that were read, and all of them.

    Raises:
        UsageError: there is something at `out`.
        FormatError: a file cannot be read, or its columns are not those of the first; or what stands in
            the new file is not what was written.
        OSError: the disk is full.
    """
    check_free(out)
    sources = open_sources(paths)
    for source in sources:
        check_types(source.path, source.schema, sources[0].path, sources[0].schema)
    return _write(sources, out, progress)


def write_each(paths: Sequence[Path], folder: Path, progress: Progress = lambda done, total: None) -> int:
    """Write some files into a folder, as an Arrow file each; how many rows all have.

    Files of an earlier call, which may have been killed, stay where they are of the same rows and columns, so
    that it goes on with the next one.

    Args:
        paths: as `write_arrow` takes them.
        folder: which is made when missing.
        progress: as `write_arrow` takes it.

    Raises:
        UsageError: two files would have one name; or a file is there that is none of the same rows.
        FormatError, OSError: as `write_arrow`.
    """
    outs = [folder / f"{path.name.split('.')[0]}.arrow" for path in paths]
    if twice := next((out for out in outs if outs.count(out) > 1), None):
        raise UsageError(f"several files would be {twice}: convert one folder after the other")
    sources = open_sources(paths)
    for source in sources:
        check_types(source.path, source.schema, sources[0].path, sources[0].schema)
    sizes = [path.stat().st_size for path in paths]
    before, rows = 0, 0
    for source, out, size in zip(sources, outs, sizes, strict=True):
        if out.exists():
            _check_same(source, out)
            rows += source.rows
        elif source.rows:
            rows += _write([source], out, lambda done, _, low=before: progress(low + done, sum(sizes)))
        before += size
    progress(before, before)
    return rows


def _check_same(source: ArrowSource, out: Path) -> None:
    """Refuse a file that is not of the rows of another, as far as their number, columns and times tell."""
    advice = "move it away, or give another folder"
    if source.path.stat().st_mtime_ns > out.stat().st_mtime_ns:
        raise UsageError(f"{out} is there already, and older than {source.path}: {advice}")
    own = open_arrow(out)
    if own.schema.names != source.wanted.names or _count(out) != source.rows:
        raise UsageError(f"{out} is there already, and has not the rows of {source.path}: {advice}")


def _write(sources: Sequence[ArrowSource], out: Path, progress: Progress) -> int:
    import pyarrow as pa

    wanted = sources[0].wanted
    sizes = [source.path.stat().st_size for source in sources]
    before, rows = 0, 0
    with replacing(out) as file:
        hashed = _Hashed(file)
        with pa.ipc.new_file(hashed, wanted) as writer:
            for source, size in zip(sources, sizes, strict=True):
                own = 0
                for batch in source.batches():
                    writer.write_table(pa.Table.from_batches([batch]).select(wanted.names).cast(wanted))
                    own += batch.num_rows
                    progress(before + size * own // max(1, source.rows), sum(sizes))
                rows, before = rows + own, before + size
        if not rows:
            raise UsageError(f"{sources[0].path} has no rows to write")
        check_free(out)  # again: somebody may have put a file there while this one was written
    check_written(out, rows, hashed.digest.hexdigest())
    return rows


class _Hashed:
    """A file whose bytes are hashed as they are written."""

    closed = False

    def __init__(self, file: Any) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def tell(self) -> int:
        return self._file.tell()


def check_written(out: Path, rows: int, digest: str | None = None) -> None:
    """Refuse a file that has not what was written, of which it is read once more.

    Args:
        out: the file.
        rows: that were written.
        digest: SHA-256 of what was; None to count rows alone.

    Raises:
        FormatError: it has others.
    """
    if digest is not None and hexdigest(out) != digest:
        raise FormatError(f"{out} has not the bytes that were written: look at the disk, and convert again")
    found = _count(out)
    if found != rows:
        raise FormatError(f"{out} has {found:,} rows, and {rows:,} were written: the disk may be full")


def _count(out: Path) -> int:
    return sum(batch.num_rows for batch in batches_of(open_arrow(out)))
