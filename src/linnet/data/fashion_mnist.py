"""Fashion-MNIST: 70,000 grey images of clothing, 28 × 28, in ten classes (Xiao et al., 2017; MIT licence)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs
import torch

from linnet import files
from linnet.data import idx
from linnet.data.dataset import Dataset, Splits
from linnet.data.download import fetch
from linnet.errors import DataNotFoundError, DownloadError, FormatError

Progress = Callable[[int, int | None], None]

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
"""The names the book gives to labels 0…9."""

FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
"""The official files and their MD5."""

MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)

ROWS = {"train": 60_000, "t10k": 10_000}
"""The rows of the two parts."""

DOWNLOAD_BYTES = 30_878_645
"""The four files together."""

MAX_FILE_BYTES = 64 << 20
"""What a mirror may send for one file before it is given up."""

_IMAGE_SHAPE = (28, 28)
_SUBFOLDERS = ("", "FashionMNIST/raw", "fashion_mnist", "fashion-mnist")


def load(
    folder: Path | str | None = None, *, download: bool = True, progress: Progress | None = None
) -> Splits:
    """Fashion-MNIST from where it is, or downloaded when it is nowhere.

    Args:
        folder: look here only, and download to here; None searches the usual places (see `find`).
        download: whether a missing data set may be downloaded.
        progress: called with bytes done and bytes in all during a download.

    Returns:
        60,000 rows to train on and 10,000 to test on: X uint8 of shape (N, 784), to be scaled by 1/255.

    Raises:
        DataNotFoundError: the files are nowhere and could not be downloaded.
        FormatError: a file is damaged, or the files do not fit each other.
    """
    found = find(folder)
    if found is None:
        found = _downloaded(folder, progress) if download else None
    if found is None:
        raise DataNotFoundError(_nowhere(folder, "it was not to be downloaded"))
    return Splits(_part(found, "train"), _part(found, "t10k"))


def find(folder: Path | str | None = None) -> Path | None:
    """The first folder that has all four files, plain or gzip; None when there is none.

    Args:
        folder: look here only. None searches the folder that the environment variable LINNET_DATA
            names, `../data`, and the user's cache. Each place is also searched in its subfolders
            `FashionMNIST/raw`, `fashion_mnist` and `fashion-mnist`.
    """
    return next((place for place in _places(folder) if _is_complete(place)), None)


def download(folder: Path | str | None = None, progress: Progress | None = None) -> Path:
    """Download what is missing of the four files; those that are there and right stay.

    Args:
        folder: where to; None is the folder LINNET_DATA names, or else the user's cache.
        progress: called with bytes done and bytes in all.

    Returns:
        The folder.

    Raises:
        DownloadError: no mirror gave a file.
        OSError: the folder cannot be written.
    """
    target = Path(folder or os.environ.get("LINNET_DATA") or _cache()).expanduser()
    before = 0
    for name, md5 in FILES.items():
        urls = [mirror + name for mirror in MIRRORS]
        path = fetch(urls, target / name, md5, progress=_after(before, progress), max_bytes=MAX_FILE_BYTES)
        before += path.stat().st_size
    return target


def verify(folder: Path | str) -> dict[str, str]:
    """The state of each of the four files.

    Args:
        folder: the folder, or one above it as in `find`.

    Returns:
        File name to "ok" (the MD5 is right), "ok (plain)" (unpacked: shape and labels are right),
        "missing", or "changed: " and what is wrong.
    """
    place = find(folder) or Path(folder).expanduser()
    return {name: _state(place, name) for name in FILES}


def _part(folder: Path, part: str) -> Dataset:
    X = _images(_existing(folder, f"{part}-images-idx3-ubyte.gz"), ROWS[part])
    y = _labels(_existing(folder, f"{part}-labels-idx1-ubyte.gz"), ROWS[part])
    return Dataset(
        torch.from_numpy(X),
        torch.from_numpy(y),
        name="fashion_mnist",
        classes=CLASSES,
        image_shape=_IMAGE_SHAPE,
        scale=1 / 255,
        source=str(folder),
    )


def _images(path: Path, rows: int) -> idx.Array:
    images = idx.read(path, in_memory=True)
    expected = (rows, *_IMAGE_SHAPE)
    if images.dtype != "uint8" or images.shape != expected:
        raise FormatError(f"{path} holds {images.dtype} of shape {images.shape}: expected uint8 {expected}")
    return images.reshape(rows, -1)


def _labels(path: Path, rows: int) -> idx.Array:
    labels = idx.read_labels(path, len(CLASSES))
    if len(labels) != rows:
        raise FormatError(f"{path} holds {len(labels)} labels: expected {rows}, one for each image")
    return labels


def _state(folder: Path, name: str) -> str:
    zipped, plain = folder / name, _plain(folder / name)
    if zipped.is_file() and (md5 := files.hexdigest(zipped, "md5")) != FILES[name]:
        return f"changed: md5 {md5}, expected {FILES[name]}"
    if plain.is_file() and (fault := _fault(plain)):
        return f"changed: {fault}"
    if zipped.is_file():
        return "ok"
    return "ok (plain)" if plain.is_file() else "missing"


def _fault(path: Path) -> str:
    check = _images if "-images-" in path.name else _labels
    try:
        check(path, ROWS[path.name.split("-")[0]])
    except FormatError as error:
        return str(error)
    return ""


def _existing(folder: Path, name: str) -> Path:
    """The plain file, which is quicker to read, or the gzip."""
    plain = _plain(folder / name)
    return plain if plain.is_file() else folder / name


def _plain(zipped: Path) -> Path:
    return zipped.with_suffix("")


def _is_complete(folder: Path) -> bool:
    return all(_existing(folder, name).is_file() for name in FILES)


def _places(folder: Path | str | None) -> Iterator[Path]:
    if folder is not None:
        roots = [Path(folder)]
    else:
        named = os.environ.get("LINNET_DATA")
        roots = [*([Path(named)] if named else []), Path("..", "data")]
    for root in roots:
        for below in _SUBFOLDERS:
            yield root.expanduser() / below
    if folder is None:
        yield _cache()


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("linnet")) / "fashion_mnist"


def _downloaded(folder: Path | str | None, progress: Progress | None) -> Path:
    try:
        return download(folder, progress)
    except (DownloadError, OSError) as error:
        raise DataNotFoundError(_nowhere(folder, f"could not be downloaded: {error}")) from error


def _after(before: int, progress: Progress | None) -> Progress | None:
    """Progress of one file as progress of all four."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, DOWNLOAD_BYTES)


def _nowhere(folder: Path | str | None, reason: str) -> str:
    names = [f"  {name}  md5 {md5}" for name, md5 in FILES.items()]
    places = [f"  {place.absolute()}" for place in _places(folder)]
    where = "that folder" if folder is not None else "one of these, or in a folder that LINNET_DATA names"
    return "\n".join(
        [
            f"Fashion-MNIST was not found, and {reason}",
            "Searched, for all four files:",
            *places,
            f"Put these, from {MIRRORS[-1]}, in {where}:",
            *names,
        ]
    )
