"""`linnet data list|fetch|verify|show`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import App

from linnet.errors import UsageError

if TYPE_CHECKING:
    from linnet.data.dataset import Dataset

app = App(name="data", help="List, fetch, verify or show data sets.")


@app.command(name="list")
def list_data(*, data_dir: Path | None = None) -> None:
    """List the data sets, and where they were found.

    Parameters
    ----------
    data_dir
        A folder to look in.
    """
    from linnet.data import fashion_mnist
    from linnet.data.catalog import NAMES

    for name, text in NAMES.items():
        found = fashion_mnist.find(data_dir) if name == "fashion_mnist" else "always there"
        print(f"{name:<14} {text}\n{'':<14} {found or 'not found: linnet data fetch'}")


@app.command
def fetch(*, data_dir: Path | None = None) -> None:
    """Download Fashion-MNIST (29 MiB), checked, going on with what an earlier try left.

    Parameters
    ----------
    data_dir
        Where to put it; LINNET_DATA or the user's cache when not given.
    """
    from linnet.cli.progress import download_progress
    from linnet.data import fashion_mnist

    with download_progress() as progress:
        print(f"fashion_mnist is in {fashion_mnist.download(data_dir, progress=progress)}")


@app.command
def verify(*, data_dir: Path | None = None) -> None:
    """Check the files of Fashion-MNIST against their checksums; exit 1 if one differs.

    Parameters
    ----------
    data_dir
        The folder; where it is found when not given.
    """
    from linnet.data import fashion_mnist
    from linnet.errors import DataNotFoundError

    folder = data_dir or fashion_mnist.find()
    if folder is None:
        raise DataNotFoundError("Fashion-MNIST is nowhere to be found: linnet data fetch, or give --data-dir")
    states = fashion_mnist.verify(Path(folder))
    print(f"{folder}")
    for name, state in states.items():
        print(f"  {name:<28} {state}")
    if not all(state.startswith("ok") for state in states.values()):
        sys.exit(1)


@app.command
def show(
    dataset: str = "auto",
    *,
    part: Literal["train", "test"] = "train",
    rows: int = 2,
    columns: int = 9,
    start: int = 0,
    out: Path = Path("images.png"),
    data_dir: Path | None = None,
) -> None:
    """Write a picture of the first images of a data set, each with its class.

    Parameters
    ----------
    dataset
        auto, fashion_mnist, mnist or digits.
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
    data_dir
        The folder with the data set's files.
    """
    from linnet.data.catalog import load
    from linnet.plot.gallery import gallery
    from linnet.plot.save import save

    splits = load(dataset, data_dir, say=print)
    chosen = splits.train if part == "train" or splits.test is None else splits.test
    if rows < 1 or columns < 1 or not 0 <= start < len(chosen):
        raise UsageError(f"rows and columns must be at least 1, start within 0…{len(chosen) - 1}")
    where = slice(start, start + rows * columns)
    save(gallery(chosen.images(where), _names(chosen, where), columns=columns), out)
    print(f"{chosen.name}, {part}, images {start}…{min(where.stop, len(chosen)) - 1}: {out}")


def _names(dataset: Dataset, where: slice) -> list[str]:
    return [dataset.classes[k] for k in dataset.y[where].tolist()]
