"""`Address`: a file that fsspec reaches, such as s3://bucket/1.parquet, with what readers ask of a path."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import re
import time
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from linnet.errors import DataError, DataNotFoundError, MissingExtraError, UsageError

ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*::)?[a-z][a-z0-9+.-]+://.", re.IGNORECASE)
"""How an address begins, a cache before it or not: s3://… or simplecache::s3://…"""

EXTRAS = {
    "s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure",
    "http": "http", "https": "http",
}  # fmt: skip
"""The extra that brings what reaches a kind of address."""

BUFFER = 1 << 20
"""Bytes that are asked for at once at least."""

FRESH = 10.0
"""Seconds for which it is not asked again whether a file has changed, which takes a request."""


class Stat(NamedTuple):
    """What `Path.stat` would say of a file.

    Args:
        st_size: its bytes.
        st_mtime_ns: a number made of all that the other side says of it, its time or checksum included.
    """

    st_size: int
    st_mtime_ns: int


class Reader(io.RawIOBase):
    """A file that is read, and closed with the last that knows it, as pyarrow closes none that it is given.

    Args:
        file: of a file system.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, out: Any, /) -> int:
        """Some bytes from where it is, into memory that is there."""
        content = self._file.read(len(out))
        out[: len(content)] = content
        return len(content)

    def seek(self, place: int, whence: int = 0, /) -> int:
        """Go to a place."""
        return self._file.seek(place, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()

    def close(self) -> None:
        """Close it."""
        if not self.closed:
            self._file.close()
        super().close()


class Address:
    """A file at an address.

    Args:
        text: the address.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._stat: tuple[float, Stat] | None = None
        self.parts = tuple(part for part in re.split("[/]+", text.partition("?")[0]) if part)
        self.name = self.parts[-1]
        self.suffix = PurePosixPath(self.name).suffix

    def __str__(self) -> str:
        return self._text

    def __fspath__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __lt__(self, other: Address) -> bool:
        return self._text < other._text

    @property
    def parent(self) -> PurePosixPath:
        """The folder that it is in, as a path that tells names alone."""
        return PurePosixPath(*self.parts[:-1])

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        return PurePosixPath(self.name).stem

    def with_suffix(self, suffix: str) -> PurePosixPath:
        """Its name with another suffix."""
        return PurePosixPath(self.name).with_suffix(suffix)

    def relative_to(self, folder: Address) -> PurePosixPath:
        """Its place in a folder."""
        return PurePosixPath(*self.parts[len(folder.parts) :])

    def resolve(self) -> Address:
        """Itself."""
        return self

    def is_dir(self) -> bool:
        """No: it is a file."""
        return False

    def is_file(self) -> bool:
        """Yes, as far as was known when it was found."""
        return True

    def exists(self) -> bool:
        """Yes, as far as was known when it was found."""
        return True

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """The file, of whose bytes those are asked for that are read.

        Args:
            mode: "rb", and nothing else.

        Raises:
            DataError: it cannot be reached.
        """
        system, path = reach(self._text)
        with _faults(self._text):
            return io.BufferedReader(Reader(system.open(path, "rb", cache_type="none")), BUFFER)

    def stat(self) -> Stat:
        """What is said of the file, asked again after some seconds.

        Raises:
            FileNotFoundError: it is not there.
            DataError: it cannot be reached.
        """
        if self._stat is None or time.monotonic() - self._stat[0] > FRESH:
            system, path = reach(self._text)
            with _faults(self._text):
                system.invalidate_cache(path.rpartition("/")[0])
                try:
                    found = system.info(path)
                except FileNotFoundError as error:
                    said = os.strerror(errno.ENOENT)
                    raise FileNotFoundError(errno.ENOENT, said, self._text) from error
            said = repr(sorted((str(key), str(value)) for key, value in found.items())).encode()
            mark = int.from_bytes(hashlib.sha256(said).digest()[:7], "big")
            self._stat = time.monotonic(), Stat(int(found.get("size") or 0), mark)
        return self._stat[1]


def is_address(name: object) -> bool:
    """Whether a name is an address of fsspec, and no path; file:// is a path, see `local_path`."""
    if isinstance(name, str):
        return ADDRESS.match(name) is not None and not name.lower().startswith("file://")
    return isinstance(name, Address)


def reach(text: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        MissingExtraError: a package for it is not installed.
        DataError: there is no such kind of address, or it cannot be reached.
    """
    from fsspec.core import url_to_fs

    if text.count("://") > 1:
        raise UsageError(f"{text} is an address within another: give the address of files")
    kind = text.partition("://")[0].rpartition("::")[2].lower()
    try:
        with _faults(text):
            return url_to_fs(text)
    except ImportError as error:
        if kind in EXTRAS:
            raise MissingExtraError(f"an address such as {kind}://", EXTRAS[kind]) from error
        raise DataError(f"{text} cannot be reached: {error}") from error
    except ValueError as error:
        raise DataError(f"{text} cannot be reached: {error}") from error


def find_files(text: str) -> list[Address]:
    """The files that an address means: of a folder all within it, of a pattern those that fit; in order.

    Raises:
        DataNotFoundError: there is none.
    """
    system, path = reach(text)
    kind = text.partition("://")[0]
    with _faults(text):
        if "*" in path or "[" in path:
            found = [one for one in system.glob(path) if system.isfile(one)]
        elif system.isdir(path):
            found = system.find(path)
        else:
            found = [path] if system.exists(path) else []
    if not found:
        raise DataNotFoundError(f"there is nothing at {text}")
    return sorted(Address(one if "://" in one else f"{kind}://{one.lstrip('/')}") for one in map(str, found))


def local_path(text: str) -> str:
    """The path of a file:// address; any other name as it is."""
    if not text.lower().startswith("file://"):
        return text
    from urllib.parse import unquote

    place = text[len("file://") :].removeprefix("localhost")
    return unquote(place) if "%" in place else place


@contextlib.contextmanager
def _faults(text: str) -> Iterator[None]:
    """Within it what a file system of any kind raises is an error that names the address."""
    try:
        yield
    except (OSError, ImportError, ValueError):
        raise
    except Exception as error:  # each library of a file system has its own
        raise DataError(f"{text} cannot be reached: {type(error).__name__}: {error}") from error
