"""One query, in SQL that SQLite and PostgreSQL both speak."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.errors import ExportError, UsageError
from linnet.export.formats import Format, Rows, headline
from linnet.export.sql_source import (
    LOG_SIGMOID,
    MAX_FEATURES,
    MAX_OUTPUTS,
    number,
    open_database,
    string,
    total,
)
from linnet.export.tables.sql import TABLE
from linnet.model.predictor import Predictor

_HEAD = """-- {headline}.
-- Written by linnet, for SQLite 3.35 or newer and PostgreSQL.
-- It reads a table "features" with the columns id, x0 ... x{last}, the features as the data set stores them
-- (before scaling), and gives {promise} for each id and {each}.
-- For another table: CREATE VIEW features AS SELECT ...
"""

_ROWS = """WITH numbers AS (
  SELECT id,
{casts}
  FROM features
),
scores AS (
{selects}
)"""

_REGRESSION = """
SELECT id, k, {mean} AS prediction
FROM scores
ORDER BY id, k
"""

_CLASSIFIER = """,
logits AS (
  SELECT id, k, class, score, {logit} AS logit
  FROM scores
),
shifted AS (
  SELECT id, k, class, score, logit - MAX(logit) OVER (PARTITION BY id) AS logit
  FROM logits
),
powers AS (
  -- PostgreSQL refuses a result too small for a double, so what is as good as 0 is 0
  SELECT id, k, class, score, CASE WHEN logit < -700 THEN 0.0 ELSE EXP(logit) END AS power
  FROM shifted
)
SELECT id, k, class, score, power / SUM(power) OVER (PARTITION BY id) AS probability
FROM powers
ORDER BY id, k
"""


def render(model: Predictor) -> bytes:
    """The query.

    Raises:
        UsageError: more features or outputs than the databases take.
    """
    if model.features > MAX_FEATURES or model.outputs > MAX_OUTPUTS:
        raise UsageError(
            f"a query takes at most {MAX_FEATURES} features and {MAX_OUTPUTS} outputs, but the model has "
            f"{model.features} and {model.outputs}: export to numpy or ONNX"
        )
    regression = model.card.kind == "regression"
    head = _HEAD.format(
        headline=headline(model), last=model.features - 1, each="output k" if regression else "class k",
        promise="the prediction" if regression else "the score and the probability",
    )  # fmt: skip
    casts = [f"    CAST(x{j} AS DOUBLE PRECISION) AS x{j}" for j in range(model.features)]
    selects = "\n  UNION ALL\n".join(_select(model, k) for k in range(model.outputs))
    logit = LOG_SIGMOID.format("score") if model.card.kind == "logistic" else "score"
    mean = "EXP(score)" if model.card.link == "log" else "score"
    tail = _REGRESSION.format(mean=mean) if regression else _CLASSIFIER.format(logit=logit)
    return (head + _ROWS.format(casts=",\n".join(casts), selects=selects) + tail).encode()


def _select(model: Predictor, k: int) -> str:
    weights = model.W[k].astype(np.float64) * model.card.scale
    terms = [f"{number(weight)} * x{j}" for j, weight in enumerate(weights)]
    name = f", {string(model.card.classes[k])} AS class" if model.card.classes else ""
    score = total([number(model.b[k]), *terms])
    return f"  SELECT id, {k} AS k{name},\n    {score} AS score\n  FROM numbers"


def answers(path: Path, X: Rows) -> tuple[NDArray[np.floating], str]:
    """The query's answers in Python's SQLite.

    Raises:
        ExportError: SQLite cannot run it.
    """
    with open_database() as database:
        columns = ", ".join(f"x{j} REAL" for j in range(X.shape[1]))
        database.execute(f"CREATE TABLE features (id INTEGER PRIMARY KEY, {columns})")
        marks = ", ".join("?" * (X.shape[1] + 1))
        rows = ([i, *row] for i, row in enumerate(X.astype(np.float64).tolist()))
        try:
            database.executemany(f"INSERT INTO features VALUES ({marks})", rows)
            made = [record[-1] for record in database.execute(path.read_text("utf-8"))]
        except sqlite3.Error as error:
            raise ExportError(f"SQLite cannot use the exported query: {error}") from error
    return np.array(made, np.float64).reshape(len(X), -1), f"SQLite {sqlite3.sqlite_version}"


FORMAT = Format("sql", "model.sql", render, answers, TABLE, (".sql",), "one query")
