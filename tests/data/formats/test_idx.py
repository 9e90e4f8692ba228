from __future__ import annotations

import errno
import gzip
import math
import os
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from linnet.data.formats import idx
from linnet.errors import DataNotFoundError, FormatError, ShapeError

TYPES = [np.dtype(name) for name in ("u1", "i1", "i2", "i4", "f4", "f8")]
ARRAYS = st.sampled_from(TYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4))
)


def header(code: int, sizes: Sequence[int]) -> bytes:
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, code, len(sizes), *sizes)


def put(content: bytes, name: str = "file") -> Path:
    path = Path(name)
    path.write_bytes(content)
    return path


@pytest.fixture
def small() -> np.ndarray[Any, Any]:
    return np.arange(24, dtype=np.int16).reshape(2, 3, 4)


@settings(max_examples=150)
@given(ARRAYS, st.booleans(), st.booleans())
def test_round_trip(array: np.ndarray[Any, Any], zipped: bool, in_memory: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "array.gz" if zipped else "array")
        idx.write(path, array)
        back = idx.read(path, in_memory=in_memory)
        assert back.shape == array.shape
        assert back.dtype == (array.dtype if zipped or in_memory else array.dtype.newbyteorder(">"))
        np.testing.assert_array_equal(back, array)
        assert back.astype(array.dtype).tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", TYPES)
def test_bytes_are_as_specified(dtype: np.dtype[Any]) -> None:
    idx.write("file", np.array([[1, 2, 3]], dtype))
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[dtype.str[1:]]
    assert Path("file").read_bytes()[:12] == bytes([0, 0, code, 2, 0, 0, 0, 1, 0, 0, 0, 3])
    assert Path("file").read_bytes()[12:] == np.array([1, 2, 3], dtype.newbyteorder(">")).tobytes()


def test_any_byte_order_and_layout_can_be_written(small: np.ndarray[Any, Any]) -> None:
    idx.write("file", small.astype(">i2").transpose(2, 0, 1)[::-1])
    np.testing.assert_array_equal(idx.read("file"), small.transpose(2, 0, 1)[::-1])


def test_a_plain_file_is_mapped_read_only_and_gzip_is_told_by_its_bytes(small: np.ndarray[Any, Any]) -> None:
    idx.write("file.gz", small)
    Path("file.gz").rename("zipped")
    idx.write("plain", small)
    Path("plain").rename("plain.gz")
    mapped = idx.read("plain.gz")
    assert not mapped.flags.writeable
    assert not mapped.flags.owndata
    assert idx.read("zipped").flags.writeable
    np.testing.assert_array_equal(mapped, idx.read("zipped"))


def test_gzip_bytes_are_reproducible(small: np.ndarray[Any, Any]) -> None:
    idx.write("a.gz", small)
    idx.write("b.gz", small)
    content = Path("a.gz").read_bytes()
    assert content == Path("b.gz").read_bytes()
    assert content[3] == 0  # no name
    assert content[4:8] == bytes(4)  # no time


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_every_prefix_is_refused(name: str, small: np.ndarray[Any, Any]) -> None:
    idx.write(name, small)
    whole = Path(name).read_bytes()
    for length in range(len(whole)):
        for in_memory in (False, True):
            with pytest.raises(FormatError, match="prefix"):
                idx.read(put(whole[:length], "prefix"), in_memory=in_memory)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG and so on", "begins with 89 50"),
        (b"", "truncated header"),
        (b"\0\0\x08", "truncated header"),
        (header(0x0A, [1]) + b"1", "type code 0x0A"),
        (header(0x08, [3, 4])[:-1], "truncated header"),
        (header(0x08, [3]) + b"12", "truncated data"),
        (header(0x08, [3]) + b"1234", "goes on after"),
        (header(0x0C, [0]) + b"1", "goes on after"),
        (header(0x08, [2**32 - 1] * 3), "overflows"),
        (header(0x08, [0] + [2**32 - 1] * 3), "overflows"),
        (header(0x0E, [2**31, 2**29]), "overflows"),
        (header(0x08, [2**32 - 1] * 255), "dimensions"),
        (header(0x08, [2**32 - 1, 8]), "max_bytes"),
    ],
)
def test_faults_of_content(content: bytes, message: str, zipped: bool) -> None:
    path = put(gzip.compress(content) if zipped else content)
    with pytest.raises(FormatError, match=message) as caught:
        idx.read(path)
    assert str(path) in str(caught.value)


def test_max_bytes() -> None:
    idx.write("file", np.zeros(100, np.uint8))
    assert idx.read("file", max_bytes=100).shape == (100,)
    with pytest.raises(FormatError, match="raise max_bytes"):
        idx.read("file", max_bytes=99)


