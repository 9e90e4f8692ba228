from __future__ import annotations

import datetime
import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.data.formats import frames
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.model.predictor import Predictor
from linnet.runs.predict import predict, predict_file
from tests.support.commands import call
from tests.support.processes import Numbered
from tests.support.tables import make_mixed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a mixed table, and the table."""
    place = tmp_path_factory.mktemp("mixed")
    make_mixed().to_csv(place / "sales.csv", index=False)
    splits = linnet.load(place / "sales.csv", target="cut", task="classification")
    linnet.solve(splits, l2=1e-2, out=place / "run", report=False)
    return place


def test_answers_are_those_of_the_encoded_rows(folder: Path) -> None:
    run, rows = linnet.Run.load(folder / "run"), make_mixed(50, seed=4)
    assert run.card.schema is not None
    expected = run.probabilities(run.card.schema.encode(rows).X).numpy()
    found = predict(run, rows)
    assert run.predict(rows, keep="price").drop(columns="price").equals(found)
    assert np.allclose(found.iloc[:, 1:], expected, atol=1e-12)
    assert found["prediction"].tolist() == [run.card.classes[k] for k in expected.argmax(axis=1)]
    assert found.columns[1] == "probability of fair"


def test_a_frame_its_files_and_its_rows_one_by_one_have_the_same_answers(
    folder: Path, tmp_path: Path
) -> None:
    rows = make_mixed(20, seed=5)
    whole = predict(folder / "run", rows)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet")
    records = [{k: v for k, v in row.items() if v == v and v is not None} for row in rows.to_dict("records")]
    complete = [dict.fromkeys(rows.columns) | record for record in records]
    for other in (tmp_path / "rows.csv", tmp_path / "rows.parquet", complete, rows[rows.columns[::-1]]):
        found = predict(folder / "run", other)
        assert found["prediction"].equals(whole["prediction"])
        assert np.allclose(found.iloc[:, 1:], whole.iloc[:, 1:], atol=1e-12)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_from_file_to_file_in_pieces(
    folder: Path, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "CHUNK", 7)
    rows = make_mixed(30, seed=6).assign(id=range(30))
    rows.to_csv(tmp_path / "rows.csv", index=False)
    out = tmp_path / f"scored.{suffix}"
    found = predict_file(Predictor.open(folder / "run"), tmp_path / "rows.csv", out, keep=["id"])
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "jsonl": lambda p: pd.read_json(p, lines=True)}[
        suffix
    ]
    table: Any = read(out)
    assert table["id"].astype(int).tolist() == list(range(30))
    assert np.allclose(table.iloc[:, 2:], predict(folder / "run", rows).iloc[:, 1:], atol=1e-12)
    gaps: Any = rows["carat"].isna()
    assert (found.rows, found.rejected, found.missing["carat"]) == (30, 0, gaps.sum())
    with pytest.raises(UsageError, match="there is a file"):
        predict_file(Predictor.open(folder / "run"), tmp_path / "rows.csv", out)


def test_rows_that_cannot_be_read_are_named_left_out_or_set_aside(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "CHUNK", 4)
    rows = make_mixed(10, seed=7).astype(object)
    rows.loc[6, "carat"] = "heavy"
    rows.to_csv(tmp_path / "rows.csv", index=False)
    model = Predictor.open(folder / "run")
    with pytest.raises(FormatError, match=r"'heavy' in row 3 \(rows are counted from 5\)\. --errors skip"):
        predict_file(model, tmp_path / "rows.csv", tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()  # nothing half done is left
    assert predict_file(model, tmp_path / "rows.csv", tmp_path / "b.csv", errors="skip").rejected == 1
    assert len(pd.read_csv(tmp_path / "b.csv")) == 9
    found = predict_file(model, tmp_path / "rows.csv", tmp_path / "c.csv", errors="quarantine")
    assert found.lines()[-1] == f"1 row could not be read and is in {tmp_path / 'c.csv.rejected.csv'}"
    assert pd.read_csv(tmp_path / "c.csv.rejected.csv")["carat"].tolist() == ["heavy"]


def test_what_cannot_be_answered_is_refused(folder: Path, tmp_path: Path) -> None:
    model, rows = Predictor.open(folder / "run"), make_mixed(5)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataNotFoundError, match="no file"):
        predict_file(model, tmp_path / "none.csv", tmp_path / "a.csv")
    with pytest.raises(UsageError, match=r"written as .csv, .jsonl, .parquet"):
        predict_file(model, tmp_path / "rows.csv", tmp_path / "a.xml")
    with pytest.raises(UsageError, match="no column 'id' to keep"):
        predict(model, rows, keep=["id"])
    with pytest.raises(UsageError, match="rows are a frame"):
        predict(model, 3)
    digits = linnet.fit(linnet.load("digits"), epochs=1, show=False)
    with pytest.raises(UsageError, match="was not trained on a table"):
        predict(digits, rows)


def test_a_regressions_numbers(folder: Path) -> None:
    solution = linnet.solve(linnet.load(folder / "sales.csv", target="price", references=True))
    rows = make_mixed(8, seed=8).dropna()
    found = predict(solution.value, rows)
    assert list(found.columns) == ["prediction"]
    assert np.allclose(found["prediction"], rows["price"], atol=90)


def test_the_command_reads_and_writes_the_standard_streams(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    rows = make_mixed(6, seed=9)
    stream = io.TextIOWrapper(io.BytesIO(rows.to_csv(index=False).encode()))
    monkeypatch.setattr("sys.stdin", stream)
    assert call("predict", folder / "run", "-", "--keep", "price") == 0
    out, said = capsysbinary.readouterr()
    table = pd.read_csv(io.BytesIO(out))
    assert table["price"].tolist() == rows["price"].tolist()
    assert b"6 rows answered" in said


def test_several_processes_do_not_share_the_standard_input(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linnet.runs.predict.job", lambda: Numbered(0, 2))
    with pytest.raises(UsageError, match="has one reader, and there are 2 processes"):
        predict_file(Predictor.open(folder / "run"), "-", "-")


def test_ids_in_a_compressed_file_are_kept_as_they_are(folder: Path, tmp_path: Path) -> None:
    rows = make_mixed(5, seed=6).assign(id=[f"{10**17 + k}" for k in range(5)])
    rows.loc[0, "id"] = "0012"
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(rows.to_csv(index=False).encode()))
    found = predict(folder / "run", tmp_path / "rows.csv.gz", keep="id")
    assert found["id"].tolist() == rows["id"].tolist()


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_where_nothing_is_answered_the_columns_stand_all_the_same(
    folder: Path, tmp_path: Path, suffix: str
) -> None:
    rows, model = make_mixed(3, seed=7).astype(object), Predictor.open(folder / "run")
    rows[:0].to_csv(tmp_path / "empty.csv", index=False)
    rows.assign(carat="heavy").to_csv(tmp_path / "bad.csv", index=False)
    columns = predict(model, make_mixed(3), keep=["cut"]).columns.tolist()
    for name in ("empty", "bad"):
        out = tmp_path / f"{name} scored.{suffix}"
        predict_file(model, tmp_path / f"{name}.csv", out, keep=["cut"], errors="skip")
        if suffix == "jsonl":
            assert out.read_bytes() == b""
            continue
        table: Any = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
        assert (table.columns.tolist(), len(table)) == (columns, 0)
        assert suffix == "csv" or pd.api.types.is_string_dtype(table["cut"])
    assert predict(model, tmp_path / "empty.csv", keep=["cut"]).columns.tolist() == columns
    assert predict(model, [], keep=["cut"]).columns.tolist() == columns


def test_kept_dates_are_written_as_dates(folder: Path, tmp_path: Path) -> None:
    rows = make_mixed(3, seed=8).assign(day=[datetime.date(2024, 5, k) for k in (1, 2, 3)])
    rows.to_parquet(tmp_path / "rows.parquet")
    predict_file(
        Predictor.open(folder / "run"), tmp_path / "rows.parquet", tmp_path / "a.jsonl", keep=["day"]
    )
    assert '"day":"2024-05-01T' in (tmp_path / "a.jsonl").read_text()


def test_columns_called_alike_cannot_be_kept(folder: Path) -> None:
    rows = make_mixed(3)
    rows = pd.concat([rows, rows[["cut"]]], axis=1)
    assert len(predict(folder / "run", rows)) == 3
    with pytest.raises(FormatError, match="two columns called cut, which is to be kept"):
        predict(folder / "run", rows, keep="cut")


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_a_model_of_one_column_takes_tables_of_one(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame({"x": range(40), "y": ["low"] * 20 + ["high"] * 20})
    solution = linnet.solve(linnet.load(frame), l2=1e-2)
    frame[["x"]].to_csv(tmp_path / name, index=False)
    assert len(predict(solution.value, tmp_path / name)) == 40


def test_a_file_is_read_as_was_said_when_the_model_was_trained_or_is_said_now(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    rows = pd.DataFrame({"ville": ["Orléans", "Évry"] * 30, "1": range(60), "y": ["a", "b"] * 30})
    rows.to_csv(tmp_path / "t.csv", index=False, encoding="latin-1")
    splits = linnet.load(tmp_path / "t.csv", encoding="latin-1", header=True)
    solution = linnet.solve(splits, l2=1e-2, out=tmp_path / "run", report=False)
    expected = predict(tmp_path / "run", rows)
    for run in (solution.value, tmp_path / "run"):
        assert np.allclose(predict(run, tmp_path / "t.csv").iloc[:, 1:], expected.iloc[:, 1:])
    with pytest.raises(FormatError, match="not text in utf-8"):
        predict(tmp_path / "run", tmp_path / "t.csv", encoding="utf-8")
    assert call("predict", tmp_path / "run", tmp_path / "t.csv") == 0
    assert b"of levels" not in capsysbinary.readouterr()[1]
    rows.to_csv(tmp_path / "u.csv", index=False)
    assert call("predict", tmp_path / "run", tmp_path / "u.csv", "--encoding", "utf-8", "--header") == 0
    assert b"of levels" not in capsysbinary.readouterr()[1]
    with pytest.raises(FormatError, match="lacks ville"):
        predict(tmp_path / "run", rows.rename(columns={"ville": "city"}))


def test_options_of_pictures_are_refused_of_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (("--json",), ("--top", 2), ("--invert",)):
        assert call("predict", folder / "run", folder / "sales.csv", *option) == 2
        assert "of a table give --out answers.jsonl" in capsys.readouterr().err


def test_answers_have_the_sets_and_the_abstention_that_a_run_keeps(folder: Path, tmp_path: Path) -> None:
    rows = make_mixed(30, seed=8)
    run = linnet.Run.load(folder / "run")
    rules = linnet.learn_rules(linnet.Evaluation.named(run), alpha=0.2, accuracy=0.5)
    kept = run.with_rules(rules)
    kept.save(tmp_path / "run")
    found = predict(tmp_path / "run", rows)
    P = found.filter(like="probability of ").to_numpy()
    assert rules.sets is not None
    assert rules.abstention is not None
    expected = [[run.card.classes[k] for k in held.nonzero()[0]] for held in rules.sets.threshold >= 1 - P]
    assert found["prediction set"].tolist() == expected
    assert found["abstains"].tolist() == (P.max(1) < rules.abstention.threshold).tolist()
    rows.to_csv(tmp_path / "rows.csv", index=False)
    for suffix in ("csv", "jsonl", "parquet"):
        predict_file(Predictor.open(tmp_path / "run"), tmp_path / "rows.csv", tmp_path / f"a.{suffix}")
    texts = pd.read_csv(tmp_path / "a.csv")["prediction set"]
    assert [json.loads(text) for text in texts] == expected
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["prediction set"] for line in lines] == expected
    assert [list(one) for one in pd.read_parquet(tmp_path / "a.parquet")["prediction set"]] == expected
    plain = kept.calibrated(None).card.rules
    assert plain is None


def test_a_number_has_the_interval_that_its_run_keeps(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    linnet.solve(linnet.load(folder / "sales.csv", target="carat"), l2=1e-2, out=run, report=False)
    assert call("evaluate", run, "--sets", 0.2, "--keep") == 0
    said = capsys.readouterr().out
    assert "prediction intervals, learnt on" in said
    assert f"kept in {run}, so that linnet predict answers by it: prediction intervals" in said
    rules = Predictor.open(run).card.rules
    assert rules is not None
    assert rules.intervals is not None
    found = predict(run, make_mixed(10, seed=9))
    (reach,) = rules.intervals.half_widths
    assert np.allclose(found["prediction high"] - found["prediction"], reach)
    assert np.allclose(found["prediction"] - found["prediction low"], reach)
    assert call("evaluate", run, "--keep") == 2
    assert "give one of them" in capsys.readouterr().err


def test_regressions_of_other_columns_are_compared_on_the_same_rows(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, left_out in (("all", ()), ("fewer", ("price",))):
        splits = linnet.load(folder / "sales.csv", target="carat", ignore=left_out)
        linnet.solve(splits, l2=1e-2, out=tmp_path / name, report=False)
    assert call("evaluate", tmp_path / "all", "--compare", tmp_path / "fewer", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert call("evaluate", tmp_path / "fewer", "--json") == 0
    other = json.loads(capsys.readouterr().out)
    gap = found["errors"]["rmse"]["value"] - other["errors"]["rmse"]["value"]
    assert found["comparison"]["rmse"]["value"] == pytest.approx(gap)
