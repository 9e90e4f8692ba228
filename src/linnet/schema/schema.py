"""`Schema`: the columns of a table in order, its target, and what was left out; to and from JSON and TOML."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import Task
from linnet.errors import FormatError
from linnet.schema.blocks import encode_blocks, encode_wide, is_wide
from linnet.schema.category import Category
from linnet.schema.cells import (
    NO_NUMBER,
    Cells,
    Frame,
    NumberStyle,
    count_rows,
    is_missing,
    rows_of,
    to_numbers,
)
from linnet.schema.checks import target_fields
from linnet.schema.classes import class_names, number_classes
from linnet.schema.columns import Block, Column, Seen
from linnet.schema.hashed import Hashed
from linnet.schema.kinds import column_of
from linnet.schema.products import Product, check_finite, encode_products

if TYPE_CHECKING:
    import pandas as pd

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LISTED = 20
"""Names that a message lists."""


@dataclass(frozen=True)
class Target:
    """What is predicted.

    Args:
        name: of its column.
        task: classification, regression or counts.
        classes: in order; empty of numbers.
        why: it is this column, and this task, in words.
        style: how its numbers are written.
        exposure: the column of how long, or over how many, counts were made, whose rate is predicted; empty
            where the counts themselves are.
    """

    name: str
    task: Task
    classes: tuple[str, ...] = ()
    why: str = ""
    style: NumberStyle = field(default_factory=NumberStyle)
    exposure: str = ""

    @property
    def what(self) -> str:
        """What the model predicts, in words: the column, or its rate."""
        return f"{self.name} per {self.exposure}" if self.exposure else self.name

    def with_positive(self, name: str | None) -> Target:
        """The target whose second class of two is the named one, which figures, plots and weights speak of.

        Raises:
            FormatError: it is none of two classes.
        """
        if name is None:
            return self
        if len(self.classes) != 2 or name not in self.classes:
            what = f"the classes {', '.join(self.classes[:LISTED])}" if self.classes else "numbers"
            raise FormatError(f"positive is one of two classes, and {self.name} has {what}, not {name!r}")
        other = next(one for one in self.classes if one != name)
        return dataclasses.replace(self, classes=(other, name))

    def numbers(self, cells: Cells) -> NDArray[np.float64]:
        """The numbers of a regression, (N,).

        Raises:
            FormatError: a cell holds none.
        """
        values = to_numbers(cells, self.style)
        wrong = ~np.isfinite(values) | is_missing(cells, NO_NUMBER)
        if wrong.any():
            raise FormatError(
                f"the target {self.name} has {self.style.fault} in {count_rows(wrong)}: "
                f"{rows_of(wrong, cells)}. Fill in a value, or leave it out"
            )
        return values

    def labels(self, cells: Cells) -> NDArray[np.int64]:
        """The places of rows among the classes, (N,).

        Raises:
            FormatError: a cell is empty or has a class that is not known.
        """
        names = class_names(cells)
        found = sorted(set(names.tolist()))
        numbers = number_classes(found, self.classes, f"the target {self.name}")
        return numbers[np.searchsorted(np.array(found, object), names)]


class Encoded(NamedTuple):
    """Rows as numbers.

    Args:
        X: (N, D), float64, or a scipy matrix where a column is of texts or levels are many.
        seen: what was seen in each column, by its name.
    """

    X: Any
    seen: dict[str, Seen]


@dataclass(frozen=True)
class Schema:
    """What the columns of a table mean.

    Args:
        columns: those that the model takes, in order.
        target: what is predicted.
        left_out: columns that the model does not take, each with the reason.
        notes: what one has to know of how the table was read.
        split: how rows to test on were chosen, and how many: `by` (random, stratified, groups, time or none),
            `column`, `train`, `test` and more; empty where none were asked for.
        formula: by which the features are terms of the columns; empty where they are the encoded columns.
        terms: those of the formula, once it is fitted.
        has_intercept: whether the formula has a bias.
    """

    columns: tuple[Column, ...]
    target: Target
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    split: Mapping[str, Any] = field(default_factory=dict)
    formula: str = ""
    terms: tuple[Product, ...] = ()
    has_intercept: bool = True

    @cached_property
    def base(self) -> tuple[str, ...]:
        """The names of the encoded columns."""
        return tuple(name for column in self.columns for name in column.features)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the D features: the encoded columns, or the terms of a formula."""
        return tuple(term.name for term in self.terms) or self.base

    def combine(self, X: Block) -> Block:
        """The features of rows, (N, D), of their encoded columns, (N, base).

        Raises:
            FormatError: a term of the formula is not finite.
        """
        return check_finite(self.terms, encode_products(self.terms, self.base, X)) if self.terms else X

    @property
    def is_plain(self) -> bool:
        """Whether every column is numbers as they stand, without gaps."""
        are_numbers = (one.features == (one.name,) and one.kind == "number" for one in self.columns)
        return not self.formula and all(are_numbers)

    def check_columns(self, names: pd.Index) -> None:
        """Refuse a table that lacks a column.

        Raises:
            FormatError: naming those that are missing.
        """
        known = {str(name).strip() for name in names}
        if lacking := [column.name for column in self.columns if column.name not in known]:
            raise FormatError(
                f"the table lacks {', '.join(lacking[:LISTED])}: the model takes the columns "
                f"{', '.join(column.name for column in self.columns[:LISTED])}"
            )

    def find_unreadable(self, frame: Frame) -> NDArray[np.bool_]:
        """Which rows have a cell that cannot be read, (N,).

        Raises:
            FormatError: a column is missing.
        """
        self.check_columns(frame.columns)
        wrong = [one.find_unreadable(frame[one.name].reset_index(drop=True)) for one in self.columns]
        bad = np.logical_or.reduce(wrong)
        if not self.terms or bad.all():
            return bad
        X = self._encode_columns(frame[~bad]).X
        bad[~bad] = ~np.isfinite(encode_products(self.terms, self.base, X)).all(axis=1)
        return bad

    def encode(self, frame: Frame) -> Encoded:
        """Rows by the names of their columns, whatever their order; other columns are let be.

        Raises:
            FormatError: a column is missing, or a cell cannot be read.
        """
        self.check_columns(frame.columns)
        found = self._encode_columns(frame)
        return found._replace(X=self.combine(found.X))

    def _encode_columns(self, frame: Frame) -> Encoded:
        """Rows as their encoded columns, (N, base)."""
        if not self.formula and is_wide(self.columns, len(frame)):
            return Encoded(*encode_wide(self.columns, frame))
        cells = {column.name: frame[column.name].reset_index(drop=True) for column in self.columns}
        if all(column.is_dense for column in self.columns):
            X, low, seen = np.empty((len(frame), len(self.base))), 0, dict[str, Seen]()
            for column in self.columns:
                high = low + len(column.features)
                seen[column.name] = column.write(cells[column.name], X[:, low:high])
                low = high
            return Encoded(X, seen)
        return Encoded(*encode_blocks(self.columns, cells))

    def with_references(self) -> Schema:
        """The schema in which each category has a reference level, as inference without a penalty needs it.

        It is the first level; the columns of the others then are differences to it. Of a hashed column it is
        the first bucket, where fitting has not found the first that is not empty.
        """
        return dataclasses.replace(self, columns=tuple(map(_with_reference, self.columns)))

    def to_json(self) -> dict[str, Any]:
        """The schema as plain values."""
        target = {**dataclasses.asdict(self.target), "classes": list(self.target.classes)}
        return {
            "target": {name: value for name, value in target.items() if value},
            "columns": [column.to_json() for column in self.columns],
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
            **({"split": dict(self.split)} if self.split else {}),
            **(
                {"formula": self.formula, "terms": [one.to_json() for one in self.terms]}
                if self.terms
                else {}
            ),
            **({} if self.has_intercept else {"has_intercept": False}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Schema:
        """The inverse of `to_json`.

        Raises:
            FormatError: these are no schema's.
        """
        try:
            target = target_fields(values["target"])
            columns = tuple(column_of(one) for one in values["columns"])
            left_out, notes = dict(values.get("left_out", {})), tuple(values.get("notes", ()))
            split, terms = dict(values.get("split", {})), map(Product.from_json, values.get("terms", ()))
            formula = str(values.get("formula", "")), tuple(terms), bool(values.get("has_intercept", True))
            return cls(columns, Target(**target), left_out, notes, split, *formula)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise FormatError(f"this is no schema: {error!r}") from error

    def to_toml(self) -> str:
        """The schema as TOML, to be edited and given back by `--schema`."""
        import tomli_w

        return tomli_w.dumps(self.to_json(), multiline_strings=False)

    @classmethod
    def from_toml(cls, text: str | bytes) -> Schema:
        """The inverse of `to_toml`.

        Raises:
            FormatError: it is no TOML, or no schema.
        """
        try:
            read = text if isinstance(text, str) else text.decode("utf-8-sig")
            return cls.from_json(tomllib.loads(read))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise FormatError(f"the schema is not valid TOML: {error}") from error


def _with_reference(column: Column) -> Column:
    if isinstance(column, Category) and not column.reference and column.levels:
        return dataclasses.replace(column, reference=column.levels[0])
    if isinstance(column, Hashed) and column.reference < 0:
        return dataclasses.replace(column, reference=0)
    return column
