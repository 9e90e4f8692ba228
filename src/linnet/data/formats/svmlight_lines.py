"""`Lines`: the lines of LIBSVM text without comments, which know their numbers and say what is wrong."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

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


class Line(NamedTuple):
    """A line that is a row.

    Args:
        number: of it in its file, counted from 1.
        text: of it, without comment.
    """

    number: int
    text: bytes


class Lines:
    """The lines of a file that are rows, one by one.

    Args:
        file: its bytes.
        name: of it, for messages.
        most: bytes that it may have.
        before: lines that stand before these in the file.

    Attributes:
        base: from which number a comment says that indices count; None where none has so far.
        blank: the first line that has nothing on it, not even a comment; None where none is so far.
    """

    def __init__(self, file: Any, name: str, most: int, before: int = 0) -> None:
        self.file, self.name, self.most, self.before = file, name, most, before
        self.base: int | None = None
        self.blank: int | None = None

    def __iter__(self) -> Iterator[Line]:
        """The lines, whatever stands in them.

        Raises:
            FormatError: there are too many bytes.
        """
        done, number = 0, self.before
        while line := self.file.readline(MAX_LINE):
            done, number = done + len(line), number + 1
            if len(line) == MAX_LINE or done > self.most:
                raise FormatError(f"{self.name} is too long at line {number}: {done >> 20:,} MiB")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            row, sign, comment = line.partition(b"#")
            if comment and (said := BASE.search(comment)):
                self.base = int(said[1] == b"one")
            if row := row.strip():
                yield Line(number, row)
            elif not sign and self.blank is None:
                self.blank = number


class Taken:
    """Lines as scikit-learn's reader takes a file; it is known which was read last.

    Args:
        lines: they.

    Attributes:
        numbers: of the lines that were read.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines, self.numbers, self._last = lines, array("q"), b""

    def read(self) -> bytes:
        """For scikit-learn, which knows a file by its having this."""
        return b"\n".join(self)

    def __iter__(self) -> Iterator[bytes]:
        """The text of each line.

        Raises:
            ValueError: one has what cannot be kept.
        """
        for number, text in self.lines:
            self.numbers.append(number)
            self._last = text
            if b"_" in text or ((b"d:" in text or b"t:" in text) and QUERY.search(text)):
                raise ValueError("which `fault` tells")
            yield text

    def fault(self, name: str) -> FormatError:
        """What is wrong with the line that was read last, in a file of a name."""
        where = f"{name}, line {self.numbers[-1]}" if self.numbers else name
        return FormatError(f"{where}: {fault_of(self._last)}")


def fault_of(row: bytes) -> str:
    """What is wrong with a row that cannot be read."""
    if found := QUERY.search(row):
        word = found[1].decode()
        return (
            f"{word} is of rankings and of rows with costs, which linnet does not learn: leave out {word}:… "
            "to take the rows one by one (weights go into --sample-weight)"
        )
    label, *pairs = row.split()
    if b"," in label:
        return (
            f"{_show(label)} are several labels, or one with a decimal comma: one number a row is predicted. "
            "Train a model for each label, or write a decimal point"
        )
    if b":" in label:
        return f"it begins with {_show(label)}, where the label of the row belongs"
    if not is_number(label):
        return f"the label {_show(label)} is no number"
    last = -1
    for pair in pairs:
        index, _, value = pair.partition(b":")
        if not PAIR.fullmatch(pair) or not is_number(value):
            return f"{_show(pair)} is no index:value, such as 3:0.5"
        if int(index) <= last:
            return f"the index {int(index)} stands behind {last}: indices rise, and each stands once in a row"
        last = int(index)
    return f"the index {last} is too large"


def is_number(text: bytes) -> bool:
    """Whether a text is a number as LIBSVM has them."""
    try:
        return b"_" not in text and float(text) is not None
    except ValueError:
        return False


def _show(text: bytes) -> str:
    return repr(text[:SHOWN].decode("utf-8", "replace"))
