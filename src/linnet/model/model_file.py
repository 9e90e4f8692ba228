"""A bank in a safetensors file that knows its own checksum; see `linnet.model.signature`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linnet import files
from linnet.errors import DataNotFoundError, FormatError
from linnet.model import signature

if TYPE_CHECKING:
    from torch import Tensor


def dumps(tensors: Mapping[str, Tensor | np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """The file's bytes, signed.

    Args:
        tensors: by name; saved from the CPU, contiguous. Of arrays alone torch is not imported.
        metadata: what to say of them; the key "sha256" is taken.
    """
    said = {**metadata, "sha256": signature.UNSIGNED}
    arrays = {name: np.ascontiguousarray(one) for name, one in tensors.items() if isinstance(one, np.ndarray)}
    if len(arrays) == len(tensors):
        from safetensors.numpy import save as save_arrays

        return signature.sign(save_arrays(arrays, said))
    from safetensors.torch import save

    plain: Any = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}  # type: ignore[union-attr]
    return signature.sign(save(plain, said))


def loads_arrays(content: bytes, path: Path | str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata of a signed file, without torch; see `loads`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    plain, _ = signature.verify(content, path)
    try:
        return load(content), plain
    except SafetensorError as error:  # pragma: no cover - a signed file that safetensors cannot read
        raise FormatError(f"{path} is not a safetensors file: {error}") from error


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
