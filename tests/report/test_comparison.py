from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import linnet
from linnet import report
from linnet.errors import UsageError
from linnet.evaluate.compare import compare, compare_regressions
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.score import regression_figures
from linnet.model.run import Run
from linnet.plot.curves import overlay_figure
from tests.support.blobs import make_blobs
from tests.support.reading import Seen


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("runs")
    for name, lr in (("slow", 0.01), ("quick", 0.5), ("twin", 0.5)):
        linnet.fit(linnet.load("digits"), epochs=3, lr=lr, show=False, out=root / name, report=False)
    return [root / name for name in ("slow", "quick", "twin")]


def test_runs_side_by_side(runs: list[Path]) -> None:
    seen = Seen(report.compare_runs(runs, "both.html"))
    assert seen.is_safe
    assert set(seen.sections) == {"figures", "noise", "differs", "curves", "templates"}
    assert "lr0.010.50.5" in "".join(seen.sections["differs"].split())
    assert "epochs" not in seen.sections["differs"]
    test = linnet.load("digits").test
    assert test is not None
    found = compare(*(Evaluation(Run.load(folder), test) for folder in (runs[1], runs[0])))
    assert f"{found.accuracy.value:+.4f}" in seen.sections["noise"]
    assert "beyond noise" in seen.sections["noise"]
    assert seen.markup.count("data:image/png") == 3 * 11


def test_twins_differ_within_noise(runs: list[Path]) -> None:
    seen = Seen(report.compare_runs(runs[1:], "twins.html", language="zh"))
    assert "在噪声之内" in seen.sections["noise"]
    assert "超出噪声" not in seen.sections["noise"].replace("是否超出噪声", "")
    assert "它们的设置一样" in seen.sections["differs"]


def test_other_rows_are_not_compared(runs: list[Path], tmp_path: Path) -> None:
    blobs = dataclasses.replace(make_blobs(60), name="<b>blobs</b>")
    linnet.fit(blobs, epochs=1, show=False, out=tmp_path / "blobs", report=False)
    seen = Seen(report.compare_runs([runs[0], tmp_path / "blobs"], "both.html"))
    assert seen.is_safe
    assert "blobs cannot be compared with slow" in seen.sections["noise"]
    assert "in memory" in seen.sections["noise"]


def test_a_sweep_is_compared_by_its_best(runs: list[Path], tmp_path: Path) -> None:
    train, test = linnet.load("digits")
    linnet.sweep(train, {"lr": [0.1, 1.0]}, epochs=2, show=False, out=tmp_path / "s").refit(test).save(
        tmp_path / "s" / "best"
    )
    seen = Seen(report.compare_runs([runs[0], tmp_path / "s"], "both.html"))
    assert "s less slow" in seen.sections["noise"]


def test_folders_of_one_name_are_told_apart(runs: list[Path], tmp_path: Path) -> None:
    linnet.fit(linnet.load("digits"), epochs=1, show=False, out=tmp_path / "slow", report=False)
    seen = Seen(report.compare_runs([runs[0], tmp_path / "slow"], "both.html"))
    assert f"{tmp_path.name}/slow:" in seen.sections["figures"]
    assert str(tmp_path) not in seen.markup


def test_one_run_is_no_comparison(runs: list[Path]) -> None:
    with pytest.raises(UsageError, match="2 to 12"):
        report.compare_runs(runs[:1])


def test_the_overlay_has_a_panel_a_figure() -> None:
    first = [{"epoch": 1.0, "train_loss": 2.0, "test_accuracy": 0.5}, {"epoch": 2.0, "train_loss": 1.0}]
    figure = overlay_figure([first, [{"epoch": 1.0, "train_loss": 3.0}]], ["a", "b"], "zh")
    (axes,) = [axes for axes in figure.axes if axes.axison]
    assert axes.get_ylabel() == "训练损失"
    assert [np.asarray(line.get_ydata()).tolist() for line in axes.lines] == [[2.0, 1.0], [3.0]]
    with pytest.raises(UsageError, match="in common"):
        overlay_figure([first, [{"epoch": 1.0, "objective": 3.0}]], ["a", "b"])


def test_regressions_side_by_side(runs: list[Path], tmp_path: Path) -> None:
    data = linnet.load("synthetic")
    linnet.fit(data, epochs=1, show=False, out=tmp_path / "quick", report=False)
    linnet.solve(data.train).value.save(tmp_path / "exact")
    seen = Seen(report.compare_runs([tmp_path / "exact", tmp_path / "quick"], "both.html"))
    first, other = (Evaluation(Run.load(tmp_path / name), data.train) for name in ("exact", "quick"))
    assert f"{regression_figures(first)['rmse'].value:.5g}" in seen.sections["figures"]
    gap = compare_regressions(other, first)["rmse"]
    assert f"{gap.value:+.4g}" in seen.sections["noise"]
    assert gap.low > 0
    assert "beyond noise" in seen.sections["noise"]
    assert "accuracy" not in seen.sections["figures"]
    assert "dropout" not in seen.sections["differs"]  # the usual one, which a solve does not know
    assert "epochs" in seen.sections["differs"]
    mixed = Seen(report.compare_runs([runs[0], tmp_path / "quick"], "both.html"))
    assert "RMSE" in mixed.sections["figures"]
    assert "accuracy" in mixed.sections["figures"]
    assert "cannot be compared" in mixed.sections["noise"]


def test_a_phone_shows_each_curve_in_its_width(runs: list[Path]) -> None:
    seen = Seen(report.compare_runs(runs, "both.html"))
    assert seen.markup.count("data:image/svg") == 4  # losses and accuracies, each a picture of its own


def test_losses_of_other_kinds_never_stand_in_one_column_or_one_figure(tmp_path: Path) -> None:
    lines = [f"{n % 7},{n % 5},{'yes' if n % 7 > 3 else 'no'}" for n in range(60)]
    (tmp_path / "own.csv").write_text("\n".join(["a,b,kind", *lines]) + "\n", "utf-8")
    train, test = linnet.load(str(tmp_path / "own.csv"))
    for loss in ("softmax", "logistic"):
        linnet.fit(train, test=test, epochs=1, loss=loss, out=tmp_path / loss, show=False, report=False)
    page = report.compare_runs(
        [tmp_path / "softmax", tmp_path / "logistic"], tmp_path / "both.html"
    ).read_text("utf-8")
    assert "F1 of yes" in page
    for name, said in (("softmax", "cross-entropy"), ("logistic", "logistic loss, summed over the classes")):
        assert f"{name} has no other to be drawn beside: its loss is the {said}." in page
