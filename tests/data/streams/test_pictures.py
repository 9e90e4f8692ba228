from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import linnet
from linnet.data.streams import pictures
from linnet.errors import DataNotFoundError, FormatError
from linnet.model.predictor import Predictor
from linnet.runs.predict import predict, predict_file
from tests.support.colors import arrays, dataset, write
from tests.support.commands import call

DRAWN = np.random.default_rng(0)


def put(path: Path, is_left: bool) -> None:
    """A picture of 6 × 5, light at the left or at the right."""
    pixels = DRAWN.integers(0, 40, (6, 5), np.uint8)
    pixels[2:4, 1 if is_left else 3] = 250
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a folder of pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(8):
        put(folder / "set" / "left" / f"{number}.png", is_left=True)
        put(folder / "set" / "right" / f"{number}.png", is_left=False)
    linnet.solve(linnet.load(folder / "set"), l2=1e-1, out=folder / "run", report=False)
    return folder / "run"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, is_left in (("a/1.png", True), ("a/2.png", False), ("b.png", True)):
        put(tmp_path / "new" / name, is_left)
    return tmp_path / "new"


def test_a_folder_a_zip_and_files_are_answered_by_the_names_of_the_pictures(
    run: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a/1.png", "a/2.png", "b.png"]
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        for name in names:
            archive.write(folder / name, name)
    monkeypatch.setattr(pictures, "AT_ONCE", 2)
    for given, start in ((folder, folder), (tmp_path / "new.zip", tmp_path / "new.zip"),
                         ([folder / name for name in names], folder)):  # fmt: skip
        found = predict(run, given)
        assert found["file"].tolist() == [f"{start}/{name}" for name in names]
        assert found["prediction"].tolist() == ["left", "right", "left"]
    opened = linnet.Run.load(run)
    whole = np.stack([np.asarray(Image.open(folder / name)).reshape(-1) for name in names])
    P = opened.probabilities(whole).numpy()  # type: ignore[arg-type]
    assert np.allclose(found.filter(like="probability"), P, atol=1e-6)


def test_a_folder_is_shown_or_written(
    run: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("predict", run, folder, "--json", "--top", 1) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [one["top"][0]["class"] for one in shown] == ["left", "right", "left"]
    assert shown[0]["image"] == str(folder / "a/1.png")
    assert call("predict", run, folder, "--out", tmp_path / "o.csv") == 0
    assert "3 rows answered; the answers are in" in capsys.readouterr().err
    assert pd.read_csv(tmp_path / "o.csv").columns.tolist() == [
        "file", "prediction", "probability of left", "probability of right",
    ]  # fmt: skip
    assert call("predict", run, folder, "--out", tmp_path / "p.csv", "--json") == 2


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_picture_with_nothing_on_it_has_no_answer_and_is_told_of(
    run: Path, folder: Path, tmp_path: Path, suffix: str
) -> None:
    Image.new("L", (6, 5), 0).save(folder / "0.png")
    out = tmp_path / f"o.{suffix}"
    done = predict_file(Predictor.open(run), folder, out)
    assert done.lines()[1] == f"pictures with nothing on them, and no answer: 1 ({folder}/0.png)"
    found = predict(run, folder)
    assert found["prediction"].isna().tolist() == [True, False, False, False]
    assert found.iloc[:, 2:].isna().any(axis=1).tolist() == [True, False, False, False]
    if suffix == "jsonl":
        assert json.loads(out.read_text().splitlines()[0])["prediction"] is None


def test_one_that_cannot_be_read_is_named_or_set_apart(run: Path, folder: Path, tmp_path: Path) -> None:
    (folder / "a" / "3.png").write_bytes(b"none")
    with pytest.raises(FormatError, match=r"3.png is not a picture"):
        predict(run, folder)
    assert call("predict", run, folder, "--out", tmp_path / "o.csv", "--errors", "quarantine") == 0
    aside = pd.read_csv(tmp_path / "o.csv.rejected.csv")
    assert aside["file"].tolist() == [f"{folder}/a/3.png"]
    assert "is not a picture" in aside["reason"].tolist()[0]
    assert len(pd.read_csv(tmp_path / "o.csv")) == 3


def test_what_has_no_pictures_is_refused(run: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(FormatError, match="none has no pictures"):
        predict(run, tmp_path / "none")
    with pytest.raises(DataNotFoundError, match=r"there is no file .*x.png"):
        predict(run, tmp_path / "x.png")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match=r"t.csv is a table, and the model of .* takes images of 6 × 5"):
        predict(run, tmp_path / "t.csv")
    with pytest.raises(FormatError, match=r"is of pictures and .*t.csv is not"):
        predict(run, [folder, tmp_path / "t.csv"])
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    (tmp_path / "e.zip").write_bytes(empty.getvalue())
    with pytest.raises(FormatError, match=r"e.zip has no pictures"):
        predict(run, tmp_path / "e.zip")


def test_pictures_and_arrays_in_colour_have_the_same_answers(tmp_path: Path) -> None:
    run = linnet.solve(dataset(), l2=0.01).value.save(tmp_path / "run")
    X, y = arrays()
    np.save(tmp_path / "last.npy", X)
    np.save(tmp_path / "first.npy", np.moveaxis(X, 3, 1))
    np.save(tmp_path / "one.npy", X[40])
    np.save(tmp_path / "alone.npy", X[40:41])
    write(tmp_path / "squares")
    found = [linnet.predict(run, tmp_path / name) for name in ("squares", "last.npy", "first.npy")]
    for one in found:
        assert one["prediction"].tolist() == y.tolist()
        chances = [each.filter(like="probability").to_numpy() for each in (one, found[0])]
        np.testing.assert_allclose(*chances, rtol=1e-6)
    for name in ("one.npy", "alone.npy"):
        assert linnet.predict(run, tmp_path / name)["prediction"].tolist() == ["red"]
