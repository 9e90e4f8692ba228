from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from linnet.errors import UsageError
from linnet.plot.search import tune_figure

TABLE = pd.DataFrame(
    {"lr": [0.1, 0.001, 1.0], "clip": ["none", 0.5, 0.5], "validation_loss": [0.2, 0.3, float("nan")]}
)


def test_a_panel_a_knob_with_the_best_marked() -> None:
    rates, bounds = tune_figure(TABLE, ["lr", "clip"], "validation_loss", "digits").axes
    assert (rates.get_xscale(), bounds.get_xscale()) == ("log", "linear")
    assert [label.get_text() for label in bounds.get_xticklabels()] == ["none", "0.5"]
    everything, best = rates.collections
    assert np.asarray(everything.get_offsets()).shape == (3, 2)
    assert np.asarray(best.get_offsets()).tolist() == [[0.1, 0.2]]
    assert rates.get_ylabel() == "validation loss"


def test_it_speaks_chinese() -> None:
    figure = tune_figure(TABLE, ["lr"], "validation_loss", "digits", "zh")
    assert figure.axes[0].get_ylabel() == "验证损失"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["一组设置", "最佳"]


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(UsageError, match="nothing to plot"):
        tune_figure(TABLE, [], "validation_loss")
