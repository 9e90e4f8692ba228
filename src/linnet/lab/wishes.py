"""What Try it is asked: the bodies of its requests, and the `Row` that one is about."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from linnet.data.pictures.prepare import as_stored
from linnet.data.pictures.shape import ImageShape, name_shape, size_of
from linnet.errors import UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.lab.fields import Cell, encode_cells
from linnet.lab.live import targets_of
from linnet.lab.schemas import Base64, Body
from linnet.model.run import Card
from linnet.schema.columns import Seen

MAX_BYTES = 8 << 20
"""Of a picture's file."""

MAX_ROW = 64 << 10
"""Pixels of a row that is sent."""

Id = Annotated[str, Field(max_length=64)]


class ModelBody(Body, strict=True):
    """A model.

    Args:
        model: its id.
    """

    model: Id


class ImagesBody(ModelBody):
    """Test rows of a model to look through.

    Args:
        label: only those of this class.
        wrong: only those that the model takes for another class.
        start: how many to pass over.
        count: how many to give.
    """

    label: int | None = Field(default=None, ge=0, lt=10_000)
    wrong: bool = False
    start: int = Field(default=0, ge=0, lt=2**31)
    count: int = Field(default=24, ge=1, le=60)


class PictureBody(ModelBody):
    """A picture's file to be made like the model's pictures.

    Args:
        file: its bytes, in base64.
        invert: always or never; by its border when None.
    """

    file: Annotated[Base64, Field(min_length=1, max_length=MAX_BYTES)]
    invert: bool | None = None


class TryBody(ModelBody):
    """A row to classify.

    Args:
        row: the number of a test row; or
        pixels: the bytes of a picture as /api/try/picture gives it, in base64; or
        cells: of a table's columns by their names, what is not given being missing.
        explain: the class whose score is explained; the likeliest when None.
        against: the class it is held against; none when None.
        alpha: the share of prediction sets that may miss.
        method: of the sets, "lac" or "aps".
    """

    row: int | None = Field(default=None, ge=0, lt=2**31)
    pixels: Annotated[Base64, Field(max_length=MAX_ROW)] | None = None
    cells: Annotated[dict[str, Cell], Field(max_length=50_000)] | None = None
    explain: int | None = Field(default=None, ge=0, lt=10_000)
    against: int | None = Field(default=None, ge=0, lt=10_000)
    alpha: float = Field(default=0.1, gt=0, lt=1)
    method: Literal["lac", "aps"] = "lac"


class Row(NamedTuple):
    """A row to classify.

    Args:
        x: as the model takes it, (D,).
        label: its class or number, where that is known.
        seen: what was seen in the columns of a table.
    """

    x: Tensor
    label: float | None = None
    seen: Mapping[str, Seen] = MappingProxyType({})


def row_of(evaluation: Evaluation, body: TryBody) -> Row:
    """The row that is asked about.

    Raises:
        UsageError: there is none, or the pixels are not the model's.
        FormatError: a cell of a table cannot be read.
    """
    if sum(given is not None for given in (body.row, body.pixels, body.cells)) != 1:
        raise UsageError("give the number of a test row, or pixels, or cells, one of the three")
    card = evaluation.run.card
    if body.pixels is not None:
        shape = shape_of(card)
        if len(body.pixels) != size_of(shape):
            raise UsageError(
                f"expected {name_shape(shape)} = {size_of(shape)} pixels, got {len(body.pixels)}"
            )
        return Row(torch.from_numpy(as_stored(np.frombuffer(body.pixels, np.uint8), card.scale)))
    if body.cells is not None:
        if card.schema is None:
            raise UsageError(
                f"a model of {card.dataset} has no columns of a table: pick one of its test rows"
            )
        x, seen = encode_cells(card.schema, body.cells)
        return Row(x, None, seen)
    row, rows = body.row or 0, evaluation.rows
    if row >= len(rows):
        raise UsageError(f"the test rows are 0…{len(rows) - 1}, there is no row {row}")
    return Row(rows.X[row], targets_of(rows)[row].item())


def shape_of(card: Card) -> ImageShape:
    """The shape of the model's pictures.

    Raises:
        UsageError: it takes none.
    """
    if card.image_shape is None:
        raise UsageError(f"a model of {card.dataset} takes columns, not pictures: pick one of its test rows")
    return card.image_shape
