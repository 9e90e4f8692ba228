"""Tables by a formula: terms as data, estimates as statsmodels gives them, refusals before anything runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from numpy.testing import assert_allclose, assert_array_equal

import linnet
from linnet.errors import FormatError, LinnetError, UsageError
from linnet.schema.formula import read_formula
from linnet.schema.products import Operand, Product
from linnet.schema.rows import RowEncoder
from linnet.schema.schema import Schema
from tests.support.tables import make_mixed


def make_rows(rows: int = 150) -> pd.DataFrame:
    """The mixed table with another number, a count, and classes."""
    frame = make_mixed(rows)
    source = np.random.default_rng(5)
    frame["x"] = source.normal(size=rows)
    frame["sales"] = source.poisson(np.exp(0.3 * frame["x"] + 0.5))
    frame["kind"] = np.where(frame["x"] + source.normal(size=rows) > 0, "stone", "glass")
    return frame


frame = make_rows()

FORMULAS = [
    ("price ~ carat + cut", ""),
    ("price ~ np.log(carat) + C(cut) * x", ""),
    ("price ~ cut:new + x", ""),
    ("price ~ 0 + cut*new", ""),
    ("price ~ C(cut, contr.sum)*new", "price ~ C(cut, Sum)*new"),
    ("price ~ C(cut, contr.treatment('good')):x + I(x**2)", "price ~ C(cut, Treatment('good')):x + I(x**2)"),
    ("price ~ x:cut - 1", ""),
    ("price ~ (carat + x + cut)**2 - cut:x", ""),
    ("price ~ cut / x + np.exp(x / 2)", ""),
    ("price ~ np.log2(carat) * cut + np.sqrt(carat) + np.abs(x) + I(x / carat) + np.log1p(x**2)", ""),
]


@pytest.mark.parametrize(("ours", "theirs"), FORMULAS, ids=[ours for ours, _ in FORMULAS])
def test_estimates_and_errors_are_statsmodels(ours: str, theirs: str) -> None:
    train, _ = linnet.load(frame, formula=ours, hold_out=False)
    found = linnet.infer(linnet.solve(train), train).table.set_index("feature")
    expected: Any = smf.ols(theirs or ours, frame).fit()
    names = [
        name.replace("Sum", "contr.sum").replace("Treatment", "contr.treatment")
        for name in expected.params.index
    ]
    found = found.rename(index={"bias": "Intercept"}).loc[names]
    assert len(found) == len(expected.params)
    assert len(train) == expected.nobs
    assert_allclose(found["estimate"], expected.params, rtol=1e-9, atol=1e-9)
    assert_allclose(found["standard_error"], expected.bse, rtol=1e-9)


def test_classes_and_counts_go_by_formulas_too() -> None:
    for target, theirs in (("kind", smf.logit), ("sales", smf.poisson)):
        numbers = frame.assign(kind=(frame["kind"] == "stone").astype(float))
        expected: Any = theirs(f"{target} ~ x * new", numbers).fit(disp=0)
        train, _ = linnet.load(
            frame, formula=f"{target} ~ x * new", hold_out=False, task="counts" if target == "sales" else None
        )
        found = linnet.infer(linnet.solve(train), train).table.set_index("feature")
        found = found.rename(index={"bias": "Intercept"}).loc[expected.params.index]
        assert_allclose(found["estimate"], expected.params, rtol=1e-6, atol=1e-8)


def test_rows_with_a_gap_in_a_named_column_are_left_out_and_counted() -> None:
    train, _ = linnet.load(frame, formula="price ~ carat + x", hold_out=False)
    gaps = int(np.isnan(frame["carat"].to_numpy()).sum())
    assert len(train) == len(frame) - gaps
    assert train.schema is not None
    assert f"{gaps} rows with a gap in a column of the formula left out" in train.schema.notes
    assert len(linnet.load(frame, formula="price ~ x", hold_out=False).train) == len(frame)


def test_the_formula_says_what_is_predicted_and_what_is_left_out() -> None:
    said: list[str] = []
    linnet.load(frame, formula="price ~ x * cut", say=said.append)
    assert said[0].startswith("predicting price (named by the formula")
    assert said[1] == "by the formula price ~ x * cut: 5 columns"
    assert "carat (the formula does not name it)" in said[2]
    train, _ = linnet.load(frame, formula="x * cut", target="price")
    assert train.target == "price"
    assert train.columns == ("x", "cut[T.good]", "cut[T.ideal]", "x:cut[T.good]", "x:cut[T.ideal]")


def test_a_dot_is_every_other_column() -> None:
    train, _ = linnet.load(frame, formula="price ~ . - sold - sales", ignore="kind", hold_out=False)
    assert train.columns == ("carat", "cut[T.good]", "cut[T.ideal]", "new[T.yes]", "x")


def test_means_and_deviations_are_those_of_the_rows_to_train_on() -> None:
    train, test = linnet.load(frame, formula="price ~ center(x) + scale(x) + standardize(x)")
    assert test is not None
    assert_allclose(train.X.numpy().mean(axis=0), 0, atol=1e-14)
    assert_allclose(train.X[:, 1].numpy().std(ddof=1), 1)
    assert_allclose(train.X[:, 2].numpy().std(), 1)
    assert abs(float(test.X[:, 0].mean())) > 1e-6


def test_a_model_answers_raw_rows_without_the_formula_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = linnet.load(frame, formula="price ~ log(carat) + C(cut) * scale(x)")
    run = linnet.solve(splits).value
    folder = run.save(tmp_path / "run")
    monkeypatch.setitem(__import__("sys").modules, "formulaic", None)
    rows = frame.dropna()
    found = linnet.predict(folder, rows)["prediction"]
    schema = linnet.Run.load(folder).card.schema
    assert schema is not None
    assert_allclose(found, run.predictions(schema.encode(rows).X)[:, 0], rtol=1e-12)
    cells = [rows[column.name].tolist() for column in schema.columns]
    assert_array_equal(RowEncoder(schema).encode(cells).X, schema.encode(rows).X)


def test_a_schema_of_terms_comes_back_from_toml() -> None:
    train, _ = linnet.load(frame, formula="price ~ 0 + log(carat) + C(cut, contr.sum) * scale(x)")
    assert train.schema is not None
    assert Schema.from_toml(train.schema.to_toml()) == train.schema
    values = train.schema.to_json()
    values["terms"][0]["factors"][0]["steps"] = [["system"]]
    with pytest.raises(FormatError, match="has the function 'system'"):
        Schema.from_json(values)


def test_what_is_not_finite_is_refused_by_name_and_row() -> None:
    with pytest.raises(FormatError, match=r"log\(x\) of the formula is no finite number in row"):
        linnet.load(frame, formula="price ~ log(x)")
    train, _ = linnet.load(frame.assign(x=frame["x"].abs() + 0.1), formula="price ~ log(x)", hold_out=False)
    assert train.schema is not None
    bad = train.schema.find_unreadable(pd.DataFrame({"x": [1.0, 0.0, -1.0, 2.0]}))
    assert bad.tolist() == [False, True, True, False]


def test_training_refuses_a_formula_without_a_bias_and_a_solve_leaves_it_out() -> None:
    train, _ = linnet.load(frame, formula="price ~ 0 + cut + x", hold_out=False)
    with pytest.raises(UsageError, match="leaves the bias out"):
        linnet.fit(train)
    run = linnet.solve(train).value
    assert not run.has_intercept
    assert float(run.bank.b[0]) == 0


REFUSED = [
    ("log(price) ~ x", "the formula predicts log\\(price\\): linnet predicts a column as it stands"),
    ("price + x ~ cut", "the formula predicts price \\+ x"),
    ("price ~ x | cut", "has several parts"),
    ("price ~ x +", "cannot be read"),
    ("price ~ poly(x, 2)", r"no splines .* Name the powers, as in x \+ I\(x\*\*2\)"),
    ("price ~ bs(x, df=3)", "no splines"),
    ("price ~ log(carat + x)", "of the sum itself add a column to the table"),
    ("price ~ 1", "has no column to predict by"),
    ("price ~ nowhere", "names 'nowhere', which is no column"),
    ("nowhere ~ x", "names 'nowhere', which is no column"),
    ("price ~ price + x", "predicts price by itself"),
    ("price ~ x + sold", "the formula names sold, which is taken as date"),
    ("price ~ log(cut)", "cut holds categories, not numbers"),
    ("price ~ C(x, contr.treatment('none'))", "has the base 'none'"),
    ("price ~ x.__class__", "which is no column"),
    ("price ~ x + open(x)", "nothing else is run"),
    ("price ~ __import__('os')", "nothing else is run"),
    ("price ~ (" + " + ".join(f"a{k}" for k in range(40)) + ")**9", "terms or more"),
    ("price ~ " + " * ".join(f"a{k}" for k in range(40)), "terms or more"),
    ("price ~ x" + " + x" * 5000, "characters, more than"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "why"), REFUSED, ids=[formula[:30] for formula, _ in REFUSED])
def test_what_cannot_be_is_refused_in_words(formula: str, why: str) -> None:
    with pytest.raises(LinnetError, match=why):
        linnet.load(frame, formula=formula)


def test_a_target_said_twice_must_be_the_same() -> None:
    with pytest.raises(UsageError, match="the formula predicts price, and --target says x"):
        linnet.load(frame, formula="price ~ carat", target="x")
    assert linnet.load(frame, formula="price ~ x", target="price").train.target == "price"


def test_a_formula_is_read_as_terms() -> None:
    found = read_formula("y ~ a:`b c` + log(a)", ["y", "a", "b c"])
    assert found.target == "y"
    assert found.columns == ("a", "b c")
    assert found.terms[1] == (("a", (Operand("a"),)), ("b c", (Operand("b c"),)))
    term = Product("log(a)", (Operand("a", steps=(("log", 0.0),)),))
    assert dataclasses.replace(term) == Product.from_json(term.to_json())


EXPORTED = ["numpy", "sql", "js", "safetensors"]


@pytest.mark.parametrize("to", EXPORTED)
def test_sums_of_products_are_exported_for_raw_columns(to: str, tmp_path: Path) -> None:
    train, _ = linnet.load(frame, formula="price ~ scale(x) * C(cut, contr.sum) * new + I((x - 1)**2)")
    found = linnet.export_model(linnet.solve(train).value, to, tmp_path / "model")
    assert found.difference is None or found.difference < 1e-12


def test_a_function_of_levels_as_a_schema_may_have_it_is_refused_by_the_terms_name(tmp_path: Path) -> None:
    train, _ = linnet.load(frame, formula="price ~ x + cut", hold_out=False)
    run = linnet.solve(train).value
    schema = run.card.schema
    assert schema is not None
    last = Product("odd", (dataclasses.replace(schema.terms[-1].factors[0], steps=(("exp", 0.0),)),))
    schema = dataclasses.replace(schema, terms=(*schema.terms[:-1], last))
    run = dataclasses.replace(run, card=dataclasses.replace(run.card, schema=schema, columns=schema.features))
    with pytest.raises(UsageError, match="the term odd takes exp of levels"):
        linnet.export_model(run, "numpy", tmp_path / "model.py")
