"""LIBSVM text larger than memory: a pass tells labels and sections, whose rows are dense when read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.dataset import Dataset
from linnet.data.formats import pass_cache
from linnet.data.formats.encoding import PACKED
from linnet.data.formats.svmlight import check_options, whole_of
from linnet.data.formats.table_files import TableFiles
from linnet.data.split import Whole
from linnet.data.streamed import StreamedFeatures
from linnet.data.streams.row_files import mark_of
from linnet.data.streams.rows import StreamedRows
from linnet.data.streams.svmlight_sections import Scan, Section, SvmlightFile, scan
from linnet.data.streams.windows import find_sorted
from linnet.errors import FormatError, warn

KEPT = {"sections", "y", "indices"}
"""What the cache has of a file."""

WIDEST = 1 << 14
"""Features up to which rows are streamed: of more a window would hold too few to shuffle among."""


def read_streamed_svmlight(
    files: TableFiles,
    name: str,
    *,
    options: TableOptions,
    known: tuple[str, ...] | None = None,
    features: int | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Whole:
    """All rows of some files, of which the labels are held; see `svmlight.read_svmlight` for the arguments.

    Raises:
        FormatError: as there; or a file is packed, or its rows are too wide to be made dense.
    """
    check_options(options, name)
    if packed := [path for path in files.all if _is_packed(path)]:
        raise FormatError(
            f"{packed[0]} is packed, and a stream reads files from within: unpack it, or load it without "
            "--stream (stream=)"
        )

    def stack(several: Sequence[Scan], base: int, width: int) -> Any:
        if width > WIDEST:
            raise FormatError(
                f"{name} has {width:,} features, and a stream, whose rows are dense, takes {WIDEST:,}: "
                "load it without --stream (stream=), as sparse rows are compact in memory"
            )
        return StreamedFeatures(StreamedRows([SvmlightFile(one, base, width) for one in several]))

    parts = [[_scan(path) for path in paths] for paths in files.parts]
    for note in files.notes:
        say(note)
    whole = whole_of(parts, name, options=options, known=known, features=features, say=say, stack=stack)
    _warn_if_sorted(whole.rows, name)
    return whole


def _warn_if_sorted(rows: Dataset, name: str) -> None:
    """Warn where lines lie by their classes, and are shuffled only within what is held."""
    X: Any = rows.arrays.X
    found = find_sorted(X.rows, rows.arrays.labels) if rows.is_classification else None
    if found is not None:
        warn(
            f"the rows of {name} lie by their classes: of {len(rows.classes)} about {found.shown} are among "
            f"the {found.window:,} that are shuffled at a time. Training suffers: shuffle the lines of the "
            "file, or load it without --stream (stream=)"
        )


def _scan(path: Path) -> Scan:
    """What a pass over a file tells, from the cache where there was one before."""
    key = pass_cache.fingerprint([path], TableOptions(), is_split=False)
    if (kept := pass_cache.load_arrays(key)) is not None and set(kept) == KEPT:
        base, least, largest = kept["indices"].tolist()
        sections = [Section(*one) for one in kept["sections"].tolist()]
        return Scan(path, mark_of(path), sections, kept["y"], None if base < 0 else base, least, largest)
    found = scan(path)
    if pass_cache.fingerprint([path], TableOptions(), is_split=False) == key:  # and not changed meanwhile
        indices = np.array([-1 if found.base is None else found.base, found.least, found.largest])
        kept = {"sections": np.array(found.sections), "y": found.y, "indices": indices}
        pass_cache.save_arrays(key, kept)
    return found


def can_stream_svmlight(files: TableFiles) -> bool:
    """Whether files of LIBSVM text are plain, so that they can be read from within."""
    return not any(map(_is_packed, files.all))


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() in PACKED
