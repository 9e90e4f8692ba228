from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.errors import FormatError
from linnet.schema.profile import profile
from linnet.schema.rows import RowEncoder

SHARES = [f"{number}%" for number in range(1, 41)]


@pytest.fixture(scope="module")
def run() -> linnet.Run:
    frame = pd.DataFrame({"share": SHARES, "size": np.arange(40) % 7, "price": np.arange(40.0)})
    rows = linnet.load(frame, target="price", split="none")
    return linnet.fit(rows, epochs=1, show=False)


@pytest.mark.parametrize("share", [[12], [0.12], ["12%", 0.12], [12, "13%"], pd.array([12], "Int64")])
def test_numbers_without_the_sign_are_refused_where_training_had_it(run: linnet.Run, share: Any) -> None:
    with pytest.raises(FormatError, match=r"share has no number with the sign of percent .* in 1 row"):
        linnet.predict(run, pd.DataFrame({"share": share, "size": 1}))


def test_so_are_those_of_a_file(run: linnet.Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.parquet"
    pd.DataFrame({"share": [0.12, 0.13], "size": [1, 2]}).to_parquet(rows)
    with pytest.raises(FormatError, match=r"'0\.12' in row 1, '0\.13' in row 2"):
        linnet.predict(run, rows)


@pytest.mark.parametrize("cell", [12, 0.12, "12", True])
def test_a_service_takes_no_number_for_a_percent(run: linnet.Run, cell: Any) -> None:
    assert run.card.schema is not None
    encoder = RowEncoder(run.card.schema)
    with pytest.raises(FormatError, match="row 1, column 'share' has no number with the sign of percent"):
        encoder.encode([["12%", cell], [1, 2]])
    assert profile(run.card.schema.columns[0]).example == "20.5%"


def test_percents_among_numbers_are_refused_in_training_too() -> None:
    frame = pd.DataFrame({"share": [*SHARES[:-1], 0.4], "size": np.arange(40) % 7, "price": np.arange(40.0)})
    with pytest.raises(FormatError, match="share has no number with the sign of percent"):
        linnet.load(frame, target="price")
    with pytest.raises(FormatError, match="the target share has no number with the sign of percent"):
        linnet.load(frame, target="share")


def test_percents_and_gaps_are_read(run: linnet.Run) -> None:
    written = linnet.predict(run, pd.DataFrame({"share": ["12%"], "size": [1]}))
    assert np.isfinite(written["prediction"]).all()
    empty = linnet.predict(run, pd.DataFrame({"share": [np.nan], "size": [1]}))
    assert np.isfinite(empty["prediction"]).all()
