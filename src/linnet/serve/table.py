"""Raw rows of a table: bodies to encoded rows, and the answer to them by names."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.core.conformal import PredictionRules
from linnet.errors import FormatError
from linnet.model.predictor import Predictor
from linnet.schema.cells import Frame
from linnet.schema.columns import Seen
from linnet.schema.schema import Encoded, Schema
from linnet.serve.parse import check_size
from linnet.serve.records import EXTRA, check_keys, columns_of
from linnet.web.refusal import Refusal

HEADERS = {"present": True, "absent": False}
"""Values of a content type's parameter `header` (RFC 4180), and whether the first line names the columns."""


def from_object(said: Any, content: bytes, model: Predictor, most: int) -> Encoded | None:
    """The rows of a JSON body that gives them by column name; None of one that does not.

    Args:
        said: the body, as it was parsed.
        content: its text.
        model: of a table.
        most: rows.

    Raises:
        Refusal: 422, it lacks a column, or a cell cannot be read.
    """
    encoder = model.encoder
    columns = columns_of(said, encoder.names, most)
    if columns is None:
        return None
    check_keys(content, said)
    try:
        encoded = encoder.encode(columns)
    except FormatError as error:
        raise Refusal(422, str(error)) from None
    if isinstance(encoded.X, np.ndarray):
        check_size(encoded.X, model.card.schema.features if model.card.schema else ())
    return encoded


def from_csv(content: bytes, parameters: dict[str, str], schema: Schema, most: int) -> Encoded:
    """The rows of a table in text, whose first line names the columns.

    Args:
        content: the body.
        parameters: of its content type: `charset`, and `header` as of RFC 4180.
        schema: of the model.
        most: rows.

    Raises:
        Refusal: 415 an unknown charset, 422 no table, or one that lacks a column or has an unreadable cell.
    """
    from linnet.data.formats.frames import iter_frames

    names = schema.names
    _check_width(content, len(names))
    options = TableOptions(encoding=_charset(parameters), header=HEADERS.get(parameters.get("header", "")))
    rows, blocks = 0, list[Frame]()
    try:
        for frame in iter_frames(BytesIO(content), options, names):
            rows += len(frame)
            if rows > most:
                raise Refusal(422, f"expected 1 to {most:,} rows, got more")
            blocks.append(frame)
        if not rows:
            raise Refusal(422, f"expected 1 to {most:,} rows, got none below the names of the columns")
        return _encode(schema, blocks)
    except FormatError as error:
        raise Refusal(422, _of_body(str(error))) from None


def _of_body(reason: str) -> str:
    """A reader's reason as of a body, which has a content type for what a command has flags for."""
    what, flag, _ = reason.replace("the standard input", "the body").partition(": say its encoding")
    return f"{what}: say its charset, as in text/csv; charset=gb18030" if flag else what


def _charset(parameters: dict[str, str]) -> str | None:
    """The encoding that the content type tells; UTF-8 is also found where it is not told."""
    import codecs

    told = parameters.get("charset", "")
    if not told:
        return None
    try:
        codec = codecs.lookup(told)
    except (LookupError, ValueError):
        raise Refusal(415, f"the charset {told[:40]!r} is not known") from None
    if not codec._is_text_encoding:
        raise Refusal(415, f"the charset {told[:40]!r} is none of texts")
    return None if codec.name == "utf-8" else codec.name


def _check_width(content: bytes, columns: int) -> None:
    """Refuse a table of far more columns than the model takes before they are made."""
    first = content.lstrip()[: 1 << 20].partition(b"\n")[0]
    if max(map(first.count, (b",", b";", b"\t", b"|"))) > columns + EXTRA:
        raise Refusal(422, f"expected at most {EXTRA:,} columns beside the model's {columns:,}")


def _encode(schema: Schema, frames: list[Frame]) -> Encoded:
    import pandas as pd

    frame = pd.concat(frames, ignore_index=True)
    schema.check_columns(frame.columns)
    for column in schema.columns:
        wrong = column.find_unreadable(frame[column.name])
        if wrong.any():
            row = int(wrong.argmax())
            cell = frame[column.name].iloc[row]
            raise FormatError(f"row {row}, column {column.name!r} has {column.fault}: {cell!r:.60}")
    return schema.encode(frame)


def name_answers(model: Predictor, answers: NDArray[np.floating], seen: dict[str, Seen]) -> dict[str, Any]:
    """Answers (N, K) by the names of the classes, and the columns of each row that were gaps or strange."""
    names = model.card.output_names(model.outputs)
    rows = answers.tolist()
    named = [dict(zip(names, row, strict=True)) for row in rows]
    if model.card.classes:
        said: dict[str, Any] = {
            "classes": [names[k] for k in answers.argmax(1).tolist()], "probabilities": named,
        }  # fmt: skip
    else:
        said = {"predictions": [row[0] for row in rows] if len(names) == 1 else named}
    if model.card.rules is not None:
        said |= _by_rules(model.card.rules, answers, names)
    missing: list[list[str]] = [[] for _ in rows]
    unseen: list[list[str]] = [[] for _ in rows]
    for name, one in seen.items():
        for cells, mask in ((missing, one.gaps), (unseen, one.strange)):
            for row in () if mask is None else mask.nonzero()[0].tolist():
                cells[row].append(name)
    return {**said, "missing": missing, "unseen": unseen}


def _by_rules(rules: PredictionRules, answers: NDArray[np.floating], names: Sequence[str]) -> dict[str, Any]:
    """What the rules that a model keeps say of answers (N, K)."""
    said: dict[str, Any] = {}
    if rules.intervals is not None:
        ends = np.stack(rules.intervals.ends(answers), axis=2)  # (N, K, 2)
        said["intervals"] = ends[:, 0].tolist() if len(names) == 1 else [
            dict(zip(names, row, strict=True)) for row in ends.tolist()
        ]  # fmt: skip
    if rules.sets is not None:
        held = rules.sets.sets(answers).tolist()
        said["sets"] = [[name for name, one in zip(names, row, strict=True) if one] for row in held]
    if rules.abstention is not None:
        said["abstains"] = (~rules.abstention.answered(answers)).tolist()
    return said
