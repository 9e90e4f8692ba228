"""Loads user data by its path: tables, arrays, a zip or folder of pictures, or a folder of IDX files."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.addresses import is_address, local_path
from linnet.data.dataset import Splits
from linnet.data.formats import hdf5
from linnet.data.formats.array_files import find_features, read_array_files
from linnet.data.formats.arrays import read_arrays
from linnet.data.formats.counted_pass import Progress
from linnet.data.formats.foreign import refuse_foreign
from linnet.data.formats.frames import to_frame
from linnet.data.formats.idx_folder import read_idx_folder
from linnet.data.formats.picture_files import Say, files_in, is_picture, unpack
from linnet.data.formats.streamed_kinds import can_stream_kind, read_streamed_kind
from linnet.data.formats.streamed_svmlight import can_stream_svmlight, read_streamed_svmlight
from linnet.data.formats.streamed_tables import can_stream, read_streamed
from linnet.data.formats.svmlight import read_svmlight
from linnet.data.formats.table import TableRows, table_rows
from linnet.data.formats.table_files import TableFiles
from linnet.data.formats.table_parts import NamedTable, add_parts, read_tables
from linnet.data.formats.text_table import TextTable
from linnet.data.formats.zipped import ZIP
from linnet.data.locate import find, find_tables, has_pictures, kind_of
from linnet.data.options import check_options, refuse_color
from linnet.data.split import Whole
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.schema.describe import describe
from linnet.schema.named_rows import NamedRows, naming_rows
from linnet.schema.schema import Schema


@dataclass(frozen=True)
class Bounds:
    """What data may have that came by a request; any number where None.

    Args:
        cells: of a table.
        nbytes: of arrays.
    """

    cells: int | None = None
    nbytes: int | None = None


UNBOUNDED = Bounds()


def load(
    name: Path | str,
    folder: Path | str | None = None,
    say: Say = lambda text: None,
    *,
    hold_out: bool = True,
    options: TableOptions | None = None,
    bounds: Bounds = UNBOUNDED,
    progress: Progress = lambda done, total: None,
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
        bounds: of what there may be.
        progress: called with the bytes of a stream's files that were read, and all of them.

    Raises:
        DataNotFoundError: there is nothing.
        FormatError: it is none of these.
        UsageError: there is something said of a table that is none.
    """
    refuse_options(str(name), folder, options or TableOptions())
    whole = load_whole(
        name, folder, say=say, options=options, is_split=hold_out, bounds=bounds, progress=progress
    )
    return _tell(whole.splits(hold_out=hold_out), say)


def refuse_options(name: str, folder: Path | str | None, options: TableOptions) -> None:
    """Refuse what is said of other data than those at a path.

    Args:
        name: as `load` takes it.
        folder: likewise.
        options: what was said.

    Raises:
        FormatError, UsageError: naming it.
    """
    name = local_path(name)
    if not Path(folder or "", name).is_dir():
        refuse_foreign(name)
    check_options(name, find_tables(name, folder), options)


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
    refuse_color(options, "a frame is a table")
    if options.stream:
        raise UsageError("stream is of files, and the rows of a frame are in memory")
    with naming_rows(NamedRows()):
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
    bounds: Bounds = UNBOUNDED,
    progress: Progress = lambda done, total: None,
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
        bounds: of what there may be.
        progress: as `load` takes it.

    Raises:
        DataNotFoundError: there is nothing.
        FormatError: it is none of these, or a row's class is not known.
    """
    name = local_path(str(name))
    path = find(name, folder)
    if path is None:
        raise DataNotFoundError(
            f"no data at {Path(folder or '') / name}: expected a table (CSV, Parquet, Excel, JSON "
            "lines …), LIBSVM text (.svm), arrays (.npz, .npy), a zip of pictures, a folder, or a pattern of "
            "tables"
        )
    if path.is_file():
        refuse_foreign(str(name))
    test = options and options.test
    if (files := find_tables(str(name), folder)) is not None:
        if test is not None:
            files = _with_test(files, str(name), test, folder)
        if not (options is not None and options.stream) and (
            far := next(filter(is_address, files.all), None)
        ):
            raise UsageError(
                f"{far} is an address, whose rows are read as a stream: say --stream (stream=True)"
            )
        # Other rows of a model whose own were streamed may be of a format that is read whole.
        is_free = known is None and schema is None
        if options is not None and options.stream and files.is_svmlight:
            if is_free or can_stream_svmlight(files):
                return read_streamed_svmlight(
                    files, str(name), options=options, known=known, features=features, say=say
                )
        elif options is not None and options.stream and (is_free or (schema and can_stream(files))):
            return read_streamed(
                files, str(name), options, schema, is_split=is_split, progress=progress, tell=say
            )
        if files.is_svmlight:
            return read_svmlight(files, str(name), options=options, known=known, features=features, say=say)
        return read_tables(
            files, str(name), options=options, known=known, schema=schema, is_split=is_split,
            most=bounds.cells,
        )  # fmt: skip
    from linnet.data.formats.picture_folders import read_pictures  # with Pillow

    kind, color = kind_of(path), None if options is None else options.color
    if options is not None and options.stream and (known is None or can_stream_kind(path)):
        return read_streamed_kind(path, str(name), known=known, say=say, color=color)
    if kind == "IDX files":
        if color and known is None:
            raise UsageError(
                f"--color (color=) is of pictures in colour, and those of {name}, IDX files, are grey"
            )
        return read_idx_folder(path, str(name), known)
    if kind == "pictures":
        if not has_pictures(path) and (array := find_features(path)) is not None:
            return read_array_files(array, str(name), known=known, say=say, color=color)
        return read_pictures(files_in(path), str(name), known, say, color=color)
    if kind == "one array":
        return read_array_files(path, str(name), known=known, say=say, color=color)
    if kind == "arrays":
        return read_arrays(path, str(name), known=known, most=bounds.nbytes, color=color)
    if kind == "HDF5":
        return hdf5.read_hdf5(path, str(name), known=known, most=bounds.nbytes, color=color)
    if path.suffix.lower() == ZIP:
        return read_pictures(unpack(path.read_bytes(), str(name)), str(name), known, say, color=color)
    if is_picture(path.name):
        return read_pictures([(path.name, path.read_bytes())], str(name), known, say, color=color)
    raise FormatError(f"{name} is neither a CSV nor an .npz file, nor a zip, nor a picture")


def _with_test(files: TableFiles, name: str, test: str, folder: Path | str | None) -> TableFiles:
    """The files of a table, and those of the rows to test on."""
    test = local_path(test)
    found = find_tables(test, folder)
    if found is None:
        raise DataNotFoundError(f"no table to test on at {Path(folder or '') / test}")
    if files.test or found.has_parts:
        raise UsageError(
            f"{name if files.test else test} has a part to test on: leave out --test, or name files"
        )
    return dataclasses.replace(files, test=found.train, is_test_named=True)
