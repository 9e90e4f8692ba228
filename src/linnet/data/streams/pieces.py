"""`Piece`: some rows of a file, with where they stand; `Source`: the pieces of all files, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be read.

    Args:
        file: in which it stands.
        place: of it, such as "line 3"; empty of a picture, which is a file.
        reason: why it cannot be read.
    """

    file: str
    place: str
    reason: str


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows that stand one behind another in a file.

    Args:
        file: what it is called.
        rows: their cells, a frame; or their numbers, (B, D), an array or CSR.
        before: rows of the file that stand before these.
        scale: factor that numbers are multiplied by to be in a model's units.
        rejected: rows between these that cannot be read, where that is no error.
        names: of the rows, (B,), where each is a file of its own; the file's name is that of all, where None.
        blank: of rows that are pictures, on which there is nothing to be seen, (B,); None of others.
    """

    file: str
    rows: Any
    before: int = 0
    scale: float = 1.0
    rejected: tuple[Rejected, ...] = ()
    names: tuple[str, ...] | None = None
    blank: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """Rows of one or several files.

    Args:
        pieces: in the order of the files and of their rows; read when they are asked for.
        is_several: whether an answer is to say which file its row stands in.
        notes: what is to be said of how the files were taken.
    """

    pieces: Iterator[Piece]
    is_several: bool = False
    notes: tuple[str, ...] = ()
