from __future__ import annotations

import base64
import dataclasses
import io
import re
import shutil
import string
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

import linnet
from linnet import report
from linnet.config import SolveRequest
from linnet.data.dataset import Dataset, Splits
from linnet.data.origin import Origin
from linnet.errors import ChecksumError, DataNotFoundError, FormatError, UsageError
from linnet.evaluate.assess import assess
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.score import regression_figures
from linnet.model.run import Run
from linnet.report.provenance import options_of
from linnet.report.views import to_colored_png, to_diverging_png, to_png
from linnet.runs.solve import solve_request
from linnet.train.callbacks import Callback, State
from tests.support.blobs import make_blobs
from tests.support.reading import Seen

PARTS = {
    "glance", "asked", "data", "curves", "classes", "confusion", "reliability", "templates", "top-losses",
    "label-errors", "ran-with", "again",
}  # fmt: skip
ATTACK = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}'</style>"


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run") / "digits"
    return linnet.fit(linnet.load("digits"), epochs=3, lr=0.5, show=False, out=folder)


def folder_of(run: Run) -> Path:
    assert run.folder is not None
    return run.folder


def test_a_run_has_its_page(digits: Run) -> None:
    seen = Seen(folder_of(digits) / "report.html")
    assert set(seen.sections) == PARTS
    assert seen.is_safe
    assert seen.policy.startswith("default-src 'none'")
    assert "softmax regression on digits" in seen.text
    assert "lr" in seen.sections["asked"]
    assert "0.5, not 0.1" in seen.sections["asked"]
    assert digits.dataset_checksum in seen.sections["data"]
    assert seen.markup.count("data:image/png") == 10 + 1 + 24
    assert len(seen.markup) < 1_000_000


def test_its_figures_are_the_librarys(digits: Run) -> None:
    test = linnet.load("digits").test
    assert test is not None
    found = assess(Evaluation(digits, test), intervals=True)
    seen = Seen(folder_of(digits) / "report.html")
    accuracy = found.whole["accuracy"]
    assert f"{accuracy.value:.4f}" in seen.sections["glance"]
    assert f"[{accuracy.low:.4f}, {accuracy.high:.4f}]" in seen.sections["glance"]
    recall = found.classes["8"]["recall"]
    assert f"{recall.value:.3f} [{recall.low:.3f},\u00a0{recall.high:.3f}]" in seen.sections["classes"]
    assert f"{found.calibration['width'].ece:.4f}" in seen.sections["reliability"]


def test_written_again_it_is_the_same(digits: Run, tmp_path: Path) -> None:
    again = report.write_report(folder_of(digits), tmp_path / "again.html")
    assert again.read_bytes() == (folder_of(digits) / "report.html").read_bytes()


