from __future__ import annotations

import datetime
import itertools
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import linnet
from linnet.data.formats import frames
from linnet.runs.predict import predict
from linnet.schema.cells import Frame
from tests.support.tables import make_mixed

LEVELS = ("fair", "good", "ideal", 'elba, in "quotes"', "岛", None)
CELLS = {
    "carat": st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(5e-324), st.just(0.1)),
    "new": st.sampled_from(["yes", "no", None]),
    "cut": st.sampled_from(LEVELS),
    "sold": st.one_of(st.none(), st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)).map(str)),
}


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on a mixed table that predicts numbers by levels, truths, dates and numbers."""
    folder = tmp_path_factory.mktemp("prices") / "run"
    linnet.solve(
        linnet.load(make_mixed(), target="price", task="regression"), l2=1e-2, out=folder, report=False
    )
    return folder


def _write(rows: Frame, folder: Path, cuts: list[int]) -> list[Path]:
    """The rows as files of every kind, and as the files of a folder, its zip and a pattern."""
    rows.to_csv(folder / "a.csv", index=False)
    rows.to_csv(folder / "b.tsv.gz", index=False, sep="\t")
    rows.to_parquet(folder / "c.parquet")
    rows.to_feather(folder / "d.feather")
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    (folder / "e.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records))
    (folder / "parts").mkdir()
    ends = [0, *sorted(cuts), len(rows)]
    with zipfile.ZipFile(folder / "f.zip", "w") as archive:
        for number, (low, high) in enumerate(itertools.pairwise(ends)):
            path = folder / "parts" / f"{number:02}.csv"
            rows[low:high][[*rows.columns[number % 3 :], *rows.columns[: number % 3]]].to_csv(
                path, index=False
            )
            archive.write(path, path.name)
    names = ("a.csv", "b.tsv.gz", "c.parquet", "d.feather", "e.jsonl", "parts", "f.zip", "parts/*.csv")
    return [folder / name for name in names]


@pytest.mark.parametrize("examples", [3, pytest.param(50, marks=pytest.mark.long)])
def test_a_frame_has_the_same_answers_in_every_form(
    prices: Path, tmp_path_factory: pytest.TempPathFactory, examples: int
) -> None:
    @settings(max_examples=examples)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        rows = pd.DataFrame(data.draw(st.lists(st.fixed_dictionaries(CELLS), min_size=2, max_size=12)))
        rows = rows.astype({"carat": float}).astype(dict.fromkeys(("new", "cut", "sold"), object))
        cuts = data.draw(st.lists(st.integers(1, len(rows) - 1), max_size=3, unique=True))
        expected = predict(prices, rows)["prediction"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(frames, "CHUNK", data.draw(st.integers(1, 5)))
            for path in _write(rows, tmp_path_factory.mktemp("forms"), cuts):
                found = predict(prices, path)["prediction"]
                assert np.allclose(found, expected, rtol=1e-12, atol=1e-9), path.name

    check()
