"""What a model answers to raw rows of a table, by the schema in its card, in numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from linnet.errors import FormatError, UsageError
from linnet.model.predictor import Predictor
from linnet.schema.cells import Frame
from linnet.schema.columns import Seen

PREDICTION = "prediction"
"""The column of the likeliest class, or of a regression's number."""


class Answers(NamedTuple):
    """Answers to rows.

    Args:
        frame: `prediction`, and for classes `probability of CLASS` of each; before them what was kept.
        seen: what was seen in each column, by its name.
    """

    frame: Frame
    seen: dict[str, Seen]


def answer_rows(model: Predictor, frame: Frame, keep: Sequence[str] = ()) -> Answers:
    """What a model answers to raw rows, in their order.

    Args:
        model: trained on a table.
        frame: rows of such a table: its columns in any order, and others, which are let be.
        keep: columns of the rows to give back beside the answers, or one column.

    Raises:
        UsageError: the model was not trained on a table, or there is no such column to keep.
        FormatError: a column is missing, or a cell cannot be read.
    """
    import pandas as pd

    schema = model.card.schema
    if schema is None:
        raise UsageError(
            f"the model of {model.card.dataset} was not trained on a table: it takes rows of "
            f"{model.features:,} numbers"
        )
    keep = [keep] if isinstance(keep, str) else list(keep)
    if not len(frame) and not len(frame.columns):  # no row tells of the columns
        frame = pd.DataFrame(columns=[*dict.fromkeys([*(one.name for one in schema.columns), *keep])])
    if absent := [name for name in keep if name not in frame.columns]:
        raise UsageError(f"there is no column {absent[0]!r} to keep: {', '.join(map(str, frame.columns))}")
    if twice := [name for name in keep if list(frame.columns).count(name) > 1]:
        raise FormatError(f"there are two columns called {twice[0]}, which is to be kept: rename one of them")
    schema.check_columns(frame.columns)
    X, seen = schema.encode(frame) if len(frame) else (np.zeros((0, model.features)), dict[str, Seen]())
    answers = model.answers(X)
    columns = {name: frame[name].reset_index(drop=True) for name in keep}
    if model.card.classes:
        columns[PREDICTION] = np.array(model.card.classes, object)[answers.argmax(axis=1)]
        names = [f"probability of {name}" for name in model.card.classes]
    else:
        outputs = model.card.output_names(model.outputs)
        names = [PREDICTION] if len(outputs) == 1 else [f"{PREDICTION} of {name}" for name in outputs]
    columns |= dict(zip(names, answers.T, strict=True))
    if clash := [name for name in keep if name in (PREDICTION, *names)]:
        raise FormatError(f"the column {clash[0]} that is to be kept is called as an answer is")
    return Answers(pd.DataFrame(columns), seen)
