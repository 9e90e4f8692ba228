"""The files that make a table: those of a folder or a pattern, read as one or as parts by their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path, PurePath

from linnet.config.table import TableOptions
from linnet.data.formats.by_schema import read_as
from linnet.data.formats.encoding import PACKED
from linnet.data.formats.folder_parts import WORDS, part_of_file
from linnet.data.formats.frames import has_texts, is_table, is_text, read_frame
from linnet.data.formats.svmlight_lines import is_svmlight
from linnet.data.formats.text_table import TextTable
from linnet.errors import FormatError
from linnet.i18n import say
from linnet.schema.cells import Frame

LISTED = 5
"""Files that a message names."""

PROSE = (".txt", ".dat", ".data")
"""Suffixes of tables, and of much else that lies beside them in a folder."""


@dataclass(frozen=True)
class TableFiles:
    """The files of each part of a table, in the order of their names.

    Args:
        train: those to train on, or all where no name tells a part.
        validation: those to validate on.
        test: those to test on.
        passed_over: text that lies beside tables of another format, such as a README.txt, arrays and zips.
        is_test_named: whether those to test on were named, and not found by what they are called.
    """

    train: tuple[Path, ...]
    validation: tuple[Path, ...] = ()
    test: tuple[Path, ...] = ()
    passed_over: tuple[Path, ...] = ()
    is_test_named: bool = False

    @property
    def has_parts(self) -> bool:
        """Whether their names tell parts."""
        return bool(self.validation or self.test)

    @property
    def parts(self) -> tuple[tuple[Path, ...], ...]:
        """The files of each part: to train on, to validate on, to test on."""
        return self.train, self.validation, self.test

    @property
    def by_part(self) -> dict[str, tuple[Path, ...]]:
        """The files of the parts that have any, by "train", "validation" and "test"."""
        return {part: paths for part, paths in zip(WORDS, self.parts, strict=True) if paths}

    @property
    def is_svmlight(self) -> bool:
        """Whether they are LIBSVM text, whose columns have no names.

        Raises:
            FormatError: some are, and some are not.
        """
        found = [is_svmlight(path.name) for path in self.all]
        if any(found) and not all(found):
            raise FormatError(f"{_list(self.all)} are LIBSVM text and tables: give files of one format")
        return all(found)

    @property
    def all(self) -> tuple[Path, ...]:
        """The files of all parts."""
        return (*self.train, *self.validation, *self.test)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of how they were taken."""
        found = []
        parts = {part: _list(paths) for part, paths in zip(WORDS, self.parts, strict=True) if paths}
        if self.has_parts:
            kind = "parts" if len(parts) == len(WORDS) else f"parts_{next(reversed(parts))}"
            found.append(say(f"schema.note.{kind}", "en", **parts))
        elif len(self.train) > 1:
            found.append(say("schema.note.files", "en", n=len(self.train), names=_list(self.train)))
        if self.passed_over:
            found.append(say("schema.note.passed_over", "en", names=_list(self.passed_over)))
        return tuple(found)


def has_rows(name: str) -> bool:
    """Whether a file's name is that of a table or of LIBSVM text, compressed or not."""
    return is_table(name) or is_svmlight(name)


def is_pattern(name: str) -> bool:
    """Whether a name is a pattern for several tables, such as data/part-*.parquet."""
    return has_magic(name) and has_rows(name)


def match(name: str, folder: Path | str | None = None) -> list[Path]:
    """The tables that a pattern means, in the order of their names; hidden ones are none."""
    return [path for path in match_all(name, folder) if path.is_file() and has_rows(path.name)]


def match_all(name: str, folder: Path | str | None = None) -> list[Path]:
    """Whatever a pattern means, folders too, in the order of their names; hidden ones are none."""
    place = Path(name) if os.path.isabs(name) else Path(folder or "") / name
    found = Path(place.anchor).glob(os.fspath(place.relative_to(place.anchor)))
    return sorted(path for path in found if is_plain(path.name))


def tables_in(folder: Path) -> list[Path]:
    """The tables in a folder, in the order of their paths; where there are none, those in its subfolders."""
    here = sorted(path for path in folder.iterdir() if _is_table_of(path, folder))
    return here or sorted(path for path in folder.rglob("*") if _is_table_of(path, folder))


def _is_table_of(path: Path, folder: Path) -> bool:
    return has_rows(path.name) and path.is_file() and all(map(is_plain, path.relative_to(folder).parts))


def is_plain(name: str) -> bool:
    """Whether a file is one of data, and not hidden or the shadow of a Mac or of an open workbook."""
    return not name.startswith((".", "_", "~$"))


