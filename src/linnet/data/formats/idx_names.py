"""The names of the four IDX files of a data set, as MNIST has them, and where they lie in a folder."""

from __future__ import annotations

from pathlib import Path

PARTS = ("train", "t10k")
IMAGES, LABELS = "-images-idx3-ubyte", "-labels-idx1-ubyte"
NAMES = tuple(part + kind for part in PARTS for kind in (IMAGES, LABELS))


def is_idx_folder(folder: Path) -> bool:
    """Whether a folder has one of the four files."""
    return any(lying(folder, name) for name in NAMES)


def lying(folder: Path, name: str) -> list[Path]:
    """The files under one of the four names, plain, which is quicker to read, and gzip."""
    stem = name.removesuffix(".gz")
    return [path for path in (folder / stem, folder / f"{stem}.gz") if path.is_file()]
