"""The registry of data sets that have a name, and `load`, which reads one of them or user data."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from linnet.config.table import TableOptions
from linnet.data import locate, user_data
from linnet.data.addresses import local_path
from linnet.data.arguments import HOW, weigh_by_file
from linnet.data.coerce import describe
from linnet.data.dataset import Splits
from linnet.data.formats.frames import is_table
from linnet.data.formats.streamed_batches import is_batches, load_batches
from linnet.data.origin import Origin
from linnet.data.sources import digits, fashion_mnist, mnist, synthetic
from linnet.data.sources.idx_files import IdxSource
from linnet.data.sources.source import Progress, Source
from linnet.data.tensors import as_frame
from linnet.errors import DataError, UsageError
from linnet.lazy import do_without

MODULES = (fashion_mnist, mnist, digits, synthetic)
"""A module a data set, each with its `SOURCE`; where one is added, this is the only line to change."""


def sources() -> dict[str, Source]:
    """The data sets that have a name, by it."""
    return {module.SOURCE.name: module.SOURCE for module in MODULES}


def download_of(name: str) -> IdxSource:
    """The data set of a name, with - or _, which has files that can be fetched and verified.

    Raises:
        UsageError: there is none.
    """
    known = {source.name: source for source in sources().values() if isinstance(source, IdxSource)}
    if (found := known.get(name.replace("-", "_"))) is None:
        raise UsageError(f"unknown data set {name!r}: expected {', '.join(known)}")
    return found


def load(
    name: Any = "auto",
    data_dir: Path | str | None = None,
    *,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
    hold_out: bool = True,
    target: str | None = None,
    task: str | None = None,
    ignore: Any = (),
    category: Any = (),
    references: bool | None = None,
    sample_weight: str | os.PathLike[str] | None = None,
    decimal: str | None = None,
    date_order: str | None = None,
    header: bool | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    schema: str | os.PathLike[str] | None = None,
    number: Any = (),
    truth: Any = (),
    date: Any = (),
    text: Any = (),
    exposure: str | None = None,
    groups: str | None = None,
    time: str | None = None,
    split: str | None = None,
    test_size: float | None = None,
    positive: str | None = None,
    formula: str | None = None,
    test: Any = None,
    index_base: int | None = None,
    hash: Any = (),
    rare: int | None = None,
    color: bool | None = None,
    stream: bool | None = None,
    errors: str | None = None,
) -> Splits:
    """A data set by its name, of a path, or of a frame.

    Args:
        name: one of `sources`, such as "fashion_mnist" or "digits", or "auto": Fashion-MNIST where it is or
            can be had, otherwise digits. A data set asked for by name is never replaced by another. Or a path
            of your own data: a table, a folder or a pattern of tables (data/part-*.csv), a zip of pictures,
            or a folder of them (./pictures); with stream the address of tables, too (s3://bucket/*.parquet).
            Or a frame of pandas, polars or pyarrow. Or, with stream,
            batches: a function that returns an iterator over pairs (X, y), or what can be gone through anew,
            such as a DataLoader; they come with the same rows in the same order each time.
        data_dir: the folder with the data set's files.
        seed: of synthetic data.
        say: called with a sentence when "auto" settles for digits, and on which folder of pictures was read
            as which part.
        progress: called with bytes done and bytes in all during a download, and while a stream's rows are
            counted.
        hold_out: without it no rows are kept to test on, but those that the data themselves name.
        target: of a table, the column that is predicted; by its name, or the last one, when None. See
            `linnet.config.TableOptions` for this and all that follows.
        task: "classification", "regression" or "counts"; by what stands in the target's column when None.
        ignore: columns to leave out.
        category: columns to take as categories, also where they hold numbers.
        sample_weight: the column with the rows' weights, or a file with a weight for each training row.
        references: whether the first level of each category has no column.
        decimal: the sign before decimals, "." or ",".
        date_order: "dmy" or "mdy".
        header: whether the first line names the columns.
        encoding: of the text.
        sheet: of a workbook.
        schema: a TOML file, as `linnet data schema` prints it, by which the table is read as it says.
        number: columns to take as numbers.
        truth: columns to take as yes and no.
        date: columns to take as dates.
        text: columns to take as texts, by the words in them.
        exposure: of counts, the column of how long, or over how many, each was counted.
        groups: the column of what rows belong to, which is never on both sides of a split or fold.
        time: the column of when each row was, by which the latest rows are tested on.
        split: how rows to test on are chosen: "random", "groups", "time" or "none".
        test_size: the share of rows to test on.
        positive: of two classes the one that figures, plots and weights speak of.
        formula: the terms to predict by, such as "price ~ log(carat) + C(cut) * depth".
        test: a file with the rows to test on, of the same columns; of a frame another frame, of
            batches others.
        index_base: of LIBSVM text, from which number indices count, 0 or 1; as the file tells when None.
        hash: columns of very many levels, or of texts, to take by a hash of each level or word: "shop", or
            "shop=1024" for 1024 buckets.
        rare: training rows below which levels of a category are taken together as (other); when None 10, of
            categories of more than 100 levels alone.
        color: of pictures, whether to keep their colours, each pixel being three features: red, green and
            blue; when None they are read in grey.
        stream: whether rows stay in their files, which are read anew whenever rows are wanted: of Parquet,
            Arrow, CSV and JSON lines files, LIBSVM text, .npy and IDX files, and folders of pictures.
        errors: what to do with rows of a streamed table that cannot be read: "raise", "skip" or "quarantine".

    Raises:
        UsageError: the name is unknown, or no name; or there is something said of a table that is none.
        DataNotFoundError: the files are nowhere and cannot be downloaded.
    """
    is_place = isinstance(name, str | os.PathLike)
    is_frame = not is_place and as_frame(name) is not None
    are_batches = not is_place and not is_frame and is_batches(name)
    if not (is_place or is_frame or (are_batches and stream)):
        hint = "; batches that come one after another are taken with stream=True" if are_batches else ""
        raise UsageError(
            f"load takes a data set's name, a path or a frame, not {describe(name)}: {HOW}{hint}"
        )
    weights = None if sample_weight is None else os.fspath(sample_weight)
    is_in_file = weights is not None and is_place and not is_column(os.fspath(name), weights, data_dir)
    options = TableOptions(
        target=target, task=task, ignore=ignore, category=category, references=references,
        decimal=decimal, date_order=date_order, header=header, encoding=encoding, sheet=sheet,
        number=number, truth=truth, date=date, text=text, hash=hash,
        schema=None if schema is None else os.fspath(schema), sample_weight=None if is_in_file else weights,
        groups=groups, time=time, split=split, test_size=test_size, positive=positive, exposure=exposure,
        formula=formula, index_base=index_base, rare=rare, color=color,
        stream=stream, errors=errors,
        test=os.fspath(test) if isinstance(test, str | os.PathLike) else None,
    )  # fmt: skip
    if are_batches:
        return load_batches(name, options, hold_out=hold_out, test=test)
    if test is not None and is_place != (options.test is not None):
        raise UsageError("test is a path where the data are one, and a frame where they are one")
    if not is_place:
        tell = say or (lambda text: None)
        return user_data.take_frame(name, tell, hold_out=hold_out, options=options, test=test)
    is_own, name = not isinstance(name, str) or locate.is_own(name), local_path(os.fspath(name))
    if is_own:
        splits = user_data.load(
            name, data_dir, say or (lambda text: None), hold_out=hold_out, options=options,
            progress=progress or (lambda done, total: None),
        )  # fmt: skip
    else:
        splits = _load_named(name, data_dir, seed, say, progress, hold_out, options)
    folder = None if data_dir is None else os.fspath(data_dir)
    found = {} if splits.train.origin is None else splits.train.origin.table  # what the reader decided
    source, table = (name, {**options.table, **found}) if is_own else (splits.train.name, {})
    splits = _record(splits, Origin(source, folder, seed, hold_out, table=table))
    if weights is None or not is_in_file:
        return splits
    read = splits.train.schema
    if read is not None and weights in {column.name for column in read.columns}:
        raise UsageError(f"{weights} is a column of {name} and a file, too: write ./{weights} for the file")
    return Splits(weigh_by_file(splits.train, Path(weights)), splits.test)


def _load_named(
    given: str,
    data_dir: Path | str | None,
    seed: int,
    say: Callable[[str], None] | None,
    progress: Progress | None,
    hold_out: bool,
    options: TableOptions,
) -> Splits:
    """A data set of linnet's."""
    name = given.replace("-", "_")
    source = sources().get(name)
    said = next((one for one in options.table if one != "references"), None)
    if source is not None or name == "auto":
        user_data.refuse_color(options, f"{given} is a data set of linnet's")
    if said and (source is not None or name == "auto"):
        raise UsageError(f"{said} is of a table of your own, and {given} is a data set of linnet's")
    if name == "auto":
        return _auto(data_dir, say, progress, hold_out)
    if source is not None:
        return source.load(data_dir, seed=seed, hold_out=hold_out, progress=progress)
    here = f": write ./{given} for the one that is here" if Path(data_dir or "", given).exists() else ""
    raise UsageError(
        f"unknown data set {given!r}{here}: expected auto, {', '.join(sources())}, or a path: my.csv, "
        "./pictures"
    )


def is_column(name: str, sample_weight: str | os.PathLike[str], folder: Path | str | None = None) -> bool:
    """Whether weights are named by a column of a table, and not by a file."""
    if Path(sample_weight).is_file():
        return False
    files = locate.find_tables(name, folder) if locate.is_own(name) else None
    return is_table(name) or (files is not None and not files.is_svmlight)


def load_again(origin: Origin, *, progress: Progress | None = None) -> Splits:
    """Both parts of the data set that rows came from, weighted as those to train on were.

    Whether they are still the same is for the caller to see, by `Origin.checksum`.

    Args:
        origin: of the rows.
        progress: of a download.

    Raises:
        LinnetError, OSError: as `load` and `read_weights` do.
    """
    with do_without():  # whoever trains again has imported torch, and whoever evaluates does without
        train, test = load(
            origin.source, origin.data_dir, seed=origin.seed, hold_out=origin.hold_out, progress=progress,
            **{"sample_weight": origin.sample_weight, **origin.table},
        )  # fmt: skip
    return Splits(train, test)


def _record(splits: Splits, origin: Origin) -> Splits:
    """The parts, each with its origin."""
    train = splits.train.replace(origin=origin)
    test = splits.test and splits.test.replace(origin=replace(origin, part="test"))
    return Splits(train, test)


def _auto(
    data_dir: Path | str | None, say: Callable[[str], None] | None, progress: Progress | None, hold_out: bool
) -> Splits:
    try:
        return fashion_mnist.SOURCE.load(data_dir, progress=progress)
    except DataError as error:
        if data_dir is not None:
            raise  # a folder given by name is never passed over
        reason = str(error).splitlines()[0]
        if say:
            say(f"Fashion-MNIST cannot be had ({reason}); training on the built-in digits instead.")
        return digits.load(hold_out=hold_out)
