"""A bank in a safetensors file that knows its own checksum.

Plain safetensors loads a file with a flipped bit without a word. Here the metadata holds the SHA-256 of
the whole file, taken with the digest's own 64 digits as zeros, so any flipped bit is an error at load.
The header is written in one canonical order: the same parameters give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from linnet import files
from linnet.errors import ChecksumError, DataNotFoundError, FormatError

_UNSIGNED = "0" * 64
_SIGNATURE = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_LENGTH = struct.Struct("<Q")


def dumps(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The file's bytes, signed.

    Args:
        tensors: by name; saved from the CPU, contiguous.
        metadata: what to say of them; the key "sha256" is taken.
    """
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = _canonical(save(plain, {**metadata, "sha256": _UNSIGNED}))
    found = _signature(content, "the new file")
    digest = hashlib.sha256(content).hexdigest().encode()
    return content[: found.start(1)] + digest + content[found.end(1) :]


def loads(content: bytes, path: Path | str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a signed file.

    Raises:
        ChecksumError: the bytes are not the ones that were signed.
        FormatError: it is no signed safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    found = _signature(content, path)
    unsigned = content[: found.start(1)] + _UNSIGNED.encode() + content[found.end(1) :]
    if hashlib.sha256(unsigned).hexdigest().encode() != found[1]:
        raise ChecksumError(
            f"{path}: the bytes differ from its SHA-256: it was damaged; take it from a backup"
        )
    try:
        tensors = load(content)
    except SafetensorError as error:  # pragma: no cover - a signed file that safetensors cannot read
        raise FormatError(f"{path} is not a safetensors file: {error}") from error
    return tensors, {k: v for k, v in _header(content)["__metadata__"].items() if k != "sha256"}


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a signed file, whole or not at all."""
    files.write(path, dumps(tensors, metadata))


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a signed file.

    Raises:
        DataNotFoundError: there is no such file.
        ChecksumError, FormatError: as `loads` does.
    """
    if not path.is_file():
        raise DataNotFoundError(f"no model file at {path}")
    return loads(path.read_bytes(), path)


def _header(content: bytes) -> dict[str, dict[str, str]]:
    (size,) = _LENGTH.unpack_from(content)
    return json.loads(content[_LENGTH.size : _LENGTH.size + size])


def _canonical(content: bytes) -> bytes:
    """The same file with its header's keys in order (safetensors keeps metadata in none)."""
    (size,) = _LENGTH.unpack_from(content)
    header = json.dumps(_header(content), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return _LENGTH.pack(len(header)) + header + content[_LENGTH.size + size :]


def _signature(content: bytes, path: Path | str) -> re.Match[bytes]:
    """Where the digest stands in the header."""
    size = _LENGTH.unpack_from(content)[0] if len(content) >= _LENGTH.size else 0
    found = _SIGNATURE.search(content, _LENGTH.size, min(len(content), _LENGTH.size + size))
    if found is None:
        raise FormatError(f"{path} is not a model file of linnet: it carries no checksum, or is damaged")
    return found
