from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.data.formats import frames
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.model.predictor import Predictor
from linnet.runs.predict import predict, predict_file
from linnet.schema.cells import Frame
from tests.support.commands import call
from tests.support.tables import make_mixed


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on a mixed table."""
    folder = tmp_path_factory.mktemp("mixed") / "run"
    splits = linnet.load(make_mixed(), target="cut", task="classification")
    linnet.solve(splits, l2=1e-2, out=folder, report=False)
    return folder


@pytest.fixture
def rows() -> Frame:
    return make_mixed(30, seed=5).assign(id=range(30))


@pytest.fixture
def parts(tmp_path: Path, rows: Frame) -> Path:
    """A folder of three files with the rows, the second with its columns in another order."""
    folder = tmp_path / "parts"
    folder.mkdir()
    rows[:10].to_csv(folder / "a.csv", index=False)
    rows[10:15][rows.columns[::-1]].assign(more=1).to_csv(folder / "b.csv", index=False)
    rows[15:].to_csv(folder / "c.csv", index=False)
    (folder / "README.txt").write_text("rows of a shop\n")
    return folder


def test_a_file_that_would_be_answered_twice_is_refused(run: Path, parts: Path) -> None:
    with pytest.raises(UsageError, match=r"a\.csv is named twice"):
        predict(run, [parts / "a.csv", parts / "b.csv", parts / "a.csv"])
    with pytest.raises(UsageError, match=r"a\.csv would be answered twice"):
        predict(run, [parts / "a.csv", f"{parts}/*.csv"])


def test_a_folder_a_pattern_and_several_files_are_answered_one_after_another(
    run: Path, rows: Frame, parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = predict(run, rows, keep="id")
    files = [f"{parts}/{name}.csv" for name in "abc"]
    for given in (parts, f"{parts}/*.csv", files):
        found = predict(run, given, keep="id")
        assert found.pop("file").tolist() == [files[0]] * 10 + [files[1]] * 5 + [files[2]] * 15
        assert found["id"].astype(int).tolist() == list(range(30))
        assert np.allclose(found.iloc[:, 2:], expected.iloc[:, 2:], atol=1e-12)
    monkeypatch.setattr(frames, "CHUNK", 4)
    done = predict_file(Predictor.open(run), parts, tmp_path / "a.csv", keep="id")
    assert list(done.files.values()) == [10, 5, 15]
    assert done.lines()[0].startswith(f"30 rows of 3 files answered (10 of {files[0]}, 5 of")
    assert done.lines()[1] == "passed over: README.txt"
    assert pd.read_csv(tmp_path / "a.csv")["id"].tolist() == list(range(30))


def test_files_called_after_parts_are_all_answered(run: Path, rows: Frame, tmp_path: Path) -> None:
    for name in ("test", "validation", "strange"):
        rows[:5].to_csv(tmp_path / f"{name}.csv", index=False)
    assert predict(run, tmp_path)["file"].nunique() == 3
    rows.to_csv(tmp_path / "train.csv", index=False)
    assert len(predict(run, tmp_path)) == 45
    with pytest.raises(FormatError, match="which part that is cannot be told"):
        linnet.load(tmp_path)  # where it matters


def test_a_zip_is_read_as_the_files_in_it_some_rows_at_a_time(
    run: Path, rows: Frame, parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.to_csv(tmp_path / "rows.csv", index=False)
    with zipfile.ZipFile(tmp_path / "one.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "rows.csv", "rows.csv")
    with zipfile.ZipFile(tmp_path / "parts.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(parts.glob("*.csv")):
            archive.write(path, f"in/{path.name}")
    monkeypatch.setattr(frames, "CHUNK", 7)
    monkeypatch.setattr("linnet.data.formats.zipped.unzip", None)  # which would hold all of it
    expected = predict(run, rows)
    for given in ("one.zip", "one.zip/rows.csv", "parts.zip"):
        found = predict(run, tmp_path / given)
        assert found.pop("prediction").equals(expected["prediction"])
        assert np.allclose(found[expected.columns[1:]], expected.iloc[:, 1:], atol=1e-12)
    assert predict(run, tmp_path / "parts.zip/in/b.csv").shape == (5, len(expected.columns))


def test_what_is_wrong_in_a_file_is_told_by_its_name(
    run: Path, rows: Frame, parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = rows[:3].astype(object)
    bad.loc[1, "carat"] = "heavy"
    bad.assign(last=1).to_csv(parts / "b2.csv", index=False)
    with pytest.raises(FormatError, match=r"parts/b2.csv: .* 'heavy' in row 2"):
        predict(run, parts)
    out = tmp_path / "a.csv"
    assert call("predict", run, parts, "--out", out, "--errors", "quarantine") == 0
    assert "32 rows of 4 files answered" in capsys.readouterr().err
    aside = pd.read_csv(tmp_path / "a.csv.rejected.csv")
    assert aside[["file", "carat"]].values.tolist() == [[f"{parts}/b2.csv", "heavy"]]
    rows.drop(columns="carat").to_csv(parts / "c2.csv", index=False)
    with pytest.raises(FormatError, match=r"parts/c2.csv: the table lacks carat"):
        predict_file(Predictor.open(run), parts, tmp_path / "b.csv", errors="skip")
    assert not (tmp_path / "b.csv").exists()
    with pytest.raises(UsageError, match=r"parts/a.csv: there is no column 'more' to keep"):
        predict(run, parts, keep="more")


def test_rejected_rows_of_files_with_other_columns_stand_under_the_first_ones(
    run: Path, rows: Frame, tmp_path: Path
) -> None:
    bad = rows[:2].astype(object).assign(carat="heavy")
    bad.assign(more=1).to_csv(tmp_path / "a.csv", index=False)
    bad[bad.columns[::-1]].assign(other=2).to_csv(tmp_path / "b.csv", index=False)
    model = Predictor.open(run)
    predict_file(model, f"{tmp_path}/?.csv", tmp_path / "out.csv", errors="quarantine")
    aside = pd.read_csv(tmp_path / "out.csv.rejected.csv")
    assert aside["carat"].tolist() == ["heavy"] * 4
    assert aside["id"].tolist() == [0, 1, 0, 1]
    assert aside["more"].isna().tolist() == [False, False, True, True]


def test_what_is_there_is_no_table_or_of_another_kind_is_said(
    run: Path, rows: Frame, parts: Path, tmp_path: Path
) -> None:
    for given, message in (
        ("*.tsv", "there are no files that the pattern means"),
        ("none.csv", "there is no file"),
    ):
        with pytest.raises(DataNotFoundError, match=message):
            predict(run, parts / given)
    (tmp_path / "x.svm").write_text("1 1:2\n")
    with pytest.raises(FormatError, match=r"x.svm is LIBSVM text, and the model takes a table with the colu"):
        predict(run, tmp_path / "x.svm")
    (tmp_path / "x.pkl").write_bytes(b"rows")
    with pytest.raises(FormatError, match="nothing is run from a pickle"):
        predict(run, tmp_path / "x.pkl")
    rows.to_parquet(parts / "d.parquet")
    with pytest.raises(FormatError, match="tables of several formats"):
        predict(run, parts)
    with pytest.raises(UsageError, match="stands alone"):
        predict(run, ["-", parts / "a.csv"])
    rows.assign(file=1).to_csv(tmp_path / "f.csv", index=False)
    with pytest.raises(UsageError, match="a column is called file"):
        predict(run, [tmp_path / "f.csv", parts / "a.csv"], keep="file")


def test_kept_columns_of_other_types_in_another_file_are_refused_as_parquet(
    run: Path, rows: Frame, tmp_path: Path
) -> None:
    rows.to_parquet(tmp_path / "a.parquet")
    rows.assign(id="first").to_parquet(tmp_path / "b.parquet")
    with pytest.raises(FormatError, match="a column that is kept has other cells in one file"):
        predict_file(Predictor.open(run), f"{tmp_path}/*.parquet", tmp_path / "out" / "o.parquet", keep="id")
