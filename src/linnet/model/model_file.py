"""A bank in a safetensors file that knows its own checksum; see `linnet.model.signature`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from linnet import files
from linnet.errors import DataNotFoundError, FormatError
from linnet.model import signature


def dumps(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The file's bytes, signed.

    Args:
        tensors: by name; saved from the CPU, contiguous.
        metadata: what to say of them; the key "sha256" is taken.
    """
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return signature.sign(save(plain, {**metadata, "sha256": signature.UNSIGNED}))


def loads(content: bytes, path: Path | str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a signed file.

    Raises:
        ChecksumError: the bytes are not the ones that were signed.
        FormatError: it is no signed safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    plain, _ = signature.verify(content, path)
    try:
        tensors = load(content)
    except SafetensorError as error:  # pragma: no cover - a signed file that safetensors cannot read
        raise FormatError(f"{path} is not a safetensors file: {error}") from error
    return tensors, plain


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
