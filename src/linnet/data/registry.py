"""The registry of data sets that have a name, and `load`, which reads one of them or user data."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from linnet.data import user_data
from linnet.data.arguments import HOW, weigh_by_file
from linnet.data.coerce import describe
from linnet.data.dataset import Splits
from linnet.data.origin import Origin
from linnet.data.sources import digits, fashion_mnist, mnist, synthetic
from linnet.data.sources.idx_files import IdxSource
from linnet.data.sources.source import Progress, Source
from linnet.errors import DataError, UsageError

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
    name: Path | str = "auto",
    data_dir: Path | str | None = None,
    *,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
    hold_out: bool = True,
) -> Splits:
    """A data set by name.

    Args:
        name: one of `sources`, such as "fashion_mnist" or "digits", or "auto": Fashion-MNIST where it is or
            can be had, otherwise digits. A data set asked for by name is never replaced by another. Or a path
            of your own data: a CSV file, a zip of pictures, or a folder of them (./pictures).
        data_dir: the folder with the data set's files.
        seed: of synthetic data.
        say: called with a sentence when "auto" settles for digits, and on which folder of pictures was read
            as which part.
        progress: called with bytes done and bytes in all during a download.
        hold_out: without it no rows are kept to test on, but those that the data themselves name.

    Raises:
        UsageError: the name is unknown, or no name.
        DataNotFoundError: the files are nowhere and cannot be downloaded.
    """
    if not isinstance(name, str | os.PathLike):
        raise UsageError(f"load takes a data set's name or a path, not {describe(name)}: {HOW}")
    is_path, name = not isinstance(name, str), os.fspath(name)
    origin = Origin(name, None if data_dir is None else os.fspath(data_dir), seed, hold_out)
    if is_path or user_data.is_own(name):
        splits = user_data.load(name, data_dir, say or (lambda text: None), hold_out=hold_out)
        return _record(splits, origin)
    asked, name = name, name.replace("-", "_")
    if name == "auto":
        return _record(_auto(data_dir, say, progress, hold_out), origin)
    if (source := sources().get(name)) is not None:
        splits = source.load(data_dir, seed=seed, hold_out=hold_out, progress=progress)
        return _record(splits, replace(origin, source=name))
    here = f": write ./{asked} for the one that is here" if Path(data_dir or "", asked).exists() else ""
    raise UsageError(
        f"unknown data set {asked!r}{here}: expected auto, {', '.join(sources())}, or a path: my.csv, "
        "./pictures"
    )


def load_again(origin: Origin, *, progress: Progress | None = None) -> Splits:
    """Both parts of the data set that rows came from, weighted as those to train on were.

    Whether they are still the same is for the caller to see, by `Origin.checksum`.

    Args:
        origin: of the rows.
        progress: of a download.

    Raises:
        LinnetError, OSError: as `load` and `read_weights` do.
    """
    train, test = load(
        origin.source, origin.data_dir, seed=origin.seed, hold_out=origin.hold_out, progress=progress
    )
    if origin.sample_weight is not None:
        train = weigh_by_file(train, Path(origin.sample_weight))
    return Splits(train, test)


def _record(splits: Splits, origin: Origin) -> Splits:
    """The parts, each with its origin; "auto" became the data set that it settled for."""
    if origin.source == "auto":
        origin = replace(origin, source=splits.train.name)
    train = replace(splits.train, origin=origin)
    test = splits.test and replace(splits.test, origin=replace(origin, part="test"))
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