class OwnFigure(Callback):
    def epoch_end(self, state: State) -> None:
        if state.history.last["epoch"] > 1:
            state.history.last["my_f1"] = 0.5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures_of_ones_own_are_listed(language: Any, blobs: Dataset, tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        linnet.fit(blobs, test=blobs, epochs=2, callbacks=[OwnFigure()], show=False, out=folder)
        seen = Seen(report.write_report(folder, language=language))
        assert "my f1" in seen.sections["curves"]
        assert "my f1" in seen.sections["glance"]  # these rows are not at hand, so the last epoch speaks
    report.compare_runs(folders, tmp_path / "both.html", language=language)
    assert (tmp_path / "both.html").is_file()


def test_in_chinese(digits: Run, tmp_path: Path) -> None:
    seen = Seen(report.write_report(folder_of(digits), tmp_path / "zh.html", language="zh"))
    assert 'lang="zh-CN"' in seen.markup
    assert "softmax 回归：digits" in seen.text
    assert "测试样本" in seen.sections["glance"]
    assert set(seen.sections) == PARTS


def test_line_figures_turn_dark_with_the_page(digits: Run) -> None:
    markup = (folder_of(digits) / "report.html").read_text("utf-8")
    pictures = [base64.b64decode(text).decode() for text in re.findall(r"svg\+xml;base64,([^\"]+)", markup)]
    assert len(pictures) == 2  # the curves and the reliability
    for picture in pictures:
        assert "prefers-color-scheme:dark" in picture
        assert "fill: var(--paper)" in picture
        assert "#000000" not in picture.partition("<defs>")[2]


def test_no_report_where_none_is_wanted(tmp_path: Path, blobs: Dataset) -> None:
    linnet.fit(blobs, epochs=1, show=False, out=tmp_path / "run", report=False)
    assert not (tmp_path / "run" / "report.html").exists()


def test_names_never_become_markup(tmp_path: Path) -> None:
    plain = make_blobs(60)
    data = dataclasses.replace(plain, name=ATTACK, source=ATTACK, classes=(ATTACK, "{% x %}", "&lt;b&gt;"))
    linnet.fit(Splits(data, data), epochs=2, show=False, out=tmp_path / "run")
    for language in ("en", "zh"):
        path = report.write_report(
            tmp_path / "run", tmp_path / f"{language}.html", language=language, train=data, test=data
        )
        seen = Seen(path)
        assert seen.is_safe
        assert "script" not in seen.tags
        assert ATTACK in seen.sections["confusion"]
        assert "&lt;b&gt;" in seen.sections["classes"]  # as it was named, and not as <b>
        assert "49" not in seen.text.partition("{{ 7*7 }}")[0][-5:]


@settings(max_examples=15)
@given(st.text(st.sampled_from(string.printable + "é类\u202e"), min_size=1, max_size=40))
def test_any_name_is_only_text(name: str) -> None:
    from linnet.report.blocks import Code, Facts, Matrix, Page, Section, Table, Text, Tile, render
    from linnet.report.blocks import Gallery as Pictures

    name = f"⟦{name}⟧"
    blocks = (
        Text(name), Facts(((name, name),)), Table((name,), ((name, name),)), Matrix((name,), ((1,),), name),
        Pictures((Tile("data:image/png;base64,", (name,)),)), Code(name, name),
    )  # fmt: skip
    Path("page.html").write_text(
        render(Page(name, name, "en", (Section("x", name, blocks),))), "utf-8", newline=""
    )
    seen = Seen(Path("page.html"))
    assert seen.is_safe
    assert "".join(seen.sections["x"].split()).count("".join(name.split())) == 13


@pytest.mark.parametrize("name", ["blobs", "digits"])
def test_rows_that_are_not_at_hand_are_told_of(name: str, tmp_path: Path) -> None:
    origin = Origin(name) if name == "digits" else None
    train = dataclasses.replace(make_blobs(90), name=name, origin=origin)
    linnet.fit(train, epochs=2, show=False, out=tmp_path / "run")
    told = "were in memory" if name == "blobs" else "are not those it was trained on"
    at_once = Seen(tmp_path / "run" / "report.html")
    assert "an optimistic view" in at_once.sections["glance"]  # they are at hand while it runs
    assert told in at_once.sections["again"]
    assert not at_once.codes
    later = Seen(report.write_report(tmp_path / "run"))
    for part in ("data", "classes", "confusion", "reliability", "top-losses", "again"):
        assert told in later.sections[part]
    assert "train loss" in later.sections["glance"]
    assert later.markup.count("data:image/png") == 3 + 1  # templates need no rows


def test_files_that_are_not_here_are_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = dataclasses.replace(make_blobs(90), name="fashion_mnist", origin=Origin("fashion_mnist"))
    absent = SimpleNamespace(is_there=lambda folder: False)
    monkeypatch.setattr("linnet.report.subject.sources", lambda: {"fashion_mnist": absent})
    run = linnet.fit(train, epochs=1, show=False, out=tmp_path / "run")
    seen = Seen(report.write_report(tmp_path / "run"))
    assert "linnet data fetch" in seen.sections["data"]
    assert run.dataset_checksum in seen.sections["data"]


def test_a_module_of_ones_own(tmp_path: Path, blobs: Dataset) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    run = linnet.fit(blobs, model=module, epochs=2, lr=0.1, show=False)
    with pytest.raises(DataNotFoundError, match="give out="):
        report.write_report(run)
    seen = Seen(report.write_report(run, tmp_path / "own.html", train=blobs, test=blobs))
    assert "a module of yours on blobs" in seen.text
    for part in ("classes", "confusion", "templates", "top-losses"):
        assert "linear models only" in seen.sections[part]
    assert "cannot make again" in seen.sections["again"]
    assert "train loss" in seen.sections["glance"]


def test_a_regression(tmp_path: Path) -> None:
    linnet.fit(linnet.load("synthetic", seed=3), seed=3, show=False, out=tmp_path / "run")
    seen = Seen(tmp_path / "run" / "report.html")
    assert "R²" in seen.sections["glance"]
    assert "an optimistic view" in seen.sections["glance"]
    assert "truth less value" in seen.sections["classes"]
    assert "confusion" not in seen.sections
    assert "'synthetic', seed=3" in seen.codes[1]


def test_rows_without_pictures_are_a_table(tmp_path: Path, blobs: Dataset) -> None:
    plain = dataclasses.replace(blobs, image_shape=None)
    linnet.fit(plain, epochs=1, show=False, out=tmp_path / "run")
    seen = Seen(tmp_path / "run" / "report.html")
    assert "class 2" in seen.sections["templates"]
    assert "row" in seen.sections["top-losses"]
    assert "data:image/png" not in seen.markup


def test_label_errors_are_looked_for_when_asked(tmp_path: Path) -> None:
    blobs = make_blobs(200)
    y = blobs.y.clone()
    y[7] = (y[7] + 1) % 3
    linnet.fit(
        dataclasses.replace(blobs, y=y), epochs=20, lr=1.0, show=False, out=tmp_path / "run", report=False
    )
    noisy = dataclasses.replace(blobs, y=y)
    seen = Seen(report.write_report(tmp_path / "run", train=noisy, test=noisy, label_errors=True))
    assert "row 7" in seen.sections["label-errors"]
    assert f"perhaps class {int(blobs.y[7])}" in seen.sections["label-errors"]


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    watching = [lambda state: state.stop("enough")]
    linnet.fit(linnet.load("digits"), epochs=5, show=False, callbacks=watching, out=tmp_path / "run")
    seen = Seen(tmp_path / "run" / "report.html")
    assert "stopped: enough" in seen.sections["glance"]
    assert "ended early (stopped: enough)" in seen.sections["again"]


def test_a_calibrated_run_says_so(digits: Run, tmp_path: Path) -> None:
    from linnet.evaluate.confidence.scaling import calibrate

    made = calibrate(digits, linnet.load("digits").train, "temperature")
    seen = Seen(report.write_report(made, tmp_path / "c.html"))
    assert "Calibrated: temperature scaling" in seen.sections["reliability"]


def test_a_loss_of_any_size_is_told_to_four_digits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = torch.Generator().manual_seed(0)
    X = torch.rand(90, 2, generator=drawn)
    y = 1e-4 * torch.rand(90, 1, generator=drawn)
    data = Dataset(X, y, "tiny")
    result = linnet.sweep(data, {"lr": [0.01, 0.1]}, epochs=2, out=tmp_path / "s")
    best = float(result.table["validation_loss"].iloc[0])
    assert 0 < best < 1e-6
    assert f": {best:.4g}." in Seen(tmp_path / "s" / "report.html").sections["choice"]
    assert f"best validation loss {best:.4g}\n" in capsys.readouterr().err


def test_a_sweep(tmp_path: Path) -> None:
    train, test = linnet.load("digits")
    grid = {"lr": [0.01, 1.0], "clip": [None, 0.5], "seed": [1, 2]}
    result = linnet.sweep(train, grid, folds=3, epochs=2, show=False, out=tmp_path / "s")
    assert Seen(tmp_path / "s" / "report.html").is_safe
    shutil.rmtree(tmp_path / "s" / "best")  # as where it was interrupted
    early = Seen(report.write_report(tmp_path / "s"))
    assert "has not been trained again" in early.sections["glance"]
    result.refit(test).save(tmp_path / "s" / "best")
    seen = Seen(report.write_report(tmp_path / "s"))
    assert "24 models on digits" in seen.text
    assert "The best of 4 settings" in seen.sections["choice"]
    assert f"{result.table['validation_accuracy'].iloc[0]:.4f}" in seen.sections["choice"]
    assert f"{abs(result.margin.difference):.4g}" in seen.sections["choice"]
    assert "optimistically biased" in seen.sections["choice"]
    assert f"{Run.load(tmp_path / 's' / 'best').history.last['test_accuracy']:.4f}" in seen.sections["choice"]
    assert "none" in seen.sections["settings"]
    assert seen.sections["figures"] is not None
    assert seen.markup.count("data:image/svg") == 3 + 1
    assert {"classes", "confusion", "templates", "best", "again"} <= set(seen.sections)


def test_a_solve(tmp_path: Path) -> None:
    solution = linnet.solve(linnet.load("digits").train, l2=1e-3)
    solution.value.save(tmp_path / "run")
    seen = Seen(report.write_report(tmp_path / "run"))
    assert f"{solution.stats.objective:.10g}" in seen.sections["certificate"]
    low = f"{solution.stats.objective - solution.stats.gap:.10g}"
    assert f"no model of this kind has an objective lower than {low}" in seen.sections["certificate"].lower()
    assert "proven" not in seen.sections["curves"]  # it stands in the figure
    assert "linnet solve" in seen.codes[0]


def test_options_that_are_not_in_force_are_left_out(tmp_path: Path) -> None:
    rows = Splits(dataclasses.replace(make_blobs(60), y=torch.arange(60.0)[:, None], classes=()), None)
    idle = ("summary", "covariance", "level", "weight_kind", "seed", "huber")
    for request, told in (
        (SolveRequest(loss="squared", solver="qr"), ()),
        (SolveRequest(loss="squared", summary=True), ("summary", "level", "seed")),
        (SolveRequest(loss="squared", path=2), ("seed",)),
        (SolveRequest(loss="huber", huber=2.0), ("huber",)),
    ):
        run = solve_request(rows, request).solution.value
        assert [name for name in idle if name in options_of(run)] == list(told)
        assert options_of(run)["loss"] == request.loss


def test_what_is_not_whole_is_refused(digits: Run, tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError):
        report.write_report(tmp_path / "nothing")
    with pytest.raises(UsageError, match="en"):
        report.write_report(folder_of(digits), language="fr")  # type: ignore[arg-type]
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder_of(digits).iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    flipped = bytearray((copy / "model.safetensors").read_bytes())
    flipped[-1] ^= 1
    (copy / "model.safetensors").write_bytes(flipped)
    with pytest.raises(ChecksumError):
        report.write_report(copy)
    (copy / "sweep.json").write_text("{}", "utf-8")
    with pytest.raises((FormatError, ChecksumError)):
        report.write_report(copy)


def test_many_classes_are_summed_up(tmp_path: Path) -> None:
    data = make_blobs(400, classes=40)
    linnet.fit(data, epochs=2, show=False, out=tmp_path / "run")
    seen = Seen(tmp_path / "run" / "report.html")
    assert "commonest mistakes of 40 classes" in seen.sections["confusion"]
    assert "40 classes of" in seen.sections["data"]


def pixels(uri: str) -> list[Any]:
    """The pixels of a picture's first row."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))[0].tolist()


def test_pixels_as_they_are() -> None:
    assert pixels(to_png(np.array([[0, 16]], dtype=np.uint8), 1 / 16)) == [0, 255]
    assert pixels(to_png(np.array([[-1.0, 3.0]]), 1.0)) == [0, 255]
    assert pixels(to_png(np.zeros((1, 2)), 1.0)) == [0, 0]
    blue, white, red = pixels(to_diverging_png(np.array([[-2.0, 0.0, 2.0]]), 2.0))
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    assert min(white) > 240
    assert pixels(to_diverging_png(np.zeros((1, 1)), 0.0)) == [white]
    assert pixels(to_png(np.array([[[255, 0, 51]]], dtype=np.uint8), 1 / 255)) == [[255, 0, 51]]
    assert pixels(to_colored_png(np.array([[[2.0, -2.0, 0.0]]]))) == [[255, 0, 128]]


def test_a_regressions_figures_are_the_librarys(tmp_path: Path) -> None:
    data = linnet.load("synthetic")
    run = linnet.fit(data, epochs=3, show=False, out=tmp_path / "run")
    found = regression_figures(Evaluation(run, data.train))
    seen = Seen(tmp_path / "run" / "report.html")
    assert f"{found['rmse'].value:.5g}" in seen.sections["glance"]
    assert f"[{found['r2'].low:.6f}" in seen.sections["glance"]
    assert found["r2"].high < 1
    last = run.history.last["train_loss"]
    assert last < 1e-3
    assert f"{last:.4g}" in seen.sections["curves"]  # not 0.0000


def test_columns_are_called_by_their_names(tmp_path: Path) -> None:
    rows = "".join(f"{n % 7},{n % 5}.5,{'ab'[n % 2]}\n" for n in range(60))
    (tmp_path / "t.csv").write_text("petal length,width,kind\n" + rows, "utf-8")
    run = linnet.fit(linnet.load(str(tmp_path / "t.csv")), epochs=1, show=False, out=tmp_path / "run")
    seen = Seen(tmp_path / "run" / "report.html")
    weights = seen.sections["templates"]
    assert "petal length" in weights
    assert f"{float(run.bank.W[1, 0]):.6g}" in weights
    assert str(tmp_path) not in seen.markup
