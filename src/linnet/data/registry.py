"""The data sets by name, and the choice among them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from linnet.data import user_data
from linnet.data.arguments import HOW
from linnet.data.coerce import said
from linnet.data.dataset import Splits
from linnet.data.sources import digits, fashion_mnist, mnist, synthetic
from linnet.data.sources.idx_files import Source
from linnet.errors import DataError, UsageError

NAMES = {
    "fashion_mnist": "70,000 images of clothing, 28 × 28, ten classes (29 MiB to download)",
    "mnist": "70,000 images of handwritten digits, 28 × 28, ten classes (11 MiB to download)",
    "digits": "1,797 images of handwritten digits, 8 × 8, ten classes (built in)",
    "synthetic": "1,000 rows of y = Xw + b + ε, the book's linear regression (made on the spot)",
}

Progress = Callable[[int, int | None], None]


def source_of(name: str) -> Source | None:
    """Where a data set is downloaded from; None for those that are always there."""
    return {"fashion_mnist": fashion_mnist.SOURCE, "mnist": mnist.SOURCE}.get(name)


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
        name: "fashion_mnist", "mnist", "digits", "synthetic", or "auto": Fashion-MNIST where it is or can be
            had, otherwise digits. A data set asked for by name is never replaced by another. Or a path
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
        raise UsageError(f"load takes a data set's name or a path, not {said(name)}: {HOW}")
    is_path, name = not isinstance(name, str), os.fspath(name)
    if is_path or user_data.is_own(name):
        return user_data.load(name, data_dir, say or (lambda text: None), hold_out=hold_out)
    asked, name = name, name.replace("-", "_")
    if name == "auto":
        return _auto(data_dir, say, progress, hold_out)
    if name == "fashion_mnist":
        return fashion_mnist.load(data_dir, progress=progress)
    if name == "mnist":
        return mnist.SOURCE.load(data_dir, progress=progress)
    if name == "digits":
        return digits.load(hold_out=hold_out)
    if name == "synthetic":
        return Splits(synthetic.linear(seed=seed))
    here = f": write ./{asked} for the one that is here" if Path(data_dir or "", asked).exists() else ""
    raise UsageError(
        f"unknown data set {asked!r}{here}: expected auto, {', '.join(NAMES)}, or a path: my.csv, ./pictures"
    )


def _auto(
    data_dir: Path | str | None, say: Callable[[str], None] | None, progress: Progress | None, hold_out: bool
) -> Splits:
    try:
        return fashion_mnist.load(data_dir, progress=progress)
    except DataError as error:
        if data_dir is not None:
            raise  # a folder given by name is never passed over
        reason = str(error).splitlines()[0]
        if say:
            say(f"Fashion-MNIST cannot be had ({reason}); training on the built-in digits instead.")
        return digits.load(hold_out=hold_out)
