"""`fit_columns`: a schema of all columns of a table, where none is the target, or it is not clear which."""

from __future__ import annotations

import dataclasses

from linnet.config.table import TableOptions
from linnet.errors import FormatError
from linnet.schema.cells import Frame
from linnet.schema.fit import fit_schema
from linnet.schema.infer import check_names, infer_columns, table_decimal
from linnet.schema.schema import Schema, Target


def fit_columns(frame: Frame, options: TableOptions, target: str) -> Schema:
    """The fitted schema of a table whose columns are all to predict by, but those that are left out.

    Args:
        frame: its cells.
        options: what was said of it.
        target: what to call what is predicted, which is none of the columns.

    Raises:
        FormatError: it is not clear how a column is to be read, or no column is left.
    """
    check_names(frame, options)
    decimal, notes = table_decimal(frame, options)
    columns, left_out, more = infer_columns(frame, dataclasses.replace(options, decimal=decimal))
    if not columns:
        reasons = "; ".join(f"{column} ({reason})" for column, reason in left_out.items())
        raise FormatError(f"no column is left to predict by: {reasons}")
    schema = Schema(columns, Target(target, "regression"), left_out, (*notes, *more))
    return fit_schema(schema, frame, has_references=bool(options.references), rare=options.rare)
