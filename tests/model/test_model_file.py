from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from linnet.errors import ChecksumError, DataNotFoundError, FormatError, LinnetError
from linnet.model import model_file

TENSORS = {"W": torch.arange(12.0).view(3, 4), "b": torch.tensor([1.0, -2.0, 0.5])}
METADATA = {"format": "test/1", "card": '{"sha256":"' + "f" * 64 + '"}'}
CONTENT = model_file.dumps(TENSORS, METADATA)


def test_round_trip_and_other_readers(tmp_path: Path) -> None:
    model_file.write(tmp_path / "m.safetensors", TENSORS, METADATA)
    tensors, metadata = model_file.read(tmp_path / "m.safetensors")
    assert metadata == METADATA
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    with safe_open(tmp_path / "m.safetensors", "pt") as file:  # plain safetensors reads it too
        assert file.metadata()["format"] == "test/1"
        assert torch.equal(file.get_tensor("W"), TENSORS["W"])


def test_the_bytes_depend_on_the_content_alone() -> None:
    backwards = dict(reversed(METADATA.items()))
    assert model_file.dumps(dict(reversed(TENSORS.items())), backwards) == CONTENT


def test_every_flipped_bit_is_an_error() -> None:
    for position in range(len(CONTENT) * 8):
        flipped = bytearray(CONTENT)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(FormatError):
            model_file.loads(bytes(flipped), "m")


@given(st.integers(0, len(CONTENT) - 1))
def test_every_cut_is_an_error(length: int) -> None:
    with pytest.raises(FormatError):
        model_file.loads(CONTENT[:length], "m")


@given(st.binary(max_size=300))
def test_garbage_is_an_error(content: bytes) -> None:
    with pytest.raises(LinnetError):
        model_file.loads(content, "m")


def test_the_error_says_what_happened(tmp_path: Path) -> None:
    with pytest.raises(ChecksumError, match="damaged"):
        model_file.loads(CONTENT[:-1] + b"\x01", "m")
    with pytest.raises(DataNotFoundError):
        model_file.read(tmp_path / "none")