def test_every_byte_of_a_gzip_trailer_matters(small: np.ndarray[Any, Any]) -> None:
    idx.write("file.gz", small)
    whole = Path("file.gz").read_bytes()
    for place in range(len(whole) - 8, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        with pytest.raises(FormatError, match="corrupt"):
            idx.read(put(bytes(damaged)))


@given(st.binary(max_size=200), st.booleans())
def test_noise_is_read_or_refused(noise: bytes, zipped: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "noise")
        path.write_bytes(b"\x1f\x8b\x08" + noise if zipped else b"\0\0" + noise)
        try:
            array = idx.read(path)
        except FormatError:
            return
        assert not zipped or array.size == 0
        assert 4 + 4 * array.ndim + array.nbytes == len(noise) + 2 or zipped


def test_a_bomb_is_read_no_further_than_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(gzip.compress(header(0x08, [100]) + bytes(10 << 20)))
    seen: list[int] = []
    read_into = gzip.GzipFile.readinto

    def counted(file: gzip.GzipFile, view: Any) -> int:
        done = read_into(file, view)
        seen.append(file.tell())
        return done

    monkeypatch.setattr(gzip.GzipFile, "readinto", counted)
    with pytest.raises(FormatError, match="goes on after"):
        idx.read(path)
    assert max(seen) == 108


def test_an_implausible_size_is_refused_before_allocating(monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(gzip.compress(header(0x08, [1 << 30]) + bytes(1000)))

    def never(*_: object) -> None:
        raise AssertionError("allocated")

    monkeypatch.setattr(np, "empty", never)
    with pytest.raises(FormatError, match="more than its"):
        idx.read(path)


def test_the_best_that_deflate_can_do_is_believed() -> None:
    zeros = np.zeros(10 << 20, np.uint8)
    put(gzip.compress(header(0x08, zeros.shape) + zeros.tobytes()))
    assert idx.read("file").nbytes == zeros.nbytes


def test_no_dimension_is_a_scalar_and_numpys_limit_is_told() -> None:
    assert idx.read(put(header(0x08, []) + b"\7")) == 7
    assert idx.read(put(header(0x08, [1] * idx.MAX_RANK) + b"\7")).ndim == idx.MAX_RANK
    with pytest.raises(FormatError, match="numpy holds at most"):
        idx.read(put(header(0x08, [1] * (idx.MAX_RANK + 1)) + b"\7"))


def test_an_empty_array_with_a_large_side() -> None:
    assert idx.read(put(header(0x0E, [0, 2**32 - 1]))).shape == (0, 2**32 - 1)


@pytest.mark.parametrize("path", ["absent", "."])
def test_a_missing_file(path: str) -> None:
    with pytest.raises(DataNotFoundError, match="is not there"):
        idx.read(path)


@pytest.mark.parametrize("dtype", ["u2", "i8", "f2", "c8", "?", "U3", "O"])
def test_types_that_idx_does_not_know(dtype: str) -> None:
    with pytest.raises(ShapeError, match="IDX cannot hold"):
        idx.write("file", np.zeros(3, dtype))
    assert not Path("file").exists()


def test_a_failed_write_leaves_the_old_file(
    small: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    idx.write("file", small)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        idx.write("file", small + 1)
    np.testing.assert_array_equal(idx.read("file"), small)
    assert [path.name for path in Path().iterdir()] == ["file"]


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4"])
@pytest.mark.parametrize("name", ["labels", "labels.gz"])
def test_labels(dtype: str, name: str) -> None:
    idx.write(name, np.array([0, 9, 4], dtype))
    labels = idx.read_labels(name, 10)
    assert labels.dtype == np.int64
    assert labels.tolist() == [0, 9, 4]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([0, 1, 10, 11], np.uint8), r"file: the label of row 2 is 10: expected 0…9"),
        (np.array([0, -1], np.int32), "the label of row 1 is -1"),
        (np.zeros((2, 2), np.uint8), "rank 1"),
        (np.zeros(2, np.float32), "integers"),
    ],
)
def test_faults_of_labels(array: np.ndarray[Any, Any], message: str) -> None:
    idx.write("file", array)
    with pytest.raises(FormatError, match=message):
        idx.read_labels("file", 10)


def test_more_than_a_piece() -> None:
    array = np.arange(3 * (1 << 20) // 2 + 5, dtype=np.int32)
    for name in ("file", "file.gz"):
        idx.write(name, array)
        np.testing.assert_array_equal(idx.read(name), array)
    assert Path("file").stat().st_size == 8 + math.prod(array.shape) * 4
