from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
import torch

import linnet
from linnet.errors import DivergedError, UsageError
from linnet.plot.search import rates_figure
from tests.support.blobs import make_blobs

DATA = make_blobs(400)


def test_the_suggestion_is_the_least_validation_loss() -> None:
    curve = linnet.find_lr(DATA, linnet.Recipe(batch_size=32), low=1e-4, high=10.0, count=16, steps=30)
    table = curve.table
    assert table["lr"].is_monotonic_increasing
    assert len(table) == 16
    best = table["lr"][int(table["validation_loss"].argmin())]
    assert curve.suggestion == pytest.approx(best, rel=0.05)
    assert 0.01 < curve.suggestion <= 10
    assert 20 <= curve.steps <= 40
    run = linnet.fit(DATA, epochs=5, batch_size=32, lr=curve.suggestion, show=False)
    assert run.history.last["train_accuracy"] > 0.9


def test_it_is_for_the_recipe_at_hand() -> None:
    plain, adam = (
        linnet.find_lr(DATA, linnet.Recipe(batch_size=32, optimizer=rule), steps=30).suggestion
        for rule in ("sgd", "adam")
    )
    assert adam != plain


def test_rates_that_diverge_are_marked() -> None:
    wide = dataclasses.replace(DATA, X=DATA.X.float() * 1e3, scale=1.0)
    curve = linnet.find_lr(wide, linnet.Recipe(batch_size=32), low=1e-9, high=1e38, count=20, steps=20)
    assert curve.diverges_at is not None
    assert curve.diverges_at > curve.suggestion
    assert curve.summary()["diverges_at"] == curve.diverges_at
    with pytest.raises(DivergedError, match="look lower"):
        linnet.find_lr(wide, low=1e37, high=1e38, count=3, steps=20)


def test_large_data_is_not_gone_through_whole() -> None:
    large = make_blobs(20_000)
    curve = linnet.find_lr(large, linnet.Recipe(batch_size=10), count=4, steps=20)
    assert 18 <= curve.steps <= 22


def test_what_cannot_be() -> None:
    for low, high, count, steps in ((0.0, 1.0, 5, 5), (2.0, 1.0, 5, 5), (0.1, 1.0, 2, 5), (0.1, 1.0, 5, 0)):
        with pytest.raises(UsageError, match="expected 0 < low < high"):
            linnet.find_lr(DATA, low=low, high=high, count=count, steps=steps)


def test_it_is_saved_with_its_figure() -> None:
    curve = linnet.find_lr(DATA, linnet.Recipe(batch_size=32), count=5, steps=10)
    curve.save("r")
    assert {path.name for path in Path("r").iterdir()} == {"rates.csv", "rates.json", "rates.svg"}
    with pytest.raises(UsageError, match="not empty"):
        curve.save("r")


def test_the_figure_speaks_chinese() -> None:
    curve = linnet.find_lr(DATA, linnet.Recipe(batch_size=32), count=5, steps=10)
    (axes,) = curve.plot("zh").axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("学习率", "损失")
    assert axes.get_title().endswith("步")
    curve.save("zh", "zh")
    assert Path("zh", "rates.svg").read_bytes() != b""
    curve.save("en")
    assert Path("zh", "rates.svg").read_bytes() != Path("en", "rates.svg").read_bytes()


def test_the_figure_marks_the_suggestion_and_where_models_diverge() -> None:
    table = pd.DataFrame(
        {"lr": [0.01, 0.1, 1.0], "train_loss": [2.0, 1.0, 0.5], "validation_loss": [2.0, 1.2, torch.nan]}
    )
    (axes,) = rates_figure(table, 0.1, 1.0, "data").axes
    assert axes.get_xscale() == "log"
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()][2:] == ["suggestion 0.1", "diverges"]
    assert axes.get_ylim()[1] == pytest.approx(3.0)
