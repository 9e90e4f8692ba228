"""Rows of LIBSVM text some at a time, as a model takes them: by its width, from its base, without labels."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linnet.data.formats.svmlight_lines import Line, Lines, Taken, fault_of, is_number
from linnet.data.formats.svmlight_rows import load, open_lines
from linnet.data.streams.pieces import Piece, Rejected
from linnet.errors import FormatError

ROWS = 1 << 16
"""Rows that are read at a time, at most."""

BYTES = 1 << 24
"""Bytes of rows that are read at a time, but for the last row."""


@dataclass(frozen=True)
class Indices:
    """What the indices of a model's rows are.

    Args:
        base: from which number they count; None where only a file's comment can tell.
        width: D.
    """

    base: int | None
    width: int

    def base_in(self, lines: Lines) -> int:
        """From which number indices count in a file whose comments have been read.

        Raises:
            FormatError: its comments say otherwise than the model, or nothing says it.
        """
        told = lines.base
        if self.base is None and told is None:
            raise FormatError(
                f"from which number the indices of {lines.name} count is told neither by the model nor by a "
                "comment: say --index-base 0 or 1 (index_base= in Python)"
            )
        if self.base is not None and told not in (None, self.base):
            raise FormatError(
                f"a comment in {lines.name} says that indices count from {told}, and the model's rows are "
                f"taken from {self.base}: say --index-base {told} (index_base={told}) for such files, or "
                "take the comment out"
            )
        return self.base if self.base is not None else int(told or 0)


def iter_svmlight(files: Mapping[str, Path], indices: Indices, *, is_lenient: bool) -> Iterator[Piece]:
    """The rows of some files, sparse, (B, D); labels may lack, and are not looked at.

    Args:
        files: by what they are called, in order.
        indices: of the model.
        is_lenient: whether rows that cannot be read are set apart and no error.

    Raises:
        FormatError: a line is none of such text, or has an index that the model has not; naming it.
    """
    for name, path in files.items():
        before = 0
        with open_lines(path, name) as lines:
            for block in _blocks(_labelled(lines)):
                good, wrong = _sort_out(block, name)
                piece = _piece(good, wrong, lines, indices, before)
                if piece.rejected and not is_lenient:
                    first = piece.rejected[0]
                    raise FormatError(f"{name}, {first.place}: {first.reason}")
                yield piece
                before += len(block)
        if not before:
            raise FormatError(f"{name} has no rows")


def _blocks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lines some at a time, by their number and their bytes."""
    for first in lines:
        block, size = [first], len(first.text)
        while size < BYTES and len(block) < ROWS and (line := next(lines, None)) is not None:
            block.append(line)
            size += len(line.text)
        yield block


def _labelled(lines: Lines) -> Iterator[Line]:
    """The rows with a label each, 0, in place of what they have or have not.

    Raises:
        FormatError: rows have no label, and there are empty lines, which could be rows of zeros.
    """
    has_bare = False
    for number, text in lines:
        label, *rest = text.split(None, 1)
        has_bare = has_bare or b":" in label
        _check_blank(lines, has_bare=has_bare)
        if b":" in label:
            yield Line(number, b"0 " + text)
        elif rest or label == b"?" or is_number(label):
            yield Line(number, b"0 " + b"".join(rest))
        else:
            yield Line(number, text)  # which is no row
    _check_blank(lines, has_bare=has_bare)


def _check_blank(lines: Lines, *, has_bare: bool) -> None:
    if has_bare and lines.blank is not None:
        raise FormatError(
            f"{lines.name}, line {lines.blank}, is empty, and as rows have no label here it could be a row "
            "of zeros: take it out, or write a label, such as 0, before each row"
        )


def _sort_out(block: list[Line], name: str) -> tuple[tuple[Any, array[int]], list[Rejected]]:
    """The rows of some lines with their numbers, and the lines that are none."""
    wrong = list[Rejected]()
    taken = Taken(block)
    try:
        matrix, _ = load(taken)
    except (ValueError, OverflowError):  # one after the other, to find which
        bad = {line.number: fault_of(line.text) for line in block if not _is_row(line)}
        wrong = [Rejected(name, f"line {number}", reason) for number, reason in bad.items()]
        taken = Taken(line for line in block if line.number not in bad)
        matrix = load(taken)[0] if len(bad) < len(block) else _nothing()
    return (matrix, taken.numbers), wrong


def _is_row(line: Line) -> bool:
    try:
        load(Taken([line]))
    except (ValueError, OverflowError):
        return False
    return True


def _nothing() -> Any:
    from scipy.sparse import csr_array

    return csr_array((0, 1))


def _piece(
    found: tuple[Any, array[int]], wrong: list[Rejected], lines: Lines, indices: Indices, before: int
) -> Piece:
    """Rows by the model's columns; those with other indices, or numbers that are not finite, are rejected."""
    from scipy.sparse import csr_array

    matrix, numbers = found
    base, width = indices.base_in(lines), indices.width
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))  # of each number
    _check_base(matrix, rows, numbers, lines.name, base, width)
    reasons = dict[int, str]()
    for place in np.flatnonzero((matrix.indices >= base + width) | ~np.isfinite(matrix.data)).tolist():
        index = int(matrix.indices[place])
        reasons.setdefault(
            int(rows[place]),
            f"the index {index:,} is beyond the {width:,} features of the model, whose indices are "
            f"{base}…{base + width - 1:,}: leave it out, as nothing was learnt of it"
            if index >= base + width
            else "a number is not finite",
        )
    kept = np.array([row not in reasons for row in range(matrix.shape[0])], bool)
    is_kept = kept[rows]
    counts = np.bincount(rows[is_kept], minlength=matrix.shape[0])[kept]
    shifted = csr_array(
        (matrix.data[is_kept], matrix.indices[is_kept] - base, np.concatenate([[0], counts.cumsum()])),
        shape=(int(kept.sum()), width),
    )
    wrong += [Rejected(lines.name, f"line {numbers[row]}", reason) for row, reason in reasons.items()]
    return Piece(lines.name, shifted, before, rejected=tuple(sorted(wrong, key=_number)))


def _number(rejected: Rejected) -> int:
    return int(rejected.place.split()[-1])


def _check_base(matrix: Any, rows: Any, numbers: array[int], name: str, base: int, width: int) -> None:
    """Refuse indices that tell that a file counts from another number than the model's rows do.

    Raises:
        FormatError: naming the line; it is no fault of a row alone, for all of them would be misread.
    """
    for strange, other in ((0, 0), (width, 1)):
        is_strange = matrix.indices == strange
        if other != base and is_strange.any():
            line = numbers[int(rows[is_strange.argmax()])]
            raise FormatError(
                f"{name}, line {line}: the index {strange:,} is none of the model's, whose indices count "
                f"from {base}, to {base + width - 1:,}: where this file counts from {other}, say "
                f"--index-base {other} (index_base={other}), else leave it out"
            )
