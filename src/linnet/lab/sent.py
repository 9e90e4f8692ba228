"""`Sent`: the name by which uploaded files are loaded where they lie; `lay_out`: a folder to read them in."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import escape
from io import BytesIO
from pathlib import Path, PurePosixPath

from linnet.data.formats.array_files import find_features
from linnet.data.formats.encoding import FAULTS, PACKED
from linnet.data.formats.idx_names import is_idx_folder
from linnet.data.formats.picture_files import MAX_ALL_BYTES, is_picture
from linnet.data.formats.table_files import has_rows, sort_out
from linnet.data.formats.zipped import BROKEN
from linnet.errors import FormatError, LinnetError

Files = tuple[tuple[str, bytes], ...]
"""The paths and contents of files."""

PARQUET = (".parquet", ".pq")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".ods")
"""Tables that are zips themselves."""

TITLED = 3
"""Files that a title names."""

DIGITS = "0123456789"


@dataclass(frozen=True)
class Sent:
    """How files are loaded by who stands where they lie: what is typed there loads what the lab reads.

    Args:
        title: what to call them.
        name: that `linnet.load` takes.
        test: the file with the rows to test on, where it is named by itself.
    """

    title: str
    name: str
    test: str | None = None


@contextlib.contextmanager
def lay_out(files: Sequence[tuple[str, bytes]]) -> Iterator[Path]:
    """A folder with some files in it, which goes when they have been read; messages do not name it.

    Raises:
        FormatError: a path leads out of it, there are two of one name, or a file is too large unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="linnet-lab-") as place:
        try:
            room = MAX_ALL_BYTES  # of all files together
            for path, content in files:
                room -= _check_size(path, content, room)
                _write(Path(place), path, content)
            yield Path(place)
        except LinnetError as error:
            error.args = tuple(
                one.replace(f"{place}{os.sep}", "") if isinstance(one, str) else one for one in error.args
            )
            raise


def _write(folder: Path, path: str, content: bytes) -> None:
    parts = PurePosixPath(path).parts
    if ".." in parts or path.startswith("/") or "\\" in path or "\0" in path:
        raise FormatError(f"{path!r} cannot be read: it is no path within a folder")
    try:
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise FormatError(f"{path} is there twice: give one file, or its folder, another name") from None
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}") from error


def _check_size(path: str, content: bytes, room: int) -> int:
    """The bytes of a file unpacked, if there is room for them; what is damaged its reader refuses."""
    with contextlib.suppress(*FAULTS, *BROKEN):
        size = _unpacked_size(PurePosixPath(path).suffix.lower(), content)
        if size > room:
            alone = "" if room == MAX_ALL_BYTES else ", with the files before it"
            raise FormatError(f"{path} has more than {MAX_ALL_BYTES >> 20} MiB unpacked{alone}")
        return size
    return 0


def _unpacked_size(suffix: str, content: bytes, *, is_inner: bool = False) -> int:
    """Bytes of a file unpacked; of pictures in a zip, which have bounds of their own, none."""
    size = 0
    if suffix in PACKED:
        with PACKED[suffix](BytesIO(content)) as packed:
            while size <= MAX_ALL_BYTES and (piece := packed.read(1 << 20)):
                size += len(piece)
    elif suffix in PARQUET:
        size = _parquet_size(content)
    elif zipfile.is_zipfile(BytesIO(content)):  # workbooks and .npz files, too, whatever stands before one
        with zipfile.ZipFile(BytesIO(content)) as archive:
            size = _zip_size(archive, is_inner=is_inner)
    return size


def _zip_size(archive: zipfile.ZipFile, *, is_inner: bool) -> int:
    """Bytes of a zip's files, and of what is packed in them in turn, as a table in .csv.gz is."""
    entries = [one for one in archive.infolist() if not is_picture(one.filename)]
    size = sum(one.file_size for one in entries)
    for one in [] if is_inner else entries:
        suffix = PurePosixPath(one.filename).suffix.lower()
        if size <= MAX_ALL_BYTES and (suffix in PACKED or suffix in PARQUET or suffix in WORKBOOKS):
            with contextlib.suppress(*FAULTS, *BROKEN):
                size += _unpacked_size(suffix, archive.read(one), is_inner=True)
    return size


def _parquet_size(content: bytes) -> int:
    """Bytes of a Parquet file's numbers, repeated ones as often as they come."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with contextlib.suppress(pa.ArrowException):
        about = pq.read_metadata(pa.BufferReader(content))
        return 8 * about.num_rows * about.num_columns
    return 0


def name_files(paths: Sequence[str], folder: Path) -> Sent:
    """The name of some files in a folder: of one of them, of a folder in it, a pattern, or the folder itself.

    Args:
        paths: of the files, relative to the folder.
        folder: in which they lie.

    Raises:
        FormatError: they are of several kinds, or it cannot be told which part a table is.
    """
    if len(paths) == 1:
        return Sent(PurePosixPath(paths[0]).name, f"./{paths[0]}")
    tops = list(dict.fromkeys(PurePosixPath(path).parts[0] for path in paths))
    if len(tops) == 1:
        return Sent(tops[0], f"./{tops[0]}")
    title = " + ".join(tops[:TITLED]) + (" …" if len(tops) > TITLED else "")
    if any(PurePosixPath(path).name != path for path in paths):
        return Sent(title, "./")
    if all(map(has_rows, paths)):
        return _name_tables(sorted(paths), title)
    if (features := find_features(folder)) is not None and all(_is_array(path) for path in paths):
        return Sent(title, f"./{features.name}")
    if not is_idx_folder(folder):
        raise FormatError(
            f"{title} are {len(paths)} files of several kinds: send one, or files of one table, a part each "
            "(train.csv and test.csv), arrays with their labels (X.npy and y.npy), or a folder"
        )
    return Sent(title, "./")


def _is_array(path: str) -> bool:
    return path.lower().endswith((".npy", ".npz"))


def _name_tables(paths: list[str], title: str) -> Sent:
    """The file to train on and that to test on, or a pattern of all of them."""
    found = sort_out([Path(path) for path in paths], "the upload")
    if len(found.train) == len(found.test) == 1 and not found.validation:
        return Sent(title, f"./{found.train[0]}", f"./{found.test[0]}")
    suffixes = {"".join(PurePosixPath(path).suffixes[-1 - _is_packed(path) :]) for path in paths}
    if len(suffixes) > 1:
        return Sent(title, "./")
    suffix = suffixes.pop()
    prefix = os.path.commonprefix([path.removesuffix(suffix) for path in paths])  # noqa: RUF071 (of characters)
    return Sent(title, f"./{escape(prefix.rstrip(DIGITS) or prefix)}*{suffix}")


def _is_packed(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in PACKED
