"""Folders of four IDX files of MNIST's names, whatever data set they hold: pictures and classes by number.

The files may be gzip or plain, the pictures of any size and number. A file classes.txt, labels.txt or
names.txt beside them names the classes, a line each, in the order of their numbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from linnet.data.dataset import Dataset
from linnet.data.formats import idx
from linnet.data.formats.idx_names import IMAGES, LABELS, NAMES, PARTS, lying
from linnet.data.split import Whole, join
from linnet.errors import FormatError
from linnet.schema.classes import number_classes

NAME_FILES = ("classes.txt", "labels.txt", "names.txt")


def read_idx_folder(folder: Path, name: str, known: tuple[str, ...] | None = None) -> Whole:
    """All rows of the four files, those to test on (t10k-…) after those to train on.

    Args:
        folder: that has them.
        name: what to call the data set.
        known: the classes of a model whose rows these are; None to take those of the files.

    Raises:
        FormatError: a file is missing or damaged, or they do not fit each other.
    """
    if missing := [each for each in NAMES if not lying(folder, each)]:
        raise FormatError(f"{folder} has IDX files but not {', '.join(missing)}: expected all four, or .gz")
    paths = ([lying(folder, part + kind)[0] for kind in (IMAGES, LABELS)] for part in PARTS)
    images, labels = zip(*(read_part(pictures, names) for pictures, names in paths), strict=True)
    if images[0].shape[1:] != images[1].shape[1:]:
        sizes = " and ".join(" × ".join(map(str, each.shape[1:])) for each in images)
        raise FormatError(f"{folder}: the pictures of the two parts are of {sizes} pixels: expected one size")
    found = _read_classes(folder, int(max(each.max(initial=0) for each in labels)) + 1)
    classes = found if known is None else known
    if len(classes) < 2:
        raise FormatError(f"{folder} has pictures of one class: expected two at least")
    numbers = np.arange(len(found)) if known is None else number_classes(found, known, name)
    return join(*(
        dataset_of(X, numbers[y], name, classes) for X, y in zip(images, labels, strict=True)
    ))  # fmt: skip


def read_part(pictures: Path, names: Path, classes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, uint8 (N, height, width), and labels, (N,), each in 0…classes − 1 where so many are known.

    Raises:
        FormatError: a file is damaged or holds something else, or they do not fit each other.
    """
    images, labels = idx.read(pictures, in_memory=True), idx.read_labels(names, classes)
    if images.ndim != 3 or images.dtype != np.uint8 or not images.size:
        raise FormatError(
            f"{pictures} holds {images.dtype} of shape {images.shape}: expected pictures, bytes of rank 3"
        )
    if len(images) != len(labels):
        part = pictures.name.partition("-")[0]
        raise FormatError(
            f"{pictures.parent}: {part} has {len(images):,} pictures but {len(labels):,} labels"
        )
    return images, labels


def _read_classes(folder: Path, count: int) -> tuple[str, ...]:
    """The names of classes 0…count − 1: of a file of names, or their numbers."""
    path = next((folder / name for name in NAME_FILES if (folder / name).is_file()), None)
    if path is None:
        return tuple(map(str, range(count)))
    try:
        names = tuple(line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip())
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not text in UTF-8 ({error.reason})") from error
    if len(names) < count or len(set(names)) < len(names):
        raise FormatError(
            f"{path} has {len(set(names))} different names, and the labels go to {count - 1}: expected "
            "a name a line for each class, from 0"
        )
    return names


def dataset_of(
    images: np.ndarray, y: np.ndarray, name: str, classes: tuple[str, ...], source: str = ""
) -> Dataset:
    """Pictures, (N, height, width), and their classes as a data set."""
    X = images.reshape(len(images), -1)
    return Dataset(X, y, name, classes, images.shape[1:], 1 / 255, source or name)  # type: ignore[arg-type]
