"""Tables that are read from their files whenever rows are wanted, by a schema that all their rows tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.dataset import Dataset, Splits
from linnet.data.formats import pass_cache
from linnet.data.formats.blocks import TableBlocks, source_of
from linnet.data.formats.counted_pass import Progress
from linnet.data.formats.encoded_rows import EncodedFile
from linnet.data.formats.open_blocks import OPENERS, open_blocks, suffix_of
from linnet.data.formats.other_parts import join_parts, read_other_parts, say_bare
from linnet.data.formats.rejected_rows import set_apart
from linnet.data.formats.streamed_schema import Described, describe_rows, read_targets
from linnet.data.formats.table_files import TableFiles
from linnet.data.locate import find_tables
from linnet.data.split import TEST_FRACTION, Whole
from linnet.data.streamed import StreamedFeatures
from linnet.data.streams.arrow_rows import Columns
from linnet.data.streams.row_files import RowFile, open_rows
from linnet.data.streams.rows import StreamedRows
from linnet.data.streams.windows import find_sorted
from linnet.errors import DataNotFoundError, FormatError, UsageError, warn
from linnet.i18n import say
from linnet.schema.schema import Schema

LEFT = ("formula", "groups", "time", "schema", "exposure", "sample_weight")
"""What may be said of a table in memory alone."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StreamedTable(Whole):
    """All rows of a table that stay in its files.

    Args:
        options: what was said of it.
        has_parts: whether its files are of several parts.
    """

    options: TableOptions
    has_parts: bool = False

    def splits(self, *, hold_out: bool = True) -> Splits:
        """See `Whole.splits`; levels, medians and words are those of the rows to train on."""
        if self.options.split == "none":
            return Splits(_note_split(self.rows, {"by": "none"}))
        found = super().splits(hold_out=hold_out)
        if found.test is None or not hold_out or self.has_parts:
            return found
        by = "stratified" if self.rows.is_classification else "random"
        said = {"by": by, "train": len(found.train), "test": len(found.test)}
        return Splits(_note_split(found.train, said), _note_split(found.test, said))


def _note_split(rows: Dataset, split: Mapping[str, Any]) -> Dataset:
    assert rows.schema is not None
    return rows.replace(schema=dataclasses.replace(rows.schema, split=split))


def read_streamed(
    files: TableFiles,
    name: str,
    options: TableOptions,
    schema: Schema | None = None,
    *,
    is_split: bool = False,
    progress: Progress = lambda done, total: None,
    tell: Callable[[str], None] = lambda text: None,
) -> Whole:
    """The rows of a table's files, of which the target alone is held in memory.

    Args:
        files: of it, Parquet, Arrow, text or JSON lines.
        name: what to call it.
        options: what it does not tell by itself.
        schema: of the model whose rows these are.
        is_split: whether rows to test on are held out, by the others of which the schema is fitted.
        progress: called with the bytes of the files that were read, and all of them.
        tell: called with a sentence where what was counted is from the cache.

    Raises:
        FormatError: a file is none of these, or it is not clear how it is to be read.
        UsageError: something is said of it that a stream does not take.
    """
    _check(files, name, options)
    if schema is None:
        is_held_out = is_split and not files.has_parts
        blocks, found = _describe(files, name, options, is_held_out, progress, tell)
        if note := say_bare(files, found.schema, options):
            files, is_held_out = dataclasses.replace(files, test=()), is_split and not files.validation
            blocks, found = _describe(files, name, options, is_held_out, progress, tell)
            found = _note(found, note)
    else:
        blocks = open_blocks(files.train, options)
        found = read_targets(blocks, name, schema, options)
    blocks, found = join_parts({"train": (blocks, found), **read_other_parts(files, found.schema, options)})
    set_apart(found.rejected, name, options)
    rows = StreamedRows(_open(blocks, found), None if found.kept.all() else found.kept)
    target = found.schema.target
    features: Any = StreamedFeatures(rows)
    y: Any = found.y
    dataset = Dataset(
        features, y, name, classes=target.classes, source=name, target=target.what,
        columns=found.schema.features, schema=found.schema,
    )  # fmt: skip
    if target.classes and not rows.is_mapped:
        _warn_if_sorted(dataset.arrays.labels, rows, name, blocks[0].unit)
    size = None if options.split == "none" else options.test_size
    size = TEST_FRACTION if size is None and options.split != "none" else size
    return StreamedTable(
        dataset, found.is_test, found.is_validation, test_size=size, options=options,
        has_parts=found.is_validation is not None,
    )  # fmt: skip


