"""The checksum inside a safetensors file, written and verified without torch.

Plain safetensors loads a file with a flipped bit without a word. Here the metadata holds the SHA-256 of
the whole file, taken with the digest's own 64 digits as zeros, so any flipped bit is an error at load.
The header is written in one canonical order: the same parameters give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from pathlib import Path

from linnet.errors import ChecksumError, FormatError

UNSIGNED = "0" * 64
"""What stands for the digest while it is taken: metadata's "sha256" before `sign`."""

_SIGNATURE = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_LENGTH = struct.Struct("<Q")


def sign(content: bytes) -> bytes:
    """The file in canonical order with its digest.

    Args:
        content: of a safetensors file whose metadata's "sha256" is `UNSIGNED`.
    """
    content = _canonical(content)
    found = _find(content, "the new file")
    digest = hashlib.sha256(content).hexdigest().encode()
    return content[: found.start(1)] + digest + content[found.end(1) :]


def verify(content: bytes, path: Path | str) -> tuple[dict[str, str], str]:
    """The metadata of a signed file without the digest, and the digest.

    Args:
        content: of the file.
        path: to say in an error.

    Raises:
        ChecksumError: the bytes are not the ones that were signed.
        FormatError: it is no signed safetensors file.
    """
    found = _find(content, path)
    unsigned = content[: found.start(1)] + UNSIGNED.encode() + content[found.end(1) :]
    if hashlib.sha256(unsigned).hexdigest().encode() != found[1]:
        raise ChecksumError(
            f"{path}: the bytes differ from its SHA-256: it was damaged; take it from a backup"
        )
    metadata = {k: v for k, v in _header(content)["__metadata__"].items() if k != "sha256"}
    return metadata, found[1].decode()


def _header(content: bytes) -> dict[str, dict[str, str]]:
    (size,) = _LENGTH.unpack_from(content)
    return json.loads(content[_LENGTH.size : _LENGTH.size + size])


def _canonical(content: bytes) -> bytes:
    """The same file with its header's keys in order (safetensors keeps metadata in none)."""
    (size,) = _LENGTH.unpack_from(content)
    header = json.dumps(_header(content), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return _LENGTH.pack(len(header)) + header + content[_LENGTH.size + size :]


def _find(content: bytes, path: Path | str) -> re.Match[bytes]:
    """Where the digest stands in the header."""
    size = _LENGTH.unpack_from(content)[0] if len(content) >= _LENGTH.size else 0
    found = _SIGNATURE.search(content, _LENGTH.size, min(len(content), _LENGTH.size + size))
    if found is None:
        raise FormatError(f"{path} is not a model file of linnet: it carries no checksum, or is damaged")
    return found
