"""`TableOptions`: what a table does not tell by itself, such as the column that is predicted."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Literal

from linnet.errors import UsageError

Task = Literal["classification", "regression", "counts"]
TASKS: tuple[Task, ...] = ("classification", "regression", "counts")

OF_OTHERS = ("color", "stream")
"""The fields that are of pictures and arrays, too, all others being of tables."""

KINDS = ("number", "truth", "category", "hash", "date", "text")
"""The kinds of columns, each with a field that names the columns to take as such."""

BUCKETS, MOST_BUCKETS = 256, 2**20
"""Columns that a hashed one becomes where nothing is said, and at most."""

HASHED_AS = (["category", "hash"], ["hash", "text"])
"""The kinds that a column to hash may be named to be, beside."""

HASHED = re.compile(r"(.+)=([0-9]+)")
"""A column to hash and into how many buckets."""

Split = Literal["random", "groups", "time", "none"]
SPLITS: tuple[Split, ...] = ("random", "groups", "time", "none")

ERRORS = ("raise", "skip", "quarantine")
"""What to do with rows that cannot be read."""


def column_of(kind: str, said: str) -> str:
    """The column that is named by what was said of a kind: COLUMN, or COLUMN=BUCKETS of one to hash."""
    found = HASHED.fullmatch(said) if kind == "hash" else None
    return said if found is None else found[1].rstrip()


@dataclass(frozen=True, kw_only=True)
class TableChoices:
    """What a table of one's own does not tell by itself.

    Args:
        target: the column that is predicted; by its name, or the last one, when not given.
        task: classification, regression or counts; by what stands in the target's column when not given.
        ignore: columns to leave out.
        category: columns to take as categories, also where they hold numbers.
        references: whether the first level of each category has no column, so that the others are
            differences to it; where a model is solved without a penalty when not given, else each has one.
        decimal: the sign before decimals, . or ,; by whole columns when not given.
        date_order: dmy or mdy; by whole columns when not given.
        header: whether the first line names the columns; by what stands in it when not given.
        encoding: of the text; UTF-8, UTF-16 by its mark, or GB18030 where that alone fits when not given.
        sheet: of a workbook; the first when not given.
        schema: a TOML file, as linnet data schema prints it, by which the table is read as it says.
        number: columns to take as numbers, also where they would be left out or taken as categories.
        truth: columns to take as yes and no, of a pair such as yes and no, or of 1 and 0.
        date: columns to take as dates, also such as 20240131 or a year alone.
        text: columns to take as texts, by the words in them.
        groups: the column of what rows belong to, such as a patient: never on both sides of a split or fold,
            and no feature.
        time: the column of when each row was, dates or numbers, by which later rows test what earlier ones
            taught; it stays a feature unless it is ignored.
        split: how rows to test on are chosen: random (of each class its share), groups, time (the latest) or
            none; by groups or time where these are given, else random.
        test_size: the share of rows to test on; 0.2 when not given.
        positive: of two classes the one that figures, plots and weights speak of; the second in order when
            not given.
        exposure: of counts, the column of how long, or over how many, each was counted: the model then is of
            the rate, a count for each unit of it (an offset of its logarithm).
        formula: the terms to predict by, such as price ~ log(carat) + C(cut) * depth (needs
            linnet[formula]); every column when not given.
        test: a file with the rows to test on, of the same columns; a share of the rows when not given.
        index_base: of LIBSVM text (.svm), from which number indices count, 0 or 1; when not given from 0 if
            an index is 0, else from 1.
        hash: columns of very many levels, or of texts, to take by a hash of each level or word, as COLUMN or
            COLUMN=BUCKETS (256 when not given); what falls into one bucket shares its column, and none is
            unseen. Named by category or text, too, a column is hashed by its levels or by its words.
        rare: training rows below which levels of a category are taken together as (other), from 1 (none are);
            when not given 10, of categories of more than 100 levels alone.
        color: of pictures, whether to keep their colours: each pixel is then three features, red, green and
            blue. They are read in grey when not given.
        stream: whether rows stay in their files, which are read anew in every epoch, so that they may be more
            than memory holds: Parquet, Arrow, CSV and JSON lines files, .npy and IDX files, folders of
            pictures, LIBSVM text.
        errors: what to do with rows of a streamed table that cannot be read: raise names the first of them,
            skip leaves them out and says how many, quarantine writes them to NAME.rejected.csv, too; raise
            when not given.

    Raises:
        UsageError: a value that cannot be.
    """

    target: str | None = None
    task: str | None = None
    ignore: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    references: bool | None = None
    decimal: str | None = None
    date_order: str | None = None
    header: bool | None = None
    encoding: str | None = None
    sheet: str | None = None
    schema: str | None = None
    number: tuple[str, ...] = ()
    truth: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    groups: str | None = None
    time: str | None = None
    split: str | None = None
    test_size: float | None = None
    positive: str | None = None
    exposure: str | None = None
    formula: str | None = None
    test: str | None = None
    index_base: int | None = None
    hash: tuple[str, ...] = ()
    rare: int | None = None
    color: bool | None = None
    stream: bool | None = None
    errors: str | None = None

    def __post_init__(self) -> None:
        choices = {
            "task": TASKS, "decimal": (".", ","), "date_order": ("dmy", "mdy"), "split": SPLITS,
            "index_base": (0, 1), "errors": ERRORS,
        }  # fmt: skip
        for name, known in choices.items():
            if (value := getattr(self, name)) is not None and value not in known:
                raise UsageError(f"{name} must be one of {' '.join(map(str, known))}, not {value!r}")
        for name in ("target", "groups", "time", "positive", "exposure"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, str(value).strip())
        self._check_split()
        if self.errors is not None and not self.stream:
            raise UsageError("--errors (errors=) is of rows of a stream: say --stream (stream=True), too")
        if self.rare is not None and self.rare < 1:
            raise UsageError(f"rare must be at least 1, which takes no levels together, not {self.rare}")
        if self.exposure is not None and self.task not in (None, "counts"):
            raise UsageError(f"--exposure is of counts: leave out --task {self.task}")
        for name in ("ignore", *KINDS):
            names = getattr(self, name)
            several = (names,) if isinstance(names, str) else names
            object.__setattr__(self, name, tuple(str(one).strip() for one in several))
        said = [column for name in ("ignore", *KINDS) for column in self.named(name)]
        for twice in dict.fromkeys(column for column in said if said.count(column) > 1):
            how = [name for name in ("ignore", *KINDS) if twice in self.named(name)]
            if how in HASHED_AS and said.count(twice) == len(how):
                continue
            raise UsageError(f"the column {twice} is named twice, as {' and as '.join(how)}: say one")
        if wrong := next((name for name, n in self.buckets.items() if not 2 <= n <= MOST_BUCKETS), None):
            raise UsageError(
                f"--hash {wrong}={self.buckets[wrong]}: buckets must be from 2 to {MOST_BUCKETS:,}"
            )

    @property
    def kinds(self) -> dict[str, str]:
        """The kinds of columns that were named, by column."""
        return {column: kind for kind in KINDS for column in self.named(kind)}

    @property
    def buckets(self) -> dict[str, int]:
        """Into how many buckets columns are hashed, by column."""
        parts = {said: HASHED.fullmatch(said) for said in self.hash}
        return {column_of("hash", said): int(one[2]) if one else BUCKETS for said, one in parts.items()}

    def named(self, kind: str) -> tuple[str, ...]:
        """The columns that were named to be of a kind, or to be ignored."""
        return tuple(column_of(kind, said) for said in getattr(self, kind))

    def _check_split(self) -> None:
        """Refuse ways to split that contradict each other."""
        if self.groups is not None and self.time is not None:
            raise UsageError("rows are split by groups or by time: leave out --groups or --time")
        for name, column in (("groups", self.groups), ("time", self.time)):
            if self.split == name and column is None:
                raise UsageError(f"--split {name} needs the column: say --{name} COLUMN")
            if column is not None and self.split not in (None, name, "none"):
                raise UsageError(f"--{name} {column} splits by {name}: leave out --split {self.split}")
        if self.test_size is None:
            return
        if self.split == "none":
            raise UsageError("--split none keeps no rows to test on: leave out --test-size")
        if not 0 < self.test_size < 1:
            raise UsageError(f"test_size must lie between 0 and 1, not {self.test_size}")

    @property
    def table(self) -> dict[str, Any]:
        """What was said of a table, as plain values that `linnet.load` takes."""
        values = ((one.name, getattr(self, one.name)) for one in dataclasses.fields(TableChoices))
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values if v not in (None, ())}


@dataclass(frozen=True, kw_only=True)
class TableOptions(TableChoices):
    """How a table is read; see `TableChoices` for the fields not listed here.

    Args:
        sample_weight: the column with the rows' weights.
    """

    sample_weight: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.exposure is not None and self.sample_weight is not None:
            raise UsageError(
                "rows count by their exposure or by weights: leave out exposure or sample_weight"
            )

    @property
    def table(self) -> dict[str, Any]:
        """See `TableChoices.table`."""
        weights = {} if self.sample_weight is None else {"sample_weight": self.sample_weight}
        return {**super().table, **weights}