def _describe(
    files: TableFiles, name: str, options: TableOptions, is_split: bool, progress: Progress,
    tell: Callable[[str], None],
) -> tuple[list[TableBlocks], Described]:  # fmt: skip
    """The files and what their rows tell, from the cache where they were counted before."""
    key = pass_cache.fingerprint(files.train, options, is_split=is_split)
    if (kept := pass_cache.load(key)) is not None:
        found, states = kept
        blocks = open_blocks(files.train, options, states)
        if len(found.kept) == sum(file.rows for file in blocks):
            # Said, and no note of the schema, which is the same when a run is done again.
            tell(f"{name}: {say('schema.note.counted_before', 'en')}")
            return blocks, found
    blocks = open_blocks(files.train, options)
    more = dict.fromkeys(note for file in blocks for note in file.notes)
    found = describe_rows(
        blocks, name, options, notes=(*files.notes, *more), is_split=is_split, progress=progress
    )
    if pass_cache.fingerprint(files.train, options, is_split=is_split) == key:  # and not changed meanwhile
        pass_cache.save(key, found, [file.state for file in blocks])
    return blocks, found


def _note(found: Described, note: str) -> Described:
    schema = dataclasses.replace(found.schema, notes=(*found.schema.notes, note))
    return dataclasses.replace(found, schema=schema)


def _open(blocks: Sequence[TableBlocks], found: Described) -> list[RowFile]:
    """The files of rows: as they stand where all are plain numbers of Parquet or Arrow, or else encoded."""
    columns = [one for file in blocks if (one := _plain_columns(file, found)) is not None]
    opened, before = list[RowFile](), 0
    if len(columns) == len(blocks) and all(one == columns[0] for one in columns):
        opened = [open_rows(file.path, columns[0]) for file in blocks]
        for own, file in zip(opened, blocks, strict=True):
            own.mark = file.mark  # it may have been changed since its rows were counted
        return opened
    for file in blocks:
        bad = ~found.kept[before : before + file.rows]
        opened.append(EncodedFile(file, found.schema, bad if bad.any() else None))
        before += file.rows
    return opened


def _plain_columns(file: TableBlocks, found: Described) -> Columns | None:
    """The columns of a file whose numbers are features as they stand; None where they have to be encoded."""
    if found.has_gaps or found.rejected or not found.schema.is_plain:
        return None
    sources = [source_of(one.name, file.kinds)[0] for one in found.schema.columns]
    columns = file.plain_columns(list(dict.fromkeys(sources)))
    if columns is None or columns.features != len(found.schema.columns):
        return None
    names = [one for source in dict.fromkeys(sources) for one in file.names_of(source)]
    return columns if names == [one.name for one in found.schema.columns] else None


def find_streamable(name: str, folder: Path | str | None = None) -> tuple[Path, ...]:
    """The tables that a name means and that can be streamed, in order.

    Raises:
        DataNotFoundError: there is nothing.
        FormatError: they are none of these.
    """
    files = find_tables(name, folder, is_whole=True)
    if files is None:
        raise DataNotFoundError(f"no table at {Path(folder or '') / name}")
    _check_formats(files)
    return files.train


def can_stream(files: TableFiles) -> bool:
    """Whether all files of a table are of a format that can be streamed."""
    return all(suffix_of(path) in OPENERS for path in files.all)


def _check_formats(files: TableFiles) -> None:
    if wrong := [path for path in files.all if suffix_of(path) not in OPENERS]:
        raise FormatError(
            f"{wrong[0]} cannot be streamed, which {', '.join(OPENERS)} can: load it without --stream "
            "(stream=), or write it as one of them"
        )


def _check(files: TableFiles, name: str, options: TableOptions) -> None:
    """Refuse files that cannot be streamed, and what is said of a table that a stream does not take."""
    _check_formats(files)
    if said := next((one for one in LEFT if getattr(options, one) is not None), None):
        raise UsageError(f"{said} is of a table in memory: leave it out, or load {name} without --stream")


def _warn_if_sorted(classes: Any, rows: StreamedRows, name: str, unit: str) -> None:
    """Warn where rows lie by their classes, and cannot be read from all over their files."""
    if (found := find_sorted(rows, classes)) is not None:
        lanes = f"{unit} is" if rows.lanes == 1 else f"{rows.lanes} {unit}s are"
        warn(
            f"the rows of {name} lie by their classes: of {len(np.unique(classes))} about {found.shown} are "
            f"among the {found.window:,} that are shuffled at a time, as {lanes} read side by side. "
            "Training suffers: write it as an Arrow file, whose rows are read from all over it, by linnet "
            f"data convert {name} NEW.arrow"
        )
