"""What a model answers to raw rows of a table, by the schema in its card, in numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.core.conformal import PredictionRules
from linnet.errors import FormatError, ShapeError, UsageError
from linnet.model.predictor import Predictor
from linnet.schema.cells import Frame
from linnet.schema.columns import Seen
from linnet.schema.target import read_exposure

PREDICTION = "prediction"
"""The column of the likeliest class, or of a regression's number, between `prediction low` and `… high`."""

SET = "prediction set"
"""The column of the classes that the model's rule of prediction sets leaves."""

ABSTAINS = "abstains"
"""The column that says whether the likeliest class is too improbable to be an answer."""


class Answers(NamedTuple):
    """Answers to rows.

    Args:
        frame: `prediction`, and for classes `probability of CLASS` of each; before them what was kept, after
            them what the model's rules say.
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
    columns = {name: frame[name].reset_index(drop=True) for name in keep}
    said = _columns_of(model, model.answers(X))
    if (exposure := schema.target.exposure) and exposure in frame.columns:
        cells = frame[exposure].reset_index(drop=True)
        said[f"expected {schema.target.name}"] = said[PREDICTION] * read_exposure(cells, exposure)
    if clash := [name for name in keep if name in said]:
        raise FormatError(f"the column {clash[0]} that is to be kept is called as an answer is")
    return Answers(pd.DataFrame(columns | said), seen)


def answer_numbers(model: Predictor, X: Any) -> Frame:
    """What a model that takes numbers answers to rows (B, D), an array or CSR; columns as of `answer_rows`.

    Raises:
        ShapeError: they have another number of features.
    """
    import pandas as pd

    if X.shape[1] != model.features:
        raise ShapeError(f"the model takes rows of {model.features:,} numbers, and these have {X.shape[1]:,}")
    return pd.DataFrame(_columns_of(model, model.answers(X)))


def _columns_of(model: Predictor, answers: NDArray[np.floating]) -> dict[str, Any]:
    """Answers (N, K) as columns by name, and what the rules that the model keeps say of them."""
    card = model.card
    rules = card.rules or PredictionRules()
    if not card.classes:
        outputs = card.output_names(model.outputs)
        names = [PREDICTION] if len(outputs) == 1 else [f"{PREDICTION} of {name}" for name in outputs]
        columns: dict[str, Any] = dict(zip(names, answers.T, strict=True))
        if rules.intervals is not None:
            low, high = rules.intervals.ends(answers)
            for name, lower, upper in zip(names, low.T, high.T, strict=True):
                columns |= {f"{name} low": lower, f"{name} high": upper}
        return columns
    classes = np.array(card.classes, object)
    columns = {PREDICTION: classes[answers.argmax(axis=1)]}
    columns |= zip((f"probability of {name}" for name in card.classes), answers.T, strict=True)
    if rules.sets is not None:
        columns[SET] = [classes[held].tolist() for held in rules.sets.sets(answers)]
    if rules.abstention is not None:
        columns[ABSTAINS] = ~rules.abstention.answered(answers)
    return columns
