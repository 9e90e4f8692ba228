"""`Lines`: the lines of LIBSVM text without comments, which know their numbers and say what is wrong."""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from linnet.data.formats.encoding import PACKED
from linnet.errors import FormatError

SUFFIXES = (".svm", ".libsvm", ".svmlight")

MAX_LINE = 1 << 28
"""Bytes of a line."""

BASE = re.compile(rb"Column indices are (zero|one)-based")
"""What scikit-learn writes into a comment, if it is asked for one."""

PAIR = re.compile(rb"\+?\d+:[^:]+")
QUERY = re.compile(rb"\s(qid|sid|cost):")
"""What svmlight may have before the features: of rankings, of slack, of costs."""

SHOWN = 40
"""Bytes of a line that a message shows."""


def is_svmlight(name: str) -> bool:
    """Whether a file's name is that of such text, compressed or not."""
    path = PurePath(name.lower())
    return (path.with_suffix("") if path.suffix in PACKED else path).suffix in SUFFIXES


class Lines:
    """The lines of a file, some at a time.

    Args:
        file: its bytes.
        name: of it, for messages.
        most: bytes that it may have.

    Attributes:
        numbers: the line of each row that was taken last, counted from 1.
        base: from which number a comment says that indices count; None where none does.
    """

    def __init__(self, file: Any, name: str, most: int) -> None:
        self.file, self.name, self.most = file, name, most
        self.numbers, self.base, self._line = array("q"), None, b""
        self._rows = self._iter()

    def take(self, rows: int | None) -> Taken:
        """The next rows, at most so many; all that are left where None. `numbers` are of these."""
        del self.numbers[:]
        return Taken(itertools.islice(self._rows, rows))

    def _iter(self) -> Iterator[bytes]:
        """The lines that are rows.

        Raises:
            FormatError: one has what cannot be kept, or there are too many bytes.
        """
        done, number = 0, 0
        while line := self.file.readline(MAX_LINE):
            done, number = done + len(line), number + 1
            if len(line) == MAX_LINE or done > self.most:
                raise FormatError(f"{self.name} is too long at line {number}: {done >> 20:,} MiB")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            row, _, comment = line.partition(b"#")
            if comment and (said := BASE.search(comment)):
                self.base = int(said[1] == b"one")
            if row := row.strip():
                self.numbers.append(number)
                self._line = row
                if b"_" in row or b"d:" in row or b"t:" in row:
                    self._check_words(row)
                yield row

    def _check_words(self, row: bytes) -> None:
        if found := QUERY.search(row):
            word = found[1].decode()
            raise FormatError(
                f"{self._where}: {word} is of rankings and of rows with costs, which linnet does not learn: "
                f"leave out {word}:… to take the rows one by one (weights go into --sample-weight)"
            )
        if b"_" in row:
            raise self.fault()

    @property
    def _where(self) -> str:
        return f"{self.name}, line {self.numbers[-1]}" if self.numbers else self.name

    def fault(self) -> FormatError:
        """What is wrong with the line that was read last."""
        return FormatError(f"{self._where}: {_fault(self._line)}")


@dataclass(frozen=True, eq=False)
class Taken:
    """Lines, as scikit-learn's reader takes a file.

    Args:
        lines: they.
    """

    lines: Iterator[bytes]

    def read(self) -> bytes:
        """For scikit-learn, which knows a file by its having this."""
        return b"\n".join(self.lines)

    def __iter__(self) -> Iterator[bytes]:
        return self.lines


def _fault(row: bytes) -> str:
    label, *pairs = row.split()
    if b"," in label:
        return (
            f"{_show(label)} are several labels, or one with a decimal comma: one number a row is predicted. "
            "Train a model for each label, or write a decimal point"
        )
    if b":" in label:
        return f"it begins with {_show(label)}, where the label of the row belongs"
    if not _is_number(label):
        return f"the label {_show(label)} is no number"
    last = -1
    for pair in pairs:
        index, _, value = pair.partition(b":")
        if not PAIR.fullmatch(pair) or not _is_number(value):
            return f"{_show(pair)} is no index:value, such as 3:0.5"
        if int(index) <= last:
            return f"the index {int(index)} stands behind {last}: indices rise, and each stands once in a row"
        last = int(index)
    return f"the index {last} is too large"


def _is_number(text: bytes) -> bool:
    try:
        return b"_" not in text and float(text) is not None
    except ValueError:
        return False


def _show(text: bytes) -> str:
    return repr(text[:SHOWN].decode("utf-8", "replace"))
