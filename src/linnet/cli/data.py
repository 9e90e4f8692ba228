"""`linnet data list|fetch|verify|show|schema|convert`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import App

from linnet.cli.console import download_progress, load_progress, make_printer, print_result
from linnet.cli.options import Data, DataDir, Json, Table
from linnet.errors import UsageError

if TYPE_CHECKING:
    from linnet.data.sources.source import Source

app = App(name="data", help="List, fetch, verify, show or convert data sets.")


@app.command(name="list")
def list_data(*, data_dir: Path | None = None) -> None:
    """List the data sets, and where they were found.

    Examples

        linnet data list

        linnet data list --data-dir ~/data

    Parameters
    ----------
    data_dir
        A folder to look in.
    """
    from linnet.data.registry import sources

    for name, source in sources().items():
        print(f"{name:<14} {source.about}\n{'':<14} {_where(source, data_dir)}")


def _where(source: Source, data_dir: Path | None) -> str:
    """Where a data set is, or how it can be had."""
    from linnet.data.sources.idx_files import IdxSource
    from linnet.errors import FormatError

    if not isinstance(source, IdxSource):
        return "always there"
    try:
        found = source.locate(data_dir)
    except FormatError as error:
        return str(error)
    return str(found or f"not found: linnet data fetch {source.name}")


@app.command
def fetch(dataset: str = "fashion_mnist", /, *, data_dir: Path | None = None) -> None:
    """Download Fashion-MNIST (29 MiB) or MNIST (11 MiB), checked, going on with what an earlier try left.

    Nothing that is there is ever replaced.

    Examples

        linnet data fetch

        linnet data fetch mnist --data-dir ~/data

    Parameters
    ----------
    dataset
        A data set that is downloaded: fashion_mnist, mnist (linnet data list shows all).
    data_dir
        Where to make the folder for it; LINNET_DATA or the user's cache when not given.
    """
    from linnet.data.registry import download_of

    with download_progress() as progress:
        print(f"{dataset} is in {download_of(dataset).fetch(data_dir, progress=progress)}")


@app.command
def verify(dataset: str = "fashion_mnist", /, *, data_dir: Path | None = None) -> None:
    """Check the files of Fashion-MNIST or MNIST against their checksums; exit 1 if one differs.

    Examples

        linnet data verify

        linnet data verify mnist --data-dir ~/data

    Parameters
    ----------
    dataset
        A data set that is downloaded: fashion_mnist, mnist (linnet data list shows all).
    data_dir
        The folder; where it is found when not given.
    """
    from linnet.data.registry import download_of
    from linnet.errors import DataNotFoundError

    source = download_of(dataset)
    folder = data_dir or source.locate()
    if folder is None:
        raise DataNotFoundError(
            f"{source.title} is nowhere to be found: linnet data fetch {dataset}, or give --data-dir"
        )
    states = source.verify(folder)
    print(f"{folder}")
    for name, state in states.items():
        print(f"  {name:<28} {state}")
    if not all(state.startswith("ok") for state in states.values()):
        sys.exit(1)


@app.command
def show(
    data: Data = "auto",
    *,
    table: Table = None,
    part: Literal["train", "test"] = "train",
    rows: int = 2,
    columns: int = 9,
    start: int = 0,
    out: Path = Path("images.png"),
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a picture of the first images of a data set, each with its class; of a table print its columns.

    Of LIBSVM text and arrays that are no pictures the features, the target and the rows are counted.

    Of each column of a table: what it is taken for, how many cells are missing and what these become, how
    many different values it has, how many columns it becomes, and how its values are spread: from the lowest
    to the highest, or by the most frequent levels and their shares. Where several columns could be what is
    predicted, they are named, and all columns are shown as they would be to predict by. The flags that say
    how a table is read are those of linnet train.

    Examples

        linnet data show fashion_mnist --rows 4

        linnet data show houses.csv --target price --ignore id

        linnet data show houses.csv --json | jq '.columns[].missing'

    Parameters
    ----------
    table
        How a table of your own is read.
    part
        Which part.
    rows
        Rows of the grid.
    columns
        Columns of the grid.
    start
        The number of the first image.
    out
        The picture: .png or .svg.
    """
    from linnet.cli.columns import look_at, look_at_undecided
    from linnet.cli.rows_view import RowsView
    from linnet.data.registry import load
    from linnet.errors import FormatError
    from linnet.files import check_replaceable

    say = make_printer(False, sys.stderr if json else sys.stdout)
    try:
        with load_progress(table is not None and bool(table.stream)) as progress:
            said = {} if table is None else table.table
            splits = load(data, data_dir, say=say, progress=progress, **said)
    except FormatError:
        if (undecided := look_at_undecided(data, data_dir, table)) is None:
            raise
        print_result(undecided.to_json, undecided.lines, json)
        return
    if splits.train.image_shape is None:
        _refuse_grid(data, part=part, rows=rows, columns=columns, start=start, out=out)
    if splits.train.schema is not None:
        view = look_at(data, data_dir, splits.train.schema, table)
        print_result(view.to_json, view.lines, json)
        return
    if splits.train.image_shape is None:
        glance = RowsView.of(splits)
        print_result(glance.to_json, glance.lines, json)
        return
    if json:
        raise UsageError(f"--json is of tables and rows of numbers, and {data} has pictures")
    check_replaceable(out, "give another --out")
    if (chosen := splits.train if part == "train" else splits.test) is None:
        raise UsageError(f"{data} has no rows to test on")
    if rows < 1 or columns < 1 or not 0 <= start < len(chosen):
        raise UsageError(f"rows and columns must be at least 1, start within 0…{len(chosen) - 1}")
    where = slice(start, start + rows * columns)
    images = chosen.images(where)  # or there are none
    names = [chosen.classes[k] for k in chosen.y[where].tolist()]
    from linnet.plot.images import gallery  # which loads matplotlib, as tables need not
    from linnet.plot.save import save

    save(gallery(images, names, columns=columns, scale=chosen.scale), out)
    print(f"{chosen.name}, {part}, images {start}…{min(where.stop, len(chosen)) - 1}: {out}")


def _refuse_grid(data: str, **given: object) -> None:
    """Refuse what is said of a grid of pictures where there are none."""
    usual = show.__kwdefaults__ or {}
    if said := next((name for name, value in given.items() if value != usual[name]), None):
        raise UsageError(f"--{said} is of pictures, and {data} has none: all of its rows are looked at")


@app.command
def schema(data: Data, /, *, table: Table = None, data_dir: DataDir = None, out: Path | None = None) -> None:
    """Print how a table is read as TOML, to be edited and given back by --schema.

    Examples

        linnet data schema houses.csv --target price > schema.toml

        linnet train --data houses.csv --schema schema.toml

    Parameters
    ----------
    data
        The table.
    table
        How it is read.
    out
        The file; the standard output when not given.
    """
    from linnet.data.registry import load
    from linnet.files import check_replaceable, write

    train = load(data, data_dir, say=lambda text: print(text, file=sys.stderr), hold_out=False,
                 **({} if table is None else table.table)).train  # fmt: skip
    if train.schema is None:
        raise UsageError(f"{data} is no table, and has no schema")
    if out is None:
        print(train.schema.to_toml(), end="")
        return
    check_replaceable(out, "give another --out")
    write(out, train.schema.to_toml())


app.command("linnet.cli.convert:convert", name="convert")
