"""The lines of docs/export.md on models of tables work as they are printed, in both languages."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linnet.cli import main
from linnet.export import export_model, predictor
from linnet.model.table import answer_rows
from linnet.schema.category import Category
from linnet.schema.columns import Number
from tests.support.pages import fenced
from tests.support.patience import PATIENCE
from tests.support.raw_columns import make_table_run

DOCS = Path(__file__).parents[3] / "docs"
TABLES = {"export.md": "\n## Models of tables\n", "export.zh-CN.md": "\n## 表格模型\n"}
CLASSES = ("Adelie", "Chinstrap", "Gentoo")
NUMBERS = {"bill_length_mm": 44.1, "bill_depth_mm": 17.3, "flipper_length_mm": 197.0, "body_mass_g": 4050.0}
RUN = make_table_run(
    [
        Category("island", ("Biscoe", "Dream", "Torgersen")),
        *(Number(name, fill, has_flag=True) for name, fill in NUMBERS.items()),
        Category("sex", ("female", "male"), has_missing=True),
        Number("year", fill=2008.0),
    ],
    dataset="penguins.csv",
    classes=CLASSES,
)
ROW = {"island": "Dream", "bill_length_mm": 39.1, "bill_depth_mm": 18.7, "flipper_length_mm": None,
       "body_mass_g": 3750, "sex": None, "year": 2009}  # fmt: skip


def block(page: str, language: str, word: str) -> str:
    """The fenced block that has a word, in the section on models of tables."""
    section = (DOCS / page).read_text("utf-8").split(TABLES[page])[1].partition("\n## ")[0]
    return fenced(section, language, word)


def right(*rows: dict[str, Any]) -> np.ndarray:
    """The frame path's probabilities."""
    import pandas as pd

    frame = answer_rows(predictor(RUN), pd.DataFrame(list(rows))).frame
    return frame.drop(columns="prediction").to_numpy(float)


@pytest.mark.parametrize("page", TABLES)
def test_the_commands(page: str) -> None:
    lines = ["id,species,island,bill_length_mm,sex"]
    lines += [
        f"{k},{CLASSES[k % 3]},{('Dream', 'Biscoe')[k % 2]},{40 + k % 7 / 10},{'male' if k % 5 else ''}"
        for k in range(60)
    ]
    Path("penguins.csv").write_text("\n".join(lines), "utf-8")
    for line in block(page, "sh", "linnet export").splitlines():
        with contextlib.suppress(SystemExit):
            main(shlex.split(line)[1:])
    assert Path("runs/penguins/model.mjs").is_file()
    assert 'FROM "public"."penguins" AS t' in Path("penguins.sql").read_text("utf-8")


@pytest.mark.parametrize("page", TABLES)
def test_python_and_onnx(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    export_model(RUN, "numpy", "model.py")
    export_model(RUN, "onnx", "model.onnx")
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.delitem(__import__("sys").modules, "model", raising=False)
    names: dict[str, Any] = {}
    exec(block(page, "python", "from model"), names)
    assert names["row"] == ROW
    wanted = right(ROW, {**ROW, "island": "Elba"})
    np.testing.assert_allclose(names["predict_proba"]([ROW, {**ROW, "island": "Elba"}]), wanted, atol=1e-12)
    columns = {name: [cell, cell] for name, cell in ROW.items()}
    np.testing.assert_allclose(names["predict_proba"](columns), wanted[[0, 0]], atol=1e-12)
    monkeypatch.delitem(__import__("sys").modules, "model")
    exec(block(page, "python", "onnxruntime"), names)
    np.testing.assert_allclose(names["probabilities"], wanted[:1], atol=1e-12)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("page", TABLES)
def test_js(page: str) -> None:
    export_model(RUN, "js", "model.mjs")
    Path("page.mjs").write_text(block(page, "js", "model.mjs"), "utf-8")
    said = subprocess.run(["node", "page.mjs"], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert said.stdout.strip() == CLASSES[right(ROW).argmax()]


@pytest.mark.parametrize("page", TABLES)
def test_c(page: str) -> None:
    export_model(RUN, "c", "model.c")
    lines = block(page, "c", "linnet_predict")
    Path("whole.c").write_text(
        f'#include "model.c"\n#include <stdio.h>\nint main(void) {{\n{lines}\n'
        'for (int k = 0; k < 3; k++) printf("%.17g\\n", answers[k]);\nreturn wrong;\n}\n',
        "utf-8",
    )
    subprocess.run(
        ["cc", "-std=c99", "-Wall", "-Werror", "whole.c", "-o", "whole", "-lm"], check=True, timeout=PATIENCE
    )
    said = subprocess.run(["./whole"], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    np.testing.assert_allclose([float(line) for line in said.split()], right(ROW)[0], atol=1e-12)


@pytest.mark.parametrize("page", TABLES)
def test_sql(page: str) -> None:
    path = export_model(RUN, "sql", "model.sql", keep=["species"]).path
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE penguins (species, {', '.join(ROW)})")
        database.execute(
            f"INSERT INTO penguins VALUES ('Adelie', {', '.join('?' * len(ROW))})", [*ROW.values()]
        )
        database.execute(f"CREATE VIEW scored AS {path.read_text('utf-8')}")
        made = database.execute(block(page, "sql", "scored")).fetchall()
    wanted = right(ROW)[0]
    assert made == [("Adelie", CLASSES[wanted.argmax()], pytest.approx(wanted[0], rel=1e-12))]
