"""Terms of a formula are computed in every file as linnet computes them, and refused for the same rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import linnet
from linnet.errors import ExportError
from linnet.export import FORMATS, export_model, predictor
from linnet.export.formats import Cells
from linnet.export.program import Program, program_of
from linnet.model.run import Run
from linnet.schema.columns import Number
from linnet.schema.products import FUNCTIONS, OF_NUMBERS, Operand, Product, Step
from tests.support.raw_columns import make_table_run
from tests.support.tables import make_mixed

REFUSE_ROWS = ["sql", "onnx"]
"""Formats that have no number where others fail."""

OPEN = [to for to in FORMATS if to != "safetensors"]
"""Formats that encode by code of their own."""

FORMULA = (
    "price ~ log(size) * C(cut) + np.log2(size):new + log10(size) + log1p(x) + expm1(x) + exp(-x) "
    "+ sqrt(size) + abs(x - 1) + I(size**-1.5) + I(x**3) + I(x * size) + I(1 / size) + scale(x) "
    "+ I(size**9 / 1e3)"
)


def make_run(formula: str) -> Run:
    source = np.random.default_rng(3)
    frame = make_mixed(60).assign(size=source.uniform(0.2, 3, 60), x=source.uniform(-0.5, 4, 60))
    return linnet.solve(linnet.load(frame, formula=formula), l2=1e-3).value


def answers(to: str, program: Program, cells: Cells, folder: Path) -> np.ndarray:
    path = folder / "file"
    path.write_bytes(FORMATS[to].table.render(program))
    return FORMATS[to].table.answers(path, program, cells)[0]


@pytest.mark.parametrize("to", FORMATS)
def test_every_function_of_a_formula_is_in_every_file(to: str, tmp_path: Path) -> None:
    run = make_run(FORMULA)
    assert run.card.schema is not None
    steps = {name for term in run.card.schema.terms for one in term.factors for name, _ in one.steps}
    assert steps == set(FUNCTIONS)
    found = export_model(run, to, tmp_path / "file")
    assert found.difference is not None, found.checked_by
    assert found.difference < 1e-12
    assert found.rows > 30


@pytest.mark.parametrize("to", ["numpy", "js"])
@pytest.mark.parametrize("cell", [0.0, -1.0])
def test_an_undefined_function_is_an_error_that_names_the_column(
    to: str, cell: float, tmp_path: Path
) -> None:
    program = program_of(predictor(make_run("price ~ log(size) + x")))
    with pytest.raises(
        ExportError, match=rf"column size has {cell:g}.*the formula's log is no finite number"
    ):
        answers(to, program, {"size": [1.0, cell], "x": [1.0, 1.0]}, tmp_path)


@pytest.mark.parametrize("to", ["numpy", "js"])
def test_a_product_beyond_a_double_is_an_error(to: str, tmp_path: Path) -> None:
    program = program_of(predictor(make_run("price ~ x:size")))
    with pytest.raises(ExportError, match="beyond what a double holds"):
        answers(to, program, {"x": [1e200], "size": [1e200]}, tmp_path)


@pytest.mark.parametrize("formula", ["price ~ log(size) + x", "price ~ x:size", "new ~ sqrt(size) + x"])
@pytest.mark.parametrize("to", ["sql", "onnx"])
def test_an_undefined_function_is_no_number_in_a_query_and_in_a_graph(
    to: str, formula: str, tmp_path: Path
) -> None:
    program = program_of(predictor(make_run(formula)))
    cells: Cells = {"size": [2.0, -1e200, 1.0], "x": [1.0, 1e200, 0.5]}
    found = answers(to, program, cells, tmp_path)
    assert np.isfinite(found).all(axis=1).tolist() == [True, False, True]
    assert np.isnan(found[1]).all()


def test_c_gives_the_place_of_the_column_for_which_a_function_is_not_defined(tmp_path: Path) -> None:
    program = program_of(predictor(make_run("price ~ x + log(size)")))
    source = FORMATS["c"].table.render(program).decode()
    assert "if (!isfinite(f[1])) return 1;" in source
    with pytest.raises(ExportError):
        answers("c", program, {"size": [0.0], "x": [1.0]}, tmp_path)


NUMBERS = {"add": [1.5, -2.25], "times": [-1.0, 3.7, 1e-5], "power": [0, 2, 3, -1, 0.5, -1.5, 9, 0.01]}
STEPS = [
    (name, float(number)) for name in FUNCTIONS for number in (NUMBERS[name] if name in OF_NUMBERS else [0])
]
CELLS = [0.0, -1.0, 0.5, 2.25, 700.3, -36.5, 1e200, -1e-200, 1e-9, 3.1e5, -707.9]


@st.composite
def chains(draw: st.DrawFn) -> list[Step]:
    return draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=3))


def check(steps: list[Step], formats: list[str]) -> None:
    """The same numbers as linnet's, and none where it has none."""
    term = Product("t", (Operand("x", steps=tuple(steps)),))
    model = predictor(make_table_run([Number("x")], "squared", terms=[term]))
    values = term.values({"x": np.array(CELLS)})
    expected = (values * model.W.item() + model.b.item()).tolist()
    for to in formats:
        kept = [place for place, one in enumerate(expected) if to in REFUSE_ROWS or np.isfinite(one)]
        with tempfile.TemporaryDirectory() as folder:
            found = answers(to, program_of(model), {"x": [CELLS[place] for place in kept]}, Path(folder))
        assert_allclose(found[:, 0], [expected[place] for place in kept], rtol=1e-11, atol=1e-12)


@given(chains())
@settings(max_examples=60)
def test_any_chain_of_functions_has_the_same_numbers_and_the_same_refusals(steps: list[Step]) -> None:
    check(steps, REFUSE_ROWS)


@pytest.mark.parametrize("power", [-0.1, -0.5, -1.0, -2.0, -9.0])
def test_one_over_a_root_of_0_is_refused_by_queries_and_graphs(power: float) -> None:
    check([("power", power)], REFUSE_ROWS)


@pytest.mark.long
@given(chains())
@settings(max_examples=30)
def test_any_chain_of_functions_has_the_same_numbers_in_every_file(steps: list[Step]) -> None:
    check(steps, OPEN)


def test_a_file_that_no_row_can_be_checked_on_is_not_written(tmp_path: Path) -> None:
    term = Product("log(x + -1e9)", (Operand("x", steps=(("add", -1e9), ("log", 0.0))),))
    run = make_table_run([Number("x")], "squared", terms=[term])
    with pytest.raises(ExportError, match="no row to check the file on"):
        export_model(run, "numpy", tmp_path / "model.py")
    done = export_model(run, "numpy", tmp_path / "model.py", [{"x": 2e9}])
    assert (done.rows, done.difference) == (1, pytest.approx(0, abs=1e-12))
