"""A frame, its files and its rows one at a time through the service have the same answers."""

from __future__ import annotations

import datetime
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import linnet
from linnet.serve.app import make_app
from tests.support.gate import gate
from tests.support.tables import make_table_run

PHASES = (Phase.explicit, Phase.generate)
"""Files are read for each example: a smaller one that fails would take minutes to find."""

TEXTS = ["a red cat", "the blue mat", "a red red mat on the mat", "one more cat of the cats"]
PRICES = [f"{k % 9}.{k:03d},5 €" for k in range(120)]
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "carat": st.none() | st.floats(-1e6, 1e6),
    "cut": st.sampled_from([None, "fair", "good", "ideal", "never seen", "Fair"]),
    "new": st.sampled_from([None, "yes", "no"]),
    "sold": st.none() | st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 1, 1)).map(str),
    "told": st.sampled_from([None, "nothing known", "red, \"blue\" cat", *TEXTS]),
    "paid": st.sampled_from([None, *PRICES[:5], "12,25 €"]),
}  # fmt: skip


WAYS = [(True, True, 3), (False, False, 3), *itertools.product((True, False), (True, False), (40,))]


@pytest.mark.parametrize(("is_double", "texts", "examples"), gate(WAYS, 0, 1))
def test_frame_csv_parquet_and_rows_have_the_same_answers(
    tmp_path: Path, is_double: bool, texts: bool, examples: int
) -> None:
    more = {"paid": PRICES} | ({"told": [f"{TEXTS[k % 4]}, number {k}" for k in range(120)]} if texts else {})
    run = make_table_run("regression", is_double, more)
    folder, schema = run.save(tmp_path / "run"), run.card.schema
    assert schema is not None
    kinds = {"number", "category", "truth", "date"} | ({"text"} if texts else set())
    assert {column.kind for column in schema.columns} == kinds
    rows = st.lists(st.tuples(*[CELLS[name] for name in schema.names]), min_size=1, max_size=4)
    close: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-12} if is_double else {"rtol": 1e-6, "atol": 1e-6}

    with TestClient(make_app(folder)) as client:

        @settings(
            max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=PHASES
        )
        @given(rows)
        def check(rows: list[tuple[Any, ...]]) -> None:
            frame = pd.DataFrame(rows, columns=list(schema.names))
            expected = linnet.predict(folder, frame)["prediction"].to_numpy(np.float64)
            frame.to_csv(tmp_path / "rows.csv", index=False)
            frame.to_parquet(tmp_path / "rows.parquet")
            for file in ("rows.csv", "rows.parquet"):
                found = linnet.predict(folder, tmp_path / file)["prediction"]
                np.testing.assert_allclose(found, expected, **close)
            plain = json.loads(json.dumps([dict(zip(schema.names, row, strict=True)) for row in rows]))
            answers = [client.post("/predict", json={"rows": [row]}).json() for row in plain]
            np.testing.assert_allclose([one["predictions"][0] for one in answers], expected, **close)
            text = (tmp_path / "rows.csv").read_bytes()
            csv = client.post("/predict", content=text, headers={"content-type": "text/csv"}).json()
            np.testing.assert_allclose(csv["predictions"], expected, **close)
            for row, answer, one, two in zip(plain, answers, csv["missing"], csv["unseen"], strict=True):
                assert answer["missing"] == [one] == [[n for n, cell in row.items() if cell is None]]
                assert answer["unseen"] == [two] == [["cut"] if row["cut"] in ("never seen", "Fair") else []]

        check()
