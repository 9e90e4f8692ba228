"""What footers tell of columns without a row being read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from linnet.data.formats.footers import are_complete
from tests.support.streamed import write

TABLE = pa.table({
    "whole": pa.array([1, 2, 3, 4], pa.int8()), "gap": pa.array([1, None, 3, 4], pa.int32()),
    "real": [0.5, 1.0, float("nan"), 2.0], "text": ["a", "b", "c", "d"],
})  # fmt: skip


@pytest.mark.parametrize(
    ("names", "right"),
    [(["whole"], True), (["whole", "gap"], False), (["real"], False), (["text"], False), (["other"], False)],
)
def test_whole_numbers_without_gaps_are_told(names: list[str], right: bool) -> None:
    assert are_complete(write(TABLE, Path("t.parquet"), group=2), names) is right


def test_other_files_tell_nothing() -> None:
    assert not are_complete(write(TABLE, Path("t.arrow"), group=2), ["whole"])
    assert not are_complete(Path("gone.parquet"), ["whole"])
