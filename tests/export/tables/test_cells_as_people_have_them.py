"""Cells as each language has them: its missing values, dates and truths, and those that cannot be read."""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from linnet.export import export_model, predictor
from linnet.model.table import answer_rows
from tests.support.patience import PATIENCE
from tests.support.raw_columns import MIXED, make_table_run

RUN = make_table_run(MIXED, "squared")
ROW: dict[str, Any] = {
    "bill length": 40.5,
    "island": "Dream",
    "size": "10",
    "alone": "no",
    "seen": "2024-02-29",
}


def right(**cells: Any) -> float:
    """The frame path's answer to the row with other cells."""
    frame = pd.DataFrame([{**ROW, **{name.replace("_", " "): cell for name, cell in cells.items()}}])
    return float(answer_rows(predictor(RUN), frame.astype(object)).frame["prediction"].iloc[0])


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = export_model(RUN, "numpy", tmp_path_factory.mktemp("file") / "model.py").path
    names: dict[str, Any] = {}
    exec(compile(path.read_text("utf-8"), path, "exec"), names)
    return names


@pytest.mark.parametrize(
    ("cells", "same"),
    [
        ({"bill length": " 40.5 "}, {}), ({"bill length": np.float32(40.5)}, {}),
        *(({"bill length": gap}, {"bill_length": None}) for gap in (None, np.nan, pd.NA, "", "?", " NA ")),
        ({"size": 10}, {}), ({"size": 10.0}, {}), ({"size": " 10.0"}, {}), ({"size": 1.5}, {"size": "1.5"}),
        ({"alone": False}, {}), ({"alone": 0}, {}), ({"alone": np.bool_(False)}, {}), ({"alone": "NO"}, {}),
        ({"seen": datetime.date(2024, 2, 29)}, {}), ({"seen": np.datetime64("2024-02-29")}, {}),
        ({"seen": datetime.datetime(2024, 2, 29, 6, 30)}, {"seen": "2024-02-29 06:30"}),
        ({"seen": "2024-02-29T06:30:00.5+02:00"}, {"seen": "2024-02-29T06:30:00.5"}),
        ({"seen": pd.NaT}, {"seen": None}), ({"seen": np.datetime64("NaT")}, {"seen": None}),
    ],
    ids=str,
)  # fmt: skip
def test_python_reads(python: dict[str, Any], cells: dict[str, Any], same: dict[str, Any]) -> None:
    assert python["predict"]({**ROW, **cells})[0] == pytest.approx(right(**same), rel=1e-12)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"bill length": "heavy"}, "column bill length has 'heavy' in row 1"),
        ({"bill length": np.inf}, "no number"), ({"alone": "perhaps"}, "no truth"),
        ({"seen": "29.2.2024"}, "no date"), ({"seen": "2023-02-29"}, "no date"), ({"seen": 19000}, "no date"),
    ],
    ids=str,
)  # fmt: skip
def test_python_names_what_it_cannot_read(python: dict[str, Any], cells: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        python["predict"]([{**ROW, **cells}])
    with pytest.raises(ValueError, match="row 1 lacks size"):
        python["predict"]({name: cell for name, cell in ROW.items() if name != "size"})


def test_python_takes_frames_and_columns(python: dict[str, Any]) -> None:
    frame = pd.DataFrame([ROW, {**ROW, "size": "100", "bill length": None}])
    wanted = [right(), right(size="100", bill_length=None)]
    for rows in (frame, pl.DataFrame(frame.to_dict("list")), frame.to_dict("list"), frame.to_dict("records")):
        np.testing.assert_allclose(python["predict"](rows), wanted, rtol=1e-12)
    assert python["predict"]([]).shape == (0,)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_javascript_reads_and_names_what_it_cannot(tmp_path: Path) -> None:
    export_model(RUN, "js", tmp_path / "model.mjs")
    cells = ["{}", '{"bill length": undefined}', '{"bill length": NaN}', "{size: 10}", "{size: 1.5}",
             "{alone: false}", "{alone: 0}", '{seen: "2024-02-29T06:30Z"}']  # fmt: skip
    bad = ['{"bill length": Infinity}', '{"bill length": "heavy"}', "{alone: 2}", '{seen: "2023-02-29"}']
    (tmp_path / "page.mjs").write_text(
        'import { predict } from "./model.mjs";\n'
        f"const row = {json.dumps(ROW)};\nconst lacking = {{ ...row }};\ndelete lacking.size;\n"
        f"const made = [{', '.join(cells)}].map((more) => predict({{ ...row, ...more }})[0]);\n"
        f"const wrong = [lacking, ...[{', '.join(bad)}].map((more) => ({{ ...row, ...more }}))];\n"
        "const faults = wrong.map((one) => {\n"
        "  try { return predict(one); } catch (error) { return error.message; }\n});\n"
        "console.log(JSON.stringify([made, faults]));\n",
        "utf-8",
    )
    command = ["node", tmp_path / "page.mjs"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    made, faults = json.loads(done.stdout)
    gap, timed = right(bill_length=None), right(seen="2024-02-29T06:30")
    np.testing.assert_allclose(
        made, [right(), gap, gap, right(), right(size="1.5"), right(), right(), timed], rtol=1e-12
    )
    assert "lacks the column size" in faults[0]
    assert [fault.split(" has ")[0] for fault in faults[1:]] == [
        "the column bill length", "the column bill length", "the column alone", "the column seen",
    ]  # fmt: skip


def test_sql_reads_text_and_answers_null_to_what_is_none(tmp_path: Path) -> None:
    query = export_model(RUN, "sql", tmp_path / "model.sql").path.read_text("utf-8")
    cells = [{}, {"bill length": "40.5"}, {"bill length": ""}, {"size": 10}, {"size": 10.0}, {"alone": 0},
             {"seen": "2024-02-29 06:30:00.5+02"}]  # fmt: skip
    cells += [{"bill length": "heavy"}, {"alone": "perhaps"}, {"seen": "soon"}]
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE birds (" + ", ".join(f'"{name}"' for name in ROW) + ")")
        rows = [tuple({**ROW, **more}.values()) for more in cells]
        database.executemany("INSERT INTO birds VALUES (?, ?, ?, ?, ?)", rows)
        made = [row[-1] for row in database.execute(query)]
    gap, timed = right(bill_length=None), right(seen="2024-02-29 06:30:00.5")
    np.testing.assert_allclose(
        made[:7], [right(), right(), gap, right(), right(), right(), timed], rtol=1e-12
    )
    assert made[7:] == [None, None, None]
