"""Opens files of raw rows for a model to answer: those of a name, of a folder, of a pattern, or several."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from glob import has_magic
from pathlib import Path
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.formats.by_schema import numbers_of, read_as, texts_of
from linnet.data.formats.foreign import refuse_foreign
from linnet.data.formats.picture_files import paths_in
from linnet.data.formats.svmlight_rows import base_of
from linnet.data.formats.table_files import is_pattern, match_all
from linnet.data.locate import find, find_tables, kind_of
from linnet.data.streams.arrays import KINDS, Takes, iter_arrays
from linnet.data.streams.pieces import Source
from linnet.data.streams.svmlight import Indices, iter_svmlight
from linnet.data.streams.tables import STANDARD_INPUT, iter_tables
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.model.predictor import Predictor
from linnet.schema.schema import Schema

STANDARD = "-"
"""The name of the standard input or output."""

LISTED = 5
"""Columns that a message names."""

Names = Sequence[Path | str]


def open_source(
    model: Predictor,
    given: Names,
    options: TableOptions | None = None,
    *,
    is_lenient: bool = False,
    invert: bool | None = None,
) -> Source:
    """The rows of some files as a model takes them.

    Args:
        model: that is to answer them.
        given: paths of files or folders, or patterns; "-" alone is CSV from the standard input.
        options: what the files do not tell by themselves.
        is_lenient: whether rows that are no tables' and cannot be read are set apart, and no error.
        invert: of pictures, as `linnet.data.pictures.prepare.prepare` takes it.

    Raises:
        DataNotFoundError: there is nothing of a name.
        FormatError, UsageError: it is nothing that the model takes; or the rows cannot be read, once they
            are asked for.
    """
    given = spread_patterns(given)
    if not given:
        raise UsageError("no rows are given: name a file, a folder or a pattern of files")
    if twice := [name for name, times in Counter(map(str, given)).items() if times > 1]:
        raise UsageError(f"{twice[0]} is named twice: name each file once")
    for one in given:
        _check_there(str(one), is_only=len(given) == 1)
    options = options or TableOptions()
    if model.card.schema is None:
        return _open_numbers(model, given, options, is_lenient, invert)
    if invert is not None:
        raise UsageError("invert is of pictures, and the model takes the columns of a table")
    if options.index_base is not None:
        raise UsageError("index_base is of LIBSVM text, and the model takes the columns of a table")
    return _open_tables(model.card.schema, given, options)


def spread_patterns(given: Names) -> Names:
    """The names, with what a pattern means of pictures or arrays in its place; those of tables stay."""
    found: list[Path | str] = []
    for one in given:
        is_other = has_magic(str(one)) and not is_pattern(str(one)) and not Path(one).exists()
        found += (match_all(str(one)) if is_other else []) or [one]
    return found


def are_pictures(model: Predictor, given: Names) -> bool:
    """Whether all paths are of pictures that are to be made for a model of images.

    Raises:
        FormatError: an array could be a picture or rows; or some are pictures and others rows.
    """
    if model.card.image_shape is None or model.card.schema is not None:
        return False
    from linnet.data.streams import pictures  # which imports Pillow, of no use to tables

    found = {str(one): pictures.are_pictures(Path(one), model.card.image_shape) for one in given}
    if any(found.values()) and not all(found.values()):
        one = next(name for name, is_one in found.items() if is_one)
        other = next(name for name, is_one in found.items() if not is_one)
        raise FormatError(f"{one} is of pictures and {other} is not: answer them one after the other")
    return all(found.values())


def _open_numbers(
    model: Predictor, given: Names, options: TableOptions, is_lenient: bool, invert: bool | None
) -> Source:
    """Pictures or rows of numbers, for a model that was trained on such."""
    shape = model.card.image_shape
    if shape is not None and are_pictures(model, given):
        from linnet.data.streams import pictures

        found = pictures.iter_pictures([Path(one) for one in given], shape, invert, is_lenient=is_lenient)
        return Source(found, is_several=True)
    text, arrays = dict[str, Path](), dict[str, Path]()
    for one in map(str, given):
        found = None if one == STANDARD else find_tables(one, is_whole=True)
        if found is not None and found.is_svmlight:
            _add(text, found.all)
        elif one != STANDARD and found is None and kind_of(Path(one)) in KINDS:
            arrays[one] = Path(one)
        else:
            raise FormatError(f"{_name_kind(one, found is not None)}, and {_takes(model)}")
    if text and arrays:
        raise FormatError(f"{next(iter(text))} and {next(iter(arrays))} are of two kinds: give files of one")
    if arrays:
        if options.index_base is not None:
            raise UsageError(f"index_base is of LIBSVM text, and {next(iter(arrays))} is of arrays")
        takes = Takes(model.features, shape, model.card.scale != 1)
        several = len(arrays) > 1 or kind_of(Path(given[0])) == "IDX files"
        return Source(iter_arrays(arrays, takes, is_lenient=is_lenient), several)
    base = base_of(model.card.columns) if options.index_base is None else options.index_base
    indices = Indices(base, model.features)
    return Source(iter_svmlight(text, indices, is_lenient=is_lenient), _are_several(given, text))


def _name_kind(name: str, is_table: bool) -> str:
    """What a name is of that a model of numbers does not take."""
    if name == STANDARD:
        return "the standard input is CSV"
    if is_table:
        return f"{name} is a table"
    if Path(name).is_dir():
        return f"{name} has {'pictures' if paths_in(Path(name)) else 'no such files'}"
    return f"{name} is another kind of file"


def _takes(model: Predictor) -> str:
    """What a model takes that was not trained on a table."""
    shape, what = model.card.image_shape, f"the model of {model.card.dataset} takes"
    if shape is not None:
        size = " × ".join(map(str, shape))
        return f"{what} images of {size}: give pictures, a folder or a zip of them, or arrays (.npy …)"
    return f"{what} rows of {model.features:,} numbers: give LIBSVM text (.svm) or arrays (.npy, .npz, .h5)"


def _check_there(name: str, *, is_only: bool) -> None:
    if name == STANDARD:
        if not is_only:
            raise UsageError("the standard input (-) stands alone: leave out the other files")
        return
    if find(name) is None:
        what = "are no files that the pattern means," if has_magic(name) else "is no file"
        raise DataNotFoundError(f"there {what} {name}")
    if not Path(name).is_dir():
        refuse_foreign(name)


def _open_tables(schema: Schema, given: Names, options: TableOptions) -> Source:
    options = read_as(options, texts_of(schema), numbers_of(schema))
    columns = [column.name for column in schema.columns]
    if str(given[0]) == STANDARD:
        content = io.BytesIO(sys.stdin.buffer.read())
        return Source(iter_tables({STANDARD_INPUT: content}, options, columns))
    files, notes = dict[str, Path | io.BytesIO](), list[str]()
    for one in map(str, given):
        found = find_tables(one, is_whole=True)
        if found is None or found.is_svmlight:
            what = "LIBSVM text" if found else "no table, nor has any"
            raise FormatError(_refuse(one, columns, what))
        _add(files, found.all)
        notes += found.notes[-1:] if found.passed_over else []
    return Source(iter_tables(files, options, columns), _are_several(given, files), tuple(notes))


def _add(files: dict[str, Any], paths: Sequence[Path]) -> None:
    """Note some files, by what they are called.

    Raises:
        UsageError: one is there already, by another name.
    """
    if twice := next((path for path in paths if str(path) in files), None):
        raise UsageError(f"{twice} would be answered twice: leave out what stands for it besides")
    files |= {str(path): path for path in paths}


def _are_several(given: Names, files: Mapping[str, Any]) -> bool:
    """Whether what was given can stand for several files, however many it happens to be."""
    return len(given) > 1 or len(files) > 1 or Path(given[0]).is_dir() or is_pattern(str(given[0]))


def _refuse(name: str, columns: Sequence[str], what: str) -> str:
    shown = ", ".join(columns[:LISTED]) + (", …" if len(columns) > LISTED else "")
    return f"{name} is {what}, and the model takes a table with the columns {shown}"
