"""Fashion-MNIST: 70,000 images of clothing (Xiao, Rasul and Vollgraf 2017), found on disk or downloaded."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import platformdirs
import torch

from linnet import files
from linnet.data import download as downloads
from linnet.data import idx
from linnet.data.dataset import Dataset, Splits
from linnet.errors import DataNotFoundError, DownloadError, FormatError

CLASSES = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}

MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)

IMAGE_SHAPE = (28, 28)
VARIABLE = "LINNET_DATA"
LAYOUTS = ("", "FashionMNIST/raw", "fashion_mnist", "fashion-mnist")
"""Where in a folder the files may lie; the second is torchvision's."""


def load(
    folder: Path | str | None = None, *, download: bool = True, progress: downloads.Progress | None = None
) -> Splits:
    """The 60,000 training and 10,000 test images.

    Args:
        folder: look in this folder alone (and download to it); otherwise in LINNET_DATA, ../data and
            the user's cache.
        download: fetch the files when they are nowhere.
        progress: called with bytes done and in all.

    Raises:
        DataNotFoundError: the files are nowhere and cannot be downloaded.
        FormatError: a file is damaged.
    """
    found = find(folder)
    if found is None and not download:
        raise DataNotFoundError(_help(folder, "the files were not found"))
    found = found or fetch(folder, progress)
    return Splits(_part(found, "train"), _part(found, "t10k"))


def find(folder: Path | str | None = None) -> Path | None:
    """The folder with all four files, gzipped or plain; None when there is none.

    Args:
        folder: look here alone.
    """
    for place in _places(folder):
        for layout in LAYOUTS:
            if all(_file(place / layout, name) for name in FILES):
                return place / layout
    return None


def fetch(folder: Path | str | None = None, progress: downloads.Progress | None = None) -> Path:
    """Download what is missing of the four files, checked by MD5.

    Args:
        folder: where to; LINNET_DATA when set, else the user's cache.
        progress: called with bytes done and in all, file by file.

    Returns:
        The folder.

    Raises:
        DataNotFoundError: no mirror gave a file; the message says how to get them by hand.
    """
    target = Path(folder or os.environ.get(VARIABLE) or _cache())
    try:
        for name, md5 in FILES.items():
            downloads.fetch([mirror + name for mirror in MIRRORS], target / name, md5, progress=progress)
    except DownloadError as error:
        raise DataNotFoundError(_help(folder, str(error))) from error
    return target


def verify(folder: Path) -> dict[str, str]:
    """Each file's state: "ok", "ok (plain)" by its structure, "missing", or what is wrong with it."""
    return {name: _state(folder, name, md5) for name, md5 in FILES.items()}


def _places(folder: Path | str | None) -> list[Path]:
    if folder is not None:
        return [Path(folder)]
    named = os.environ.get(VARIABLE)
    return [*([Path(named)] if named else []), Path("..") / "data", _cache()]


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("linnet")) / "fashion_mnist"


def _file(folder: Path, name: str) -> Path | None:
    """A file as it is there: gzipped or plain."""
    for path in (folder / name, folder / name.removesuffix(".gz")):
        if path.is_file():
            return path
    return None


def _part(folder: Path, part: str) -> Dataset:
    images_path = _file(folder, f"{part}-images-idx3-ubyte.gz")
    labels_path = _file(folder, f"{part}-labels-idx1-ubyte.gz")
    if images_path is None or labels_path is None:
        raise DataNotFoundError(_help(folder, f"the {part} files are missing"))
    images, labels = idx.read(images_path), idx.read_labels(labels_path, len(CLASSES))
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != IMAGE_SHAPE:
        raise FormatError(
            f"{images_path}: expected uint8 images of 28 × 28, got {images.dtype} {images.shape}"
        )
    if len(images) != len(labels):
        raise FormatError(f"{images_path} has {len(images)} images, {labels_path} {len(labels)} labels")
    X = torch.from_numpy(images if images.flags.writeable else images.copy()).view(len(images), -1)
    y = torch.from_numpy(labels.astype(np.int64))
    return Dataset(X, y, "fashion_mnist", CLASSES, IMAGE_SHAPE, 1 / 255, str(folder))


def _state(folder: Path, name: str, md5: str) -> str:
    path = _file(folder, name)
    if path is None:
        return "missing"
    if path.suffix == ".gz":
        digest = files.hexdigest(path, "md5")
        return "ok" if digest == md5 else f"changed: MD5 {digest}, expected {md5}"
    try:
        idx.read_labels(path, len(CLASSES)) if "labels" in name else idx.read(path)
    except FormatError as error:
        return f"changed: {error}"
    return "ok (plain)"


def _help(folder: Path | str | None, reason: str) -> str:
    rows = "\n".join(f"  {name}  MD5 {md5}" for name, md5 in FILES.items())
    places = ", ".join(str(place) for place in _places(folder))
    return (
        f"Fashion-MNIST cannot be had: {reason}\nLooked in: {places}\n"
        f"To go on without a network, put these four files into a folder and name it with --data-dir or "
        f"{VARIABLE}:\n{rows}\nThey are at {' and '.join(MIRRORS)}"
    )
