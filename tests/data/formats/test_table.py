"""Tables from a file or a frame to a saved model and back."""

from __future__ import annotations

import json
import shlex
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.formula.api as smf
import torch

import linnet
from linnet.errors import DataNotFoundError, FormatError, UsageError
from tests.support.commands import call
from tests.support.reading import Seen
from tests.support.tables import make_mixed


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """A file of a mixed table, in the working folder."""
    make_mixed().to_csv("sales.csv", index=False)
    return Path("sales.csv")


def test_a_frame_of_any_library_is_read_as_its_file(sales: Path) -> None:
    frame = make_mixed()
    train, test = linnet.load(sales, target="price")
    assert test is not None
    for given in (frame, pl.from_pandas(frame), pl.from_pandas(frame).to_arrow()):
        ours, other = linnet.load(given, target="price")
        assert other is not None
        assert torch.equal(ours.X, train.X)
        assert torch.equal(other.y, test.y)
    with pytest.raises(UsageError, match="a data set's name, a path or a frame"):
        linnet.load(3)


def test_levels_and_medians_are_those_of_the_rows_to_train_on() -> None:
    frame = pd.DataFrame({"a": [1.0] * 10 + [None] * 2, "b": [*"xy"] * 6, "price": np.arange(12) / 2})
    train, test = linnet.load(frame, target="price")
    assert test is not None
    assert train.schema is not None
    kept: Any = frame[frame["price"].isin(train.y[:, 0].tolist())]
    assert train.schema.columns[0].to_json()["fill"] == kept["a"].median()
    assert test.schema == train.schema


def test_the_commands_read_it_alike_and_do_it_again_to_the_byte(sales: Path) -> None:
    how = ("--data", sales, "--target", "cut", "--ignore", "sold", "--ignore", "price")
    assert call("train", *how, "--standardize", "--epochs", 3, "--out", "first", "-q") == 0
    assert linnet.replay("first").is_same
    seen = Seen(Path("first", "report.html"))
    assert "left out: sold (as was asked); price (as was asked)" in seen.sections["data"]
    summary = json.loads(Path("first", "run.json").read_text())
    assert summary["table"][0].startswith("predicting cut (named by --target")
    command, python = seen.codes
    assert call(*shlex.split(command)[1:], "-q") == 0
    again = Path("again", "model.safetensors").read_bytes()
    assert again == Path("first", "model.safetensors").read_bytes()
    Path("again").rename("once")
    exec(python, {})
    assert Path("again", "model.safetensors").read_bytes() == again
    assert call("report", "first", "--lang", "zh", "--out", "zh.html") == 0
    assert "未使用：sold（按要求）" in Seen(Path("zh.html")).text.replace(" (", "（").replace(")", "）")


def test_new_rows_in_a_file_are_evaluated_by_the_models_schema(sales: Path) -> None:
    linnet.fit(linnet.load(sales, target="price"), standardize=True, show=False, out="run", report=False)
    more = make_mixed(30, seed=3)
    more.loc[0, "cut"] = "superb"
    more[more.columns[::-1]].to_csv("more.csv", index=False)
    run = linnet.Run.load("run")
    rows = linnet.Evaluation.named(run, "more.csv").rows
    assert rows.columns == run.card.columns
    assert len(rows) == 30
    more.drop(columns="cut").to_csv("less.csv", index=False)
    with pytest.raises(FormatError, match="lacks cut"):
        linnet.Evaluation.named(run, "less.csv").rows  # noqa: B018


