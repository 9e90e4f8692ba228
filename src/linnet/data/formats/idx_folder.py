"""Folders of four IDX files of MNIST's names, whatever data set they hold: pictures and classes by number.

The files may be gzip or plain, the pictures of any size and number. A file classes.txt, labels.txt or
names.txt beside them names the classes, a line each, in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    images, labels = zip(*(read_part(*each) for each in part_files(folder)), strict=True)
    y, classes = number_labels(folder, images, labels, name, known)
    return join(*(dataset_of(X, own, name, classes) for X, own in zip(images, y, strict=True)))


def part_files(folder: Path) -> list[tuple[Path, Path]]:
    """The files of pictures and labels, those to train on and those to test on.

    Raises:
        FormatError: one is missing.
    """
    if missing := [each for each in NAMES if not lying(folder, each)]:
        raise FormatError(f"{folder} has IDX files but not {', '.join(missing)}: expected all four, or .gz")
    return [(lying(folder, part + IMAGES)[0], lying(folder, part + LABELS)[0]) for part in PARTS]


def number_labels(
    folder: Path,
    images: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    name: str,
    known: tuple[str, ...] | None,
) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """The class of each row of both parts, (N,), and the names of the classes; see `read_idx_folder`.

    Raises:
        FormatError: the pictures of the parts are not of one size, or there are not two classes.
    """
    if images[0].shape[1:] != images[1].shape[1:]:
        sizes = " and ".join(" × ".join(map(str, each.shape[1:])) for each in images)
        raise FormatError(f"{folder}: the pictures of the two parts are of {sizes} pixels: expected one size")
    found = _read_classes(folder, int(max(each.max(initial=0) for each in labels)) + 1)
    classes = found if known is None else known
    if len(classes) < 2:
        raise FormatError(f"{folder} has pictures of one class: expected two at least")
    numbers = np.arange(len(found)) if known is None else number_classes(found, known, name)
    return [numbers[y] for y in labels], classes


def read_part(
    pictures: Path, names: Path, classes: int | None = None, *, is_mapped: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, uint8 (N, height, width), and labels, (N,), each in 0…classes − 1 where so many are known.

    Pictures that are mapped are read-only, and may be more than memory holds.

    Raises:
        FormatError: a file is damaged or holds something else, or they do not fit each other.
    """
    most = idx.MAX_MAPPED if is_mapped else idx.MAX_BYTES
    images = idx.read(pictures, max_bytes=most, in_memory=not is_mapped)
    labels = idx.read_labels(names, classes)
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
