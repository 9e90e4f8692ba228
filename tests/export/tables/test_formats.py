"""Files that take the raw columns of a table give the frame path's answers, whatever things are called."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from linnet.core.calibration import Calibration
from linnet.errors import ExportError, UsageError
from linnet.export import FORMATS, export_model, predictor
from linnet.export.program import program_of
from linnet.schema.category import Category
from linnet.schema.columns import Column, Number
from linnet.schema.hashed import Hashed
from tests.support.gate import gate
from tests.support.raw_columns import CHARACTERS, MIXED, TEXT, hard_columns, make_table_run

WITHOUT_TEXTS = ["c", "sql", "onnx"]
WITH_TEXTS = ["numpy", "js", "safetensors"]


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("loss", gate(["softmax", "logistic", "squared", "poisson"], 0, 3))
def test_each_file_takes_numbers_levels_truths_dates_and_gaps(loss: str, to: str, tmp_path: Path) -> None:
    done = export_model(make_table_run(MIXED, loss), to, tmp_path / "file")
    assert done.difference is not None, done.checked_by
    assert done.difference < 1e-12
    assert done.rows > 150


@pytest.mark.parametrize("to", FORMATS)
def test_a_float32_model_is_computed_in_double(to: str, tmp_path: Path) -> None:
    done = export_model(make_table_run(MIXED, dtype=torch.float32), to, tmp_path / "file")
    assert (done.difference or 0) < 1e-12


@pytest.mark.parametrize("to", FORMATS)
def test_names_and_levels_that_are_hard_to_say(to: str, tmp_path: Path) -> None:
    columns = hard_columns()
    if to == "sql":  # which has no two columns that differ in capitals only
        columns = tuple(one for one in columns if one.name not in ("a b", "prediction"))
    done = export_model(make_table_run(columns, dataset="a \"b\" */ 'c'.csv"), to, tmp_path / "file")
    assert done.difference is not None, done.checked_by
    assert done.difference < 1e-12


@pytest.mark.parametrize("to", FORMATS)
def test_a_calibration_is_taken_into_the_weights(to: str, tmp_path: Path) -> None:
    run = make_table_run(MIXED)
    learnt = Calibration("vector", (0.7, 1.1, 1.3), (0.2, -0.3, 0.1), 10, "some rows")
    run = dataclasses.replace(run, card=dataclasses.replace(run.card, calibration=learnt))
    assert (export_model(run, to, tmp_path / "file").difference or 0) < 1e-12


@pytest.mark.parametrize("to", ["numpy", "js", "c", "safetensors"])
def test_hashes_are_computed_in_the_file(to: str, tmp_path: Path) -> None:
    columns = [Hashed("shop", 64, has_missing=True), Hashed("user", 1000, reference=7), *MIXED[:2]]
    done = export_model(make_table_run(columns), to, tmp_path / "file")
    assert done.difference is not None, done.checked_by
    assert done.difference < 1e-12


@pytest.mark.parametrize("to", ["sql", "onnx"])
def test_a_hash_is_refused_by_name_where_it_cannot_be_computed(to: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"shop.*numpy.*js.*c"):
        export_model(make_table_run([Hashed("shop", 64)]), to, tmp_path / "file")


@pytest.mark.parametrize("to", WITH_TEXTS)
@pytest.mark.parametrize("column", [TEXT, CHARACTERS], ids=["words", "characters"])
def test_texts_are_weighed(to: str, column: Column, tmp_path: Path) -> None:
    texts = ["Blue naïve BLUE", "a 3rd, _x? 4th", "", None, "红色  a \t b", "İ ½x x² 3rd ٣٤ a_x"]
    rows = pd.DataFrame({column.name: texts * 3, "bill length": [1.0, 2.0, None] * 6})
    done = export_model(make_table_run([column, MIXED[0]]), to, tmp_path / "file", rows)
    assert (done.difference or 0) < 1e-12


@pytest.mark.parametrize("to", WITHOUT_TEXTS)
def test_a_text_is_refused_by_name_with_the_formats_that_can(to: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"column note .* {to} cannot.*safetensors or numpy or js"):
        export_model(make_table_run([TEXT]), to, tmp_path / "file")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("to", FORMATS)
def test_a_wrong_file_is_not_kept(to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = FORMATS[to].table

    def wrong(program):  # type: ignore[no-untyped-def]
        model = dataclasses.replace(program.model, b=program.model.b + np.array([1e-9, 0, 0]))
        return right.render(dataclasses.replace(program, model=model))

    monkeypatch.setitem(
        FORMATS, to, dataclasses.replace(FORMATS[to], table=dataclasses.replace(right, render=wrong))
    )
    with pytest.raises(ExportError, match="not kept"):
        export_model(make_table_run(MIXED), to, tmp_path / "file")
    assert not list(tmp_path.iterdir())


@dataclasses.dataclass(frozen=True)
class Smell(Number):
    kind = "smell"


def test_a_kind_that_no_program_encodes_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the column nose is of the kind smell"):
        export_model(make_table_run([Smell("nose")]), "numpy", tmp_path / "file")


@pytest.mark.parametrize("to", ["js", "c", "sql", "onnx", "numpy"])
def test_many_levels_stay_small_and_right(to: str, tmp_path: Path) -> None:
    levels = tuple(f"level {place:04}" for place in range(3000))
    done = export_model(make_table_run([Category("g", levels)], "squared"), to, tmp_path / "file")
    assert (done.difference or 0) < 1e-12
    assert done.path.stat().st_size < 120 * len(levels)


@pytest.mark.parametrize("to", FORMATS)
def test_the_same_model_gives_the_same_bytes(to: str) -> None:
    contents = {FORMATS[to].table.render(program_of(predictor(make_table_run(MIXED)))) for _ in "ab"}
    assert len(contents) == 1


def test_given_rows_are_checked_beside_the_made_ones(tmp_path: Path) -> None:
    rows = pd.DataFrame({"bill length": ["$1", "", "x"]})
    column = Number("bill length", fill=2.0, unit="$")
    made = export_model(make_table_run([column], "squared"), "numpy", tmp_path / "file").rows
    done = export_model(make_table_run([column], "squared"), "numpy", tmp_path / "file", rows)
    assert done.rows == made + 2  # x is no number, and no row to check on
    assert np.isfinite(done.difference or 0)


def test_a_wide_query_keeps_all_columns_or_says_to_name_some() -> None:
    def render(width: int, *keep: str) -> bytes:
        run = make_table_run([Number(f"c{place}") for place in range(width)], "squared")
        return FORMATS["sql"].table.render(program_of(predictor(run), keep=keep))

    assert b't."c699" AS k699' in render(700)
    with pytest.raises(UsageError, match="by --keep"):
        render(1000)
    assert b't."id" AS k0' in render(1000, "id")
    with pytest.raises(UsageError, match="1598 columns"):
        render(1600, "id")


def test_a_query_names_its_table_and_what_it_keeps(tmp_path: Path) -> None:
    run = make_table_run(MIXED)
    query = export_model(run, "sql", tmp_path / "a", table='shop."my.birds"', keep="id").path.read_text(
        "utf-8"
    )
    assert 'FROM "shop"."my.birds" AS t' in query
    with pytest.raises(UsageError, match="no name of a table"):
        export_model(run, "sql", tmp_path / "b", table='a"b')
    with pytest.raises(UsageError, match="called as an answer is"):
        export_model(run, "sql", tmp_path / "b", keep=["id", "prediction"])
