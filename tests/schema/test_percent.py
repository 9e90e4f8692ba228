from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.errors import FormatError

SHARES = [f"{number}%" for number in range(1, 41)]


@pytest.fixture(scope="module")
def run() -> linnet.Run:
    frame = pd.DataFrame({"share": SHARES, "size": np.arange(40) % 7, "price": np.arange(40.0)})
    rows = linnet.load(frame, target="price")
    return linnet.fit(rows, epochs=1, show=False)


@pytest.mark.parametrize("share", [12, 0.12])
def test_numbers_without_the_sign_are_refused_where_training_had_it(run: linnet.Run, share: float) -> None:
    with pytest.raises(FormatError, match=f"share holds numbers .{share:g}. without the sign of percent"):
        linnet.predict(run, pd.DataFrame({"share": [share], "size": [1]}))


def test_so_are_those_of_a_file(run: linnet.Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.parquet"
    pd.DataFrame({"share": [0.12, 0.13], "size": [1, 2]}).to_parquet(rows)
    with pytest.raises(FormatError, match=r"0\.12, 0\.13"):
        linnet.predict(run, rows)


def test_percents_and_gaps_are_read(run: linnet.Run) -> None:
    written = linnet.predict(run, pd.DataFrame({"share": ["12%"], "size": [1]}))
    assert np.isfinite(written["prediction"]).all()
    empty = linnet.predict(run, pd.DataFrame({"share": [np.nan], "size": [1]}))
    assert np.isfinite(empty["prediction"]).all()
