"""Data sets in the four files of MNIST: found where they are, downloaded, checked and read.

`fashion_mnist` and `mnist` say what is particular to each.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import torch

from linnet import files
from linnet.data import idx
from linnet.data.dataset import Dataset, Splits
from linnet.data.download import fetch
from linnet.errors import DataNotFoundError, DownloadError, FormatError

Progress = Callable[[int, int | None], None]

IMAGE_SHAPE = (28, 28)

MAX_FILE_BYTES = 64 << 20
"""What a mirror may send for one file before it is given up."""

_IMAGES, _LABELS = "-images-idx3-ubyte.gz", "-labels-idx1-ubyte.gz"


@dataclass(frozen=True)
class Source:
    """A data set of four files: images and labels to train on (`train-…`) and to test on (`t10k-…`).

    Args:
        name: of the data set, and of its folder in the cache.
        title: its name for people.
        classes: the K class names.
        checksums: the MD5 of each gzip file, by file name.
        mirrors: the addresses of folders that have them.
        folders: where it may lie below a folder that is searched.
        download_bytes: the four files together.
        rows: of the two parts.
        others: the first ten test labels of sets whose files have the same names: not to be taken for this.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    checksums: Mapping[str, str]
    mirrors: tuple[str, ...]
    folders: tuple[str, ...]
    download_bytes: int
    rows: Mapping[str, int]
    others: tuple[bytes, ...] = ()

    def load(
        self, folder: Path | str | None = None, *, download: bool = True, progress: Progress | None = None
    ) -> Splits:
        """The data set from where it is, or downloaded when it is nowhere.

        Args:
            folder: look here only, and download to here; None searches the usual places (see `find`).
            download: whether a missing data set may be downloaded.
            progress: called with bytes done and bytes in all during a download.

        Returns:
            Rows to train on and rows to test on: X uint8 of shape (N, 784), to be scaled by 1/255.

        Raises:
            DataNotFoundError: the files are nowhere and could not be downloaded.
            FormatError: a file is damaged, or the files do not fit each other.
        """
        found = self.find(folder)
        if found is None:
            found = self._downloaded(folder, progress) if download else None
        if found is None:
            raise DataNotFoundError(self._nowhere(folder, "it was not to be downloaded"))
        return Splits(self._part(found, "train"), self._part(found, "t10k"))

    def find(self, folder: Path | str | None = None) -> Path | None:
        """The first folder that has all four files, plain or gzip; None when there is none.

        Args:
            folder: look here only. None searches the folder that the environment variable LINNET_DATA
                names, `../data`, and the user's cache. Each place is also searched in its subfolders,
                torchvision's among them.
        """
        return next((place for place in self._places(folder) if self._is_complete(place)), None)

    def download(self, folder: Path | str | None = None, progress: Progress | None = None) -> Path:
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
        target = Path(folder or self._home()).expanduser()
        before = 0
        for name, md5 in self.checksums.items():
            urls = [mirror + name for mirror in self.mirrors]
            report = self._after(before, progress)
            before += (
                fetch(urls, target / name, md5, progress=report, max_bytes=MAX_FILE_BYTES).stat().st_size
            )
        return target

    def verify(self, folder: Path | str) -> dict[str, str]:
        """The state of each of the four files.

        Args:
            folder: the folder, or one above it as in `find`.

        Returns:
            File name to "ok" (the MD5 is right), "ok (plain)" (unpacked: shape and labels are right),
            "missing", or "changed: " and what is wrong.
        """
        place = self.find(folder) or Path(folder).expanduser()
        return {name: self._state(place, name) for name in self.checksums}

    def _home(self) -> Path:
        """Where a download goes that was not told where to."""
        named = os.environ.get("LINNET_DATA")
        if not named:
            return self._cache()
        # The files of another set may lie there, under the same names.
        return Path(named) / self.name if self._is_another(Path(named).expanduser()) else Path(named)

    def _part(self, folder: Path, part: str) -> Dataset:
        X = self._images(_existing(folder, part + _IMAGES), self.rows[part])
        y = self._labels(_existing(folder, part + _LABELS), self.rows[part])
        return Dataset(
            torch.from_numpy(X),
            torch.from_numpy(y),
            name=self.name,
            classes=self.classes,
            image_shape=IMAGE_SHAPE,
            scale=1 / 255,
            source=str(folder),
        )

    def _images(self, path: Path, rows: int) -> idx.Array:
        images = idx.read(path, in_memory=True)
        expected = (rows, *IMAGE_SHAPE)
        if images.dtype != "uint8" or images.shape != expected:
            raise FormatError(
                f"{path} holds {images.dtype} of shape {images.shape}: expected uint8 {expected}"
            )
        return images.reshape(rows, -1)

    def _labels(self, path: Path, rows: int) -> idx.Array:
        labels = idx.read_labels(path, len(self.classes))
        if len(labels) != rows:
            raise FormatError(f"{path} holds {len(labels)} labels: expected {rows}, one for each image")
        return labels

    def _state(self, folder: Path, name: str) -> str:
        zipped, plain = folder / name, _plain(folder / name)
        if zipped.is_file() and (md5 := files.hexdigest(zipped, "md5")) != self.checksums[name]:
            return f"changed: md5 {md5}, expected {self.checksums[name]}"
        if plain.is_file() and (fault := self._fault(plain)):
            return f"changed: {fault}"
        if zipped.is_file():
            return "ok"
        return "ok (plain)" if plain.is_file() else "missing"

    def _fault(self, path: Path) -> str:
        check = self._images if "-images-" in path.name else self._labels
        try:
            check(path, self.rows[path.name.split("-")[0]])
        except FormatError as error:
            return str(error)
        return ""

    def _is_complete(self, folder: Path) -> bool:
        there = all(_existing(folder, name).is_file() for name in self.checksums)
        return there and not self._is_another(folder)

    def _is_another(self, folder: Path) -> bool:
        """Whether the folder holds one of the other sets, whose files have the same names."""
        return bool(self.others) and _first_labels(_existing(folder, "t10k" + _LABELS)) in self.others

    def _places(self, folder: Path | str | None) -> Iterator[Path]:
        if folder is not None:
            roots = [Path(folder)]
        else:
            named = os.environ.get("LINNET_DATA")
            roots = [*([Path(named)] if named else []), Path("..", "data")]
        for root in roots:
            for below in ("", *self.folders):
                yield root.expanduser() / below
        if folder is None:
            yield self._cache()

    def _cache(self) -> Path:
        return Path(platformdirs.user_cache_dir("linnet")) / self.name

    def _downloaded(self, folder: Path | str | None, progress: Progress | None) -> Path:
        try:
            return self.download(folder, progress)
        except (DownloadError, OSError) as error:
            raise DataNotFoundError(self._nowhere(folder, f"could not be downloaded: {error}")) from error

    def _after(self, before: int, progress: Progress | None) -> Progress | None:
        """Progress of one file as progress of all four."""
        if progress is None:
            return None
        return lambda done, _: progress(before + done, self.download_bytes)

    def _nowhere(self, folder: Path | str | None, reason: str) -> str:
        names = [f"  {name}  md5 {md5}" for name, md5 in self.checksums.items()]
        places = [f"  {place.absolute()}" for place in self._places(folder)]
        where = "that folder" if folder is not None else "one of these, or in a folder that LINNET_DATA names"
        return "\n".join(
            [
                f"{self.title} was not found, and {reason}",
                "Searched, for all four files:",
                *places,
                f"Put these, from {self.mirrors[-1]}, in {where}:",
                *names,
            ]
        )


def _first_labels(path: Path) -> bytes:
    """The first ten labels of a file; empty when it cannot be read."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(18)[8:]
    except (OSError, EOFError, zlib.error):
        return b""


def _existing(folder: Path, name: str) -> Path:
    """The plain file, which is quicker to read, or the gzip."""
    plain = _plain(folder / name)
    return plain if plain.is_file() else folder / name


def _plain(zipped: Path) -> Path:
    return zipped.with_suffix("")
