"""The report of a summary has its table, the name of the target, and figures of the fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import linnet
from linnet import report
from linnet.i18n import translate
from linnet.inference import remarks
from linnet.plot.residuals import binned_figure, quantiles_figure, residuals_figure
from linnet.plot.style import cjk_font
from tests.support.commands import call
from tests.support.reading import Seen

LANGUAGES = ["en", pytest.param("zh", marks=pytest.mark.skipif(cjk_font() is None, reason="needs a font"))]


@pytest.fixture(scope="module")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("estimates")
    rows = [f"{k},{k % 3},{2 * k + (k * k) % 7 + 0.5}" for k in range(16)]
    (place / "line.csv").write_text("\n".join(["x,z,cost", *rows]) + "\n")
    options = ("--summary", "--covariance", "hc3", "--quiet")
    assert call("solve", "--data", place / "line.csv", *options, "--out", place / "run") == 0
    return place / "run"


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_table_is_that_of_the_summary(regression: Path, language: str, tmp_path: Path) -> None:
    seen = Seen(report.write_report(regression, tmp_path / "page.html", language=language))  # type: ignore[arg-type]
    found = json.loads((regression / "inference.json").read_text("utf-8"))
    section = seen.sections["estimates"]
    for row in found["table"]:
        assert f"{row['estimate']:.6g}" in section
        assert f"{row['standard_error']:.4g}" in section
        assert f"{row['low']:.6g}" in section
    assert "cost" in section
    assert f"F(2, 13) = {found['goodness'][0]['f_test']['statistic']:.6g}" in section
    assert ("三明治估计（HC3）" if language == "zh" else "the sandwich (HC3)") in section
    assert "cost" in seen.sections["data"]
    assert "classes" not in seen.sections  # the same coefficients do not stand twice
    assert seen.markup.count("data:image/svg") >= 3  # intervals, residuals, quantiles


def test_without_its_folder_the_table_is_made_again(regression: Path, tmp_path: Path) -> None:
    run = linnet.Run.load(regression)
    run.folder = None
    again = Seen(report.write_report(run, tmp_path / "again.html"))
    assert again.sections["estimates"] == Seen(regression / "report.html").sections["estimates"]


def test_infinite_weights_and_reasons_are_said_in_both_languages(tmp_path: Path) -> None:
    flag = Path(__file__).parents[1] / "cases" / "flag.csv"
    folder = tmp_path / "run"
    assert call("solve", "--data", flag, "--summary", "--quiet", "--out", folder) == 0
    section = Seen(folder / "report.html").sections["estimates"]
    assert "yes against no" in section
    assert "+∞" in section
    assert "weights of flag have no end" in section
    if cjk_font() is not None:
        chinese = Seen(report.write_report(folder, tmp_path / "zh.html", language="zh")).sections["estimates"]
        assert "分离" in chinese
        assert "separat" not in chinese


def test_every_reason_has_its_chinese() -> None:
    named = {each for each in vars(remarks).values() if isinstance(each, remarks.Undefined)}
    for each in named:
        for text in (each.name, str(each)):
            assert translate(text, "inference", "zh") != text


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_of_a_fit_draw_in_both_languages(language: str) -> None:
    values = torch.randn(5000, generator=torch.Generator().manual_seed(0)).double().numpy()
    drawn = residuals_figure(values, -values, "cost", language)  # type: ignore[arg-type]
    (points, _) = drawn.axes[0].get_lines()
    assert len(points.get_xdata()) == 3000  # type: ignore[arg-type]
    drawn = quantiles_figure(values, 1.0, language=language)  # type: ignore[arg-type]
    _, points = drawn.axes[0].get_lines()
    assert abs(points.get_ydata()[1500]) < 0.05  # type: ignore[index]
    p = torch.linspace(0, 1, 100).double()[:, None].numpy()
    drawn = binned_figure(p, (p > 0.9) * 1.0, ["yes"], language=language)  # type: ignore[arg-type]
    assert drawn.axes[0].get_title() == "yes"
