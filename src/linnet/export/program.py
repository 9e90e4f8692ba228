"""`Program`: a model over the raw columns of a table, of which each format writes a file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.model.card import Card
from linnet.model.predictor import Predictor
from linnet.schema.category import Category
from linnet.schema.columns import Column
from linnet.schema.expand import expand
from linnet.schema.hashed import Hashed
from linnet.schema.terms import Block, Factor, group, lower_columns
from linnet.schema.words import Words

FIELDS: dict[str, tuple[str, ...]] = {
    "number": (), "date": (), "truth": ("words",), "category": ("levels",), "hash": ("buckets",),
    "text": ("words", "idf", "by", "buckets"),
}  # fmt: skip
"""What an encoder has to know of a column of each kind, beside its name, to read a cell."""


def takes_columns(card: Card) -> bool:
    """Whether a model's file takes the raw columns of a table: one of images takes their pixels in a row."""
    return card.schema is not None and card.image_shape is None


class Table(NamedTuple):
    """Weights that levels choose a row of, or that the words of a text weigh.

    Args:
        factors: places among the program's factors, which the row is multiplied by.
        choices: places of the columns that choose.
        sizes: how many places each of them has; the last runs fastest.
        start: of its rows among the program's weights.
    """

    factors: tuple[int, ...]
    choices: tuple[int, ...]
    sizes: tuple[int, ...]
    start: int

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return math.prod(self.sizes)


@dataclass(frozen=True, eq=False)
class Program:
    """A model over raw columns: scores = b + Σ products · weights + Σ rows that levels and words choose.

    Args:
        model: it; its biases, and what its card makes of scores.
        columns: of the table that it takes.
        factors: the numbers that are made of cells, each once.
        products: of factors, by their places, each a feature.
        tables: of the features that levels and words choose among.
        weights: a row a product, then those of the tables, (R, K), the scale of the features folded in.
        table: that a query reads, a schema's name before it with a point; after the data set when empty.
        keep: the columns that a query gives beside the answers; those that the model takes when empty.
    """

    model: Predictor
    columns: tuple[Column, ...]
    factors: tuple[Factor, ...]
    products: tuple[tuple[int, ...], ...]
    tables: tuple[Table, ...]
    weights: NDArray[np.floating]
    table: str = ""
    keep: tuple[str, ...] = ()

    def place(self, factor: Factor) -> int:
        """The place of a factor's column."""
        return self.names.index(factor.column)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    def to_json(self) -> dict[str, list[Any]]:
        """The program as plain values, its weights aside, for a file that interprets them."""
        return {
            "columns": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    **{name: getattr(one, name) for name in FIELDS[one.kind]},
                }
                for one in self.columns
            ],
            "factors": [
                {
                    "column": self.place(one),
                    "function": one.function,
                    "fill": one.fill,
                    "since": one.since,
                    "steps": [list(step) for step in one.steps],
                }
                for one in self.factors
            ],
            "products": [list(one) for one in self.products],
            "tables": [one._asdict() for one in self.tables],
        }

    def rows_of(self, table: Table) -> NDArray[np.floating]:
        """The weights of a table, (rows, K)."""
        return self.weights[table.start : table.start + table.rows]


def choices_of(column: Column) -> int:
    """How many places a column has to choose among: of levels the unseen and the missing, too."""
    if isinstance(column, Category):
        return len(column.levels) + 2
    if isinstance(column, Hashed):
        return column.buckets + 1
    return len(column.features) if isinstance(column, Words) else 0


def program_of(model: Predictor, table: str = "", keep: tuple[str, ...] = ()) -> Program:
    """The program of a model with a schema.

    Args:
        model: it.
        table: as of `Program`.
        keep: likewise.

    Raises:
        UsageError: a column is of a kind that no program can encode.
    """
    schema = model.card.schema
    assert schema is not None
    W, terms = _scaled(model), lower_columns(schema)
    if schema.terms:  # sums of products, as contrasts are, whose coefficients go into the weights
        terms, matrix = expand(schema)
        W = (W @ matrix).astype(model.W.dtype)
    factors = tuple(
        dict.fromkeys(one for term in terms for one in term if one.function not in ("level", "word"))
    )
    at = {factor: place for place, factor in enumerate(factors)}
    columns = {column.name: place for place, column in enumerate(schema.columns)}
    blocks = group(terms, {column.name: choices_of(column) for column in schema.columns})
    numbers = [block for block in blocks if not block.choices]
    tables, rows = list[Table](), [_weights(W, block) for block in numbers]
    start = len(numbers)
    for block in blocks:
        if block.choices:
            places = tuple(columns[name] for name in block.choices)
            tables.append(Table(tuple(at[f] for f in block.factors), places, block.features.shape, start))
            rows.append(_weights(W, block))
            start += tables[-1].rows
    products = tuple(tuple(at[f] for f in block.factors) for block in numbers)
    return Program(model, schema.columns, factors, products, tuple(tables), np.concatenate(rows), table, keep)


def _scaled(model: Predictor) -> NDArray[np.floating]:
    """The weights, (K, D), the scale of the features folded in."""
    scale = model.card.scale
    return model.W if scale == 1 else model.W.astype(np.float64) * scale


def _weights(W: NDArray[np.floating], block: Block) -> NDArray[np.floating]:
    """The weights of a block's features, (P, K); 0 where a choice has none."""
    padded = np.concatenate([W.T, np.zeros((1, len(W)), W.dtype)])  # (D + 1, K), whose last is chosen by −1
    return padded[block.features.ravel()]
