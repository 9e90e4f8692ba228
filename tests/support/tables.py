"""Small tables of every kind of column, with gaps."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from linnet.model.run import Run

CUTS = ("fair", "good", "ideal")


def make_mixed(rows: int = 120, seed: int = 1) -> pd.DataFrame:
    """Numbers, a category, a truth and a date, some of them missing, and a price to predict."""
    source = np.random.default_rng(seed)
    carat = source.uniform(0.2, 2.0, rows).round(3)
    cut = source.choice(CUTS, rows)
    is_new = source.random(rows) < 0.5
    days = [datetime.date(2024, 1, 15) + datetime.timedelta(int(k)) for k in source.integers(0, 700, rows)]
    price = 100 + 900 * carat + 80 * (cut == "ideal") - 40 * is_new + source.normal(0, 10, rows)
    frame = pd.DataFrame({
        "carat": carat, "cut": cut, "new": np.where(is_new, "yes", "no"),
        "sold": [day.isoformat() for day in days], "price": price.round(2),
    })  # fmt: skip
    frame.loc[source.random(rows) < 0.1, "carat"] = np.nan
    frame.loc[source.random(rows) < 0.1, "cut"] = None
    return frame


def make_table_run(
    task: str = "classification", is_double: bool = True, columns: Mapping[str, Any] | None = None
) -> Run:
    """A run that nothing was trained for, on a table of every kind of column but those of the target.

    Args:
        task: classification, of a cut, or regression, of a price.
        is_double: whether its weights are float64.
        columns: of the table, beside those of `make_mixed`.
    """
    import torch

    from linnet.config.table import TableOptions
    from linnet.core.bank import Bank
    from linnet.model.card import Card
    from linnet.model.history import History
    from linnet.model.run import Run
    from linnet.schema.fit import fit_schema
    from linnet.schema.infer import infer_schema

    frame = make_mixed().assign(**columns or {})
    target = "cut" if task == "classification" else "price"
    frame = frame[frame[target].notna()].reset_index(drop=True)
    schema = fit_schema(infer_schema(frame, TableOptions(target=target, task=task)), frame)
    outputs, source = max(1, len(schema.target.classes)), torch.Generator().manual_seed(1)
    W, b = torch.randn(outputs, len(schema.features) + 1, generator=source, dtype=torch.float64).split(
        [len(schema.features), 1], dim=1
    )
    size = torch.tensor(np.ptp(np.abs(_dense(schema.encode(frame).X)), axis=0) + 1.0)
    kind = torch.float64 if is_double else torch.float32
    loss = "softmax" if schema.target.classes else "squared"
    card = Card("sales", schema.target.classes, None, 1.0, loss, target=target, columns=schema.features,
                schema=schema)  # fmt: skip
    return Run(Bank.of((W / size).to(kind), b[:, 0].to(kind)), History(), "completed", card)


def _dense(X: Any) -> np.ndarray:
    return X if isinstance(X, np.ndarray) else X.toarray()
