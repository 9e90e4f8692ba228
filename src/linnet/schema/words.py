"""`Words`: a column of texts as the weights of the words of a vocabulary (TF-IDF)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from linnet.schema.cells import is_missing
from linnet.schema.coded import each
from linnet.schema.columns import Block, Cells, Column, Seen

ANALYZERS: Mapping[str, Mapping[str, Any]] = {
    "words": {"token_pattern": r"(?u)\b\w\w+\b"},
    "characters": {"analyzer": "char", "ngram_range": (1, 2)},
}


def texts_of(cells: Cells) -> NDArray[np.object_]:
    """Cells as texts, (N,), that are empty where there is none."""
    empty = frozenset(("",))

    def read(values: Cells) -> NDArray[np.object_]:
        return values.astype(object).where(~is_missing(values, empty), "").astype(str).to_numpy(object)

    return each(cells, read)


@dataclass(frozen=True)
class Words(Column):
    """A text as the weights of its words: counts times idf, of Euclidean length 1 (scikit-learn's TF-IDF).

    Args:
        words: of the vocabulary, in order.
        idf: of each: ln((1 + N) / (1 + rows with it)) + 1.
        by: "words", or "characters" for pairs of characters, of texts that have no spaces.
    """

    kind: ClassVar[str] = "text"
    is_dense: ClassVar[bool] = False

    words: tuple[str, ...] = ()
    idf: tuple[float, ...] = field(default=(), repr=False)
    by: str = "words"

    @property
    def features(self) -> tuple[str, ...]:
        """See `Column.features`."""
        return tuple(f"{self.name}: {word}" for word in self.words)

    @cached_property
    def _vectorizer(self) -> Any:
        from sklearn.feature_extraction.text import CountVectorizer

        return CountVectorizer(vocabulary=list(self.words), **ANALYZERS[self.by])

    def encode(self, cells: Cells) -> tuple[Block, Seen]:
        """See `Column.encode`."""
        from scipy.sparse import csr_array, diags_array

        gaps = is_missing(cells, frozenset(("",)))
        counts = self._vectorizer.transform(texts_of(cells))
        weighed: Any = csr_array(counts, dtype=np.float64) @ diags_array(np.array(self.idf))
        length = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
        scaled = diags_array(1 / np.where(length > 0, length, 1.0)) @ weighed
        return csr_array(scaled), Seen(gaps)
