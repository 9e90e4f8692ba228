"""What training accepts is saved, judged, reported, exported and served, whatever rows and targets are."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

import linnet
from linnet import report
from linnet.cli import main
from linnet.data.dataset import Dataset
from linnet.errors import LinnetError, ShapeError, UsageError
from linnet.evaluate.score import score
from linnet.export import FORMATS, export_model
from linnet.model.predictor import Predictor
from linnet.model.run import Run
from linnet.serve.app import make_app

CLASSES = ("a", "b", "c")
TARGETS = {
    "classes": lambda X: (torch.arange(len(X)) % 3, CLASSES),
    "soft": lambda X: (torch.nn.functional.one_hot(torch.arange(len(X)) % 3).float(), CLASSES),
    "one-hot numbers": lambda X: (torch.nn.functional.one_hot(torch.arange(len(X)) % 3).float(), ()),
    "a number": lambda X: (X.float().sum(1, keepdim=True), ()),
    "numbers": lambda X: (X.float()[:, :2] + 1, ()),
}  # fmt: skip
SHAPES = {"images": (2, 3), "plain": None}


def rows(targets: str = "classes", shape: str = "plain", dtype: torch.dtype = torch.float32) -> Dataset:
    X = torch.rand(24, 6, generator=torch.Generator().manual_seed(0))
    X = X.to(dtype) if dtype.is_floating_point else (9 * X).to(dtype)
    y, classes = TARGETS[targets](X)
    return Dataset(X, y, "rows", classes, SHAPES[shape])


def fitted(data: Dataset, folder: Path) -> Path:
    linnet.fit(data, test=data, epochs=1, lr=1e-3, show=False, out=folder, report=False)
    return folder


def solved(data: Dataset, folder: Path) -> Path:
    linnet.solve(data, l2=0.1, out=folder)
    return folder


def swept(data: Dataset, folder: Path) -> Path:
    result = linnet.sweep(data, {"lr": [1e-3, 1e-2]}, epochs=1, show=False, out=folder, report=False)
    return result.refit(data).save(folder / "best")


def tuned(data: Dataset, folder: Path) -> Path:
    result = linnet.tune(data, {"lr": [1e-3, 1e-2]}, trials=2, epochs=1, show=False, out=folder, report=False)
    return result.refit(data).save(folder / "best")


@pytest.mark.parametrize("train", [fitted, solved, swept, tuned])
@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_was_trained_is_saved_and_answers_as_before(
    tmp_path: Path, shape: str, targets: str, train: Callable[[Dataset, Path], Path]
) -> None:
    data = rows(targets, shape)
    folder = train(data, tmp_path / "run")
    run, model = Run.load(folder), Predictor.read(folder / "model.safetensors")
    judged = score(run, data)
    assert judged.rows == 24
    answers = run.probabilities(data.X) if data.classes else run.scores(data.X)
    assert np.allclose(model.answers(data.X.numpy()), answers.numpy(), atol=1e-5)
    is_drawn = shape == "images" and train in (fitted, solved)
    assert (folder / "weights.png").is_file() == is_drawn


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_reported_exported_and_served(tmp_path: Path, shape: str, targets: str) -> None:
    data = rows(targets, shape)
    run = Run.load(solved(data, tmp_path / "run"))
    page = report.write_report(run, train=data, test=data, language="zh").read_text("utf-8")
    assert ("data:image/png" in page) or shape == "plain"
    for name in FORMATS:
        if name not in ("js", "c", "numpy"):  # which start programs: tests/export has them
            difference = export_model(run, name, rows=data.X).difference
            assert difference is None or difference < 1e-5
    with TestClient(make_app(tmp_path / "run")) as client:
        said = client.post("/predict", json={"rows": data.X[:2].tolist()})
    assert said.status_code == 200


def test_a_picture_gives_the_numbers_that_a_regression_of_images_predicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = torch.arange(24 * 6).reshape(24, 6).remainder(200).to(torch.uint8)
    data = Dataset(pixels, pixels.float()[:, :1], "rows", (), (2, 3), 1 / 255)
    run = Run.load(solved(data, tmp_path / "run"))
    np.save(tmp_path / "one.npy", pixels[:1].reshape(2, 3).numpy())
    for more in ([], ["--json"]):
        with contextlib.suppress(SystemExit):
            main(["predict", "run", "one.npy", "--no-invert", *more])
    plain, said = capsys.readouterr().out.splitlines()
    assert json.loads(said)[0]["values"]["y"] == pytest.approx(float(run.scores(pixels[:1])), abs=1e-4)
    assert plain.split()[1] == "y"


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int64"]
)
def test_rows_of_every_type_are_trained_on_saved_and_exported(tmp_path: Path, dtype: str) -> None:
    data = rows(dtype=getattr(torch, dtype))
    for train in (fitted, solved):
        run = Run.load(train(data, tmp_path / train.__name__))
        assert score(run, data).rows == 24
        assert run.dataset_checksum in ("", data.checksum)
        export_model(run, "sql", rows=data.X)


@pytest.mark.parametrize(("dtype", "large"), [("float16", 6e4), ("float32", 3e38)])
def test_numbers_whose_sum_is_too_large_are_not_taken_for_infinite(dtype: str, large: float) -> None:
    X = torch.full((24, 6), large, dtype=getattr(torch, dtype))
    data = Dataset(X, rows().y, "rows", CLASSES, scale=1 / large)
    assert len(linnet.fit(data, epochs=1, lr=1e-3, show=False).history) == 1
    with pytest.raises(UsageError, match="infinite features"):
        linnet.fit(Dataset(X * 2, rows().y, "rows", CLASSES), show=False)


def test_rows_of_bfloat16_have_a_checksum_of_their_own() -> None:
    halves = [rows(dtype=dtype) for dtype in (torch.bfloat16, torch.float16)]
    assert len({data.checksum for data in (*halves, rows())}) == 3


REFUSED = {
    "no rows": (lambda: rows().rows(slice(0, 0)), "no rows"),
    "no features": (lambda: Dataset(torch.zeros(3, 0), torch.zeros(3, 1)), "no columns"),
    "no targets": (lambda: Dataset(torch.zeros(3, 1), torch.zeros(3, 0)), "no columns"),
    "targets that are no numbers": (lambda: Dataset(torch.zeros(3, 1), torch.full((3, 1), torch.nan)), "NaN"),
    "soft labels that are none": (
        lambda: Dataset(torch.zeros(3, 1), torch.full((3, 2), torch.nan), "x", ("a", "b")), "shares",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("train", [fitted, solved, swept, tuned])
def test_what_cannot_be_trained_is_refused_before_the_first_step(
    tmp_path: Path, case: str, train: Callable[[Dataset, Path], Path]
) -> None:
    make, said = REFUSED[case]
    with pytest.raises(LinnetError, match=said):
        train(make(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_test_part_that_the_model_would_misread_is_refused_before_the_first_step() -> None:
    data = rows()
    others = {
        "has the classes": Dataset(data.X, data.y, classes=("c", "b", "a")),
        "outputs": Dataset(data.X, data.X[:, :1]),
        "are multiplied by": Dataset(data.X, data.y, classes=CLASSES, scale=0.5),
    }
    for said, other in others.items():
        with pytest.raises((ShapeError, UsageError), match=said):
            linnet.fit(data, test=other, show=False)


LOSSES = ("softmax", "logistic", "squared", "absolute", "huber")


@pytest.mark.parametrize("train", ["fit", "solve", "sweep"])
@pytest.mark.parametrize("targets", ["classes", "soft", "a number", "numbers"])
def test_each_loss_suits_the_targets_or_is_refused(tmp_path: Path, targets: str, train: str) -> None:
    data, refused = rows(targets), list[str]()
    for loss in LOSSES:
        folder = tmp_path / loss
        try:
            if train == "fit":
                run = linnet.fit(data, loss=loss, epochs=1, lr=1e-3, show=False)
            elif train == "solve":
                run = linnet.solve(data, loss, l2=0.1).value
            else:
                run = linnet.sweep(data, {"lr": [1e-3]}, loss=loss, epochs=1, show=False).refit()
        except UsageError as error:
            refused.append(str(error))
            continue
        kept = Run.load(run.save(folder))
        assert score(kept, data).rows == 24
        assert torch.equal(kept.scores(data.X), run.scores(data.X))
    assert len(refused) == (0 if data.classes else 2)  # softmax and logistic
    assert all("class" in said for said in refused)
