"""Streams of data that are no tables: by their kind, or a refusal that says what to do instead."""

from __future__ import annotations

from pathlib import Path

from linnet.data.formats.array_files import find_features
from linnet.data.formats.picture_files import Say
from linnet.data.formats.streamed_arrays import map_array_files, map_idx_folder
from linnet.data.locate import has_pictures, kind_of
from linnet.data.split import Whole
from linnet.errors import FormatError, UsageError

ELSE = "or load it without --stream (stream=)"

PACKED = f"save X and y each as a file, by numpy.save('X.npy', X) and numpy.save('y.npy', y), {ELSE}"


def read_streamed_kind(
    path: Path,
    name: str,
    *,
    known: tuple[str, ...] | None = None,
    say: Say = lambda text: None,
    color: bool | None = None,
) -> Whole:
    """The rows of arrays or pictures, which stay in their files.

    Args:
        path: of a .npy file, or of a folder of such files, of IDX files or of pictures.
        name: what to call it.
        known: the classes of a model whose rows these are; None where they are to be found.
        say: is told how it was read.
        color: whether pictures keep their colours.

    Raises:
        FormatError: it cannot be streamed.
    """
    kind = kind_of(path)
    if kind == "IDX files":
        if color and known is None:
            raise UsageError(
                f"--color (color=) is of pictures in colour, and those of {name}, IDX files, are grey"
            )
        return map_idx_folder(path, name, known)
    if kind == "pictures" and not has_pictures(path) and (array := find_features(path)) is not None:
        path, kind = array, "one array"
    if kind == "one array" and path.suffix.lower() == ".npy":
        return map_array_files(path, name, known=known, say=say, color=color)
    if kind == "pictures":
        from linnet.data.formats.streamed_pictures import read_streamed_pictures  # with Pillow

        return read_streamed_pictures(path, name, known=known, say=say, color=color)
    raise FormatError(f"{path} cannot be streamed{_why(kind, path)}")


def can_stream_kind(path: Path) -> bool:
    """Whether rows that are no tables can be streamed."""
    kind = kind_of(path)
    return kind in ("IDX files", "pictures") or (kind == "one array" and path.suffix.lower() == ".npy")


def _why(kind: str, path: Path) -> str:
    """Why a kind of data cannot be streamed, and what to do instead."""
    if kind == "one array":
        return ": a sparse matrix is compact in memory, so load it without --stream (stream=)"
    if kind == "arrays":
        return f", as an archive cannot be mapped into memory: {PACKED}"
    if kind == "HDF5":
        return f": {PACKED}"
    if path.suffix.lower() == ".zip":
        return f": unpack it into a folder, {ELSE}"
    return f": {ELSE.removeprefix('or ')}"