def sort_out(
    paths: Sequence[Path], name: str, folder: Path | None = None, *, is_whole: bool = False
) -> TableFiles:
    """Which of some tables are of which part, as their names say; all are one table where none does.

    Args:
        paths: of the tables, in order.
        name: of the folder or the pattern, for messages.
        folder: in which they were found, whose tables are to be of one format; None of a pattern.
        is_whole: whether nothing is to be learnt from them, so that names tell no parts.

    Raises:
        FormatError: it cannot be told which part a file is, or the folder has tables of several formats.
    """
    over: list[Path] = []
    if folder is not None:
        paths, over = _one_format(paths, name)
    if is_whole:
        return TableFiles(tuple(paths), passed_over=tuple(over))
    found = {path: _part(path if folder is None else path.relative_to(folder)) for path in paths}
    parts = set(found.values())
    if "train" not in parts and {"validation", "test"} <= parts:
        raise FormatError(f"{name} has {_list(paths)}, but nothing to train on: call a file train")
    if "train" not in parts or parts == {"train"}:
        return TableFiles(tuple(paths), passed_over=tuple(over))
    over += [path for path, part in found.items() if part is None and is_submission(path.name)]
    if unknown := [path for path, part in found.items() if part is None and path not in over]:
        first = next(path for path, part in found.items() if part == "train")
        raise FormatError(
            f"{name} has {_list(unknown)} beside {first.name}, and which part that is cannot be told: name "
            f"the files, such as --data {first} --test {unknown[0]}, or give a pattern of those meant"
        )
    kept = {part: tuple(path for path in paths if found[path] == part) for part in WORDS}
    return TableFiles(kept["train"], kept["validation"], kept["test"], passed_over=tuple(over))


def is_submission(name: str) -> bool:
    """Whether a file's name is that of answers that a contest wants, as Kaggle's gender_submission.csv."""
    return "submission" in name.casefold()


def _part(path: PurePath) -> str | None:
    """The part that a file is called after, or else a folder that it is in."""
    names = [path.name.split(".")[0], *reversed(path.parent.parts)]
    return next((part for part in map(part_of_file, names) if part), None)


def _one_format(paths: Sequence[Path], name: str) -> tuple[list[Path], list[Path]]:
    """The tables of one format, and text files of other purpose that lie beside them.

    Raises:
        FormatError: there are several formats, which may be the same rows twice.
    """
    suffixes = {path: _suffix(path) for path in paths}
    kept = [path for path in paths if suffixes[path].partition(".gz")[0] not in PROSE] or list(paths)
    if len(several := sorted({suffixes[path] for path in kept})) > 1:
        raise FormatError(
            f"{name} has tables of several formats ({', '.join(several)}), which may be the same rows twice: "
            f"give a pattern in its place, such as '{name.rstrip('/')}/*{several[0]}'"
        )
    return kept, [path for path in paths if path not in kept]


def _suffix(path: Path) -> str:
    last = path.suffix.lower()
    return (path.with_suffix("").suffix.lower() + last) if last in PACKED else last


def _list(paths: Sequence[Path]) -> str:
    shown = ", ".join(path.name for path in paths[:LISTED])
    return shown + (f", … ({len(paths):,})" if len(paths) > LISTED else "")


def read_files(
    paths: Sequence[Path], options: TableOptions, texts: Sequence[str] = (), numbers: Sequence[str] = ()
) -> TextTable:
    """The rows of several files as one table, which are to have the same columns, in any order.

    Args:
        paths: of the files, in the order in which their rows are taken.
        options: what they do not tell by themselves.
        texts: columns whose cells are read as text, so that they stay as they are written.
        numbers: columns that are read by their codes, where these have labels.

    Raises:
        FormatError: one is no table, or its columns are not those of the first; naming file and column.
    """
    tables = [_read(path, options, texts, numbers) for path in paths]
    if len(tables) == 1:
        return tables[0]
    names = list(map(str, tables[0].frame.columns))
    for path, table in zip(paths, tables, strict=True):
        _check_same(path, list(map(str, table.frame.columns)), paths[0], names)
    # A column of numbers in one file may have words in another: then its cells are text in all.
    mixed = [column for column in names if len({_is_number(table.frame[column]) for table in tables}) > 1]
    frames = [
        (_read(path, options, [*texts, *mixed], numbers) if mixed and has_texts(path) else table).frame[names]
        for path, table in zip(paths, tables, strict=True)
    ]
    import pandas as pd

    notes = dict.fromkeys(note for table in tables for note in table.notes)
    return TextTable(pd.concat(frames, ignore_index=True), tuple(notes))


def _read(path: Path, options: TableOptions, texts: Sequence[str], numbers: Sequence[str]) -> TextTable:
    # A named number of a text file would be read as text, too, to see how it is written.
    return read_frame(path, str(path), read_as(options, texts, () if is_text(path) else numbers))


def _is_number(cells: Frame) -> bool:
    return cells.dtype.kind in "biuf"


def _check_same(path: Path, found: list[str], first: Path, names: list[str]) -> None:
    if lacking := [name for name in names if name not in found]:
        raise FormatError(
            f"{path.name} has no column {lacking[0]!r}, which {first.name} has: files of one table have the "
            f"same columns, and its are {', '.join(found[:20])}"
        )
    if strange := [name for name in found if name not in names]:
        raise FormatError(
            f"{path.name} has a column {strange[0]!r}, which {first.name} has not: files of one table have "
            "the same columns"
        )
