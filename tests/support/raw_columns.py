"""Models of tables that nothing was trained for, with names that are hard to say in other languages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from linnet.core.bank import Bank
from linnet.model.card import Card
from linnet.model.history import History
from linnet.model.run import Run
from linnet.schema.category import Category
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.dates import Date
from linnet.schema.products import Product
from linnet.schema.schema import Schema, Target
from linnet.schema.words import Words

HARD = (
    'say "hi"', "it's", "back\\slash", "*/ end /* begin", "two\nlines", "重量", "__proto__", "constructor",
    "int", "linux", "class", "probabilities", "a b", "a-b", "A b", "1st", "", "??/", "%s {x} @kind@ ${y}",
    "-- comment; DROP",    "x" * 70, "x" * 69 + "y", "é", "É", "prediction",
)  # fmt: skip
"""Names and levels with what quotes, comments, templates and identifiers of some language trip over."""

CLASSES = ('the "first"', "l'été\n*/ \\", "裙子")

MIXED: tuple[Column, ...] = (
    Number("bill length", fill=43.9, has_flag=True),
    Category("island", ("Biscoe", "Dream", "Torgersen"), has_missing=True),
    Category("size", ("1", "1.5", "10", "v1.0"), reference="1", has_other=True),
    Truth("alone", "yes", "no", 1.0, has_flag=True),
    Date(
        "seen",
        since=19000.0,
        parts=("days", "year", "month", "weekday", "hour"),
        fill=19100.25,
        has_flag=True,
    ),
)
"""A column of each kind but texts, with gaps, levels taken together, and a reference."""

TEXT = Words("note", ("3rd", "blue", "naïve", "_x"), (1.5, 1.25, 2.0, 1.75))
CHARACTERS = Words("标题", ("红", "红色", "a ", "b"), (1.5, 1.25, 2.0, 1.75), by="characters")


def hard_columns() -> tuple[Column, ...]:
    """A column of each name, by turns a number and a category of all names as levels."""
    levels = tuple(sorted(name for name in HARD if name))
    names = [name for name in HARD if name]
    return tuple(
        Number(name, fill=1.0, has_flag=True) if place % 2 else Category(name, levels, has_missing=True)
        for place, name in enumerate(names)
    )


def make_table_run(
    columns: Sequence[Column],
    loss: str = "softmax",
    dtype: torch.dtype = torch.float64,
    dataset: str = "birds.csv",
    classes: Sequence[str] = CLASSES,
    terms: Sequence[Product] = (),
) -> Run:
    """A run of three classes, or of a number or count, over columns of a table, or terms of a formula."""
    task = {"squared": "regression", "poisson": "counts"}.get(loss, "classification")
    names = () if task != "classification" else tuple(classes)
    schema = Schema(
        tuple(columns),
        Target("kind", task, names),  # type: ignore[arg-type]
        formula="kind ~ terms" if terms else "",
        terms=tuple(terms),
    )
    source = np.random.default_rng(1)
    scale = np.array([1e-4 if name.endswith((" days", " year")) else 0.3 for name in schema.features])
    W = source.normal(size=(len(names) or 1, len(scale))) * scale
    b = source.normal(size=len(W))
    card = Card(dataset, names, None, 1.0, loss, columns=schema.features, target="kind", schema=schema)
    bank = Bank.of(torch.from_numpy(W).to(dtype), torch.from_numpy(b).to(dtype))
    return Run(bank, History(), "completed", card)
