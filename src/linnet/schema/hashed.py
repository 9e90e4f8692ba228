"""`Hashed`: a column of very many levels as a fixed number of columns, by the FNV-1a hash of each level."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from linnet.schema.category import as_text
from linnet.schema.cells import Cells, is_missing
from linnet.schema.coded import each
from linnet.schema.columns import Seen
from linnet.schema.one_hot import OneHot

OFFSET, PRIME = 0x811C9DC5, 0x01000193
"""Of FNV-1a with 32 bits: what a hash begins with, and what it is multiplied by after each byte."""

FEW = 32
"""Texts up to which one after another is quicker than a byte of all at a time."""

LONE = re.compile("[\ud800-\udfff]")
"""Half of a sign of UTF-16, which UTF-8 cannot write."""


@dataclass(frozen=True)
class Hashed(OneHot):
    """One of very many levels: its hash modulo the number of buckets, a column of 0 and 1 for each bucket.

    No level is kept, and none is unseen: what training did not meet falls into a bucket, too, which it shares
    with other levels. What is missing is in none. The hash is FNV-1a with 32 bits (Fowler, Noll, Vo), of the
    level as a category would write it, in UTF-8: h ← (h xor byte) · 16777619 mod 2³², from 2166136261.

    Args:
        buckets: how many there are.
        reference: the bucket without a column, which the others are compared to; −1 where each has one.
        has_missing: whether a column more says where it was missing, as it was in training.
    """

    kind: ClassVar[str] = "hash"

    buckets: int
    reference: int = -1
    has_missing: bool = False

    @property
    def shown(self) -> list[int]:
        """The buckets that have a column."""
        return [bucket for bucket in range(self.buckets) if bucket != self.reference]

    @property
    def width(self) -> int:
        """See `OneHot.width`."""
        return self.buckets - (self.reference >= 0) + self.has_missing

    @property
    def had_gaps(self) -> bool:
        """See `Column.had_gaps`."""
        return self.has_missing

    @property
    def features(self) -> tuple[str, ...]:
        """See `Column.features`."""
        flag = (f"{self.name} missing",) if self.has_missing else ()
        return (*(f"{self.name}: bucket {bucket}" for bucket in self.shown), *flag)

    def choose(self, cells: Cells) -> tuple[NDArray[np.intp], Seen]:
        """See `OneHot.choose`."""
        gaps, bucket = is_missing(cells), each(cells, self.buckets_of)
        behind = (self.reference >= 0) & (bucket > self.reference)
        at = np.where(bucket == self.reference, -1, bucket - behind)
        return np.where(gaps, self.width - 1 if self.has_missing else -1, at), Seen(gaps)

    def buckets_of(self, cells: Cells) -> NDArray[np.intp]:
        """The bucket of each cell, (N,), whether it has a value or none."""
        return (fnv1a(as_text(cells)) % np.uint32(self.buckets)).astype(np.intp)


def fnv1a(texts: Sequence[str] | NDArray[np.object_]) -> NDArray[np.uint32]:
    """The FNV-1a hash of each text in UTF-8, (N,): a byte of all of them at a time, the longest first.

    Where few texts are left, numpy takes microseconds for each byte, and Python goes on by itself.
    """
    coded = [LONE.sub("\ufffd", str(text)).encode() for text in texts]
    lengths = np.array([len(one) for one in coded], np.int64)
    data = np.frombuffer(b"".join(coded), np.uint8).astype(np.uint32)
    starts, order = np.cumsum(lengths) - lengths, np.argsort(-lengths, kind="stable")
    common = int(lengths[order[FEW]]) if len(coded) > FEW else 0  # bytes that more than a few texts have
    counts = np.searchsorted(-lengths[order], -np.arange(common), side="left")
    hashes = np.full(len(coded), OFFSET, np.uint32)
    for at, count in enumerate(counts.tolist()):  # texts that are longer than `at`
        rows = order[:count]
        hashes[rows] = (hashes[rows] ^ data[starts[rows] + at]) * np.uint32(PRIME)
    for row in order[:FEW].tolist():
        hashes[row] = go_on(int(hashes[row]), coded[row][common:])
    return hashes


def go_on(found: int, text: bytes) -> int:
    """The hash of what was read before some bytes, and of these: the definition."""
    for byte in text:
        found = (found ^ byte) * PRIME % 2**32
    return found


def first_bucket(column: Hashed, cells: Cells) -> int:
    """The lowest bucket that a value of some cells is in; 0 where none has a value."""
    known: Any = cells[~is_missing(cells)]
    return int(column.buckets_of(known).min()) if len(known) else 0
