"""The kind of a body by its content type, the options of its query, and the file in a form.

Forms are multipart/form-data, as `curl -F` and pages send them: one file, and options as fields.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from linnet.serve.parse import DTYPES, MAGIC
from linnet.web.refusal import Refusal

Media = Literal["json", "csv", "raw", "npy", "picture", "form"]

PICTURES = ("image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp", "image/gif")

MEDIA: dict[str, Media] = {
    "application/json": "json", "application/octet-stream": "raw", "application/x-npy": "npy",
    "text/csv": "csv", "multipart/form-data": "form", **dict.fromkeys(PICTURES, "picture"),
}  # fmt: skip
"""What a body may be."""

ALIASES: dict[str, Media] = {
    "text/json": "json", "application/x-json": "json", "image/jpg": "picture", "image/pjpeg": "picture",
    "image/x-png": "picture", "image/tif": "picture", "image/x-ms-bmp": "picture",
    "application/csv": "csv", "text/tab-separated-values": "csv",
    "application/npy": "npy", "application/x-numpy": "npy", "application/numpy": "npy",
}  # fmt: skip
"""Other names that clients have for them."""

UNTOLD = ("", "application/x-www-form-urlencoded", "text/plain")
"""What clients say that were not told what they send, `curl -d` among them."""

GZIP = frozenset({"gzip", "x-gzip"})

INVERT = {"true": True, "1": True, "True": True, "false": False, "0": False, "False": False}

PARTS = 8
"""Of a form; the parser bounds the headers of each."""


class Options(NamedTuple):
    """What the query, or the fields of a form, say of a body.

    Args:
        dtype: of plain numbers; None where it was left out.
        invert: of a picture; None where it was left out.
    """

    dtype: str | None = None
    invert: bool | None = None


@lru_cache(maxsize=64)
def media_of(content_type: bytes) -> Media:
    """What a body is; a service is told the same few content types again and again.

    Args:
        content_type: without its parameters.

    Raises:
        Refusal: 415.
    """
    name = content_type.strip().lower().decode("latin-1")
    media = MEDIA.get(name) or ALIASES.get(name)
    if media is None:
        why = f"expected a content type of {', '.join(MEDIA)}, got {name[:60]!r}"
        if name in UNTOLD:
            why += ": say what the body is, as in curl -H 'content-type: application/json'"
        raise Refusal(415, why)
    return media


def parameters_of(content_type: bytes) -> dict[str, str]:
    """The parameters of a content type, such as charset, by their names in lower case."""
    found = parse_options_header(content_type)[1]
    return {_text(name).lower(): _text(value).lower() for name, value in found.items()}


@lru_cache(maxsize=64)
def options_of(query: bytes) -> Options:
    """The last value of each of a query's parameters.

    Raises:
        Refusal: 422, a parameter has a value that it cannot have, whatever the body is.
    """
    return _options(dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))


def _options(given: dict[str, str]) -> Options:
    """Options by name; others are let pass."""
    dtype, invert = given.get("dtype"), given.get("invert")
    if dtype is not None and dtype not in DTYPES:
        raise Refusal(422, f"dtype must be {' or '.join(DTYPES)}, got {dtype[:20]!r}")
    if invert is not None and invert not in INVERT:
        raise Refusal(422, f"invert must be true or false, got {invert[:20]!r}")
    return Options(dtype, None if invert is None else INVERT[invert])


def is_packed(headers: dict[bytes, bytes]) -> bool:
    """Whether a body is gzip'd.

    Raises:
        Refusal: 415, it is packed in another way.
    """
    if headers.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        raise Refusal(415, "a body is packed by content-encoding: gzip, not by transfer-encoding")
    encoding = headers.get(b"content-encoding", b"").strip().lower().decode("latin-1")
    if encoding not in ("", "identity") and encoding not in GZIP:
        raise Refusal(415, f"a body is sent as it is or with content-encoding: gzip, not as {encoding[:30]}")
    return encoding in GZIP


def open_form(content: bytes, content_type: bytes, options: Options) -> tuple[Media, bytes, Options]:
    """The one file of a form: what it is, its bytes, and the options with those that the fields add.

    Args:
        content: the body.
        content_type: with its boundary.
        options: of the query.

    Raises:
        Refusal: 400 where it is no form, 415 where its file is something else, 422 where it has no file,
            several, or other fields.
    """
    parts = _parts(content, content_type)
    plain = [part for part in parts if isinstance(part, Field) and part.content_type is None]
    files = [part for part in parts if part not in plain]
    if len(files) != 1:
        raise Refusal(
            422, f"a form has one file, this one has {len(files)}: as of curl -F file=@picture.png; ask for "
            "each picture by itself"
        )  # fmt: skip
    fields = {_text(part.field_name): _text(part.value) for part in plain}
    if unknown := sorted(set(fields) - set(Options._fields)):
        raise Refusal(422, f"a form's fields are dtype and invert, got {unknown[0][:40]!r}")
    told = {name: value for name, value in _options(fields)._asdict().items() if value is not None}
    options, file = options._replace(**told), files[0]
    found = file.file_object.read() if isinstance(file, File) else file.value or b""
    name = _text(file.file_name) if isinstance(file, File) else ""
    kind = (file.content_type or "").partition(";")[0].encode()
    return _file_media(found, name, kind, options), found, options


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _file_media(content: bytes, name: str, content_type: bytes, options: Options) -> Media:
    """What a form's file is: curl calls all but a few suffixes octet-stream."""
    if content_type.strip().lower() not in (b"", b"application/octet-stream"):
        if (media := media_of(content_type)) == "form":
            raise Refusal(415, "a form's file is no form")
        return media
    if content.startswith(MAGIC):
        return "npy"
    if name.lower().endswith((".csv", ".tsv")):
        return "csv"
    if options.dtype is not None:
        return "raw"
    return "json" if content.lstrip()[:1] in (b"{", b"[") else "picture"


def _parts(content: bytes, content_type: bytes) -> list[Field | File]:
    """The fields and files of a form, none of which goes to the disk."""
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise Refusal(400, "the content type of a form says no boundary: leave the header to the client")
    parts: list[Field | File] = []
    ended: list[bool] = []

    def keep(part: Field | File) -> None:
        if len(parts) == PARTS:
            raise Refusal(422, f"a form takes at most {PARTS} parts")
        if isinstance(part, File):
            part.file_object.seek(0)
        parts.append(part)

    kind, memory = "multipart/form-data", {"MAX_MEMORY_FILE_SIZE": len(content)}
    try:
        parser = FormParser(kind, keep, keep, lambda: ended.append(True), boundary, config=memory)
        parser.write(content)
        parser.finalize()
    except FormParserError as error:
        raise Refusal(400, f"the body is no form of multipart/form-data: {error}") from None
    if not ended:
        raise Refusal(400, "the body is no whole form of multipart/form-data: its last boundary is missing")
    return parts
