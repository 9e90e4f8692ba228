"""`Trial`: a file's content with the rows that it is run on and the run's own answers to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.data.row_fields import to_array
from linnet.errors import ExportError, ShapeError, UsageError
from linnet.export.formats import Cells, Format, NotCheckedError, Rows
from linnet.export.program import Program
from linnet.export.tables.cells import cells_of, drop_unreadable, encode_cells, made_cells
from linnet.model.predictor import Predictor
from linnet.schema.schema import Schema

if TYPE_CHECKING:
    from torch import Tensor

LIMIT = 1e-5
"""A file whose answers to encoded rows are further than this from the run's own is not kept."""

EXACT = 1e-12
"""Likewise of a file that takes raw columns, computed in double: times the size of what is added."""

ROWS = 1000
"""Rows that a file is checked on, at most; those that are made of a schema come on top."""


class Trial(NamedTuple):
    """A file before it takes its place.

    Args:
        content: of the file.
        answers: runs the file at a path; its answers, (N, K), and what ran it.
        expected: the run's own answers in float64, (N, K).
        limit: on the difference of the two.
    """

    content: bytes
    answers: Callable[[Path], tuple[NDArray[np.floating], str]]
    expected: NDArray[np.float64]
    limit: float

    def difference(self, path: Path, name: str) -> tuple[float | None, str]:
        """How far the answers of the file are from the run's, and what ran it.

        Raises:
            ExportError: too far.
        """
        try:
            got, checked_by = self.answers(path)
        except NotCheckedError as reason:
            return None, f"not checked: {reason}"
        if got.shape != self.expected.shape:
            raise ExportError(f"the {name} file gives answers of {got.shape}, not {self.expected.shape}")
        found = float((np.abs(got - self.expected) / np.maximum(1, np.abs(self.expected))).max())
        if not found <= self.limit:  # NaN too
            raise ExportError(
                f"the {name} file is not kept: in {checked_by} its answers differ from the run's by "
                f"{found:.2g}, more than {self.limit:.2g}. Very large features or weights do this in "
                "float32: standardise the features, or train with dtype float64"
            )
        return found, checked_by


def try_rows(chosen: Format, plain: Predictor, model: Predictor, rows: Tensor | Rows | None) -> Trial:
    """The trial of a file that takes encoded rows.

    Args:
        chosen: the format.
        plain: the model whose answers are expected.
        model: the same, its calibration taken in.
        rows: (N, D), of which the first 1,000 are used; drawn at random when None.

    Raises:
        ShapeError: the rows do not fit the model.
    """
    X = _rows(model, rows)
    return Trial(chosen.render(model), lambda path: chosen.answers(path, X), _expected(plain, X), LIMIT)


def _rows(model: Predictor, rows: Tensor | Rows | None) -> Rows:
    """At most ROWS rows to check on, in the type of the model's weights, which every format takes."""
    if rows is None:
        drawn = np.random.default_rng(0).random((ROWS, model.features))
        return (drawn / model.card.scale).astype(model.W.dtype)  # features mostly run from 0 to 1/scale
    X = np.asarray(to_array(rows[:ROWS]), np.float64).astype(model.W.dtype, "C")
    if X.ndim != 2 or X.shape[1] != model.features or not len(X):
        raise ShapeError(f"expected some rows of {model.features} features, got shape {X.shape}")
    return X


def _expected(model: Predictor, X: Rows) -> NDArray[np.float64]:
    """The model's own answers in float64, (B, K)."""
    precise = Predictor(model.W.astype(np.float64), model.b.astype(np.float64), model.card)
    return precise.answers(X.astype(np.float64)).astype(np.float64)


def try_columns(chosen: Format, program: Program, rows: Any, others: list[str]) -> Trial:
    """The trial of a file that takes raw columns: on rows of a table, and on rows made of its schema.

    Args:
        chosen: the format.
        program: of a model with its calibration taken in.
        rows: a frame or a list of dictionaries, of which the first 1,000 that can be read are used; or None.
        others: the formats that encode every kind of the model's columns.

    Raises:
        UsageError: the format cannot encode a column.
        FormatError: the rows lack a column.
    """
    model, schema = program.model, program.model.card.schema
    assert schema is not None
    for column in schema.columns:
        if column.kind not in chosen.table.kinds:
            raise UsageError(
                f"the column {column.name} is of the kind {column.kind}, which {chosen.name} cannot encode: "
                f"export to {' or '.join(others) or 'no format yet; or train without it'}"
            )
    content = chosen.table.render(program)
    precise = Predictor(model.W.astype(np.float64), model.b.astype(np.float64), model.card)
    cells, expected, size = _answered(precise, schema, _joined(schema, rows))
    return Trial(
        content, lambda path: chosen.table.answers(path, program, cells), expected, EXACT * max(1.0, size)
    )


def _joined(schema: Schema, rows: Any) -> Cells:
    """The cells of given rows, and of rows made of the schema."""
    from linnet.data.formats.frames import to_frame

    made = drop_unreadable(schema, made_cells(schema))
    if rows is None:
        return made
    frame = to_frame(rows, [column.name for column in schema.columns])[:ROWS]
    given = cells_of(schema, frame[~schema.find_unreadable(frame)])
    return {name: [*given[name], *made[name]] for name in made}


def _answered(model: Predictor, schema: Schema, cells: Cells) -> tuple[Cells, NDArray[np.float64], float]:
    """Rows whose answers are finite, the answers, and the size of what they add up: Σ |w x| + |b|.

    Raises:
        ExportError: there are none.
    """
    X = encode_cells(schema, cells)
    with np.errstate(over="ignore"):
        found = model.answers(X).astype(np.float64)
    fine = np.asarray(np.isfinite(found).all(axis=1))
    if not fine.any():
        raise ExportError(
            "there is no row to check the file on: give rows for which every term of the formula is a number "
            "(rows= in Python; the run's own table is taken where it is found)"
        )
    size = abs(X) @ (abs(model.W.T) * model.card.scale) + abs(model.b)
    kept = {
        name: [cell for cell, fits in zip(column, fine, strict=True) if fits]
        for name, column in cells.items()
    }
    return kept, found[fine], float(size[fine].max())
