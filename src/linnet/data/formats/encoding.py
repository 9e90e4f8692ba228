"""What a text file tells of itself: how it is packed, its encoding, and the separator of its cells."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from linnet.data.formats.zipped import open_file
from linnet.errors import FormatError
from linnet.i18n import say

PACKED: Mapping[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""What opens a compressed file, by its suffix."""

FAULTS = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What a file raises that is not compressed as its suffix says."""

HEAD = 1 << 16
"""Characters at a table's beginning by which its separator is known."""

QUOTED = re.compile(r'(?:^|(?<=[,;\t|]))"(?:[^"]|"")*"', re.MULTILINE)
"""A cell in quotes, which may have separators and line breaks within."""

HANZI = re.compile(
    r"[\u2100-\u214f\u2160-\u216b\u2460-\u249b\u3000-\u303f\u3380-\u33df\u3400-\u9fff\uff00-\uffef·—‘’“”…°±×÷]"
)
"""The characters beyond ASCII that a text in GB18030 has, if it is Chinese: units and circled numbers."""

COMMON = range(0xB0, 0xD8)
"""First bytes of the 3,755 most common characters in GB 2312."""

LONGEST = 2**31 - 1
"""Characters of a cell, of which `csv` takes 131,072 unless more are allowed."""

SAID = {"utf-16": "UTF-16", "gb18030": "GB18030"}
"""Encodings that are told of."""


@contextlib.contextmanager
def open_packed(path: Path) -> Iterator[Any]:
    """A file's bytes, which may be in a zip, unpacked where its suffix says that they are packed.

    Raises:
        FormatError: they are not packed as it says.
    """
    suffix = path.suffix.lower()
    with open_file(path) as raw:
        if suffix not in PACKED:
            yield raw
            return
        try:
            with PACKED[suffix](raw) as file:
                yield file
        except FAULTS as error:
            raise FormatError(f"{path} is no whole {suffix} file: {error}") from error


def encoding_of(content: bytes, name: str, *, is_cut: bool = False) -> str:
    """The encoding of a text.

    Args:
        content: the text.
        name: of its file, for messages.
        is_cut: whether it is the beginning of a text, which may end within a character.

    Raises:
        FormatError: it is not in UTF-8, and it cannot be told in which other encoding it is.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) and (is_cut or len(content) % 2 == 0):
        return "utf-16"
    try:
        _decode(content, "utf-8-sig", is_cut)
    except UnicodeDecodeError as error:
        try:
            beyond = {sign for sign in _decode(content, "gb18030", is_cut) if ord(sign) > 127}
        except UnicodeDecodeError:
            beyond = set()
        if all(map(HANZI.match, beyond)) and _are_chinese(beyond):
            return "gb18030"
        raise FormatError(
            f"{name} is not text in UTF-8 ({error.reason} at byte {error.start:,}): say its encoding, such "
            "as --encoding latin-1 or gb18030 (encoding= in Python), or save it as “CSV UTF-8”"
        ) from error
    return "utf-8-sig"


def _are_chinese(signs: set[str]) -> bool:
    """Whether most characters are common ones: "ün" of München is a rare one in GB18030, and so is "°C"."""
    codes = [sign.encode("gb2312", "ignore") for sign in signs if "\u3400" <= sign <= "\u9fff"]
    return 2 * sum(len(code) == 2 and code[0] in COMMON for code in codes) > len(codes)


def _decode(content: bytes, encoding: str, is_cut: bool) -> str:
    if not is_cut:
        return content.decode(encoding)
    return codecs.getincrementaldecoder(encoding)().decode(content, final=False)


def decode(
    content: bytes, name: str, encoding: str | None = None, *, is_cut: bool = False
) -> tuple[str, tuple[str, ...]]:
    """A file's text, and what is to be said of its encoding.

    Args:
        content: the file.
        name: of it, for messages.
        encoding: that was said; None to tell it.
        is_cut: as in `encoding_of`.

    Raises:
        FormatError: it cannot be told, or the file is not in the one that was said.
    """
    found = encoding or encoding_of(content, name, is_cut=is_cut)
    try:
        text = _decode(content, found, is_cut)
    except (UnicodeDecodeError, LookupError) as error:
        raise FormatError(f"{name} is not text in {found}: {error}") from error
    said = SAID.get(found) if encoding is None else None
    return text, (say("schema.note.encoding", "en", encoding=said),) if said else ()


def split_mark(text: str) -> tuple[str, str]:
    """The text without a line that names the separator, and the separator."""
    first, newline, rest = text.partition("\n")
    if (mark := re.fullmatch(r'"?sep=(.)"?\r?', first.strip("\ufeff \r"))) and newline:
        return rest, mark[1]
    lines = [line for line in QUOTED.sub("", text[:HEAD]).splitlines() if line.strip()]
    if len(text) > HEAD and len(lines) > 1:
        lines.pop()  # of which the end may lack
    bare = lines[:20]
    for separator in ("\t", ";", "|"):
        counts = {line.count(separator) for line in bare}
        if len(counts) == 1 and counts != {0}:
            return text, separator
    if not any("," in line for line in bare) and all(len(line.split()) > 1 for line in bare):
        widths = {len(line.split()) for line in bare}
        if len(widths) == 1:
            return text, " "
    return text, ","


def read_head(file: Any) -> tuple[bytes, bool]:
    """A file's beginning, of some lines at least, and whether there is more of it."""
    head = file.read(HEAD)
    while head.count(b"\n") < 3 and (more := file.read(len(head))):
        head += more
    return head, len(head) >= HEAD


def rewind(lines: io.TextIOWrapper, above: int) -> io.TextIOWrapper:
    """Go to the beginning, beyond some lines that stand above the table."""
    lines.seek(0)
    for _ in range(above):
        lines.readline()
    return lines


@contextlib.contextmanager
def any_length() -> Iterator[None]:
    """Let the cells that the module csv reads be of any length, as those of texts are."""
    limit = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def skip_row(lines: io.TextIOBase, separator: str) -> int:
    """Go beyond the first row with text in a cell, which may have line breaks in quotes; how many lines."""
    count = 0
    while line := lines.readline():
        count += 1
        while line.count('"') % 2 and (more := lines.readline()):
            line += more
            count += 1
        with any_length():
            rows = list(csv.reader(io.StringIO(line, newline=""), delimiter=separator))
        if any(cell.strip() for row in rows for cell in row):
            break
    return count
