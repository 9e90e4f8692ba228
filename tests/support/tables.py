"""Small tables of every kind of column, with gaps."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

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
