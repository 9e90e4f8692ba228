from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.schema.date_cells import to_days
from linnet.schema.dates import FARTHEST, day_text

TIMES = st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9999, 12, 31))


@given(TIMES.map(lambda time: time.replace(microsecond=0)))
def test_a_day_is_written_as_python_writes_it_and_read_again(time: datetime.datetime) -> None:
    days = (time - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)
    assert day_text(days) == time.isoformat().removesuffix("T00:00:00")
    assert day_text(days, "%d.%m.%Y %H:%M:%S") == time.strftime("%d.%m.%Y %H:%M:%S")
    assert to_days(pd.Series([day_text(days)]), "ISO8601").tolist() == [days]


@pytest.mark.parametrize("pattern", ["ISO8601", "%d.%m.%Y"])
def test_years_beyond_pythons_calendar_are_written_too(pattern: str) -> None:
    days = np.datetime64("20000-01-01", "D").astype(np.int64)
    assert day_text(float(days), pattern) == "20000-01-01"
    assert day_text(-FARTHEST, pattern).startswith("-2718")
