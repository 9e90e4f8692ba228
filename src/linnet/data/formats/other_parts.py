"""The files of a streamed table to validate and to test on, by the schema of those to train on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.formats.blocks import TableBlocks, source_of
from linnet.data.formats.open_blocks import open_blocks
from linnet.data.formats.part_checks import check_counts
from linnet.data.formats.streamed_schema import Described, read_targets
from linnet.data.formats.table_files import TableFiles
from linnet.errors import FormatError, UsageError
from linnet.i18n import say
from linnet.schema.schema import Schema

PartFiles = tuple[list[TableBlocks], Described]
"""The files of a part, and what their rows tell."""


def say_bare(files: TableFiles, schema: Schema, options: TableOptions) -> str:
    """That files to test on have no targets, as those of a contest; empty where they have, or were named.

    Args:
        files: of a table.
        schema: of the rows to train on.
        options: what was said of it.
    """
    target = schema.target.name
    if files.is_test_named or not files.test or target in open_blocks(files.test[:1], options)[0].kinds:
        return ""
    return say("schema.note.bare_test", "en", name=", ".join(path.name for path in files.test), target=target)


def read_other_parts(files: TableFiles, schema: Schema, options: TableOptions) -> dict[str, PartFiles]:
    """The files of "validation" and "test", as far as they are there, and what their rows tell.

    Args:
        files: of the table.
        schema: of the rows to train on.
        options: what was said of it.

    Raises:
        FormatError: a part lacks a column, or has a class that those to train on have not.
        UsageError: rows to test on are there, and were to be chosen of the others, too.
    """
    if files.test and (options.split is not None or options.test_size is not None):
        wrong = "split" if options.split is not None else "test_size"
        raise UsageError(f"the rows to test on are in a file of their own: leave out {wrong}")
    found = dict[str, PartFiles]()
    for part, paths in files.by_part.items():
        if part == "train":
            continue
        blocks = open_blocks(paths, options)
        if schema.target.name not in blocks[0].kinds:
            raise FormatError(
                f"{paths[0]} has no {schema.target.name}, which is predicted, so that no model can be tested "
                f"on it: train without it, then have its rows answered by linnet predict RUN {paths[0]}"
            )
        found[part] = blocks, _describe(blocks, paths, schema, options)
    return found


def _describe(
    blocks: list[TableBlocks], paths: Sequence[Path], schema: Schema, options: TableOptions
) -> Described:
    label = ", ".join(path.name for path in paths[:3])
    try:
        found = read_targets(blocks, label, schema, options)
        if schema.target.task == "counts":
            check_counts(found.y[:, 0], schema.target.name)
    except FormatError as error:
        raise error if str(error).startswith(label) else FormatError(f"{label}: {error}") from error
    return dataclasses.replace(found, has_gaps=_has_gaps(blocks, schema))


def _has_gaps(blocks: Sequence[TableBlocks], schema: Schema) -> bool:
    """Whether rows have to be encoded: a column is none of numbers, or a number is missing in some row."""
    if not schema.is_plain:
        return True
    sources = {source_of(column.name, blocks[0].kinds)[0] for column in schema.columns}
    for file in blocks:
        for section in range(len(file.sections)):
            for block in file.read(section, sources):
                numbers = [*block.lists.values(), block.frame.to_numpy(np.float64, na_value=np.nan)]
                if block.bad or any(np.isnan(one.sum(dtype=np.float64)) for one in numbers if one.size):
                    return True
    return False


def join_parts(parts: Mapping[str, PartFiles]) -> PartFiles:
    """The files of all parts, one after the other, and what their rows tell together."""
    described = [found for _, found in parts.values()]
    blocks = [file for several, _ in parts.values() for file in several]
    if len(described) == 1:
        return blocks, described[0]
    own = np.repeat(list(parts), [len(found.y) for found in described])
    return blocks, dataclasses.replace(
        described[0],
        kept=np.concatenate([found.kept for found in described]),
        y=np.concatenate([found.y for found in described]),
        is_test=own == "test",
        is_validation=own == "validation",
        has_gaps=any(found.has_gaps for found in described),
        rejected=tuple(one for found in described for one in found.rejected),
    )
