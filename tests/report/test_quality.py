from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import torch

import linnet
from linnet import report
from tests.support.reading import Seen


def test_weighted_rows_are_sums_of_weights_and_not_cut_down(tmp_path: Path) -> None:
    train = linnet.load("digits").train
    weights = 0.5 + torch.arange(len(train)) % 7 / 4
    run = linnet.fit(train, sample_weight=weights, epochs=1, show=False, out=tmp_path / "run")
    section = Seen(tmp_path / "run" / "report.html").sections["confusion"]
    matrix = linnet.score(run, dataclasses.replace(train, weights=weights)).confusion
    wrong = float((matrix * ~np.eye(10, dtype=bool)).max())
    assert wrong % 1
    assert f"{wrong:,.4g}" in section
    assert "sums of the rows' weights" in section
    assert not re.search(r"\d\.\d{6}", section)


def test_without_rows_the_glance_shows_figures_of_the_model_alone(tmp_path: Path) -> None:
    train = dataclasses.replace(linnet.load("digits").train, origin=None)
    linnet.fit(train, epochs=1, show=False, out=tmp_path / "run", report=False)
    glance = Seen(report.write_report(tmp_path / "run")).sections["glance"]
    assert "train loss" in glance
    assert glance.count("seconds") == 1
    assert "epoch" not in glance.replace("epochs", "")


def test_the_glance_has_the_baseline_and_says_when_the_model_is_worse(tmp_path: Path) -> None:
    source = np.random.default_rng(0)
    X, y = source.normal(size=(60, 40)), np.array(["p", "q"])[source.integers(0, 2, 60)]
    splits = linnet.Splits(*(linnet.Dataset(X[k], y[k]) for k in (slice(48), slice(48, 60))))  # type: ignore[arg-type]
    linnet.solve(splits, l2=1e-9, out=tmp_path / "zh", language="zh")
    linnet.solve(splits, l2=10.0, out=tmp_path / "en")
    worse, good = (Seen(tmp_path / name / "report.html").sections["glance"] for name in ("zh", "en"))
    assert "不看任何特征的基线：始终回答最常见的类别" in worse
    assert "这个模型还不如不看任何特征的回答" in worse
    assert "Baseline on the same rows, without any feature: always the likeliest class" in good
