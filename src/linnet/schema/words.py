"""`Words`: a column of texts as the weights of its words: of a vocabulary (TF-IDF), or by a hash of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from linnet.schema.cells import is_missing
from linnet.schema.coded import each
from linnet.schema.columns import Block, Cells, Column, Seen
from linnet.schema.hashed import fnv1a

ANALYZERS: Mapping[str, Mapping[str, Any]] = {
    "words": {"token_pattern": r"(?u)\b\w\w+\b"},
    "characters": {"analyzer": "char", "ngram_range": (1, 2)},
}

PIECE = 1 << 14
"""Texts whose words are hashed at a time."""


def texts_of(cells: Cells) -> NDArray[np.object_]:
    """Cells as texts, (N,), that are empty where there is none."""
    empty = frozenset(("",))

    def read(values: Cells) -> NDArray[np.object_]:
        return values.astype(object).where(~is_missing(values, empty), "").astype(str).to_numpy(object)

    return each(cells, read)


@dataclass(frozen=True)
class Words(Column):
    """A text as the weights of its words, of Euclidean length 1.

    Of a vocabulary they are counts times idf (scikit-learn's TF-IDF). With buckets they are counts, without
    idf, as of scikit-learn's HashingVectorizer but for the hash, which is that of `Hashed`: each time that a
    word occurs its bucket, the hash modulo their number, has 1 more, or 1 less where the highest of the
    hash's 32 bits is set, so that words of one bucket cancel out on average.

    Args:
        words: of the vocabulary, in order.
        idf: of each: ln((1 + N) / (1 + rows with it)) + 1.
        by: "words", or "characters" for pairs of characters, of texts that have no spaces.
        buckets: that words are hashed into; 0 where there is a vocabulary.
    """

    kind: ClassVar[str] = "text"
    is_dense: ClassVar[bool] = False

    words: tuple[str, ...] = ()
    idf: tuple[float, ...] = field(default=(), repr=False)
    by: str = "words"
    buckets: int = 0

    @property
    def features(self) -> tuple[str, ...]:
        """See `Column.features`."""
        if self.buckets:
            return tuple(f"{self.name}: bucket {bucket}" for bucket in range(self.buckets))
        return tuple(f"{self.name}: {word}" for word in self.words)

    @cached_property
    def _vectorizer(self) -> Any:
        from sklearn.feature_extraction.text import CountVectorizer

        return CountVectorizer(vocabulary=list(self.words) or None, **ANALYZERS[self.by])

    @cached_property
    def _analyze(self) -> Callable[[str], list[str]]:
        return self._vectorizer.build_analyzer()

    def encode(self, cells: Cells) -> tuple[Block, Seen]:
        """See `Column.encode`."""
        texts, gaps = texts_of(cells), is_missing(cells, frozenset(("",)))
        return _to_length_1(self._hash(texts) if self.buckets else self._weigh(texts)), Seen(gaps)

    def _weigh(self, texts: NDArray[np.object_]) -> Block:
        """Counts of the vocabulary's words times idf, (N, words)."""
        from scipy.sparse import csr_array, diags_array

        counts = self._vectorizer.transform(texts)
        return csr_array(counts, dtype=np.float64) @ diags_array(np.array(self.idf))

    def _hash(self, texts: NDArray[np.object_]) -> Block:
        """Counts of the buckets, (N, buckets), some texts at a time."""
        from scipy.sparse import csr_array, vstack

        pieces = [self._hash_some(texts[low : low + PIECE]) for low in range(0, len(texts), PIECE)]
        return vstack(pieces, format="csr") if pieces else csr_array((0, self.buckets))

    def _hash_some(self, texts: NDArray[np.object_]) -> Block:
        from scipy.sparse import csr_array

        found = [self._analyze(text) for text in texts]
        places, signs = self.place_words(list(chain.from_iterable(found)))
        starts = np.cumsum([0, *map(len, found)])
        counts = csr_array((signs, places, starts), shape=(len(texts), self.buckets))
        counts.sum_duplicates()
        return counts

    def place_words(self, words: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The bucket of each word, (n,), and the sign with which it counts there, (n,)."""
        import pandas as pd

        codes, different = pd.factorize(np.array(words, object))
        hashes = fnv1a(np.asarray(different, object))
        signs = np.where(hashes >> 31, -1.0, 1.0)
        return (hashes % np.uint32(self.buckets)).astype(np.intp)[codes], signs[codes]


def _to_length_1(block: Block) -> Block:
    """Rows over their Euclidean length; those of zeros as they are."""
    from scipy.sparse import csr_array, diags_array

    length = np.sqrt(np.asarray(block.multiply(block).sum(axis=1)).ravel())
    return csr_array(diags_array(1 / np.where(length > 0, length, 1.0)) @ block)
