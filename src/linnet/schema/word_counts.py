"""`count_words`: how often words occur in texts, and in how many of them; `add_words` adds those of more."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.schema.counted import Counts, WordCounts
from linnet.schema.words import ANALYZERS


def count_words(texts: NDArray[np.object_], by: str, counts: Counts = None) -> WordCounts:
    """The words of some texts, as scikit-learn's CountVectorizer cuts them.

    Args:
        texts: (n,).
        by: words or characters, as of `Words`.
        counts: how often each text occurs, (n,); once when None.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(**ANALYZERS[by])
    rows = len(texts) if counts is None else int(counts.sum())
    try:
        found: Any = vectorizer.fit_transform(texts)
    except ValueError:  # there is no word
        return WordCounts(np.empty(0, object), np.empty(0, np.int64), np.empty(0, np.int64), rows)
    weights = np.ones(len(texts), np.int64) if counts is None else counts
    words = vectorizer.get_feature_names_out()
    return WordCounts(words, found.T @ weights, (found > 0).astype(np.int64).T @ weights, rows)


def add_words(first: WordCounts, second: WordCounts, most: int) -> WordCounts:
    """The words of both; of more than `most` those that occur most."""
    words, places = np.unique(np.concatenate([first.words, second.words]), return_inverse=True)
    total, rows = (
        np.bincount(places, np.concatenate(pair), minlength=len(words)).astype(np.int64)
        for pair in ((first.total, second.total), (first.rows, second.rows))
    )
    kept = np.sort(np.argsort(-total, kind="stable")[:most]) if len(words) > most else slice(None)
    return WordCounts(words[kept], total[kept], rows[kept], first.of + second.of)
