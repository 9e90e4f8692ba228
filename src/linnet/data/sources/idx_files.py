"""Data sets in the four files of MNIST: found where they are, downloaded, checked and read.

`fashion_mnist` and `mnist` say what is particular to each. A file is a data set's by its checksum, never by
its name, which several data sets share. What is somebody else's is neither used nor replaced.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from linnet.data.dataset import Splits
from linnet.data.formats.idx_folder import dataset_of, read_part
from linnet.data.formats.idx_names import IMAGES, LABELS, PARTS, lying
from linnet.data.sources.checksums import content_md5_of, describe_file, md5_of, title_of
from linnet.data.sources.source import Progress, Source
from linnet.errors import DataNotFoundError, DownloadError, FormatError
from linnet.lazy import import_beside

MAX_FILE_BYTES = 64 << 20
"""What a mirror may send for one file before it is given up."""

HAD = ("MNIST", "Fashion-MNIST")
"""Data sets of these file names that linnet has: one of them is no reason not to put another beside it."""


@dataclass(frozen=True)
class IdxSource(Source):
    """A data set of four files: images and labels to train on (`train-…`) and to test on (`t10k-…`).

    Args:
        name: of the data set, and of its folder in the cache.
        title: its name for people.
        about: in a line.
        classes: the K class names.
        checksums: the MD5 of each gzip file, by file name.
        contents: the MD5 of what is in it, by the same name.
        mirrors: the addresses of folders that have them.
        folders: where it may lie below a folder that is searched.
        download_bytes: the four files together.
    """

    classes: tuple[str, ...]
    checksums: Mapping[str, str]
    contents: Mapping[str, str]
    mirrors: tuple[str, ...]
    folders: tuple[str, ...]
    download_bytes: int

    def is_there(self, folder: Path | str | None = None) -> bool:
        """Whether its files are found."""
        return self.find(folder) is not None

    def load(
        self,
        folder: Path | str | None = None,
        *,
        seed: int = 0,
        hold_out: bool = True,
        download: bool = True,
        progress: Progress | None = None,
    ) -> Splits:
        """The data set from where it is, or downloaded when it is nowhere.

        Args:
            folder: look here only, and download to its subfolder of the data set's name; None searches the
                usual places (see `find`).
            seed: of no matter here.
            hold_out: likewise; the files say which rows are to test on.
            download: whether a missing data set may be downloaded.
            progress: called with bytes done and bytes in all during a download.

        Returns:
            Rows to train on and rows to test on: X uint8 of shape (N, 784), to be scaled by 1/255.

        Raises:
            DataNotFoundError: the files are nowhere and could not be downloaded.
            FormatError: files of these names are in the folder, or in that of LINNET_DATA, but are damaged or
                somebody's own.
        """
        found = self.have(folder, download=download, progress=progress)
        parts = import_beside(lambda: [self._read(found, part) for part in PARTS])
        return Splits(*(dataset_of(*part, self.name, self.classes, str(found)) for part in parts))

    def have(
        self,
        folder: Path | str | None = None,
        *,
        download: bool = True,
        into: Path | None = None,
        progress: Progress | None = None,
    ) -> Path:
        """The folder that has the data set, downloaded when it is nowhere.

        Args:
            folder: as in `load`.
            download: likewise.
            into: where a download goes; as in `fetch` when None.
            progress: as in `load`.

        Raises:
            DataNotFoundError, FormatError: as `load` does.
        """
        found = self.locate(folder)
        if found is None and not download:
            raise DataNotFoundError(self._nowhere(folder, "it was not to be downloaded"))
        try:
            return found or self.fill(into or self._home(folder), progress)
        except (DownloadError, OSError) as error:
            raise DataNotFoundError(self._nowhere(folder, f"could not be downloaded: {error}")) from error

    def find(self, folder: Path | str | None = None) -> Path | None:
        """The first folder that has all four files, plain or gzip, by their checksums; None without one.

        Args:
            folder: look here only. None searches the folder that the environment variable LINNET_DATA
                names, `../data`, and the user's cache. Each place is also searched in its subfolders,
                torchvision's among them.
        """
        return next((place for place in self._places(folder) if self._is_complete(place)), None)

    def locate(self, folder: Path | str | None = None) -> Path | None:
        """As `find`, but what lies under these names in a folder that was named is not passed over.

        Args:
            folder: as in `find`; None counts the folder of LINNET_DATA as named.

        Raises:
            FormatError: it is damaged, or of no data set that linnet has.
        """
        named = folder or os.environ.get("LINNET_DATA")
        if named:
            found = self.find(named)
            if found is not None:
                return found
            for path in (path for place in self._places(named) for path in self.others(place)):
                if title_of(path) not in HAD:
                    raise FormatError(self._foreign(path))
        return None if folder is not None else self.find()

    def fetch(self, folder: Path | str | None = None, progress: Progress | None = None) -> Path:
        """Have the four files: where they are, or downloaded to a subfolder that is the data set's own.

        Args:
            folder: look here only, and download to its subfolder of the data set's name. None is the folder
                LINNET_DATA names, or else the user's cache.
            progress: called with bytes done and bytes in all.

        Returns:
            The folder that has them.

        Raises:
            DownloadError: no mirror gave a file.
            FormatError: other files of these names are there; they stay.
            OSError: the folder cannot be written.
        """
        return self.locate(folder) or self.fill(self._home(folder), progress)

    def fill(self, folder: Path, progress: Progress | None = None) -> Path:
        """Download what is missing of the four files into this very folder.

        Args:
            folder: is made where it is missing.
            progress: called with bytes done and bytes in all.

        Raises:
            DownloadError, FormatError, OSError: as `fetch` does.
        """
        from linnet.data.download.fetch import fetch  # with what speaks to servers

        for path in self.others(folder):
            raise FormatError(self._foreign(path))
        before = 0
        for name, md5 in self.checksums.items():
            urls = [mirror + name for mirror in self.mirrors]
            report = self._after(before, progress)
            before += (
                fetch(urls, folder / name, md5, progress=report, max_bytes=MAX_FILE_BYTES).stat().st_size
            )
        return folder

    def verify(self, folder: Path | str) -> dict[str, str]:
        """The state of each of the four files.

        Args:
            folder: the folder, or one above it as in `find`.

        Returns:
            File name to "ok" (the checksum is right), "ok (plain)" (unpacked, and right), "missing", or
            "changed: " and what lies there.
        """
        places = list(self._places(folder))
        full = (place for place in places if any(lying(place, name) for name in self.checksums))
        place = self.find(folder) or next(full, places[0])
        return {name: self._state(place, name) for name in self.checksums}

    def _home(self, folder: Path | str | None) -> Path:
        """Where a download goes: a folder of the data set's own, below the one that was named."""
        named = folder or os.environ.get("LINNET_DATA")
        return Path(named).expanduser() / self.name if named else self._cache()

    def others(self, folder: Path) -> list[Path]:
        """Files under these names in this very folder that are not this data set's."""
        there = (path for name in self.checksums for path in lying(folder, name))
        return [path for path in there if not self._is_right(path)]

    def _foreign(self, path: Path) -> str:
        own = "" if title_of(path) else ". IDX files of your own are read by the path of their folder"
        return (
            f"{path} is not {self.title}'s but {describe_file(path)} (MD5 {md5_of(path)}). It was neither "
            f"used nor replaced: move it away, or name another folder for {self.title} (--data-dir, "
            f"LINNET_DATA){own}"
        )

    def _read(self, folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
        pictures, names = (self._right(folder, part + kind) for kind in (IMAGES, LABELS))
        return read_part(pictures, names, len(self.classes))

    def _right(self, folder: Path, name: str) -> Path:
        """The file of this data set, plain, which is quicker to read, or gzip."""
        return next(path for path in lying(folder, name) if self._is_right(path))

    def _is_right(self, path: Path) -> bool:
        """Whether a file is this data set's, by the checksum of its bytes or of what is in it."""
        name = path.name if path.suffix == ".gz" else path.name + ".gz"
        if path.suffix == ".gz" and md5_of(path) == self.checksums[name]:
            return True
        return content_md5_of(path) == self.contents[name]

    def _state(self, folder: Path, name: str) -> str:
        there = lying(folder, name)
        for path in there:
            if not self._is_right(path):
                wanted = self.checksums[name]
                return f"changed: md5 {md5_of(path)}, expected {wanted}: it is {describe_file(path)}"
        if not there:
            return "missing"
        return "ok" if any(path.suffix == ".gz" for path in there) else "ok (plain)"

    def _is_complete(self, folder: Path) -> bool:
        names = sorted(self.checksums, key=lambda name: "images" in name)  # the small ones first
        return all(any(self._is_right(path) for path in lying(folder, name)) for name in names)

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