def test_a_summary_is_that_of_a_formula(sales: Path) -> None:
    frame = make_mixed().drop(columns="sold")
    options = ("--ignore", "sold", "--target", "price", "--summary", "--out", "run", "-q")
    assert call("solve", "--data", sales, *options) == 0
    found = pd.read_csv("run/inference.csv").set_index("feature")
    filled = frame.assign(
        gap=frame["carat"].isna().astype(float), carat=frame["carat"].fillna(frame["carat"].median()),
        cut=frame["cut"].fillna("~"),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = smf.ols("price ~ carat + gap + C(cut) + C(new)", filled).fit()
    pairs = {
        "bias": "Intercept", "carat": "carat", "carat missing": "gap", "cut=good": "C(cut)[T.good]",
        "cut=ideal": "C(cut)[T.ideal]", "cut=(missing)": "C(cut)[T.~]", "new": "C(new)[T.yes]",
    }  # fmt: skip
    for ours, theirs in pairs.items():
        assert found.loc[ours, "estimate"] == pytest.approx(fit.params[theirs], rel=1e-9)
        assert found.loc[ours, "standard_error"] == pytest.approx(fit.bse[theirs], rel=1e-9)


def test_counts_are_asked_for_and_have_their_loss() -> None:
    frame = pd.DataFrame({"a": np.arange(60) % 7, "claims": np.arange(60) % 4})
    splits = linnet.load(frame, target="claims", task="counts")
    assert linnet.solve(splits).value.card.loss == "poisson"
    assert linnet.fit(splits, epochs=1, lr=0.01, show=False).card.loss == "poisson"
    assert linnet.load(frame, target="claims", task="regression").train.is_counts is False


def test_weights_are_a_column_and_no_feature() -> None:
    frame = make_mixed().assign(weight=np.linspace(0.5, 2, 120))
    train = linnet.load(frame, target="price", sample_weight="weight", hold_out=False).train
    assert train.weights is not None
    assert train.weights.tolist() == pytest.approx(frame["weight"].tolist())
    assert "weight" not in train.columns
    frame.to_csv("weighted.csv", index=False)
    how = ("--data", "weighted.csv", "--target", "price", "--sample-weight", "weight")
    assert call("train", *how, "--standardize", "--epochs", 1, "--out", "run", "-q") == 0
    assert linnet.replay("run").is_same
    assert call("evaluate", "run") == 0


def test_rows_without_a_target_take_their_weights_with_them() -> None:
    frame = make_mixed().assign(weight=np.arange(120) + 1.0)
    frame.loc[[3, 5], "price"] = np.nan
    train = linnet.load(frame, target="price", sample_weight="weight", hold_out=False).train
    assert train.weights is not None
    assert train.weights[:4].tolist() == [1, 2, 3, 5]


def test_classes_by_place_get_their_names() -> None:
    Path("iris.csv").write_text("4,2,cat,dog\n1.5,2,0\n2.5,1,1\n3.5,0,0\n1,1,1\n")
    train = linnet.load("iris.csv", hold_out=False).train
    assert train.classes == ("cat", "dog")
    assert train.y.tolist() == [0, 1, 0, 1]


def test_a_headerless_table_of_pictures_is_not_guessed() -> None:
    source = np.random.default_rng(0)
    rows = np.column_stack([np.arange(20) % 3, source.integers(0, 256, (20, 64))])
    text = "\n".join(",".join(map(str, row)) for row in rows.tolist())
    Path("pictures.csv").write_text(text)
    with pytest.raises(FormatError, match=r"label stand first or last\? Say --target 'column 1'"):
        linnet.load("pictures.csv")
    assert linnet.load("pictures.csv", target="column 1").train.classes == ("0", "1", "2")


@pytest.mark.parametrize("name", ["pixel{}", "{}x1"])
def test_columns_named_as_pixels_are_an_image(name: str) -> None:
    frame = pd.DataFrame({name.format(k): [k, 255, 0, k] for k in range(4)} | {"label": [*"abab"]})
    train = linnet.load(frame, hold_out=False).train
    assert train.image_shape == (2, 2)
    assert train.X.dtype == torch.uint8


def test_what_is_said_of_a_table_is_refused_of_a_data_set() -> None:
    with pytest.raises(UsageError, match="target is of a table of your own"):
        linnet.load("digits", target="label")


def test_a_schema_is_printed_edited_and_given_back(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "schema", sales, "--target", "price", "--out", "schema.toml") == 0
    text = Path("schema.toml").read_text()
    edited = text.replace('name = "sold"', 'name = "sold"\nparts = ["year", "month"]')
    Path("schema.toml").write_text(edited)
    train = linnet.load(sales, schema="schema.toml").train
    assert train.columns[-2:] == ("sold year", "sold month")
    assert (
        call(
            "train",
            "--data",
            sales,
            "--schema",
            "schema.toml",
            "--standardize",
            "--epochs",
            1,
            "--out",
            "run",
            "-q",
        )
        == 0
    )
    assert linnet.replay("run").is_same
    capsys.readouterr()
    assert call("data", "schema", sales, "--target", "price") == 0
    assert capsys.readouterr().out == text
    with pytest.raises(DataNotFoundError, match=r"no schema at none\.toml"):
        linnet.load(sales, schema="none.toml")


def test_the_columns_of_a_table_are_shown(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "show", sales, "--target", "price", "--ignore", "sold") == 0
    said = capsys.readouterr().out
    lines = {line.split()[0]: line.split()[1:] for line in said.splitlines()}
    gaps = f"{make_mixed()['carat'].isna().mean():.1%}"
    assert lines["carat"][:3] == ["number", str(make_mixed()["carat"].isna().sum()), f"({gaps})"]
    assert lines["sold"][:2] == ["left", "out"]
    assert lines["price"][0] == "target"


def test_a_name_of_a_column_and_of_a_file_is_refused() -> None:
    make_mixed().assign(weight=1.0).to_csv("t.csv", index=False)
    Path("weight").write_text("1\n" * 96)
    with pytest.raises(UsageError, match=r"is a column of t\.csv and a file"):
        linnet.load("t.csv", target="price", sample_weight="weight")


def test_names_may_be_given_alone() -> None:
    train = linnet.load(make_mixed(), target="price", ignore="sold", category="carat").train
    assert not [name for name in train.columns if name.startswith("sold")]
    assert sum(name.startswith("carat=") for name in train.columns) > 9


def test_the_training_file_is_evaluated_as_it_was_trained() -> None:
    frame = make_mixed().assign(weight=np.linspace(0.5, 2, 120))
    frame.loc[3, "price"] = np.nan
    frame.to_csv("t.csv", index=False)
    how = (
        "--data",
        "t.csv",
        "--target",
        "price",
        "--sample-weight",
        "weight",
        "--standardize",
        "--epochs",
        1,
    )
    assert call("train", *how, "--out", "run", "-q") == 0
    run = linnet.Run.load("run")
    named = linnet.Evaluation.named(run, "t.csv", part="test").rows
    own = linnet.Evaluation.named(run).rows
    assert torch.equal(named.X, own.X)
    assert named.weights is not None
    assert own.weights is not None
    assert torch.equal(named.weights, own.weights)


def test_a_frame_is_trained_on_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    frame = make_mixed()
    run = linnet.fit(frame, target="price", standardize=True, epochs=1)
    assert "predicting price (named by --target" in capsys.readouterr().err
    again = linnet.fit(linnet.load(frame, target="price"), standardize=True, epochs=1, show=False)
    assert torch.equal(run.bank.W, again.bank.W)
    with pytest.raises(UsageError, match="target= is of a frame"):
        linnet.fit(linnet.load("digits"), target="label")


@pytest.mark.parametrize("said", [{"target": "price"}, {"ignore": ["sold"]}, {"category": ["sold"]},
                                  {"formula": "price ~ ."}, {"task": "counts"}, {"decimal": ","},
                                  {"date_order": "dmy"}, {"exposure": "carat"}], ids=str)  # fmt: skip
def test_what_a_schema_says_is_refused_beside_it(sales: Path, said: dict[str, Any]) -> None:
    assert call("data", "schema", sales, "--target", "price", "--out", "schema.toml") == 0
    name = next(iter(said))
    flag = rf"leave out --{name.replace('_', '-')} \({name}= in Python\), or leave out --schema"
    with pytest.raises(UsageError, match=flag):
        linnet.load(sales, schema="schema.toml", **said)


def test_references_can_be_asked_for_beside_a_schema(sales: Path) -> None:
    assert call("data", "schema", sales, "--target", "price", "--out", "schema.toml") == 0
    plain, with_references = (
        linnet.load(sales, schema="schema.toml", references=said).train.columns for said in (None, True)
    )
    assert len(with_references) < len(plain)


def test_a_schema_that_is_not_utf_8_is_refused(sales: Path) -> None:
    Path("schema.toml").write_bytes("x = 'é'".encode("latin-1"))
    with pytest.raises(FormatError, match=r"^schema\.toml: the schema is not valid TOML"):
        linnet.load(sales, schema="schema.toml")


@pytest.mark.parametrize("gap", ["NA", "NaN", "n/a", "null", ""])
def test_a_frame_and_its_file_agree_that_a_target_of_words_has_gaps(tmp_path: Path, gap: str) -> None:
    sex = pd.Series(["female", "male", None, "male"] * 10)
    frame = pd.DataFrame({"length": range(40), "sex": sex})
    frame.to_csv(path := tmp_path / "penguins.csv", index=False, na_rep=gap)
    of_frame, of_file = (linnet.load(one, target="sex", hold_out=False).train for one in (frame, path))
    assert of_frame.classes == of_file.classes == ("female", "male")
    assert of_frame.X.tolist() == of_file.X.tolist()
    assert of_file.schema is not None
    assert "10 rows without sex left out" in of_file.schema.notes
