"""`CellCounter`: what is to be known of a column of text, or of any cells, that comes some rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.errors import FormatError
from linnet.schema.category import Category
from linnet.schema.cells import MISSING, NO_NUMBER, Cells, is_missing, to_numbers
from linnet.schema.coded import code_text, is_coded
from linnet.schema.columns import Column, Number, check_cells
from linnet.schema.counted import CountedColumn, WordCounts
from linnet.schema.date_cells import to_days
from linnet.schema.dates import Date
from linnet.schema.infer import kind_of
from linnet.schema.word_counts import add_words, count_words
from linnet.schema.words import Words, texts_of

MOST, MOST_WORDS = 1 << 16, 1 << 19
"""Different cells of a column that are kept, and different words of one of texts."""


class CellCounter:
    """A column by its different cells.

    Where these are more than `MOST` those so far tell the kind of the column, and of all others what its
    kind needs.

    Args:
        name: of the column.
        options: what was said of the table.
    """

    def __init__(self, name: str, options: TableOptions) -> None:
        self.name, self.options = name, options
        self._places = dict[Any, int]()
        self._firsts, self._counts = np.empty(0, np.int64), np.empty((2, 0), np.int64)
        self._gap, self._gaps = -1, np.zeros(2, np.int64)
        self._dtypes, self._order = set[str](), list[Any]()
        self._sample = list[Cells]()  # of the rows that are trained on
        self.kind: Column | str | None = None
        self._rest: _Ends | _Texts | None = None

    def add_(self, cells: Cells, is_train: NDArray[np.bool_], picked: NDArray[np.int64], before: int) -> None:
        """Count some cells.

        Args:
            cells: (n,).
            is_train: which of their rows are trained on, (n,).
            picked: places of those that the sample takes.
            before: rows that came before these.

        Raises:
            FormatError: they are of too many levels, or one is none of the kind of those before.
        """
        cells = cells.reset_index(drop=True)
        if self.kind is not None:
            self._go_on_(cells, is_train)
        else:
            self._count_(cells, is_train, before)
        if picked.size:
            self._sample.append(cells.iloc[picked[is_train[picked]]].astype(object))
        if self.kind is None and len(self._places) > MOST:
            self._settle_()

    def _count_(self, cells: Cells, is_train: NDArray[np.bool_], before: int) -> None:
        import pandas as pd

        self._dtypes.add("text" if is_coded(cells) or cells.dtype.kind == "O" else str(cells.dtype))
        if is_coded(cells) and cells.cat.ordered:
            self._order += [one for one in cells.cat.categories if one not in self._order]
        codes, values = pd.factorize(cells)
        size = len(values) + 1
        counts = np.stack([np.bincount(some + 1, minlength=size) for some in (codes, codes[is_train])])
        own = values.tolist() if hasattr(values, "tolist") else list(values)
        rows = np.full(len(own) + 1, -1)
        rows[codes[::-1] + 1] = np.arange(len(codes))[::-1]  # the first of each
        if self._gap < 0 <= rows[0]:
            self._gap = before + int(rows[0])
        self._gaps += counts[:, 0]
        at = np.array([self._places.setdefault(value, len(self._places)) for value in own], np.int64)
        more = len(self._places) - len(self._firsts)
        if more:
            self._firsts = np.concatenate([self._firsts, np.full(more, -1)])
            self._counts = np.concatenate([self._counts, np.zeros((2, more), np.int64)], axis=1)
        self._counts[:, at] += counts[:, 1:]
        is_new = self._firsts[at] < 0
        self._firsts[at[is_new]] = before + rows[1:][is_new]

    def _settle_(self) -> None:
        """Tell the kind of the column by the cells so far."""
        self.kind = kind = kind_of(self.all_rows(), self.name, self.options)
        if isinstance(kind, Category):
            raise FormatError(
                f"the column {self.name} has more than {MOST:,} levels, and a stream takes no category of so "
                f"many: take it by a hash (--hash {self.name}, hash= in Python), or leave it out (--ignore "
                f"{self.name})"
            )
        known = self._build(1)
        if isinstance(kind, Number | Date):
            self._rest = _Ends(kind)
            self._rest.add_(known.cells)
            self._gaps[1] = int(is_missing(known.cells, NO_NUMBER).sum())
        elif isinstance(kind, Words) and not kind.buckets:
            self._rest = _Texts(kind, count_words(texts_of(known.cells), kind.by, known.counts))

    def _go_on_(self, cells: Cells, is_train: NDArray[np.bool_]) -> None:
        if isinstance(self.kind, str):
            return
        assert self.kind is not None
        check_cells(self.kind.find_unreadable(cells), cells, self.kind)
        trained = cells[is_train].reset_index(drop=True)
        words = NO_NUMBER if isinstance(self._rest, _Ends) else MISSING
        self._gaps += [int(is_missing(cells, words).sum()), int(is_missing(trained, words).sum())]
        if self._rest is not None:
            self._rest.add_(trained)

    def all_rows(self) -> CountedColumn:
        """The column by all rows, which tell its kind."""
        return self._build(0)

    def trained_rows(self) -> CountedColumn:
        """The column by the rows that are trained on, which tell its levels, median and words."""
        if isinstance(self._rest, _Texts):
            return CountedColumn(self._series([]), np.empty(0, np.int64), words=self._rest.found)
        if isinstance(self._rest, _Ends):
            import pandas as pd

            sample = pd.concat(self._sample, ignore_index=True)
            known = [one for one in self._rest.texts if one is not None]  # whole numbers have no fraction
            ends: Cells = pd.Series([*known, *([None] if self._gaps[1] else [])], dtype=object)
            counts = np.repeat([1, 0], [len(sample), len(ends)])
            counts[: len(sample)][is_missing(sample, NO_NUMBER)] = 0
            return CountedColumn(pd.concat([sample, ends], ignore_index=True), counts)
        return self._build(1)

    def _build(self, part: int) -> CountedColumn:
        """The different cells of all rows (0), or of those that are trained on (1)."""
        kept = self._counts[part] > 0
        values = [value for value, is_kept in zip(self._places, kept.tolist(), strict=True) if is_kept]
        counts, firsts = self._counts[part][kept], self._firsts[kept]
        if self._gaps[part]:
            values, counts = [*values, None], np.append(counts, self._gaps[part])
            firsts = np.append(firsts, self._gap)
        cells = self._series(values)
        return CountedColumn(cells.set_axis(firsts), counts)

    def _series(self, values: list[Any]) -> Cells:
        """Cells of the type that a column of all rows would have."""
        import pandas as pd

        if self._order:
            return pd.Series(pd.Categorical(values, categories=self._order, ordered=True))
        cells: Cells = pd.Series(values, dtype=object)
        if self._dtypes <= {"bool", "boolean"}:
            return cells.astype("boolean")
        if "text" not in self._dtypes:
            return cells.astype(np.float64)
        return code_text(cells)


class _Ends:
    """The lowest and the highest of numbers or dates, as they are written."""

    def __init__(self, kind: Number | Date) -> None:
        self.kind = kind
        self._low, self._high, self._hours = np.inf, -np.inf, np.nan
        self.texts: list[Any] = [None, None, None]

    def add_(self, cells: Cells) -> None:
        column = self.kind
        values = (
            to_numbers(cells, column.style) if isinstance(column, Number) else to_days(cells, column.pattern)
        )
        known = np.flatnonzero(np.isfinite(values))
        if not len(known):
            return
        low, high = known[values[known].argmin()], known[values[known].argmax()]
        if values[low] < self._low:
            self._low, self.texts[0] = values[low], cells.iloc[low]
        if values[high] > self._high:
            self._high, self.texts[1] = values[high], cells.iloc[high]
        fractions = known[values[known] != np.floor(values[known])]
        if len(fractions) and self.texts[2] is None:
            self.texts[2] = cells.iloc[fractions[0]]


class _Texts:
    """The words of texts."""

    def __init__(self, kind: Words, found: WordCounts) -> None:
        self.kind, self.found = kind, found

    def add_(self, cells: Cells) -> None:
        self.found = add_words(self.found, count_words(texts_of(cells), self.kind.by), MOST_WORDS)
