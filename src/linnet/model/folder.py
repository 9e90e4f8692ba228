"""Names and places of run folders."""

from __future__ import annotations

import datetime
from pathlib import Path

from linnet import files
from linnet.errors import UsageError

CHECKPOINT = "checkpoint.safetensors"


def new_folder(folder: Path) -> Path:
    """The folder, if it can take a new run.

    Raises:
        UsageError: it holds something already; nothing is ever overwritten.
    """
    if folder.exists() and (not folder.is_dir() or not all(map(files.is_temporary, folder.iterdir()))):
        raise UsageError(f"{folder} is not empty: give another --out, or remove it first")
    return folder


def default_folder(name: str, root: Path = Path("runs")) -> Path:
    """`runs/NAME-TIME`, with a number after it if that is taken."""
    stem = f"{Path(name).name}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(root / candidate for candidate in names if not (root / candidate).exists())


def latest_folder(root: Path = Path("runs")) -> Path | None:
    """The newest run under `root`; None when there is none."""
    found = sorted(root.glob("*/run.json"), key=lambda path: path.stat().st_mtime)
    return found[-1].parent if found else None
