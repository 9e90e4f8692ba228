"""`count_table`: one pass over all rows of a table's files, which never holds them, for their schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.data.formats.block_cells import as_dates, join_cells, look_at, numbers_in, series
from linnet.data.formats.blocks import Block, Kind, TableBlocks, source_of
from linnet.data.formats.encoded_rows import RowsOfFile
from linnet.data.formats.plain import plain_frame
from linnet.errors import FormatError
from linnet.schema.cell_counter import CellCounter
from linnet.schema.cells import Cells
from linnet.schema.counted import CountedColumn, CountedFrame
from linnet.schema.leakage import choose_looked_at
from linnet.schema.named_rows import naming_rows
from linnet.schema.number_counter import NumberCounter

SAMPLED, FEWEST = 1 << 22, 1 << 14
"""Numbers of which medians are exact; of more they are those of a sample, of so many rows at least."""

Progress = Callable[[int, int], object]
Array = NDArray[Any]


class Rows(NamedTuple):
    """Which rows of all files are counted.

    Args:
        kept: which are at all, (N,).
        trained: which of them are trained on, (N,).
    """

    kept: NDArray[np.bool_]
    trained: NDArray[np.bool_]


class Counted(NamedTuple):
    """What was counted.

    Args:
        every: the rows, which tell kinds and what is to be said of them.
        trained: those that are trained on, which tell levels, medians and words.
        has_gaps: whether a number is missing in some row, kept or not.
        sampled: rows by which medians are told; 0 where all do.
        bad: rows that cannot be read, by their numbers among all, with the reasons.
    """

    every: CountedFrame
    trained: CountedFrame
    has_gaps: bool
    sampled: int
    bad: dict[int, str]


def count_table(
    files: Sequence[TableBlocks],
    rows: Rows,
    target: tuple[str, Cells],
    options: TableOptions,
    *,
    is_lenient: bool = False,
    progress: Progress = lambda done, total: None,
) -> Counted:
    """Count the rows of a table.

    Args:
        files: of it, with the same columns.
        rows: which are counted.
        target: the name of the column that is predicted, and its cells in the rows that are kept.
        options: what was said of the table.
        is_lenient: whether rows with numbers that are not finite are set apart, and no error.
        progress: called with the bytes of the files that were read, and all of them.

    Raises:
        FormatError: a cell cannot be read; or a column is none that a stream can take.
    """
    counting = _Counting(files[0], rows, target, options, is_lenient)
    sizes = [file.path.stat().st_size for file in files]
    before, read = 0, 0
    for file, size in zip(files, sizes, strict=True):
        start = before
        for section in range(len(file.sections)):
            for block in file.read(section, counting.sources):
                counting.add_(block, file, before - start, before)
                before += block.rows
                progress(read + size * (before - start) // file.rows, sum(sizes))
        read += size
    return counting.finish()


class _Counting:
    """A pass over the rows."""

    def __init__(
        self,
        first: TableBlocks,
        rows: Rows,
        target: tuple[str, Cells],
        options: TableOptions,
        is_lenient: bool,
    ) -> None:
        self.first, self.rows, self.options, self.is_lenient = first, rows, options, is_lenient
        self.target, self.cells = target
        ignored = {*options.ignore, self.target}
        self.kinds: dict[str, Kind] = {
            name: _counted_as(name, kind, options)
            for name, kind in first.kinds.items()
            if name not in ignored
        }
        self.sources = [*self.kinds]
        self.is_numeric = any(kind != "cells" for kind in self.kinds.values())
        self.columns = [one for one in first.names if one != self.target and one not in options.ignore]
        self.kept = int(np.count_nonzero(rows.kept))
        widths = {name: first.widths.get(name, 1) for name, kind in self.kinds.items() if kind != "cells"}
        self.sampled = max(FEWEST, SAMPLED // max(1, sum(widths.values())))
        is_whole = self.kept <= self.sampled
        # Columns of one number are counted side by side: 32 of them in a third of the time.
        scalars = tuple(name for name, kind in self.kinds.items() if kind == "number")
        others = [(name,) for name, kind in self.kinds.items() if kind in ("date", "list")]
        self.numbers = {
            names: NumberCounter(sum(widths[name] for name in names), is_whole=is_whole)
            for names in ([scalars] if scalars else []) + others
        }
        self.others = {
            name: CellCounter(name, options) for name, kind in self.kinds.items() if kind == "cells"
        }
        self.is_whole = is_whole
        self.picks = _choose(self.kept, self.sampled, 1)
        self.texts = _choose(self.kept, min(self.sampled, FEWEST), 2)
        self.looked = choose_looked_at(self.kept, max(1, len(self.columns)))
        self.some = list[Mapping[str, Array]]()
        self.done, self.has_gaps, self.bad = 0, False, dict[int, str]()

    def add_(self, block: Block, file: TableBlocks, first: int, before: int) -> None:
        """Count a block.

        Args:
            block: of a file.
            file: that it is of.
            first: the number of its first row in the file.
            before: the same among all rows.
        """
        kept = self.rows.kept[before : before + block.rows]
        found = {names: self._matrix(block, names) for names in self.numbers}
        self._set_apart_(block, found, kept, file, first, before)
        is_train = self.rows.trained[before : before + block.rows][kept]
        picked, texts, looked = (
            self._among(places, len(is_train)) for places in (self.picks, self.texts, self.looked)
        )
        with naming_rows(RowsOfFile(blocks=file, first=first)):
            for names, counter in self.numbers.items():
                values = found[names]
                if not self.has_gaps and np.isnan(values.sum()):
                    self.has_gaps = True
                counter.add_(values if kept.all() else values[kept], is_train, picked)
            for name, cells in self.others.items():
                own = block.frame[name]
                cells.add_(own if kept.all() else own[kept], is_train, texts, self.done)
        if len(looked):
            self.some.append(look_at(block, np.flatnonzero(kept)[looked], self.kinds))
        self.done += len(is_train)

    def _matrix(self, block: Block, names: tuple[str, ...]) -> Array:
        """The numbers of some columns beside each other, (n, width)."""
        if len(names) == 1:
            return numbers_in(block, names[0], self.kinds[names[0]])
        found = np.empty((block.rows, len(names)), order="F")  # else writing takes 15 times as long
        for place, name in enumerate(names):
            found[:, place] = numbers_in(block, name, self.kinds[name])[:, 0]
        return found

    def _set_apart_(
        self, block: Block, found: Mapping[tuple[str, ...], Array], kept: Array, file: TableBlocks,
        first: int, before: int,
    ) -> None:  # fmt: skip
        """Note rows that are kept and cannot be read.

        Raises:
            FormatError: there are some, and that is an error.
        """
        bad = {row: reason for row, reason in block.bad.items() if kept[row]}
        for names, values in found.items():
            with np.errstate(invalid="ignore", over="ignore"):
                if np.isfinite(values.sum(dtype=np.float64)):
                    continue
            for row, column in np.argwhere(np.isinf(values) & kept[:, None]).tolist():
                name = names[column if len(names) > 1 else 0]
                bad[row] = f"has a number that is not finite in {name}"
        if bad and not self.is_lenient:
            row = min(bad)
            raise FormatError(
                f"{file.path}: {file.name_row(first + row)} {bad[row]}. Leave such rows out, or say --errors "
                "skip (errors= in Python)"
            )
        self.bad |= {before + row: reason for row, reason in bad.items()}

    def _among(self, places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """Which rows of a block are among some of those that are kept."""
        low, high = np.searchsorted(places, [self.done, self.done + count])
        return places[low:high] - self.done

    def finish(self) -> Counted:
        """What was counted."""
        import pandas as pd

        every, trained = dict[str, CountedColumn](), dict[str, CountedColumn]()
        for name in self.first.names:
            if name == self.target:
                every[name] = trained[name] = CountedColumn(self.cells)
                continue
            if name in self.options.ignore or self._source(name) in self.options.ignore:
                every[name] = CountedColumn(series(np.empty(0)))
                continue
            source, place = source_of(name, self.kinds)
            names = next((names for names in self.numbers if source in names), None)
            if names is None:
                every[name] = self.others[name].all_rows()
                trained[name] = self.others[name].trained_rows()
                continue
            counter, at = self.numbers[names], place if place >= 0 else names.index(source)
            every[name], trained[name] = (
                as_dates(one) if self.kinds[source] == "date" else one
                for one in (counter.all_rows(at), counter.trained_rows(at))
            )
        cells = {**join_cells(self.some, self.kinds), self.target: self.cells.iloc[self.looked].to_numpy()}
        some = plain_frame(pd.DataFrame(cells, copy=False), "the table")
        return Counted(
            CountedFrame(every, self.kept, some, self.looked),
            CountedFrame(trained, int(np.count_nonzero(self.rows.trained))),
            self.has_gaps,
            0 if self.is_whole or not self.numbers else self.sampled,
            self.bad,
        )

    def _source(self, name: str) -> str:
        return name if name in self.first.kinds else name.rpartition("[")[0]


def _counted_as(name: str, kind: Kind, options: TableOptions) -> Kind:
    """How a column is counted: numbers that are to be levels, or dates, by their different cells."""
    said = options.kinds.get(name)
    is_as_said = kind in ("list", "cells") or said in (None, kind)
    return kind if is_as_said else "cells"


def _choose(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    """Some of the rows, in order; always the same ones."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False, shuffle=False))
