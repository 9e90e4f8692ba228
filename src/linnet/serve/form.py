"""Bodies of multipart/form-data, as `curl -F` and pages' forms send them: one file, and options as fields."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from linnet.serve.media import Media, Options, checked, media_of
from linnet.serve.npy import MAGIC
from linnet.web.refusal import Refusal

PARTS, HEADERS = 8, 4096
"""Parts of a form, and bytes of the headers of one."""

TOLD = 100
"""Bytes of a field, at most."""


@dataclass
class Part:
    """A field or a file of a form."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    @property
    def disposition(self) -> dict[bytes, bytes]:
        """What its content-disposition says: name and filename."""
        return parse_options_header(self.headers.get(b"content-disposition"))[1]

    @property
    def name(self) -> str:
        """The field's."""
        return self.disposition.get(b"name", b"").decode("utf-8", "replace")

    @property
    def is_file(self) -> bool:
        """Whether it came from a file, or says what it is."""
        return b"filename" in self.disposition or b"content-type" in self.headers


def opened(content: bytes, content_type: bytes, options: Options) -> tuple[Media, bytes, Options]:
    """The one file of a form: what it is, its bytes, and the options that the fields add.

    Args:
        content: the body.
        content_type: with its boundary.
        options: of the query.

    Raises:
        Refusal: 400 where it is no form, 415 where its file is something else, 422 where it has no file,
            several, or other fields.
    """
    parts = _parts(content, content_type)
    files = [part for part in parts if part.is_file]
    if len(files) != 1:
        raise Refusal(
            422, f"a form has one file, this one has {len(files)}: as of curl -F file=@picture.png; ask for "
            "each picture by itself"
        )  # fmt: skip
    told = {part.name: bytes(part.content[:TOLD]).decode("latin-1") for part in parts if not part.is_file}
    if unknown := sorted(set(told) - {"dtype", "invert"}):
        raise Refusal(422, f"a form's fields are dtype and invert, got {unknown[0][:40]!r}")
    fields = {name: value for name, value in dataclasses.asdict(checked(told)).items() if value is not None}
    options, found = dataclasses.replace(options, **fields), bytes(files[0].content)
    said = files[0].headers.get(b"content-type", b"").partition(b";")[0]
    return _kind(found, said, options), found, options


def _kind(content: bytes, said: bytes, options: Options) -> Media:
    """What a file is: curl calls all but a few suffixes octet-stream."""
    if said.strip().lower() not in (b"", b"application/octet-stream"):
        media = media_of(said)
        if media == "form":
            raise Refusal(415, "a form's file is no form")
        return media
    if content.startswith(MAGIC):
        return "npy"
    if options.dtype is not None:
        return "raw"
    return "json" if content.lstrip()[:1] in (b"{", b"[") else "picture"


def _parts(content: bytes, content_type: bytes) -> list[Part]:
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise Refusal(400, "the content type of a form says no boundary: leave the header to the client")
    reader = _Reader()
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # pyright: ignore[reportArgumentType]
        parser.write(content)
        parser.finalize()
    except FormParserError as error:
        raise Refusal(400, f"the body is no form of multipart/form-data: {error}") from None
    if not reader.has_ended:
        raise Refusal(400, "the body is no whole form of multipart/form-data: its last boundary is missing")
    return reader.parts


class _Reader:
    """Keeps what the parser finds."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.name, self.value, self.size, self.has_ended = b"", b"", 0, False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin, "on_part_data": self._data, "on_header_field": self._field,
            "on_header_value": self._value, "on_header_end": self._header, "on_end": self._end,
        }  # fmt: skip

    def _begin(self) -> None:
        if len(self.parts) == PARTS:
            raise Refusal(422, f"a form takes at most {PARTS} parts")
        self.parts.append(Part())
        self.size = 0

    def _data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].content += data[start:end]

    def _field(self, data: bytes, start: int, end: int) -> None:
        self.name += self._bounded(data[start:end])

    def _value(self, data: bytes, start: int, end: int) -> None:
        self.value += self._bounded(data[start:end])

    def _header(self) -> None:
        self.parts[-1].headers[self.name.lower()] = self.value
        self.name = self.value = b""

    def _end(self) -> None:
        self.has_ended = True

    def _bounded(self, piece: bytes) -> bytes:
        self.size += len(piece)
        if self.size > HEADERS:
            raise Refusal(422, f"the headers of a form's part take at most {HEADERS:,} bytes")
        return piece
