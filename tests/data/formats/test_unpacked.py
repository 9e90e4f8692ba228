from __future__ import annotations

import gzip
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.data.formats.unpacked import PIECE, Unpacked


def unpack(content: bytes) -> bytes:
    return io.BufferedReader(Unpacked(io.BytesIO(content))).read()


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(0, 20))
def test_it_reads_as_pythons_own_does_several_members_and_padding(parts: list[bytes], zeros: int) -> None:
    content = b"".join(map(gzip.compress, parts)) + bytes(zeros)
    assert unpack(content) == gzip.decompress(content) == b"".join(parts)


def test_members_may_end_where_a_piece_does() -> None:
    first = gzip.compress(b"a" * 100)
    padded = first + bytes(PIECE - len(first)) + gzip.compress(b"b" * 100)
    assert unpack(padded) == b"a" * 100 + b"b" * 100


def test_what_is_short_or_damaged_or_goes_on_otherwise_is_an_error() -> None:
    whole = gzip.compress(bytes(range(256)) * 10)
    for cut in (3, len(whole) // 2, len(whole) - 1):
        with pytest.raises(EOFError, match="ended before"):
            unpack(whole[:cut])
    for wrong in (whole[:-1] + bytes([whole[-1] ^ 1]), whole + b"more"):
        with pytest.raises(zlib.error):
            unpack(wrong)
