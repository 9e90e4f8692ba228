"""`linnet data convert`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linnet.cli.console import download_progress
from linnet.cli.options import Data, DataDir, Table
from linnet.errors import UsageError

if TYPE_CHECKING:
    from linnet.config.table import TableChoices


def convert(
    data: Data,
    out: Path,
    /,
    *,
    table: Table = None,
    part: Literal["train", "validation", "test"] = "train",
    out_base: Literal[0, 1] = 1,
    data_dir: DataDir = None,
) -> None:
    """Write a data set as LIBSVM text, which most libraries read, or as Arrow files, which stream fastest.

    No file that is there is replaced. As LIBSVM text all rows are written where the data name no parts, and
    the columns of a table as numbers, as a model takes them. As Arrow files Parquet, Arrow, CSV and JSON
    lines tables are written as they stand, a part at a time, and read once more to see that they are whole:
    into one file, which is begun anew where it was not finished, or into a folder, a file for each, where
    those that are there already stay and the next ones follow.

    Examples

        linnet data convert houses.csv houses.svm --target price

        linnet data convert houses.csv test.svm --target price --test-size 0.2 --part test

        linnet data convert rows.npz rows.svm.gz --out-base 0

        linnet data convert 'days/*.parquet' days.arrow

        linnet data convert 'days/*.csv' arrow-days/

    Parameters
    ----------
    data
        The data set.
    out
        The file: .svm, .libsvm or .svmlight, packed if .gz, .bz2 or .xz follows; or .arrow. Or a folder,
        whose name has no suffix, for an Arrow file of each file.
    table
        How a table of your own is read.
    part
        Which part is written, where the data have several.
    out_base
        From which number the indices of the features count: from 1, as LIBSVM has it, or from 0, as XGBoost.
    """
    from linnet.data.formats.svmlight_writer import write_svmlight
    from linnet.data.registry import load
    from linnet.data.streams.write_arrow import is_arrow

    if is_arrow(out) or not out.suffix:
        _convert_to_arrow(data, out, data_dir, table, part)
        return
    is_split = table is not None and (table.split, table.test_size) != (None, None)
    train, test = load(data, data_dir, say=print, hold_out=is_split, **({} if table is None else table.table))
    parts = {"train": train, "validation": train.validation, "test": test}
    if (rows := parts[part]) is None:
        raise UsageError(f"{data} has no rows to {'test' if part == 'test' else 'validate'} on")
    write_svmlight(rows, out, index_base=out_base, say=print)
    print(f"{len(rows):,} rows of {rows.features:,} features, counted from {out_base}, are in {out}")
    if others := [name for name, one in parts.items() if one is not None and name != part]:
        print(f"of other parts none is: {', '.join(f'--part {name}' for name in others)}")


def _convert_to_arrow(
    data: str, out: Path, data_dir: Path | None, table: TableChoices | None, part: str
) -> None:
    """Write tables as they stand: nothing of them is read as anything."""
    from linnet.data.formats.streamed_tables import find_streamable
    from linnet.data.streams.write_arrow import is_arrow, write_arrow, write_each

    if (table is not None and table.table) or part != "train":
        raise UsageError(f"{out} gets all columns and rows as they stand: leave out how they are read")
    write = write_arrow if is_arrow(out) else write_each
    with download_progress(not sys.stderr.isatty(), "converting") as progress:
        rows = write(find_streamable(data, data_dir), out, progress or (lambda done, total: None))
    place = out if is_arrow(out) else f"{out}/"  # by which it is told from the name of a data set
    print(f"{rows:,} rows are in {out}; train on them by linnet train --data {place} --stream")
