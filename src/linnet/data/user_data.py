"""Loads user data by its path: tables, arrays, a zip or folder of pictures, or a folder of IDX files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.dataset import Splits
from linnet.data.formats import hdf5
from linnet.data.formats.array_files import read_array_files
from linnet.data.formats.arrays import read_arrays
from linnet.data.formats.foreign import refuse_foreign
from linnet.data.formats.frames import is_table, to_frame
from linnet.data.formats.idx_folder import read_idx_folder
from linnet.data.formats.picture_files import MAX_ALL_BYTES, Say, files_in, is_picture, unpack
from linnet.data.formats.picture_folders import read_pictures
from linnet.data.formats.svmlight import check_options, read_svmlight, whole_of
from linnet.data.formats.svmlight_lines import is_svmlight
from linnet.data.formats.svmlight_rows import read_rows
from linnet.data.formats.table import MAX_CELLS, TableRows, read_table, table_rows
from linnet.data.formats.table_files import TableFiles
from linnet.data.formats.table_parts import NamedTable, add_parts, read_tables
from linnet.data.formats.text_table import TextTable
from linnet.data.formats.zipped import ZIP, tables_in_zip, unzip
from linnet.data.locate import ARRAYS, HDF5, find, find_tables, kind_of
from linnet.data.split import Whole
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.schema.describe import describe
from linnet.schema.schema import Schema
from linnet.schema.target import MAX_CLASSES


def load(
    name: Path | str,
    folder: Path | str | None = None,
    say: Say = lambda text: None,
    *,
    hold_out: bool = True,
    options: TableOptions | None = None,
) -> Splits:
    """The data set at a path; a fifth of the rows, of each class where there are classes, is kept to test on.

    Args:
        name: the path of a table (see `formats.table`), a folder or a pattern of tables (see
            `formats.table_files`), of LIBSVM text (see `formats.svmlight`), of arrays (see `formats.arrays`
            and `formats.array_files`), of a zip or a folder of pictures (see `formats.picture_folders`), or
            of a folder of IDX files (see `formats.idx_folder`), by which it is called, too.
        folder: where a relative path begins; the working folder when None.
        say: called with a sentence on what was read as what, where folders of pictures are parts.
        hold_out: without it none is kept, where the data name no rows to test on.
        options: what a table does not tell by itself.

    Raises:
        DataNotFoundError: there is nothing.
        FormatError: it is none of these.
        UsageError: there is something said of a table that is none.
    """
    _check_options(str(name), folder, options or TableOptions())
    return _tell(
        load_whole(name, folder, say=say, options=options, is_split=hold_out).splits(hold_out=hold_out), say
    )


def _check_options(name: str, folder: Path | str | None, options: TableOptions) -> None:
    """Refuse what is said of other data than these."""
    if not Path(folder or "", name).is_dir():
        refuse_foreign(name)
    files = find_tables(name, folder)
    if is_svmlight(name) or (files is not None and files.is_svmlight):
        check_options(options, name)
        return
    if options.index_base is not None:
        raise UsageError(f"index_base is of LIBSVM text, and {name} is none")
    given = {} if is_table(name) or files is not None else options.table
    if said := next((one for one in given if one != "references"), None):
        raise UsageError(f"{said} is of a table, and {name} is none")


def take_frame(
    frame: Any,
    say: Say = lambda text: None,
    *,
    hold_out: bool = True,
    options: TableOptions | None = None,
    test: Any = None,
) -> Splits:
    """The data set in a frame of pandas, polars or pyarrow; see `load` for the other arguments.

    Args:
        frame: the rows.
        say: is told how they were read.
        hold_out: whether a share of them is kept to test on.
        options: what they do not tell by themselves.
        test: a frame of rows to test on; None for a share of the rows.

    Raises:
        FormatError: it is not clear how the frame is to be read.
    """
    options = options or TableOptions()
    if options.index_base is not None:
        raise UsageError("index_base is of LIBSVM text, and a frame is none")
    rows: Whole = table_rows(to_frame(frame), "frame", options, is_split=hold_out and test is None)
    if test is not None:
        assert isinstance(rows, TableRows), "it was made of a frame"
        rows = add_parts(rows, {"test": NamedTable("test", TextTable(to_frame(test)))}, options)
    return _tell(rows.splits(hold_out=hold_out), say)


def _tell(splits: Splits, say: Say) -> Splits:
    """The parts, it being said how a table was read."""
    for line in [] if splits.train.schema is None else describe(splits.train.schema):
        say(line)
    return splits


def load_whole(
    name: Path | str,
    folder: Path | str | None = None,
    known: tuple[str, ...] | None = None,
    say: Say = lambda text: None,
    *,
    options: TableOptions | None = None,
    schema: Schema | None = None,
    is_split: bool = False,
    features: int | None = None,
) -> Whole:
    """All rows of the data at a path, in their own order.

    Args:
        name: as `load` takes it.
        folder: likewise.
        known: the classes of that model, some of which may be missing here; empty where it predicts numbers;
            None to recognise classes and numbers by the data alone.
        say: as `load` takes it.
        options: likewise.
        schema: of the model whose rows these are, by which a table is read.
        is_split: whether only `Whole.splits` is wanted, rows to test on held out.
        features: D of that model, which LIBSVM text may have fewer of.

    Raises:
        DataNotFoundError: there is nothing.
        FormatError: it is none of these, or a row's class is not known.
    """
    path = find(str(name), folder)
    if path is None:
        raise DataNotFoundError(
            f"no data at {Path(folder or '') / name}: expected a CSV, .svm or .npz file, a zip of "
            "pictures, a folder, or a pattern of tables"
        )
    if path.is_file():
        refuse_foreign(str(name))
    test = options and options.test
    if (files := find_tables(str(name), folder)) is not None:
        if test is not None:
            files = _with_test(files, str(name), test, folder)
        if files.is_svmlight:
            return read_svmlight(files, str(name), options=options, known=known, features=features, say=say)
        return read_tables(files, str(name), options=options, known=known, schema=schema, is_split=is_split)
    kind = kind_of(path)
    if kind == "IDX files":
        return read_idx_folder(path, str(name), known)
    if kind == "pictures":
        return read_pictures(files_in(path), str(name), known, say)
    if kind == "one array":
        return read_array_files(path, str(name), known=known, say=say)
    if kind == "arrays":
        return read_arrays(path, str(name), known=known)
    if kind == "HDF5":
        return hdf5.read_hdf5(path, str(name), known=known)
    return _whole([(path.name, path.read_bytes())], str(name), True, known, say)


def _with_test(files: TableFiles, name: str, test: str, folder: Path | str | None) -> TableFiles:
    """The files of a table, and those of the rows to test on."""
    found = find_tables(test, folder)
    if found is None:
        raise DataNotFoundError(f"no table to test on at {Path(folder or '') / test}")
    if files.test or found.has_parts:
        raise UsageError(
            f"{name if files.test else test} has a part to test on: leave out --test, or name files"
        )
    return dataclasses.replace(files, test=found.train)


def read(
    files: Sequence[tuple[str, bytes]],
    name: str,
    *,
    regressions: bool = False,
    say: Say = lambda text: None,
) -> Splits:
    """The data set that some files make: one table, one file of arrays, one zip, or pictures in folders.

    Args:
        files: their paths and contents.
        name: what to call it.
        regressions: whether tables and arrays may have numbers to predict, in place of classes.
        say: as `load` takes it.

    Raises:
        FormatError: they are none of these.
    """
    return _whole(files, name, regressions, None, say).splits()


def _whole(
    files: Sequence[tuple[str, bytes]],
    name: str,
    regressions: bool,
    known: tuple[str, ...] | None,
    say: Say,
) -> Whole:
    if any(is_picture(path) for path, _ in files):
        return read_pictures(files, name, known, say)
    if len(files) != 1:
        raise FormatError(
            f"{name} has {len(files)} files and no picture: expected one CSV, .npz or zip file, or pictures"
        )
    ((path, content),) = files
    refuse_foreign(path)
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ZIP:
        if len(tables := tables_in_zip(content, is_table)) == 1:
            files = [(tables[0].name, unzip(content, tables[0].as_posix(), name, most=MAX_ALL_BYTES))]
            return _whole(files, name, regressions, known, say)
        return read_pictures(unpack(content, name), name, known, say)
    if suffix == ARRAYS or suffix in HDF5:
        read_file = read_arrays if suffix == ARRAYS else hdf5.read_hdf5
        return read_file(
            content, name, regressions=regressions, classes=MAX_CLASSES, most=MAX_ALL_BYTES, known=known
        )
    if is_svmlight(path):
        rows, options = read_rows(content, path, most=MAX_ALL_BYTES), TableOptions()
        options = options if regressions else dataclasses.replace(options, task="classification")
        return whole_of([[rows], [], []], name, options=options, known=known, say=say)
    if is_table(path):
        return read_table(content, path, regressions=regressions, known=known, most=MAX_CELLS)
    raise FormatError(f"{name} is neither a CSV nor an .npz file, nor a zip, nor a picture: {path!r}")
