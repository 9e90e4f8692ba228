"""A scikit-learn pipeline from a raw table to a folder that `linnet serve` answers from, without a pickle.

    python examples/pipeline.py

It takes some seconds.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import linnet


def make_flats(rows: int = 400) -> pd.DataFrame:
    """Flats with their size, a quarter, the day of the offer, and gaps."""
    source = np.random.default_rng(0)
    quarter = source.choice(["harbour", "market", "mill"], rows)
    size = source.uniform(25, 140, rows).round(1)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(source.integers(0, 300, rows), "D")
    rent = 200 + 11 * size + 150 * (quarter == "harbour") + source.normal(0, 60, rows)
    frame = pd.DataFrame({"size": size, "quarter": quarter, "offered": days, "rent": rent.round()})
    frame.loc[source.random(rows) < 0.1, "size"] = np.nan
    return frame


def main() -> None:
    parts: Any = train_test_split(make_flats(), random_state=0)
    train, test = parts
    X, y = train.drop(columns="rent"), train["rent"]
    pipeline = make_pipeline(linnet.TableEncoder(), StandardScaler(), linnet.LinearRegressor(l2=1e-3))
    print(f"R² in cross-validation: {cross_val_score(pipeline, X, y).mean():.3f}")

    pipeline.fit(X, y)
    figures = linnet.regression_figures(linnet.Evaluation(pipeline, test))
    print(f"on the test rows: R² {figures['r2']}, RMSE {figures['rmse']}")

    with tempfile.TemporaryDirectory() as folder:
        run = linnet.run_of(pipeline, name="flats").save(Path(folder, "flats"))
        print("kept as", ", ".join(sorted(path.name for path in run.iterdir())))
        print("a raw row:", linnet.predict(run, [{"size": 80, "quarter": "mill", "offered": "2025-06-01"}]))


if __name__ == "__main__":
    main()
